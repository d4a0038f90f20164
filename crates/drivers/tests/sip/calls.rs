//! Calls to numbers, over one trunk.

use crate::bench::{Bench, Judge, trunk};
use muster_app::ports::{CallPhase, LegEvent, Party, Telephony as _, TelephonyEvent};
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_call_is_answered_heard_and_ended_by_us() {
    let judge = Judge::called("answer", 1).await;
    let mut bench = Bench::start(vec![trunk("t", judge.port)]).await;
    let leg = bench.call("4930222").await.unwrap();
    assert_eq!(bench.answered(leg).await, [LegEvent::Proceeding, LegEvent::Alerting]);
    bench.driver.hang_up(leg).await;
    let [LegEvent::Ended { by: Party::Us, q850: None, .. }] = bench.rest_of(leg).await[..] else {
        panic!("ended otherwise");
    };
    judge.agrees().await;
    bench.quiet().await;
    assert_eq!(bench.driver.trunks()[0].busy, 0);
}

#[tokio::test]
async fn busy_comes_with_the_cause_of_the_network() {
    let judge = Judge::called("busy", 1).await;
    let mut bench = Bench::start(vec![trunk("t", judge.port)]).await;
    let begun = Instant::now();
    let leg = bench.call("4930222").await.unwrap();
    let events = bench.rest_of(leg).await;
    assert!(begun.elapsed() < Duration::from_secs(3), "nobody waited for a timer");
    let [
        LegEvent::Proceeding,
        LegEvent::Failed {
            status: Some(486),
            q850: Some(17),
            phase: CallPhase::Proceeding,
            by_us: false,
            ..
        },
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    judge.agrees().await;
    bench.quiet().await;
}

#[tokio::test]
async fn a_call_that_is_not_answered_is_cancelled_at_its_limit() {
    let judge = Judge::called("no_answer", 1).await;
    let mut bench = Bench::start(vec![trunk("t", judge.port)]).await;
    let leg = bench.call_for("4930222", Duration::from_millis(400)).await.unwrap();
    assert_eq!(bench.next_of(leg).await, LegEvent::Alerting);
    let rings = Instant::now();
    let events = bench.rest_of(leg).await;
    let rang = rings.elapsed();
    assert!((Duration::from_millis(350)..Duration::from_secs(5)).contains(&rang), "{rang:?}");
    let [LegEvent::Failed { status: Some(487), phase: CallPhase::Alerting, by_us: true, .. }] = &events[..]
    else {
        panic!("{events:?}");
    };
    judge.agrees().await;
    bench.quiet().await;
}

#[tokio::test]
async fn f5_an_answer_that_crosses_cancel_is_told_and_ended() {
    let judge = Judge::called("crossing", 1).await;
    let mut bench = Bench::start(vec![trunk("t", judge.port)]).await;
    let leg = bench.call_for("4930222", Duration::from_millis(200)).await.unwrap();
    let events = bench.rest_of(leg).await;
    let [LegEvent::Alerting, LegEvent::Answered { late: true }, LegEvent::Ended { by: Party::Us, .. }] =
        &events[..]
    else {
        panic!("{events:?}");
    };
    judge.agrees().await;
    bench.quiet().await;
}

#[tokio::test]
async fn early_media_is_no_answer_and_the_far_side_may_end_the_call() {
    let judge = Judge::called("early_media", 1).await;
    let mut bench = Bench::start(vec![trunk("t", judge.port)]).await;
    let leg = bench.call("4930222").await.unwrap();
    let events = bench.rest_of(leg).await;
    let [
        LegEvent::Alerting,
        LegEvent::Answered { late: false },
        LegEvent::Ended { by: Party::Far, q850: Some(16), .. },
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    judge.agrees().await;
    bench.quiet().await;
}

#[tokio::test]
async fn a_request_within_a_call_that_nobody_knows_is_refused() {
    let bench = Bench::start(Vec::new()).await;
    Judge::caller("unknown_dialog", &bench, &[]).agrees().await;
}

#[tokio::test]
async fn options_are_answered() {
    let bench = Bench::start(Vec::new()).await;
    Judge::caller("options", &bench, &[]).agrees().await;
}

#[tokio::test]
async fn who_calls_us_is_told_and_declined() {
    let mut bench = Bench::start(Vec::new()).await;
    let judge = Judge::caller("incoming", &bench, &[]);
    let expected = TelephonyEvent::Incoming { caller: "4930222".to_owned(), called: "4930111".to_owned() };
    assert_eq!(bench.next().await, expected);
    judge.agrees().await;
}
