//! `automcu serve`, as it is typed.

use clap::Args;

use super::{OUTCOMES, config::SettingFlags};

/// Serves jobs at a Unix socket, until it is ended.
///
/// What is not said here stands in the configuration (`automcu config show --origin`). SIGTERM or Ctrl-C ends it: trainings stop with
/// their checkpoints, and the next start goes on with them; a second one ends it at once. SIGHUP reads the configuration again, as
/// far as it says what is logged. Under systemd it says when it is ready, and that it is alive.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) settings: SettingFlags,
    /// Let everybody who reaches the socket submit and command, not the daemon's user and root alone: its folder and mode are the
    /// gate then
    #[arg(long)]
    pub(crate) anyone: bool,
}
