//! The stream that a leg receives: where it comes from, and how whole it is.

use muster_codecs::voice::SAMPLE_RATE;
use muster_codecs::voice::rtcp::ReportBlock;
use muster_codecs::voice::rtp::Header;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// A source that was locked and has been silent that long may be replaced: the address translator on the way has
/// given the far side another port.
const LOCK_HOLDS: Duration = Duration::from_secs(5);

/// A gap in the sequence numbers above that is a restart, not a loss (RFC 3550 appendix A.1, MAX_DROPOUT).
const MAX_DROPOUT: u16 = 3_000;
/// Packets may come late by that many (the same, MAX_MISORDER).
const MAX_MISORDER: u16 = 100;

/// Which address the far side really sends from. Far sides behind address translators name one that is not theirs.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// What was agreed.
    named: Option<SocketAddr>,
    /// What two packets in succession came from, and when the last one did.
    locked: Option<(SocketAddr, Instant)>,
    /// One packet came from there: its stream and number.
    candidate: Option<(SocketAddr, u32, u16)>,
}

impl Source {
    /// A new agreement. Another address begins the search anew; the same one leaves it as it is.
    pub(super) fn agree(&mut self, named: SocketAddr) {
        if self.named != Some(named) {
            *self = Self { named: Some(named), ..Self::default() };
        }
    }

    /// Where to send to.
    pub(super) fn target(&self) -> Option<SocketAddr> {
        self.locked.map(|(locked, _)| locked).or(self.named)
    }

    /// Whether a packet from there is to be listened to.
    pub(super) fn accept(&mut self, from: SocketAddr, packet: &Header, now: Instant) -> bool {
        let Some(named) = self.named else { return false };
        if let Some((locked, heard_at)) = &mut self.locked {
            if *locked == from {
                *heard_at = now;
                return true;
            }
            if now.saturating_duration_since(*heard_at) < LOCK_HOLDS {
                return false;
            }
        }
        let follows = self.candidate.is_some_and(|(candidate, ssrc, sequence)| {
            let ahead = packet.sequence.wrapping_sub(sequence);
            candidate == from && ssrc == packet.ssrc && (1..MAX_MISORDER).contains(&ahead)
        });
        if follows {
            self.locked = Some((from, now));
            self.candidate = None;
            return true;
        }
        self.candidate = Some((from, packet.ssrc, packet.sequence));
        self.locked.is_none() && from == named
    }
}

/// What has arrived of the far side's streams (RFC 3550 §6.4.1, appendix A).
#[derive(Debug, Default)]
pub(super) struct Reception {
    stream: Option<Stream>,
    /// Losses of the streams before.
    lost_before: u64,
    /// The last sender report: the middle of its time, and when it came.
    sender_report: Option<(u32, Instant)>,
}

#[derive(Debug)]
struct Stream {
    ssrc: u32,
    /// First sequence number.
    base: u32,
    /// Highest sequence number, with the times it has wrapped above it.
    highest: u32,
    received: u64,
    /// A number far off; the next one after it means that the sender has begun anew.
    suspect: Option<u16>,
    /// Expected and received at the last report.
    reported: (u64, u64),
    /// Difference between the packets' clock and ours.
    transit: Option<u32>,
    /// In 16ths of a sample.
    jitter: u32,
}

impl Reception {
    /// Counts a packet. `arrival` is our clock in samples; it is `None` for packets whose timestamp is not that of
    /// their sending.
    pub(super) fn count(&mut self, packet: &Header, arrival: Option<u32>) {
        let stream = match &mut self.stream {
            Some(stream) if stream.ssrc == packet.ssrc => stream,
            other => {
                self.lost_before += other.take().map_or(0, |old| old.lost());
                // It spoke of the stream before.
                self.sender_report = None;
                other.insert(Stream::new(packet))
            }
        };
        if stream.number(packet.sequence) == Numbered::Restart {
            self.lost_before += stream.lost();
            *stream = Stream::new(packet);
        }
        stream.received += 1;
        if let Some(arrival) = arrival {
            stream.time(arrival.wrapping_sub(packet.timestamp));
        }
    }

