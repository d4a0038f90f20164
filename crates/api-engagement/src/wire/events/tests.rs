use super::*;
use muster_domain::time::UnixMillis;
use proptest::prelude::*;

fn plain(name: &str, quantity: u32) -> IncomingEvent {
    IncomingEvent {
        name: name.to_owned(),
        transaction_id: None,
        quantity,
        occurred_at: None,
        context: Context::new(),
        campaign: None,
    }
}

/// The events of a body, or the kind of the refusal.
fn read_text(body: &str) -> Result<Vec<IncomingEvent>, &'static str> {
    parse(body.as_bytes()).map_err(|error| match error {
        EventsError::Json(JsonError::Empty) => "empty",
        EventsError::Json(JsonError::Syntax { .. } | JsonError::TooDeep) => "syntax",
        EventsError::Rule(AppError::Missing(_)) => "missing",
        EventsError::Rule(AppError::Invalid(_)) => "invalid",
        EventsError::Rule(AppError::CampaignNotFound) => "no campaign",
        EventsError::Rule(other) => panic!("{other}"),
    })
}

#[test]
fn e136_simple_complex_and_shorthand_events_are_read() {
    let complex = IncomingEvent {
        transaction_id: Some("1234".into()),
        occurred_at: Some(UnixMillis(1_640_926_800_000)),
        context: Context::from([
            ("contest".to_owned(), ContextValue::Text("camera_giveaway".into())),
            ("n".to_owned(), ContextValue::Integer(-1)),
            ("x".to_owned(), ContextValue::Number(0.5)),
            ("large".to_owned(), ContextValue::Number(1e19)),
            ("yes".to_owned(), ContextValue::Bool(true)),
            ("none".to_owned(), ContextValue::Null),
        ]),
        ..plain("contest_entry", 2)
    };
    let by_id =
        |name, id| IncomingEvent { campaign: Some(CampaignSelector::Id(CampaignId(id))), ..plain(name, 1) };
    let by_permalink = |name, permalink: &str| IncomingEvent {
        campaign: Some(CampaignSelector::Permalink(permalink.to_owned())),
        ..plain(name, 1)
    };
    let cases = [
        (r#"{"events":{"buy_something":1},"auto_claim":true}"#, vec![plain("buy_something", 1)]),
        (r#"{"events":{"buy":"3"}}"#, vec![plain("buy", 3)]),
        (r#"{"events":{"buy":{}}}"#, vec![plain("buy", 1)]),
        (r#"{"events":{"buy":{"qty":"1"}}}"#, vec![plain("buy", 1)]),
        (r#"{"events":{"buy":{"qty":4294967295}}}"#, vec![plain("buy", u32::MAX)]),
        (
            r#"{"events":{"buy":{"qty":null,"date":null,"context":null,"transaction_id":null}}}"#,
            vec![plain("buy", 1)],
        ),
        (r#"{"events":{"b":1,"a":2}}"#, vec![plain("b", 1), plain("a", 2)]),
        (
            r#"{"events":{"contest_entry":{"transaction_id":"1234","qty":"2","date":"2021-12-31T05:00:00Z",
                "context":{"contest":"camera_giveaway","n":-1,"x":0.5,"large":10000000000000000000,"yes":true,
                           "none":null}}}}"#,
            vec![complex],
        ),
        (r#"{"events":{"a":{"campaign_id":16}}}"#, vec![by_id("a", 16)]),
        (r#"{"events":{"a":{"campaign_id":"16"}}}"#, vec![by_id("a", 16)]),
        (r#"{"events":{"a":{"permalink":"p"}}}"#, vec![by_permalink("a", "p")]),
        (
            r#"{"campaign_id":16,"events":{"a":1,"b":{"permalink":"p"}}}"#,
            vec![by_id("a", 16), by_permalink("b", "p")],
        ),
    ];
    for (body, expected) in cases {
        assert_eq!(read_text(body), Ok(expected), "{body}");
    }
}

#[test]
fn e141_what_is_wrong_is_refused_by_kind() {
    let cases = [
        ("", "empty"),
        ("{", "syntax"),
        ("[]", "missing"),
        ("null", "missing"),
        ("{}", "missing"),
        (r#"{"events":null}"#, "missing"),
        (r#"{"events":{}}"#, "missing"),
        (r#"{"events":[]}"#, "invalid"),
        (r#"{"events":"a"}"#, "invalid"),
        (r#"{"events":{"a":null}}"#, "invalid"),
        (r#"{"events":{"a":[]}}"#, "invalid"),
        (r#"{"events":{"a":true}}"#, "invalid"),
        (r#"{"events":{"a":0}}"#, "invalid"),
        (r#"{"events":{"a":-1}}"#, "invalid"),
        (r#"{"events":{"a":1.5}}"#, "invalid"),
        (r#"{"events":{"a":1.0}}"#, "invalid"),
        (r#"{"events":{"a":4294967296}}"#, "invalid"),
        (r#"{"events":{"a":{"qty":"0"}}}"#, "invalid"),
        (r#"{"events":{"a":{"qty":""}}}"#, "invalid"),
        (r#"{"events":{"a":{"qty":" 1"}}}"#, "invalid"),
        (r#"{"events":{"a":{"qty":"1 "}}}"#, "invalid"),
        (r#"{"events":{"a":{"qty":"+1"}}}"#, "invalid"),
        (r#"{"events":{"a":{"qty":"1.5"}}}"#, "invalid"),
        (r#"{"events":{"a":{"qty":"4294967296"}}}"#, "invalid"),
        (r#"{"events":{"a":{"qty":true}}}"#, "invalid"),
        (r#"{"events":{"a":{"date":"yesterday"}}}"#, "invalid"),
        (r#"{"events":{"a":{"date":1640926800}}}"#, "invalid"),
        (r#"{"events":{"a":{"date":"10000-01-01T00:00:00Z"}}}"#, "invalid"),
        (r#"{"events":{"a":{"context":{"k":{}}}}}"#, "invalid"),
        (r#"{"events":{"a":{"context":{"k":[1]}}}}"#, "invalid"),
        (r#"{"events":{"a":{"context":[]}}}"#, "invalid"),
        (r#"{"events":{"a":{"transaction_id":1}}}"#, "invalid"),
        (r#"{"events":{"a":{"transaction_id":""}}}"#, "invalid"),
        (r#"{"events":{"a":1},"auto_claim":"true"}"#, "invalid"),
        (r#"{"events":{"a":{"campaign_id":1,"permalink":"p"}}}"#, "invalid"),
        (r#"{"events":{"a":{"permalink":1}}}"#, "invalid"),
        (r#"{"events":{"a":{"campaign_id":"x"}}}"#, "no campaign"),
        (r#"{"events":{"a":{"campaign_id":1.5}}}"#, "no campaign"),
        (r#"{"events":{"a\u0000":1}}"#, "invalid"),
        (r#"{"events":{"a":{"context":{"k":"\u0000"}}}}"#, "invalid"),
    ];
    for (body, expected) in cases {
        assert_eq!(read_text(body), Err(expected), "{body}");
    }
}

#[test]
fn no_event_is_lost_to_another_of_its_name() {
    let cases = [
        r#"{"events":{"a":{"transaction_id":"1"},"a":{"transaction_id":"2"}}}"#,
        r#"{"events":{"a":1},"events":{"b":1}}"#,
        r#"{"events":{"a":{"transaction_id":"1","transaction_id":"2"}}}"#,
        r#"{"events":{"a":{"context":{"k":1,"k":2}}}}"#,
    ];
    for body in cases {
        assert_eq!(read_text(body), Err("invalid"), "{body}");
    }
}

/// The corpus of the fuzz target is read by an ordinary test, too.
#[test]
fn the_corpus_is_read_or_refused_as_its_names_say() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/event_body");
    let mut seen = 0;
    for entry in std::fs::read_dir(corpus).expect("the corpus is in the tree") {
        let path = entry.expect("a file").path();
        let refused = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("refused-"));
        let body = std::fs::read(&path).expect("readable");
        assert_eq!(parse(&body).is_err(), refused, "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 10, "{seen} files");
}

fn node() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|flag| flag.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>()
            .prop_filter("finite", |number| number.is_finite())
            .prop_map(|number| format!("{number:e}")),
        prop::sample::select(vec!["1", "a", "2021-12-31T05:00:00Z", "", "\\u0000"])
            .prop_map(|text| format!("\"{text}\"")),
    ];
    let key = || {
        prop::sample::select(vec![
            "events",
            "auto_claim",
            "campaign_id",
            "permalink",
            "qty",
            "date",
            "context",
            "transaction_id",
            "a",
            "b",
        ])
    };
    leaf.prop_recursive(6, 48, 4, move |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..3).prop_map(|items| format!("[{}]", items.join(","))),
            4 => prop::collection::vec((key(), inner), 0..4).prop_map(|members| {
                let members: Vec<_> =
                    members.into_iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_read_keeps_the_rules(events in node()) {
        if let Ok(events) = parse(format!("{{\"events\":{events}}}").as_bytes()) {
            prop_assert!(!events.is_empty());
            let names: BTreeSet<_> = events.iter().map(|event| &event.name).collect();
            prop_assert_eq!(names.len(), events.len());
            for event in &events {
                prop_assert!(event.quantity >= 1);
                prop_assert!(!event.name.contains('\0'));
                prop_assert!(event.transaction_id.as_ref().is_none_or(|id| !id.is_empty()));
            }
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(&body);
    }
}
