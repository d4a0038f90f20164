//! What must hold for every query and every customer.

use super::*;
use crate::audience::{CompiledSet, Reason, Scratch};
use proptest::collection::vec;
use proptest::prelude::*;

/// Whether a query parses, and what follows when it does: it is kept as it came and can be asked anything.
fn exercise(parsed: Result<Targeting, crate::audience::TargetingError>) {
    let customer = ada();
    let facts = Facts { customer: &customer, events: &ada_events(), now: NOW };
    match parsed {
        Ok(targeting) => {
            let verdict = targeting.matches(&facts);
            assert!(
                targeting
                    .event_names()
                    .iter()
                    .all(|demand| demand.since(NOW).is_none_or(|since| since <= NOW))
            );
            assert_eq!(targeting.explain(&facts).verdict, verdict);
            let (mut scratch, mut found) = (Scratch::default(), vec![9, 9, 9]);
            CompiledSet::compile([(7, Some(&targeting))]).matches(&facts, &mut scratch, &mut found);
            assert_eq!(found, if verdict { vec![7] } else { vec![] });
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn the_evaluator_the_explanation_and_the_reference_agree(
        targeting in strategies::targeting(),
        customer in strategies::customer(),
        events in strategies::events(),
    ) {
        let facts = Facts { customer: &customer, events: &events, now: NOW };
        let expected = reference::matches(targeting.source(), &facts);
        prop_assert_eq!(targeting.matches(&facts), expected, "{}", targeting.source());
        let explanation = targeting.explain(&facts);
        prop_assert_eq!(explanation.verdict, expected, "{:?}", explanation);
    }

    #[test]
    fn storing_and_loading_is_identity(targeting in strategies::targeting()) {
        let text = serde_json::to_string(&targeting).expect("serializes");
        prop_assert_eq!(&text, &targeting.source().to_string());
        for loaded in [
            serde_json::from_str::<Targeting>(&text).expect("loads"),
            rmp_serde::from_slice(&rmp_serde::to_vec_named(&targeting).expect("packs")).expect("unpacks"),
        ] {
            prop_assert_eq!(loaded.error(), None);
            prop_assert_eq!(serde_json::to_string(&loaded).expect("serializes"), text.clone());
        }
    }

    #[test]
    fn no_json_makes_it_panic(value in strategies::any_json()) {
        let text = value.to_string();
        let parsed = Targeting::parse(value.clone());
        let stored: Targeting = serde_json::from_value(value).expect("any JSON loads");
        prop_assert_eq!(stored.error(), parsed.as_ref().err());
        let from_text = Targeting::parse_str(&text);
        prop_assert_eq!(from_text.as_ref().ok(), parsed.as_ref().ok());
        if let (Err(in_text), Err(in_value)) = (&from_text, &parsed) {
            prop_assert_eq!(&in_text.reason, &in_value.reason);
            prop_assert_eq!(&in_text.path, &in_value.path);
            let beyond_a_limit = matches!(in_text.reason, Reason::TooDeep | Reason::TooLarge);
            prop_assert_eq!(in_text.position.is_none(), beyond_a_limit, "{}", in_text);
        }
        exercise(parsed);
    }

    #[test]
    fn no_text_makes_it_panic(text in "(?s).{0,200}") {
        exercise(Targeting::parse_str(&text));
    }

    #[test]
    fn no_damaged_query_makes_it_panic(
        targeting in strategies::targeting(),
        at in any::<prop::sample::Index>(),
        length in 0..4_usize,
        patch in "[\\[\\]{}\",:$\\\\a0 \n]{0,3}",
    ) {
        let mut characters: Vec<char> = targeting.source().to_string().chars().collect();
        let at = at.index(characters.len());
        let end = (at + length).min(characters.len());
        characters.splice(at..end, patch.chars());
        exercise(Targeting::parse_str(&characters.into_iter().collect::<String>()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn the_index_finds_exactly_what_the_evaluator_accepts(
        queries in vec((prop::option::weighted(0.95, strategies::targeting()), 1..4_u32), 0..150),
        customers in vec((strategies::customer(), strategies::events()), 1..8),
    ) {
        let unreadable: Targeting = serde_json::from_str(r#"{"tags":1}"#).expect("any JSON loads");
        let mut slot = 0;
        let mut numbered: Vec<(u32, Option<Targeting>)> = vec![(0, Some(unreadable))];
        for (targeting, gap) in queries {
            slot += gap;
            numbered.push((slot, targeting));
        }
        // The order of insertion must not matter.
        let set = CompiledSet::compile(numbered.iter().rev().map(|(slot, targeting)| (*slot, targeting.as_ref())));
        let (mut scratch, mut found) = (Scratch::default(), Vec::new());
        for (customer, events) in &customers {
            let facts = Facts { customer, events, now: NOW };
            set.matches(&facts, &mut scratch, &mut found);
            let expected: Vec<u32> = numbered
                .iter()
                .filter(|(_, targeting)| targeting.as_ref().is_none_or(|targeting| targeting.matches(&facts)))
                .map(|(slot, _)| *slot)
                .collect();
            prop_assert_eq!(&found, &expected);
        }
    }
}

/// Enough queries and operands that planes are reached by flips, tags have planes, and fields are left to
/// verification.
#[test]
fn a_large_set_finds_exactly_what_the_evaluator_accepts() {
    let mut state = 7_u64;
    let mut draw = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let queries: Vec<(u32, Targeting)> = (0..3_000)
        .map(|slot| {
            let points = draw(5_000);
            let (day, tag, other) = (draw(28) + 1, draw(40), draw(4));
            let custom = format!("user.user_profile.c{}", draw(700));
            let query = match draw(6) {
                0 => json!({"user.available_points": {"$gte": points, "$lt": points + 900}, "user.opted_in": true}),
                1 => json!({"user.tags": {"$in": [format!("t{tag}"), format!("t{other}")]}, "user.available_points": {"$ne": points}}),
                2 => json!({"user.tags": {"$nin": [format!("t{other}")], "$all": [format!("t{tag}"), "t0"]}}),
                3 => json!({"user.registered_at": {"$lt": format!("2026-03-{day:02}")}, custom: {"$in": [1, "x"]}}),
                4 => json!({"$or": [{"user.tags": format!("t{tag}")}, {"user.country": format!("C{other}")}]}),
                _ => json!({"user.country": {"$in": [format!("C{other}"), format!("C{day}")]}, "user.available_points": {"$lt": points}}),
            };
            (slot, parse(query))
        })
        .collect();
    let set = CompiledSet::compile(queries.iter().map(|(slot, targeting)| (*slot, Some(targeting))));
    let (mut scratch, mut found, mut total) = (Scratch::default(), Vec::new(), 0);
    for _ in 0..60 {
        let mut customer = ada();
        customer.points.available = draw(6_000) as i64;
        customer.profile.opted_in = draw(2) == 0;
        customer.profile.country = (draw(3) > 0).then(|| format!("C{}", draw(12)));
        customer.registered_at = (draw(3) > 0).then(|| UnixMillis(NOW.0 - draw(30 * 86_400_000) as i64));
        for _ in 0..draw(6) {
            customer.tags.insert(format!("t{}", draw(40) * draw(2)), Tag::Counter { count: 1 });
            customer.profile.user_profile.insert(format!("c{}", draw(700)), json!(1));
        }
        let facts = Facts { customer: &customer, events: &[], now: NOW };
        set.matches(&facts, &mut scratch, &mut found);
        let expected: Vec<u32> =
            queries.iter().filter(|(_, query)| query.matches(&facts)).map(|(slot, _)| *slot).collect();
        assert_eq!(found, expected);
        total += found.len();
    }
    assert!(total > 5_000, "the queries and the customers have little to say to each other: {total} matches");
}

#[test]
fn the_fuzzers_corpus_is_judged_as_its_files_are_named() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/targeting_parser");
    let mut files = 0;
    for file in std::fs::read_dir(corpus).expect("the corpus is there") {
        let path = file.expect("readable").path();
        // What a fuzzer run leaves beside the hand-made files has no extension and no expectation.
        let expected_refusal = (path.extension().is_some())
            .then(|| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("refused-")));
        let bytes = std::fs::read(&path).expect("readable");
        let Ok(text) = String::from_utf8(bytes) else { continue };
        let parsed = Targeting::parse_str(&text);
        if let Some(expected_refusal) = expected_refusal {
            files += 1;
            assert_eq!(parsed.is_err(), expected_refusal, "{}: {parsed:?}", path.display());
        }
        exercise(parsed);
    }
    assert!(files > 20, "the hand-made corpus has gone: {files} files");
}

#[test]
fn the_guides_examples_are_queries() {
    let guide = include_str!("../../../../../docs/targeting.md");
    let mut examples = 0;
    for block in guide.split("```json\n").skip(1) {
        let block = block.split("```").next().expect("a block has an end");
        for example in serde_json::Deserializer::from_str(block).into_iter::<Value>() {
            let example = example.expect("an example is JSON");
            if example.get("verdict").is_none() {
                parse(example);
                examples += 1;
            }
        }
    }
    assert!(examples > 15, "the guide has lost its examples: {examples} are left");
}
