//! What we say to a centre.

use crate::sms::settings::RouteSettings;
use muster_app::ports::SmsPacket;
use rusmpp_core::CommandStatus;
use rusmpp_core::command::borrowed::Command;
use rusmpp_core::encode::{Encode, Length};
use rusmpp_core::pdus::borrowed::{BindTransceiver, CancelSm, DataSmResp, DeliverSmResp, Pdu, SubmitSm};
use rusmpp_core::tlvs::borrowed::MessageSubmissionRequestTlvValue as RequestTlv;
use rusmpp_core::types::borrowed::{COctetString, EmptyOrFullCOctetString, OctetString};
use rusmpp_core::values::{
    DataCoding, EsmClass, InterfaceVersion, MoreMessagesToSend, Npi, PriorityFlag, RegisteredDelivery, Ton,
    UserMessageReference,
};

/// `esm_class`: default mode and type, user data header present.
const ESM_CLASS_UDHI: u8 = 0x40;
/// TP-PID of (U)SIM data download (TS 23.040 §9.2.3.9).
const PROTOCOL_ID_SIM_DATA_DOWNLOAD: u8 = 0x7F;
/// `registered_delivery`: a receipt on success and failure.
const RECEIPT: u8 = 1;
/// Optional parameters that we send at most.
const TLVS: usize = 2;

