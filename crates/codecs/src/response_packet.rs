//! The response packet, card to server: the proof of receipt (ETSI TS 102 225 §5.2, 3GPP TS 31.115 §4.4).
//!
//! ```text
//! RPL(2) RHL(1) TAR(3) | CNTR(5) PCNTR(1) status(1) RC/CC/DS(0-8) data padding
//!       in clear       |             ciphered, if asked for
//! ```
//!
//! Its check also covers the user data header in front of it, `02 71 00`.

use crate::command_packet::strip;
use crate::concat;
use crate::counter::Counter;
use crate::error::{DecodeError, EncodeError};
use crate::octets::Octets;
use crate::por_status::PorStatus;
use crate::security::{CipherKey, ResponseSecurity};
use crate::tar::Tar;
use crate::udh::PacketKind;
use std::fmt;
use zeroize::Zeroizing;

/// RPL, RHL and TAR, which always travel in clear.
const CLEAR_LEN: usize = 6;
/// All octets in front of the check.
const HEADER_LEN: usize = 13;
/// What RHL says when there is no check: TAR to status.
const RHL_WITHOUT_CHECK: usize = 10;
/// Octets in front of those that RPL counts: its own.
const RPL_LEN: usize = 2;
/// What the check covers in front of the packet. Also used for a concatenated answer, whose real first header is
/// longer: cards disagree there, and most that were seen do it this way.
const CHECKED_HEADER: [u8; 3] = [0x02, 0x71, 0x00];

/// How far an answer can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trust {
    /// Its cryptographic checksum verified.
    Authenticated,
    /// It carries the protection that was asked for, which was no checksum: anybody could have made it.
    AsRequested,
    /// A bare error, where protection was asked for. Cards that cannot or may not trust a command answer like this,
    /// and so can anybody else: a hint, no proof. Its status is never [`PorStatus::Ok`].
    Hint,
}

/// A proof of receipt.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The application that answers.
    pub tar: Tar,
    /// A copy of the command's counter; zero when the card could not read it.
    pub counter: Counter,
    /// Padding octets that were stripped.
    pub pcntr: u8,
    /// What the card says about the packet.
    pub status: PorStatus,
    /// What the application has to say, in the format of the application.
    pub data: Vec<u8>,
    /// How far to believe it.
    pub trust: Trust,
}

impl Response {
    /// Its cryptographic checksum verified.
    pub fn authenticated(&self) -> bool {
        self.trust == Trust::Authenticated
    }
}

impl fmt::Debug for Response {
    /// Without the data: deciphered octets stay out of every text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("tar", &self.tar)
            .field("counter", &self.counter)
            .field("pcntr", &self.pcntr)
            .field("status", &self.status)
            .field("data_len", &self.data.len())
            .field("trust", &self.trust)
            .finish()
    }
}

/// The application a response packet comes from, before anything about it is known or believed: it is in clear, and
/// finds the command that was answered.
pub fn peek_tar(packet: &[u8]) -> Option<Tar> {
    packet.get(3..6).and_then(|tar| tar.try_into().ok()).map(Tar)
}

/// Makes the packet, from RPL to the last octet, as a card does that protects it as asked.
///
/// # Errors
/// [`EncodeError::TooLong`] when RPL could not say the length.
pub fn encode(
    security: ResponseSecurity<'_>,
    counter: Counter,
    status: PorStatus,
    data: &[u8],
) -> Result<Vec<u8>, EncodeError> {
    let protection = security.protection;
    let check_len = protection.check.len();
    let max = concat::MAX_PACKET_LEN;
    let too_long = EncodeError::TooLong { what: "response data", len: data.len(), max };
    if data.len() > max {
        return Err(too_long);
    }
    let behind_clear = HEADER_LEN - CLEAR_LEN + check_len + data.len();
    let total = CLEAR_LEN + behind_clear.next_multiple_of(protection.block_len());
    if total > max {
        return Err(too_long);
    }
    let padding = total - HEADER_LEN - check_len - data.len();

    let mut checked = [0; CHECKED_HEADER.len() + HEADER_LEN];
    checked[..3].copy_from_slice(&CHECKED_HEADER);
    checked[3..5].copy_from_slice(&((total - RPL_LEN) as u16).to_be_bytes());
    checked[5] = (RHL_WITHOUT_CHECK + check_len) as u8;
    checked[6..9].copy_from_slice(&security.tar.0);
    checked[9..14].copy_from_slice(&counter.to_octets());
    checked[14] = padding as u8;
    checked[15] = status.octet();

    let mut packet = Vec::with_capacity(total);
    packet.extend_from_slice(&checked[3..]);
    packet.resize(HEADER_LEN + check_len, 0);
    packet.extend_from_slice(data);
    packet.resize(total, 0);
    let check = protection.check.compute(&checked, &packet[HEADER_LEN + check_len..]);
    packet[HEADER_LEN..HEADER_LEN + check_len].copy_from_slice(check.as_slice());
    if let Some(key) = &protection.cipher {
        key.encrypt(&mut packet[CLEAR_LEN..]);
    }
    Ok(packet)
}

