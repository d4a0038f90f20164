//! The stream that a leg sends.

use muster_codecs::voice::rtp::Header;
use muster_codecs::voice::{FRAME, SAMPLE_RATE};
use std::time::{Duration, Instant};

/// A jump of the source's sequence numbers by more than that, forward, is a new beginning, not a loss.
const SEQUENCE_JUMP: u16 = 100;
/// A difference by more than that between the source's clock and ours since its packet before is a new beginning.
const TIMESTAMP_JUMP: u32 = 2 * SAMPLE_RATE;
/// Frames made by us this close to each other are one run, whatever the timer's jitter.
const SAME_RUN: Duration = Duration::from_millis(60);

/// What a packet to be passed on carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Carries {
    /// Sound, that many samples.
    Sound(u32),
    /// A key press; its timestamp is that of the press, not of the packet.
    Key,
}

/// One stream under one identity, whatever it is fed from: frames made here, and packets passed on from one source
/// after the other. Sequence numbers have no gap where the source changes, and timestamps move on by the time that
/// has passed.
#[derive(Debug)]
pub(super) struct Outgoing {
    ssrc: u32,
    next_sequence: u16,
    /// Where the sound sent so far ends, on the stream's clock and on ours.
    end: u32,
    end_at: Option<Instant>,
    source: Option<Source>,
    /// Packets and octets of payload, for reports.
    packets: u32,
    octets: u32,
}

/// Whose packets are passed on, and how their numbers become ours.
#[derive(Clone, Copy, Debug)]
struct Source {
    ssrc: u32,
    sequence_offset: u16,
    timestamp_offset: u32,
    /// Packets before this one are left out: their numbers have been used for something else.
    floor: u16,
    newest: u16,
    sound_timestamp: u32,
    sound_at: Instant,
}

impl Outgoing {
    /// A stream with its random beginnings (RFC 3550 §5.1).
    pub(super) fn new(ssrc: u32, first_sequence: u16, first_timestamp: u32) -> Self {
        Self {
            ssrc,
            next_sequence: first_sequence,
            end: first_timestamp,
            end_at: None,
            source: None,
            packets: 0,
            octets: 0,
        }
    }

    pub(super) fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// Packets and octets of payload sent.
    pub(super) fn sent(&self) -> (u32, u32) {
        (self.packets, self.octets)
    }

    /// The stream's clock at `now`.
    pub(super) fn clock(&self, now: Instant) -> u32 {
        let passed = self.end_at.map_or(0, |end_at| samples(now.saturating_duration_since(end_at)));
        self.end.wrapping_add(passed)
    }

    /// The header of a frame made here.
    pub(super) fn frame(&mut self, now: Instant, payload_type: u8) -> Header {
        let same_run = self.source.take().is_none()
            && self.end_at.is_some_and(|end_at| now.saturating_duration_since(end_at) < SAME_RUN);
        let timestamp = if same_run { self.end } else { self.clock(now) };
        let header = self.header(!same_run, payload_type, self.next_sequence, timestamp);
        self.next_sequence = self.next_sequence.wrapping_add(1);
        self.sounded(timestamp, FRAME as u32, now);
        self.count(FRAME);
        header
    }

    /// The header under which a packet is passed on; `None` where it comes too late to be.
    pub(super) fn relay(
        &mut self,
        now: Instant,
        packet: &Header,
        carries: Carries,
        payload_type: u8,
        octets: usize,
    ) -> Option<Header> {
        let known = self.source.filter(|source| source.continues_with(packet, carries, now));
        let source = known.unwrap_or_else(|| self.begin(packet, now));
        if behind(packet.sequence, source.floor) {
            return None;
        }
        let timestamp = packet.timestamp.wrapping_add(source.timestamp_offset);
        let sequence = packet.sequence.wrapping_add(source.sequence_offset);
        let marker = packet.marker || known.is_none();
        let header = self.header(marker, payload_type, sequence, timestamp);
        let source = self.source.insert(source);
        if !behind(packet.sequence, source.newest) {
            source.advance(packet.sequence);
            self.next_sequence = sequence.wrapping_add(1);
            if let Carries::Sound(samples) = carries {
                source.sound_timestamp = packet.timestamp;
                source.sound_at = now;
                self.sounded(timestamp, samples, now);
            }
        }
        self.count(octets);
        Some(header)
    }