/// A value that does not fit its field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} does not fit the field")]
pub(crate) struct Unfit(pub(crate) &'static str);

/// The PDUs of one route: what its settings decide is prepared once.
#[derive(Debug)]
pub(crate) struct Writer {
    system_id: Vec<u8>,
    password: crate::sms::settings::Password,
    system_type: Vec<u8>,
    source: Vec<u8>,
    source_kind: (Ton, Npi),
    destination_kind: (Ton, Npi),
    data_coding: DataCoding,
    priority_flag: PriorityFlag,
    send_reference: bool,
}

impl Writer {
    pub(crate) fn new(settings: &RouteSettings) -> Self {
        Self {
            system_id: terminated(&settings.system_id),
            password: settings.password.clone(),
            system_type: terminated(&settings.system_type),
            source: terminated(&settings.source_address),
            source_kind: (settings.source_ton.into(), settings.source_npi.into()),
            destination_kind: (settings.destination_ton.into(), settings.destination_npi.into()),
            data_coding: settings.data_coding.octet().into(),
            priority_flag: PriorityFlag::new(settings.priority_flag),
            send_reference: settings.send_reference,
        }
    }

    /// `bind_transceiver` (SMPP 3.4 §4.1.5).
    pub(crate) fn bind(&self, sequence: u32, out: &mut Vec<u8>) -> Result<(), Unfit> {
        let password = zeroize::Zeroizing::new(terminated(self.password.reveal()));
        let pdu = BindTransceiver::new(
            c_string(&self.system_id, "system_id")?,
            c_string(&password, "password")?,
            c_string(&self.system_type, "system_type")?,
            InterfaceVersion::Smpp3_4,
            Ton::Unknown,
            Npi::Unknown,
            COctetString::null(),
        );
        append(sequence, CommandStatus::EsmeRok, pdu.into(), out);
        Ok(())
    }

    /// `submit_sm` (§4.4.1) of one segment of a packet; `validity_s` counts from now.
    pub(crate) fn submit(
        &self,
        sequence: u32,
        packet: &SmsPacket,
        segment: usize,
        validity_s: u32,
        out: &mut Vec<u8>,
    ) -> Result<(), Unfit> {
        let destination = Address::new(&packet.destination)?;
        let validity = validity_period(validity_s);
        let octets = packet.segments.get(segment).ok_or(Unfit("segment"))?;
        let mut pdu: SubmitSm<'_, TLVS> = SubmitSm::builder()
            .source_addr_ton(self.source_kind.0)
            .source_addr_npi(self.source_kind.1)
            .source_addr(c_string(&self.source, "source_address")?)
            .dest_addr_ton(self.destination_kind.0)
            .dest_addr_npi(self.destination_kind.1)
            .destination_addr(c_string(destination.octets(), "destination")?)
            .esm_class(EsmClass::from(ESM_CLASS_UDHI))
            .protocol_id(PROTOCOL_ID_SIM_DATA_DOWNLOAD)
            .priority_flag(self.priority_flag)
            .validity_period(EmptyOrFullCOctetString::new(&validity).map_err(|_| Unfit("validity"))?)
            .registered_delivery(RegisteredDelivery::from(RECEIPT))
            .data_coding(self.data_coding)
            .short_message(OctetString::new(octets).map_err(|_| Unfit("segment"))?)
            .build();
        if self.send_reference {
            let reference = packet.reference.wrapping_add(segment as u16);
            let tlv = RequestTlv::UserMessageReference(UserMessageReference::new(reference));
            pdu.push_tlv(tlv).map_err(|_| Unfit("user_message_reference"))?;
        }
        if segment + 1 < packet.segments.len() {
            let tlv = RequestTlv::MoreMessagesToSend(MoreMessagesToSend::MoreMessagesToFollow);
            pdu.push_tlv(tlv).map_err(|_| Unfit("more_messages_to_send"))?;
        }
        append(sequence, CommandStatus::EsmeRok, pdu.into(), out);
        Ok(())
    }

    /// `cancel_sm` (§4.9.1) of one message.
    pub(crate) fn cancel(
        &self,
        sequence: u32,
        message_id: &str,
        destination: &str,
        out: &mut Vec<u8>,
    ) -> Result<(), Unfit> {
        let message_id = terminated(message_id);
        let destination = Address::new(destination)?;
        let pdu = CancelSm::builder()
            .message_id(c_string(&message_id, "message_id")?)
            .source_addr_ton(self.source_kind.0)
            .source_addr_npi(self.source_kind.1)
            .source_addr(c_string(&self.source, "source_address")?)
            .dest_addr_ton(self.destination_kind.0)
            .dest_addr_npi(self.destination_kind.1)
            .destination_addr(c_string(destination.octets(), "destination")?)
            .build();
        append(sequence, CommandStatus::EsmeRok, pdu.into(), out);
        Ok(())
    }
}

/// `enquire_link` (§4.11.1).
pub(crate) fn enquire_link(sequence: u32, out: &mut Vec<u8>) {
    append(sequence, CommandStatus::EsmeRok, Pdu::EnquireLink, out);
}

/// `enquire_link_resp` (§4.11.2).
pub(crate) fn enquire_link_resp(sequence: u32, out: &mut Vec<u8>) {
    append(sequence, CommandStatus::EsmeRok, Pdu::EnquireLinkResp, out);
}

/// `unbind` (§4.2.1).
pub(crate) fn unbind(sequence: u32, out: &mut Vec<u8>) {
    append(sequence, CommandStatus::EsmeRok, Pdu::Unbind, out);
}

/// `unbind_resp` (§4.2.2).
pub(crate) fn unbind_resp(sequence: u32, out: &mut Vec<u8>) {
    append(sequence, CommandStatus::EsmeRok, Pdu::UnbindResp, out);
}

/// `generic_nack` (§4.3.1).
pub(crate) fn generic_nack(sequence: u32, status: CommandStatus, out: &mut Vec<u8>) {
    append(sequence, status, Pdu::GenericNack, out);
}

/// `deliver_sm_resp` (§4.6.2): its message id is unused and empty.
pub(crate) fn deliver_sm_resp(sequence: u32, status: CommandStatus, out: &mut Vec<u8>) {
    append(sequence, status, DeliverSmResp::default().into(), out);
}

/// `data_sm_resp` (§4.7.2).
pub(crate) fn data_sm_resp(sequence: u32, status: CommandStatus, out: &mut Vec<u8>) {
    append(sequence, status, DataSmResp::default().into(), out);
}

/// Relative validity (§7.1.1.2), `YYMMDDhhmmss000R` and a zero: days, hours, minutes and seconds. Months
/// would be of a length that the centre chooses, so what is longer than 31 days is cut to that.
pub(crate) fn validity_period(seconds: u32) -> [u8; 17] {
    const LONGEST_S: u32 = 31 * 86_400;
    let seconds = seconds.min(LONGEST_S);
    let mut text = *b"000000000000000R\0";
    let fields =
        [(4, seconds / 86_400), (6, seconds / 3600 % 24), (8, seconds / 60 % 60), (10, seconds % 60)];
    for (at, value) in fields {
        text[at] = b'0' + (value / 10) as u8;
        text[at + 1] = b'0' + (value % 10) as u8;
    }
    text
}

/// An address with its final zero, on the stack.
struct Address {
    octets: [u8; 21],
    length: usize,
}

impl Address {
    fn new(digits: &str) -> Result<Self, Unfit> {
        let mut octets = [0; 21];
        if digits.len() > 20 {
            return Err(Unfit("destination"));
        }
        octets[..digits.len()].copy_from_slice(digits.as_bytes());
        Ok(Self { octets, length: digits.len() + 1 })
    }

    fn octets(&self) -> &[u8] {
        &self.octets[..self.length]
    }
}

fn terminated(text: &str) -> Vec<u8> {
    let mut octets = Vec::with_capacity(text.len() + 1);
    octets.extend_from_slice(text.as_bytes());
    octets.push(0);
    octets
}

/// The field for octets that end with a zero.
fn c_string<'a, const MIN: usize, const MAX: usize>(
    octets: &'a [u8],
    field: &'static str,
) -> Result<COctetString<'a, MIN, MAX>, Unfit> {
    COctetString::new(octets).map_err(|_| Unfit(field))
}

