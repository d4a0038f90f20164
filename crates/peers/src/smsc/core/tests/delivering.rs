//! Deliveries: when they come, by which way, over which link.

use super::*;
use crate::hex;
use crate::smsc::{PorPath, SubmitKind};

#[test]
fn latency_and_jitter_keep_the_order_of_a_card() {
    let mut world = World::new(|settings| (settings.latency_ms, settings.jitter_ms) = (100, 50));
    for counter in 1..=20 {
        assert_eq!(all(&world.send(0, counter)).len(), 1);
        world.send(counter as usize % 5 + 1, counter);
    }
    let came = world.until(1_000);
    assert!(came.iter().all(|(at, _)| (100..=150).contains(at)), "{came:?}");
    let times: Vec<u64> = came.iter().map(|(at, _)| *at).collect();
    assert!(times.iter().any(|at| *at != times[0]), "some jitter");
    let counters: Vec<u64> = world
        .executions()
        .iter()
        .filter(|one| *one.iccid == *world.cards[0].iccid)
        .map(|one| one.counter)
        .collect();
    assert_eq!(counters, (1..=20).collect::<Vec<_>>());
}

#[test]
fn a_card_that_stays_away_lets_messages_expire_at_their_time() {
    let rule = Rule { unreachable: true, ..Rule::for_all() };
    let mut world =
        World::new(|settings| (settings.scenario, settings.time_factor) = (Scenario::of([rule]), 60));
    let message = Submission { validity_period: "000000010000000R".into(), ..world.message(0, 1) };
    assert_eq!(all(&world.submit(message)), ["ok 1"]);
    // One hour, sixty times faster.
    assert_eq!(timed(&world.until(60_000)), [(60_000, "EXPIRED 1".into())]);
    assert_eq!((world.executions().len(), world.core.counters().undelivered), (0, 1));
    assert_eq!(world.core.pending(), (0, 0));
}

#[test]
fn a_card_comes_back_after_its_time_away() {
    let rule = Rule { unreachable_for_ms: Some(5_000), ..Rule::for_all() };
    let mut world =
        World::new(|settings| (settings.scenario, settings.alerts) = (Scenario::of([rule]), true));
    assert_eq!(all(&world.send(0, 1)), ["ok 1"]);
    world.until(2_000);
    assert_eq!(all(&world.send(0, 2)), ["ok 2"]);
    let came = timed(&world.until(10_000));
    let what: Vec<&str> = came.iter().map(|(_, what)| &**what).collect();
    assert_eq!(what, ["alert", "DELIVRD 1", "por 00", "DELIVRD 2", "por 00"]);
    assert!(came.iter().all(|(at, _)| *at == 5_000), "{came:?}");
    assert_eq!(all(&world.send(0, 3)), ["ok 3", "DELIVRD 3", "por 00"], "from then on at once");
}

#[test]
fn new_rules_release_what_waited_and_hold_what_was_on_its_way() {
    let away = || Rule { unreachable: true, ..Rule::for_all() };
    let mut world = World::with_rules([away()]);
    world.send(0, 1);
    world.send(0, 2);
    world.until(1_000);
    assert_eq!(all(&world.set(Scenario::default())), ["DELIVRD 1", "por 00", "DELIVRD 2", "por 00"]);

    let mut world = World::new(|settings| settings.latency_ms = 100);
    world.send(0, 1);
    assert_eq!(all(&world.set(Scenario::of([away()]))), [""; 0]);
    assert_eq!(timed(&world.until(1_000)), []);
    assert_eq!(timed(&world.until(86_400_000)), [(86_400_000, "EXPIRED 1".into())]);

    // A plan that was replaced does not come true.
    let mut world = World::with_rules([Rule { unreachable_for_ms: Some(1_000), ..Rule::for_all() }]);
    world.send(0, 1);
    world.set(Scenario::of([Rule { unreachable_for_ms: Some(5_000), ..Rule::for_all() }]));
    let came = world.until(10_000);
    assert_eq!(timed(&came), [(5_000, "DELIVRD 1".into()), (5_000, "por 00".into())]);
}

#[test]
fn deliveries_refused_for_now_come_again() {
    let mut world = World::new(|settings| settings.deliver_retry_ms = 500);
    let actions = world.send(0, 1);
    let sequences: Vec<u32> = actions
        .iter()
        .filter_map(|action| match action {
            Action::Deliver { sequence, .. } => Some(*sequence),
            _ => None,
        })
        .collect();
    let link = world.link;
    world.answer(link, sequences[0], 0);
    world.answer(link, sequences[1], 0x64);
    assert_eq!(timed(&world.until(500)), [(500, "por 00".into())]);
    let counters = world.core.counters();
    assert_eq!((counters.deliveries_acknowledged, counters.deliveries_repeated), (1, 1));

    let actions = world.send(1, 1);
    let Some(Action::Deliver { sequence, .. }) = actions.last() else { panic!("{actions:?}") };
    world.answer(link, *sequence, 0x65);
    assert_eq!(timed(&world.until(5_000)), [], "refused for good");
    assert_eq!(world.core.counters().deliveries_refused, 1);
    assert_eq!(world.answer(link, *sequence, 0), [], "answered twice");
}

