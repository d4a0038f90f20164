//! Descriptions, keys, and changes in a call.

use super::*;

#[test]
fn unusable_descriptions() {
    for (number, line) in [
        ("986", Some("m=audio 0 RTP/AVP 0 101")),
        ("987", Some("RTP/AVP 18 101")),
        ("988", None),
        ("989", Some("c=IN IP4 0.0.0.0")),
        ("900", Some("m=audio 10000 RTP/AVP 0 101")),
    ] {
        let mut rig = Rig::new(PhonesSettings::default());
        rig.invite(number);
        rig.until(1_100);
        let (_, answer) = rig.sent.last().unwrap();
        let body = String::from_utf8(answer.body.clone()).unwrap();
        match line {
            Some(line) => assert!(body.contains(line), "{number}: {body}"),
            None => assert_eq!(body, "", "{number}"),
        }
    }
}

#[test]
fn offers_of_no_use_are_refused_and_none_is_made_up_for() {
    for (offer, expected) in [
        (OFFER.replace("AVP 0 101", "AVP 9 101"), "0 100, 50 180, 50 488"),
        (OFFER.replace("4000", "0"), "0 100, 50 180, 50 488"),
        ("rubbish".to_owned(), "0 100, 50 180, 50 488"),
        (String::new(), "0 100, 50 180, 50 200"),
    ] {
        let mut rig = Rig::new(PhonesSettings::default());
        rig.say(&request("INVITE", "900", "900", 1, None, "", &offer));
        rig.until(60);
        assert_eq!(told(&rig.heard()), expected, "{offer}");
    }
}

#[test]
fn the_answer_to_our_offer_comes_with_the_ack() {
    let mut rig = Rig::new(PhonesSettings::default());
    rig.say(&request("INVITE", "900", "900", 1, None, "", ""));
    rig.until(60);
    rig.request("ACK", "900", 1, OFFER);
    let remote = Action::Tell { call: CallId(0), command: Command::Remote(Some(address("127.0.0.1:4000"))) };
    assert!(rig.told.iter().any(|(_, action)| *action == remote), "{:?}", rig.told);
}

#[test]
fn a_forked_answer_has_two_branches() {
    let mut rig = Rig::new(PhonesSettings::default());
    rig.invite("993");
    rig.until(1_100);
    let tags: Vec<_> = rig.sent.iter().rev().take(2).filter_map(|(_, message)| message.to_tag()).collect();
    assert_ne!(tags[0], tags[1]);
    assert_eq!(rig.record().fork_ended, Some(false));
    rig.heard();
    rig.say(&request("ACK", "993", "993", 1, Some(&tags[0]), "", ""));
    rig.say(&request("BYE", "993", "993", 2, Some(&tags[0]), "", ""));
    assert_eq!(rig.heard(), [(1_100, "200 BYE".into())]);
    assert_eq!((rig.record().fork_ended, rig.record().end), (Some(true), None), "the first branch goes on");
}

#[test]
fn hold_and_back_by_reinvite() {
    let mut rig = Rig::new(PhonesSettings::default());
    rig.invite("990");
    rig.until(1_100);
    rig.request("ACK", "990", 1, "");
    rig.heard();
    for (at_ms, direction) in [(3_100, "a=sendonly"), (5_100, "a=sendrecv")] {
        rig.until(at_ms);
        let (_, reinvite) = rig.sent.pop().unwrap();
        assert_eq!(reinvite.method(), Some("INVITE"));
        assert!(String::from_utf8(reinvite.body.clone()).unwrap().contains(direction), "{direction}");
        let via = reinvite.header("via").unwrap();
        let (cseq, from, to) = (
            reinvite.header("cseq").unwrap(),
            reinvite.header("from").unwrap(),
            reinvite.header("to").unwrap(),
        );
        let response = format!(
            "SIP/2.0 200 OK\r\nVia: {via}\r\nFrom: {from}\r\nTo: {to}\r\nCall-ID: 990\r\nCSeq: {cseq}\r\n\
             Content-Length: {}\r\n\r\n{OFFER}",
            OFFER.len()
        );
        rig.say(&response);
        rig.say(&response);
        assert_eq!(rig.heard().iter().map(|(_, name)| &**name).collect::<Vec<_>>(), ["ACK", "ACK"]);
    }
    rig.until(40_000);
    assert_eq!(rig.heard(), [], "nothing is sent again");
}

#[test]
fn the_other_side_renews() {
    let mut rig = Rig::new(PhonesSettings::default());
    rig.invite("900");
    rig.until(60);
    rig.request("ACK", "900", 1, "");
    let held = format!("{OFFER}a=sendonly\r\n").replace("4000", "4002");
    rig.request("INVITE", "900", 2, &held);
    rig.request("INVITE", "900", 2, &held);
    let answers: Vec<_> = rig.sent.iter().rev().take(2).map(|(_, message)| message.clone()).collect();
    assert_eq!(answers[0], answers[1], "the same answer to the same request");
    assert!(String::from_utf8(answers[0].body.clone()).unwrap().contains("a=recvonly"));
    let quiet = Action::Tell { call: CallId(0), command: Command::Remote(None) };
    assert_eq!(rig.told.iter().filter(|(_, action)| *action == quiet).count(), 1);
}

#[test]
fn keys_are_pressed_when_planned() {
    for (number, keys, lossy) in [("924", "4", false), ("932", "12#", false), ("933", "5", true)] {
        let mut rig = Rig::new(PhonesSettings::default());
        rig.invite(number);
        rig.until(3_040);
        let press = Action::Tell { call: CallId(0), command: Command::Press { keys: keys.into(), lossy } };
        assert!(!rig.told.iter().any(|(_, action)| *action == press));
        rig.until(3_050);
        assert!(rig.told.iter().any(|(_, action)| *action == press), "{number}");
        assert_eq!(rig.record().keys_pressed, keys);
    }
    let mut rig = Rig::new(PhonesSettings::default());
    rig.invite("934");
    rig.until(3_050);
    let (_, info) = rig.sent.last().unwrap();
    assert_eq!((info.method(), &*info.body), (Some("INFO"), &b"Signal=7\r\nDuration=160\r\n"[..]));
}

#[test]
fn keys_after_a_prompt() {
    let mut rig = Rig::new(PhonesSettings::default());
    rig.invite("935");
    rig.until(10_000);
    assert_eq!(rig.record().keys_pressed, "");
    rig.core.heard(10_000, CallId(0), Event::Sound);
    rig.core.heard(12_000, CallId(0), Event::Quiet);
    rig.core.heard(13_000, CallId(0), Event::Sound);
    rig.core.heard(14_000, CallId(0), Event::Quiet);
    assert_eq!(rig.record().keys_pressed, "1", "once");
}

#[test]
fn keys_that_are_heard() {
    let mut rig = Rig::new(PhonesSettings::default());
    rig.invite("900");
    rig.until(60);
    rig.request("ACK", "900", 1, "");
    rig.core.heard(70, CallId(0), Event::Key('*'));
    let tag = rig.tag("900");
    for (kind, body) in [
        ("application/dtmf-relay", "Signal= 5\r\nDuration=160\r\n"),
        ("application/dtmf", "#"),
        ("text/plain", "7"),
    ] {
        rig.say(&request(
            "INFO",
            "900",
            "900",
            2,
            tag.as_deref(),
            &format!("Content-Type: {kind}\r\n"),
            body,
        ));
    }
    assert_eq!(rig.record().keys_heard, "*5#");
}
