//! One bound session without its socket: what is outstanding, what waits to be written, what was heard.

mod answers;
mod messages;

pub(crate) use answers::Answers;

use super::inbound::Habits;
use super::job::Job;
use super::meters::Meters;
use super::pdu::{Header, id, read, write};
use super::route::{CLOSING, Next, Route};
use super::settings::RouteSettings;
use messages::{Pair, TOKEN_DATA_SM};
use muster_app::ports::{InboundMessage, SubmitOutcome};
use parking_lot::Mutex;
use rusmpp_core::CommandStatus;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Pauses after throttling: the first, doubling up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// Octets that may wait to be written. A peer that lets more gather asks without reading the answers.
const LONGEST_BACKLOG: usize = 4 << 20;
/// `sequence_number` counts from 1 to this (SMPP 3.4 §5.1.4).
const LAST_SEQUENCE: u32 = 0x7FFF_FFFF;

/// A request that the centre has not answered.
#[derive(Debug)]
enum Outstanding {
    Submit { job: Job, sent: Instant },
    Cancel { sent: Instant },
}

impl Outstanding {
    fn sent(&self) -> Instant {
        match self {
            Self::Submit { sent, .. } | Self::Cancel { sent } => *sent,
        }
    }
}

#[derive(Debug)]
struct State {
    /// The next `sequence_number`.
    sequence: u32,
    /// Whole PDUs to be written.
    out: Vec<u8>,
    outstanding: FxHashMap<u32, Outstanding>,
    /// Packets of which segments are accepted and more are to be sent over this session.
    begun: VecDeque<Job>,
    paused: Option<Instant>,
    next_pause: Duration,
    /// When throttling last made it pause: refusals of what was sent before are the same event.
    throttled: Option<Instant>,
    /// Messages handed out and not acknowledged.
    unacknowledged: u32,
    /// Messages that said two things and of which one is acknowledged, by token.
    pairs: FxHashMap<u64, Pair>,
    /// Messages so far that said two things.
    pairs_so_far: u32,
    heard: Instant,
    enquired: Option<(u32, Instant)>,
    draining: bool,
    closed: bool,
}

/// One bound session.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) route: Arc<Route>,
    bind: usize,
    habits: Habits,
    /// There may be something to write.
    pub(crate) wake: Notify,
    /// Nothing is outstanding.
    pub(crate) idle: Notify,
    /// The centre agreed to part.
    pub(crate) unbound: Notify,
    /// A message was acknowledged.
    pub(crate) acknowledged: Notify,
    state: Mutex<State>,
}

/// What reading one PDU leads to.
#[derive(Debug)]
pub(crate) enum Heard {
    /// Nothing more.
    Nothing,
    /// Something to hand out under a token, and to be acknowledged.
    Message { first: InboundMessage, second: Option<InboundMessage>, token: u64 },
    /// The session is over.
    End(String),
}

impl Link {
    pub(crate) fn new(route: Arc<Route>, bind: usize, sequence: u32) -> Self {
        let RouteSettings { por_path, message_id_form, .. } = route.settings;
        Self {
            bind,
            habits: Habits { por_path, message_id_form },
            wake: Notify::new(),
            idle: Notify::new(),
            unbound: Notify::new(),
            acknowledged: Notify::new(),
            state: Mutex::new(State {
                sequence,
                out: Vec::new(),
                outstanding: FxHashMap::default(),
                begun: VecDeque::new(),
                paused: None,
                next_pause: FIRST_PAUSE,
                throttled: None,
                unacknowledged: 0,
                pairs: FxHashMap::default(),
                pairs_so_far: 0,
                heard: Instant::now(),
                enquired: None,
                draining: false,
                closed: false,
            }),
            route,
        }
    }

