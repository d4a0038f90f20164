//! The phones in virtual time.

use super::super::media::{Command, Event, Report};
use super::super::record::{CallRecord, End, Side};
use super::super::settings::{
    AgentHabits, AgentOrder, AgentPhone, AgentsSettings, Challenge, PhonesSettings, TrunkState,
};
use super::super::sip::digest::{self, Algorithm};
use super::super::sip::message::{Message, Start as FirstLine, parameter};
use super::super::sip::uri;
use super::{Action, CallId, Desk, Link, PhonesCore};
use proptest::prelude::*;
use std::net::SocketAddr;

const TRUNK: &str = "127.0.0.1:5090";
const AGENTS: &str = "127.0.0.1:5091";
const CALLER: &str = "127.0.0.1:5060";
const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
    m=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n";

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// Phones, a clock that is set, and everything they sent.
struct Rig {
    core: PhonesCore,
    now_ms: u64,
    sent: Vec<(u64, Message)>,
    told: Vec<(u64, Action)>,
    link: Link,
}

impl Rig {
    fn new(settings: PhonesSettings) -> Self {
        let open_port =
            Box::new(|call: CallId| Some(SocketAddr::from(([127, 0, 0, 1], 10_000 + call.0 as u16))));
        let core = PhonesCore::new(settings, address(TRUNK), address(AGENTS), open_port);
        let link = Link::Udp(Desk::Trunk, address(CALLER));
        Self { core, now_ms: 0, sent: Vec::new(), told: Vec::new(), link }
    }

    fn collect(&mut self) {
        for action in self.core.actions() {
            match action {
                Action::Send { octets, .. } => {
                    self.sent.push((
                        self.now_ms,
                        Message::parse(&octets)
                            .unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&octets))),
                    ));
                }
                other => self.told.push((self.now_ms, other)),
            }
        }
    }

    /// Lets time pass up to then.
    fn until(&mut self, end_ms: u64) {
        while let Some(due) = self.core.next_due_ms().filter(|due| *due <= end_ms) {
            self.now_ms = self.now_ms.max(due);
            self.core.advance(self.now_ms);
            self.collect();
        }
        self.now_ms = end_ms;
    }

    fn say(&mut self, text: &str) {
        self.core.receive(self.now_ms, self.link, text.as_bytes());
        self.collect();
    }

    fn request(&mut self, method: &str, number: &str, cseq: u32, body: &str) {
        let text = request(method, number, number, cseq, self.tag(number).as_deref(), "", body);
        self.say(&text);
    }

    fn invite(&mut self, number: &str) {
        self.say(&request("INVITE", number, number, 1, None, "", OFFER));
    }

    /// The tag that a call to a number was given with its 200 or any response.
    fn tag(&self, number: &str) -> Option<String> {
        self.sent
            .iter()
            .filter(|(_, message)| message.call_id() == number)
            .find_map(|(_, message)| message.to_tag())
    }

    /// What was sent since the last time somebody asked: times, and statuses or methods.
    fn heard(&mut self) -> Vec<(u64, String)> {
        let name = |message: &Message| match &message.start {
            FirstLine::Request { method, .. } => method.clone(),
            FirstLine::Response { status } => format!("{status} {}", message.cseq().unwrap().1),
        };
        std::mem::take(&mut self.sent).iter().map(|(at_ms, message)| (*at_ms, name(message))).collect()
    }

    fn record(&self) -> &CallRecord {
        self.core.records().last().unwrap()
    }
}

