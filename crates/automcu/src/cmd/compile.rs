//! `automcu compile`.

use std::{
    fs,
    io::{self, Read, Write},
    path::{Component, Path},
};

use automcu_convert::{Name, Need, Network};
use automcu_model::ArtifactId;
use automcu_target::{Budget, Part};
use automcu_toolchain::{
    firmware::Kit,
    folder::{Folder, Outline, Piece, REPORT, Report, Wanted, Written},
};

use super::{said_of_patches, write_json};
use crate::{
    Said,
    answer::{Allowance, write_fit},
    cli::{Compile, Patching},
    input,
    outcome::{Failure, Outcome},
    show::{Align, FAINT, TITLE, Table, styled, thousands},
};

pub(crate) fn run(arguments: &Compile, stdin: &mut dyn Read, home: &Path, said: &mut Said) -> Result<Outcome, Failure> {
    let allowance = Allowance::of(&arguments.budget)?;
    written(arguments, &allowance, None, stdin, home)?.say(arguments, said)
}

/// What is written and told of it.
pub(super) struct WrittenCode {
    file: String,
    report: Report,
}

/// Writes a network's code, with firmware around it where a part is named for that.
pub(super) fn written(
    arguments: &Compile,
    allowance: &Allowance,
    firmware: Option<&Part>,
    stdin: &mut dyn Read,
    home: &Path,
) -> Result<WrittenCode, Failure> {
    let (file, mut network) = input::network_or_checkpoint(&arguments.model, arguments.data.as_deref(), home, stdin)?;
    if let Some(path) = &arguments.labels {
        let outputs = network.graph().shape(network.graph().output()).elements();
        network = network.with_labels(input::labels(path, outputs)?);
    }
    let name = match &arguments.name {
        Some(name) => Name::new(name)?,
        None => Name::like(&called(&arguments.model)),
    };
    let need = need(&network, arguments.patches, allowance.budget);
    let (target, budget) = (allowance.target.as_deref(), allowance.budget);
    let wanted = Wanted { network: &network, name: &name, need: &need, target, budget, firmware };
    let mut folder = Folder::of(wanted)?;
    write_folder(&arguments.output, &mut folder)?;
    Ok(WrittenCode { file, report: folder.report })
}

impl WrittenCode {
    /// How firmware is built and linked, where some was written.
    pub(super) const fn kit(&self) -> Option<&Kit> {
        self.report.firmware.as_ref()
    }

    pub(super) fn say(&self, arguments: &Compile, said: &mut Said) -> Result<Outcome, Failure> {
        let Self { file, report } = self;
        if arguments.json {
            write_json(report, &mut said.output)?;
        } else {
            Shown(report).write(file, &arguments.output, &mut said.output)?;
        }
        Ok(if report.fit.is_some_and(|fit| !fit.holds()) { Outcome::No } else { Outcome::Yes })
    }
}

/// What the code will take, in patches where that is asked for.
fn need(network: &Network, patching: Patching, budget: Option<Budget>) -> Need {
    match (patching, budget.and_then(|budget| budget.ram)) {
        (Patching::Least, _) => Need::least(network.graph()),
        (Patching::Auto, Some(ram)) => Need::within(network.graph(), ram.0),
        (Patching::Auto, None) | (Patching::Never, _) => Need::of(network.graph()),
    }
}

/// What a network is called that nobody gave a name: as its file, or as the folder of a checkpoint.
fn called(model: &Path) -> String {
    let folder =
        model.parent().and_then(Path::file_name).filter(|_| model.extension().is_some_and(|of| of == "safetensors"));
    folder.or(model.file_stem()).unwrap_or_default().to_string_lossy().into_owned()
}

/// The report of a folder, if it has one; nothing for a folder that is not there or is empty.
fn outline(folder: &Path) -> Result<Outline, Failure> {
    let failed = |error| Failure::Create { path: folder.to_owned(), error };
    let text = match fs::read(folder.join(REPORT)) {
        Ok(text) => text,
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        Err(_) if fs::read_dir(folder).map_err(failed)?.next().is_none() => return Ok(Outline::default()),
        Err(_) => return Err(Failure::NotOurs(folder.to_owned())),
    };
    let not_ours = || Failure::NotOurs(folder.to_owned());
    let outline: Outline = serde_json::from_slice(&text).map_err(|_| not_ours())?;
    // A report may come from anywhere; what it names must lie in its own folder.
    let is_inside = |file: &Written| {
        let mut parts = Path::new(&file.name).components();
        matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None))
    };
    if outline.files.iter().all(is_inside) { Ok(outline) } else { Err(not_ours()) }
}

