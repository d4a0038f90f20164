//! Peers that do not keep to the protocol.

use crate::sms::link::{Answers, Heard, Link};
use crate::sms::pdu::Header;
use crate::sms::pdu::read::frame;
use crate::sms::route::Route;
use crate::sms::testing::{Centre, RESPONSE, SUBMIT, accepted, octets, packet, route, seconds, send, told};
use muster_app::ports::{RouteState, SmsGateway};
use proptest::prelude::*;
use std::sync::Arc;

const NACK: u32 = 0x8000_0000;

#[tokio::test(start_paused = true)]
async fn a_length_that_cannot_be_ends_the_session_with_a_reason() {
    for length in ["00000000", "0000000F", "00011171", "7FFFFFFF", "FFFFFFFF"] {
        let (gateway, mut centre) = Centre::with(vec![route("r")]);
        let mut session = centre.bound().await;
        let sending = send(&gateway, packet("491", 1));
        session.submission().await;
        session.say_octets(&octets(&format!("{length} 00000005 00000000 0000002A"))).await;
        let nack = session.hear().await;
        assert_eq!((nack.id, nack.status, nack.sequence), (NACK, 0x02, 0x2A), "{length}");
        assert_eq!(session.hear_or_end().await, None);
        let decimal = u32::from_str_radix(length, 16).unwrap();
        told(&gateway, &format!("{decimal} octets")).await;
        sending.await.unwrap();
        // Connects again.
        centre.bound().await;
    }
}

#[tokio::test(start_paused = true)]
async fn text_instead_of_pdus_ends_the_session_and_the_attempt_to_bind() {
    let (gateway, mut centre) = Centre::with(vec![route("r")]);
    let mut session = centre.connection().await;
    session.say_octets(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    session.hear().await;
    assert_eq!(session.hear_or_end().await, None);
    told(&gateway, "octets").await;
    let mut session = centre.bound().await;
    session.say_octets(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    assert_eq!(session.hear().await.id, NACK);
    assert_eq!(session.hear_or_end().await, None);
}

#[tokio::test(start_paused = true)]
async fn unknown_requests_are_refused_and_unknown_answers_ignored() {
    let (gateway, mut centre) = Centre::with(vec![route("r")]);
    let mut session = centre.bound().await;
    for id in [0x0, 0x04, 0x09, 0x21, 0x111, 0x7FFF_FFFF] {
        session.say(id, 0, 42, b"whatever").await;
        let nack = session.hear().await;
        assert_eq!((nack.id, nack.status, nack.sequence), (NACK, 0x03, 42), "{id:X}");
    }
    for id in [NACK, SUBMIT | RESPONSE, 0x8000_0008, 0x8000_0015, 0x8000_0006, 0x8000_0009, 0xFFFF_FFFF, 0x0B]
    {
        session.say(id, 0x58, 4242, b"whatever").await;
    }
    // An answer of the wrong kind is none.
    let sending = send(&gateway, packet("491", 1));
    let submission = session.submission().await;
    session.say(0x8000_0008, 0, submission.sequence, b"").await;
    assert!(session.is_silent_for(seconds(1)).await);
    session.answer(&submission, 0, "m1").await;
    assert_eq!(sending.await.unwrap().segments, [accepted("m1")]);
    // Twice the same answer.
    session.answer(&submission, 0x45, "m1").await;
    let status = gateway.routes().remove(0);
    assert_eq!((status.state, status.in_flight), (RouteState::Bound, 0));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_asks_and_does_not_read_is_left() {
    let (gateway, mut centre) = Centre::with(vec![route("r")]);
    let mut session = centre.bound().await;
    let mut questions = Vec::new();
    for sequence in 0..10_000_u32 {
        questions.extend_from_slice(&octets("00000010 00000015 00000000"));
        questions.extend_from_slice(&sequence.to_be_bytes());
    }
    for _ in 0..100 {
        if session.try_say_octets(&questions).await.is_err() {
            break;
        }
    }
    told(&gateway, "does not read").await;
}

/// A link to nowhere.
fn link() -> Link {
    Link::new(Arc::new(Route::new(route("r"))), 0, 2)
}

proptest! {
    #[test]
    fn no_octets_make_reading_panic(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(Some((_, body))) = frame(&octets) {
            prop_assert!(body.len() + 16 <= octets.len());
        }
    }

    #[test]
    fn no_body_of_any_kind_makes_hearing_panic(
        id in prop_oneof![
            proptest::sample::select(vec![
                0x8000_0000_u32, 0x8000_0004, 5, 6, 0x8000_0006, 0x15, 0x8000_0015, 0x102, 0x103,
            ]),
            any::<u32>(),
        ],
        status: u32,
        sequence: u32,
        body in proptest::collection::vec(
            prop_oneof![Just(0_u8), Just(0x71), Just(4), Just(0x1E), any::<u8>()],
            0..120,
        ),
    ) {
        let link = link();
        let heard = link.hear(Header { id, status, sequence }, &body, &mut Answers::default());
        // Only a leave ends a session that has nothing outstanding.
        prop_assert!(!matches!(heard, Heard::End(_)) || id == 6);
        let words = link.last_words();
        prop_assert!(words.is_empty() || matches!(frame(&words), Ok(Some(_))));
    }

    #[test]
    fn a_message_with_any_text_and_parameters_is_read(
        esm_class: u8,
        text in proptest::collection::vec(any::<u8>(), 0..255),
        tlvs in proptest::collection::vec(any::<u8>(), 0..60),
    ) {
        let mut body = b"\0\x01\x01491\0\x01\x0149\0".to_vec();
        body.extend_from_slice(&[esm_class, 0, 0, 0, 0, 0, 0, 0, 0, text.len() as u8]);
        body.extend_from_slice(&text);
        body.extend_from_slice(&tlvs);
        let link = link();
        link.hear(Header { id: 5, status: 0, sequence: 1 }, &body, &mut Answers::default());
    }
}
