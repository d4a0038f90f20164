//! Agents' phones: they register, and do as they are told.

use super::super::plan::PressHow;
use super::super::settings::{AgentOrder, AgentPhone};
use super::super::sip::digest::Challenge;
use super::super::sip::message::{Composer, Message};
use super::super::sip::uri;
use super::asking::Purpose;
use super::begin::named;
use super::{CallId, Desk, Link, PhonesCore, Work};

/// How often a phone answers challenges before it takes its password for wrong.
const PROOFS_MAX: u32 = 2;
/// After a failure a phone tries again.
const AGAIN_MS: u64 = 10_000;
/// Phones do not all begin in one moment.
const SPREAD_MS: u64 = 5;

/// An agent's phone.
#[derive(Debug)]
pub(super) struct Agent {
    pub(super) phone: AgentPhone,
    /// It says nothing any more.
    pub(super) gone: bool,
    wanted: bool,
    registered: bool,
    call_id: String,
    tag: String,
    cseq: u32,
    /// Proofs given since the last success.
    proofs: u32,
    challenge: Option<(Challenge, u32, bool)>,
    expires_s: u32,
    /// Registrations planned before this one do not count any more.
    serial: u64,
}

impl PhonesCore {
    pub(super) fn set_up_agents(&mut self) {
        let Some(settings) = &self.settings.agents else { return };
        let (phones, expires_s) = (settings.phones.clone(), settings.expires_s);
        let started_at_ms = self.settings.started_at_ms;
        for (at, phone) in phones.into_iter().enumerate() {
            self.agent_names.insert(phone.username.clone(), at);
            let call_id = format!("{:016x}{:016x}", self.chance.0.next_u64(), self.chance.0.next_u64());
            let tag = format!("{:016x}", self.chance.0.next_u64());
            self.agents.push(Agent {
                phone,
                gone: false,
                wanted: true,
                registered: false,
                call_id,
                tag,
                cseq: 0,
                proofs: 0,
                challenge: None,
                expires_s,
                serial: 0,
            });
            let at_ms = started_at_ms.saturating_add(SPREAD_MS * at as u64);
            self.agenda.plan(at_ms, Work::Register(at, 0));
        }
    }

    /// Whether a request is for a phone that says nothing any more.
    pub(super) fn agent_is_gone(&self, request: &Message) -> bool {
        self.agent_names.get(&named(request)).is_some_and(|at| self.agents[*at].gone)
    }

    pub(super) fn switch_off(&mut self, at: usize) {
        let agent = &mut self.agents[at];
        agent.gone = true;
        agent.serial += 1;
        if std::mem::take(&mut agent.registered) {
            self.counters.registered -= 1;
        }
    }

    /// Whether the phone of this name is registered, as far as it knows.
    pub(crate) fn is_registered(&self, username: &str) -> bool {
        self.agent_names.get(username).is_some_and(|at| self.agents[*at].registered)
    }

    /// Does as it is told. Whether there is such a phone, and a call where one is needed.
    pub(crate) fn order(&mut self, now_ms: u64, username: &str, order: &AgentOrder) -> bool {
        let Some(at) = self.agent_names.get(username).copied() else { return false };
        let call = self.call_of(at);
        match order {
            AgentOrder::Register | AgentOrder::Unregister => {
                let agent = &mut self.agents[at];
                agent.gone = false;
                agent.wanted = *order == AgentOrder::Register;
                agent.proofs = 0;
                agent.serial += 1;
                let serial = agent.serial;
                self.agenda.plan(now_ms, Work::Register(at, serial));
                self.advance(now_ms);
                true
            }
            AgentOrder::Press(keys) => {
                let Some(call) = call else { return false };
                self.press(now_ms, call, keys, PressHow::Rtp);
                true
            }
            AgentOrder::HangUp => {
                let Some(call) = call else { return false };
                self.hang_up(now_ms, call);
                true
            }
            AgentOrder::Vanish => {
                if let Some(call) = call {
                    self.vanish(now_ms, call);
                }
                self.switch_off(at);
                true
            }
        }
    }

    fn call_of(&self, at: usize) -> Option<CallId> {
        self.calls.iter().find(|(_, call)| call.agent == Some(at) && call.is_up()).map(|(id, _)| *id)
    }

    /// It is time to register, or to take it back.
    pub(super) fn register_due(&mut self, now_ms: u64, at: usize, serial: u64) {
        if self.agents[at].serial == serial && !self.agents[at].gone {
            self.register(now_ms, at);
        }
    }

