//! Keys pressed, as events between the media packets (RFC 4733).

use crate::error::DecodeError;

/// Octets of an event's payload.
pub const PAYLOAD_LEN: usize = 4;

/// Keys in the order of their event codes (RFC 4733 §3.2, table 3).
const KEYS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'A', 'B', 'C', 'D'];

/// How far behind the newest event a timestamp may lie and still be taken for a straggler of the network: five
/// seconds. What lies further behind comes from a sender that has begun to count anew.
const STRAGGLER: u32 = 5 * super::SAMPLE_RATE;

/// The code of a key; `None` where there is no such key.
pub fn code_of(key: char) -> Option<u8> {
    KEYS.iter().position(|&known| known == key.to_ascii_uppercase()).map(|code| code as u8)
}

/// The payload of an event packet (RFC 4733 §2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TelephoneEvent {
    /// Which event; 0 to 15 are keys.
    pub code: u8,
    /// Whether the event has ended.
    pub end: bool,
    /// Loudness as −dBm0, 0 to 63; higher bits are dropped.
    pub volume: u8,
    /// How long it lasts so far, in samples.
    pub duration: u16,
}

impl TelephoneEvent {
    /// Reads a payload. Octets behind the first event are other events that began at the same time; nobody presses
    /// two keys at once, so they are left out.
    ///
    /// # Errors
    /// `length` when it is shorter than an event.
    pub fn parse(payload: &[u8]) -> Result<Self, DecodeError> {
        let Some(&[code, flags, high, low]) = payload.first_chunk() else {
            return Err(DecodeError::Length("shorter than a telephone event"));
        };
        Ok(Self {
            code,
            end: flags & 0x80 != 0,
            volume: flags & 0x3F,
            duration: u16::from_be_bytes([high, low]),
        })
    }

    /// The payload.
    pub fn to_octets(self) -> [u8; PAYLOAD_LEN] {
        let [high, low] = self.duration.to_be_bytes();
        [self.code, (u8::from(self.end) << 7) | (self.volume & 0x3F), high, low]
    }

    /// The key, where it is one.
    pub fn key(self) -> Option<char> {
        KEYS.get(usize::from(self.code)).copied()
    }
}

/// Makes one key press of the many packets that tell of it.
///
/// A press is told at its first packet that arrives, whichever that is: packets repeat, overtake each other, and the
/// one that ends the event may be lost. What belongs to one press is told by the timestamp, which is that of the
/// press in all its packets (RFC 4733 §2.5.1.2). Two deviations are allowed for: presses longer than a duration can
/// say continue under a new timestamp (§2.5.1.3), and there are senders that move the timestamp on with each packet.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyReceiver {
    last: Option<Press>,
}

#[derive(Clone, Copy, Debug)]
struct Press {
    ssrc: u32,
    code: u8,
    /// Of the newest packet that belongs to it.
    timestamp: u32,
    /// The longest heard under that timestamp.
    duration: u16,
}

