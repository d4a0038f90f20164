//! Command packets opened and response packets made (TS 102 225 §5).

use super::ciphers;
use super::keys::KeySet;

/// Response status octets that a card gives by itself (TS 102 225 §5.2, table 5).
pub mod status {
    /// The script ran.
    pub const OK: u8 = 0x00;
    /// Redundancy check or cryptographic check failed.
    pub const CHECK_FAILED: u8 = 0x01;
    /// The counter is not above the stored one.
    pub const COUNTER_LOW: u8 = 0x02;
    /// The counter is more than one above the stored one, where it may not be.
    pub const COUNTER_HIGH: u8 = 0x03;
    /// The stored counter is at its end.
    pub const COUNTER_BLOCKED: u8 = 0x04;
    /// The packet could not be deciphered.
    pub const CIPHERING_ERROR: u8 = 0x05;
    /// Some other security error: here a key version that the card does not have.
    pub const UNIDENTIFIED: u8 = 0x06;
    /// The message is longer than the card can hold.
    pub const NO_MEMORY: u8 = 0x07;
    /// Nobody answers to the TAR.
    pub const TAR_UNKNOWN: u8 = 0x09;
    /// The packet is protected less than the application demands.
    pub const TOO_LITTLE_SECURITY: u8 = 0x0A;
    /// The answer follows in a message of its own.
    pub const ANSWER_FOLLOWS: u8 = 0x0B;
}

/// The largest counter of 5 octets: a card that holds it is blocked.
pub const COUNTER_MAX: u64 = 0xFF_FFFF_FFFF;

/// Octets of a command header up to the counter.
const HEADER: usize = 10;
/// From the counter to the check: counter and number of padding octets.
const COUNTER_AND_PADDING: usize = 6;

/// What the clear part of a command packet says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) spi: [u8; 2],
    pub(super) kic: u8,
    pub(super) kid: u8,
    pub(super) tar: [u8; 3],
    check: usize,
}

/// How integrity is protected, from two bits of either octet of SPI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Integrity {
    None,
    Redundancy,
    Cryptographic,
    Signature,
}

impl Integrity {
    fn of(two_bits: u8) -> Self {
        match two_bits & 3 {
            0 => Self::None,
            1 => Self::Redundancy,
            2 => Self::Cryptographic,
            _ => Self::Signature,
        }
    }
}

/// What the card shall do with the counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum CounterMode {
    Absent,
    Ignored,
    Higher,
    Next,
}

impl Header {
    /// Reads the header; `None` when lengths contradict each other, which a card does not answer.
    pub(super) fn read(packet: &[u8]) -> Option<Self> {
        if packet.len() < HEADER + COUNTER_AND_PADDING {
            return None;
        }
        let follows = usize::from(u16::from_be_bytes([packet[0], packet[1]]));
        let check = usize::from(packet[2]).checked_sub(13)?;
        if follows != packet.len() - 2 || HEADER + COUNTER_AND_PADDING + check > packet.len() {
            return None;
        }
        Some(Self {
            spi: [packet[3], packet[4]],
            kic: packet[5],
            kid: packet[6],
            tar: [packet[7], packet[8], packet[9]],
            check,
        })
    }

    fn integrity(&self) -> Integrity {
        Integrity::of(self.spi[0])
    }

    fn ciphered(&self) -> bool {
        self.spi[0] & 0x04 != 0
    }

    pub(super) fn counter_mode(&self) -> CounterMode {
        match self.spi[0] >> 3 & 3 {
            0 => CounterMode::Absent,
            1 => CounterMode::Ignored,
            2 => CounterMode::Higher,
            _ => CounterMode::Next,
        }
    }

    /// Key version: the ciphering key's, or the integrity key's where nothing is ciphered.
    pub(super) fn kvn(&self) -> u8 {
        if self.ciphered() { self.kic >> 4 } else { self.kid >> 4 }
    }

    /// Whether it is protected at least as `msl` demands, which is coded like the first octet of SPI.
    pub(super) fn reaches(&self, msl: u8) -> bool {
        let least = Self { spi: [msl, 0], ..*self };
        self.integrity() >= least.integrity()
            && self.ciphered() >= least.ciphered()
            && self.counter_mode() >= least.counter_mode()
    }

    /// The counter where it can be read without a key.
    pub(super) fn clear_counter(&self, packet: &[u8]) -> [u8; 5] {
        if self.ciphered() { [0; 5] } else { counter_of(&packet[HEADER..]) }
    }

    /// Deciphers and verifies. On failure: the status, and the counter as far as the card could read it.
    pub(super) fn open(
        &self,
        packet: &[u8],
        keys: &KeySet,
        check_octets: usize,
    ) -> Result<Opened, (u8, [u8; 5])> {
        let mut own = packet.to_vec();
        let unread = (status::CIPHERING_ERROR, self.clear_counter(packet));
        if self.ciphered() {
            let algorithm = keys.kic.algorithm();
            let named = matches!(self.kic & 0x0F, 0) || self.kic & 0x0F == algorithm.nibble();
            if !named || !(own.len() - HEADER).is_multiple_of(algorithm.block()) {
                return Err(unread);
            }
            ciphers::decrypt(&keys.kic, &mut own[HEADER..]);
        }
        let (front, data) = own.split_at(HEADER + COUNTER_AND_PADDING + self.check);
        let (front, sent) = front.split_at(HEADER + COUNTER_AND_PADDING);
        let counter = counter_of(&front[HEADER..]);
        let padding = usize::from(front[HEADER + 5]);
        let limit = if self.ciphered() { keys.kic.algorithm().block() } else { 1 };
        if padding >= limit || padding > data.len() {
            return Err(unread);
        }
        let input = [front, data].concat();
        let good = match self.integrity() {
            Integrity::None => sent.is_empty(),
            Integrity::Redundancy => match self.kid & 0x0F {
                1 => sent == ciphers::crc_16(&input),
                5 => sent == ciphers::crc_32(&input),
                _ => false,
            },
            Integrity::Cryptographic => {
                let nibble = self.kid & 0x0F;
                (nibble == 0 || nibble == keys.kid.algorithm().nibble())
                    && self.kid >> 4 == keys.kvn
                    && sent.len() == check_octets
                    && sent == &ciphers::check(&keys.kid, &input)[..check_octets]
            }
            Integrity::Signature => false,
        };
        if !good {
            return Err((status::CHECK_FAILED, counter));
        }
        Ok(Opened { counter, data: data[..data.len() - padding].to_vec() })
    }
}

