//! What the tree may not hold, and what every crate must say about itself.

use std::fs;
use std::path::{Path, PathBuf};

/// Marks of work that is not finished, in the code of any crate.
const UNFINISHED: &[(&str, &str)] = &[
    (concat!("todo", "!("), "finish it or leave it out"),
    (concat!("unimplemented", "!("), "finish it or leave it out"),
    (concat!("dbg", "!("), "a trace of debugging"),
    (concat!("#[", "ignore"), "a test that nobody runs"),
    (concat!("#[", "allow("), "write #[expect(…, reason = \"…\")], which tells when it is no longer needed"),
];

/// Paths that exist on one machine only.
const MACHINE_PATHS: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/Us", "ers/"),
    concat!("/t", "mp/"),
];

/// Every file below `folder` that belongs to the repository.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    // Cargo marks its target folders so, whatever they are called.
    if folder.join("CACHEDIR.TAG").exists() {
        return;
    }
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let entry = entry.expect("the folder can be read");
        let path = entry.path();
        let name = entry.file_name();
        if entry.file_type().expect("the entry has a type").is_dir() {
            if ![".git", "target", "muster-data", "corpus", "artifacts"]
                .iter()
                .any(|skipped| name == *skipped)
            {
                files(&path, found);
            }
        } else if name != ".git" {
            found.push(path);
        }
    }
}

fn tree() -> Vec<(String, PathBuf)> {
    let root = super::root();
    let mut found = Vec::new();
    files(&root, &mut found);
    let relative = |path: PathBuf| {
        (path.strip_prefix(&root).expect("it was found below the root").to_string_lossy().into_owned(), path)
    };
    found.into_iter().map(relative).collect()
}

/// `path:line: …` for every line that holds a needle.
fn lines_with(path: &str, text: &str, needles: &[(&str, &str)]) -> Vec<String> {
    let lines = text.lines().enumerate();
    let marked = lines.flat_map(|(index, line)| {
        let hits = needles.iter().filter(move |(needle, _)| line.contains(needle));
        hits.map(move |(needle, why)| format!("{path}:{}: {needle}: {why}", index + 1))
    });
    marked.collect()
}

#[test]
fn no_code_is_left_unfinished() {
    let code = tree().into_iter().filter(|(name, path)| {
        name.starts_with("crates/") && path.extension().is_some_and(|extension| extension == "rs")
    });
    let found: Vec<String> = code
        .flat_map(|(name, path)| {
            lines_with(&name, &fs::read_to_string(path).expect("source is UTF-8"), UNFINISHED)
        })
        .collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn no_file_names_a_path_of_one_machine() {
    let needles: Vec<(&str, &str)> =
        MACHINE_PATHS.iter().map(|path| (*path, "a path of one machine")).collect();
    let found: Vec<String> = tree()
        .into_iter()
        // What is not UTF-8 is no text.
        .filter_map(|(name, path)| fs::read_to_string(path).ok().map(|text| (name, text)))
        .flat_map(|(name, text)| lines_with(&name, &text, &needles))
        .collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn marks_are_found_where_they_stand() {
    let text = format!("fn fine() {{}}\n    {})\n", UNFINISHED[0].0);
    assert_eq!(lines_with("a.rs", &text, UNFINISHED).len(), 1);
    assert!(lines_with("a.rs", &text, UNFINISHED)[0].starts_with("a.rs:2: "));
}

#[test]
fn every_crate_takes_lints_edition_and_licence_from_the_workspace() {
    let crates = super::root().join("crates");
    for entry in fs::read_dir(crates).expect("the crates can be listed") {
        let manifest = entry.expect("the folder can be read").path().join("Cargo.toml");
        let text =
            fs::read_to_string(&manifest).unwrap_or_else(|error| panic!("{}: {error}", manifest.display()));
        for line in [
            "version.workspace = true",
            "edition.workspace = true",
            "rust-version.workspace = true",
            "license.workspace = true",
            "publish.workspace = true",
            "[lints]\nworkspace = true",
        ] {
            assert!(text.contains(line), "{} lacks {line:?}", manifest.display());
        }
    }
}

#[test]
fn all_that_ships_is_built_by_default_and_the_benchmarks_are_not() {
    let text = fs::read_to_string(super::root().join("Cargo.toml")).expect("the workspace has a manifest");
    let (_, rest) = text.split_once("default-members = [").expect("the workspace names its default members");
    let (listed, _) = rest.split_once(']').expect("the list ends");
    for entry in fs::read_dir(super::root().join("crates")).expect("the crates can be listed") {
        let name = entry.expect("the folder can be read").file_name().to_string_lossy().into_owned();
        let is_listed = listed.contains(&format!("\"crates/{name}\""));
        assert_eq!(is_listed, name != "bench", "crates/{name}");
    }
}
