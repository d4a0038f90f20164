//! Packets out, answers in.

use crate::sms::testing::{
    BIND, Centre, RESPONSE, SUBMIT, UNBIND, accepted, close, packet, route, seconds, send, stands,
    worked_example,
};
use muster_app::ports::{RefusalClass, RouteState, SmsGateway, SmsPacket, SubmitOutcome};

#[tokio::test(start_paused = true)]
async fn c57_the_worked_example_goes_over_the_wire() {
    let mut settings = route("r");
    settings.send_reference = false;
    let (gateway, mut centre) = Centre::with(vec![settings]);
    let mut session = centre.connection().await;
    let bind = session.hear().await;
    assert_eq!((bind.id, bind.body.as_slice()), (BIND, &b"me\0secret\0\0\x34\0\0\0"[..]));
    session.say(BIND | RESPONSE, 0, bind.sequence, b"centre\0").await;

    let (packet, octets) = worked_example();
    let sending = send(&gateway, packet);
    let submission = session.submission().await;
    assert_eq!(submission.body, octets[16..]);
    session.answer(&submission, 0, "4F2A").await;
    let outcome = sending.await.unwrap();
    assert_eq!((outcome.route.as_str(), outcome.segments), ("r", vec![accepted("4F2A")]));
}

#[tokio::test(start_paused = true)]
async fn segments_of_a_packet_go_one_after_the_other_over_one_bind() {
    let mut settings = route("r");
    settings.binds = 2;
    let (gateway, mut centre) = Centre::with(vec![settings]);
    let (mut first, mut second) = (centre.bound().await, centre.bound().await);
    let sending = send(&gateway, packet("491", 3));
    let (session, other, mut submission) = tokio::select! {
        pdu = first.hear() => (&mut first, &mut second, pdu),
        pdu = second.hear() => (&mut second, &mut first, pdu),
    };
    for number in 1..=3_u8 {
        assert_eq!(submission.id, SUBMIT);
        assert!(submission.holds(&[4, 2, 0x70, 0, number]), "{submission:?}");
        assert!(submission.holds(&[0x02, 0x04, 0, 2, 0, number]), "the reference counts up");
        assert_eq!(submission.holds(&[0x04, 0x26, 0, 1, 1]), number < 3, "more messages to send");
        assert!(session.is_silent_for(seconds(1)).await, "waits for the answer");
        session.answer(&submission, 0, &format!("m{number}")).await;
        if number < 3 {
            submission = session.submission().await;
        }
    }
    assert_eq!(sending.await.unwrap().segments, [accepted("m1"), accepted("m2"), accepted("m3")]);
    assert!(other.is_silent_for(seconds(1)).await);
}

#[tokio::test(start_paused = true)]
async fn c73_refusals_tell_their_class() {
    for (status, class) in [
        (0x14, RefusalClass::QueueFull),
        (0x08, RefusalClass::Transient),
        (0x401, RefusalClass::Transient),
        (0x0B, RefusalClass::Address),
        (0x101, RefusalClass::Refused),
        (0xFF, RefusalClass::Unknown),
    ] {
        let mut settings = route("r");
        settings.transient_statuses = vec![crate::sms::StatusRange(0x400..=0x4FF)];
        let (gateway, mut centre) = Centre::with(vec![settings]);
        let mut session = centre.bound().await;
        let sending = send(&gateway, packet("491", 3));
        let submission = session.submission().await;
        session.answer(&submission, 0, "m1").await;
        let submission = session.submission().await;
        // A refusal may come without any body.
        session.say(SUBMIT | RESPONSE, status, submission.sequence, b"").await;
        let segments = sending.await.unwrap().segments;
        assert_eq!(segments[..2], [accepted("m1"), SubmitOutcome::Refused { class, command_status: status }]);
        assert!(matches!(&segments[2], SubmitOutcome::NotSent { .. }), "{segments:?}");
        assert!(session.is_silent_for(seconds(1)).await, "the third segment is not sent");
        assert_ne!(gateway.routes()[0].state, RouteState::Stopped);
    }
}

