//! One call's socket.

use super::ear::{Change, Ear};
use super::voice::{FRAME, Sound, Voice};
use super::{Spell, g711, rtp};
use crate::phones::sip::sdp::Codec;
use std::collections::VecDeque;
use std::net::SocketAddr;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::{Duration, Instant, MissedTickBehavior};

/// How often the shell is told how it goes.
const REPORT_EVERY: u32 = 25;
/// Frames that a key is held (160 ms), and that are left between two keys.
const HELD: u16 = 8;
const BETWEEN: u8 = 5;
/// Keys that wait to be pressed.
const KEYS_MAX: usize = 64;

/// How a stream begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Start {
    /// Where to send to; `None` where nothing is wanted.
    pub(crate) remote: Option<SocketAddr>,
    pub(crate) codec: Codec,
    pub(crate) events: Option<u8>,
    pub(crate) sound: Sound,
    pub(crate) tone_hz: u32,
    /// Decides SSRC and noise.
    pub(crate) seed: u64,
    pub(crate) mute: bool,
}

/// What a stream is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    /// Another place, or none.
    Remote(Option<SocketAddr>),
    /// Another sound, from its beginning.
    Sound(Sound),
    /// Nothing is sent, or something again.
    Mute(bool),
    /// Keys are pressed. `lossy` leaves the packets out that end a press.
    Press { keys: String, lossy: bool },
    /// From now on packets leave from another socket.
    Move,
    /// The end.
    Stop,
}

/// Counts so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) received: u64,
    pub(crate) sent: u64,
    pub(crate) first_packet_ms: Option<u64>,
    pub(crate) spells: Vec<Spell>,
}

/// What a stream tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// A key was heard.
    Key(char),
    /// Sound after silence.
    Sound,
    /// Silence after sound.
    Quiet,
    /// How it goes.
    Report(Report),
    /// How it went.
    Final(Report),
}

/// A key that is being pressed.
#[derive(Debug)]
struct Press {
    code: u8,
    timestamp: u32,
    frames: u16,
    lossy: bool,
}

/// Sends, receives and tells until it is stopped or its commands end.
pub(crate) async fn run(
    socket: UdpSocket,
    start: Start,
    mut commands: mpsc::Receiver<Command>,
    now_ms: impl Fn() -> u64,
    tell: impl Fn(Event),
) {
    let mut line = Line::new(start);
    let mut moved: Option<UdpSocket> = None;
    let mut ticker = tokio::time::interval_at(Instant::now(), Duration::from_millis(20));
    ticker.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut buffer = [0; 2_048];
    loop {
        tokio::select! {
            received = socket.recv_from(&mut buffer) => {
                // An error is the far port's refusal of an earlier packet: nothing to be done about it.
                if let Ok((length, _)) = received {
                    line.received(&buffer[..length], now_ms()).into_iter().for_each(&tell);
                }
            }
            _ = ticker.tick() => {
                let out = moved.as_ref().unwrap_or(&socket);
                for octets in line.frame() {
                    if let Some(remote) = line.start.remote
                        && out.send_to(&octets, remote).await.is_ok()
                    {
                        line.report.sent += 1;
                    }
                }
                line.tick(now_ms()).into_iter().for_each(&tell);
            }
            command = commands.recv() => match command {
                Some(Command::Move) => {
                    if let Ok(address) = socket.local_addr() {
                        moved = UdpSocket::bind((address.ip(), 0)).await.ok();
                    }
                }
                Some(Command::Stop) | None => break,
                Some(command) => line.told(command),
            },
        }
    }
    tell(Event::Final(line.report()));
}

/// The stream without its socket.
#[derive(Debug)]
struct Line {
    start: Start,
    voice: Voice,
    stream: rtp::Stream,
    first: bool,
    queue: VecDeque<(char, bool)>,
    press: Option<Press>,
    pause: u8,
    ear: Ear,
    keys: rtp::Keys,
    report: Report,
    ticks: u32,
}

impl Line {
    fn new(start: Start) -> Self {
        Self {
            voice: Voice::new(start.sound, start.tone_hz, start.seed),
            stream: rtp::Stream::new(start.seed as u32),
            first: true,
            queue: VecDeque::new(),
            press: None,
            pause: 0,
            ear: Ear::default(),
            keys: rtp::Keys::default(),
            report: Report::default(),
            ticks: 0,
            start,
        }
    }

    fn report(&self) -> Report {
        Report { spells: self.ear.spells().to_vec(), ..self.report.clone() }
    }

    fn told(&mut self, command: Command) {
        match command {
            Command::Remote(remote) => self.start.remote = remote,
            Command::Sound(sound) => self.voice = Voice::new(sound, self.start.tone_hz, self.start.seed),
            Command::Mute(mute) => self.start.mute = mute,
            Command::Press { keys, lossy } => {
                let room = KEYS_MAX - self.queue.len().min(KEYS_MAX);
                self.queue.extend(keys.chars().take(room).map(|key| (key, lossy)));
            }
            Command::Move | Command::Stop => {}
        }
    }