    /// Closes the gap that a packet of the source leaves which is not passed on.
    pub(super) fn skip(&mut self, packet: &Header) {
        if let Some(source) = &mut self.source
            && source.ssrc == packet.ssrc
            && packet.sequence == source.newest.wrapping_add(1)
        {
            source.newest = packet.sequence;
            source.floor = packet.sequence.wrapping_add(1);
            source.sequence_offset = source.sequence_offset.wrapping_sub(1);
        }
    }

    /// The source changes, or may have.
    pub(super) fn detach(&mut self) {
        self.source = None;
    }

    fn begin(&self, packet: &Header, now: Instant) -> Source {
        Source {
            ssrc: packet.ssrc,
            sequence_offset: self.next_sequence.wrapping_sub(packet.sequence),
            timestamp_offset: self.clock(now).wrapping_sub(packet.timestamp),
            floor: packet.sequence,
            newest: packet.sequence,
            sound_timestamp: packet.timestamp,
            sound_at: now,
        }
    }

    fn header(&self, marker: bool, payload_type: u8, sequence: u16, timestamp: u32) -> Header {
        Header { marker, payload_type, sequence, timestamp, ssrc: self.ssrc }
    }

    fn sounded(&mut self, timestamp: u32, samples: u32, now: Instant) {
        self.end = timestamp.wrapping_add(samples);
        self.end_at = Some(now + duration(samples));
    }

    fn count(&mut self, octets: usize) {
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(octets as u32);
    }
}

impl Source {
    fn advance(&mut self, newest: u16) {
        self.newest = newest;
        // It follows, or it would lie ahead once the numbers have gone half round.
        let trailing = newest.wrapping_sub(SEQUENCE_JUMP);
        if behind(self.floor, trailing) {
            self.floor = trailing;
        }
    }

    /// Whether a packet belongs to the same run of numbers.
    fn continues_with(&self, packet: &Header, carries: Carries, now: Instant) -> bool {
        if packet.ssrc != self.ssrc {
            return false;
        }
        let ahead = packet.sequence.wrapping_sub(self.newest);
        if ahead > SEQUENCE_JUMP && ahead < SEQUENCE_JUMP.wrapping_neg() {
            return false;
        }
        if carries == Carries::Key {
            return true;
        }
        let due = self.sound_timestamp.wrapping_add(samples(now.saturating_duration_since(self.sound_at)));
        let off = packet.timestamp.wrapping_sub(due);
        off.min(off.wrapping_neg()) <= TIMESTAMP_JUMP
    }
}

/// Whether a sequence number comes before another.
fn behind(sequence: u16, other: u16) -> bool {
    (sequence.wrapping_sub(other) as i16) < 0
}

fn samples(time: Duration) -> u32 {
    (time.as_micros() * u128::from(SAMPLE_RATE) / 1_000_000) as u32
}

