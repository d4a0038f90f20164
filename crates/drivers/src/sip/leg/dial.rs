//! From the INVITE to its final answer.

use super::dialog::Dialog;
use super::invite::{self, Invite};
use super::talk::{self, Talk};
use super::watch::{Heard, Watch};
use super::{Input, cancel};
use crate::media::{MediaEvent, Remote};
use crate::sip::hub::{DialogName, Failure, Hub, Teller};
use crate::sip::meters;
use crate::sip::registrar::Binding;
use crate::sip::sdp::{self, Far};
use crate::sip::settings::CodecName;
use crate::sip::stack::Way;
use crate::sip::trunk::{Line, Verdict};
use crate::sip::wire;
use muster_app::ports::{CallPhase, LegEvent, Party};
use rsipstack::sip::{Header, Request, Response, StatusCodeKind, Transport};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

/// Busy that comes sooner is too fast to be a telephone's.
const FAST_BUSY: Duration = Duration::from_millis(400);
/// The longest interval for refreshing that a far side may ask of us, in seconds.
const LONGEST_MIN_SE: u32 = 7200;

/// Whom a call goes to.
pub(crate) enum Target {
    /// A number, over trunks.
    Number {
        /// E.164 digits.
        to: String,
        /// The number shown.
        caller_id: Option<String>,
        /// Trunks that may carry it; empty means any.
        trunks: Vec<String>,
    },
    /// An agent's phone.
    Phone {
        /// Where it is.
        binding: Box<Binding>,
        /// Its name.
        username: String,
    },
}

/// A call to be placed.
pub(crate) struct Plan {
    pub(crate) target: Target,
    /// The part of Call-ID before `@`.
    pub(crate) call_id: String,
    pub(crate) ring_limit: Duration,
    pub(crate) setup_limit: Duration,
    /// Whether to listen who answers.
    pub(crate) listen: bool,
}

/// What became of one INVITE.
enum Outcome {
    Answered(Box<Talk>),
    /// Nothing was heard in time, or nothing could be sent: another trunk may do better.
    Silent(String),
    Over,
}

/// Why we take the call back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    /// It rang long enough.
    Rang,
    /// It did not ring in time.
    Slow,
    /// The application wants it.
    Told,
}

struct Dial {
    hub: Arc<Hub>,
    teller: Teller,
    plan: Plan,
    line: Option<Line>,
    inputs: UnboundedReceiver<Input>,
    sender: UnboundedSender<Input>,
    begun: Instant,
}

/// Places a call and stays with it to its end.
pub(crate) async fn dial(
    hub: Arc<Hub>,
    teller: Teller,
    plan: Plan,
    line: Option<Line>,
    (sender, inputs): (UnboundedSender<Input>, UnboundedReceiver<Input>),
    media: UnboundedReceiver<MediaEvent>,
) {
    let mut dial = Dial { hub, teller, plan, line, inputs, sender, begun: Instant::now() };
    if let Some(talk) = dial.place().await {
        let Dial { hub, teller, line, inputs, sender, .. } = dial;
        talk::talk(hub, teller, *talk, line, (sender, inputs), media).await;
    }
}

impl Dial {
    /// Tries trunk after trunk while they are silent. The call that was answered, if one was; otherwise its end has
    /// been told.
    async fn place(&mut self) -> Option<Box<Talk>> {
        let mut tried = Vec::new();
        for round in 0.. {
            let outcome = self.round(round).await;
            let text = match outcome {
                Outcome::Answered(talk) => return Some(talk),
                Outcome::Over => return None,
                Outcome::Silent(text) => text,
            };
            self.judge(Verdict::Failed);
            let now = Instant::now();
            if now < self.begun + self.plan.setup_limit
                && let Some(line) = &self.line
                && let Target::Number { to, trunks, .. } = &self.plan.target
            {
                tried.push(line.trunk().settings.name.clone());
                if let Ok(next) = self.hub.trunks.take(to, trunks, &tried, now) {
                    tracing::warn!(
                        silent = line.trunk().settings.name,
                        next = next.trunk().settings.name,
                        "the next trunk is tried"
                    );
                    self.ended_class("silent");
                    self.line = Some(next);
                    self.teller.again();
                    continue;
                }
            }
            self.ended_class("silent");
            self.teller.failed(now, Failure { by_us: true, text, ..Failure::default() });
            return None;
        }
        None
    }

