//! What installs the daemon: the units, the user, the container. They name verbs, paths and statuses that are there.

use std::path::Path;

use automcu::Outcome;
use automcu_settings::{Environment, Settings};
use automcu_tests::automcu;

/// A line of a unit, with its section.
struct Line {
    section: String,
    key: String,
    value: String,
}

fn text(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The lines of a unit. None goes on in the next.
fn unit(name: &str) -> Vec<Line> {
    let (mut lines, mut section) = (Vec::new(), String::new());
    for line in text(name).lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(name) => section = name.to_owned(),
            None => {
                let (key, value) = line.split_once('=').unwrap_or_else(|| panic!("{name}: {line}"));
                assert!(!value.ends_with('\\') && key.chars().all(|c| c.is_ascii_alphabetic()), "{name}: {line}");
                lines.push(Line { section: section.clone(), key: key.to_owned(), value: value.to_owned() });
            }
        }
    }
    lines
}

fn all<'l>(lines: &'l [Line], key: &str) -> Vec<&'l str> {
    lines.iter().filter(|line| line.key == key).map(|line| line.value.as_str()).collect()
}

fn one<'l>(lines: &'l [Line], key: &str) -> &'l str {
    match all(lines, key)[..] {
        [value] => value,
        ref values => panic!("{key}: {values:?}"),
    }
}

fn seconds(span: &str) -> u64 {
    let (number, unit) = span.split_at(span.find(char::is_alphabetic).expect("a unit"));
    number.parse::<u64>().expect("a number") * if unit == "min" { 60 } else { 1 }
}

const SERVICE: &str = "systemd/automcu.service";
const SOCKET: &str = "systemd/automcu.socket";

/// What may be said more than once.
const LISTS: [&str; 4] = ["DeviceAllow", "SystemCallFilter", "Environment", "Documentation"];

/// What systemd.unit, systemd.service, systemd.exec, systemd.kill, systemd.resource-control and systemd.socket know, as far as it is
/// said here.
#[rustfmt::skip]
const KNOWN: [(&str, &[&str]); 4] = [
    ("Unit", &["Description", "Documentation", "After", "StartLimitIntervalSec", "StartLimitBurst"]),
    ("Service", &[
        "Type", "NotifyAccess", "ExecStart", "ExecReload", "User", "Group", "UMask", "StateDirectory", "StateDirectoryMode",
        "CacheDirectory", "CacheDirectoryMode", "RuntimeDirectory", "RuntimeDirectoryMode", "RuntimeDirectoryPreserve",
        "ConfigurationDirectory", "Environment", "WorkingDirectory", "Restart", "RestartSec", "RestartPreventExitStatus",
        "WatchdogSec", "KillMode", "TimeoutStartSec", "TimeoutStopSec", "OOMPolicy", "Nice", "LimitNOFILE", "TasksMax",
        "ProtectSystem", "ProtectHome", "PrivateTmp", "ProtectKernelTunables", "ProtectKernelModules", "ProtectKernelLogs",
        "ProtectControlGroups", "ProtectClock", "ProtectHostname", "ProtectProc", "RestrictNamespaces", "RestrictRealtime",
        "RestrictSUIDSGID", "RemoveIPC", "LockPersonality", "NoNewPrivileges", "CapabilityBoundingSet", "AmbientCapabilities",
        "KeyringMode", "RestrictAddressFamilies", "SystemCallArchitectures", "SystemCallFilter", "SystemCallErrorNumber",
        "DevicePolicy", "DeviceAllow",
    ]),
    ("Socket", &["ListenStream", "SocketUser", "SocketGroup", "SocketMode", "DirectoryMode"]),
    ("Install", &["WantedBy"]),
];

#[test]
fn units_say_what_systemd_knows_and_each_thing_once() {
    for (file, sections) in [(SERVICE, ["Unit", "Service", "Install"]), (SOCKET, ["Unit", "Socket", "Install"])] {
        let lines = unit(file);
        let mut said: Vec<&str> = lines.iter().map(|line| line.section.as_str()).collect();
        said.dedup();
        assert_eq!(said, sections, "{file}");
        for Line { section, key, .. } in &lines {
            let (_, known) = KNOWN.iter().find(|(name, _)| name == section).expect("a section");
            assert!(known.contains(&key.as_str()), "{file}: [{section}] {key}");
            let count = all(&lines, key).len();
            assert!(count == 1 || LISTS.contains(&key.as_str()), "{file}: {key} is said {count} times");
        }
    }
}