impl KeyReceiver {
    /// Takes the next event packet; gives the key when this is the first packet of its press.
    pub fn accept(&mut self, ssrc: u32, timestamp: u32, marker: bool, event: TelephoneEvent) -> Option<char> {
        let key = event.key()?;
        if let Some(last) = self.last.as_mut().filter(|last| last.ssrc == ssrc) {
            let ahead = timestamp.wrapping_sub(last.timestamp);
            if ahead == 0 {
                last.duration = last.duration.max(event.duration);
                return None;
            }
            if ahead.wrapping_neg() <= STRAGGLER {
                return None;
            }
            // Another press of this key cannot begin before this one is over.
            if !marker && event.code == last.code && ahead <= u32::from(last.duration) {
                *last = Press { timestamp, duration: event.duration, ..*last };
                return None;
            }
        }
        self.last = Some(Press { ssrc, code: event.code, timestamp, duration: event.duration });
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The packets of a press as RFC 4733 §2.5 has them: every 20 ms, the last one three times.
    fn press(code: u8, timestamp: u32, frames: u16) -> Vec<(u32, bool, TelephoneEvent)> {
        (1..=frames + 2)
            .map(|frame| {
                let end = frame >= frames;
                let duration = frame.min(frames) * 160;
                (timestamp, frame == 1, TelephoneEvent { code, end, volume: 10, duration })
            })
            .collect()
    }

    fn keys(packets: impl IntoIterator<Item = (u32, bool, TelephoneEvent)>) -> String {
        let mut receiver = KeyReceiver::default();
        packets.into_iter().filter_map(|(at, marker, event)| receiver.accept(1, at, marker, event)).collect()
    }

    #[test]
    fn f24_one_key_for_each_timestamp() {
        let twice = [press(1, 1_000, 5), press(1, 3_000, 5), press(11, 5_000, 3)].concat();
        assert_eq!(keys(twice.clone()), "11#");
        // The packets that end the events are lost.
        assert_eq!(keys(twice.iter().copied().filter(|(_, _, event)| !event.end)), "11#");
        // Only they arrive.
        assert_eq!(keys(twice.iter().copied().filter(|(_, _, event)| event.end)), "11#");
        // Each comes twice, and the last packet of each press after the next press has begun.
        let mut overtaken = twice.clone();
        overtaken.swap(6, 8);
        assert_eq!(keys(overtaken.into_iter().flat_map(|packet| [packet, packet])), "11#");
    }

    #[test]
    fn a_press_longer_than_a_duration_can_say_is_one() {
        let begun = TelephoneEvent { code: 5, end: false, volume: 0, duration: u16::MAX };
        let on = TelephoneEvent { duration: 800, ..begun };
        assert_eq!(keys([(100, true, begun), (100 + 65_535, false, on), (100 + 65_535, false, on)]), "5");
    }

    #[test]
    fn a_sender_that_moves_the_timestamp_on_presses_once() {
        let moving = (1..6_u16).map(|frame| {
            let event = TelephoneEvent { code: 5, end: frame == 5, volume: 0, duration: frame * 160 };
            (u32::from(frame) * 160, frame == 1, event)
        });
        assert_eq!(keys(moving), "5");
    }

    #[test]
    fn a_new_stream_or_a_new_count_is_heard() {
        let event = TelephoneEvent { code: 2, end: false, volume: 0, duration: 160 };
        let mut receiver = KeyReceiver::default();
        assert_eq!(receiver.accept(1, 4_000_000, true, event), Some('2'));
        assert_eq!(receiver.accept(1, 3_999_000, true, event), None, "a straggler");
        assert_eq!(receiver.accept(1, 1_000, true, event), Some('2'), "counted anew");
        assert_eq!(receiver.accept(2, 1_000, true, event), Some('2'), "another stream");
    }

    #[test]
    fn codes_and_keys() {
        for key in "0123456789*#ABCD".chars() {
            let event = TelephoneEvent { code: code_of(key).unwrap(), end: true, volume: 63, duration: 9 };
            assert_eq!(event.key(), Some(key));
            assert_eq!(TelephoneEvent::parse(&event.to_octets()), Ok(event));
        }
        assert_eq!(code_of('x'), None);
        let flash = TelephoneEvent::parse(&[16, 0x80, 0, 0]).unwrap();
        assert_eq!(KeyReceiver::default().accept(1, 1, true, flash), None);
        assert_eq!(TelephoneEvent::parse(&[1, 2, 3]).unwrap_err().class(), "length");
    }

    proptest! {
        #[test]
        fn any_loss_and_repetition_leaves_each_key_once(
            codes in proptest::collection::vec(0_u8..16, 1..8),
            start: u32,
            kept in proptest::collection::vec(0_usize..3, 64),
        ) {
            let mut kept = kept.into_iter().cycle();
            let mut heard = String::new();
            let mut receiver = KeyReceiver::default();
            let mut expected = String::new();
            for (number, &code) in codes.iter().enumerate() {
                let at = start.wrapping_add(number as u32 * 1_600);
                let mut arrived = false;
                for (at, marker, event) in press(code, at, 4) {
                    for _ in 0..kept.next().unwrap() {
                        arrived = true;
                        heard.extend(receiver.accept(7, at, marker, event));
                    }
                }
                if arrived {
                    expected.extend(TelephoneEvent { code, end: false, volume: 0, duration: 0 }.key());
                }
            }
            prop_assert_eq!(heard, expected);
        }
    }
}
