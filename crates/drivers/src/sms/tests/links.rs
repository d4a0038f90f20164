//! Links that are silent, lost or refused.

use crate::sms::testing::{
    BIND, Centre, ENQUIRE, RESPONSE, SUBMIT, UNBIND, accepted, packet, route, seconds, send, stands, told,
};
use muster_app::ports::{RouteState, SmsGateway, SubmitOutcome};
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn c72_an_answer_that_does_not_come_leaves_the_fate_unknown() {
    let (gateway, mut centre) = Centre::with(vec![route("r")]);
    let mut session = centre.bound().await;
    let began = Instant::now();
    let sending = send(&gateway, packet("491", 2));
    let submission = session.submission().await;
    let keeping = tokio::spawn(async move {
        loop {
            let pdu = session.hear().await;
            assert_eq!(pdu.id, ENQUIRE, "the second segment is not sent");
            session.say(ENQUIRE | RESPONSE, 0, pdu.sequence, b"").await;
            if began.elapsed() > seconds(60) {
                return session;
            }
        }
    });
    let segments = sending.await.unwrap().segments;
    assert_eq!(began.elapsed().as_secs(), 60);
    assert!(matches!(&segments[0], SubmitOutcome::Unknown { reason } if reason.contains("60 s")));
    assert!(matches!(&segments[1], SubmitOutcome::NotSent { .. }));
    assert_eq!(gateway.routes()[0].in_flight, 0);
    // The answer comes after all: too late, and without harm.
    let mut session = keeping.await.unwrap();
    session.answer(&submission, 0, "m1").await;
    let sending = send(&gateway, packet("492", 1));
    let submission = session.submission().await;
    session.answer(&submission, 0, "m2").await;
    assert_eq!(sending.await.unwrap().segments, [accepted("m2")]);
}

#[tokio::test(start_paused = true)]
async fn c72_a_lost_link_leaves_what_was_sent_unknown_and_the_rest_waits() {
    let mut settings = route("r");
    settings.window = 2;
    let (gateway, mut centre) = Centre::with(vec![settings]);
    let mut session = centre.bound().await;
    let begun = send(&gateway, packet("491", 3));
    let submission = session.submission().await;
    session.answer(&submission, 0, "m1").await;
    session.submission().await;
    let sent = send(&gateway, packet("492", 1));
    session.submission().await;
    let queued = send(&gateway, packet("493", 1));
    tokio::task::yield_now().await;
    drop(session);
    let segments = begun.await.unwrap().segments;
    assert_eq!(segments[0], accepted("m1"));
    assert!(matches!(&segments[1], SubmitOutcome::Unknown { reason } if reason.contains("lost")));
    assert!(matches!(&segments[2], SubmitOutcome::NotSent { .. }));
    assert!(matches!(&sent.await.unwrap().segments[..], [SubmitOutcome::Unknown { .. }]));
    let status = gateway.routes().remove(0);
    assert_eq!((status.state, status.in_flight, status.queued), (RouteState::Connecting, 0, 1));
    assert!(status.reason.contains("closed the connection"), "{status:?}");
    assert_eq!(gateway.room(None), 0);

    let mut session = centre.bound().await;
    let submission = session.submission().await;
    session.answer(&submission, 0, "m3").await;
    assert_eq!(queued.await.unwrap().segments, [accepted("m3")]);
    assert_eq!(gateway.routes()[0].reason, "");
}

