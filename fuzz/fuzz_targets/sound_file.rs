//! Any octets as a sound file: read or refused, and no longer than they are.

#![no_main]

#[path = "../../crates/codecs/tests/corpus/exercise.rs"]
#[expect(dead_code, reason = "each target uses its own part")]
mod exercise;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    exercise::sound_file(octets);
});
