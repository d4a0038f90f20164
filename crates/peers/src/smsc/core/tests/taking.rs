//! Submissions: taken, refused, asked about, cancelled.

use super::*;
use crate::scenario::CentreFaults;
use crate::smsc::{IdFormat, MessageState};

#[test]
fn a_message_is_taken_delivered_and_answered() {
    let mut world = World::new(|_| ());
    assert_eq!(all(&world.send(0, 1)), ["ok 1", "DELIVRD 1", "por 00"]);
    assert_eq!(all(&world.send(1, 1)), ["ok 2", "DELIVRD 2", "por 00"]);
    assert_eq!(world.executions().len(), 2);
    assert_eq!(*world.executions()[1].iccid, *world.cards[1].iccid);
    assert_eq!(world.core.pending(), (0, 0));
}

#[test]
fn an_identical_packet_runs_once() {
    let mut world = World::new(|_| ());
    world.send(0, 1);
    assert_eq!(all(&world.send(0, 1)), ["ok 2", "DELIVRD 2", "por 02"]);
    assert_eq!(world.executions().len(), 1);
}

#[test]
fn what_is_refused_and_why() {
    let mut world = World::new(|_| ());
    let good = world.message(0, 1);
    for (name, message, answer) in [
        ("nobody", Submission { destination: Address::international("49"), ..good.clone() }, "refused 0B"),
        ("too long", Submission { user_data: vec![0; 141], ..good.clone() }, "refused 01"),
        ("no time", Submission { validity_period: "tomorrow".into(), ..good.clone() }, "refused 62"),
    ] {
        assert_eq!(all(&world.submit(message)), [answer], "{name}");
    }
    assert_eq!((world.core.counters().refused, world.core.counters().submits), (3, 0));
    let with_plus = Address::international(format!("+{}", world.cards[0].msisdn));
    assert_eq!(world.submit(Submission { destination: with_plus, ..good }).len(), 3);
}

#[test]
fn receipts_come_to_those_who_want_them() {
    for (registered, rule, answer) in [
        (0, Rule::for_all(), vec![]),
        (1, Rule::for_all(), vec!["DELIVRD 1"]),
        (2, Rule::for_all(), vec![]),
        (1, Rule { no_receipt: true, ..Rule::for_all() }, vec![]),
        (2, Rule { receipt_state: Some(MessageState::Undeliverable), ..Rule::for_all() }, vec!["UNDELIV 1"]),
        (1, Rule { receipt_state: Some(MessageState::Rejected), ..Rule::for_all() }, vec!["REJECTD 1"]),
    ] {
        let mut world = World::with_rules([rule]);
        let message = Submission { registered_delivery: registered, ..world.message(0, 1) };
        let mut said = all(&world.submit(message));
        said.retain(|one| !one.starts_with("ok") && !one.starts_with("por"));
        assert_eq!(said, answer, "{registered}");
    }
}

#[test]
fn ids_are_written_as_wanted_here_and_there() {
    for (answers, receipts, expected) in [
        (IdFormat::Decimal, IdFormat::Hex, ["ok 4711", "DELIVRD 00001267"]),
        (IdFormat::HexLower, IdFormat::Decimal, ["ok 1267", "DELIVRD 4711"]),
    ] {
        let mut world = World::new(|settings| {
            (settings.answer_ids, settings.receipt_ids, settings.first_message_id) =
                (answers, receipts, 4711);
        });
        assert_eq!(all(&world.send(0, 1))[..2], expected);
    }
}

#[test]
fn receipts_name_the_error_and_the_clients_reference() {
    let rule = Rule {
        receipt_state: Some(MessageState::Undeliverable),
        network_error: Some(crate::scenario::Hex(0x03_0006)),
        ..Rule::for_all()
    };
    let mut world = World::with_rules([rule]);
    let message = Submission { user_message_reference: Some(0x1234), ..world.message(0, 1) };
    let actions = world.submit(message);
    let Action::Deliver { deliver, .. } = &actions[1] else { panic!("{actions:?}") };
    let tlv = |tag| deliver.tlvs.iter().find(|(own, _)| *own == tag).map(|(_, value)| value.clone());
    assert_eq!(tlv(0x0423), Some(vec![3, 0, 6]));
    assert_eq!(tlv(0x0427), Some(vec![5]));
    assert_eq!(tlv(0x0204), Some(vec![0x12, 0x34]));
    assert!(String::from_utf8_lossy(&deliver.short_message).contains("err:006"));
}