#[tokio::test(start_paused = true)]
async fn c73_a_malformed_request_stops_the_route_and_harms_nobody_else() {
    let mut settings = route("r");
    settings.window = 2;
    let (gateway, mut centre) = Centre::with(vec![settings]);
    let mut session = centre.bound().await;
    let refused = send(&gateway, packet("491", 1));
    let first = session.submission().await;
    let begun = send(&gateway, packet("492", 2));
    let second = session.submission().await;
    let queued = send(&gateway, packet("493", 1));
    tokio::task::yield_now().await;
    session.answer(&first, 0x43, "").await;
    let outcome = refused.await.unwrap();
    assert_eq!(
        outcome.segments,
        [SubmitOutcome::Refused { class: RefusalClass::Request, command_status: 0x43 }]
    );
    let outcome = queued.await.unwrap();
    assert!(
        matches!(&outcome.segments[..], [SubmitOutcome::NotSent { reason }] if reason.contains("ESME_RINVESMCLASS")),
        "{outcome:?}"
    );
    // What was sent is still answered; what follows is not sent.
    session.answer(&second, 0, "m1").await;
    let outcome = begun.await.unwrap();
    assert_eq!(outcome.segments[0], accepted("m1"));
    assert!(matches!(&outcome.segments[1], SubmitOutcome::NotSent { .. }), "{outcome:?}");
    let status = gateway.routes().remove(0);
    assert_eq!(status.state, RouteState::Stopped);
    assert!(status.reason.contains("ESME_RINVESMCLASS"), "{status:?}");
    assert_eq!((gateway.room(None), gateway.room(Some("r"))), (0, 0));
    assert!(session.is_silent_for(seconds(1)).await);

    assert!(gateway.resume("r") && !gateway.resume("s"));
    let sending = send(&gateway, packet("494", 1));
    let submission = session.submission().await;
    session.answer(&submission, 0, "m4").await;
    assert_eq!(sending.await.unwrap().segments, [accepted("m4")]);
}