#[tokio::test(start_paused = true)]
async fn c72_packets_wait_for_a_session_no_longer_than_allowed() {
    let (gateway, mut centre) = Centre::with(vec![route("r")]);
    let _never_answers = centre.connection().await;
    let began = Instant::now();
    let outcome = gateway.send(packet("491", 2)).await;
    assert!((119..=122).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    for segment in &outcome.segments {
        assert!(
            matches!(segment, SubmitOutcome::NotSent { reason } if reason.contains("120 s") && reason.contains("bind")),
            "{outcome:?}"
        );
    }
    assert_eq!(gateway.routes()[0].queued, 0);
}

#[tokio::test(start_paused = true)]
async fn c72_a_silent_link_is_tested_after_half_a_minute() {
    let (gateway, mut centre) = Centre::with(vec![route("r")]);
    let mut session = centre.bound().await;
    for _ in 0..3 {
        let began = Instant::now();
        let enquiry = session.hear().await;
        assert_eq!((enquiry.id, began.elapsed().as_secs()), (ENQUIRE, 30));
        session.say(ENQUIRE | RESPONSE, 0, enquiry.sequence, b"").await;
    }
    let began = Instant::now();
    assert_eq!(session.hear().await.id, ENQUIRE);
    assert_eq!(session.hear_or_end().await, None, "one missed is the end");
    assert_eq!(began.elapsed().as_secs(), 60);
    told(&gateway, "enquire_link").await;
    centre.bound().await;
}

#[tokio::test(start_paused = true)]
async fn a_busy_link_is_not_tested() {
    let (gateway, mut centre) = Centre::with(vec![route("r")]);
    let mut session = centre.bound().await;
    for _ in 0..10 {
        let sending = send(&gateway, packet("491", 1));
        let submission = session.submission().await;
        tokio::time::sleep(seconds(20)).await;
        session.answer(&submission, 0, "m").await;
        assert_eq!(sending.await.unwrap().segments, [accepted("m")]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_centres_own_tests_and_leave_are_answered() {
    let (gateway, mut centre) = Centre::with(vec![route("r")]);
    let mut session = centre.bound().await;
    session.say(ENQUIRE, 0, 77, b"").await;
    let answer = session.hear().await;
    assert_eq!((answer.id, answer.status, answer.sequence), (ENQUIRE | RESPONSE, 0, 77));
    session.say(UNBIND, 0, 78, b"").await;
    let answer = session.hear().await;
    assert_eq!((answer.id, answer.status, answer.sequence), (UNBIND | RESPONSE, 0, 78));
    assert_eq!(session.hear_or_end().await, None);
    told(&gateway, "the centre unbound").await;
}

#[tokio::test(start_paused = true)]
async fn c72_connecting_again_takes_its_time() {
    let (gateway, mut centre) = Centre::with(vec![route("r")]);
    drop(centre.connection().await);
    for full in [1, 2, 4, 8, 16, 32, 60, 60] {
        let began = Instant::now();
        drop(centre.connection().await);
        let waited = began.elapsed();
        assert!(waited <= seconds(full) && waited >= seconds(full).mul_f64(0.79), "{waited:?} for {full} s");
    }
    // A minute of being bound is stable enough to begin anew.
    let mut session = centre.bound().await;
    let enquiry = session.hear().await;
    session.say(ENQUIRE | RESPONSE, 0, enquiry.sequence, b"").await;
    session.hear().await;
    drop(session);
    let began = Instant::now();
    centre.connection().await;
    assert!(began.elapsed() <= seconds(1), "{:?}", began.elapsed());
    drop(gateway);
}

#[tokio::test(start_paused = true)]
async fn c72_refused_credentials_are_told_and_not_repeated_soon() {
    for status in [0x0E, 0x0F] {
        let (gateway, mut centre) = Centre::with(vec![route("r")]);
        let mut session = centre.connection().await;
        let bind = session.hear().await;
        session.say(BIND | RESPONSE, status, bind.sequence, b"").await;
        let reason = stands(&gateway, RouteState::Stopped).await.reason;
        assert!(reason.contains("ESME_RINV") && !reason.contains("secret"), "{reason}");
        assert!(centre.is_left_alone_for(seconds(299)).await);
        // The password was put right at the centre.
        let _session = centre.bound().await;
        assert_eq!(stands(&gateway, RouteState::Bound).await.reason, "");
    }
}

#[tokio::test(start_paused = true)]
async fn c72_wrong_credentials_are_tried_by_one_bind_and_not_by_all() {
    let mut settings = route("r");
    settings.binds = 3;
    let (gateway, mut centre) = Centre::with(vec![settings]);
    for _ in 0..2 {
        let mut session = centre.connection().await;
        let bind = session.hear().await;
        assert!(centre.is_left_alone_for(seconds(10)).await, "before it is known whether they are right");
        session.say(BIND | RESPONSE, 0x0E, bind.sequence, b"").await;
        assert!(centre.is_left_alone_for(seconds(299)).await);
        let status = gateway.routes().remove(0);
        assert_eq!(status.state, RouteState::Stopped);
        assert!(status.reason.contains("ESME_RINVPASWD"), "{status:?}");
    }
    let _sessions = [centre.bound().await, centre.bound().await, centre.bound().await];
    stands(&gateway, RouteState::Bound).await;
}

#[tokio::test(start_paused = true)]
async fn other_refusals_of_the_bind_are_repeated_as_usual() {
    let (gateway, mut centre) = Centre::with(vec![route("r")]);
    for id in [BIND | RESPONSE, 0x8000_0000] {
        let mut session = centre.connection().await;
        let bind = session.hear().await;
        session.say(id, 0x0D, bind.sequence, b"").await;
        told(&gateway, "ESME_RBINDFAIL").await;
    }
    let began = Instant::now();
    centre.bound().await;
    assert!(began.elapsed() <= seconds(2));
}

#[tokio::test(start_paused = true)]
async fn c72_a_bind_without_an_answer_is_given_up() {
    let (gateway, mut centre) = Centre::with(vec![route("r")]);
    let mut session = centre.connection().await;
    let began = Instant::now();
    assert_eq!(session.hear().await.id, BIND);
    assert_eq!(session.hear_or_end().await, None);
    assert_eq!(began.elapsed().as_secs(), 30);
    told(&gateway, "no answer to the bind within 30 s").await;
}

#[tokio::test(start_paused = true)]
async fn what_stands_behind_the_answer_to_the_bind_is_read() {
    let (gateway, mut centre) = Centre::with(vec![route("r")]);
    let mut session = centre.connection().await;
    // Even before it.
    session.say(ENQUIRE, 0, 5, b"").await;
    let bind = session.hear().await;
    let mut octets = Vec::new();
    for (id, sequence) in [(BIND | RESPONSE, bind.sequence), (ENQUIRE, 6)] {
        for word in [16, id, 0, sequence] {
            octets.extend_from_slice(&u32::to_be_bytes(word));
        }
    }
    // In pieces that respect no boundary.
    for piece in octets.chunks(5) {
        session.say_octets(piece).await;
        tokio::task::yield_now().await;
    }
    for sequence in [5, 6] {
        let answer = session.hear().await;
        assert_eq!((answer.id, answer.sequence), (ENQUIRE | RESPONSE, sequence));
    }
    drop(gateway);
}

#[tokio::test(start_paused = true)]
async fn c73_a_session_that_the_centre_forgot_is_bound_again_and_the_segment_sent_there() {
    let (gateway, mut centre) = Centre::with(vec![route("r")]);
    let mut session = centre.bound().await;
    let sending = send(&gateway, packet("491", 1));
    let submission = session.submission().await;
    session.answer(&submission, 0x04, "").await;
    assert_eq!(session.hear_or_end().await, None);
    let mut session = centre.bound().await;
    let again = session.submission().await;
    assert_eq!(again.body, submission.body);
    session.answer(&again, 0, "m1").await;
    assert_eq!(sending.await.unwrap().segments, [accepted("m1")]);
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_is_dropped_ends_its_sessions() {
    let (gateway, mut centre) = Centre::with(vec![route("r")]);
    let mut session = centre.bound().await;
    stands(&gateway, RouteState::Bound).await;
    drop(gateway);
    assert_eq!(session.hear().await.id, UNBIND);
    assert_eq!(session.hear_or_end().await, None);
}

#[tokio::test(start_paused = true)]
async fn sequence_numbers_differ_within_a_session() {
    let (gateway, mut centre) = Centre::with(vec![route("r")]);
    let mut session = centre.bound().await;
    let mut last = 1;
    for _ in 0..20 {
        let sending = send(&gateway, packet("491", 1));
        let submission = session.submission().await;
        assert!(submission.sequence > last && submission.id == SUBMIT);
        last = submission.sequence;
        session.answer(&submission, 0, "m").await;
        sending.await.unwrap();
    }
}