    /// Moves everything that may be written now into `buffer`, which is empty: answers first, then as many
    /// segments as window and pace allow. `taken` is scratch space.
    pub(crate) fn fill(&self, buffer: &mut Vec<u8>, taken: &mut Vec<Job>) -> Next {
        let now = Instant::now();
        let mut state = self.state.lock();
        std::mem::swap(&mut state.out, buffer);
        if state.draining {
            return Next::Wake;
        }
        if let Some(until) = state.paused {
            if until > now {
                return Next::At(until);
            }
            state.paused = None;
        }
        let free = usize::from(self.route.settings.window).saturating_sub(state.outstanding.len());
        if free == 0 {
            return Next::Wake;
        }
        let mut next = Next::Wake;
        let wanted = free.min(state.begun.len());
        if wanted > 0 {
            match self.route.take_tokens(wanted, now) {
                Ok((tokens, then)) => {
                    next = then;
                    taken.extend(state.begun.drain(..tokens));
                }
                Err(reason) => {
                    for job in state.begun.drain(..) {
                        job.not_sent(&reason, &self.route.meters);
                    }
                }
            }
        }
        let room = free - taken.len();
        if next == Next::Wake && room > 0 {
            next = self.route.take(self.bind, room, now, taken);
        }
        let mut unfit = 0;
        for job in taken.drain(..) {
            let validity_s = job.validity_s(now);
            if validity_s == 0 {
                unfit += 1;
                job.not_sent("its validity passed while it waited", &self.route.meters);
                continue;
            }
            let sequence = state.next_sequence();
            match self.route.writer.submit(sequence, &job.packet, job.segment(), validity_s, buffer) {
                Ok(()) => {
                    state.outstanding.insert(sequence, Outstanding::Submit { job, sent: now });
                }
                Err(error) => {
                    unfit += 1;
                    job.not_sent(&error.to_string(), &self.route.meters);
                }
            }
        }
        if unfit > 0 {
            self.route.answered(unfit, None);
        }
        next
    }

    /// What is left to be written when the session ends.
    pub(crate) fn last_words(&self) -> Vec<u8> {
        std::mem::take(&mut self.state.lock().out)
    }

    /// Octets arrived. Fails for a peer that keeps asking and does not read the answers.
    pub(crate) fn heard(&self) -> Result<(), String> {
        let mut state = self.state.lock();
        state.heard = Instant::now();
        if state.out.len() > LONGEST_BACKLOG {
            return Err("the centre does not read the answers to what it asks".to_owned());
        }
        Ok(())
    }

    /// One PDU arrived.
    pub(crate) fn hear(&self, header: Header, body: &[u8], answers: &mut Answers) -> Heard {
        match header.id {
            id::SUBMIT_SM_RESP | id::GENERIC_NACK | id::CANCEL_SM_RESP => self.answer(header, body, answers),
            id::DELIVER_SM => self.message(header, read::deliver_sm(body), 0),
            id::DATA_SM => self.message(header, read::data_sm(body), TOKEN_DATA_SM),
            id::ALERT_NOTIFICATION => Self::alert(body),
            id::ENQUIRE_LINK => self.say(|out| write::enquire_link_resp(header.sequence, out)),
            id::ENQUIRE_LINK_RESP => {
                let mut state = self.state.lock();
                if state.enquired.is_some_and(|(sequence, _)| sequence == header.sequence) {
                    state.enquired = None;
                }
                Heard::Nothing
            }
            id::UNBIND => {
                self.say(|out| write::unbind_resp(header.sequence, out));
                Heard::End("the centre unbound".to_owned())
            }
            id::UNBIND_RESP => {
                self.unbound.notify_one();
                Heard::Nothing
            }
            // A response that nobody waits for needs no answer; an outbind to one who is bound says nothing.
            unexpected if id::is_response(unexpected) || unexpected == id::OUTBIND => {
                tracing::debug!(route = %self.route.name, id = unexpected, "unexpected PDU ignored");
                Heard::Nothing
            }
            unexpected => {
                tracing::debug!(route = %self.route.name, id = unexpected, "PDU of unknown kind refused");
                self.say(|out| write::generic_nack(header.sequence, CommandStatus::EsmeRinvcmdid, out))
            }
        }
    }

    /// Where the next PDU begins is lost: says so, best effort.
    pub(crate) fn refuse_length(&self, sequence: u32) {
        self.say(|out| write::generic_nack(sequence, CommandStatus::EsmeRinvcmdlen, out));
    }