#[tokio::test(start_paused = true)]
async fn c72_the_window_holds_and_answers_come_in_any_order() {
    let mut settings = route("r");
    settings.window = 3;
    settings.segments_per_second = 1000;
    let (gateway, mut centre) = Centre::with(vec![settings]);
    let mut session = centre.bound().await;
    let sendings: Vec<_> = (0..5).map(|card| send(&gateway, packet(&format!("49{card}"), 1))).collect();
    let mut heard = Vec::new();
    for _ in 0..3 {
        heard.push(session.submission().await);
    }
    assert!(session.is_silent_for(seconds(1)).await, "three are outstanding");
    let status = gateway.routes().remove(0);
    assert_eq!((status.in_flight, status.queued), (3, 2));
    let name = |pdu: &crate::sms::testing::Pdu| format!("m{}", pdu.sequence);
    session.answer(&heard[2], 0, &name(&heard[2])).await;
    heard.push(session.submission().await);
    assert!(session.is_silent_for(seconds(1)).await);
    session.answer(&heard[0], 0, &name(&heard[0])).await;
    heard.push(session.submission().await);
    for index in [4, 3, 1] {
        session.answer(&heard[index], 0, &name(&heard[index])).await;
    }
    for (card, sending) in sendings.into_iter().enumerate() {
        let number = format!("\x01\x0149{card}\0");
        let submission = heard.iter().find(|pdu| pdu.holds(number.as_bytes())).unwrap();
        assert_eq!(sending.await.unwrap().segments, [accepted(&name(submission))]);
    }
    let status = gateway.routes().remove(0);
    assert_eq!((status.in_flight, status.queued), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_nack_never_accepts() {
    let (gateway, mut centre) = Centre::with(vec![route("r")]);
    let mut session = centre.bound().await;
    for (status, class) in [(0, RefusalClass::Unknown), (0x08, RefusalClass::Transient)] {
        let sending = send(&gateway, packet("491", 1));
        let submission = session.submission().await;
        session.say(0x8000_0000, status, submission.sequence, b"m1\0").await;
        assert_eq!(
            sending.await.unwrap().segments,
            [SubmitOutcome::Refused { class, command_status: status }]
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_sent_is_told_at_once() {
    let (gateway, mut centre) = Centre::with(vec![route("r")]);
    let _session = centre.bound().await;
    let good = packet("491", 1);
    for (bad, why) in [
        (SmsPacket { destination: String::new(), ..good.clone() }, "number"),
        (SmsPacket { destination: "4".repeat(21), ..good.clone() }, "number"),
        (SmsPacket { destination: "+491".to_owned(), ..good.clone() }, "number"),
        (SmsPacket { segments: vec![vec![0; 141]], ..good.clone() }, "140 octets"),
        (SmsPacket { segments: vec![vec![]], ..good.clone() }, "140 octets"),
        (SmsPacket { validity_s: 0, ..good.clone() }, "validity"),
        (SmsPacket { route: Some("other".to_owned()), ..good.clone() }, "no route `other`"),
    ] {
        let outcome = gateway.send(bad).await;
        assert!(
            matches!(&outcome.segments[..], [SubmitOutcome::NotSent { reason }] if reason.contains(why)),
            "{outcome:?}"
        );
        assert_eq!(outcome.route, "");
    }
    let (gateway, _centre) = Centre::with(vec![]);
    let outcome = gateway.send(good).await;
    assert!(
        matches!(&outcome.segments[..], [SubmitOutcome::NotSent { reason }] if reason.contains("no route is set up")),
        "{outcome:?}"
    );
    assert_eq!((gateway.room(None), gateway.routes()), (0, vec![]));
    gateway.close().await;
}

#[tokio::test(start_paused = true)]
async fn the_time_that_a_packet_waits_is_part_of_its_validity() {
    let mut settings = route("r");
    settings.window = 1;
    let (gateway, mut centre) = Centre::with(vec![settings]);
    let mut session = centre.bound().await;
    let first = send(&gateway, SmsPacket { validity_s: 100, ..packet("491", 1) });
    let submission = session.submission().await;
    assert!(submission.holds(b"000000000140000R"));
    let second = send(&gateway, SmsPacket { validity_s: 100, ..packet("492", 1) });
    let third = send(&gateway, SmsPacket { validity_s: 20, ..packet("493", 1) });
    assert!(session.is_silent_for(seconds(25)).await);
    session.answer(&submission, 0, "m1").await;
    let submission = session.submission().await;
    assert!(submission.holds(b"000000000115000R"), "{submission:?}");
    session.answer(&submission, 0, "m2").await;
    assert_eq!(first.await.unwrap().segments, [accepted("m1")]);
    assert_eq!(second.await.unwrap().segments, [accepted("m2")]);
    let outcome = third.await.unwrap();
    assert!(
        matches!(&outcome.segments[..], [SubmitOutcome::NotSent { reason }] if reason.contains("validity")),
        "{outcome:?}"
    );
    assert!(session.is_silent_for(seconds(1)).await);
}

#[tokio::test(start_paused = true)]
async fn a_packet_whose_sender_gave_up_is_not_sent() {
    let mut settings = route("r");
    settings.window = 1;
    let (gateway, mut centre) = Centre::with(vec![settings]);
    let mut session = centre.bound().await;
    let first = send(&gateway, packet("491", 1));
    let submission = session.submission().await;
    let second = send(&gateway, packet("492", 1));
    tokio::task::yield_now().await;
    second.abort();
    assert!(second.await.is_err());
    session.answer(&submission, 0, "m1").await;
    first.await.unwrap();
    assert!(session.is_silent_for(seconds(1)).await);
    assert_eq!(gateway.routes()[0].queued, 0);
}

#[tokio::test(start_paused = true)]
async fn closing_waits_for_answers_and_takes_leave() {
    let mut settings = route("r");
    settings.window = 2;
    let (gateway, mut centre) = Centre::with(vec![settings]);
    let mut session = centre.bound().await;
    let first = send(&gateway, packet("491", 2));
    let one = session.submission().await;
    let second = send(&gateway, packet("492", 1));
    let two = session.submission().await;
    let queued = send(&gateway, packet("493", 1));
    tokio::task::yield_now().await;
    let closing = close(&gateway);
    for sending in [queued, send(&gateway, packet("494", 1))] {
        let outcome = sending.await.unwrap();
        assert!(
            matches!(&outcome.segments[..], [SubmitOutcome::NotSent { reason }] if reason.contains("closing")),
            "{outcome:?}"
        );
    }
    assert!(session.is_silent_for(seconds(10)).await, "no leave is taken before the answers");
    session.answer(&one, 0, "m1").await;
    let segments = first.await.unwrap().segments;
    assert_eq!(segments[0], accepted("m1"));
    assert!(matches!(&segments[1], SubmitOutcome::NotSent { .. }));
    // What stays without an answer is waited for no longer than any answer.
    let unbind = session.hear_beyond_enquiries().await;
    assert_eq!(unbind.id, UNBIND);
    assert!(matches!(&second.await.unwrap().segments[..], [SubmitOutcome::Unknown { .. }]));
    session.answer(&two, 0, "m2").await;
    session.say(UNBIND | RESPONSE, 0, unbind.sequence, b"").await;
    closing.await.unwrap();
    assert_eq!(session.hear_or_end().await, None);
    assert!(gateway.inbound().unwrap().recv().await.is_none(), "the stream of messages ends");
}

#[tokio::test(start_paused = true)]
async fn a_centre_that_does_not_take_leave_holds_nobody_up() {
    let (gateway, mut centre) = Centre::with(vec![route("r")]);
    let mut session = centre.bound().await;
    let closing = close(&gateway);
    assert_eq!(session.hear().await.id, UNBIND);
    closing.await.unwrap();
    assert_eq!(session.hear_or_end().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_message_can_be_cancelled() {
    let (gateway, mut centre) = Centre::with(vec![route("r")]);
    let mut session = centre.bound().await;
    stands(&gateway, RouteState::Bound).await;
    gateway.cancel("r", "4F2A", "491").await;
    let cancel = session.hear().await;
    assert_eq!(cancel.id, 0x08);
    assert_eq!(cancel.body, b"\x004F2A\0\x01\x014900123\0\x01\x01491\0");
    session.say(0x8000_0008, 0x11, cancel.sequence, b"").await;
    // Neither an unknown route nor an impossible name does harm.
    gateway.cancel("s", "4F2A", "491").await;
    gateway.cancel("r", &"x".repeat(100), "491").await;
    let sending = send(&gateway, packet("491", 1));
    let submission = session.submission().await;
    session.answer(&submission, 0, "m1").await;
    assert_eq!(sending.await.unwrap().segments, [accepted("m1")]);
}
