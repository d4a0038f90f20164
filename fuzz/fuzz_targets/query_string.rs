//! Any text as a query string: it is read within bounds or refused, and what was read answers consistently.

#![no_main]

use libfuzzer_sys::fuzz_target;
use muster_web::{Paging, Query};

fuzz_target!(|text: &str| {
    let Ok(query) = Query::parse(text) else { return };
    for (name, value) in query.pairs() {
        assert!(query.has(name));
        assert!(query.get(name).is_some());
        let base = name.strip_suffix("[]").unwrap_or(name);
        let items = query.list(base).expect("what was sent is listed");
        for (index, item) in items.iter().enumerate() {
            assert!(!item.is_empty() && !item.contains(','));
            assert!(!items[..index].contains(item));
        }
        assert!(items.iter().all(|item| query.pairs().any(|(_, value)| value.contains(item))), "{value:?}");
        query.flag(name);
    }
    query.find_nul();
    if let Ok(paging) = Paging::from_query(&query) {
        assert!(paging.page >= 1 && (1..=100).contains(&paging.page_size));
        assert!(paging.slice(&[0; 7]).len() <= 7);
    }
});