    /// Looks at the clock: gives up on late answers, tests a silent link. Gives the time of the next look, or
    /// why the session is over.
    pub(crate) fn tick(&self) -> Result<Instant, String> {
        let settings = &self.route.settings;
        let patience = Duration::from_secs(settings.response_timeout_s.into());
        let silence = Duration::from_secs(settings.enquire_link_s.into());
        let now = Instant::now();
        let mut state = self.state.lock();
        // Whatever is sent from now on is late at the earliest then.
        let mut next = now + patience;
        let mut late = Vec::new();
        for (sequence, outstanding) in &state.outstanding {
            let due = outstanding.sent() + patience;
            if due <= now {
                late.push(*sequence);
            } else {
                next = next.min(due);
            }
        }
        let late: Vec<_> =
            late.into_iter().filter_map(|sequence| state.outstanding.remove(&sequence)).collect();
        let answer_within = patience.min(silence);
        let mut missed = false;
        match state.enquired {
            Some((_, asked)) => {
                missed = now >= asked + answer_within;
                next = next.min(asked + answer_within);
            }
            None if now >= state.heard + silence => {
                let sequence = state.next_sequence();
                write::enquire_link(sequence, &mut state.out);
                state.enquired = Some((sequence, now));
                next = next.min(now + answer_within);
                self.wake.notify_one();
            }
            None => next = next.min(state.heard + silence),
        }
        self.notify_if_idle(&state);
        drop(state);
        self.unknown(late, &format!("no answer within {} s", settings.response_timeout_s));
        if missed { Err("enquire_link was not answered".to_owned()) } else { Ok(next) }
    }

    /// Sends nothing more. Packets that have begun are cut short.
    pub(crate) fn drain(&self) {
        let mut state = self.state.lock();
        state.draining = true;
        let begun = std::mem::take(&mut state.begun);
        self.notify_if_idle(&state);
        drop(state);
        for job in begun {
            job.not_sent(CLOSING, &self.route.meters);
        }
    }

    /// Takes leave of the centre.
    pub(crate) fn unbind(&self) {
        let mut state = self.state.lock();
        let sequence = state.next_sequence();
        write::unbind(sequence, &mut state.out);
        drop(state);
        self.wake.notify_one();
    }

    /// Asks the centre to forget a message.
    pub(crate) fn cancel(&self, message_id: &str, destination: &str) {
        let mut state = self.state.lock();
        if state.closed || state.draining {
            return;
        }
        let sequence = state.next_sequence();
        match self.route.writer.cancel(sequence, message_id, destination, &mut state.out) {
            Ok(()) => {
                state.outstanding.insert(sequence, Outstanding::Cancel { sent: Instant::now() });
                drop(state);
                self.wake.notify_one();
            }
            Err(error) => tracing::debug!(route = %self.route.name, %error, "message cannot be cancelled"),
        }
    }

    /// The session is over: what was sent is unknown, what was not is not sent.
    pub(crate) fn close(&self, reason: &str) {
        let mut state = self.state.lock();
        state.closed = true;
        let outstanding: Vec<_> = state.outstanding.drain().map(|(_, outstanding)| outstanding).collect();
        let begun = std::mem::take(&mut state.begun);
        drop(state);
        self.unknown(outstanding, &format!("the session was lost before the answer: {reason}"));
        for job in begun {
            job.not_sent(&format!("the session was lost: {reason}"), &self.route.meters);
        }
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.state.lock().outstanding.is_empty()
    }

    fn unknown(&self, outstanding: Vec<Outstanding>, reason: &str) {
        let mut segments = 0;
        for outstanding in outstanding {
            if let Outstanding::Submit { job, .. } = outstanding {
                segments += 1;
                self.route.meters.unknown.increment(1);
                job.ended(SubmitOutcome::Unknown { reason: reason.to_owned() }, &self.route.meters);
            }
        }
        if segments > 0 {
            self.route.answered(segments, None);
            self.wake.notify_one();
        }
    }

    fn say(&self, write: impl FnOnce(&mut Vec<u8>)) -> Heard {
        write(&mut self.state.lock().out);
        self.wake.notify_one();
        Heard::Nothing
    }

    fn notify_if_idle(&self, state: &State) {
        if state.draining && state.outstanding.is_empty() {
            self.idle.notify_one();
        }
    }
}

impl State {
    fn next_sequence(&mut self) -> u32 {
        let sequence = self.sequence;
        self.sequence = if sequence >= LAST_SEQUENCE { 1 } else { sequence + 1 };
        sequence
    }

    /// More of a packet is to be sent over this session, unless it sends nothing more.
    fn cut_or_continue(&mut self, job: Job, meters: &Meters) {
        if self.draining {
            job.not_sent(CLOSING, meters);
        } else {
            self.begun.push_back(job);
        }
    }

    /// Pauses after throttling, once for all segments that were on their way together.
    fn pause(&mut self, sent: Instant, now: Instant) -> Option<Instant> {
        if self.throttled.is_some_and(|throttled| sent <= throttled) {
            return None;
        }
        let until = now + self.next_pause;
        self.throttled = Some(now);
        self.paused = Some(until);
        self.next_pause = (self.next_pause * 2).min(LONGEST_PAUSE);
        Some(until)
    }
}
