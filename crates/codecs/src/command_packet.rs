//! The command packet, server to card (ETSI TS 102 225 §5.1, bound to short messages by 3GPP TS 31.115 §4.2).
//!
//! ```text
//! CPL(2) CHL(1) SPI(2) KIc(1) KID(1) TAR(3) | CNTR(5) PCNTR(1) RC/CC/DS(0-8) data padding
//!                       in clear            |               ciphered, if asked for
//! ```

use crate::concat;
use crate::counter::Counter;
use crate::error::{DecodeError, EncodeError};
use crate::octets::Octets;
use crate::security::{CipherKey, CommandSecurity};
use crate::udh::PacketKind;
use std::fmt;
use zeroize::Zeroizing;

/// CPL, CHL, SPI, KIc, KID and TAR, which always travel in clear.
const CLEAR_LEN: usize = 10;
/// All octets in front of the check.
const HEADER_LEN: usize = 16;
/// What CHL says when there is no check: SPI to PCNTR.
const CHL_WITHOUT_CHECK: usize = 13;
/// Octets in front of those that CPL counts: its own.
const CPL_LEN: usize = 2;

/// The longest packet, CPL included: what 255 concatenated short messages carry.
pub const MAX_PACKET_LEN: usize = concat::MAX_PACKET_LEN;

/// What a card reads from a command packet.
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    /// The replay counter.
    pub counter: Counter,
    /// Padding octets that were stripped.
    pub pcntr: u8,
    /// The script, or whatever the application takes.
    pub secured_data: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Command {
    /// Without the data: deciphered octets stay out of every text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Command")
            .field("counter", &self.counter)
            .field("pcntr", &self.pcntr)
            .field("secured_data_len", &self.secured_data.len())
            .finish()
    }
}

/// Length of the packet for this much data, CPL to padding, in octets. It depends on nothing else, so that cost and
/// segments are known before a counter is spent.
pub fn packet_len(security: &impl AsRef<CommandSecurity>, data_len: usize) -> usize {
    let protection = security.as_ref().protection();
    let behind_clear = HEADER_LEN - CLEAR_LEN + protection.check.len() + data_len;
    CLEAR_LEN + behind_clear.next_multiple_of(protection.block_len())
}

/// Padding octets at the end of that packet, as PCNTR says.
pub fn padding_len(security: &impl AsRef<CommandSecurity>, data_len: usize) -> usize {
    let check_len = security.as_ref().protection().check.len();
    packet_len(security, data_len) - HEADER_LEN - check_len - data_len
}

/// Makes the packet, from CPL to the last octet. The same arguments always give the same octets.
///
/// A security without a counter mode still has the field; it should be [`Counter::ZERO`] then.
///
/// # Errors
/// [`EncodeError::TooLong`] when the packet would exceed [`MAX_PACKET_LEN`].
pub fn encode(
    security: &impl AsRef<CommandSecurity>,
    counter: Counter,
    secured_data: &[u8],
) -> Result<Vec<u8>, EncodeError> {
    let security = security.as_ref();
    let protection = security.protection();
    // Refused before any arithmetic on lengths that only an absurd input has.
    if secured_data.len() > MAX_PACKET_LEN || packet_len(security, secured_data.len()) > MAX_PACKET_LEN {
        return Err(EncodeError::TooLong {
            what: "secured data",
            len: secured_data.len(),
            max: MAX_PACKET_LEN,
        });
    }
    let check_len = protection.check.len();
    let total = packet_len(security, secured_data.len());
    let padding = padding_len(security, secured_data.len());

    let mut header = [0; HEADER_LEN];
    header[..2].copy_from_slice(&((total - CPL_LEN) as u16).to_be_bytes());
    header[2] = (CHL_WITHOUT_CHECK + check_len) as u8;
    header[3..5].copy_from_slice(&security.spi().to_octets());
    header[5] = security.kic().octet();
    header[6] = security.kid().octet();
    header[7..10].copy_from_slice(&security.tar().0);
    header[10..15].copy_from_slice(&counter.to_octets());
    header[15] = padding as u8;

    let mut packet = Vec::with_capacity(total);
    packet.extend_from_slice(&header);
    packet.resize(HEADER_LEN + check_len, 0);
    packet.extend_from_slice(secured_data);
    packet.resize(total, 0);
    let check = protection.check.compute(&header, &packet[HEADER_LEN + check_len..]);
    packet[HEADER_LEN..HEADER_LEN + check_len].copy_from_slice(check.as_slice());
    if let Some(key) = &protection.cipher {
        key.encrypt(&mut packet[CLEAR_LEN..]);
    }
    Ok(packet)
}