/// Reads the user data of one short message, or of all that an answer came in: in any order, with repetitions. Their
/// header must say that they are a response packet.
///
/// # Errors
/// Those of [`decode_packet`] and of [`concat::join`]; `identity` when this is no response packet.
pub fn decode<T: AsRef<[u8]>>(
    security: ResponseSecurity<'_>,
    sent: Option<Counter>,
    tp_uds: &[T],
) -> Result<Response, DecodeError> {
    let message = concat::join(tp_uds)?;
    if message.kind != Some(PacketKind::Response) {
        return Err(DecodeError::Identity("the message carries no response packet"));
    }
    decode_packet(security, sent, &message.payload)
}

/// Reads a response packet, from RPL to the last octet, put together again if it came in several messages.
///
/// `sent` is the counter of the command that waits for an answer; with `None` the caller compares by itself. A bare
/// error whose counter is zero passes too: the card may not have read ours. The caller takes it only when nothing
/// else waits.
///
/// # Errors
/// In this order: `length` (RPL, RHL), `identity` (another application), `integrity`, `identity` (another counter),
/// `padding`. Before `length` or `integrity` is reported, the packet is tried as a bare error ([`Trust::Hint`]).
pub fn decode_packet(
    security: ResponseSecurity<'_>,
    sent: Option<Counter>,
    packet: &[u8],
) -> Result<Response, DecodeError> {
    match decode_protected(security, sent, packet) {
        Err(error @ (DecodeError::Length(_) | DecodeError::Integrity(_))) => {
            match (bare_error(security.tar, packet), sent) {
                (Some(hint), Some(sent)) if hint.counter != sent && hint.counter != Counter::ZERO => {
                    Err(STALE)
                }
                (Some(hint), _) => Ok(hint),
                (None, _) => Err(error),
            }
        }
        result => result,
    }
}

const STALE: DecodeError = DecodeError::Identity("the answer is to another counter");

fn decode_protected(
    security: ResponseSecurity<'_>,
    sent: Option<Counter>,
    packet: &[u8],
) -> Result<Response, DecodeError> {
    let protection = security.protection;
    let check_len = protection.check.len();
    let mut octets = Octets::new(packet);
    let header = (|| {
        let rpl = usize::from(u16::from_be_bytes(octets.array()?));
        Some((rpl, octets.octet()?, octets.array::<3>()?))
    })();
    let Some((rpl, rhl, tar)) = header else {
        return Err(DecodeError::Length("the packet ends inside its header"));
    };
    if rpl != packet.len() - RPL_LEN {
        return Err(DecodeError::Length("RPL is not the number of octets that follow"));
    }
    if usize::from(rhl) != RHL_WITHOUT_CHECK + check_len {
        return Err(DecodeError::Length("RHL does not fit the check that was asked for"));
    }
    if packet.len() < HEADER_LEN + check_len {
        return Err(DecodeError::Length("the packet ends inside its header"));
    }
    if tar != security.tar.0 {
        return Err(DecodeError::Identity("another application answers"));
    }

    let mut plain = Zeroizing::new(packet.to_vec());
    if let Some(key) = &protection.cipher {
        let ciphered = &mut plain[CLEAR_LEN..];
        if !ciphered.len().is_multiple_of(key.block_len()) {
            return Err(if check_len == 0 {
                DecodeError::Length("the ciphered part is no whole number of blocks")
            } else {
                DecodeError::Integrity("the packet is not ciphered as asked, its check cannot verify")
            });
        }
        key.decrypt(ciphered);
    }
    let (header, rest) = plain.split_first_chunk::<HEADER_LEN>().expect("the length was checked");
    let (carried, padded) = rest.split_at(check_len);
    let mut checked = [0; CHECKED_HEADER.len() + HEADER_LEN];
    checked[..3].copy_from_slice(&CHECKED_HEADER);
    checked[3..].copy_from_slice(header);
    if !protection.check.verifies(&checked, padded, carried) {
        return Err(DecodeError::Integrity("the check does not verify"));
    }
    let mut counter = [0; 5];
    counter.copy_from_slice(&header[6..11]);
    let counter = Counter::from_octets(counter);
    let status = PorStatus::from_octet(header[12]);
    let unread = counter == Counter::ZERO && status != PorStatus::Ok;
    if sent.is_some_and(|sent| sent != counter) && !unread {
        return Err(STALE);
    }
    let pcntr = header[11];
    let data = strip(padded, pcntr, protection.cipher.as_ref().map(CipherKey::block_len))?.to_vec();
    let trust = if protection.check.authenticates() { Trust::Authenticated } else { Trust::AsRequested };
    Ok(Response { tar: security.tar, counter, pcntr, status, data, trust })
}

/// An error without check, cipher and data, as cards send it that do not trust the command.
fn bare_error(tar: Tar, packet: &[u8]) -> Option<Response> {
    let packet: &[u8; HEADER_LEN] = packet.try_into().ok()?;
    let [0, 11, 10, t1, t2, t3, c1, c2, c3, c4, c5, 0, status] = *packet else { return None };
    let status = PorStatus::from_octet(status);
    (Tar([t1, t2, t3]) == tar && status != PorStatus::Ok).then(|| Response {
        tar,
        counter: Counter::from_octets([c1, c2, c3, c4, c5]),
        pcntr: 0,
        status,
        data: Vec::new(),
        trust: Trust::Hint,
    })
}
