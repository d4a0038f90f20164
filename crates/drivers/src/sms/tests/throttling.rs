//! Centres that have enough.

use crate::sms::testing::{Centre, RESPONSE, SUBMIT, accepted, packet, route, seconds, send};
use muster_app::ports::{RouteState, SmsGateway};
use std::time::Duration;
use tokio::time::Instant;

const THROTTLED: u32 = 0x58;

#[tokio::test(start_paused = true)]
async fn c73_a_throttled_segment_goes_again_before_others_after_a_growing_pause() {
    let mut settings = route("r");
    settings.window = 1;
    let (gateway, mut centre) = Centre::with(vec![settings]);
    let mut session = centre.bound().await;
    let first = send(&gateway, packet("491", 1));
    let submission = session.submission().await;
    let second = send(&gateway, packet("492", 1));
    tokio::task::yield_now().await;
    let mut again = submission.clone();
    for pause in [1, 2, 4, 8, 16] {
        session.answer(&again, THROTTLED, "").await;
        let began = Instant::now();
        again = session.submission().await;
        let waited = began.elapsed();
        assert!(waited >= seconds(pause) && waited < seconds(pause + 1), "{waited:?} for {pause} s");
        assert!(
            again.holds(b"\x01\x01491\0"),
            "before the others, unchanged but for its validity: {again:?}"
        );
        assert_eq!(gateway.routes()[0].state, RouteState::Throttled);
    }
    session.answer(&again, 0, "m1").await;
    assert_eq!(first.await.unwrap().segments, [accepted("m1")]);
    let submission = session.submission().await;
    session.answer(&submission, THROTTLED, "").await;
    let began = Instant::now();
    let submission = session.submission().await;
    assert!(began.elapsed() < seconds(2), "the pauses begin anew: {:?}", began.elapsed());
    session.answer(&submission, 0, "m2").await;
    assert_eq!(second.await.unwrap().segments, [accepted("m2")]);
}

#[tokio::test(start_paused = true)]
async fn c73_throttling_halves_the_rate_once_for_all_on_their_way_and_it_rises_again() {
    let mut settings = route("r");
    settings.segments_per_second = 100;
    let (gateway, mut centre) = Centre::with(vec![settings]);
    let mut session = centre.bound().await;
    assert_eq!(gateway.routes()[0].segments_per_s, 100);
    let sendings: Vec<_> = (0..5).map(|card| send(&gateway, packet(&format!("49{card}"), 1))).collect();
    let mut heard = Vec::new();
    for _ in 0..5 {
        heard.push(session.submission().await);
    }
    for submission in &heard {
        session.answer(submission, THROTTLED, "").await;
    }
    for _ in 0..5 {
        let submission = session.submission().await;
        session.answer(&submission, 0, "m").await;
    }
    for sending in sendings {
        assert_eq!(sending.await.unwrap().segments, [accepted("m")]);
    }
    let status = gateway.routes().remove(0);
    assert_eq!((status.state, status.segments_per_s), (RouteState::Throttled, 50));
    assert!(status.reason.contains("throttled"), "{status:?}");
    tokio::time::sleep(seconds(15)).await;
    let risen = gateway.routes()[0].segments_per_s;
    assert!((55..=70).contains(&risen), "{risen}");
}

#[tokio::test(start_paused = true)]
async fn c73_while_one_bind_pauses_another_carries_on() {
    let mut settings = route("r");
    settings.binds = 2;
    settings.window = 1;
    let (gateway, mut centre) = Centre::with(vec![settings]);
    let (mut one, mut two) = (centre.bound().await, centre.bound().await);
    let sending = send(&gateway, packet("491", 1));
    let (throttled, other, submission) = tokio::select! {
        pdu = one.hear() => (&mut one, &mut two, pdu),
        pdu = two.hear() => (&mut two, &mut one, pdu),
    };
    throttled.answer(&submission, THROTTLED, "").await;
    let began = Instant::now();
    let again = other.submission().await;
    assert!(began.elapsed() < Duration::from_millis(500), "{:?}", began.elapsed());
    other.answer(&again, 0, "m1").await;
    assert_eq!(sending.await.unwrap().segments, [accepted("m1")]);
}

#[tokio::test(start_paused = true)]
async fn c73_a_throttled_segment_in_the_middle_keeps_its_bind_and_place() {
    let (gateway, mut centre) = Centre::with(vec![route("r")]);
    let mut session = centre.bound().await;
    let sending = send(&gateway, packet("491", 2));
    let first = session.submission().await;
    session.answer(&first, 0, "m1").await;
    let second = session.submission().await;
    session.answer(&second, THROTTLED, "").await;
    let again = session.submission().await;
    assert!(again.holds(&[4, 2, 0x70, 0, 2]), "{again:?}");
    session.answer(&again, 0, "m2").await;
    assert_eq!(sending.await.unwrap().segments, [accepted("m1"), accepted("m2")]);
}