/// Reads the user data of one short message, or of all that a command came in: in any order, with repetitions. Their
/// header must say that they are a command packet.
///
/// # Errors
/// Those of [`decode_packet`] and of [`concat::join`]; `identity` when this is no command packet.
pub fn decode<T: AsRef<[u8]>>(
    security: &impl AsRef<CommandSecurity>,
    tp_uds: &[T],
) -> Result<Command, DecodeError> {
    let message = concat::join(tp_uds)?;
    if message.kind != Some(PacketKind::Command) {
        return Err(DecodeError::Identity("the message carries no command packet"));
    }
    decode_packet(security, &message.payload)
}

/// Reads a packet, from CPL to the last octet, as the card does that shares this security.
///
/// The padding is stripped by its count; its values are nobody's business.
///
/// # Errors
/// In this order: `length` when CPL, CHL or the ciphered part contradict the octets or the security, `identity` when
/// the packet is under another indicator, key or application, `integrity`, `padding`.
pub fn decode_packet(security: &impl AsRef<CommandSecurity>, packet: &[u8]) -> Result<Command, DecodeError> {
    let security = security.as_ref();
    let protection = security.protection();
    let check_len = protection.check.len();
    let mut octets = Octets::new(packet);
    let header = (|| {
        let cpl = usize::from(u16::from_be_bytes(octets.array()?));
        Some((cpl, octets.octet()?, octets.array::<2>()?, octets.array::<2>()?, octets.array::<3>()?))
    })();
    let Some((cpl, chl, spi, keys, tar)) = header else {
        return Err(DecodeError::Length("the packet ends inside its header"));
    };
    if cpl != packet.len() - CPL_LEN {
        return Err(DecodeError::Length("CPL is not the number of octets that follow"));
    }
    if usize::from(chl) != CHL_WITHOUT_CHECK + check_len {
        return Err(DecodeError::Length("CHL does not fit the check that was agreed"));
    }
    if packet.len() < HEADER_LEN + check_len {
        return Err(DecodeError::Length("the packet ends inside its header"));
    }
    if spi != security.spi().to_octets() {
        return Err(DecodeError::Identity("the packet has another security parameter indicator"));
    }
    if keys != [security.kic().octet(), security.kid().octet()] {
        return Err(DecodeError::Identity("the packet names other keys"));
    }
    if tar != security.tar().0 {
        return Err(DecodeError::Identity("the packet is for another application"));
    }

    let mut plain = Zeroizing::new(packet.to_vec());
    if let Some(key) = &protection.cipher {
        let ciphered = &mut plain[CLEAR_LEN..];
        if !ciphered.len().is_multiple_of(key.block_len()) {
            return Err(DecodeError::Length("the ciphered part is no whole number of blocks"));
        }
        key.decrypt(ciphered);
    }
    let (header, rest) = plain.split_first_chunk::<HEADER_LEN>().expect("the length was checked");
    let (carried, padded) = rest.split_at(check_len);
    if !protection.check.verifies(header, padded, carried) {
        return Err(DecodeError::Integrity("the check does not verify"));
    }
    let pcntr = header[15];
    let data = strip(padded, pcntr, protection.cipher.as_ref().map(CipherKey::block_len))?;
    let mut counter = [0; 5];
    counter.copy_from_slice(&header[10..15]);
    Ok(Command { counter: Counter::from_octets(counter), pcntr, secured_data: Zeroizing::new(data.to_vec()) })
}

/// Takes the padding off; `block_len` is that of the cipher, if there is one.
pub(crate) fn strip(padded: &[u8], pcntr: u8, block_len: Option<usize>) -> Result<&[u8], DecodeError> {
    let count = usize::from(pcntr);
    if block_len.is_some_and(|block_len| count >= block_len) {
        return Err(DecodeError::Padding("PCNTR is a whole block or more"));
    }
    let data_len =
        padded.len().checked_sub(count).ok_or(DecodeError::Padding("PCNTR is more than the data"))?;
    Ok(&padded[..data_len])
}