/// Refuses to write over what is not ours, or was changed since.
fn check(before: &Outline, folder: &Path, name: &str) -> Result<(), Failure> {
    let path = folder.join(name);
    let Ok(there) = fs::read(&path) else { return Ok(()) };
    let digest = ArtifactId::of(&there);
    let is_ours = before.files.iter().any(|file| file.name == name && file.digest == digest);
    if is_ours { Ok(()) } else { Err(Failure::Changed(path)) }
}

/// Writes everything. The report says first what will be there, and last that all of it is.
fn write_folder(path: &Path, folder: &mut Folder) -> Result<(), Failure> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| Failure::Create { path, error }
    };
    fs::create_dir_all(path).map_err(failed(path))?;
    let before = outline(path)?;
    for (name, _) in &folder.files {
        check(&before, path, name)?;
    }
    let file = path.join(REPORT);
    let write_report = |report: &Report| {
        let mut text = Vec::new();
        write_json(report, &mut text)?;
        fs::write(&file, text).map_err(failed(&file))
    };
    let written = folder.written();
    let is_kept = |file: &&Written| written.iter().any(|kept| kept.name == file.name);
    let stale: Vec<Written> = before.files.iter().filter(|file| !is_kept(file)).cloned().collect();
    // Until all is written, each file may be the old one or the new one.
    folder.report.files = written.iter().chain(&before.files).cloned().collect();
    write_report(&folder.report)?;
    for file in &stale {
        // What was changed by hand stays.
        if check(&before, path, &file.name).is_ok() {
            let _ = fs::remove_file(path.join(&file.name));
        }
    }
    for (name, text) in &folder.files {
        // No file is ever half there.
        let (path, new) = (path.join(name), path.join(format!(".{name}.new")));
        fs::write(&new, text).and_then(|()| fs::rename(&new, &path)).map_err(failed(&path))?;
    }
    folder.report.files = written;
    folder.report.is_whole = true;
    write_report(&folder.report)
}

/// Writes it for people.
struct Shown<'r>(&'r Report);

impl Shown<'_> {
    fn write(&self, model: &str, folder: &Path, sink: &mut dyn Write) -> io::Result<()> {
        let report = self.0;
        let footprint = &report.footprint;
        writeln!(
            sink,
            "{} is written to {} as {}  {}",
            styled(model, TITLE),
            styled(folder.display(), TITLE),
            report.name,
            styled(report.digest.short(), FAINT)
        )?;
        let how = footprint.provenance;
        let note = |text: &str| styled(format!("({}, {how}; {text})", footprint.dtype), FAINT);
        writeln!(sink, "\ninput        {} -> output {}", report.input, report.output)?;
        writeln!(sink, "MACs         {}", thousands(report.macs))?;
        if let Some(patches) = report.patches {
            writeln!(sink, "             {}", said_of_patches(patches, report.macs))?;
        }
        let flash = note("weights and their tables; `automcu verify` links the code");
        writeln!(sink, "Flash        {:<9}  {flash}", footprint.known_flash().to_string())?;
        let ram = note("one arena for input, output and all between; stack not counted");
        writeln!(sink, "RAM          {:<9}  {ram}\n", footprint.known_ram().to_string())?;
        self.write_memory(sink)?;
        if let Some(budget) = report.budget {
            write_fit(sink, report.target.as_deref(), budget, footprint)?;
        }
        Ok(())
    }

    fn write_memory(&self, sink: &mut dyn Write) -> io::Result<()> {
        use Align::{Left, Right};
        let report = self.0;
        let mut table = Table::new([
            ("bytes", Right),
            ("to", Right),
            ("rows", Right),
            ("of bytes", Right),
            ("steps", Right),
            ("what", Left),
        ]);
        for Piece { what, region } in &report.memory {
            let cells = [
                region.offset.to_string(),
                (region.offset + region.bytes()).to_string(),
                region.slots.to_string(),
                region.slot_bytes.to_string(),
                format!("{}-{}", region.from_step, region.to_step),
                what.clone(),
            ];
            table.row(cells, anstyle::Style::new());
        }
        table.write(sink)
    }
}
