//! Any octets as a command script: refused, or read and written again.

#![no_main]

#[path = "../../crates/codecs/tests/corpus/exercise.rs"]
#[expect(dead_code, reason = "each target uses its own part")]
mod exercise;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    exercise::command_script(octets);
});
