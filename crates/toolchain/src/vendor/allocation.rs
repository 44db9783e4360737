//! Where the tool has laid each buffer, and for how long, as `*_c_info.json` tells it: what an estimate is to be held against.

use automcu_model::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    LONGEST, ReportError,
    json::{bytes, count, parsed},
    plain,
    text::decoded,
};

/// The whole allocation of a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Allocation {
    /// Stretches of memory.
    pub pools: Vec<Pool>,
    /// What lies in them.
    pub buffers: Vec<Buffer>,
}

/// A stretch of memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pool {
    /// By which buffers name it.
    pub id: u64,
    /// What the tool calls it.
    pub name: String,
    /// Its first address, where it has one yet.
    pub address: Option<u64>,
    /// Its size, where it is bounded.
    pub size_bytes: Option<Bytes>,
    /// So much of it is used.
    pub used_bytes: Option<Bytes>,
    /// Whether it is written to: RAM, not Flash.
    pub is_written: bool,
}

/// A buffer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Buffer {
    /// What the tool calls it.
    pub name: String,
    /// Its size.
    pub size_bytes: Bytes,
    /// The pool it lies in.
    pub pool: Option<u64>,
    /// Where in the pool it begins.
    pub offset_bytes: Option<Bytes>,
    /// The first and the last step in which it is needed.
    pub epochs: Option<(u64, u64)>,
    /// What it is for.
    pub holds: Holds,
}

/// What a buffer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    /// Weights, biases, tables.
    Parameters,
    /// What one operation needs while it runs.
    Scratch,
    /// What comes in, goes out, or goes from one operation to the next.
    Values,
}

#[derive(Deserialize)]
struct Info {
    json_schema_version: Option<String>,
    #[serde(default)]
    memory_pools: Vec<RawPool>,
    #[serde(default)]
    buffers: Vec<RawBuffer>,
}

#[derive(Deserialize)]
struct RawPool {
    id: Value,
    name: Option<String>,
    #[serde(default)]
    address: Value,
    #[serde(default)]
    size_bytes: Value,
    #[serde(default)]
    used_size_bytes: Value,
    rights: Option<String>,
    /// A pool of pools lies in none by itself.
    #[serde(default)]
    r#virtual: bool,
    #[serde(default)]
    subpools: Vec<Value>,
}

#[derive(Deserialize)]
struct RawBuffer {
    name: Option<String>,
    #[serde(default)]
    size_bytes: Value,
    #[serde(default)]
    mpool_id: Value,
    #[serde(default)]
    offset_start: Value,
    #[serde(default)]
    epochs: Epochs,
    #[serde(default)]
    is_param: bool,
    flags: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Epochs {
    start: Value,
    end: Value,
}

impl Allocation {
    /// Reads a `*_c_info.json`.
    pub fn read(file: &[u8]) -> Result<Self, ReportError> {
        if file.len() > LONGEST {
            return Err(ReportError::TooLong);
        }
        let info: Info = parsed(&decoded(file))?;
        match info.json_schema_version.as_deref() {
            Some(version) if version.starts_with("2.") => {}
            Some(version) => return Err(ReportError::Schema(plain(version))),
            None => return Err(ReportError::OtherJson),
        }
        let pools = info.memory_pools.iter().enumerate().map(|(i, pool)| pool.read(i)).collect::<Result<_, _>>()?;
        let buffers = info.buffers.iter().enumerate().map(|(i, buffer)| buffer.read(i)).collect::<Result<_, _>>()?;
        Ok(Self { pools, buffers })
    }

