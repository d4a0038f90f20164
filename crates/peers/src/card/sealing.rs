//! Command packets as a server makes them, for tests.

use super::ciphers;
use super::keys::KeySet;

/// What a packet is to be like.
#[derive(Debug, Clone)]
pub(crate) struct Sealing<'a> {
    pub(crate) spi: [u8; 2],
    pub(crate) tar: [u8; 3],
    pub(crate) counter: u64,
    pub(crate) keys: &'a KeySet,
    /// Nibble of KID for a redundancy check; the key's algorithm if 0.
    pub(crate) crc: u8,
    pub(crate) check_octets: usize,
}

impl Sealing<'_> {
    /// A packet (TS 102 225 §5.1).
    pub(crate) fn packet(&self, data: &[u8]) -> Vec<u8> {
        let keys = self.keys;
        let (kic, kid) = (keys.kic.algorithm().nibble(), keys.kid.algorithm().nibble());
        let kid = if self.crc == 0 { kid } else { self.crc };
        let check = match (self.spi[0] & 3, self.crc) {
            (0, _) => 0,
            (1, 1) => 2,
            (1, _) => 4,
            _ => self.check_octets,
        };
        let ciphered = self.spi[0] & 4 != 0;
        let clear = 6 + check + data.len();
        let padding = if ciphered { clear.next_multiple_of(keys.kic.algorithm().block()) - clear } else { 0 };
        let mut front = ((8 + clear + padding) as u16).to_be_bytes().to_vec();
        front.extend([13 + check as u8, self.spi[0], self.spi[1], keys.kvn << 4 | kic, keys.kvn << 4 | kid]);
        front.extend(self.tar);
        front.extend(&self.counter.to_be_bytes()[3..]);
        front.push(padding as u8);
        let tail = [data, &vec![0; padding]].concat();
        let input = [&front[..], &tail].concat();
        let octets = match check {
            0 => Vec::new(),
            2 => ciphers::crc_16(&input).to_vec(),
            4 if self.spi[0] & 3 == 1 => ciphers::crc_32(&input).to_vec(),
            length => ciphers::check(&keys.kid, &input)[..length].to_vec(),
        };
        let mut packet = [front, octets, tail].concat();
        if ciphered {
            ciphers::encrypt(&keys.kic, &mut packet[10..]);
        }
        packet
    }

    /// The user data of its short messages (TS 31.115 §4.2).
    pub(crate) fn user_data(&self, data: &[u8], reference: u8) -> Vec<Vec<u8>> {
        let packet = self.packet(data);
        if packet.len() <= 137 {
            return vec![[&[2, 0x70, 0][..], &packet].concat()];
        }
        let (first, rest) = packet.split_at(132);
        let total = 1 + rest.len().div_ceil(134) as u8;
        let mut all = vec![[&[7, 0, 3, reference, total, 1, 0x70, 0][..], first].concat()];
        for (piece, number) in rest.chunks(134).zip(2..) {
            all.push([&[5, 0, 3, reference, total, number][..], piece].concat());
        }
        all
    }
}
