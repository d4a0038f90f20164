//! The PDUs of SMPP 3.4 that a centre reads and writes.

use super::message::{Address, Deliver, MessageState, Submission, SubmitKind};
use super::receipt::tag;

/// Octets of a header.
pub(super) const HEADER: usize = 16;
/// A PDU longer than this is taken for garbage. message_payload may have 64 KiB, which no card will ever get.
pub(super) const LENGTH_MAX: usize = 16_384;

/// `command_id` (SMPP 3.4 §5.1.2.1).
pub(super) mod command {
    pub(crate) const BIND_RECEIVER: u32 = 0x01;
    pub(crate) const BIND_TRANSMITTER: u32 = 0x02;
    pub(crate) const QUERY_SM: u32 = 0x03;
    pub(crate) const SUBMIT_SM: u32 = 0x04;
    pub(crate) const DELIVER_SM: u32 = 0x05;
    pub(crate) const UNBIND: u32 = 0x06;
    pub(crate) const CANCEL_SM: u32 = 0x08;
    pub(crate) const BIND_TRANSCEIVER: u32 = 0x09;
    pub(crate) const ENQUIRE_LINK: u32 = 0x15;
    pub(crate) const ALERT_NOTIFICATION: u32 = 0x102;
    pub(crate) const DATA_SM: u32 = 0x103;
    pub(crate) const RESPONSE: u32 = 0x8000_0000;
    pub(crate) const GENERIC_NACK: u32 = 0x8000_0000;
}

/// A header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) length: usize,
    pub(super) command: u32,
    pub(super) status: u32,
    pub(super) sequence: u32,
}

impl Header {
    /// The header at the beginning of the octets, if there are enough of them.
    pub(super) fn read(octets: &[u8]) -> Option<Self> {
        let (words, _) = octets.get(..HEADER)?.as_chunks::<4>();
        let word = |at: usize| u32::from_be_bytes(words[at]);
        Some(Self { length: word(0) as usize, command: word(1), status: word(2), sequence: word(3) })
    }
}

/// Reads the fields of a body one after the other. `None` stands for a body that is too short.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn octet(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// Text up to a zero octet, at most `max` octets with it.
    fn text(&mut self, max: usize) -> Option<String> {
        let end = self.0.iter().take(max).position(|octet| *octet == 0)?;
        let text = String::from_utf8_lossy(&self.0[..end]).into_owned();
        self.0 = &self.0[end + 1..];
        Some(text)
    }

    fn octets(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn address(&mut self, max: usize) -> Option<Address> {
        Some(Address { ton: self.octet()?, npi: self.octet()?, digits: self.text(max)? })
    }

    /// The next optional parameter; `Some(None)` at the end of the body.
    #[expect(clippy::option_option, reason = "broken, at the end, and one more are three things")]
    fn tlv(&mut self) -> Option<Option<(u16, &'a [u8])>> {
        if self.0.is_empty() {
            return Some(None);
        }
        let head = self.octets(4)?;
        let (tag, length) = (u16::from_be_bytes([head[0], head[1]]), u16::from_be_bytes([head[2], head[3]]));
        Some(Some((tag, self.octets(usize::from(length))?)))
    }
}

/// A bind of any kind.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bind {
    pub(super) system_id: String,
    pub(super) password: String,
}

/// Reads the body of a bind_transmitter, bind_receiver or bind_transceiver.
pub(super) fn bind(body: &[u8]) -> Option<Bind> {
    let mut fields = Fields(body);
    let bind = Bind { system_id: fields.text(16)?, password: fields.text(9)? };
    fields.text(13)?;
    fields.octets(3)?;
    fields.text(41)?;
    Some(bind)
}