    fn register(&mut self, now_ms: u64, at: usize) {
        let Some(settings) = &self.settings.agents else { return };
        let link = Link::Udp(Desk::Agents, settings.registrar);
        let domain = settings.domain.clone().unwrap_or_else(|| settings.registrar.to_string());
        let cnonce = format!("{:016x}", self.chance.0.next_u64());
        let (number, via) = self.via(link);
        let local = self.addresses.agents;
        let agent = &mut self.agents[at];
        agent.cseq += 1;
        let expires_s = if agent.wanted { agent.expires_s } else { 0 };
        let uri = format!("sip:{domain}");
        let username = &agent.phone.username;
        let mut request = Composer::request("REGISTER", &uri)
            .header("Via", &via)
            .header("Max-Forwards", "70")
            .header("From", &format!("<sip:{username}@{domain}>;tag={}", agent.tag))
            .header("To", &format!("<sip:{username}@{domain}>"))
            .header("Call-ID", &agent.call_id)
            .header("CSeq", &format!("{} REGISTER", agent.cseq))
            .header("Contact", &format!("<sip:{username}@{local}>"))
            .header("Expires", &expires_s.to_string());
        if let Some((challenge, count, as_proxy)) = &mut agent.challenge {
            *count += 1;
            let answer = challenge.answer(username, &agent.phone.password, "REGISTER", &uri, *count, &cnonce);
            let name = if *as_proxy { "Proxy-Authorization" } else { "Authorization" };
            request = request.header(name, &answer);
        }
        let octets = request.end();
        self.ask(now_ms, number, link, Purpose::Register(at), octets);
    }

    /// The registrar has answered.
    pub(super) fn registered(&mut self, now_ms: u64, at: usize, status: u16, response: &Message) {
        let agent = &mut self.agents[at];
        if agent.gone {
            return;
        }
        match status {
            200..300 => {
                agent.proofs = 0;
                self.counters.registrations += 1;
                let own = format!("sip:{}@{}", agent.phone.username, self.addresses.agents);
                let granted = response
                    .values("contact")
                    .iter()
                    .find(|contact| uri::inner(contact) == own)
                    .and_then(|contact| uri::contact_expires(contact))
                    .or_else(|| response.header("expires")?.parse().ok())
                    .unwrap_or(u64::from(agent.expires_s));
                let up = agent.wanted && granted > 0;
                match (agent.registered, up) {
                    (false, true) => self.counters.registered += 1,
                    (true, false) => self.counters.registered -= 1,
                    _ => {}
                }
                agent.registered = up;
                agent.serial += 1;
                if up {
                    // A fifth before it runs out.
                    let again_ms = now_ms.saturating_add(granted.saturating_mul(800)).max(now_ms + 1_000);
                    let serial = agent.serial;
                    self.agenda.plan(again_ms, Work::Register(at, serial));
                }
            }
            401 | 407 => {
                let name = if status == 401 { "www-authenticate" } else { "proxy-authenticate" };
                match Challenge::best(response.headers(name)) {
                    Some(challenge) if challenge.stale || agent.proofs < PROOFS_MAX => {
                        // A registrar that calls every nonce stale is not obeyed for ever either.
                        agent.proofs += 1;
                        if agent.proofs > 4 * PROOFS_MAX {
                            return self.registration_failed(now_ms, at);
                        }
                        agent.challenge = Some((challenge, 0, status == 407));
                        self.register(now_ms, at);
                    }
                    _ => self.registration_failed(now_ms, at),
                }
            }
            423 => {
                let least = response.header("min-expires").and_then(|seconds| seconds.parse::<u32>().ok());
                match least.filter(|least| *least > agent.expires_s) {
                    Some(least) => {
                        agent.expires_s = least;
                        self.register(now_ms, at);
                    }
                    None => self.registration_failed(now_ms, at),
                }
            }
            _ => self.registration_failed(now_ms, at),
        }
    }

    pub(super) fn registration_failed(&mut self, now_ms: u64, at: usize) {
        self.counters.registrations_failed += 1;
        let agent = &mut self.agents[at];
        if std::mem::take(&mut agent.registered) {
            self.counters.registered -= 1;
        }
        agent.challenge = None;
        agent.proofs = 0;
        agent.serial += 1;
        if agent.wanted && !agent.gone {
            let serial = agent.serial;
            self.agenda.plan(now_ms.saturating_add(AGAIN_MS), Work::Register(at, serial));
        }
    }
}
