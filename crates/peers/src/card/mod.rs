//! A SIM card as remote management sees it (TS 102 225, TS 102 226, TS 31.115).
//!
//! [`Card::receive`] takes the user data of one short message and gives back what the card says to it. It knows no
//! clock, no socket and no chance, so that the same octets always get the same answer.

mod apdu;
mod ciphers;
mod execution;
mod files;
mod keys;
mod packet;
mod profile;
mod ram;
mod reassembly;
mod rfm;
mod script;
#[cfg(test)]
pub(crate) mod sealing;
mod tlv;

pub use execution::{Execution, Operation, Write};
pub use keys::{Algorithm, Key, KeyLength, KeySet};
pub use packet::{COUNTER_MAX, status};
pub use profile::{Application, CardProfile, Content, FileSpec, Format, Purpose};

use apdu::{Answer, Apdu, Pending};
use files::{FileSystem, Identity, Tree};
use packet::{CounterMode, Header, Opened, Responder, Wish, counter_value, into_user_data, unprotected};
use ram::{AppletManager, Applets};
use reassembly::{Gathered, Reassembly};
use rfm::{FileManager, Pins, Selection};
use script::{Chain, Runner};
use std::borrow::Cow;
use std::sync::Arc;

/// What a card is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardSpec {
    /// Number of the card, check digit included.
    pub iccid: String,
    /// Number of the subscription.
    pub imsi: String,
    /// Its telephone number: international, digits only.
    pub msisdn: String,
    /// Its key sets, each version once.
    pub key_sets: Vec<KeySet>,
    /// What kind of card it is.
    pub profile: Arc<CardProfile>,
}

/// How a card misbehaves for one packet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CardFaults {
    /// The packet is refused with this status, without protection, and nothing runs.
    pub status: Option<u8>,
    /// That refusal carries the protection which the packet asked for, as by a card that refuses after it trusted
    /// the packet. The counter is stored then.
    pub status_protected: bool,
    /// The command of this number (from 1) fails with this status word instead of running.
    pub sw: Option<(u8, u16)>,
    /// The card holds other keys.
    pub wrong_key: bool,
    /// The answer's check is damaged.
    pub wrong_mac: bool,
    /// The answer is announced with status 0B first and follows by message.
    pub interim: bool,
}

/// What a card says to a short message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// User data of the delivery report.
    pub report: Option<Vec<u8>>,
    /// User data of the messages that the card sends by itself.
    pub submits: Vec<Vec<u8>>,
    /// What became of the packet, if one was complete.
    pub handled: Option<Handled>,
}

/// What became of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handled {
    /// Whom it was for.
    pub tar: [u8; 3],
    /// Version of the key set.
    pub kvn: u8,
    /// Its counter; 0 where the card could not read it.
    pub counter: u64,
    /// The status answered, or that would have been answered if an answer had been wanted.
    pub status: u8,
    /// What the script changed.
    pub writes: Vec<Write>,
}

/// Profiles in the form that cards run on, made once for all cards of a kind.
#[derive(Debug)]
pub struct Kind {
    profile: Arc<CardProfile>,
    tree: Arc<Tree>,
}

impl Kind {
    /// Prepares a profile.
    pub fn new(profile: Arc<CardProfile>) -> Arc<Self> {
        let tree = Arc::new(Tree::of(&profile));
        Arc::new(Self { profile, tree })
    }

    /// The profile it was made of.
    pub fn profile(&self) -> &Arc<CardProfile> {
        &self.profile
    }
}

/// A card with what happened to it so far.
#[derive(Debug, Clone)]
pub struct Card {
    identity: Arc<Identity>,
    key_sets: Vec<KeySet>,
    kind: Arc<Kind>,
    files: FileSystem,
    applets: Option<Box<Applets>>,
    pins: Pins,
    reassembly: Reassembly,
    chain: Chain,
    /// Reference of the card's own messages in parts.
    reference: u8,
}

impl Card {
    /// A new card. `kind` must have been made of the card's profile.
    pub fn new(spec: &CardSpec, kind: Arc<Kind>) -> Self {
        let identity = Arc::new(Identity { iccid: spec.iccid.clone(), imsi: spec.imsi.clone() });
        Self {
            files: FileSystem::new(Arc::clone(&kind.tree), Arc::clone(&identity)),
            identity,
            applets: None,
            pins: Pins::default(),
            key_sets: spec.key_sets.clone(),
            kind,
            reassembly: Reassembly::default(),
            chain: Chain::default(),
            reference: 0,
        }
    }

    /// Number of the card.
    pub fn iccid(&self) -> &str {
        &self.identity.iccid
    }

    /// The counter that a key set holds.
    pub fn counter(&self, kvn: u8) -> Option<u64> {
        self.key_sets.iter().find(|keys| keys.kvn == kvn).map(|keys| keys.counter)
    }

