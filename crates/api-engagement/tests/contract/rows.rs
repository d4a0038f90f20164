//! Every row of the contract's checklist that this face promises has a test that cites it in its name.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::path::Path;

/// Rows promised: everything but offers, image validation, and inbox with timeline and webhooks (E144, E145, E147).
const PROMISED: [RangeInclusive<u32>; 2] = [1..=143, 146..=146];

/// The rows that a test's name begins with: `e88_e95_paging` cites two.
fn cited(name: &str) -> impl Iterator<Item = u32> + '_ {
    name.split('_').map_while(|word| word.strip_prefix('e')?.parse().ok())
}

fn collect(folder: &Path, rows: &mut BTreeSet<u32>) {
    for entry in std::fs::read_dir(folder).expect("the tests' folder can be read") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, rows);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = std::fs::read_to_string(&path).expect("a source file");
            let names = source.lines().filter_map(|line| line.trim_start().strip_prefix("async fn e"));
            for name in names {
                rows.extend(cited(&format!("e{name}").replace('(', "_")));
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
    assert_eq!(cited("e88_e95_paging_e7").collect::<Vec<_>>(), [88, 95]);
    assert_eq!(cited("every_row").count(), 0);
}
