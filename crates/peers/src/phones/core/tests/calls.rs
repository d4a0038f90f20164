//! From the INVITE to the end.

use super::*;

/// Every number of the table until its first final answer or for 30 s, the final answer acknowledged.
#[test]
fn the_table_until_the_final_answer() {
    for (number, expected) in [
        ("900", "0 100, 50 180, 50 200"),
        ("903", "0 100, 50 180, 3050 200"),
        ("911", "0 100, 50 180, 1050 200, 2050 BYE"),
        ("940", "0 100, 50 486"),
        ("941", "0 100, 50 600"),
        ("942", "0 486"),
        ("943", "0 100, 50 180"),
        ("944", "0 100, 50 180, 25050 480"),
        ("945", "0 100, 50 180, 2050 603"),
        ("946", "0 100, 50 180, 2050 607"),
        ("947", "0 100, 50 608"),
        ("948", "0 100, 50 180, 2050 486"),
        ("949", "0 100, 50 180, 10050 408"),
        ("950", "0 100, 50 404"),
        ("951", "0 100, 50 410"),
        ("952", "0 100, 50 484"),
        ("953", "0 100, 50 604"),
        ("954", "0 100, 50 480"),
        ("955", "0 100, 50 488"),
        ("956", "0 100, 50 403"),
        ("957", "0 100, 50 302"),
        ("960", ""),
        ("961", "0 503"),
        ("962", "0 100, 50 500"),
        ("963", "0 100, 50 502"),
        ("964", "0 100, 50 503"),
        ("965", "0 100"),
        ("966", "0 100, 5000 180, 7000 200"),
        ("968", "0 100, 50 504"),
        ("970", "0 100, 50 180, 3050 200"),
        ("971", "0 100, 50 180, 1050 200, 11050 BYE"),
        ("972", "0 100, 50 180, 1050 200, 16050 BYE"),
        ("973", "0 100, 50 183, 6050 404"),
        ("974", "0 100, 50 180, 1050 200, 9050 BYE"),
        ("981", "0 100, 50 183, 2050 200"),
        ("992", "0 100, 50 180, 1050 200, 1550 200, 2050 200, 2550 200"),
        ("993", "0 100, 50 180, 1050 200, 1050 200"),
        ("994", "0 100, 50 181, 250 180, 300 180, 1300 200"),
        ("995", "0 100, 50 180, 1050 200, 5050 BYE"),
    ] {
        let mut rig = Rig::new(PhonesSettings::default());
        rig.invite(number);
        let mut acknowledged = false;
        for at_ms in (0..=30_000).step_by(10) {
            rig.until(at_ms);
            let last = rig.sent.iter().rev().find_map(|(_, message)| match message.start {
                FirstLine::Response { status } => Some(status),
                FirstLine::Request { .. } => None,
            });
            if !acknowledged && last.is_some_and(|status| status >= 200) {
                rig.request("ACK", number, 1, "");
                acknowledged = true;
            }
        }
        let heard: Vec<_> = rig.heard();
        // A BYE that nobody answers comes again.
        let first_bye = heard.iter().position(|(_, name)| name == "BYE").map_or(heard.len(), |at| at + 1);
        assert_eq!(told(&heard[..first_bye]), expected, "{number}");
    }
}

#[test]
fn the_speed_divides_ring_and_talk_times() {
    let mut rig = Rig::new(PhonesSettings { speed: 10.0, ..PhonesSettings::default() });
    rig.invite("919");
    rig.until(105);
    rig.request("ACK", "919", 1, "");
    rig.until(1_100);
    assert_eq!(told(&rig.heard()), "0 100, 5 180, 105 200, 1005 BYE");
    assert_eq!((rig.record().rang_ms(), rig.record().up_ms()), (Some(100), Some(900)));
}

#[test]
fn causes_and_waiting_times_are_told() {
    for (number, reason, retry_after) in [
        ("940", Some("Q.850;cause=17"), None),
        ("950", Some("Q.850;cause=1"), None),
        ("961", Some("Q.850;cause=34"), Some("5")),
        ("964", None, None),
    ] {
        let mut rig = Rig::new(PhonesSettings::default());
        rig.invite(number);
        rig.until(100);
        let (_, last) = rig.sent.last().unwrap();
        assert_eq!((last.header("reason"), last.header("retry-after")), (reason, retry_after), "{number}");
    }
}

#[test]
fn what_a_cancel_does() {
    for (number, expected, end) in [
        ("943", "5000 200 CANCEL, 5000 487", Some(End::Cancelled)),
        ("965", "5000 200 CANCEL, 5000 487", Some(End::Cancelled)),
        ("980", "5000 200 CANCEL, 5000 200", None),
        ("967", "5000 200 CANCEL", None),
        ("969", "", None),
        ("960", "", None),
    ] {
        let mut rig = Rig::new(PhonesSettings::default());
        rig.invite(number);
        rig.until(5_000);
        rig.heard();
        rig.request("CANCEL", number, 1, "");
        rig.until(5_100);
        assert_eq!(told(&rig.heard()), expected, "{number}");
        let record = rig.record();
        assert_eq!((record.cancelled_ms, record.end), (Some(5_000), end), "{number}");
        assert_eq!(record.answered_ms.is_some(), number == "980");
    }
}

