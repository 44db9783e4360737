//! Bytes of each trait by core. Written by `cargo xtask nightly code-size`.

use automcu_target::Core;

use super::Fitted;

pub(super) const fn of(core: Core) -> Option<&'static Fitted> {
    let _ = core;
    None
}
