//! What comes back.

use crate::surroundings::{ANSWER, all_stand, centre, key, number, octets, route, start, stored, update};
use muster_app::ports::{AnswerPath, DeliveryState, InboundMessage, RouteState, SmsGateway, SubmitOutcome};
use muster_drivers::sms::{MessageIdForm, PorPath, RouteSettings};
use muster_peers::scenario::{Rule, Scenario};
use muster_peers::smsc::{self, IdFormat};
use std::collections::{HashMap, HashSet};

#[tokio::test]
async fn many_cards_over_several_routes_and_binds() {
    const CARDS: usize = 400;
    let smsc = centre(CARDS, |settings| {
        settings.core.spread_deliveries = true;
        settings.core.jitter_ms = 5;
    })
    .await;
    let several = |name| RouteSettings { binds: 3, ..route(name, &smsc) };
    let gateway = start(vec![several("north"), several("south")]);
    let mut inbound = stored(&gateway);
    smsc.until(|core| core.counters().binds == 6).await;
    all_stand(&gateway, RouteState::Bound).await;
    let outcomes = update(&gateway, 0..CARDS).await;
    let mut names: HashMap<String, usize> = HashMap::new();
    let mut used = HashSet::new();
    for (card, route, outcome) in &outcomes {
        names.insert(key(outcome), *card);
        used.insert(route.clone());
    }
    assert_eq!((names.len(), used.len()), (CARDS, 2), "{used:?}");
    // A receipt and an answer for each, by whatever route and bind the centre likes.
    let (mut receipts, mut answers) = (HashSet::new(), HashSet::new());
    while receipts.len() < CARDS || answers.len() < CARDS {
        match inbound.recv().await.unwrap().1 {
            InboundMessage::Receipt { message_ids, source, state, error } => {
                assert_eq!((state, error.as_deref()), (DeliveryState::Delivered, Some("000")));
                let card = message_ids.iter().find_map(|name| names.get(name)).unwrap();
                assert_eq!(source, number(*card));
                assert!(receipts.insert(source), "twice");
            }
            InboundMessage::UserData { source, destination, user_data, path } => {
                assert_eq!((destination.as_str(), path), ("4900123", AnswerPath::Submit));
                assert_eq!(user_data, octets(ANSWER));
                assert!(answers.insert(source), "twice");
            }
            other @ InboundMessage::Available { .. } => panic!("{other:?}"),
        }
    }
    let counters = smsc.counters();
    assert_eq!((counters.submits, counters.packets_run), (CARDS as u64, CARDS as u64));
    assert!(counters.window_max <= 10, "{counters:?}");
    gateway.close().await;
    let counters = smsc.counters();
    assert_eq!((counters.links_lost, counters.deliveries_repeated), (0, 0), "{counters:?}");
    smsc.stop().await;
}

#[tokio::test]
async fn names_are_matched_however_the_centre_writes_them() {
    use IdFormat::{Decimal, Hex, HexLower};
    use MessageIdForm::{Any, DecimalThenHex, HexThenDecimal, Same};
    for (given, told, form) in [
        (Decimal, Decimal, Any),
        (Hex, Decimal, Any),
        (Hex, Decimal, HexThenDecimal),
        (Decimal, HexLower, Any),
        (Decimal, HexLower, DecimalThenHex),
        (Hex, HexLower, Same),
    ] {
        for receipt_tlvs in [true, false] {
            let smsc = centre(1, |settings| {
                settings.core.answer_ids = given;
                settings.core.receipt_ids = told;
                settings.core.receipt_tlvs = receipt_tlvs;
                settings.core.first_message_id = 0x12AB;
            })
            .await;
            let gateway = start(vec![RouteSettings { message_id_form: form, ..route("r", &smsc) }]);
            let mut inbound = stored(&gateway);
            let outcomes = update(&gateway, [0]).await;
            let name = key(&outcomes[0].2);
            let receipt = inbound.recv().await.unwrap().1;
            assert!(
                matches!(&receipt, InboundMessage::Receipt { message_ids, .. } if message_ids.contains(&name)),
                "{given:?} {told:?} {form:?} {receipt:?} {name}"
            );
        }
    }
}

#[tokio::test]
async fn answers_come_by_every_path() {
    use AnswerPath::{Acknowledgement, Receipt, Submit};
    for (centres, ours, path) in [
        (smsc::PorPath::DeliverUdhi, PorPath::DeliverUdhi, Submit),
        (smsc::PorPath::DeliverAck, PorPath::DeliverAck, Acknowledgement),
        (smsc::PorPath::ReceiptText, PorPath::ReceiptBody, Receipt),
        (smsc::PorPath::ReceiptPayload, PorPath::ReceiptBody, Receipt),
    ] {
        let smsc = centre(1, |settings| settings.core.por_path = centres).await;
        let gateway = start(vec![RouteSettings { por_path: ours, ..route("r", &smsc) }]);
        let mut inbound = stored(&gateway);
        update(&gateway, [0]).await;
        let answer = loop {
            if let InboundMessage::UserData { user_data, path, .. } = inbound.recv().await.unwrap().1 {
                break (user_data, path);
            }
        };
        assert_eq!(answer, (octets(ANSWER), path), "{centres:?}");
        smsc.until(|core| core.counters().deliveries_acknowledged > 0).await;
    }
}

#[tokio::test]
async fn a_card_that_is_off_is_told_undelivered_or_available_again() {
    let smsc = centre(2, |settings| {
        settings.core.alerts = true;
        settings.core.scenario = Scenario::of([
            Rule {
                msisdn: Some(number(0)),
                receipt_state: Some(smsc::MessageState::Undeliverable),
                network_error: Some(muster_peers::scenario::Hex(0x03_001B)),
                ..Rule::default()
            },
            Rule { msisdn: Some(number(1)), unreachable: true, ..Rule::default() },
        ]);
    })
    .await;
    let gateway = start(vec![route("r", &smsc)]);
    let mut inbound = stored(&gateway);
    update(&gateway, [0, 1]).await;
    let receipt = inbound.recv().await.unwrap().1;
    assert!(
        matches!(
            &receipt,
            InboundMessage::Receipt { state: DeliveryState::Undeliverable, error: Some(error), .. } if error == "gsm 27"
        ),
        "{receipt:?}"
    );
    smsc.set_rules(Scenario::default());
    loop {
        let said = inbound.recv().await.unwrap().1;
        if let InboundMessage::Available { source } = said {
            assert_eq!(source, number(1));
            break;
        }
    }
}

#[tokio::test]
async fn what_is_not_stored_comes_again() {
    let smsc = centre(1, |settings| settings.core.deliver_retry_ms = 1).await;
    let gateway = start(vec![route("r", &smsc)]);
    let mut inbound = gateway.inbound().unwrap();
    let outcomes = update(&gateway, [0]).await;
    assert!(matches!(outcomes[0].2, SubmitOutcome::Accepted { .. }));
    let mut seen = Vec::new();
    for _ in 0..2 {
        let message = inbound.recv().await.unwrap();
        seen.push(message.message.clone());
        message.later();
    }
    smsc.until(|core| core.counters().deliveries_repeated == 2).await;
    for _ in 0..2 {
        let message = inbound.recv().await.unwrap();
        assert!(seen.contains(&message.message));
        message.stored();
    }
    smsc.until(|core| core.counters().deliveries_acknowledged == 2).await;
}