    /// What a file holds, records one after the other; `None` when there is none of this path.
    pub fn file(&self, path: &str) -> Option<Vec<u8>> {
        self.files.find(path).map(|file| self.files.content(file))
    }

    /// Whether the next short message would make a packet complete, so that the card looks at it.
    pub fn completes(&self, user_data: &[u8]) -> bool {
        self.reassembly.completes(user_data, self.kind.profile.segments_max)
    }

    /// Takes the user data of one short message, header included. A message for nobody here, or one with lengths
    /// that contradict each other, gets no answer.
    pub fn receive(&mut self, user_data: &[u8], faults: &CardFaults) -> Reply {
        match self.reassembly.take(user_data, self.kind.profile.segments_max) {
            Gathered::Packet(packet) => self.packet(&packet, faults),
            Gathered::TooLong(Some(start)) => self.too_long(&start),
            Gathered::Held | Gathered::TooLong(None) | Gathered::Foreign => Reply::default(),
        }
    }

    /// The first of more segments than the card can hold. What it says of itself is enough to say so.
    fn too_long(&mut self, start: &[u8]) -> Reply {
        let mut patched = start.to_vec();
        if let Some(length) = patched.get_mut(..2) {
            length.copy_from_slice(&(start.len().saturating_sub(2) as u16).to_be_bytes());
        }
        match Header::read(&patched) {
            Some(header) => {
                let counter = header.clear_counter(&patched);
                self.refuse(&header, counter, status::NO_MEMORY)
            }
            None => Reply::default(),
        }
    }

    fn packet(&mut self, packet: &[u8], faults: &CardFaults) -> Reply {
        let Some(header) = Header::read(packet) else { return Reply::default() };
        let unread = header.clear_counter(packet);
        if let Some(answer) = faults.status
            && !faults.status_protected
        {
            let counter = self.peek(&header, packet);
            return self.refuse(&header, counter, answer);
        }
        let kind = Arc::clone(&self.kind);
        let Some(application) = self.application(&kind, header.tar) else {
            return self.refuse(&header, unread, status::TAR_UNKNOWN);
        };
        let Some(at) = self.key_sets.iter().position(|keys| keys.kvn == header.kvn()) else {
            return self.refuse(&header, unread, status::UNIDENTIFIED);
        };
        if !header.reaches(application.msl) {
            return self.refuse(&header, unread, status::TOO_LITTLE_SECURITY);
        }
        let mut keys = self.key_sets[at].clone();
        if faults.wrong_key {
            keys.kic = keys.kic.mistaken();
            keys.kid = keys.kid.mistaken();
        }
        let octets = self.check_octets(&keys);
        let opened = match header.open(packet, &keys, octets) {
            Ok(opened) => opened,
            Err((answer, counter)) => return self.refuse(&header, counter, answer),
        };
        let sent = counter_value(opened.counter);
        if let Err(answer) = admit(header.counter_mode(), keys.counter, sent) {
            return self.refuse(&header, opened.counter, answer);
        }
        if matches!(header.counter_mode(), CounterMode::Higher | CounterMode::Next) {
            self.key_sets[at].counter = sent;
        }

        let mut writes = Vec::new();
        let (answer, data) = match faults.status {
            Some(answer) => (answer, Vec::new()),
            None => (status::OK, self.run(&application, &opened, faults.sw, &mut writes)),
        };
        let handled = Handled { tar: header.tar, kvn: keys.kvn, counter: sent, status: answer, writes };
        let responder =
            Responder { header: &header, counter: opened.counter, keys: &keys, check_octets: octets };
        self.answer(&responder, handled, &data, faults)
    }

