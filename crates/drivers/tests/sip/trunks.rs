//! Trunks that fail, refuse, want passwords or have too much to do.

use crate::bench::{Bench, Judge, free_port, phones, trunk, until};
use muster_app::ports::{CallPhase, LegEvent, OriginateError, Party, Telephony as _, TrunkHealth};
use muster_drivers::sip::{
    CodecName, NumberFormat, SipSettings, SipStartError, SipTelephony, Transport, TrunkAuth, TrunkSettings,
};
use muster_drivers::sms::Password;
use muster_peers::phones::{Algorithm, Challenge, TrunkState};
use std::sync::Arc;
use std::time::{Duration, Instant};

fn health(bench: &Bench, name: &str) -> TrunkHealth {
    bench.driver.trunks().into_iter().find(|trunk| trunk.name == name).expect("the trunk is known")
}

fn with_password(port: u16, auth: TrunkAuth, password: &str) -> TrunkSettings {
    TrunkSettings {
        auth,
        username: "muster".to_owned(),
        password: Some(Password::new(password)),
        ..trunk("t", port)
    }
}

fn challenge(as_proxy: bool, algorithms: Vec<Algorithm>) -> Challenge {
    let (username, password, realm) = ("muster".to_owned(), "right".to_owned(), "far".to_owned());
    Challenge { username, password, realm, algorithms, as_proxy }
}

#[tokio::test]
async fn both_kinds_of_challenge_are_answered() {
    for (name, as_proxy, algorithm) in [
        ("401 MD5", false, Algorithm::Md5),
        ("407 MD5", true, Algorithm::Md5),
        ("401 SHA-256", false, Algorithm::Sha256),
        ("407 SHA-256", true, Algorithm::Sha256),
    ] {
        let phones = phones(|settings| {
            settings.speed = 20.0;
            settings.challenge = Some(challenge(as_proxy, vec![algorithm]));
        })
        .await;
        let settings = with_password(phones.addr().port(), TrunkAuth::Digest, "right");
        let mut bench = Bench::start(vec![settings]).await;
        let leg = bench.call("4930123900").await.unwrap();
        bench.answered(leg).await;
        bench.driver.hang_up(leg).await;
        bench.rest_of(leg).await;
        bench.quiet().await;
        assert_eq!(phones.counters().wrong_proofs, 0, "{name}");
        assert_eq!(phones.counters().caller_hung_up, 1, "{name}");
    }
}

#[tokio::test]
async fn sipp_verifies_our_proof() {
    for scenario in ["auth_401", "auth_407"] {
        let judge = Judge::called(scenario, 1).await;
        let mut bench = Bench::start(vec![with_password(judge.port, TrunkAuth::Digest, "right")]).await;
        let leg = bench.call("4930222").await.unwrap();
        bench.answered(leg).await;
        bench.driver.hang_up(leg).await;
        judge.agrees().await;
    }
}

#[tokio::test]
async fn a_trunk_that_does_not_take_our_password_is_down() {
    let judge = Judge::called("wrong_password", 1).await;
    let mut bench = Bench::start(vec![with_password(judge.port, TrunkAuth::Digest, "wrong")]).await;
    let leg = bench.call("4930222").await.unwrap();
    assert!(matches!(
        bench.rest_of(leg).await[..],
        [LegEvent::Failed { status: Some(401), by_us: false, .. }]
    ));
    judge.agrees().await;
    let health = health(&bench, "t");
    assert!(!health.up && health.reason.contains("credentials"), "{health:?}");
    assert_eq!(bench.call("4930222").await, Err(OriginateError::NoTrunk));
}

#[tokio::test]
async fn a_trunk_that_takes_no_registration_takes_no_calls() {
    let phones = phones(|settings| {
        settings.speed = 20.0;
        settings.challenge = Some(challenge(false, vec![Algorithm::Sha256, Algorithm::Md5]));
    })
    .await;
    let bench = Bench::start(vec![with_password(phones.addr().port(), TrunkAuth::Register, "right")]).await;
    until("the trunk is registered", || health(&bench, "t").up).await;
    assert_eq!(phones.counters().wrong_proofs, 0);
    bench.driver.stop(Duration::from_secs(5)).await;
    assert_eq!(bench.call("4930123900").await, Err(OriginateError::Stopping));

    let settings = with_password(phones.addr().port(), TrunkAuth::Register, "wrong");
    let wrong = Bench::start(vec![settings]).await;
    until("the trunk says no", || health(&wrong, "t").reason.contains("credentials")).await;
    assert_eq!(wrong.call("4930123900").await, Err(OriginateError::NoTrunk));
}

