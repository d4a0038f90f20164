//! Messages from the centre: handed out, and acknowledged when they are stored.

use crate::sms::PorPath;
use crate::sms::testing::{
    Centre, DELIVER, ENQUIRE, RESPONSE, accepted, octets, packet, route, seconds, send, stands,
};
use muster_app::ports::{AnswerPath, DeliveryState, InboundMessage, RouteState, SmsGateway};

const POR: &str = "027100001612B00001000000002A000030DA7DA6A9A8FD4F039000";
const RECEIPT: &[u8] =
    b"id:00A7 sub:001 dlvrd:001 submit date:2601010000 done date:2601010001 stat:DELIVRD err:000 text:";

fn user_data(path: AnswerPath) -> InboundMessage {
    InboundMessage::UserData {
        source: "491700000001".to_owned(),
        destination: "4900123".to_owned(),
        user_data: octets(POR),
        path,
    }
}

fn receipt() -> InboundMessage {
    InboundMessage::Receipt {
        message_ids: ["00A7", "a7", "167"].map(str::to_owned).to_vec(),
        source: "491700000001".to_owned(),
        state: DeliveryState::Delivered,
        error: Some("000".to_owned()),
    }
}

#[tokio::test(start_paused = true)]
async fn c57_the_worked_answer_is_handed_out_and_acknowledged_when_stored() {
    let (gateway, mut centre) = Centre::with(vec![route("r")]);
    let mut inbound = gateway.inbound().unwrap();
    assert!(gateway.inbound().is_none(), "it can be taken once");
    let mut session = centre.bound().await;
    session
        .say_octets(&octets(&format!(
            "0000004F000000050000000000000003 00 0101 34393137303030303030303100 0101 3439303031323300
             40 7F 00 00 00 00 00 F6 00 1B {POR}"
        )))
        .await;
    let message = inbound.recv().await.unwrap();
    assert_eq!((&*message.route, &message.message), ("r", &user_data(AnswerPath::Submit)));
    assert!(session.is_silent_for(seconds(10)).await, "not before it is stored");
    message.stored();
    let answer = session.hear().await;
    assert_eq!((answer.id, answer.status, answer.sequence), (DELIVER | RESPONSE, 0, 3));
    assert_eq!(answer.body, [0]);
}

#[tokio::test(start_paused = true)]
async fn c72_what_cannot_be_stored_shall_come_again() {
    let (gateway, mut centre) = Centre::with(vec![route("r")]);
    let mut inbound = gateway.inbound().unwrap();
    let mut session = centre.bound().await;
    session.deliver(8, 0x04, RECEIPT, b"").await;
    session.deliver(9, 0x04, RECEIPT, b"").await;
    inbound.recv().await.unwrap().later();
    drop(inbound.recv().await.unwrap());
    for sequence in [8, 9] {
        let answer = session.hear().await;
        assert_eq!((answer.id, answer.status, answer.sequence), (DELIVER | RESPONSE, 0x64, sequence));
    }
}

#[tokio::test(start_paused = true)]
async fn a_receipt_that_carries_the_answer_is_two_messages_and_one_acknowledgement() {
    for (first, second, status) in
        [(true, true, 0), (true, false, 0x64), (false, true, 0x64), (false, false, 0x64)]
    {
        let mut settings = route("r");
        settings.por_path = PorPath::ReceiptBody;
        let (gateway, mut centre) = Centre::with(vec![settings]);
        let mut inbound = gateway.inbound().unwrap();
        let mut session = centre.bound().await;
        let text = [RECEIPT, POR.as_bytes()].concat();
        session.deliver(8, 0x04, &text, b"").await;
        let one = inbound.recv().await.unwrap();
        let two = inbound.recv().await.unwrap();
        assert_eq!((&one.message, &two.message), (&receipt(), &user_data(AnswerPath::Receipt)));
        // In either order, as whoever stores them likes.
        for (message, stored) in [(two, second), (one, first)] {
            assert!(session.is_silent_for(seconds(1)).await);
            if stored { message.stored() } else { message.later() }
        }
        let answer = session.hear().await;
        assert_eq!((answer.id, answer.status, answer.sequence), (DELIVER | RESPONSE, status, 8));
        assert!(session.is_silent_for(seconds(1)).await);
    }
}