    fn received(&mut self, octets: &[u8], now_ms: u64) -> Option<Event> {
        let packet = rtp::read(octets)?;
        self.report.received += 1;
        self.report.first_packet_ms.get_or_insert(now_ms);
        if Some(packet.payload_type) == self.start.events {
            return self.keys.heard(packet).map(Event::Key);
        }
        let codec = [Codec::Pcmu, Codec::Pcma]
            .into_iter()
            .find(|codec| codec.payload_type() == packet.payload_type)?;
        let samples = packet.payload.iter().take(960).map(|octet| g711::decode(codec, *octet)).collect();
        self.ear.hear(now_ms, samples).map(event_of)
    }

    fn tick(&mut self, now_ms: u64) -> Vec<Event> {
        let mut events: Vec<Event> = self.ear.look(now_ms).map(event_of).into_iter().collect();
        self.ticks += 1;
        if self.ticks.is_multiple_of(REPORT_EVERY) {
            events.push(Event::Report(self.report()));
        }
        events
    }

    /// Packets of the next 20 ms.
    fn frame(&mut self) -> Vec<Vec<u8>> {
        let samples = self.voice.frame();
        let timestamp = self.stream.timestamp;
        self.stream.timestamp = timestamp.wrapping_add(FRAME as u32);
        if self.start.mute {
            return Vec::new();
        }
        if let Some(packets) = self.pressing(timestamp) {
            return packets;
        }
        let codec = self.start.codec;
        let payload: Vec<u8> = samples.iter().map(|sample| g711::encode(codec, *sample)).collect();
        let marker = std::mem::take(&mut self.first);
        vec![self.stream.packet(codec.payload_type(), marker, timestamp, &payload)]
    }

    /// Packets of a key that is held; they replace the voice.
    fn pressing(&mut self, timestamp: u32) -> Option<Vec<Vec<u8>>> {
        let events = self.start.events?;
        if self.press.is_none() {
            if self.pause > 0 {
                self.pause -= 1;
                return None;
            }
            let (key, lossy) = self.queue.pop_front()?;
            self.press = Some(Press { code: rtp::code_of(key)?, timestamp, frames: 0, lossy });
        }
        let press = self.press.as_mut()?;
        press.frames += 1;
        let duration = press.frames * FRAME as u16;
        let (code, begun, lossy) = (press.code, press.timestamp, press.lossy);
        let end = press.frames >= HELD;
        let marker = press.frames == 1;
        if end {
            self.press = None;
            self.pause = BETWEEN;
        }
        // The end is said three times (RFC 4733 §2.5.1.4).
        let times = match (end, lossy) {
            (true, true) => 0,
            (true, false) => 3,
            (false, _) => 1,
        };
        let payload = rtp::event(code, end, duration);
        Some((0..times).map(|_| self.stream.packet(events, marker, begun, &payload)).collect())
    }
}

fn event_of(change: Change) -> Event {
    match change {
        Change::Sound => Event::Sound,
        Change::Quiet => Event::Quiet,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(events: Option<u8>) -> Line {
        Line::new(Start {
            remote: None,
            codec: Codec::Pcmu,
            events,
            sound: Sound::Tone,
            tone_hz: 500,
            seed: 3,
            mute: false,
        })
    }

    fn heard(sender: &mut Line, frames: usize) -> String {
        let mut receiver = line(Some(101));
        let mut keys = String::new();
        for _ in 0..frames {
            for octets in sender.frame() {
                if let Some(Event::Key(key)) = receiver.received(&octets, 0) {
                    keys.push(key);
                }
            }
        }
        keys
    }

    #[test]
    fn keys_are_heard_once_each_though_their_ends_are_lost() {
        for lossy in [false, true] {
            let mut sender = line(Some(101));
            sender.told(Command::Press { keys: "112#".into(), lossy });
            assert_eq!(heard(&mut sender, 60), "112#", "lossy: {lossy}");
        }
    }

    #[test]
    fn no_keys_where_none_were_agreed_and_no_packets_when_mute() {
        let mut sender = line(None);
        sender.told(Command::Press { keys: "1".into(), lossy: false });
        assert_eq!(heard(&mut sender, 20), "");
        sender.told(Command::Mute(true));
        assert_eq!(sender.frame(), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn what_is_no_rtp_does_not_count() {
        let mut line = line(Some(101));
        for octets in [&[][..], &[0x80; 11], &[0x40; 20], &[0x9F; 12]] {
            assert_eq!(line.received(octets, 5), None);
        }
        assert_eq!(line.report(), Report::default());
    }
}