    /// A sender report came from the far side.
    pub(super) fn sender_report(&mut self, ssrc: u32, ntp: u64, now: Instant) {
        if self.stream.as_ref().is_some_and(|stream| stream.ssrc == ssrc) {
            self.sender_report = Some(((ntp >> 16) as u32, now));
        }
    }

    /// Packets that the sequence numbers say have not come.
    pub(super) fn lost(&self) -> u64 {
        self.lost_before + self.stream.as_ref().map_or(0, Stream::lost)
    }

    /// What to report of the stream now; the next report's share of losses counts from here.
    pub(super) fn report(&mut self, now: Instant) -> Option<ReportBlock> {
        let stream = self.stream.as_mut()?;
        let (expected, received) = (stream.expected(), stream.received);
        let expected_since = expected.saturating_sub(stream.reported.0);
        let lost_since = expected_since.saturating_sub(received - stream.reported.1);
        stream.reported = (expected, received);
        let (last_sender_report, delay_since) = self.sender_report.map_or((0, 0), |(middle, at)| {
            let delay = now.saturating_duration_since(at).as_micros() * 65_536 / 1_000_000;
            (middle, u32::try_from(delay).unwrap_or(u32::MAX))
        });
        Some(ReportBlock {
            ssrc: stream.ssrc,
            fraction_lost: (lost_since * 256)
                .checked_div(expected_since)
                .map_or(0, |share| share.min(255) as u8),
            cumulative_lost: (expected as i64 - received as i64).clamp(-(1 << 23), (1 << 23) - 1) as i32,
            highest_sequence: stream.highest,
            jitter: stream.jitter >> 4,
            last_sender_report,
            delay_since,
        })
    }
}

#[derive(PartialEq, Eq)]
enum Numbered {
    Counted,
    Restart,
}

impl Stream {
    fn new(packet: &Header) -> Self {
        let sequence = u32::from(packet.sequence);
        Self {
            ssrc: packet.ssrc,
            base: sequence,
            highest: sequence,
            received: 0,
            suspect: None,
            reported: (0, 0),
            transit: None,
            jitter: 0,
        }
    }

    fn number(&mut self, sequence: u16) -> Numbered {
        let ahead = sequence.wrapping_sub(self.highest as u16);
        if ahead < MAX_DROPOUT {
            // Past the last wrap the sum wraps too: that is some 700 days of packets.
            self.highest = self.highest.wrapping_add(u32::from(ahead));
        } else if ahead <= MAX_MISORDER.wrapping_neg() {
            if self.suspect == Some(sequence) {
                return Numbered::Restart;
            }
            self.suspect = Some(sequence.wrapping_add(1));
        }
        Numbered::Counted
    }

    fn time(&mut self, transit: u32) {
        if let Some(before) = self.transit.replace(transit) {
            let off = transit.wrapping_sub(before);
            let off = off.min(off.wrapping_neg());
            // A jump of the sender's clock is no jitter.
            if off < SAMPLE_RATE * 2 {
                self.jitter = self.jitter + off - ((self.jitter + 8) >> 4);
            }
        }
    }

    fn expected(&self) -> u64 {
        u64::from(self.highest.wrapping_sub(self.base)) + 1
    }

