use super::*;

#[test]
fn e143_a_tag_counts_or_expires_and_never_both() {
    let expiring = |seconds: i64| Tag::Expiring { expires_at: NOW.plus_seconds(seconds) };
    let counter = |count| Tag::Counter { count };
    // What is written when (seconds from the start), and what the tag is then.
    let story = [
        ("first time", 0, None, counter(1)),
        ("second time", 1, None, counter(2)),
        ("third time", 2, None, counter(3)),
        ("becomes expiring", 3, Some(60), expiring(63)),
        ("is prolonged", 10, Some(60), expiring(70)),
        ("becomes a counter again", 20, None, counter(1)),
        ("becomes expiring again", 30, Some(5), expiring(35)),
        ("counts anew after it expired", 35, None, counter(1)),
    ];
    let mut customer = someone();
    for (name, at, ttl_s, expected) in story {
        customer.tag("t", ttl_s, 1, NOW.plus_seconds(at)).expect(name);
        assert_eq!(customer.tags["t"], expected, "{name}");
    }
}

#[test]
fn e143_an_expiring_tag_vanishes_at_its_second() {
    let mut customer = someone();
    customer.tag("t", Some(60), 1, NOW).expect("valid");
    let live = |seconds| customer.live_tags(NOW.plus_seconds(seconds)).count();
    assert_eq!((live(59), live(60)), (1, 0));
    let left = |at: i64| customer.tags["t"].seconds_left(UnixMillis(NOW.0 + at));
    assert_eq!((left(0), left(1), left(59_001), left(90_000)), (Some(60), Some(60), Some(1), Some(0)));
}

#[test]
fn tags_that_cannot_be_are_refused() {
    let name = |name: &str, reason| TagError::Name { name: name.to_owned(), reason };
    let long = "x".repeat(256);
    let cases = [
        ("", None, name("", Reason::Empty)),
        ("a\0", None, name("a\0", Reason::Nul)),
        (long.as_str(), None, name(&long, Reason::Bytes(255))),
        ("t", Some(0), TagError::Ttl),
        ("t", Some(u32::MAX), TagError::Ttl),
    ];
    for (tag, ttl_s, expected) in cases {
        let mut customer = someone();
        assert_eq!(customer.tag(tag, ttl_s, 1, NOW), Err(expected), "{tag:?} {ttl_s:?}");
        assert!(customer.tags.is_empty());
    }
}

#[test]
fn the_limit_counts_live_tags_only() {
    let mut customer = someone();
    for at in 0..limits::TAGS_MAX {
        customer.tag(&at.to_string(), Some(60), 1, NOW).expect("within the limit");
    }
    assert_eq!(customer.tag("one more", None, 1, NOW), Err(TagError::TooMany));
    customer.tag("7", None, 1, NOW).expect("one that is there");
    customer.tag("one more", None, 1, NOW.plus_seconds(60)).expect("the others have expired");
    assert_eq!(customer.tags.len(), 2);
}