#[tokio::test]
async fn f1_a_silent_trunk_gives_way_to_the_next_one() {
    let (silent, loud) = (phones(|_| {}).await, phones(|settings| settings.speed = 20.0).await);
    silent.set_trunk(TrunkState::Silent);
    let first = TrunkSettings { priority: 0, ..trunk("silent", silent.addr().port()) };
    let second = TrunkSettings { priority: 1, ..trunk("loud", loud.addr().port()) };
    let mut bench = Bench::with(|settings| {
        settings.timers.first_response_ms = 1000;
        settings.trunks = vec![first, second];
    })
    .await;
    let begun = Instant::now();
    let leg = bench.call("4930123900").await.unwrap();
    bench.answered(leg).await;
    assert!(begun.elapsed() >= Duration::from_secs(1), "the first one had its time");
    bench.driver.hang_up(leg).await;
    bench.rest_of(leg).await;
    assert_eq!((loud.counters().calls, health(&bench, "silent").busy), (1, 0));
}

#[tokio::test]
async fn f1_a_trunk_that_stays_silent_is_left_alone_and_tried_again() {
    let phones = phones(|settings| settings.speed = 20.0).await;
    phones.set_trunk(TrunkState::Silent);
    let mut bench = Bench::with(|settings| {
        settings.timers.first_response_ms = 1000;
        settings.timers.breaker_ms = 4000;
        settings.trunks = vec![TrunkSettings { max_channels: 100, ..trunk("t", phones.addr().port()) }];
    })
    .await;
    let mut legs = Vec::new();
    for _ in 0..11 {
        until("a call may begin", || health(&bench, "t").tokens > 0).await;
        legs.push(bench.call("4930123900").await.unwrap());
    }
    for leg in legs {
        let events = bench.rest_of(leg).await;
        let [LegEvent::Failed { status: None, phase: CallPhase::Silent, by_us: true, .. }] = &events[..]
        else {
            panic!("{events:?}");
        };
    }
    assert_eq!(bench.call("4930123900").await, Err(OriginateError::NoTrunk));
    phones.set_trunk(TrunkState::Up);
    until("it is tried again", || health(&bench, "t").up).await;
    let leg = bench.call("4930123900").await.unwrap();
    bench.answered(leg).await;
    bench.driver.hang_up(leg).await;
}

#[tokio::test]
async fn a_trunk_that_is_not_there_fails_the_call_in_time() {
    let mut bench = Bench::with(|settings| {
        settings.timers.first_response_ms = 300;
        settings.trunks = vec![trunk("t", free_port())];
    })
    .await;
    let begun = Instant::now();
    let leg = bench.call("4930222").await.unwrap();
    let events = bench.rest_of(leg).await;
    let [LegEvent::Failed { status: None, phase: CallPhase::Silent, by_us: true, .. }] = &events[..] else {
        panic!("{events:?}");
    };
    assert!(begun.elapsed() < Duration::from_secs(3), "not only when the transaction ends");
    bench.quiet().await;
}

#[tokio::test]
async fn pings_tell_whether_a_trunk_is_there() {
    let phones = phones(|_| {}).await;
    let settings = TrunkSettings { options_ping_s: 1, ..trunk("t", phones.addr().port()) };
    let bench = Bench::with(|all| {
        all.timers.request_ms = 300;
        all.trunks = vec![settings];
    })
    .await;
    assert!(health(&bench, "t").up);
    phones.set_trunk(TrunkState::Silent);
    until("the trunk is down", || health(&bench, "t").reason == "it does not answer").await;
    assert_eq!(bench.call("4930222").await, Err(OriginateError::NoTrunk));
    phones.set_trunk(TrunkState::Up);
    until("the trunk is back", || health(&bench, "t").up).await;
}

#[tokio::test]
async fn f2_a_congested_trunk_is_given_half_as_many_calls() {
    let judge = Judge::called("throttle", 1).await;
    let mut bench = Bench::start(vec![trunk("t", judge.port)]).await;
    assert_eq!(health(&bench, "t").calls_per_minute, 6000);
    let leg = bench.call("4930222").await.unwrap();
    let events = bench.rest_of(leg).await;
    assert!(
        matches!(events[..], [LegEvent::Failed { status: Some(503), retry_after: Some(3), .. }]),
        "{events:?}"
    );
    judge.agrees().await;
    let halved = health(&bench, "t").calls_per_minute;
    assert!((3000..3020).contains(&halved), "{halved}");
}