#[test]
fn a_receipt_without_optional_parameters_still_says_all() {
    let mut world = World::new(|settings| settings.receipt_tlvs = false);
    let actions = world.send(0, 1);
    let Action::Deliver { deliver, .. } = &actions[1] else { panic!("{actions:?}") };
    assert_eq!(deliver.tlvs, []);
    assert_eq!(
        String::from_utf8_lossy(&deliver.short_message),
        "id:1 sub:001 dlvrd:001 submit date:2601010000 done date:2601010000 stat:DELIVRD err:000 text:"
    );
}

#[test]
fn messages_are_asked_about_and_cancelled_while_they_wait() {
    let mut world = World::new(|settings| settings.latency_ms = 100);
    world.send(0, 1);
    world.send(1, 1);
    assert_eq!(world.core.query("1"), Some((MessageState::Enroute, None)));
    let mut actions = Vec::new();
    assert_eq!(world.core.cancel("1", world.now_ms, &mut actions), Ok(()));
    assert_eq!(all(&actions), ["DELETED 1"]);
    assert_eq!(timed(&world.until(100)), [(100, "DELIVRD 2".into()), (100, "por 00".into())]);
    assert_eq!(world.core.query("1"), Some((MessageState::Deleted, Some(START))));
    assert_eq!(world.core.query("2"), Some((MessageState::Delivered, Some(START + 100))));
    assert_eq!(world.core.query("3"), None);
    assert_eq!(world.core.cancel("2", world.now_ms, &mut actions), Err(0x11));
    assert_eq!(world.core.cancel("x", world.now_ms, &mut actions), Err(0x0C));
    assert_eq!(world.executions().len(), 1);
}

#[test]
fn more_than_the_rate_is_throttled() {
    let smsc = CentreFaults { throttle_per_s: Some(10), ..CentreFaults::default() };
    let mut world = World::new(|settings| settings.scenario.smsc = smsc);
    let mut taken = 0;
    for step in 0..400u64 {
        world.until(step * 10);
        taken += usize::from(all(&world.send(0, step + 1))[0].starts_with("ok"));
    }
    // Four seconds at 10/s, and a quarter of a second's worth at the start.
    assert!((40..=43).contains(&taken), "{taken}");
    assert_eq!(world.core.counters().throttled, 400 - taken as u64);
}

#[test]
fn the_centre_says_how_busy_it_is() {
    let smsc = CentreFaults { congestion_state: Some(85), ..CentreFaults::default() };
    let mut world = World::new(|settings| settings.scenario.smsc = smsc);
    let actions = world.send(0, 1);
    let Action::Answer { tlvs, .. } = &actions[0] else { panic!("{actions:?}") };
    assert_eq!(*tlvs, [(0x0428, vec![85])]);
}

#[test]
fn a_full_window_and_a_full_queue() {
    let mut world = World::with_rules([Rule { answer_ms: Some(1_000), ..Rule::for_all() }]);
    world.core.settings.submit_window = 2;
    world.send(0, 1);
    world.send(1, 1);
    assert_eq!(all(&world.send(2, 1)), ["refused 58"]);
    assert_eq!(world.core.counters().window_max, 2);
    world.until(1_000);
    assert_eq!(all(&world.send(2, 1)), ["DELIVRD 3", "por 00"]);

    let smsc = CentreFaults { queue_max: Some(1), ..CentreFaults::default() };
    let mut world = World::new(|settings| (settings.scenario.smsc, settings.latency_ms) = (smsc, 50));
    assert_eq!(all(&world.send(0, 1)), ["ok 1"]);
    assert_eq!(all(&world.send(0, 2)), ["refused 14"]);
    assert_eq!(all(&world.send(1, 1)), ["ok 2"], "another card");
    world.until(50);
    assert_eq!(all(&world.send(0, 2)), ["ok 3"]);
}

#[test]
fn binds_are_refused_as_often_as_wanted() {
    let smsc = CentreFaults {
        refuse_binds: 2,
        refuse_bind_status: Some(crate::scenario::Hex(0x0E)),
        ..CentreFaults::default()
    };
    let mut world = World::new(|settings| settings.scenario.smsc = smsc);
    let statuses: Vec<_> = (0..3).map(|_| world.core.refuse_bind()).collect();
    assert_eq!(statuses, [Some(0x0E), Some(0x0E), None]);
    assert_eq!(world.core.counters().binds_refused, 2);
}