fn request(
    method: &str,
    number: &str,
    call_id: &str,
    cseq: u32,
    to_tag: Option<&str>,
    extra: &str,
    body: &str,
) -> String {
    let tag = to_tag.filter(|_| method != "CANCEL").map(|tag| format!(";tag={tag}")).unwrap_or_default();
    let branch = if matches!(method, "CANCEL" | "ACK") { "INVITE" } else { method };
    format!(
        "{method} sip:{number}@{TRUNK} SIP/2.0\r\nVia: SIP/2.0/UDP {CALLER};branch=z9hG4bK{call_id}{branch}{cseq}\r\n\
         From: <sip:49301@{CALLER}>;tag=f\r\nTo: <sip:{number}@{TRUNK}>{tag}\r\nCall-ID: {call_id}\r\n\
         CSeq: {cseq} {method}\r\nContact: <sip:me@{CALLER}>\r\n{extra}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// `"0 100, 50 180"` for what was heard.
fn told(heard: &[(u64, String)]) -> String {
    let parts: Vec<_> =
        heard.iter().map(|(at_ms, name)| format!("{at_ms} {}", name.trim_end_matches(" INVITE"))).collect();
    parts.join(", ")
}

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
    rig.link = Link::Stream(1, address(CALLER));
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

fn agents(habits: &AgentHabits) -> Rig {
    let mut settings = AgentsSettings::of_client(address(CALLER), "acme", 7..9, "{client}-{uid}", "pw-{uid}");
    for phone in &mut settings.phones {
        phone.habits = habits.clone();
    }
    let mut rig = Rig::new(PhonesSettings { agents: Some(settings), ..PhonesSettings::default() });
    rig.link = Link::Udp(Desk::Agents, address(CALLER));
    rig
}

/// Answers a request of the phones.
fn answer(rig: &mut Rig, request: &Message, status: u16, extra: &str) {
    let get = |name| request.header(name).unwrap();
    let text = format!(
        "SIP/2.0 {status} X\r\nVia: {}\r\nFrom: {}\r\nTo: {};tag=r\r\nCall-ID: {}\r\nCSeq: {}\r\n{extra}\r\n",
        get("via"),
        get("from"),
        get("to"),
        get("call-id"),
        get("cseq")
    );
    rig.say(&text);
}

#[test]
fn agents_register_prove_it_and_come_back() {
    for algorithm in ["MD5", "SHA-256"] {
        let mut rig = agents(&AgentHabits::default());
        rig.until(0);
        let (_, first) = rig.sent.pop().unwrap();
        assert_eq!((first.method(), first.header("authorization")), (Some("REGISTER"), None));
        assert_eq!(first.header("to"), Some("<sip:acme-7@127.0.0.1:5060>"));
        let challenge = format!(
            "WWW-Authenticate: Digest realm=\"m\", nonce=\"n\", algorithm={algorithm}, qop=\"auth\"\r\n"
        );
        answer(&mut rig, &first, 401, &challenge);
        let (_, second) = rig.sent.pop().unwrap();
        let given = digest::parameters(second.header("authorization").unwrap()).unwrap();
        let known = digest::Challenge::parse(challenge.split_once(": ").unwrap().1.trim()).unwrap();
        let expected = known.answer("acme-7", "pw-7", "REGISTER", "sip:127.0.0.1:5060", 1, &given["cnonce"]);
        assert_eq!(digest::parameters(&expected).unwrap()["response"], given["response"]);
        assert_eq!(second.cseq(), Some((2, "REGISTER")));
        let contact = second.header("contact").unwrap().to_owned();
        assert_eq!(contact, format!("<sip:acme-7@{AGENTS}>"));
        answer(&mut rig, &second, 200, &format!("Contact: {contact};expires=100\r\n"));
        assert!(rig.core.is_registered("acme-7") && !rig.core.is_registered("acme-8"));
        rig.until(79_000);
        rig.sent.clear();
        rig.until(80_000);
        let again = rig.sent.iter().filter(|(_, message)| message.header("to") == first.header("to")).count();
        assert_eq!(again, 1, "a fifth before it runs out");
    }
}

#[test]
fn a_wrong_password_is_not_tried_for_ever() {
    let mut rig = agents(&AgentHabits::default());
    rig.until(0);
    let challenge = "WWW-Authenticate: Digest realm=\"m\", nonce=\"n\", qop=\"auth\"\r\n";
    let mut requests = 0;
    while let Some((_, request)) = rig.sent.pop() {
        requests += 1;
        assert!(requests < 10);
        answer(&mut rig, &request, 401, challenge);
    }
    assert_eq!((requests, rig.core.counters().registrations_failed), (3, 1));
    rig.until(10_000);
    assert!(rig.heard().iter().any(|(at, _)| *at == 10_000), "later it is tried again");
}

#[test]
fn a_registration_can_be_taken_back() {
    let mut rig = agents(&AgentHabits::default());
    rig.until(0);
    let (_, request) = rig.sent.pop().unwrap();
    answer(&mut rig, &request, 200, "Expires: 60\r\n");
    assert_eq!(rig.core.counters().registered, 1);
    assert!(rig.core.order(5, "acme-7", &AgentOrder::Unregister));
    rig.collect();
    let (_, request) = rig.sent.pop().unwrap();
    assert_eq!(request.header("expires"), Some("0"));
    answer(&mut rig, &request, 200, "");
    assert_eq!((rig.core.is_registered("acme-7"), rig.core.counters().registered), (false, 0));
    assert!(!rig.core.order(5, "nobody", &AgentOrder::Register));
}

#[test]
fn agents_take_one_call_at_a_time() {
    let mut rig = agents(&AgentHabits::default());
    rig.say(&request("INVITE", "acme-7", "a", 1, None, "", OFFER));
    assert_eq!(rig.record().side, Side::Agent);
    let statuses = |rig: &mut Rig| -> Vec<String> {
        rig.heard().into_iter().map(|(_, name)| name).filter(|name| name != "REGISTER").collect()
    };
    assert_eq!(statuses(&mut rig), ["100 INVITE", "200 INVITE"]);
    rig.say(&request("INVITE", "acme-7", "b", 1, None, "", OFFER));
    assert_eq!(statuses(&mut rig), ["100 INVITE", "486 INVITE"]);
    rig.say(&request("INVITE", "acme-9", "c", 1, None, "", OFFER));
    rig.until(50);
    assert_eq!(statuses(&mut rig), ["100 INVITE", "404 INVITE"]);
}

#[test]
fn agents_refuse_answer_late_and_vanish() {
    for (habits, expected) in [
        (AgentHabits { reject: Some(480), ..AgentHabits::default() }, "0 100, 0 480"),
        (AgentHabits { answer_after_ms: 300, ..AgentHabits::default() }, "0 100, 0 180, 300 200"),
    ] {
        let mut rig = agents(&habits);
        rig.say(&request("INVITE", "acme-7", "a", 1, None, "", OFFER));
        rig.until(300);
        let heard: Vec<_> = rig.heard().into_iter().filter(|(_, name)| name != "REGISTER").collect();
        assert_eq!(told(&heard), expected);
    }
    let mut rig = agents(&AgentHabits { vanish_after_ms: Some(1_000), ..AgentHabits::default() });
    rig.say(&request("INVITE", "acme-7", "a", 1, None, "", OFFER));
    rig.until(2_000);
    rig.sent.clear();
    rig.say(&request("INVITE", "acme-7", "b", 1, None, "", OFFER));
    rig.until(100_000);
    let own = rig.sent.iter().filter(|(_, message)| message.header("to").unwrap().contains("acme-7")).count();
    assert_eq!((own, rig.core.records().len()), (0, 1), "it neither answers nor registers");
}

#[test]
fn an_agent_ends_a_conversation_with_the_star_key() {
    let habits = AgentHabits { star_share: 1.0, talk_mean_s: 5.0, talk_cv: 0.0, ..AgentHabits::default() };
    let mut rig = agents(&habits);
    rig.say(&request("INVITE", "acme-7", "a", 1, None, "", OFFER));
    rig.core.heard(1_000, CallId(0), Event::Sound);
    rig.core.heard(2_000, CallId(0), Event::Quiet);
    rig.until(7_000);
    assert_eq!(rig.record().keys_pressed, "", "the conversation was over before");
    rig.core.heard(8_000, CallId(0), Event::Sound);
    rig.until(13_000);
    assert_eq!(rig.record().keys_pressed, "*");
}

proptest! {
    /// Whatever comes, whenever: nothing panics, and the counts of what is open come back to zero.
    #[test]
    fn nothing_that_is_sent_breaks_them(
        steps in prop::collection::vec((0..7usize, 0..1_000u32, 1..4u32, any::<bool>(), 0..3_000u64), 1..40)
    ) {
        let mut rig = Rig::new(PhonesSettings::default());
        for (method, number, cseq, tagged, wait_ms) in steps {
            let method = ["INVITE", "ACK", "CANCEL", "BYE", "UPDATE", "INFO", "PRACK"][method];
            let number = format!("{number:03}");
            let tag = rig.tag(&number).filter(|_| tagged);
            let body = if cseq == 3 { "" } else { OFFER };
            let text = request(method, &number, &number, cseq, tag.as_deref(), "", body);
            rig.say(&text);
            rig.until(rig.now_ms + wait_ms);
        }
        rig.until(rig.now_ms + 10 * 3_600_000);
        let counters = rig.core.counters();
        prop_assert_eq!((counters.open, counters.up, rig.core.open_callees), (0, 0, 0));
        prop_assert_eq!((rig.core.calls.len(), rig.core.asks.len()), (0, 0));
        prop_assert!(rig.core.records().iter().all(|record| record.end.is_some() && record.ended_ms.is_some()));
    }

    /// A mutilated request is refused or ignored, and never a panic.
    #[test]
    fn no_mutilated_request_breaks_them(at in 0..600usize, octet in any::<u8>(), cut in 0..700usize) {
        let mut rig = Rig::new(PhonesSettings::default());
        let mut octets = request("INVITE", "900", "900", 1, None, "", OFFER).into_bytes();
        let at = at % octets.len();
        octets[at] = octet;
        octets.truncate(cut.max(1));
        rig.core.receive(0, rig.link, &octets);
        rig.collect();
        rig.until(100_000);
    }
}

#[test]
fn an_agents_phone_does_not_show_its_password() {
    let text = format!("{:?}", AgentPhone::new("acme-7", "hidden-word"));
    assert!(text.contains("acme-7") && !text.contains("hidden-word"));
    assert_eq!(uri::contact_expires("<sip:a@b>;expires=5"), Some(5));
    assert_eq!(parameter("<sip:a@b;tag=inside>;tag=out", "tag").as_deref(), Some("out"));
}