    fn judge(&mut self, verdict: Verdict) {
        if let Some(line) = &mut self.line {
            line.judge(verdict, Instant::now());
        }
    }

    fn ended_class(&self, class: &'static str) {
        meters::ended(self.line.as_ref().map(|line| line.trunk().settings.name.as_str()), class);
    }

    /// The way of the INVITE.
    fn way(&self) -> Result<Way, String> {
        match (&self.plan.target, &self.line) {
            (Target::Phone { binding, .. }, _) => Ok(binding.way.clone()),
            (_, Some(line)) => {
                line.trunk().way().filter(Way::is_open).ok_or_else(|| "the trunk is not connected".to_owned())
            }
            _ => Err("a number is called without a trunk".to_owned()),
        }
    }

    /// Writes the INVITE, over TCP where it is too long for a datagram.
    async fn invite(&self, round: u32) -> Result<Invite, String> {
        let way = self.way()?;
        let write = |way: &Way| {
            let (leg, port) = (self.teller.leg().0, self.teller.media().port());
            invite::write(&self.hub, &self.plan, self.line.as_ref(), way, leg, port, round)
        };
        let mut written = write(&way)?;
        if way.transport() != Transport::Udp || invite::length(&written.request) <= invite::LONGEST_DATAGRAM {
            return Ok(written);
        }
        if let Some(line) = &self.line
            && line.trunk().settings.tcp_for_long
            && let Some((host, port)) = line.trunk().settings.proxy_parts()
        {
            let beyond = line.trunk().settings.allow_beyond_loopback;
            match self.hub.stack.reach((host, port), Transport::Tcp, None, beyond).await {
                Ok(way) => return write(&way),
                Err(error) => {
                    tracing::warn!(
                        trunk = line.trunk().settings.name,
                        error,
                        "no connection over TCP for a long INVITE"
                    );
                }
            }
        }
        if !invite::trim(&mut written.request) {
            tracing::warn!("an INVITE is too long for a datagram and cannot be made shorter");
        }
        Ok(written)
    }

