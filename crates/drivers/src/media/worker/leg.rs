//! One leg, as its thread sees it.

use super::super::incoming::{Reception, Source};
use super::super::outgoing::{Carries, Outgoing};
use super::super::pool::Sockets;
use super::super::prompts::Encoded;
use super::super::settings::{Codec, MediaEvent, MediaLimits, Remote};
use super::ear::Ear;
use super::{Counters, NewLeg};
use muster_app::ports::{MediaStats, Prompt};
use muster_codecs::voice::rtcp::{self, Report, SenderInfo};
use muster_codecs::voice::rtp::{Header, Packet};
use muster_codecs::voice::telephone_event::{KeyReceiver, TelephoneEvent};
use muster_codecs::voice::{FRAME, SAMPLE_RATE};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedSender;

/// When nothing to pass on has come for that long, a bridged leg hears silence, as if parked: the other side is on
/// hold, or says nothing while nobody speaks.
const FILL_AFTER: Duration = Duration::from_millis(100);

/// The name of this end in reports. It identifies streams that belong together, and says nothing about the machine.
const CNAME: &str = "muster";

/// What a packet brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speech {
    /// Sound in that codec.
    Sound(Codec),
    /// Part of a key press.
    Key(TelephoneEvent),
    /// Nothing that can be passed on, such as comfort noise.
    Nothing,
}

pub(super) struct Leg {
    pub(super) sockets: Sockets,
    events: UnboundedSender<MediaEvent>,
    counters: Arc<Counters>,
    limits: MediaLimits,
    remote: Option<Remote>,
    source: Source,
    reception: Reception,
    outgoing: Outgoing,
    keys: KeyReceiver,
    ear: Ear,
    peer: Option<u64>,
    playing: Option<Playing>,
    /// When something was passed on, or it was bridged.
    passed_on_at: Instant,
    heard_at: Instant,
    has_heard: bool,
    is_lost: bool,
    report_at: Instant,
    /// Packets sent at the last report.
    reported: u32,
    scratch: Vec<u8>,
}

struct Playing {
    play: u64,
    prompt: Arc<Prompt>,
    encoded: Arc<Encoded>,
    /// Next octet.
    position: usize,
}

impl Leg {
    pub(super) fn new(new: NewLeg, limits: MediaLimits, now: Instant) -> Self {
        let NewLeg { id: _, sockets, outgoing, counters, events } = new;
        Self {
            sockets,
            events,
            counters,
            limits,
            remote: None,
            source: Source::default(),
            reception: Reception::default(),
            outgoing,
            keys: KeyReceiver::default(),
            ear: Ear::default(),
            peer: None,
            playing: None,
            passed_on_at: now,
            heard_at: now,
            has_heard: false,
            is_lost: false,
            report_at: now + limits.report_interval,
            reported: 0,
            scratch: Vec::with_capacity(512),
        }
    }

    pub(super) fn peer(&self) -> Option<u64> {
        self.peer
    }

    pub(super) fn agree(&mut self, remote: Remote, now: Instant) {
        self.source.agree(remote.rtp);
        if remote.receive && !self.remote.is_some_and(|before| before.receive) {
            // What was silent by agreement is given the whole time anew.
            self.heard_at = now;
            self.is_lost = false;
        }
        self.ear.mind_keys(remote.dtmf_payload_type.is_none());
        self.remote = Some(remote);
    }

    pub(super) fn listen(&mut self, now: Instant) {
        self.ear.listen(now);
    }

    pub(super) fn attach(&mut self, other: u64, now: Instant) {
        self.playing = None;
        self.peer = Some(other);
        self.passed_on_at = now;
        self.outgoing.detach();
    }

    pub(super) fn detach(&mut self) -> Option<u64> {
        self.outgoing.detach();
        self.peer.take()
    }

    pub(super) fn play(&mut self, play: u64, prompt: Arc<Prompt>, encoded: Arc<Encoded>) {
        self.playing = Some(Playing { play, prompt, encoded, position: 0 });
    }

    pub(super) fn stop_playing(&mut self, now: Instant) {
        if self.playing.take().is_some() {
            // The other side of a bridge, if there is one, is heard again with its next packet; no silence before it.
            self.passed_on_at = now;
        }
    }