#[tokio::test(start_paused = true)]
async fn data_sm_and_alerts_are_read() {
    let (gateway, mut centre) = Centre::with(vec![route("r")]);
    let mut inbound = gateway.inbound().unwrap();
    let mut session = centre.bound().await;
    let mut body = b"\0\x01\x01+491700000001\0\x01\x014900123\0\x40\0\xF6".to_vec();
    let por = octets(POR);
    // An unknown optional parameter stands in front.
    body.extend_from_slice(&[0x14, 0x05, 0, 2, 1, 2, 0x04, 0x24, 0, por.len() as u8]);
    body.extend_from_slice(&por);
    session.say(0x103, 0, 5, &body).await;
    let message = inbound.recv().await.unwrap();
    assert_eq!(message.message, user_data(AnswerPath::Submit));
    message.stored();
    let answer = session.hear().await;
    assert_eq!((answer.id, answer.status, answer.sequence), (0x8000_0103, 0, 5));

    // ms_availability_status: missing, available, denied, unavailable
    for (tlv, is_available) in [
        (&b""[..], true),
        (b"\x04\x22\0\x01\0", true),
        (b"\x04\x22\0\x01\x01", false),
        (b"\x04\x22\0\x01\x02", false),
    ] {
        let body = [b"\x01\x01491700000001\0\x01\x014900123\0", tlv].concat();
        session.say(0x102, 0, 6, &body).await;
        if is_available {
            let message = inbound.recv().await.unwrap();
            assert_eq!(message.message, InboundMessage::Available { source: "491700000001".to_owned() });
            message.stored();
        }
        assert!(session.is_silent_for(seconds(1)).await, "it has no response");
        assert!(inbound.try_recv().is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn c72_what_is_not_understood_is_acknowledged() {
    let (gateway, mut centre) = Centre::with(vec![route("r")]);
    let mut inbound = gateway.inbound().unwrap();
    let mut session = centre.bound().await;
    // A text from a person, a receipt that names nothing, and bodies that are cut short.
    session.deliver(1, 0, b"hello there", b"").await;
    session.deliver(2, 0x04, b"done", b"").await;
    session.say(DELIVER, 0, 3, b"").await;
    session.say(DELIVER, 0, 4, b"\0\x01\x0149\0\x01\x0149\0\x40\0\0\0\0\0\0\0\0\xFFshort").await;
    session.say(0x103, 0, 5, b"\0\x01\x0149").await;
    for sequence in 1..=5 {
        let answer = session.hear().await;
        assert_eq!((answer.status, answer.sequence), (0, sequence), "{answer:?}");
        assert_eq!(answer.id, if sequence == 5 { 0x8000_0103 } else { DELIVER | RESPONSE });
    }
    assert!(inbound.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn duplicates_and_receipts_over_another_bind_pass_through() {
    let mut settings = route("r");
    settings.binds = 2;
    let (gateway, mut centre) = Centre::with(vec![settings]);
    let mut inbound = gateway.inbound().unwrap();
    let (mut one, mut two) = (centre.bound().await, centre.bound().await);
    one.deliver(8, 0x04, RECEIPT, b"").await;
    inbound.recv().await.unwrap().stored();
    two.deliver(8, 0x04, RECEIPT, b"").await;
    let message = inbound.recv().await.unwrap();
    assert_eq!(message.message, receipt());
    message.stored();
    assert_eq!(one.hear().await.sequence, 8);
    assert_eq!(two.hear().await.sequence, 8);
}

#[tokio::test(start_paused = true)]
async fn a_slow_receiver_delays_the_centre_but_not_its_tests_nor_its_answers() {
    let mut settings = route("r");
    settings.inbound_window = 2;
    let (gateway, mut centre) = Centre::with(vec![settings]);
    let mut inbound = gateway.inbound().unwrap();
    let mut session = centre.bound().await;
    for sequence in 1..=5 {
        session.deliver(sequence, 0x04, RECEIPT, b"").await;
    }
    session.say(ENQUIRE, 0, 6, b"").await;
    // Two are handed out; for the third reading pauses, and then the rest is put off without pausing again.
    assert!(session.is_silent_for(seconds(4)).await);
    for sequence in 3..=5 {
        let answer = session.hear().await;
        assert_eq!((answer.id, answer.status, answer.sequence), (DELIVER | RESPONSE, 0x64, sequence));
    }
    assert_eq!(session.hear().await.id, ENQUIRE | RESPONSE);
    let sending = send(&gateway, packet("491", 1));
    let submission = session.submission().await;
    session.answer(&submission, 0, "m1").await;
    assert_eq!(sending.await.unwrap().segments, [accepted("m1")]);
    // When the receiver catches up, so does the centre.
    for sequence in 1..=2 {
        inbound.recv().await.unwrap().stored();
        assert_eq!(session.hear().await.sequence, sequence);
    }
    session.deliver(7, 0x04, RECEIPT, b"").await;
    inbound.recv().await.unwrap().stored();
    let answer = session.hear().await;
    assert_eq!((answer.status, answer.sequence), (0, 7));
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_catches_up_in_time_is_waited_for() {
    let mut settings = route("r");
    settings.inbound_window = 1;
    let (gateway, mut centre) = Centre::with(vec![settings]);
    let mut inbound = gateway.inbound().unwrap();
    let mut session = centre.bound().await;
    for sequence in 1..=3 {
        session.deliver(sequence, 0x04, RECEIPT, b"").await;
    }
    for sequence in 1..=3 {
        let message = inbound.recv().await.unwrap();
        assert!(session.is_silent_for(seconds(1)).await);
        message.stored();
        let answer = session.hear().await;
        assert_eq!((answer.status, answer.sequence), (0, sequence));
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_receiver_everything_shall_come_again() {
    let (gateway, mut centre) = Centre::with(vec![route("r")]);
    drop(gateway.inbound());
    let mut session = centre.bound().await;
    session.deliver(8, 0x04, RECEIPT, b"").await;
    assert_eq!(session.hear().await.status, 0x64);
}

#[tokio::test(start_paused = true)]
async fn an_acknowledgement_for_a_session_that_is_gone_goes_nowhere() {
    let (gateway, mut centre) = Centre::with(vec![route("r")]);
    let mut inbound = gateway.inbound().unwrap();
    let mut session = centre.bound().await;
    session.deliver(8, 0x04, RECEIPT, b"").await;
    let message = inbound.recv().await.unwrap();
    drop(session);
    stands(&gateway, RouteState::Connecting).await;
    let mut session = centre.bound().await;
    message.stored();
    assert!(session.is_silent_for(seconds(1)).await);
}