fn duration(samples: u32) -> Duration {
    Duration::from_micros(u64::from(samples) * 1_000_000 / u64::from(SAMPLE_RATE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FRAME_TIME: Duration = Duration::from_millis(20);

    fn source(ssrc: u32, sequence: u16, timestamp: u32) -> Header {
        Header { marker: false, payload_type: 0, sequence, timestamp, ssrc }
    }

    fn sound(stream: &mut Outgoing, at: Instant, packet: Header) -> Option<Header> {
        stream.relay(at, &packet, Carries::Sound(160), 8, 160)
    }

    #[test]
    fn one_stream_over_silence_two_sources_and_silence_again() {
        let start = Instant::now();
        let at = |frame: u32| start + FRAME_TIME * frame;
        let mut stream = Outgoing::new(7, 65_534, u32::MAX - 200);
        let mut sent = Vec::new();
        for frame in 0..3 {
            // The timer is never quite even.
            sent.push(stream.frame(at(frame) + Duration::from_millis(u64::from(frame % 2)), 8));
        }
        for (number, ssrc) in [(3, 100), (13, 200)] {
            stream.detach();
            for frame in 0..10 {
                let packet = source(ssrc, 40_000 + frame as u16, 9_000 * ssrc + frame * 160);
                sent.extend(sound(&mut stream, at(number + frame), packet));
            }
        }
        for frame in 23..26 {
            sent.push(stream.frame(at(frame), 8));
        }
        for (number, header) in sent.iter().enumerate() {
            assert_eq!(header.sequence, 65_534_u16.wrapping_add(number as u16), "{number}");
            let off = header.timestamp.wrapping_sub((u32::MAX - 200).wrapping_add(number as u32 * 160));
            assert!(off.min(off.wrapping_neg()) <= 8, "frame {number} is off by {off}");
            assert_eq!((header.ssrc, header.payload_type), (7, 8));
            assert_eq!(header.marker, [0, 3, 13, 23].contains(&number), "{number}");
        }
        assert_eq!(sent.len(), 26);
        assert_eq!(stream.sent(), (26, 26 * 160));
    }

    #[test]
    fn losses_and_overtaking_at_the_source_stay_visible() {
        let start = Instant::now();
        let mut stream = Outgoing::new(1, 500, 0);
        let sequences: Vec<_> = [10_u16, 12, 11, 15, 9]
            .into_iter()
            .map(|number| sound(&mut stream, start, source(2, number, u32::from(number) * 160)))
            .map(|header| header.map(|header| (header.sequence, header.timestamp)))
            .collect();
        // What came before the first packet that was passed on has no number of ours.
        assert_eq!(sequences, [Some((500, 0)), Some((502, 320)), Some((501, 160)), Some((505, 800)), None]);
    }

    #[test]
    fn what_is_not_passed_on_leaves_no_gap() {
        let start = Instant::now();
        let mut stream = Outgoing::new(1, 500, 0);
        let mut sequences = Vec::new();
        for number in 10_u16..16 {
            let packet = source(2, number, u32::from(number) * 160);
            if (12..14).contains(&number) {
                stream.skip(&packet);
            } else {
                sequences.push(sound(&mut stream, start, packet).unwrap().sequence);
            }
        }
        assert_eq!(sequences, [500, 501, 502, 503]);
    }

    #[test]
    fn a_source_that_begins_anew_makes_no_jump() {
        let start = Instant::now();
        for (name, second) in [
            ("another stream", source(3, 11, 1_760)),
            ("other sequence numbers", source(2, 30_000, 1_760)),
            ("another clock", source(2, 11, 900_000)),
        ] {
            let mut stream = Outgoing::new(1, 500, 80_000);
            sound(&mut stream, start, source(2, 10, 1_600)).unwrap();
            let header = sound(&mut stream, start + FRAME_TIME, second).unwrap();
            assert_eq!((header.sequence, header.timestamp), (501, 80_160), "{name}");
            assert!(header.marker, "{name}");
        }
    }

    #[test]
    fn a_call_may_last_longer_than_sequence_numbers_do() {
        let start = Instant::now();
        let mut stream = Outgoing::new(1, 500, 0);
        for number in 0..150_000_u32 {
            let at = start + FRAME_TIME * number;
            let header = sound(&mut stream, at, source(2, number as u16, number * 160)).unwrap();
            assert_eq!(
                (header.sequence, header.timestamp),
                (500_u16.wrapping_add(number as u16), number * 160)
            );
        }
    }

    #[test]
    fn all_packets_of_a_key_keep_one_timestamp() {
        let start = Instant::now();
        let mut stream = Outgoing::new(1, 500, 80_000);
        sound(&mut stream, start, source(2, 10, 1_600)).unwrap();
        for frame in 1..100_u32 {
            let packet = source(2, 10 + frame as u16, 1_760);
            let header = stream.relay(start + FRAME_TIME * frame, &packet, Carries::Key, 101, 4).unwrap();
            assert_eq!((header.timestamp, header.payload_type), (80_160, 101));
        }
        let after = source(2, 110, 1_600 + 100 * 160);
        let header = sound(&mut stream, start + FRAME_TIME * 100, after).unwrap();
        assert_eq!((header.sequence, header.timestamp), (600, 96_000));
    }

    proptest! {
        #[test]
        fn no_sequence_number_is_given_to_two_packets(
            packets in proptest::collection::vec((0_u32..3, 0_u16..300, any::<u32>(), 0_u8..8), 0..80),
        ) {
            let start = Instant::now();
            let mut stream = Outgoing::new(1, 65_500, 5);
            let mut from_source = std::collections::HashSet::new();
            let mut seen = std::collections::HashSet::new();
            for (frame, (ssrc, sequence, timestamp, what)) in packets.into_iter().enumerate() {
                let now = start + FRAME_TIME * frame as u32;
                let packet = source(ssrc, sequence, timestamp % 4_000);
                match what {
                    0 => prop_assert!(seen.insert(stream.frame(now, 0).sequence)),
                    1 => stream.detach(),
                    2 => stream.skip(&packet),
                    _ => {
                        // The network may double a packet; that one keeps its number.
                        if from_source.insert((ssrc, sequence))
                            && let Some(header) = sound(&mut stream, now, packet)
                        {
                            prop_assert!(seen.insert(header.sequence), "{:?}", header);
                        }
                    }
                }
            }
        }
    }
}