    /// One INVITE over one trunk, and what it leads to.
    async fn round(&mut self, round: u32) -> Outcome {
        let Invite { request, local, ours, way, credentials } = match self.invite(round).await {
            Ok(invite) => invite,
            Err(text) => return Outcome::Silent(text),
        };
        let hub = Arc::clone(&self.hub);
        let name = DialogName { call_id: local.call_id.clone(), tag: local.tag.clone() };
        let known = hub.know(name, self.sender.clone());
        let mut ringing = Ringing {
            request,
            authorized: 0,
            heard: false,
            ring_until: None,
            first_until: Instant::now() + self.hub.settings.timers.first_response(),
            taken_back: None,
        };
        let stack = Arc::clone(&self.hub.stack);
        let watch = |transaction| {
            Watch::new(Arc::clone(&stack), transaction, local.clone(), way.clone(), credentials.clone())
        };
        let mut watching = match stack.send(ringing.request.clone(), &way).await {
            Ok(transaction) => watch(transaction),
            Err(error) => return Outcome::Silent(error.to_string()),
        };
        loop {
            let until = ringing.until(self.begun + self.plan.setup_limit);
            let what = tokio::select! {
                heard = watching.next() => Next::Heard(heard),
                input = self.inputs.recv() => Next::Input(input),
                () = tokio::time::sleep_until(until.into()) => Next::Late,
            };
            match what {
                Next::Heard(Heard::Nothing) => {
                    if !ringing.heard && ringing.taken_back.is_none() {
                        return Outcome::Silent("the trunk could not be reached".to_owned());
                    }
                    return self.over(
                        &ringing,
                        Instant::now(),
                        Failure {
                            by_us: ringing.taken_back.is_some(),
                            text: "the trunk was lost".to_owned(),
                            ..Failure::default()
                        },
                        Verdict::Failed,
                    );
                }
                Next::Heard(Heard::Response(response, at)) => {
                    match response.status_code.kind() {
                        StatusCodeKind::Provisional => {
                            self.provisional(&mut ringing, &response, at);
                            continue;
                        }
                        StatusCodeKind::Successful => {
                            let dialog = Dialog::new(&local, &ringing.request, &response, &way);
                            let talk = Talk::new(
                                dialog,
                                ours,
                                credentials,
                                &response,
                                self.hub.settings.timers.min_session_expires_s,
                            );
                            let outcome = self.answered(&ringing, talk, &response, at);
                            if matches!(outcome, Outcome::Answered(_)) {
                                known.keep();
                            }
                            return outcome;
                        }
                        _ => {}
                    }
                    if ringing.taken_back.is_none()
                        && let Some(again) = again(
                            &mut ringing,
                            &response,
                            |request, answered| {
                                stack.authorize(request, &response, credentials.as_ref()?, answered, &way)
                            },
                            &stack.via(&way),
                        )
                    {
                        ringing.request = again;
                        ringing.heard = false;
                        ringing.first_until = Instant::now() + self.hub.settings.timers.first_response();
                        watching = match stack.send(ringing.request.clone(), &way).await {
                            Ok(transaction) => watch(transaction),
                            Err(error) => return Outcome::Silent(error.to_string()),
                        };
                        continue;
                    }
                    return self.refused(&ringing, &response, at);
                }
                Next::Input(Some(Input::HangUp) | None) => {
                    if ringing.taken_back.is_some() {
                        continue;
                    }
                    if ringing.heard {
                        self.take_back(&mut ringing, Why::Told, &way);
                    } else if watching.give_up() {
                        // Before anything was heard CANCEL may not be sent (RFC 3261 §9.1). The watch does it later.
                        return self.over(
                            &ringing,
                            Instant::now(),
                            Failure {
                                by_us: true,
                                text: "hung up before anything was heard".to_owned(),
                                ..Failure::default()
                            },
                            Verdict::Nothing,
                        );
                    } else {
                        // An answer is there already.
                        ringing.taken_back = Some((Why::Told, Instant::now() + stack.timers.transaction()));
                    }
                }
                Next::Input(Some(Input::Request(transaction))) => {
                    super::requests::before_the_answer(transaction);
                }
                Next::Input(Some(Input::Acknowledged(_) | Input::Refreshed(_))) => {}
                Next::Late => {
                    if let Some((why, _)) = ringing.taken_back {
                        if watching.give_up() {
                            let verdict = if why == Why::Slow { Verdict::Failed } else { Verdict::Nothing };
                            return self.over(
                                &ringing,
                                Instant::now(),
                                Failure {
                                    by_us: true,
                                    text: "CANCEL was not answered".to_owned(),
                                    ..Failure::default()
                                },
                                verdict,
                            );
                        }
                        ringing.taken_back = Some((why, Instant::now() + stack.timers.transaction()));
                    } else if ringing.heard {
                        let why = if ringing.ring_until.is_some() { Why::Rang } else { Why::Slow };
                        self.take_back(&mut ringing, why, &way);
                    } else if watching.give_up() {
                        return Outcome::Silent("nothing was heard".to_owned());
                    } else {
                        // An answer came in this very moment; it is next.
                        ringing.heard = true;
                    }
                }
            }
        }
    }

    fn provisional(&mut self, ringing: &mut Ringing, response: &Response, at: Instant) {
        ringing.heard = true;
        let status = response.status_code.code();
        if matches!(status, 180 | 183) {
            if ringing.ring_until.is_none() {
                ringing.ring_until = Some(at + self.plan.ring_limit);
                if ringing.taken_back.is_none() {
                    self.teller.tell(at, LegEvent::Alerting);
                }
            }
        } else if self.teller.phase() == CallPhase::Silent && ringing.taken_back.is_none() {
            self.teller.tell(at, LegEvent::Proceeding);
        }
    }

    fn take_back(&self, ringing: &mut Ringing, why: Why, way: &Way) {
        cancel::send(Arc::clone(&self.hub.stack), &ringing.request, way);
        ringing.taken_back = Some((why, Instant::now() + self.hub.stack.timers.transaction()));
    }