#[test]
fn finals_are_sent_again_until_they_are_acknowledged() {
    for (number, expected) in
        [("942", "0 486, 500 486, 1500 486"), ("900", "0 100, 50 180, 50 200, 550 200, 1550 200")]
    {
        let mut rig = Rig::new(PhonesSettings::default());
        rig.invite(number);
        rig.until(2_000);
        rig.request("ACK", number, 1, "");
        rig.until(40_000);
        assert_eq!(told(&rig.heard()), expected);
    }
    // Over TCP a failure is said once.
    let mut rig = Rig::new(PhonesSettings::default());
    rig.link = Link::Stream(1, address(CALLER), Wire::Tcp);
    rig.invite("942");
    rig.until(40_000);
    assert_eq!(told(&rig.heard()), "0 486");
}

#[test]
fn an_answer_that_nobody_acknowledges_ends_with_bye() {
    let mut rig = Rig::new(PhonesSettings::default());
    rig.invite("900");
    rig.until(32_060);
    assert_eq!(rig.heard().last().unwrap().1, "BYE");
    assert_eq!(rig.record().end, Some(End::Unacknowledged));
}

#[test]
fn an_invite_that_comes_again_is_the_same_call() {
    let mut rig = Rig::new(PhonesSettings::default());
    rig.invite("943");
    rig.until(200);
    rig.heard();
    rig.invite("943");
    assert_eq!(told(&rig.heard()), "200 180");
    assert_eq!((rig.core.records().len(), rig.record().retransmissions), (1, 1));
    // After its end the same Call-ID may be used with a higher CSeq.
    rig.request("CANCEL", "943", 1, "");
    rig.say(&request("INVITE", "943", "943", 2, None, "", OFFER));
    assert_eq!(rig.core.records().len(), 2);
}

#[test]
fn a_phone_that_vanished_answers_nothing() {
    let mut rig = Rig::new(PhonesSettings::default());
    rig.invite("984");
    rig.until(1_100);
    rig.request("ACK", "984", 1, "");
    let tag = rig.tag("984").unwrap();
    rig.until(5_000);
    rig.heard();
    rig.say(&request("BYE", "984", "984", 2, Some(&tag), "", ""));
    rig.say(&request("OPTIONS", "984", "984", 3, Some(&tag), "", ""));
    rig.until(30_000);
    assert_eq!(told(&rig.heard()), "");
    assert_eq!((rig.record().end, rig.record().ended_ms), (Some(End::Vanished), Some(4_050)));
    assert!(rig.told.iter().any(|(at, action)| {
        *at == 4_050 && matches!(action, Action::Tell { command: Command::Stop, .. })
    }));
}

#[test]
fn a_phone_that_is_deaf_to_bye_speaks_on() {
    let mut rig = Rig::new(PhonesSettings::default());
    rig.invite("985");
    rig.until(1_100);
    rig.request("ACK", "985", 1, "");
    let tag = rig.tag("985").unwrap();
    rig.heard();
    rig.until(2_000);
    rig.say(&request("BYE", "985", "985", 2, Some(&tag), "", ""));
    rig.until(60_000);
    assert_eq!(told(&rig.heard()), "");
    assert_eq!((rig.record().end, rig.record().ended_ms), (Some(End::CallerHungUp), Some(2_000)));
    let stopped =
        rig.told.iter().find(|(_, action)| matches!(action, Action::Tell { command: Command::Stop, .. }));
    assert_eq!(stopped.map(|(at, _)| *at), Some(7_000));
    assert_eq!((rig.core.counters().open, rig.core.counters().up), (0, 0));
}

#[test]
fn a_record_is_closed_with_the_last_report() {
    let mut rig = Rig::new(PhonesSettings::default());
    rig.invite("900");
    rig.until(60);
    rig.request("ACK", "900", 1, "");
    rig.request("BYE", "900", 2, "");
    assert_eq!(rig.core.closed_since(0), []);
    rig.core.heard(100, CallId(0), Event::Final(Report { received: 3, ..Report::default() }));
    let closed = rig.core.closed_since(0);
    assert_eq!((closed.len(), closed[0].rtp_received, closed[0].end), (1, 3, Some(End::CallerHungUp)));
    rig.invite("940");
    rig.until(1_000);
    assert_eq!(rig.core.closed_since(1).len(), 1, "no sound, no report");
    // All is forgotten at last.
    rig.until(200_000);
    assert_eq!((rig.core.calls.len(), rig.core.by_key.len(), rig.core.asks.len()), (0, 0, 0));
}
