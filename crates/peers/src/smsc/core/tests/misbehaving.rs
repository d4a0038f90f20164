//! Each rule does what it says, as often as it says.

use super::*;
use crate::scenario::{CentreFaults, DropLink, Hex};

/// What a client sees of one packet under a rule, at once and later, and how many writes ran.
fn under(rule: Rule) -> (Vec<(u64, String)>, usize) {
    let mut world = World::with_rules([rule]);
    let mut said: Vec<(u64, String)> = all(&world.send(0, 1)).into_iter().map(|what| (0, what)).collect();
    said.extend(timed(&world.until(60_000)));
    (said, world.executions().len())
}

#[test]
fn faults_of_a_packet() {
    let rule = Rule::for_all;
    for (name, rule, expected, writes) in [
        ("none", rule(), vec![(0, "ok 1"), (0, "DELIVRD 1"), (0, "por 00")], 1),
        ("deaf", Rule { deaf: true, ..rule() }, vec![(0, "ok 1"), (0, "DELIVRD 1")], 0),
        ("no_por", Rule { no_por: true, ..rule() }, vec![(0, "ok 1"), (0, "DELIVRD 1")], 1),
        (
            "late_por_ms",
            Rule { late_por_ms: Some(700), ..rule() },
            vec![(0, "ok 1"), (0, "DELIVRD 1"), (700, "por 00")],
            1,
        ),
        (
            "duplicate_por",
            Rule { duplicate_por: 2, ..rule() },
            vec![(0, "ok 1"), (0, "DELIVRD 1"), (0, "por 00"), (0, "por 00"), (0, "por 00")],
            1,
        ),
        (
            "duplicate_receipts",
            Rule { duplicate_receipts: 1, ..rule() },
            vec![(0, "ok 1"), (0, "DELIVRD 1"), (0, "DELIVRD 1"), (0, "por 00")],
            1,
        ),
        (
            "counter_low",
            Rule { counter_low: true, ..rule() },
            vec![(0, "ok 1"), (0, "DELIVRD 1"), (0, "por 02")],
            0,
        ),
        (
            "status",
            Rule { status: Some(Hex(0x0A)), ..rule() },
            vec![(0, "ok 1"), (0, "DELIVRD 1"), (0, "por 0A")],
            0,
        ),
        (
            "sw",
            Rule { sw: Some(Hex(0x6A82)), ..rule() },
            vec![(0, "ok 1"), (0, "DELIVRD 1"), (0, "por 00")],
            0,
        ),
        (
            "wrong_mac",
            Rule { wrong_mac: true, ..rule() },
            vec![(0, "ok 1"), (0, "DELIVRD 1"), (0, "por 00")],
            1,
        ),
        (
            "interim_ms",
            Rule { interim_ms: Some(900), ..rule() },
            vec![(0, "ok 1"), (0, "DELIVRD 1"), (0, "por 0B"), (900, "por 00")],
            1,
        ),
        (
            "latency_ms",
            Rule { latency_ms: Some(80), ..rule() },
            vec![(0, "ok 1"), (80, "DELIVRD 1"), (80, "por 00")],
            1,
        ),
        (
            "answer_ms",
            Rule { answer_ms: Some(80), ..rule() },
            vec![(0, "DELIVRD 1"), (0, "por 00"), (80, "ok 1")],
            1,
        ),
        (
            "receipt_first",
            Rule { receipt_first: true, ..rule() },
            vec![(0, "DELIVRD 1"), (0, "por 00"), (0, "ok 1")],
            1,
        ),
        (
            "lose_submit_resp",
            Rule { lose_submit_resp: true, ..rule() },
            vec![(0, "DELIVRD 1"), (0, "por 00")],
            1,
        ),
        ("submit_status", Rule { submit_status: Some(Hex(0x14)), ..rule() }, vec![(0, "refused 14")], 0),
        (
            "drop_link before_taking",
            Rule { drop_link: Some(DropLink::BeforeTaking), ..rule() },
            vec![(0, "drop")],
            0,
        ),
        (
            "drop_link before_answer",
            Rule { drop_link: Some(DropLink::BeforeAnswer), ..rule() },
            vec![(0, "drop")],
            1,
        ),
        (
            "drop_link after_answer",
            Rule { drop_link: Some(DropLink::AfterAnswer), ..rule() },
            vec![(0, "ok 1"), (0, "drop")],
            1,
        ),
    ] {
        let expected: Vec<(u64, String)> = expected.into_iter().map(|(at, what)| (at, what.into())).collect();
        assert_eq!(under(rule), (expected, writes), "{name}");
    }
}