    fn over(&mut self, ringing: &Ringing, at: Instant, failure: Failure, verdict: Verdict) -> Outcome {
        let class = match (failure.by_us, failure.status) {
            (true, _) => "cancelled",
            (false, Some(300..=399)) => "3xx",
            (false, Some(400..=499)) => "4xx",
            (false, Some(500..=599)) => "5xx",
            (false, Some(_)) => "6xx",
            (false, None) => "silent",
        };
        // It rang too slowly, whatever the end then was.
        let slow = matches!(ringing.taken_back, Some((Why::Slow, _)));
        self.judge(if slow { Verdict::Failed } else { verdict });
        self.ended_class(class);
        self.teller.failed(at, failure);
        Outcome::Over
    }

    /// A final answer that is none of success.
    fn refused(&mut self, ringing: &Ringing, response: &Response, at: Instant) -> Outcome {
        let status = response.status_code.code();
        let retry_after = wire::retry_after(&response.headers);
        let q850 = wire::q850(&response.headers);
        let text = wire::phrase(response);
        let rang = ringing.ring_until.is_some();
        let verdict = if ringing.taken_back.is_some() {
            Verdict::Works
        } else {
            verdict(
                status,
                q850,
                retry_after.is_some(),
                &text,
                rang,
                at.saturating_duration_since(self.begun),
            )
        };
        let by_us = ringing.taken_back.is_some() && matches!(status, 401 | 407 | 487);
        self.over(ringing, at, Failure { status: Some(status), q850, retry_after, by_us, text }, verdict)
    }

    /// A 2xx. The stack has acknowledged it.
    fn answered(&mut self, ringing: &Ringing, mut talk: Talk, response: &Response, at: Instant) -> Outcome {
        self.judge(if matches!(ringing.taken_back, Some((Why::Slow, _))) {
            Verdict::Failed
        } else {
            Verdict::Works
        });
        if ringing.taken_back.is_some() {
            self.teller.tell(at, LegEvent::Answered { late: true });
            self.ended_class("late");
            self.leave(talk);
            self.teller.ended(Instant::now(), Party::Us, None);
            return Outcome::Over;
        }
        match sdp::read(&response.body, &talk.ours.codecs).map_err(|error| error.to_string()).and_then(
            |far| {
                if far.hears() { Ok(far) } else { Err("the far side wants no sound".to_owned()) }
            },
        ) {
            Ok(far) => {
                self.teller.media().set_remote(remote(&far));
                if self.plan.listen {
                    self.teller.media().listen();
                }
                talk.far = Some(far);
                self.teller.tell(at, LegEvent::Answered { late: false });
                self.ended_class("answered");
                Outcome::Answered(Box::new(talk))
            }
            Err(text) => {
                tracing::warn!(text, "a call was answered without sound that we can use; it is ended");
                self.leave(talk);
                // 488 and cause 88 stand for "incompatible" (RFC 3398 §8.2.6.1), which is what we found.
                let failure =
                    Failure { status: Some(488), q850: Some(88), by_us: true, text, ..Failure::default() };
                self.ended_class("cancelled");
                self.teller.failed(at, failure);
                Outcome::Over
            }
        }
    }

    /// Ends an answered call that nobody wants, behind the leg's back.
    fn leave(&mut self, talk: Talk) {
        let (sender, inputs) = tokio::sync::mpsc::unbounded_channel();
        talk::leave(Arc::clone(&self.hub), talk, self.line.take(), sender, inputs);
    }
}

/// What is known of the INVITE that is on its way.
struct Ringing {
    request: Request,
    /// How often a challenge was answered.
    authorized: u32,
    /// Whether anything came.
    heard: bool,
    /// Until when it may ring, once it rings.
    ring_until: Option<Instant>,
    /// Until when something must have come.
    first_until: Instant,
    /// Why CANCEL was sent, and until when an end must have come.
    taken_back: Option<(Why, Instant)>,
}

impl Ringing {
    fn until(&self, set_up: Instant) -> Instant {
        match (self.taken_back, self.ring_until) {
            (Some((_, until)), _) | (None, Some(until)) => until,
            (None, None) if self.heard => set_up,
            (None, None) => set_up.min(self.first_until),
        }
    }
}

enum Next {
    Heard(Heard),
    Input(Option<Input>),
    Late,
}