    /// A packet came. What it brought, if it is one of the far side's.
    pub(super) fn heard(
        &mut self,
        packet: &Packet<'_>,
        from: SocketAddr,
        begun: Instant,
        now: Instant,
    ) -> Option<Speech> {
        let speech = classify(&self.remote?, packet)?;
        if !self.source.accept(from, &packet.header, now) {
            return None;
        }
        self.heard_at = now;
        self.is_lost = false;
        if !self.has_heard {
            self.has_heard = true;
            self.tell(MediaEvent::First);
        }
        // A key's timestamp is that of the press, which says nothing about when the packet was sent.
        let is_key = matches!(speech, Speech::Key(_));
        let arrival = (!is_key).then(|| samples(now.saturating_duration_since(begun)));
        self.reception.count(&packet.header, arrival);
        self.counters.received.fetch_add(1, Ordering::Relaxed);
        self.counters.lost.store(self.reception.lost(), Ordering::Relaxed);
        match speech {
            Speech::Key(event) => {
                let Header { ssrc, timestamp, marker, .. } = packet.header;
                if let Some(key) = self.keys.accept(ssrc, timestamp, marker, event) {
                    self.tell(MediaEvent::Digit(key));
                }
            }
            Speech::Sound(codec) => {
                let events = &self.events;
                self.ear.hear(codec, packet.payload, now, |event| tell(events, event));
            }
            Speech::Nothing => {}
        }
        Some(speech)
    }

    /// Passes on what the other leg of the bridge has heard.
    pub(super) fn pass_on(&mut self, packet: &Packet<'_>, speech: Speech, now: Instant) {
        let Some(remote) = self.remote else { return };
        // Whoever hears a prompt hears nothing else.
        if self.playing.is_some() || !remote.send {
            return;
        }
        let (carries, payload_type) = match (speech, remote.dtmf_payload_type) {
            (Speech::Sound(_), _) => (Carries::Sound(packet.payload.len() as u32), remote.payload_type),
            (Speech::Key(_), Some(payload_type)) => (Carries::Key, payload_type),
            (Speech::Key(_), None) | (Speech::Nothing, _) => return self.skip(&packet.header),
        };
        let octets = packet.payload.len();
        let Some(header) = self.outgoing.relay(now, &packet.header, carries, payload_type, octets) else {
            return;
        };
        self.passed_on_at = now;
        self.scratch.clear();
        self.scratch.extend(header.to_octets());
        match speech {
            Speech::Sound(codec) if codec != remote.codec => {
                let (from, to) = (codec.law(), remote.codec.law());
                self.scratch.extend(packet.payload.iter().map(|&code| to.convert(from, code)));
            }
            _ => self.scratch.extend_from_slice(packet.payload),
        }
        self.send();
    }

    /// A packet of the other leg is not passed on.
    pub(super) fn skip(&mut self, packet: &Header) {
        self.outgoing.skip(packet);
    }

    pub(super) fn heard_report(&mut self, datagram: &[u8], now: Instant) {
        for report in rtcp::decode(datagram).unwrap_or_default() {
            if let Report::Report { ssrc, sender: Some(sender), .. } = report {
                self.reception.sender_report(ssrc, sender.ntp, now);
            }
        }
    }

    pub(super) fn tick(&mut self, begun: Instant, now: Instant) {
        let Some(remote) = self.remote else { return };
        if let Some(mut playing) = self.playing.take() {
            if playing.position < playing.prompt.samples.len() {
                if remote.send {
                    self.frame(now, &remote, playing.frame(remote.codec));
                }
                playing.position += FRAME;
                self.playing = Some(playing);
            } else {
                self.passed_on_at = now;
                self.tell(MediaEvent::PlayDone(playing.play));
            }
        }
        let events = &self.events;
        self.ear.tick(now, |event| tell(events, event));
        let is_filling =
            self.peer.is_none() || now.saturating_duration_since(self.passed_on_at) >= FILL_AFTER;
        if self.playing.is_none() && remote.send && is_filling {
            self.frame(now, &remote, &[]);
        }
        if remote.receive
            && !self.is_lost
            && now.saturating_duration_since(self.heard_at) >= self.limits.inactivity
        {
            self.is_lost = true;
            self.tell(MediaEvent::Lost);
        }
        if now >= self.report_at {
            self.report_at = now + self.limits.report_interval;
            self.report(begun, now, false);
        }
    }

