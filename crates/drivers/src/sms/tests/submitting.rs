//! Packets out, answers in.

use crate::sms::testing::{BIND, Centre, RESPONSE, SUBMIT, UNBIND, packet, route, send, worked_example};
use muster_app::ports::{SmsGateway, SubmitOutcome};

fn accepted(message_id: &str) -> SubmitOutcome {
    SubmitOutcome::Accepted { message_id: message_id.to_owned() }
}

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

    let closing = tokio::spawn({
        let gateway = gateway.clone();
        async move { gateway.close().await }
    });
    let unbind = session.hear().await;
    assert_eq!(unbind.id, UNBIND);
    session.say(UNBIND | RESPONSE, 0, unbind.sequence, b"").await;
    closing.await.unwrap();
    assert_eq!(session.hear_or_end().await, None);
}

#[tokio::test(start_paused = true)]
async fn segments_of_a_packet_go_one_after_the_other_over_one_bind() {
    let mut settings = route("r");
    settings.binds = 2;
    let (gateway, mut centre) = Centre::with(vec![settings]);
    let (mut first, mut second) = (centre.bound().await, centre.bound().await);
    let sending = send(&gateway, packet("491", 3));
    let (mut session, other, submission) = tokio::select! {
        pdu = first.hear() => (&mut first, &mut second, pdu),
        pdu = second.hear() => (&mut second, &mut first, pdu),
    };
    let mut submission = submission;
    for number in 1..=3_u8 {
        assert_eq!(submission.id, SUBMIT);
        assert!(submission.holds(&[4, 2, 0x70, 0, number]), "{submission:?}");
        assert!(submission.holds(&[0x02, 0x04, 0, 2, 0, number]), "the reference counts up");
        assert_eq!(submission.holds(&[0x04, 0x26, 0, 1, 1]), number < 3, "more messages to send");
        assert!(session.is_silent_for(std::time::Duration::from_secs(1)).await, "waits for the answer");
        session.answer(&submission, 0, &format!("m{number}")).await;
        if number < 3 {
            submission = session.submission().await;
        }
        session = &mut *session;
    }
    assert_eq!(sending.await.unwrap().segments, [accepted("m1"), accepted("m2"), accepted("m3")]);
    assert!(other.is_silent_for(std::time::Duration::from_secs(1)).await);
}
