//! Several routes.

use crate::sms::testing::{Centre, Session, accepted, packet, route, seconds, send};
use crate::sms::{RouteSettings, SmppGateway};
use muster_app::ports::{RouteState, SmsGateway, SmsPacket, SubmitOutcome};
use std::collections::HashMap;
use std::sync::Arc;

/// A gateway and a bound session of each route.
async fn bound(routes: Vec<RouteSettings>) -> (Arc<SmppGateway>, Centre, HashMap<String, Session>) {
    let count = routes.len();
    let (gateway, mut centre) = Centre::with(routes);
    let mut sessions = HashMap::new();
    for _ in 0..count {
        let (host, mut session) = centre.connection_to().await;
        session.accept_bind().await;
        sessions.insert(host, session);
    }
    while gateway.routes().iter().any(|route| route.state != RouteState::Bound) {
        tokio::task::yield_now().await;
    }
    (gateway, centre, sessions)
}

fn with_priority(name: &str, priority: u16) -> RouteSettings {
    RouteSettings { priority, ..route(name) }
}

#[tokio::test(start_paused = true)]
async fn the_lowest_number_goes_first_and_others_step_in() {
    let (gateway, mut centre, mut sessions) =
        bound(vec![with_priority("second", 2), with_priority("first", 1)]).await;
    let sending = send(&gateway, packet("491", 1));
    let first = sessions.get_mut("first").unwrap();
    let submission = first.submission().await;
    first.answer(&submission, 0, "m1").await;
    let outcome = sending.await.unwrap();
    assert_eq!((outcome.route.as_str(), outcome.segments), ("first", vec![accepted("m1")]));

    // Its link is lost.
    sessions.remove("first");
    while gateway.routes()[1].state != RouteState::Connecting {
        tokio::task::yield_now().await;
    }
    let sending = send(&gateway, packet("492", 1));
    let second = sessions.get_mut("second").unwrap();
    let submission = second.submission().await;
    second.answer(&submission, 0, "m2").await;
    assert_eq!(sending.await.unwrap().route, "second");

    // It is back.
    let mut first = centre.bound().await;
    while gateway.routes()[1].state != RouteState::Bound {
        tokio::task::yield_now().await;
    }
    let sending = send(&gateway, packet("493", 1));
    let submission = first.submission().await;
    // And is stopped by what it answers.
    first.answer(&submission, 0x62, "").await;
    assert_eq!(sending.await.unwrap().route, "first");
    let sending = send(&gateway, packet("494", 1));
    let submission = second.submission().await;
    second.answer(&submission, 0, "m4").await;
    assert_eq!(sending.await.unwrap().route, "second");
    assert_eq!(gateway.room(None), gateway.room(Some("second")));
}

#[tokio::test(start_paused = true)]
async fn routes_of_equal_number_share_by_capacity() {
    let (gateway, _centre, mut sessions) = bound(vec![
        RouteSettings { window: 2, ..route("small") },
        RouteSettings { window: 6, ..route("large") },
    ])
    .await;
    assert_eq!(gateway.room(None), 8);
    let _sendings: Vec<_> = (0..16).map(|card| send(&gateway, packet(&format!("49{card}"), 1))).collect();
    let mut carried = HashMap::new();
    for (name, window) in [("small", 2), ("large", 6)] {
        let session = sessions.get_mut(name).unwrap();
        for _ in 0..window {
            session.submission().await;
        }
        let status = gateway.routes().into_iter().find(|status| status.name == name).unwrap();
        carried.insert(name, status.in_flight + status.queued);
    }
    assert_eq!((carried["small"], carried["large"]), (4, 12));
}

#[tokio::test(start_paused = true)]
async fn a_packet_may_name_its_route_and_then_takes_no_other() {
    let (gateway, _centre, mut sessions) =
        bound(vec![with_priority("first", 1), with_priority("second", 2)]).await;
    let named = |card: &str| SmsPacket { route: Some("second".to_owned()), ..packet(card, 1) };
    let sending = send(&gateway, named("491"));
    let second = sessions.get_mut("second").unwrap();
    let submission = second.submission().await;
    second.answer(&submission, 0x43, "").await;
    assert_eq!(sending.await.unwrap().route, "second");
    let outcome = gateway.send(named("492")).await;
    assert_eq!(outcome.route, "");
    assert!(
        matches!(&outcome.segments[..], [SubmitOutcome::NotSent { reason }] if reason.contains("RINVESMCLASS")),
        "{outcome:?}"
    );
    assert!(sessions.get_mut("first").unwrap().is_silent_for(seconds(1)).await);
}

#[tokio::test(start_paused = true)]
async fn what_waits_at_a_stopped_route_goes_to_another() {
    let (gateway, _centre, mut sessions) =
        bound(vec![RouteSettings { window: 1, ..with_priority("first", 1) }, with_priority("second", 2)])
            .await;
    let first = sessions.get_mut("first").unwrap();
    let refused = send(&gateway, packet("491", 1));
    let submission = first.submission().await;
    let waiting = send(&gateway, packet("492", 1));
    tokio::task::yield_now().await;
    assert_eq!(gateway.routes()[0].queued, 1);
    first.answer(&submission, 0x01, "").await;
    refused.await.unwrap();
    let second = sessions.get_mut("second").unwrap();
    let submission = second.submission().await;
    second.answer(&submission, 0, "m2").await;
    let outcome = waiting.await.unwrap();
    assert_eq!((outcome.route.as_str(), outcome.segments), ("second", vec![accepted("m2")]));
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_lost_route_goes_to_another_unless_it_named_it() {
    let (gateway, _centre, mut sessions) =
        bound(vec![RouteSettings { window: 1, ..with_priority("first", 1) }, with_priority("second", 2)])
            .await;
    let first = sessions.get_mut("first").unwrap();
    let _sent = send(&gateway, packet("491", 1));
    first.submission().await;
    let free = send(&gateway, packet("492", 1));
    let named = send(&gateway, SmsPacket { route: Some("first".to_owned()), ..packet("493", 1) });
    tokio::task::yield_now().await;
    assert_eq!(gateway.routes()[0].queued, 2);
    sessions.remove("first");
    let second = sessions.get_mut("second").unwrap();
    let submission = second.submission().await;
    assert!(submission.holds(b"\x01\x01492\0"));
    second.answer(&submission, 0, "m2").await;
    assert_eq!(free.await.unwrap().segments, [accepted("m2")]);
    assert!(!named.is_finished());
    assert_eq!(gateway.routes()[0].queued, 1);
}

#[tokio::test(start_paused = true)]
async fn settings_that_cannot_be_are_refused_with_every_fault() {
    let entropy = Arc::new(muster_app::ports::SeededEntropy::new(1));
    let bad = RouteSettings { window: 0, port: 0, ..route("twice") };
    let error = SmppGateway::start(vec![bad, route("twice")], entropy).unwrap_err();
    for part in ["port is 0", "window is 0", "another one of that name"] {
        assert!(error.to_string().contains(part), "{error}");
    }
}
