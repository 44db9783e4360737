//! What the environment and the computer say, handed in; and what is usual where nobody says anything.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    path::PathBuf,
};

use automcu_api::Surroundings as Sockets;

use crate::{mistake::Origin, tables::Settings, value::Count};

/// Below the folders where programs keep things.
const OWN: &str = "automcu";
/// The state of the computer's own daemon.
const SYSTEM_STATE: &str = "/var/lib/automcu";
/// The configuration of the whole computer.
const SYSTEM_FILE: &str = "/etc/automcu/config.toml";
/// The variable that names the file.
const NAMES_FILE: &str = "AUTOMCU_CONFIG";
/// The most trainings that run at a time where nobody says how many.
const MOST_USUAL_SLOTS: u32 = 8;

/// What the environment and the computer say, as far as the configuration follows from it. Without anything said, nothing is looked
/// at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    variables: BTreeMap<String, OsString>,
    /// The user.
    user: u32,
    processors: u32,
    /// Whether the computer's own file counts.
    has_system_file: bool,
}

/// Where a configuration file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Files {
    /// There, or it is a mistake.
    Named {
        /// The file.
        path: PathBuf,
        /// Who says so.
        origin: Origin,
    },
    /// The first of these that is there, if any.
    Usual(Vec<PathBuf>),
}

impl Environment {
    /// Reads the environment. A variable that is empty says nothing.
    pub fn read(variable: impl Fn(&str) -> Option<OsString>, user: u32, processors: usize) -> Self {
        let others = [
            NAMES_FILE,
            "HOME",
            "STATE_DIRECTORY",
            "XDG_CONFIG_HOME",
            "XDG_DATA_HOME",
            "XDG_RUNTIME_DIR",
            "XDG_STATE_HOME",
        ];
        let own = Settings::keys().map(crate::declare::Key::variable);
        let names = own.chain(others.map(ToOwned::to_owned));
        let said = names.filter_map(|name| Some((variable(&name).filter(|value| !value.is_empty())?, name)));
        let variables = said.map(|(value, name)| (name, value)).collect();
        let processors = u32::try_from(processors).unwrap_or(u32::MAX);
        Self { variables, user, processors, has_system_file: true }
    }

    /// The same, where this variable says this.
    #[must_use]
    pub fn saying(mut self, variable: &str, value: impl Into<OsString>) -> Self {
        self.variables.insert(variable.to_owned(), value.into());
        self
    }

    /// The same, where no variable says a value of the configuration.
    pub(crate) fn without_values(&self) -> Self {
        let mut bare = self.clone();
        Settings::keys().for_each(|key| {
            bare.variables.remove(&key.variable());
        });
        bare
    }

    /// Where the configuration file is: where the flag says, the environment, or in the usual places.
    #[must_use]
    pub fn files(&self, flag: Option<PathBuf>) -> Files {
        if let Some(path) = flag {
            return Files::Named { path, origin: Origin::Flag("--config") };
        }
        if let Some(path) = self.variable(NAMES_FILE) {
            return Files::Named { path: path.into(), origin: Origin::Environment(NAMES_FILE.to_owned()) };
        }
        let own = self.home("XDG_CONFIG_HOME", ".config").map(|home| home.join("config.toml"));
        let system = self.has_system_file.then(|| SYSTEM_FILE.into());
        Files::Usual(own.into_iter().chain(system).collect())
    }

    pub(crate) fn variable(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(name).map(OsString::as_os_str)
    }

    /// What systemd made for the service, the computer's own place for its administrator, or the user's.
    pub(crate) fn state(&self) -> PathBuf {
        let own = || self.home("XDG_STATE_HOME", ".local/state").unwrap_or_else(|| "automcu-state".into());
        self.of_service().unwrap_or_else(|| if self.user == 0 { SYSTEM_STATE.into() } else { own() })
    }

    /// With the state of a service, otherwise where the user's programs keep what they fetched.
    pub(crate) fn data(&self) -> PathBuf {
        let own = || self.home("XDG_DATA_HOME", ".local/share").map(|home| home.join("data"));
        let of_service = self.of_service().map(|state| state.join("data"));
        of_service.or_else(own).unwrap_or_else(|| "automcu-data".into())
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.sockets(None).listens().path
    }

    /// Where a socket is, and looked for, if the configuration says this.
    pub(crate) fn sockets(&self, configured: Option<PathBuf>) -> Sockets {
        let runtime = self.variable("XDG_RUNTIME_DIR").map(PathBuf::from);
        Sockets { configured, runtime, user: self.user, ..Sockets::default() }
    }

    /// The user as whom the program runs.
    #[must_use]
    pub const fn user(&self) -> u32 {
        self.user
    }

    /// One for each processor, up to a bound: several small trainings side by side wait for nothing.
    pub(crate) fn slots<const LEAST: u32, const MOST: u32>(&self) -> Count<LEAST, MOST> {
        Count::closest(self.processors.min(MOST_USUAL_SLOTS))
    }

    /// As many as make all trainings together use all processors.
    pub(crate) fn threads<const LEAST: u32, const MOST: u32>(&self, slots: u32) -> Count<LEAST, MOST> {
        Count::closest(self.processors / slots.max(1))
    }

    /// The first folder that systemd made.
    fn of_service(&self) -> Option<PathBuf> {
        let folders = self.variable("STATE_DIRECTORY")?;
        std::env::split_paths(folders).next().filter(|folder| folder.is_absolute())
    }

    /// Our folder among a user's; a path that is not absolute counts as none, as its standard says.
    fn home(&self, variable: &str, below_home: &str) -> Option<PathBuf> {
        let absolute = |name: &str| self.variable(name).map(PathBuf::from).filter(|folder| folder.is_absolute());
        let usual = || absolute("HOME").map(|home| home.join(below_home));
        absolute(variable).or_else(usual).map(|home| home.join(OWN))
    }
}
