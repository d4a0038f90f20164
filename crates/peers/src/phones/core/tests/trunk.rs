//! The trunk as a whole.

use super::*;

#[test]
fn limits_of_the_trunk() {
    let mut rig =
        Rig::new(PhonesSettings { cps_max: Some(2), channels_max: Some(3), ..PhonesSettings::default() });
    let last = |rig: &mut Rig| rig.heard().last().unwrap().1.clone();
    let call = |rig: &mut Rig, at_ms, id: &str| {
        rig.until(at_ms);
        rig.say(&request("INVITE", "943", id, 1, None, "", OFFER));
        rig.until(at_ms + 60);
        last(rig)
    };
    assert_eq!(call(&mut rig, 0, "a"), "180 INVITE");
    assert_eq!(call(&mut rig, 100, "b"), "180 INVITE");
    assert_eq!(call(&mut rig, 900, "c"), "503 INVITE", "two within a second");
    assert_eq!(rig.record().end, Some(End::Refused));
    assert_eq!(call(&mut rig, 1_000, "d"), "180 INVITE", "a second after the first");
    assert_eq!(call(&mut rig, 2_500, "e"), "503 INVITE", "three are open");
    rig.say(&request("CANCEL", "943", "a", 1, None, "", ""));
    rig.say(&request("ACK", "943", "a", 1, None, "", ""));
    assert_eq!(call(&mut rig, 4_000, "f"), "180 INVITE");
    let counters = rig.core.counters();
    assert_eq!((counters.refused_rate, counters.refused_channels, counters.open_max), (1, 1, 3));
    assert_eq!((counters.open, counters.calls), (3, 6));
}

#[test]
fn a_trunk_may_be_silent_or_congested() {
    let mut rig = Rig::new(PhonesSettings::default());
    rig.core.set_state(TrunkState::Silent);
    rig.invite("900");
    rig.until(1_000);
    assert_eq!(rig.core.records().len(), 0);
    rig.core.set_state(TrunkState::Congested(7));
    rig.invite("900");
    rig.until(1_010);
    assert_eq!(rig.sent.last().unwrap().1.header("retry-after"), Some("7"));
    rig.core.set_state(TrunkState::Up);
    rig.say(&request("INVITE", "900", "other", 1, None, "", OFFER));
    rig.until(1_100);
    assert_eq!(rig.heard().last().unwrap().1, "200 INVITE");
}

#[test]
fn calls_that_cannot_be_recorded_are_not_taken() {
    let mut rig = Rig::new(PhonesSettings { calls_max: 1, ..PhonesSettings::default() });
    rig.invite("900");
    rig.say(&request("INVITE", "901", "901", 1, None, "", OFFER));
    assert_eq!(rig.heard().last().unwrap().1, "503 INVITE");
    assert_eq!(rig.core.records().len(), 1);
}

#[test]
fn callers_prove_who_they_are() {
    for as_proxy in [false, true] {
        let challenge = Challenge {
            username: "trunk".into(),
            password: "secret".into(),
            realm: "phones".into(),
            algorithms: vec![Algorithm::Sha256, Algorithm::Md5],
            as_proxy,
        };
        let mut rig = Rig::new(PhonesSettings { challenge: Some(challenge), ..PhonesSettings::default() });
        let (asks, gives) = if as_proxy {
            ("proxy-authenticate", "Proxy-Authorization")
        } else {
            ("www-authenticate", "Authorization")
        };
        rig.invite("900");
        let (_, asked) = rig.sent.pop().unwrap();
        assert_eq!(asked.headers(asks).count(), 2);
        let best = digest::Challenge::best(asked.headers(asks)).unwrap();
        let uri = format!("sip:900@{TRUNK}");
        let mut attempt = |password: &str, count: u32, cseq: u32| {
            let proof = best.answer("trunk", password, "INVITE", &uri, count, "c");
            rig.say(&request("INVITE", "900", "900", cseq, None, &format!("{gives}: {proof}\r\n"), OFFER));
            rig.sent.pop().unwrap().1
        };
        assert_eq!(attempt("wrong", 1, 2).start, FirstLine::Response { status: 403 });
        assert_eq!(attempt("secret", 1, 3).start, FirstLine::Response { status: 100 });
        let counters = rig.core.counters();
        assert_eq!((counters.calls, counters.challenged, counters.wrong_proofs), (1, 1, 1));
        // The same proof for another call: its count was used.
        let proof = best.answer("trunk", "secret", "INVITE", &uri, 1, "c");
        rig.say(&request("INVITE", "900", "other", 1, None, &format!("{gives}: {proof}\r\n"), OFFER));
        let (_, stale) = rig.sent.pop().unwrap();
        assert!(digest::Challenge::best(stale.headers(asks)).unwrap().stale);
    }
}

#[test]
fn requests_outside_of_calls() {
    for (method, status) in
        [("OPTIONS", "200"), ("REGISTER", "200"), ("BYE", "481"), ("CANCEL", "481"), ("SUBSCRIBE", "405")]
    {
        let mut rig = Rig::new(PhonesSettings::default());
        rig.say(&request(method, "900", "x", 1, Some("t"), "", ""));
        assert_eq!(rig.heard(), [(0, format!("{status} {method}"))]);
    }
}
