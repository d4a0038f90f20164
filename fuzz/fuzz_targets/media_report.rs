//! Any octets as reports about media: taken apart or refused.

#![no_main]

#[path = "../../crates/codecs/tests/corpus/exercise.rs"]
#[expect(dead_code, reason = "each target uses its own part")]
mod exercise;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    exercise::media_report(octets);
});
