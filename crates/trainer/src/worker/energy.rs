//! The energy that the computer's processors take, where it can be read: Linux counts it in files that often only the
//! administrator may read.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Where Linux counts.
pub(super) const COUNTERS: &str = "/sys/class/powercap";

/// Counts the energy of all processors since it was made. The counters begin anew after some minutes at full power, so it must be
/// read more often than that.
#[derive(Debug)]
pub(super) struct Meter {
    zones: Vec<Zone>,
}

/// A processor.
#[derive(Debug)]
struct Zone {
    counter: PathBuf,
    last: u64,
    range: u64,
    total: u64,
}

impl Meter {
    /// A meter of what is counted in this folder; none where nothing is, or not for us to read.
    pub(super) fn new(folder: &Path) -> Option<Self> {
        let entries = fs::read_dir(folder).ok()?;
        let zones: Vec<Zone> = entries.filter_map(|entry| Zone::new(&entry.ok()?.path())).collect();
        (!zones.is_empty()).then_some(Self { zones })
    }

    /// Reads all counters.
    pub(super) fn read(&mut self) {
        self.zones.iter_mut().for_each(Zone::read);
    }

    /// The energy until the last reading, in joules.
    pub(super) fn joules(&self) -> f64 {
        let micro: u64 = self.zones.iter().map(|zone| zone.total).sum();
        #[expect(clippy::cast_precision_loss, reason = "microjoules of a training are far below 2^53")]
        let joules = micro as f64 * 1e-6;
        joules
    }
}

impl Zone {
    /// Whole processors are called `intel-rapl:0`, also those of other makers; their parts have a second number, and the whole
    /// board, which counts them again, another name.
    fn new(folder: &Path) -> Option<Self> {
        let number = folder.file_name()?.to_str()?.strip_prefix("intel-rapl:")?;
        number.parse::<u32>().ok()?;
        fs::read_to_string(folder.join("name")).ok().filter(|name| name.starts_with("package"))?;
        let counter = folder.join("energy_uj");
        let (last, range) = (number_in(&counter)?, number_in(&folder.join("max_energy_range_uj"))?);
        Some(Self { counter, last, range, total: 0 })
    }

    fn read(&mut self) {
        let Some(now) = number_in(&self.counter) else { return };
        let taken = if now >= self.last { now - self.last } else { (self.range - self.last.min(self.range)) + now };
        self.total += taken;
        self.last = now;
    }
}

fn number_in(file: &Path) -> Option<u64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_are_summed_their_parts_are_not_and_counters_may_begin_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |zone: &str, file: &str, number: u64| {
            let zone = folder.path().join(zone);
            fs::create_dir_all(&zone).expect("made");
            fs::write(zone.join(file), format!("{number}\n")).expect("written");
        };
        let name = |zone: &str, name: &str| {
            write(zone, "energy_uj", 0);
            fs::write(folder.path().join(zone).join("name"), format!("{name}\n")).expect("written");
        };
        assert!(Meter::new(folder.path()).is_none());
        for (zone, called) in [
            ("intel-rapl:0", "package-0"),
            ("intel-rapl:1", "package-1"),
            ("intel-rapl:0:0", "core"),
            ("intel-rapl:2", "psys"),
            ("dtpm", "package"),
        ] {
            name(zone, called);
        }
        for (zone, energy) in
            [("intel-rapl:0", 900), ("intel-rapl:1", 10), ("intel-rapl:0:0", 5), ("intel-rapl:2", 7), ("dtpm", 1)]
        {
            write(zone, "energy_uj", energy * 1_000_000);
            write(zone, "max_energy_range_uj", 1_000_000_000);
        }
        let mut meter = Meter::new(folder.path()).expect("two processors");
        write("intel-rapl:0", "energy_uj", 950_000_000);
        write("intel-rapl:0:0", "energy_uj", 500_000_000);
        write("intel-rapl:2", "energy_uj", 500_000_000);
        meter.read();
        write("intel-rapl:0", "energy_uj", 30_000_000);
        write("intel-rapl:1", "energy_uj", 12_000_000);
        meter.read();
        assert!((meter.joules() - 132.0).abs() < 1e-9, "{}", meter.joules());
    }
}