#[test]
fn wrong_keys_and_garbage_are_never_the_honest_answer() {
    let (said, writes) = under(Rule { wrong_key: true, ..Rule::for_all() });
    assert!(["por 01", "por 05"].contains(&&*said[2].1), "{said:?}");
    assert_eq!(writes, 0);
    let answer = |rule: Rule| {
        let mut world = World::with_rules([rule]);
        match world.send(0, 1).pop() {
            Some(Action::Deliver { deliver, .. }) => deliver.short_message,
            other => panic!("{other:?}"),
        }
    };
    let garbage = answer(Rule { garbage: true, ..Rule::for_all() });
    let honest = answer(Rule::for_all());
    assert_eq!((garbage.len(), &garbage[..3]), (honest.len(), &honest[..3]));
    assert_ne!(garbage, honest);
}

#[test]
fn rules_end_after_their_times() {
    let mut world = World::with_rules([
        Rule { counter_low: true, ..Rule::for_all().times(2) },
        Rule {
            first: Some(3),
            submit_status: Some(Hex(0x08)),
            msisdn: Some("4915*".into()),
            ..Rule::for_all()
        },
    ]);
    let mut outcomes = Vec::new();
    for counter in 1..=4 {
        for card in 0..2 {
            outcomes.push(all(&world.send(card, counter)).pop().unwrap());
        }
    }
    assert_eq!(
        outcomes,
        ["refused 08", "refused 08", "refused 08", "por 02", "por 02", "por 02", "por 02", "por 00"]
    );
}

#[test]
fn a_rule_concerns_the_cards_it_names() {
    let iccid = generate_cards(1, 2)[1].iccid.clone();
    let mut world = World::with_rules([Rule { no_por: true, ..Rule::for_cards(iccid) }]);
    assert_eq!(all(&world.send(0, 1)).len(), 3);
    assert_eq!(all(&world.send(1, 1)).len(), 2);
}

#[test]
fn the_first_rule_that_has_a_fault_gives_it() {
    let mut world = World::with_rules([
        Rule { late_por_ms: Some(100), ..Rule::for_all().times(1) },
        Rule { late_por_ms: Some(200), duplicate_por: 1, ..Rule::for_all() },
    ]);
    world.send(0, 1);
    assert_eq!(timed(&world.until(1_000)), [(100, "por 00".into()), (100, "por 00".into())]);
    world.send(0, 2);
    assert_eq!(timed(&world.until(2_000)), [(1_200, "por 00".into()), (1_200, "por 00".into())]);
}

#[test]
fn chance_is_the_seeds_whatever_the_order() {
    let silent = |seed: u64, order: &[usize]| {
        let rule = Rule { share: Some(0.5), no_por: true, ..Rule::for_all() };
        let scenario = Scenario { seed, ..Scenario::of([rule]) };
        let mut world = World::new(|settings| settings.scenario = scenario);
        let mut silent = Vec::new();
        for counter in 1..=3 {
            for card in order {
                if all(&world.send(*card, counter)).len() == 2 {
                    silent.push((*card, counter));
                }
            }
        }
        silent.sort_unstable();
        silent
    };
    let forwards: Vec<usize> = (0..20).collect();
    let backwards: Vec<usize> = (0..20).rev().collect();
    assert_eq!(silent(7, &forwards), silent(7, &backwards));
    assert_ne!(silent(7, &forwards), silent(8, &forwards));
    assert!((15..45).contains(&silent(7, &forwards).len()));
}

#[test]
fn the_link_is_dropped_and_disturbed_every_so_often() {
    let smsc = CentreFaults { garbage_every: Some(2), drop_link_every: Some(3), ..CentreFaults::default() };
    let mut world = World::new(|settings| settings.scenario.smsc = smsc);
    assert_eq!(all(&world.send(0, 1)), ["ok 1", "DELIVRD 1", "por 00"]);
    assert_eq!(all(&world.send(0, 2)), ["garbage", "ok 2", "DELIVRD 2", "por 00"]);
    assert_eq!(all(&world.send(0, 3)), ["drop"]);
    assert_eq!(all(&world.send(0, 4)), [""; 0], "the link is gone");
    assert_eq!(world.executions().len(), 2);
}

#[test]
fn several_segments_make_one_packet_for_the_rules() {
    let mut world = World::with_rules([Rule { counter_low: true, ..Rule::for_all().times(1) }]);
    let template = world.message(0, 1);
    for (counter, status) in [(1, "por 02"), (2, "por 00")] {
        let keys = world.cards[0].key_sets[0].clone();
        let sealing =
            Sealing { spi: [0x16, 0x09], tar: [0xB0, 0, 1], counter, keys: &keys, crc: 0, check_octets: 8 };
        let script = [&[0x00, 0xD6, 0x91, 0x00, 200][..], &[7; 200]].concat();
        let segments = sealing.user_data(&script, counter as u8);
        assert_eq!(segments.len(), 2);
        let said: Vec<Vec<String>> = segments
            .into_iter()
            .map(|user_data| all(&world.submit(Submission { user_data, ..template.clone() })))
            .collect();
        assert_eq!((said[0].len(), said[1].len()), (2, 3), "{said:?}");
        assert_eq!(said[1][2], status);
    }
}