    /// Who answers to a TAR: an application of the profile, or an applet that was installed.
    fn application<'a>(&self, kind: &'a Kind, tar: [u8; 3]) -> Option<Cow<'a, Application>> {
        let applications = &kind.profile.applications;
        if let Some(found) = applications.iter().find(|one| one.tar == tar) {
            return Some(Cow::Borrowed(found));
        }
        self.applets.as_ref().filter(|applets| applets.answers_to(tar))?;
        let domain = applications.iter().find(|one| one.purpose == Purpose::SecurityDomain);
        Some(Cow::Owned(Application {
            tar,
            purpose: Purpose::Applet { answer: vec![0x90, 0x00] },
            format: Format::Compact,
            msl: domain.map_or(0, |domain| domain.msl),
        }))
    }

    /// The counter as the card would read it if it looked no further.
    fn peek(&self, header: &Header, packet: &[u8]) -> [u8; 5] {
        self.key_sets
            .iter()
            .find(|keys| keys.kvn == header.kvn())
            .and_then(|keys| header.open(packet, keys, self.check_octets(keys)).ok())
            .map_or_else(|| header.clear_counter(packet), |opened| opened.counter)
    }

    fn check_octets(&self, keys: &KeySet) -> usize {
        if keys.kid.algorithm() == Algorithm::Aes { self.kind.profile.aes_check_octets } else { 8 }
    }

    fn run(
        &mut self,
        application: &Application,
        opened: &Opened,
        failing: Option<(u8, u16)>,
        writes: &mut Vec<Write>,
    ) -> Vec<u8> {
        let fails = |command: u8| failing.filter(|(at, _)| *at == command).map(|(_, sw)| Answer::from(sw));
        let mut selection;
        let mut pending = Pending::default();
        let (files, pins, key_sets) = (&mut self.files, &mut self.pins, &self.key_sets);
        let mut run: Box<Runner<'_>> = match &application.purpose {
            Purpose::SharedFiles | Purpose::Directory { .. } => {
                selection = match &application.purpose {
                    Purpose::Directory { path, preselected } => {
                        Selection::new(files.find(path), *preselected)
                    }
                    _ => Selection::new(None, false),
                };
                Box::new(|command: u8, apdu: &Apdu<'_>| {
                    fails(command).unwrap_or_else(|| {
                        FileManager { files, selection: &mut selection, pins, writes, command }.run(apdu)
                    })
                })
            }
            Purpose::SecurityDomain => {
                let applets = self.applets.get_or_insert_default();
                let pending = &mut pending;
                Box::new(move |command: u8, apdu: &Apdu<'_>| {
                    fails(command).unwrap_or_else(|| {
                        AppletManager { applets, key_sets, pending, writes, command }.run(apdu)
                    })
                })
            }
            Purpose::Applet { answer } => {
                writes.push(Write {
                    command: 1,
                    operation: Operation::AppletData,
                    file: crate::hex::encode(&application.tar).into(),
                    place: 0,
                    data: opened.data.clone(),
                });
                return answer.clone();
            }
        };
        match application.format {
            Format::Compact => script::compact(&opened.data, &mut *run),
            Format::Expanded => script::expanded(&opened.data, &mut self.chain, &mut *run),
        }
    }

    /// Refuses without protection what the card does not trust.
    fn refuse(&mut self, header: &Header, counter: [u8; 5], answer: u8) -> Reply {
        let wish = Wish::of(header);
        let handled = Handled {
            tar: header.tar,
            kvn: header.kvn(),
            counter: counter_value(counter),
            status: answer,
            writes: Vec::new(),
        };
        let mut reply = Reply { handled: Some(handled), ..Reply::default() };
        if wish.wants(answer) {
            let messages = self.messages(&unprotected(header.tar, counter, answer));
            if wish.by_submit() {
                reply.submits = messages;
            } else {
                reply.report = messages.into_iter().next();
            }
        }
        reply
    }

    fn answer(
        &mut self,
        responder: &Responder<'_>,
        handled: Handled,
        data: &[u8],
        faults: &CardFaults,
    ) -> Reply {
        let wish = Wish::of(responder.header);
        let mut reply = Reply { handled: Some(handled), ..Reply::default() };
        let answer = reply.handled.as_ref().map_or(status::OK, |handled| handled.status);
        if !wish.wants(answer) {
            return reply;
        }
        let mut packet = responder.protected(answer, data);
        if faults.wrong_mac {
            // The last octet is in the check's reach whether the answer is ciphered or not.
            if let Some(last) = packet.last_mut() {
                *last ^= 0xFF;
            }
        }
        let profile = Arc::clone(&self.kind);
        let announced = faults.interim
            || (wish.by_submit() && profile.profile.announces)
            || (!wish.by_submit() && packet.len() + 3 > profile.profile.report_max);
        if announced {
            reply.report =
                into_user_data(&responder.protected(status::ANSWER_FOLLOWS, &[]), 0).into_iter().next();
        }
        if announced || wish.by_submit() {
            reply.submits = self.messages(&packet);
        } else {
            reply.report = into_user_data(&packet, 0).into_iter().next();
        }
        reply
    }

    fn messages(&mut self, packet: &[u8]) -> Vec<Vec<u8>> {
        self.reference = self.reference.wrapping_add(1);
        into_user_data(packet, self.reference)
    }
}

/// Whether a counter is accepted (TS 102 225 §5.1.4); otherwise the status that says why not.
fn admit(mode: CounterMode, stored: u64, sent: u64) -> Result<(), u8> {
    match mode {
        CounterMode::Higher | CounterMode::Next if stored >= COUNTER_MAX => Err(status::COUNTER_BLOCKED),
        CounterMode::Higher | CounterMode::Next if sent <= stored => Err(status::COUNTER_LOW),
        CounterMode::Next if sent > stored + 1 => Err(status::COUNTER_HIGH),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