    /// The pools that lie somewhere, of a `*_c_info.json` whose version is known.
    pub(super) fn pools_in(text: &str) -> Result<Vec<Pool>, ReportError> {
        /// What there is of it.
        #[derive(Deserialize)]
        struct Pools {
            #[serde(default)]
            memory_pools: Vec<RawPool>,
        }
        let all = parsed::<Pools>(text)?.memory_pools;
        let real = all.iter().enumerate().filter(|(_, pool)| !pool.r#virtual && pool.subpools.is_empty());
        real.map(|(i, pool)| pool.read(i)).collect()
    }

    /// The buffers that are written to.
    pub fn activations(&self) -> impl Iterator<Item = &Buffer> {
        self.buffers.iter().filter(|buffer| buffer.holds != Holds::Parameters)
    }
}

impl RawPool {
    fn read(&self, i: usize) -> Result<Pool, ReportError> {
        let place = |field: &str| format!("memory_pools[{i}].{field}");
        let id = count(&place("id"), &self.id)?.ok_or(ReportError::Missing("memory_pools[].id"))?;
        // -1 where it has no bound.
        let size = Some(&self.size_bytes).filter(|size| size.as_i64() != Some(-1)).unwrap_or(&Value::Null);
        Ok(Pool {
            id,
            name: self.name.as_deref().map_or_else(|| id.to_string(), plain),
            address: self.address.as_str().and_then(address),
            size_bytes: bytes(&place("size_bytes"), size)?,
            used_bytes: bytes(&place("used_size_bytes"), &self.used_size_bytes)?,
            is_written: self.rights.as_deref() == Some("ACC_WRITE"),
        })
    }
}

impl RawBuffer {
    fn read(&self, i: usize) -> Result<Buffer, ReportError> {
        let place = |field: &str| format!("buffers[{i}].{field}");
        let size = bytes(&place("size_bytes"), &self.size_bytes)?;
        let epoch = |field: &str, value: &Value| count(&place(field), value);
        let epochs = epoch("epochs.start", &self.epochs.start)?.zip(epoch("epochs.end", &self.epochs.end)?);
        let is_scratch = self.flags.as_deref().is_some_and(|flags| flags.contains("SCRATCH"));
        let holds = match (self.is_param, is_scratch) {
            (true, _) => Holds::Parameters,
            (false, true) => Holds::Scratch,
            (false, false) => Holds::Values,
        };
        Ok(Buffer {
            name: self.name.as_deref().map_or_else(|| i.to_string(), plain),
            size_bytes: size.ok_or(ReportError::Missing("buffers[].size_bytes"))?,
            pool: count(&place("mpool_id"), &self.mpool_id)?,
            offset_bytes: bytes(&place("offset_start"), &self.offset_start)?,
            epochs,
            holds,
        })
    }
}

/// `0x20000000`; a name or `NULL` is no address yet.
fn address(text: &str) -> Option<u64> {
    u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{
        "json_schema_version": "2.0",
        "memory_pools": [
            { "id": 0, "name": "DTCM", "address": "0x20000000", "size_bytes": 126976, "used_size_bytes": 24, "rights": "ACC_WRITE" },
            { "id": 5, "name": "weights", "address": "NULL", "size_bytes": -1, "used_size_bytes": 8, "rights": "ACC_READ" }
        ],
        "buffers": [
            { "name": "in", "size_bytes": 16, "mpool_id": 0, "offset_start": 0, "epochs": { "start": 0, "end": 1 }, "is_param": false,
              "flags": "STAI_FLAG_INPUTS" },
            { "name": "s", "size_bytes": 8, "mpool_id": 0, "offset_start": 16, "epochs": { "start": 1, "end": 1 }, "is_param": false,
              "flags": "STAI_FLAG_SCRATCH" },
            { "name": "w", "size_bytes": 8, "mpool_id": 5, "offset_start": 0, "epochs": { "start": null, "end": null }, "is_param": true }
        ]
    }"#;

    #[test]
    fn pools_and_buffers_are_read() {
        let allocation = Allocation::read(FILE.as_bytes()).expect("a file");
        let [ram, flash] = allocation.pools.as_slice() else { panic!("two pools") };
        assert_eq!((ram.address, ram.size_bytes, ram.is_written), (Some(0x2000_0000), Some(Bytes(126_976)), true));
        assert_eq!((flash.address, flash.size_bytes, flash.used_bytes), (None, None, Some(Bytes(8))));
        let holds: Vec<Holds> = allocation.buffers.iter().map(|buffer| buffer.holds).collect();
        assert_eq!(holds, [Holds::Values, Holds::Scratch, Holds::Parameters]);
        assert_eq!(allocation.activations().map(|buffer| buffer.size_bytes).sum::<Bytes>(), Bytes(24));
        assert_eq!((allocation.buffers[1].epochs, allocation.buffers[2].epochs), (Some((1, 1)), None));
    }

    #[test]
    fn wrong_files_are_refused() {
        for (from, to, expected) in [
            ("\"2.0\"", "\"3.0\"", "json_schema_version: 3.0"),
            ("\"size_bytes\": 16", "\"size_bytes\": -16", "buffers[0].size_bytes: \"-16\""),
            ("\"id\": 5", "\"id\": \"x\"", "memory_pools[1].id"),
            ("\"size_bytes\": 16, ", "", "buffers[].size_bytes is missing"),
            ("]\n    }", "", "no whole JSON"),
        ] {
            let error = Allocation::read(FILE.replace(from, to).as_bytes()).expect_err(from).to_string();
            assert!(error.contains(expected), "{from}: {error}");
        }
    }
}