/// Reads the body of a submit_sm.
pub(super) fn submit_sm(sequence: u32, body: &[u8]) -> Option<Submission> {
    let mut fields = Fields(body);
    fields.text(6)?;
    let source = fields.address(21)?;
    let destination = fields.address(21)?;
    let (esm_class, protocol_id, _priority) = (fields.octet()?, fields.octet()?, fields.octet()?);
    fields.text(17)?;
    let validity_period = fields.text(17)?;
    let registered_delivery = fields.octet()?;
    fields.octet()?;
    let data_coding = fields.octet()?;
    fields.octet()?;
    let length = usize::from(fields.octet()?);
    let submission = Submission {
        kind: SubmitKind::SubmitSm,
        sequence,
        source,
        destination,
        esm_class,
        protocol_id,
        data_coding,
        validity_period,
        registered_delivery,
        user_data: fields.octets(length)?.to_vec(),
        user_message_reference: None,
    };
    with_tlvs(submission, fields)
}

/// Reads the body of a data_sm.
pub(super) fn data_sm(sequence: u32, body: &[u8]) -> Option<Submission> {
    let mut fields = Fields(body);
    fields.text(6)?;
    let submission = Submission {
        kind: SubmitKind::DataSm,
        sequence,
        source: fields.address(65)?,
        destination: fields.address(65)?,
        esm_class: fields.octet()?,
        registered_delivery: fields.octet()?,
        data_coding: fields.octet()?,
        protocol_id: 0x7F,
        ..Submission::default()
    };
    with_tlvs(submission, fields)
}

fn with_tlvs(mut submission: Submission, mut fields: Fields<'_>) -> Option<Submission> {
    while let Some((tag, value)) = fields.tlv()? {
        match (tag, value) {
            (tag::MESSAGE_PAYLOAD, octets) => submission.user_data = octets.to_vec(),
            (tag::USER_MESSAGE_REFERENCE, [high, low]) => {
                submission.user_message_reference = Some(u16::from_be_bytes([*high, *low]));
            }
            _ => {}
        }
    }
    Some(submission)
}

/// Reads the message id of a query_sm or cancel_sm.
pub(super) fn message_id(command_id: u32, body: &[u8]) -> Option<String> {
    let mut fields = Fields(body);
    if command_id == command::CANCEL_SM {
        fields.text(6)?;
    }
    fields.text(65)
}

/// Writes one PDU behind what is there already; the length is filled in when the body is written.
fn write(out: &mut Vec<u8>, command: u32, status: u32, sequence: u32, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    for word in [0, command, status, sequence] {
        out.extend_from_slice(&word.to_be_bytes());
    }
    body(out);
    let length = (out.len() - start) as u32;
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
    out.push(0);
}

fn address(out: &mut Vec<u8>, address: &Address) {
    out.extend_from_slice(&[address.ton, address.npi]);
    text(out, &address.digits);
}

fn tlv(out: &mut Vec<u8>, tag: u16, value: &[u8]) {
    out.extend_from_slice(&tag.to_be_bytes());
    out.extend_from_slice(&(value.len() as u16).to_be_bytes());
    out.extend_from_slice(value);
}

/// A PDU without a body.
pub(super) fn write_bare(out: &mut Vec<u8>, command: u32, status: u32, sequence: u32) {
    write(out, command, status, sequence, |_| ());
}

/// The answer to a bind.
pub(super) fn write_bind_resp(out: &mut Vec<u8>, request: u32, status: u32, sequence: u32) {
    write(out, request | command::RESPONSE, status, sequence, |out| {
        if status == 0 {
            text(out, "muster-sim");
            tlv(out, tag::SC_INTERFACE_VERSION, &[0x34]);
        }
    });
}

/// The answer to a submit_sm or data_sm.
pub(super) fn write_submit_resp(
    out: &mut Vec<u8>,
    kind: SubmitKind,
    status: u32,
    sequence: u32,
    message_id: &str,
    tlvs: &[(u16, Vec<u8>)],
) {
    let request = match kind {
        SubmitKind::SubmitSm => command::SUBMIT_SM,
        SubmitKind::DataSm => command::DATA_SM,
    };
    write(out, request | command::RESPONSE, status, sequence, |out| {
        // A failed submit_sm has no body (§4.4.2).
        if status == 0 || kind == SubmitKind::DataSm {
            text(out, message_id);
            for (tag, value) in tlvs {
                tlv(out, *tag, value);
            }
        }
    });
}

