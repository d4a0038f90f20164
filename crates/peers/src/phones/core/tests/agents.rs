//! Agents' phones.

use super::*;

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

#[test]
fn an_agents_phone_does_not_show_its_password() {
    let text = format!("{:?}", AgentPhone::new("acme-7", "hidden-word"));
    assert!(text.contains("acme-7") && !text.contains("hidden-word"));
    assert_eq!(uri::contact_expires("<sip:a@b>;expires=5"), Some(5));
    assert_eq!(parameter("<sip:a@b;tag=inside>;tag=out", "tag").as_deref(), Some("out"));
}
