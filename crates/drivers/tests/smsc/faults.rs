//! What goes wrong.

use crate::surroundings::{all_stand, centre, key, number, route, start, stored, update};
use muster_app::ports::{InboundMessage, RefusalClass, RouteState, SmsGateway, SubmitOutcome};
use muster_drivers::sms::{Password, RouteSettings};
use muster_peers::scenario::{CentreFaults, DropLink, Hex, Rule, Scenario};
use std::collections::HashSet;
use std::time::Duration;

#[tokio::test]
async fn a_dropped_link_leaves_no_message_in_doubt_that_was_not_sent() {
    const CARDS: usize = 100;
    let smsc = centre(CARDS, |settings| {
        settings.core.scenario = Scenario::of([Rule {
            msisdn: Some(number(50)),
            times: Some(1),
            drop_link: Some(DropLink::BeforeAnswer),
            ..Rule::default()
        }]);
    })
    .await;
    let gateway = start(vec![RouteSettings { binds: 2, ..route("r", &smsc) }]);
    let mut inbound = stored(&gateway);
    all_stand(&gateway, RouteState::Bound).await;
    let outcomes = update(&gateway, 0..CARDS).await;
    // Known to have been taken, or unknown; with another bind at hand nothing is given back unsent.
    let unknown: Vec<usize> = outcomes
        .iter()
        .filter(|(_, _, outcome)| matches!(outcome, SubmitOutcome::Unknown { .. }))
        .map(|(card, ..)| *card)
        .collect();
    assert!(unknown.contains(&50) && unknown.len() <= 10, "no more than a window: {unknown:?}");
    for (card, _, outcome) in &outcomes {
        assert!(matches!(outcome, SubmitOutcome::Accepted { .. }) || unknown.contains(card), "{outcome:?}");
    }
    // All that was taken is answered in the end, over whichever bind; the unknown one among them.
    let mut answered = HashSet::new();
    while !(0..CARDS).all(|card| unknown.contains(&card) && card != 50 || answered.contains(&number(card))) {
        if let InboundMessage::UserData { source, .. } = inbound.recv().await.unwrap().1 {
            answered.insert(source);
        }
    }
    // And both binds come back.
    smsc.until(|core| core.counters().binds == 3).await;
    all_stand(&gateway, RouteState::Bound).await;
    assert_eq!(smsc.counters().links_lost, 1);
}

#[tokio::test]
async fn throttling_is_waited_out() {
    const CARDS: usize = 60;
    let smsc = centre(CARDS, |settings| {
        settings.core.scenario =
            Scenario::of([Rule { first: Some(10), submit_status: Some(Hex(0x58)), ..Rule::default() }]);
    })
    .await;
    let gateway = start(vec![RouteSettings { segments_per_second: 500, ..route("r", &smsc) }]);
    let _inbound = stored(&gateway);
    all_stand(&gateway, RouteState::Bound).await;
    let outcomes = update(&gateway, 0..CARDS).await;
    let names: HashSet<String> = outcomes.iter().map(|(_, _, outcome)| key(outcome)).collect();
    assert_eq!(names.len(), CARDS);
    let counters = smsc.counters();
    assert_eq!(counters.throttled, 10, "{counters:?}");
    assert_eq!(counters.packets_run, CARDS as u64, "none twice");
    assert!(gateway.routes()[0].segments_per_s < 500);
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_its_receipt_still_comes() {
    let smsc = centre(2, |settings| {
        settings.core.scenario =
            Scenario::of([Rule { msisdn: Some(number(0)), lose_submit_resp: true, ..Rule::default() }]);
    })
    .await;
    let gateway = start(vec![RouteSettings { response_timeout_s: 1, ..route("r", &smsc) }]);
    let mut inbound = stored(&gateway);
    let outcomes = update(&gateway, [0, 1]).await;
    assert!(
        matches!(&outcomes[0].2, SubmitOutcome::Unknown { reason } if reason.contains("1 s")),
        "{outcomes:?}"
    );
    assert!(matches!(outcomes[1].2, SubmitOutcome::Accepted { .. }));
    let mut answered = HashSet::new();
    while answered.len() < 2 {
        if let InboundMessage::UserData { source, .. } = inbound.recv().await.unwrap().1 {
            answered.insert(source);
        }
    }
}

#[tokio::test]
async fn refusals_concern_one_card_unless_they_concern_the_request() {
    let refused = |card: usize, status: u32| Rule {
        msisdn: Some(number(card)),
        submit_status: Some(Hex(status)),
        ..Rule::default()
    };
    let smsc = centre(4, |settings| {
        settings.core.scenario = Scenario::of([refused(0, 0x0B), refused(1, 0x14), refused(3, 0x43)]);
    })
    .await;
    let gateway = start(vec![route("r", &smsc)]);
    let _inbound = stored(&gateway);
    let outcomes = update(&gateway, 0..3).await;
    let refused = |class, command_status| SubmitOutcome::Refused { class, command_status };
    assert_eq!(outcomes[0].2, refused(RefusalClass::Address, 0x0B));
    assert_eq!(outcomes[1].2, refused(RefusalClass::QueueFull, 0x14));
    assert!(matches!(outcomes[2].2, SubmitOutcome::Accepted { .. }));
    let outcomes = update(&gateway, [3]).await;
    assert_eq!(outcomes[0].2, refused(RefusalClass::Request, 0x43));
    all_stand(&gateway, RouteState::Stopped).await;
    let outcomes = update(&gateway, [2]).await;
    assert!(matches!(outcomes[0].2, SubmitOutcome::NotSent { .. }));
}

#[tokio::test]
async fn garbage_ends_a_link_and_not_the_route() {
    const CARDS: usize = 20;
    let smsc = centre(CARDS, |settings| {
        settings.core.scenario.smsc = CentreFaults { garbage_every: Some(15), ..CentreFaults::default() };
    })
    .await;
    let gateway = start(vec![RouteSettings { window: 1, ..route("r", &smsc) }]);
    let _inbound = stored(&gateway);
    let outcomes = update(&gateway, 0..CARDS).await;
    let accepted =
        outcomes.iter().filter(|(_, _, outcome)| matches!(outcome, SubmitOutcome::Accepted { .. }));
    assert!(accepted.count() >= CARDS - 1, "{outcomes:?}");
    all_stand(&gateway, RouteState::Bound).await;
}

#[tokio::test]
async fn a_wrong_password_is_told_and_never_printed() {
    let smsc = centre(1, |_| ()).await;
    let gateway = start(vec![RouteSettings { password: Password::new("sesame"), ..route("r", &smsc) }]);
    all_stand(&gateway, RouteState::Stopped).await;
    let status = gateway.routes().remove(0);
    assert!(status.reason.contains("ESME_RINV"), "{status:?}");
    assert!(!format!("{gateway:?} {status:?}").contains("sesame"));
    assert_eq!(smsc.counters().binds_refused, 1);
}

#[tokio::test]
async fn a_centre_that_is_not_there_is_told() {
    let smsc = centre(1, |_| ()).await;
    let settings = RouteSettings { queue_timeout_s: 1, ..route("r", &smsc) };
    smsc.stop().await;
    let gateway = start(vec![settings]);
    while !gateway.routes()[0].reason.contains("cannot connect") {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let outcomes = update(&gateway, [0]).await;
    assert!(
        matches!(&outcomes[0].2, SubmitOutcome::NotSent { reason } if reason.contains("cannot connect")),
        "{outcomes:?}"
    );
}