    /// Says goodbye to the far side (RFC 3550 §6.6). Its counts, up to the end.
    pub(super) fn take_leave(mut self, begun: Instant, now: Instant) -> MediaStats {
        self.report(begun, now, true);
        self.counters.read()
    }

    /// Sends a frame of sound, filled up with silence.
    fn frame(&mut self, now: Instant, remote: &Remote, sound: &[u8]) {
        let header = self.outgoing.frame(now, remote.payload_type);
        self.scratch.clear();
        self.scratch.extend(header.to_octets());
        self.scratch.extend_from_slice(sound);
        self.scratch.resize(header.to_octets().len() + FRAME, remote.codec.law().silence());
        self.send();
    }

    fn send(&self) {
        let Some(target) = self.source.target().filter(is_reachable) else { return };
        // A packet that cannot be sent now is late and so lost; the next one follows in 20 ms.
        if self.sockets.rtp.send_to(&self.scratch, target).is_ok() {
            self.counters.sent.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn report(&mut self, begun: Instant, now: Instant, goodbye: bool) {
        let target = self.source.target().filter(is_reachable);
        let Some((target, port)) = target.and_then(|to| Some((to, to.port().checked_add(1)?))) else {
            return;
        };
        let (packets, octets) = self.outgoing.sent();
        // Only who has sent since the last report is a sender (RFC 3550 §6.4).
        let sender = (packets != self.reported).then(|| SenderInfo {
            ntp: ntp(now.saturating_duration_since(begun)),
            timestamp: self.outgoing.clock(now),
            packets,
            octets,
        });
        self.reported = packets;
        let block = self.reception.report(now);
        let octets = rtcp::encode(self.outgoing.ssrc(), sender.as_ref(), block.as_ref(), CNAME, goodbye);
        let _ = self.sockets.rtcp.send_to(&octets, SocketAddr::new(target.ip(), port));
    }

    fn tell(&self, event: MediaEvent) {
        tell(&self.events, event);
    }
}

fn tell(events: &UnboundedSender<MediaEvent>, event: MediaEvent) {
    // Nobody listens any more: the leg is about to be closed.
    let _ = events.send(event);
}

impl Playing {
    fn frame(&self, codec: Codec) -> &[u8] {
        let octets = self.encoded.octets(&self.prompt, codec);
        let end = octets.len().min(self.position + FRAME);
        octets.get(self.position..end).unwrap_or_default()
    }
}

/// What a packet carries; `None` where its payload type is none that was agreed or that everybody knows, or its payload
/// is not of that type.
fn classify(remote: &Remote, packet: &Packet<'_>) -> Option<Speech> {
    /// Comfort noise (RFC 3389).
    const COMFORT_NOISE: u8 = 13;
    let payload_type = packet.header.payload_type;
    if payload_type == remote.payload_type {
        return Some(Speech::Sound(remote.codec));
    }
    if Some(payload_type) == remote.dtmf_payload_type {
        return TelephoneEvent::parse(packet.payload).ok().map(Speech::Key);
    }
    // Far sides switch between the two laws without saying so.
    for codec in [Codec::Pcmu, Codec::Pcma] {
        if payload_type == codec.static_payload_type() {
            return Some(Speech::Sound(codec));
        }
    }
    (payload_type == COMFORT_NOISE).then_some(Speech::Nothing)
}

/// Far sides on hold name no address, or no port.
fn is_reachable(target: &SocketAddr) -> bool {
    !target.ip().is_unspecified() && target.port() != 0
}

fn samples(time: Duration) -> u32 {
    (time.as_micros() * u128::from(SAMPLE_RATE) / 1_000_000) as u32
}

/// Time since the engine began, in the form of reports: they need one clock, not the one on the wall (RFC 3550 §4).
fn ntp(time: Duration) -> u64 {
    (time.as_secs() << 32) | ((u64::from(time.subsec_nanos()) << 32) / 1_000_000_000)
}
