//! Every row of the contract's checklist that this face promises has a test that cites it in its name.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::path::Path;

/// Rows promised here. D76 to D78 and D82 are the engine's: they need lines to call on.
const PROMISED: [RangeInclusive<u32>; 2] = [1..=75, 79..=81];

/// The rows that a test's name begins with: `d43_d44_deletion` cites two, `d1_to_d3_lists` three.
fn cited(name: &str) -> BTreeSet<u32> {
    let mut rows = BTreeSet::new();
    let mut from = None;
    for word in name.split('_') {
        if let Some(row) = word.strip_prefix('d').and_then(|number| number.parse().ok()) {
            rows.extend(from.take().unwrap_or(row)..=row);
        } else if let ("to", Some(last)) = (word, rows.last()) {
            from = Some(*last);
        } else {
            break;
        }
    }
    rows
}

fn collect(folder: &Path, rows: &mut BTreeSet<u32>) {
    for entry in std::fs::read_dir(folder).expect("the tests' folder can be read") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, rows);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = std::fs::read_to_string(&path).expect("a source file");
            let names = source.lines().filter_map(|line| line.trim_start().strip_prefix("async fn d"));
            for name in names {
                rows.extend(cited(&format!("d{name}").replace('(', "_")));
            }
        }
    }
}

#[test]
fn every_promised_row_is_cited_by_a_test() {
    let mut rows = BTreeSet::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract"), &mut rows);
    let missing: Vec<u32> = PROMISED.into_iter().flatten().filter(|row| !rows.contains(row)).collect();
    assert!(missing.is_empty(), "no test cites rows {missing:?}");
}

#[test]
fn names_are_read_as_citations() {
    assert_eq!(cited("d43_d44_deletion_d7").into_iter().collect::<Vec<_>>(), [43, 44]);
    assert_eq!(cited("d1_to_d3_d9_lists").into_iter().collect::<Vec<_>>(), [1, 2, 3, 9]);
    assert!(cited("every_row").is_empty());
}
