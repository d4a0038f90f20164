//! Any octets as short messages: their headers lie inside them, and they are put together or refused.

#![no_main]

#[path = "../../crates/codecs/tests/corpus/exercise.rs"]
#[expect(dead_code, reason = "each target uses its own part")]
mod exercise;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    exercise::messages(octets);
});