#[tokio::test(start_paused = true)]
async fn c72_the_pace_counts_segments() {
    let mut settings = route("r");
    settings.segments_per_second = 10;
    settings.window = 100;
    let (gateway, mut centre) = Centre::with(vec![settings]);
    let mut session = centre.bound().await;
    let began = Instant::now();
    let sendings: Vec<_> = (10..25).map(|card| send(&gateway, packet(&format!("49{card}"), 2))).collect();
    let mut in_the_first_second = 0;
    for _ in 0..30 {
        let submission = session.submission().await;
        in_the_first_second += usize::from(began.elapsed() < seconds(1));
        session.answer(&submission, 0, "m").await;
    }
    assert!((9..=11).contains(&in_the_first_second), "{in_the_first_second}");
    let took = began.elapsed();
    assert!(took > Duration::from_millis(2800) && took < Duration::from_millis(3100), "{took:?}");
    for sending in sendings {
        assert_eq!(sending.await.unwrap().segments, [accepted("m"), accepted("m")]);
    }
}

#[tokio::test(start_paused = true)]
async fn c72_a_centre_at_its_limit_is_left_in_peace_for_a_moment() {
    for (state, pause, rate) in [(50, 0, 100), (85, 0, 100), (95, 0, 90), (100, 1, 90)] {
        let mut settings = route("r");
        settings.segments_per_second = 100;
        let (gateway, mut centre) = Centre::with(vec![settings]);
        let mut session = centre.bound().await;
        let sending = send(&gateway, packet("491", 1));
        let submission = session.submission().await;
        let body = [&b"m1\0\x04\x28\x00\x01"[..], &[state]].concat();
        session.say(SUBMIT | RESPONSE, 0, submission.sequence, &body).await;
        assert_eq!(sending.await.unwrap().segments, [accepted("m1")]);
        assert_eq!(gateway.routes()[0].segments_per_s, rate, "{state}");
        let began = Instant::now();
        let _sending = send(&gateway, packet("492", 1));
        session.submission().await;
        assert_eq!(began.elapsed().as_secs(), pause, "{state}");
    }
}

#[tokio::test(start_paused = true)]
async fn room_is_what_goes_in_about_a_second() {
    let mut settings = route("r");
    settings.window = 10;
    settings.segments_per_second = 100;
    let (gateway, mut centre) = Centre::with(vec![settings]);
    assert_eq!((gateway.room(None), gateway.room(Some("r"))), (0, 0), "not bound");
    let mut session = centre.bound().await;
    let sending = send(&gateway, packet("491", 1));
    let submission = session.submission().await;
    assert_eq!(gateway.room(None), 10, "before the first answer the window is all that is known");
    tokio::time::sleep(Duration::from_millis(200)).await;
    session.answer(&submission, 0, "m").await;
    sending.await.unwrap();
    assert_eq!(gateway.room(None), 50, "ten each fifth of a second");
    for _ in 0..50 {
        let sending = send(&gateway, packet("491", 1));
        let submission = session.submission().await;
        session.answer(&submission, 0, "m").await;
        sending.await.unwrap();
    }
    assert_eq!(gateway.room(Some("r")), 100, "no faster than the rate");
    let _queued: Vec<_> = (0..30).map(|_| send(&gateway, packet("491", 1))).collect();
    for _ in 0..10 {
        session.submission().await;
    }
    assert_eq!(gateway.room(None), 80, "twenty wait");
    assert_eq!(gateway.room(Some("s")), 0);
}

#[tokio::test(start_paused = true)]
async fn room_is_at_least_what_the_window_takes_at_once() {
    let (gateway, mut centre) = Centre::with(vec![route("r")]);
    let mut session = centre.bound().await;
    let sending = send(&gateway, packet("491", 1));
    let submission = session.submission().await;
    tokio::time::sleep(seconds(5)).await;
    session.answer(&submission, 0, "m").await;
    sending.await.unwrap();
    assert_eq!(gateway.room(None), 10, "the window is open");
    let _outstanding: Vec<_> = (0..9).map(|_| send(&gateway, packet("491", 1))).collect();
    for _ in 0..9 {
        session.submission().await;
    }
    assert_eq!(gateway.room(None), 2, "ten each five seconds");
}