/// A deliver_sm.
pub(super) fn write_deliver(out: &mut Vec<u8>, sequence: u32, deliver: &Deliver) {
    write(out, command::DELIVER_SM, 0, sequence, |out| {
        out.push(0);
        address(out, &deliver.source);
        address(out, &deliver.destination);
        out.extend_from_slice(&[
            deliver.esm_class,
            deliver.protocol_id,
            0,
            0,
            0,
            0,
            0,
            deliver.data_coding,
            0,
        ]);
        let length = deliver.short_message.len().min(254);
        out.push(length as u8);
        out.extend_from_slice(&deliver.short_message[..length]);
        for (tag, value) in &deliver.tlvs {
            tlv(out, *tag, value);
        }
    });
}

/// An alert_notification.
pub(super) fn write_alert(out: &mut Vec<u8>, sequence: u32, source: &Address, destination: &Address) {
    write(out, command::ALERT_NOTIFICATION, 0, sequence, |out| {
        address(out, source);
        address(out, destination);
    });
}

/// The answer to a query_sm.
pub(super) fn write_query_resp(
    out: &mut Vec<u8>,
    sequence: u32,
    message_id: &str,
    state: MessageState,
    final_date: &str,
) {
    write(out, command::QUERY_SM | command::RESPONSE, 0, sequence, |out| {
        text(out, message_id);
        text(out, final_date);
        out.extend_from_slice(&[state.code(), 0]);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hex;

    const SUBMIT: &str = "00000079 00000004 00000000 00000007 00 0101 3439303031323300 0101 \
        34393137303030303030303100 407F00 00 3030303030313030303030303030305200 0100F600 35 \
        02700000301516091515B000019649A8101ACD2A34D46DD358E7835909E3F256FC1BDA7C5A9131A67A953F52FAC2078DB222FBD497";

    #[test]
    fn ota_5_7_submit_sm_is_read() {
        let octets = hex::decode(SUBMIT).unwrap();
        let header = Header::read(&octets).unwrap();
        assert_eq!((header.length, header.command, header.sequence), (octets.len(), command::SUBMIT_SM, 7));
        let submission = submit_sm(7, &octets[HEADER..]).unwrap();
        assert_eq!(submission.source, Address::international("4900123"));
        assert_eq!(submission.destination, Address::international("491700000001"));
        assert_eq!(
            (submission.esm_class, submission.protocol_id, submission.data_coding),
            (0x40, 0x7F, 0xF6)
        );
        assert_eq!((submission.registered_delivery, &*submission.validity_period), (1, "000001000000000R"));
        assert_eq!(submission.user_data, octets[octets.len() - 53..]);
    }

    #[test]
    fn ota_5_7_deliver_sm_is_written() {
        let deliver = Deliver {
            source: Address::international("491700000001"),
            destination: Address::international("4900123"),
            esm_class: 0x40,
            protocol_id: 0x7F,
            data_coding: 0xF6,
            short_message: hex::decode("027100001612B00001000000002A000030DA7DA6A9A8FD4F039000").unwrap(),
            ..Deliver::default()
        };
        let mut out = Vec::new();
        write_deliver(&mut out, 3, &deliver);
        let expected = "0000004F000000050000000000000003 00 0101 34393137303030303030303100 0101 3439303031323300 \
            40 7F 00 00 00 00 00 F6 00 1B 027100001612B00001000000002A000030DA7DA6A9A8FD4F039000";
        assert_eq!(hex::encode(&out), hex::encode(&hex::decode(expected).unwrap()));
    }

    #[test]
    fn a_body_cut_anywhere_is_refused_and_never_read_beyond() {
        let octets = hex::decode(SUBMIT).unwrap();
        for end in HEADER..octets.len() {
            assert_eq!(submit_sm(7, &octets[HEADER..end]), None, "{end}");
        }
    }
}
