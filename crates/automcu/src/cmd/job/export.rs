//! `automcu export`.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use automcu_api::{CandidateId, Digest, JobId};
use automcu_artifacts::{ArtifactId, Bundle, BundleFile};
use automcu_model::Bytes;
use serde::Serialize;

use super::Desk;
use crate::{
    cli::Export,
    cmd::write_json,
    daemon::Daemon,
    outcome::{Failure, Outcome},
    show::{GOOD, styled},
};

/// The longest list of files, in bytes.
const LIST: usize = 1 << 20;

#[derive(Serialize)]
struct Answer {
    version: u32,
    job: JobId,
    candidate: CandidateId,
    digest: Digest,
    folder: PathBuf,
    files: usize,
    bytes: u64,
}

pub(super) fn run(arguments: &Export, desk: Desk<'_>) -> Result<Outcome, Failure> {
    let daemon = desk.daemon(&arguments.via)?;
    let found = daemon.ask(daemon.client.bundle(arguments.job, arguments.candidate))?;
    let bundle = lay_out(&daemon, &found.digest, &arguments.folder)?;
    let bytes = bundle.files.iter().map(|file| file.bytes).sum();
    let (files, folder) = (bundle.files.len(), arguments.folder.clone());
    let (job, candidate, digest) = (found.job, found.candidate, found.digest);
    let answer = Answer { version: 1, job, candidate, digest, folder, files, bytes };
    let sink = &mut desk.said.output;
    if arguments.via.json {
        write_json(&answer, sink)?;
        return Ok(Outcome::Yes);
    }
    let path = arguments.folder.display();
    writeln!(sink, "{} {path}: {candidate} of {job}, {files} files, {}", styled("The bundle:", GOOD), Bytes(bytes))?;
    writeln!(sink, "  {path}/REPORT.md           what is known of it")?;
    writeln!(sink, "  {path}/HOW.md              how it was made, and how to check that")?;
    writeln!(sink, "Next: `automcu verify {path}` proves the code once more")?;
    Ok(Outcome::Yes)
}

/// Everything hangs on one digest: that of the list, which has those of all files.
fn lay_out(daemon: &Daemon, digest: &Digest, folder: &Path) -> Result<Bundle, Failure> {
    let list = daemon.ask(daemon.client.artifact(digest, LIST))?;
    let id: ArtifactId = digest.to_string().parse().expect("both are written as the same digits");
    let bundle = Bundle::of(id, &list)?;
    bundle.lay_out_from(folder, |file: &BundleFile| {
        let digest = file.artifact.to_string().parse().expect("both are written as the same digits");
        let most = usize::try_from(file.bytes).unwrap_or(usize::MAX);
        daemon.ask(daemon.client.artifact(&digest, most))
    })?;
    Ok(bundle)
}