    fn lost(&self) -> u64 {
        self.expected().saturating_sub(self.received)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packet(ssrc: u32, sequence: u16) -> Header {
        Header { marker: false, payload_type: 0, sequence, timestamp: u32::from(sequence) * 160, ssrc }
    }

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    #[test]
    fn the_source_is_locked_by_two_packets_in_succession() {
        let now = Instant::now();
        let (named, other, third) = (address(1), address(2), address(3));
        let mut source = Source::default();
        assert!(!source.accept(named, &packet(1, 1), now), "nothing was agreed");
        source.agree(named);
        assert_eq!(source.target(), Some(named));
        assert!(!source.accept(other, &packet(1, 1), now), "one packet of a stranger");
        assert!(!source.accept(other, &packet(2, 2), now), "another stream");
        assert!(!source.accept(other, &packet(2, 2), now), "the same packet twice");
        assert_eq!(source.target(), Some(named));
        assert!(source.accept(other, &packet(2, 3), now));
        assert_eq!(source.target(), Some(other));
        for sequence in 1..5 {
            assert!(!source.accept(third, &packet(3, sequence), now), "locked");
            assert!(!source.accept(named, &packet(3, sequence), now), "locked");
        }
        assert!(source.accept(other, &packet(9, 77), now), "whatever it sends");
        source.agree(named);
        assert!(source.accept(other, &packet(9, 78), now), "nothing new was agreed");
        source.agree(third);
        assert!(!source.accept(other, &packet(9, 79), now));
        assert!(source.accept(third, &packet(3, 1), now), "the address that was agreed needs no second");
    }

    #[test]
    fn a_silent_source_may_be_replaced() {
        let now = Instant::now();
        let mut source = Source::default();
        source.agree(address(1));
        assert!(source.accept(address(1), &packet(1, 1), now));
        assert!(source.accept(address(1), &packet(1, 2), now));
        let early = now + LOCK_HOLDS / 2;
        assert!(!source.accept(address(2), &packet(1, 3), early));
        assert!(!source.accept(address(2), &packet(1, 4), early));
        let late = now + LOCK_HOLDS;
        assert!(!source.accept(address(2), &packet(1, 5), late));
        assert!(source.accept(address(2), &packet(1, 6), late));
        assert_eq!(source.target(), Some(address(2)));
    }

    #[test]
    fn losses_by_table() {
        for (name, sequences, lost) in [
            ("none", &[1_u16, 2, 3][..], 0),
            ("one", &[1, 3], 1),
            ("late is not lost", &[1, 3, 2], 0),
            ("twice is not two", &[1, 1, 1, 3], 0),
            ("over the wrap", &[65_534, 65_535, 1], 1),
            ("begun anew", &[1, 3, 40_000, 40_001, 40_003], 1),
            ("one stray", &[1, 40_000, 2, 3], 0),
        ] {
            let mut reception = Reception::default();
            for &sequence in sequences {
                reception.count(&packet(1, sequence), None);
            }
            assert_eq!(reception.lost(), lost, "{name}");
        }
        let mut reception = Reception::default();
        for (ssrc, sequence) in [(1, 1), (1, 4), (2, 9), (2, 11)] {
            reception.count(&packet(ssrc, sequence), None);
        }
        assert_eq!(reception.lost(), 3, "over two streams");
    }

    #[test]
    fn a_report_tells_share_total_jitter_and_delay() {
        let now = Instant::now();
        let mut reception = Reception::default();
        assert_eq!(reception.report(now), None);
        // Every fourth is lost; every other one of the rest comes 5 ms late.
        for sequence in (0..=400_u16).filter(|sequence| sequence % 4 != 1) {
            let late = if sequence % 4 == 2 { 40 } else { 0 };
            reception.count(&packet(5, sequence), Some(u32::from(sequence) * 160 + late));
        }
        reception.sender_report(5, 0x1111_2222_3333_4444, now);
        reception.sender_report(6, 0, now);
        let report = reception.report(now + Duration::from_millis(500)).unwrap();
        assert_eq!((report.ssrc, report.highest_sequence, report.cumulative_lost), (5, 400, 100));
        assert_eq!(report.fraction_lost, 63, "100 of 401 in 256ths");
        assert_eq!((report.last_sender_report, report.delay_since), (0x2222_3333, 32_768));
        assert!((20..=32).contains(&report.jitter), "{}", report.jitter);
        let again = reception.report(now).unwrap();
        assert_eq!((again.fraction_lost, again.cumulative_lost), (0, 100));
    }

    proptest! {
        #[test]
        fn any_packets_are_counted(
            packets in proptest::collection::vec((0_u32..2, any::<u16>(), any::<u32>()), 0..60),
        ) {
            let now = Instant::now();
            let mut reception = Reception::default();
            for (ssrc, sequence, arrival) in packets {
                reception.count(&packet(ssrc, sequence), Some(arrival));
                reception.report(now);
            }
            prop_assert!(reception.lost() <= 60 * u64::from(MAX_DROPOUT));
        }
    }
}