#[tokio::test]
async fn a_call_that_never_rings_is_taken_back() {
    let judge = Judge::called("slow", 1).await;
    let mut bench = Bench::start(vec![trunk("t", judge.port)]).await;
    let limit = Duration::from_secs(1);
    let leg = bench.call_within("4930222", limit, limit).await.unwrap();
    let events = bench.rest_of(leg).await;
    let [
        LegEvent::Proceeding,
        LegEvent::Failed { status: Some(487), phase: CallPhase::Proceeding, by_us: true, .. },
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    judge.agrees().await;
}

#[tokio::test]
async fn calls_go_over_tcp_as_well() {
    let phones = phones(|settings| settings.speed = 20.0).await;
    let settings = TrunkSettings { transport: Transport::Tcp, ..trunk("t", phones.addr().port()) };
    let mut bench = Bench::start(vec![settings]).await;
    until("the connection is proven", || health(&bench, "t").up).await;
    for (number, by) in [("4930123900", Party::Us), ("4930123910", Party::Far)] {
        until("a call may begin", || health(&bench, "t").tokens > 0).await;
        let leg = bench.call(number).await.unwrap();
        bench.answered(leg).await;
        if by == Party::Us {
            bench.driver.hang_up(leg).await;
        }
        let events = bench.rest_of(leg).await;
        assert!(matches!(&events[..], [LegEvent::Ended { by: ended, .. }] if *ended == by), "{events:?}");
    }
    bench.quiet().await;
}

#[tokio::test]
async fn f23_a_long_invite_goes_over_tcp() {
    let phones = phones(|settings| settings.speed = 20.0).await;
    let long = TrunkSettings {
        tcp_for_long: true,
        domain: Some(format!("{}.example", "long.".repeat(160))),
        ..trunk("t", phones.addr().port())
    };
    let mut bench = Bench::start(vec![long]).await;
    let leg = bench.call("4930123900").await.unwrap();
    bench.answered(leg).await;
    bench.driver.hang_up(leg).await;
    bench.rest_of(leg).await;
    bench.quiet().await;
}

#[tokio::test]
async fn lines_and_calls_a_second_are_kept() {
    let phones = phones(|settings| settings.speed = 20.0).await;
    let settings = TrunkSettings { max_channels: 2, cps: 2, ..trunk("t", phones.addr().port()) };
    let mut bench = Bench::start(vec![settings]).await;
    let first = bench.call("4930123900").await.unwrap();
    assert_eq!(bench.call("4930123900").await, Err(OriginateError::NoCapacity), "too soon after the first");
    bench.answered(first).await;
    until("a call may begin", || health(&bench, "t").tokens > 0).await;
    let second = bench.call("4930123901").await.unwrap();
    bench.answered(second).await;
    assert_eq!((health(&bench, "t").busy, health(&bench, "t").tokens), (2, 0));
    assert_eq!(bench.call("4930123902").await, Err(OriginateError::NoCapacity), "no line is left");
    bench.driver.hang_up(first).await;
    until("a line is free", || health(&bench, "t").tokens > 0).await;
    let third = bench.call("4930123902").await.unwrap();
    bench.driver.hang_up(third).await;
    bench.driver.hang_up(second).await;
    bench.quiet().await;
    assert_eq!(health(&bench, "t").busy, 0);
}

#[tokio::test]
async fn numbers_are_written_as_the_trunk_wants_them_and_unwanted_ones_refused() {
    for (format, written) in [
        (NumberFormat::Plus, "+4930123900"),
        (NumberFormat::Digits, "4930123900"),
        (NumberFormat::Prefix("00".to_owned()), "004930123900"),
    ] {
        let phones = phones(|settings| settings.speed = 20.0).await;
        let settings = TrunkSettings {
            number_format: format,
            prefixes: vec!["49".to_owned()],
            codecs: vec![CodecName::Pcmu],
            ..trunk("t", phones.addr().port())
        };
        let mut bench = Bench::start(vec![settings]).await;
        assert_eq!(bench.call("431").await, Err(OriginateError::Refused("431".to_owned())));
        let leg = bench.call("4930123900").await.unwrap();
        bench.answered(leg).await;
        bench.driver.hang_up(leg).await;
        bench.rest_of(leg).await;
        let calls = phones.stop().await;
        assert_eq!(calls[0].number.trim_start_matches('+'), written.trim_start_matches('+'));
        assert!(calls[0].call_id.contains("@127.0.0.1"), "{}", calls[0].call_id);
    }
}

#[tokio::test]
async fn nobody_beyond_this_machine_is_reached_unless_the_settings_say_so() {
    struct Nobody;
    #[async_trait::async_trait]
    impl muster_app::ports::AgentDirectory for Nobody {
        async fn digest(&self, _: &str) -> Option<muster_app::ports::AgentDigest> {
            None
        }
    }
    let start = |settings: SipSettings| SipTelephony::start(settings, Arc::new(Nobody));
    let far = TrunkSettings { enabled: true, ..TrunkSettings::new("far", "192.0.2.1:5060", "4930") };
    for settings in [
        SipSettings { port: 0, trunks: vec![far.clone()], ..SipSettings::default() },
        SipSettings { port: 0, listen: [0, 0, 0, 0].into(), ..SipSettings::default() },
    ] {
        let Err(SipStartError::Settings(faults)) = start(settings).await else { panic!("it started") };
        assert!(faults[0].contains("allow_beyond_loopback"), "{faults:?}");
    }
    let off = TrunkSettings { enabled: false, ..far };
    let driver = start(SipSettings { port: 0, trunks: vec![off], ..SipSettings::default() }).await.unwrap();
    assert_eq!(driver.trunks(), Vec::new());
}
