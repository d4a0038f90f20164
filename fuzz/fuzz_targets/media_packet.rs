//! Any octets as a media packet: taken apart or refused; a telephone event in it is heard.

#![no_main]

#[path = "../../crates/codecs/tests/corpus/exercise.rs"]
#[expect(dead_code, reason = "each target uses its own part")]
mod exercise;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    exercise::media_packet(octets);
});
