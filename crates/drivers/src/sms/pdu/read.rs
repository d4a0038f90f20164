//! What we hear from a centre, read with patience: what is understood is used, what is not is left out, and
//! nothing that arrives can do more harm than being ignored.

use super::{HEADER_LEN, Header, LONGEST};
use rusmpp_core::tlvs::TlvTag;

/// A `command_length` that cannot be: where the next PDU begins is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadLength {
    /// `command_length` as received.
    pub(crate) length: u32,
    /// `sequence_number`, where the header is complete.
    pub(crate) sequence: u32,
}

/// The first PDU of `octets` and its body; `None` while it is not complete.
pub(crate) fn frame(octets: &[u8]) -> Result<Option<(Header, &[u8])>, BadLength> {
    let Some((length, rest)) = octets.split_first_chunk::<4>() else { return Ok(None) };
    let length = u32::from_be_bytes(*length);
    let word =
        |at: usize| rest.get(at..at + 4).map(|word| u32::from_be_bytes([word[0], word[1], word[2], word[3]]));
    if !(HEADER_LEN..=LONGEST).contains(&(length as usize)) {
        return Err(BadLength { length, sequence: word(8).unwrap_or(0) });
    }
    let Some(pdu) = octets.get(..length as usize) else { return Ok(None) };
    let (Some(id), Some(status), Some(sequence)) = (word(0), word(4), word(8)) else { return Ok(None) };
    Ok(Some((Header { id, status, sequence }, &pdu[HEADER_LEN..])))
}

/// The fields of a body, from front to back.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn octet(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// Up to the next zero, of any length.
    fn string(&mut self) -> Option<&'a [u8]> {
        let end = self.0.iter().position(|octet| *octet == 0)?;
        let (text, rest) = self.0.split_at(end);
        self.0 = &rest[1..];
        Some(text)
    }

    fn address(&mut self) -> Option<&'a [u8]> {
        let _ton_and_npi = self.take(2)?;
        self.string()
    }
}

/// Optional parameters (SMPP 3.4 §3.2.4): those that are whole, in order.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tlvs<'a>(&'a [u8]);

impl<'a> Tlvs<'a> {
    pub(crate) fn get(self, tag: TlvTag) -> Option<&'a [u8]> {
        let tag = u32::from(u16::from(tag)) as u16;
        let mut fields = Fields(self.0);
        loop {
            let head = fields.take(4)?;
            let value = fields.take(usize::from(u16::from_be_bytes([head[2], head[3]])))?;
            if u16::from_be_bytes([head[0], head[1]]) == tag {
                return Some(value);
            }
        }
    }

    /// A parameter of one octet.
    pub(crate) fn octet(self, tag: TlvTag) -> Option<u8> {
        self.get(tag)?.last().copied()
    }
}

/// `submit_sm_resp` (§4.4.2) and `bind_transceiver_resp` (§4.1.6): a name and optional parameters.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NameAndTlvs<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) tlvs: Tlvs<'a>,
}

pub(crate) fn name_and_tlvs(body: &[u8]) -> NameAndTlvs<'_> {
    let mut fields = Fields(body);
    // Without its zero the name is all that came; a body may also be missing altogether, mostly with an
    // error.
    match fields.string() {
        Some(name) => NameAndTlvs { name, tlvs: Tlvs(fields.0) },
        None => NameAndTlvs { name: body, tlvs: Tlvs::default() },
    }
}

/// A message from the centre: `deliver_sm` (§4.6.1) or `data_sm` (§4.7.1).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Message<'a> {
    pub(crate) source: &'a [u8],
    pub(crate) destination: &'a [u8],
    pub(crate) esm_class: u8,
    /// `short_message`, or `message_payload` where that is empty.
    pub(crate) octets: &'a [u8],
    pub(crate) tlvs: Tlvs<'a>,
}

pub(crate) fn deliver_sm(body: &[u8]) -> Option<Message<'_>> {
    let mut fields = Fields(body);
    fields.string()?; // service_type
    let source = fields.address()?;
    let destination = fields.address()?;
    let esm_class = fields.octet()?;
    fields.take(2)?; // protocol_id, priority_flag
    fields.string()?; // schedule_delivery_time
    fields.string()?; // validity_period
    fields.take(4)?; // registered_delivery, replace_if_present_flag, data_coding, sm_default_msg_id
    let length = fields.octet()?;
    let short = fields.take(usize::from(length))?;
    let tlvs = Tlvs(fields.0);
    let octets = if short.is_empty() { tlvs.get(TlvTag::MessagePayload).unwrap_or_default() } else { short };
    Some(Message { source, destination, esm_class, octets, tlvs })
}

pub(crate) fn data_sm(body: &[u8]) -> Option<Message<'_>> {
    let mut fields = Fields(body);
    fields.string()?; // service_type
    let source = fields.address()?;
    let destination = fields.address()?;
    let esm_class = fields.octet()?;
    fields.take(2)?; // registered_delivery, data_coding
    let tlvs = Tlvs(fields.0);
    let octets = tlvs.get(TlvTag::MessagePayload).unwrap_or_default();
    Some(Message { source, destination, esm_class, octets, tlvs })
}

/// `alert_notification` (§4.12.1): whose card can be reached, and how the centre puts it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Alert<'a> {
    pub(crate) source: &'a [u8],
    pub(crate) tlvs: Tlvs<'a>,
}

pub(crate) fn alert_notification(body: &[u8]) -> Option<Alert<'_>> {
    let mut fields = Fields(body);
    let source = fields.address()?;
    fields.address()?; // esme_addr
    Some(Alert { source, tlvs: Tlvs(fields.0) })
}