#[test]
fn the_service_is_confined_and_gpus_still_work() {
    let service = unit(SERVICE);
    for forbidden in ["PrivateDevices", "MemoryDenyWriteExecute"] {
        assert!(all(&service, forbidden).is_empty(), "{forbidden} breaks what runs on a GPU");
    }
    for (key, value) in [
        ("Type", "notify"),
        ("NoNewPrivileges", "yes"),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "read-only"),
        ("DevicePolicy", "closed"),
        ("CapabilityBoundingSet", ""),
        ("Restart", "on-failure"),
        ("KillMode", "mixed"),
    ] {
        assert_eq!(one(&service, key), value, "{key}");
    }
    assert!(all(&service, "DeviceAllow").contains(&"char-nvidia-uvm rw"));
    assert!(seconds(one(&service, "TimeoutStopSec")) > 60, "trainings are waited for so long");
    assert!(seconds(one(&service, "WatchdogSec")) >= 30);
}

#[test]
fn a_restart_is_not_tried_where_it_mends_nothing() {
    let service = unit(SERVICE);
    let statuses: Vec<&str> = one(&service, "RestartPreventExitStatus").split(' ').collect();
    let unmended = [Outcome::Misused, Outcome::Unreadable, Outcome::Misconfigured];
    assert_eq!(statuses, unmended.map(|outcome| outcome.status().to_string()));
}

#[test]
fn paths_are_those_of_the_configuration() {
    let (service, socket) = (unit(SERVICE), unit(SOCKET));
    let folder = |kind: &str, above: &str| format!("{above}/{}", one(&service, kind));
    let state = folder("StateDirectory", "/var/lib");
    let variables = [("STATE_DIRECTORY", state.as_str())];
    let around = |user| {
        let said = |name: &str| variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| value.into());
        Settings::usual(&Environment::read(said, user, 4))
    };
    assert_eq!(around(990).places.state.value, Path::new(&state), "what systemd makes is where state lies");
    assert_eq!(one(&service, "WorkingDirectory"), state);
    let line: Vec<&str> = one(&service, "ExecStart").split(' ').collect();
    assert_eq!(line[..2], ["/usr/bin/automcu", "serve"]);
    let named = line.iter().skip_while(|word| **word != "--socket").nth(1).expect("a socket");
    assert_eq!(around(0).places.socket.value, Path::new(named), "where everybody looks for it");
    assert_eq!(one(&socket, "ListenStream"), *named);
    assert!(named.starts_with(&folder("RuntimeDirectory", "/run")));
    assert_eq!((one(&socket, "SocketGroup"), one(&socket, "SocketMode")), (one(&service, "Group"), "0660"));
    let cache = folder("CacheDirectory", "/var/cache");
    assert_eq!(all(&service, "Environment"), [format!("XDG_CACHE_HOME={}", cache.trim_end_matches("/automcu"))]);

    let user = text("sysusers.d/automcu.conf");
    let user: Vec<&str> = user.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(user.len() == 1 && user[0].starts_with(&format!("u     {} ", one(&service, "User"))), "{user:?}");
    assert!(user[0].contains(&state), "{user:?}");
    let folders = text("tmpfiles.d/automcu.conf");
    for folder in ["/etc/automcu", "/run/automcu", &state, &around(990).places.data.value.display().to_string()] {
        assert!(folders.lines().any(|line| line.split_whitespace().nth(1) == Some(folder)), "{folder}");
    }
}

#[test]
fn the_verb_that_is_started_has_the_flags_that_are_named() {
    let service = unit(SERVICE);
    let line: Vec<&str> = one(&service, "ExecStart").split(' ').skip(1).collect();
    let help = automcu(&[line[0], "--help"]);
    assert_eq!(help.outcome, Outcome::Yes, "{}", help.errors);
    for flag in line.iter().filter(|word| word.starts_with("--")) {
        assert!(help.output.contains(flag), "{flag}");
    }
}

#[test]
fn the_container_is_made_of_what_is_there() {
    let text = text("Containerfile");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let words = |instruction: &str| -> Vec<Vec<String>> {
        let lines = text.lines().filter_map(|line| line.strip_prefix(&format!("{instruction} ")));
        lines.map(|line| line.split(' ').map(ToOwned::to_owned).collect()).collect()
    };
    for copied in words("COPY").iter().filter(|words| !words[0].starts_with("--from")) {
        for source in &copied[..copied.len() - 1] {
            assert!(root.join(source).exists(), "{source}");
        }
    }
    let toolchain = std::fs::read_to_string(root.join("rust-toolchain.toml")).expect("there");
    let version = toolchain.split("channel = \"").nth(1).and_then(|rest| rest.split('"').next()).expect("a version");
    assert!(words("FROM")[0][0].ends_with(&format!("rust:{version}-bookworm")), "{:?}", words("FROM"));
    let environment = words("ENV").iter().fold(Environment::default(), |environment, words| {
        let (variable, value) = words[0].split_once('=').expect("a variable");
        environment.saying(variable, value)
    });
    let settings = Settings::gather(&[], &environment, None).expect("in order");
    let said = settings.rows().iter().filter(|row| row.origin.word() == "environment").count();
    assert_eq!(said, words("ENV").len(), "each variable is one of the configuration");
}