fn counter_of(octets: &[u8]) -> [u8; 5] {
    [octets[0], octets[1], octets[2], octets[3], octets[4]]
}

/// The five octets as a number.
pub(super) fn counter_value(counter: [u8; 5]) -> u64 {
    counter.iter().fold(0, |value, octet| value << 8 | u64::from(*octet))
}

/// What was inside a command packet.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) counter: [u8; 5],
    pub(super) data: Vec<u8>,
}

/// Whether and how a command wants its answer: the second octet of SPI.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish(u8);

impl Wish {
    pub(super) fn of(header: &Header) -> Self {
        Self(header.spi[1])
    }

    /// Whether an answer of this status is wanted at all.
    pub(super) fn wants(self, answer: u8) -> bool {
        match self.0 & 3 {
            1 => true,
            2 => answer != status::OK,
            _ => false,
        }
    }

    /// Whether the answer goes out in a message of the card's own instead of the delivery report.
    pub(super) fn by_submit(self) -> bool {
        self.0 & 0x20 != 0
    }
}

/// Makes response packets.
#[derive(Debug)]
pub(super) struct Responder<'a> {
    pub(super) header: &'a Header,
    pub(super) counter: [u8; 5],
    pub(super) keys: &'a KeySet,
    /// Octets of a cryptographic check, 4 or 8.
    pub(super) check_octets: usize,
}

/// User data header of a response in one message: part of the check's input.
const RESPONSE_HEADER: [u8; 3] = [0x02, 0x71, 0x00];

impl Responder<'_> {
    /// An answer protected as the command asked.
    pub(super) fn protected(&self, answer: u8, data: &[u8]) -> Vec<u8> {
        let wish = self.header.spi[1];
        let check = match Integrity::of(wish >> 2) {
            Integrity::Redundancy if self.header.kid & 0x0F == 1 => 2,
            Integrity::Redundancy => 4,
            Integrity::Cryptographic => self.check_octets,
            Integrity::None | Integrity::Signature => 0,
        };
        let ciphered = wish & 0x10 != 0;
        let clear = COUNTER_AND_PADDING + 1 + check + data.len();
        let padding =
            if ciphered { clear.next_multiple_of(self.keys.kic.algorithm().block()) - clear } else { 0 };

        let length = 4 + clear + padding;
        let mut packet = Vec::with_capacity(2 + length);
        packet.extend_from_slice(&(length as u16).to_be_bytes());
        packet.push(10 + check as u8);
        packet.extend_from_slice(&self.header.tar);
        packet.extend_from_slice(&self.counter);
        packet.push(padding as u8);
        packet.push(answer);
        let check_at = packet.len();
        packet.extend_from_slice(data);
        packet.resize(packet.len() + padding, 0);

        let input = || [&RESPONSE_HEADER[..], &packet].concat();
        let octets = match (Integrity::of(wish >> 2), check) {
            (Integrity::Redundancy, 2) => ciphers::crc_16(&input()).to_vec(),
            (Integrity::Redundancy, _) => ciphers::crc_32(&input()).to_vec(),
            (Integrity::Cryptographic, _) => ciphers::check(&self.keys.kid, &input())[..check].to_vec(),
            (Integrity::None | Integrity::Signature, _) => Vec::new(),
        };
        packet.splice(check_at..check_at, octets);
        if ciphered {
            ciphers::encrypt(&self.keys.kic, &mut packet[6..]);
        }
        packet
    }
}

/// The form in which a card refuses what it does not trust: neither ciphered nor checked, and without data.
pub(super) fn unprotected(tar: [u8; 3], counter: [u8; 5], answer: u8) -> Vec<u8> {
    let mut packet = vec![0x00, 0x0B, 0x0A];
    packet.extend_from_slice(&tar);
    packet.extend_from_slice(&counter);
    packet.extend_from_slice(&[0, answer]);
    packet
}

/// Cuts a response packet into the user data of one or several messages (TS 31.115 §4.4).
pub(super) fn into_user_data(packet: &[u8], reference: u8) -> Vec<Vec<u8>> {
    if packet.len() <= 137 {
        return vec![[&RESPONSE_HEADER[..], packet].concat()];
    }
    let (first, rest) = packet.split_at(132);
    let total = (1 + rest.len().div_ceil(134)) as u8;
    let mut messages = vec![[&[0x07, 0x00, 0x03, reference, total, 1, 0x71, 0x00][..], first].concat()];
    for (piece, number) in rest.chunks(134).zip(2u8..) {
        messages.push([&[0x05, 0x00, 0x03, reference, total, number][..], piece].concat());
    }
    messages
}
