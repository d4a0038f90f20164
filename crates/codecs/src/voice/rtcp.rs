//! Reports about media packets (RFC 3550 §6.4): what was sent, what was lost, how evenly it came.

use crate::error::DecodeError;
use crate::octets::Octets;

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;
/// The item of a source description that every report has to bring (RFC 3550 §6.5.1).
const CNAME: u8 = 1;

/// What the sender of a report has sent (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderInfo {
    /// When the report was made: seconds since 1900 in the high half, fractions of 2⁻³² seconds in the low.
    pub ntp: u64,
    /// The same instant on the clock of the media packets.
    pub timestamp: u32,
    /// Packets sent since the stream began, wrapping.
    pub packets: u32,
    /// Octets of payload in them, wrapping.
    pub octets: u32,
}

/// What arrived of one stream (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportBlock {
    /// The stream.
    pub ssrc: u32,
    /// Share lost since the report before, in 256ths.
    pub fraction_lost: u8,
    /// Packets lost since the stream began; negative where more came twice than were lost. 24 bits: the encoder keeps
    /// to the nearest that there is.
    pub cumulative_lost: i32,
    /// Highest sequence number received, with the count of times it has wrapped in the high half.
    pub highest_sequence: u32,
    /// Mean deviation of the packets' spacing, in samples.
    pub jitter: u32,
    /// Middle 32 bits of `ntp` of the last sender report heard; 0 where none was.
    pub last_sender_report: u32,
    /// Since then, in 65,536ths of a second.
    pub delay_since: u32,
}

/// A packet out of a datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// SR, or RR where nothing was sent.
    Report {
        /// Who reports.
        ssrc: u32,
        /// What it has sent; a receiver report tells none.
        sender: Option<SenderInfo>,
        /// What it has received, 31 streams at most.
        blocks: Vec<ReportBlock>,
    },
    /// BYE: the streams have ended.
    Goodbye {
        /// Which.
        ssrcs: Vec<u32>,
    },
    /// Any other type, such as SDES; it is skipped.
    Other(u8),
}

/// Writes a compound packet: a report with at most one block, and the description that has to follow it. With
/// `goodbye` it says besides that the stream ends here.
///
/// `cname` names the endpoint, the same in all its streams; at most 255 octets of it are sent.
pub fn encode(
    ssrc: u32,
    sender: Option<&SenderInfo>,
    block: Option<&ReportBlock>,
    cname: &str,
    goodbye: bool,
) -> Vec<u8> {
    let mut octets = Vec::with_capacity(96);
    let kind = if sender.is_some() { SENDER_REPORT } else { RECEIVER_REPORT };
    packet(&mut octets, kind, u8::from(block.is_some()), |octets| {
        octets.extend(ssrc.to_be_bytes());
        if let Some(sender) = sender {
            octets.extend(sender.ntp.to_be_bytes());
            octets.extend(sender.timestamp.to_be_bytes());
            octets.extend(sender.packets.to_be_bytes());
            octets.extend(sender.octets.to_be_bytes());
        }
        if let Some(block) = block {
            let lost = block.cumulative_lost.clamp(-(1 << 23), (1 << 23) - 1) as u32 & 0x00FF_FFFF;
            octets.extend(block.ssrc.to_be_bytes());
            octets.extend((u32::from(block.fraction_lost) << 24 | lost).to_be_bytes());
            octets.extend(block.highest_sequence.to_be_bytes());
            octets.extend(block.jitter.to_be_bytes());
            octets.extend(block.last_sender_report.to_be_bytes());
            octets.extend(block.delay_since.to_be_bytes());
        }
    });
    packet(&mut octets, SOURCE_DESCRIPTION, 1, |octets| {
        let name = &cname.as_bytes()[..cname.len().min(255)];
        octets.extend(ssrc.to_be_bytes());
        octets.extend([CNAME, name.len() as u8]);
        octets.extend(name);
        // At least one zero ends the list, and zeros fill the word.
        octets.push(0);
        while !octets.len().is_multiple_of(4) {
            octets.push(0);
        }
    });
    if goodbye {
        packet(&mut octets, GOODBYE, 1, |octets| octets.extend(ssrc.to_be_bytes()));
    }
    octets
}

/// Writes one packet: its header with `count`, and what `body` adds, whole words of it.
fn packet(octets: &mut Vec<u8>, kind: u8, count: u8, body: impl FnOnce(&mut Vec<u8>)) {
    let start = octets.len();
    octets.extend([0x80 | count, kind, 0, 0]);
    body(octets);
    let words = ((octets.len() - start) / 4 - 1) as u16;
    octets[start + 2..start + 4].copy_from_slice(&words.to_be_bytes());
}

/// Takes a datagram apart into its packets.
///
/// # Errors
/// `identity` when a packet is not of version 2; `length` when one is longer than what is there, or shorter than its
/// counts say.
pub fn decode(datagram: &[u8]) -> Result<Vec<Report>, DecodeError> {
    const SHORT: DecodeError = DecodeError::Length("shorter than a packet of RTCP");
    let mut octets = Octets::new(datagram);
    let mut reports = Vec::new();
    while !octets.is_empty() {
        let [first, kind, high, low] = octets.array().ok_or(SHORT)?;
        if first >> 6 != 2 {
            return Err(DecodeError::Identity("not version 2 of RTCP"));
        }
        let body = octets
            .take(usize::from(u16::from_be_bytes([high, low])) * 4)
            .ok_or(DecodeError::Length("a packet of RTCP is longer than its datagram"))?;
        let count = usize::from(first & 0x1F);
        reports.push(
            read(kind, count, body)
                .ok_or(DecodeError::Length("a packet of RTCP is shorter than its counts say"))?,
        );
    }
    if reports.is_empty() { Err(SHORT) } else { Ok(reports) }
}

