//! The fuzzers' corpora, replayed: a file whose name begins with `refused-` is refused, every other one is read.

mod exercise;

/// Whether the octets were read.
type Exercise = fn(&[u8]) -> bool;

/// A file per target in `fuzz/fuzz_targets`, a folder per target in `fuzz/corpus`.
const TARGETS: &[(&str, Exercise)] = &[
    ("command_packet", exercise::command_packet),
    ("response_packet", exercise::response_packet),
    ("short_messages", exercise::messages),
    ("command_script", exercise::command_script),
    ("script_answer", exercise::script_answer),
    ("media_packet", exercise::media_packet),
    ("media_report", exercise::media_report),
    ("sound_file", exercise::sound_file),
];

#[test]
fn every_file_is_read_or_refused_as_it_is_named() {
    for (target, exercise) in TARGETS {
        let corpus = format!("{}/../../fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
        let (mut read, mut refused) = (0, 0);
        for file in std::fs::read_dir(&corpus).expect("the corpus is there") {
            let path = file.expect("readable").path();
            let octets = std::fs::read(&path).expect("readable");
            let was_read = exercise(&octets);
            // What a fuzzer run leaves beside the hand-made files has no extension and no expectation.
            if path.extension().is_none() {
                continue;
            }
            let name = path.file_name().expect("a file").to_string_lossy().into_owned();
            assert_eq!(was_read, !name.starts_with("refused-"), "{target}/{name}");
            if was_read { read += 1 } else { refused += 1 }
        }
        assert!(read >= 3 && refused >= 3, "{target}: {read} read, {refused} refused");
    }
}