/// The INVITE once more, where the answer can be satisfied: with credentials (401, 407), or with a longer interval for
/// refreshing (422).
fn again(
    ringing: &mut Ringing,
    response: &Response,
    authorize: impl FnOnce(&Request, u32) -> Option<Request>,
    via: &str,
) -> Option<Request> {
    if response.status_code.code() != 422 {
        let again = authorize(&ringing.request, ringing.authorized)?;
        ringing.authorized += 1;
        return Some(again);
    }
    let least = wire::min_session_expires(&response.headers).filter(|least| *least <= LONGEST_MIN_SE)?;
    let (asked, _) = wire::session_expires(&ringing.request.headers)?;
    if asked >= least {
        return None;
    }
    let mut again = ringing.request.clone();
    let sequence = super::dialog::sequence(&again)?;
    again.headers.unique_push(Header::SessionExpires(least.to_string().into()));
    again.headers.unique_push(Header::MinSE(least.to_string().into()));
    again.headers.unique_push(Header::CSeq(format!("{} INVITE", sequence + 1).into()));
    again.headers.retain(|header| !matches!(header, Header::Via(_)));
    again.headers.push_front(Header::Via(via.into()));
    Some(again)
}

/// What a final answer says about the trunk (as opposed to the number called).
fn verdict(
    status: u16,
    q850: Option<u8>,
    retry_after: bool,
    text: &str,
    rang: bool,
    after: Duration,
) -> Verdict {
    let text = text.to_ascii_lowercase();
    let too_much = || {
        retry_after
            || ["rate", "cps", "too many", "limit", "congest", "overload"]
                .iter()
                .any(|word| text.contains(word))
    };
    match status {
        503 | 429 => Verdict::Congested,
        403 if too_much() => Verdict::Congested,
        _ if matches!(q850, Some(34 | 42)) => Verdict::Congested,
        401 | 407 => Verdict::Unauthorized,
        403 if q850.is_none() => Verdict::Refused,
        500 | 501 | 504 | 580 => Verdict::Failed,
        408 if !rang => Verdict::Failed,
        _ if matches!(q850, Some(38 | 41)) => Verdict::Failed,
        486 | 600 => Verdict::Busy { fast: !rang && after < FAST_BUSY },
        _ => Verdict::Works,
    }
}

/// What the media engine is told of the far side.
pub(super) fn remote(far: &Far) -> Remote {
    Remote {
        rtp: far.rtp,
        codec: match far.codec {
            CodecName::Pcmu => crate::media::Codec::Pcmu,
            CodecName::Pcma => crate::media::Codec::Pcma,
        },
        payload_type: far.payload_type,
        dtmf_payload_type: far.events,
        send: far.hears(),
        // Whoever holds us may send music or nothing; neither is missed.
        receive: far.hears() && far.direction.sends(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_say_what_they_say_about_the_trunk() {
        let soon = Duration::from_millis(20);
        for (status, q850, retry_after, text, rang, after, expected) in [
            (486, None, false, "Busy Here", true, soon, Verdict::Busy { fast: false }),
            (486, Some(17), false, "Busy Here", false, soon, Verdict::Busy { fast: true }),
            (600, None, false, "Busy", false, FAST_BUSY, Verdict::Busy { fast: false }),
            (503, None, true, "Service Unavailable", false, soon, Verdict::Congested),
            (503, None, false, "Service Unavailable", false, soon, Verdict::Congested),
            (403, None, false, "CPS limit exceeded", false, soon, Verdict::Congested),
            (403, None, true, "Forbidden", false, soon, Verdict::Congested),
            (429, None, false, "x", false, soon, Verdict::Congested),
            (403, Some(21), false, "Forbidden", false, soon, Verdict::Works),
            (403, None, false, "Forbidden", false, soon, Verdict::Refused),
            (401, None, false, "Unauthorized", false, soon, Verdict::Unauthorized),
            (407, None, false, "Proxy", false, soon, Verdict::Unauthorized),
            (500, None, false, "x", false, soon, Verdict::Failed),
            (500, Some(34), false, "x", false, soon, Verdict::Congested),
            (480, Some(41), false, "x", false, soon, Verdict::Failed),
            (408, None, false, "x", false, soon, Verdict::Failed),
            (408, None, false, "x", true, soon, Verdict::Works),
            (404, None, false, "x", false, soon, Verdict::Works),
            (603, Some(21), false, "Decline", true, soon, Verdict::Works),
        ] {
            assert_eq!(
                verdict(status, q850, retry_after, text, rang, after),
                expected,
                "{status} {q850:?} {text}"
            );
        }
    }
}
