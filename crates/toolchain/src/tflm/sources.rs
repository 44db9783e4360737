//! A .tflite as C++ for a project with TensorFlow Lite Micro.

use std::fmt::Write as _;

use super::answer::Arena;

/// The name of all files.
pub(super) const NAME: &str = "network";

/// What the header says.
pub(super) struct Header<'h> {
    pub(super) tool: &'h str,
    pub(super) pointer_bits: u32,
    pub(super) arena: Arena,
}

impl Header<'_> {
    pub(super) fn text(&self) -> String {
        let Self { tool, pointer_bits, arena } = self;
        let (head, runtime) = (arena.head, arena.runtime());
        let whole = (head + runtime).next_multiple_of(16);
        format!(
            "// An int8 network for TensorFlow Lite Micro, and the arena that it takes.
//
// {tool} on a computer with {pointer_bits}-bit pointers says: {head} bytes planned for activations and
// {runtime} for the interpreter's own structures. With 32-bit pointers the latter are smaller; optimised
// kernels may take scratch beside. Less than this may do on the device: try.
#ifndef NETWORK_H_
#define NETWORK_H_

#include <cstddef>

constexpr std::size_t kNetworkArenaBytes = {whole};

// The .tflite file. It stays in Flash.
extern const unsigned char kNetworkTflite[];
extern const std::size_t kNetworkTfliteBytes;

#endif  // NETWORK_H_
"
        )
    }
}

/// The file as an array.
pub(super) fn array(file: &[u8]) -> String {
    let mut text = format!("#include \"{NAME}.h\"\n\nalignas(16) const unsigned char kNetworkTflite[] = {{\n");
    for line in file.chunks(16) {
        text.push_str("   ");
        for byte in line {
            write!(text, " {byte:#04x},").expect("a text takes everything");
        }
        text.push('\n');
    }
    text.push_str(&format!("}};\nconst std::size_t kNetworkTfliteBytes = {};\n", file.len()));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_in_the_array() {
        let file: Vec<u8> = (0..=20).collect();
        let text = array(&file);
        let bytes = text.split("0x").skip(1).map(|rest| u8::from_str_radix(&rest[..2], 16).expect("a byte"));
        assert!(bytes.eq(file));
        assert!(text.ends_with("};\nconst std::size_t kNetworkTfliteBytes = 21;\n"), "{text}");
    }

    #[test]
    fn the_header_says_the_arena() {
        let text =
            Header { tool: "tflite-micro 1", pointer_bits: 64, arena: Arena { head: 100, tail: 50, plan: 8 } }.text();
        for part in ["kNetworkArenaBytes = 160;", "100 bytes planned", "58 for the"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