#[test]
fn what_a_lost_link_did_not_acknowledge_goes_to_another_in_order() {
    let mut world = World::new(|_| ());
    world.send(0, 1);
    world.send(1, 1);
    let mut actions = Vec::new();
    world.core.link_down(world.link, true, &mut actions);
    assert_eq!((actions.len(), world.core.pending().1, world.core.counters().links_lost), (0, 4, 1));
    world.core.link_up(false);
    let receiver = world.core.link_up(true);
    world.core.advance(world.now_ms, &mut actions);
    assert_eq!(all(&actions), ["DELIVRD 1", "por 00", "DELIVRD 2", "por 00"]);
    assert!(actions.iter().all(|action| matches!(action, Action::Deliver { link, .. } if *link == receiver)));
    assert_eq!(world.core.counters().deliveries_repeated, 4);
}

#[test]
fn no_more_than_the_window_is_on_its_way() {
    let mut world = World::new(|settings| settings.deliver_window = 2);
    assert_eq!(all(&world.send(0, 1)).len(), 3);
    assert_eq!(all(&world.send(1, 1)), ["ok 2"]);
    let link = world.link;
    assert_eq!(all(&world.answer(link, 1, 0)), ["DELIVRD 2"]);
    assert_eq!(all(&world.answer(link, 2, 0)), ["por 00"]);
}

#[test]
fn deliveries_go_round_where_that_is_wanted() {
    let links = |spread: bool| {
        let mut world = World::new(|settings| settings.spread_deliveries = spread);
        world.core.link_up(true);
        let actions = world.send(0, 1);
        let mut links: Vec<LinkId> = actions
            .iter()
            .filter_map(|action| match action {
                Action::Deliver { link, .. } => Some(*link),
                _ => None,
            })
            .collect();
        links.dedup();
        links.len()
    };
    assert_eq!((links(false), links(true)), (1, 2));
}

#[test]
fn ota_3_3_every_way_home_of_a_delivery_report() {
    let deliveries = |path: PorPath| {
        let mut world = World::new(|settings| settings.por_path = path);
        let actions = world.send(0, 1);
        let keep = |action: &Action| match action {
            Action::Deliver { deliver, .. } => Some(deliver.clone()),
            _ => None,
        };
        actions.iter().filter_map(keep).collect::<Vec<Deliver>>()
    };
    let plain = deliveries(PorPath::DeliverUdhi);
    let por = plain[1].short_message.clone();
    assert_eq!((plain.len(), plain[1].esm_class, por[0]), (2, 0x40, 2));

    let acknowledged = deliveries(PorPath::DeliverAck);
    assert_eq!((acknowledged[1].esm_class, &acknowledged[1].short_message), (0x48, &por));
    assert_eq!(acknowledged[1].tlvs, [(0x001E, b"1\0".to_vec())]);

    let in_text = deliveries(PorPath::ReceiptText);
    assert_eq!(in_text.len(), 1);
    let text = String::from_utf8_lossy(&in_text[0].short_message).into_owned();
    assert!(text.ends_with(&format!("text:{}", hex::encode(&por))), "{text}");

    let in_payload = deliveries(PorPath::ReceiptPayload);
    assert_eq!((in_payload.len(), in_payload[0].short_message.len()), (1, 0));
    assert!(in_payload[0].tlvs.contains(&(0x0424, por)));

    assert_eq!(deliveries(PorPath::None).len(), 1);
    assert_eq!(deliveries(PorPath::DataSmResp).len(), 1, "a submit_sm has no way for it");
}

#[test]
fn ota_3_3_the_answer_to_a_data_sm_waits_for_the_card() {
    let data = |world: &mut World| Submission { kind: SubmitKind::DataSm, ..world.message(0, 1) };
    let mut world =
        World::new(|settings| (settings.por_path, settings.latency_ms) = (PorPath::DataSmResp, 100));
    let message = data(&mut world);
    assert_eq!(all(&world.submit(message)), [""; 0]);
    let came = world.until(100);
    assert_eq!(timed(&came), [(100, "ok 1".into()), (100, "DELIVRD 1".into())]);
    let Action::Answer { tlvs, .. } = &came[0].1 else { panic!("{came:?}") };
    assert_eq!((tlvs[0].0, &tlvs[0].1[..3]), (0x0424, &[2, 0x71, 0][..]));

    let away = Scenario::of([Rule { unreachable: true, ..Rule::for_all() }]);
    let mut world =
        World::new(|settings| (settings.por_path, settings.scenario) = (PorPath::DataSmResp, away));
    let message = data(&mut world);
    world.submit(message);
    assert_eq!(timed(&world.until(86_400_000))[0], (86_400_000, "refused FE".into()));
}