/// Appends a PDU with its length.
fn append(sequence: u32, status: CommandStatus, pdu: Pdu<'_, TLVS>, out: &mut Vec<u8>) {
    let command = Command::new(status, sequence, pdu);
    let start = out.len();
    let length = 4 + command.length();
    out.resize(start + length, 0);
    out[start..start + 4].copy_from_slice(&(length as u32).to_be_bytes());
    let written = command.encode(&mut out[start + 4..]);
    debug_assert_eq!(4 + written, length);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sms::testing::{octets, worked_example};

    #[test]
    fn c57_the_worked_example_is_written_to_the_octet() {
        let mut settings = RouteSettings::new("r", ("h", 1), ("me", "secret"), "4900123");
        settings.send_reference = false;
        let (packet, expected) = worked_example();
        let mut out = Vec::new();
        Writer::new(&settings).submit(7, &packet, 0, packet.validity_s, &mut out).unwrap();
        assert_eq!(out, expected);
    }

    #[test]
    fn optional_parameters_stand_behind_the_message_and_count() {
        let settings = RouteSettings::new("r", ("h", 1), ("me", "secret"), "4900123");
        let (mut packet, expected) = worked_example();
        packet.reference = 0xFFFF;
        packet.segments.push(vec![1]);
        let writer = Writer::new(&settings);
        let mut first = Vec::new();
        writer.submit(7, &packet, 0, packet.validity_s, &mut first).unwrap();
        assert_eq!(first[16..expected.len()], expected[16..]);
        assert_eq!(first[..4], (expected.len() as u32 + 6 + 5).to_be_bytes());
        assert_eq!(first[expected.len()..], octets("0204 0002 FFFF 0426 0001 01"));
        let mut last = Vec::new();
        writer.submit(8, &packet, 1, packet.validity_s, &mut last).unwrap();
        assert_eq!(last[last.len() - 8..], octets("01 01 0204 0002 0000"), "references count up and around");
    }

    #[test]
    fn the_route_decides_kinds_coding_and_priority() {
        let mut settings = RouteSettings::new("r", ("h", 1), ("me", "secret"), "SERVICE");
        settings.source_ton = 5;
        settings.source_npi = 0;
        settings.destination_ton = 2;
        settings.destination_npi = 8;
        settings.data_coding = crate::sms::settings::DataCoding::General;
        settings.priority_flag = 2;
        let (packet, _) = worked_example();
        let mut out = Vec::new();
        Writer::new(&settings).submit(7, &packet, 0, 61, &mut out).unwrap();
        let text = String::from_utf8_lossy(&out).into_owned();
        assert!(text.contains("\u{5}\u{0}SERVICE\u{0}\u{2}\u{8}491700000001\u{0}@\u{7f}\u{2}\u{0}000000000101000R\u{0}\u{1}\u{0}\u{16}\u{0}"), "{text:?}");
    }

    #[test]
    fn validity_is_written_relative() {
        for (seconds, text) in [
            (0, "000000000000000R"),
            (1, "000000000001000R"),
            (59, "000000000059000R"),
            (3_661, "000000010101000R"),
            (86_399, "000000235959000R"),
            (86_400, "000001000000000R"),
            (31 * 86_400, "000031000000000R"),
            (u32::MAX, "000031000000000R"),
        ] {
            let period = validity_period(seconds);
            assert_eq!(&period[..16], text.as_bytes(), "{seconds}");
            assert_eq!(period[16], 0);
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let settings = RouteSettings::new("r", ("h", 1), ("me", "secret"), "4900123");
        let writer = Writer::new(&settings);
        let (packet, _) = worked_example();
        let mut out = Vec::new();
        let long = SmsPacket { destination: "1".repeat(21), ..packet.clone() };
        assert_eq!(writer.submit(1, &long, 0, 1, &mut out), Err(Unfit("destination")));
        let big = SmsPacket { segments: vec![vec![0; 256]], ..packet.clone() };
        assert_eq!(writer.submit(1, &big, 0, 1, &mut out), Err(Unfit("segment")));
        assert_eq!(writer.submit(1, &packet, 1, 1, &mut out), Err(Unfit("segment")));
        assert_eq!(writer.cancel(1, &"x".repeat(65), "1", &mut out), Err(Unfit("message_id")));
        assert_eq!(out, b"", "nothing half-written");
    }

    #[test]
    fn small_pdus_are_written_as_the_standard_has_them() {
        let mut out = Vec::new();
        enquire_link(1, &mut out);
        enquire_link_resp(2, &mut out);
        unbind(3, &mut out);
        unbind_resp(4, &mut out);
        generic_nack(5, CommandStatus::EsmeRinvcmdid, &mut out);
        deliver_sm_resp(6, CommandStatus::EsmeRxTAppn, &mut out);
        data_sm_resp(7, CommandStatus::EsmeRok, &mut out);
        let expected = octets(
            "00000010 00000015 00000000 00000001
             00000010 80000015 00000000 00000002
             00000010 00000006 00000000 00000003
             00000010 80000006 00000000 00000004
             00000010 80000000 00000003 00000005
             00000011 80000005 00000064 00000006 00
             00000011 80000103 00000000 00000007 00",
        );
        assert_eq!(out, expected);
    }

    #[test]
    fn binding_names_the_account_and_the_version() {
        let mut settings = RouteSettings::new("r", ("h", 1), ("me", "secret"), "4900123");
        settings.system_type = "OTA".to_owned();
        let mut out = Vec::new();
        Writer::new(&settings).bind(1, &mut out).unwrap();
        let expected =
            octets("00000026 00000009 00000000 00000001 6D6500 73656372657400 4F544100 34 00 00 00");
        assert_eq!(out[4..], expected[4..]);
        assert_eq!(out.len(), out[3] as usize);
    }
}