fn read(kind: u8, count: usize, body: &[u8]) -> Option<Report> {
    let mut body = Octets::new(body);
    Some(match kind {
        SENDER_REPORT | RECEIVER_REPORT => {
            let ssrc = word(&mut body)?;
            let sender = if kind == SENDER_REPORT {
                Some(SenderInfo {
                    ntp: u64::from_be_bytes(body.array()?),
                    timestamp: word(&mut body)?,
                    packets: word(&mut body)?,
                    octets: word(&mut body)?,
                })
            } else {
                None
            };
            let blocks = (0..count).map(|_| block(&mut body)).collect::<Option<_>>()?;
            Report::Report { ssrc, sender, blocks }
        }
        GOODBYE => Report::Goodbye { ssrcs: (0..count).map(|_| word(&mut body)).collect::<Option<_>>()? },
        other => Report::Other(other),
    })
}

fn block(body: &mut Octets<'_>) -> Option<ReportBlock> {
    let ssrc = word(body)?;
    let [fraction_lost, high, middle, low] = body.array()?;
    Some(ReportBlock {
        ssrc,
        fraction_lost,
        // Shifted up and down again, so that the sign spreads.
        cumulative_lost: i32::from_be_bytes([high, middle, low, 0]) >> 8,
        highest_sequence: word(body)?,
        jitter: word(body)?,
        last_sender_report: word(body)?,
        delay_since: word(body)?,
    })
}

fn word(octets: &mut Octets<'_>) -> Option<u32> {
    octets.array().map(u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sender() -> impl Strategy<Value = SenderInfo> {
        any::<(u64, u32, u32, u32)>().prop_map(|(ntp, timestamp, packets, octets)| SenderInfo {
            ntp,
            timestamp,
            packets,
            octets,
        })
    }

    fn block() -> impl Strategy<Value = ReportBlock> {
        (any::<(u32, u8)>(), -(1 << 23)..1 << 23, any::<(u32, u32, u32, u32)>()).prop_map(
            |((ssrc, fraction_lost), cumulative_lost, (highest_sequence, jitter, last, delay_since))| {
                ReportBlock {
                    ssrc,
                    fraction_lost,
                    cumulative_lost,
                    highest_sequence,
                    jitter,
                    last_sender_report: last,
                    delay_since,
                }
            },
        )
    }

    #[test]
    fn a_receiver_report_octet_by_octet() {
        let block = ReportBlock {
            ssrc: 2,
            fraction_lost: 128,
            cumulative_lost: -1,
            highest_sequence: 0x0001_0002,
            jitter: 3,
            last_sender_report: 4,
            delay_since: 5,
        };
        let octets = encode(1, None, Some(&block), "ab", true);
        let expected = "81c90007 00000001 00000002 80ffffff 00010002 00000003 00000004 00000005 \
                        81ca0003 00000001 01026162 00000000 81cb0001 00000001";
        assert_eq!(hex::encode(&octets), expected.replace(' ', ""));
        assert_eq!(
            decode(&octets),
            Ok(vec![
                Report::Report { ssrc: 1, sender: None, blocks: vec![block] },
                Report::Other(SOURCE_DESCRIPTION),
                Report::Goodbye { ssrcs: vec![1] },
            ])
        );
    }

    #[test]
    fn refusals_by_table() {
        for (octets, class) in [
            (&[][..], "length"),
            (&[0x80, 201, 0], "length"),
            (&[0x80, 201, 0, 1], "length"),
            (&[0x80, 201, 0, 0], "length"),
            (&[0x81, 201, 0, 1, 0, 0, 0, 1], "length"),
            (&[0x82, 203, 0, 1, 0, 0, 0, 1], "length"),
            (&[0x40, 201, 0, 1, 0, 0, 0, 1], "identity"),
        ] {
            assert_eq!(decode(octets).unwrap_err().class(), class, "{octets:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            ssrc: u32, sender in proptest::option::of(sender()), block in proptest::option::of(block()),
            cname in ".{0,300}", goodbye: bool,
        ) {
            let octets = encode(ssrc, sender.as_ref(), block.as_ref(), &cname, goodbye);
            prop_assert!(octets.len().is_multiple_of(4));
            let mut expected = vec![
                Report::Report { ssrc, sender, blocks: block.into_iter().collect() },
                Report::Other(SOURCE_DESCRIPTION),
            ];
            if goodbye {
                expected.push(Report::Goodbye { ssrcs: vec![ssrc] });
            }
            prop_assert_eq!(decode(&octets), Ok(expected));
        }

        #[test]
        fn any_octets_are_read_or_refused(
            kind in 200_u8..204, count in 0_u8..32, words in 0_u16..30,
            rest in proptest::collection::vec(any::<u8>(), 0..160),
        ) {
            let mut octets = vec![0x80 | count, kind];
            octets.extend(words.to_be_bytes());
            octets.extend(&rest);
            if let Ok(reports) = decode(&octets) {
                prop_assert!(reports.len() * 4 <= octets.len());
            }
        }
    }
}
