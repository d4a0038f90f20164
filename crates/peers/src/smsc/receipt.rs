//! Delivery receipts (SMPP 3.4 appendix B and §5.3).

use super::message::{Address, Deliver, LinkId, MessageState};
use super::validity::short_date;
use crate::hex;

/// Optional parameters that the centre writes or reads.
pub(super) mod tag {
    pub(crate) const RECEIPTED_MESSAGE_ID: u16 = 0x001E;
    pub(crate) const USER_MESSAGE_REFERENCE: u16 = 0x0204;
    pub(crate) const SC_INTERFACE_VERSION: u16 = 0x0210;
    pub(crate) const NETWORK_ERROR_CODE: u16 = 0x0423;
    pub(crate) const MESSAGE_PAYLOAD: u16 = 0x0424;
    pub(crate) const MESSAGE_STATE: u16 = 0x0427;
    pub(crate) const CONGESTION_STATE: u16 = 0x0428;
}

/// What a receipt is about.
pub(super) struct Receipt<'a> {
    pub(super) message_id: String,
    pub(super) state: MessageState,
    pub(super) submitted_ms: u64,
    pub(super) done_ms: u64,
    /// Network type and cause, three octets.
    pub(super) network_error: Option<[u8; 3]>,
    pub(super) reference: Option<u16>,
    /// User data of the delivery report, for the text.
    pub(super) text: Option<&'a [u8]>,
    /// User data of the delivery report, for the payload.
    pub(super) payload: Option<&'a [u8]>,
    pub(super) tlvs: bool,
}

impl Receipt<'_> {
    /// The deliver_sm. A text too long for short_message goes into message_payload.
    pub(super) fn deliver(&self, card: Address, client: Address, link: Option<LinkId>) -> Deliver {
        let delivered = u8::from(self.state == MessageState::Delivered);
        let error = self.network_error.map_or(0, |[_, high, low]| u16::from_be_bytes([high, low]));
        let text = format!(
            "id:{} sub:001 dlvrd:{delivered:03} submit date:{} done date:{} stat:{} err:{error:03} text:{}",
            self.message_id,
            short_date(self.submitted_ms),
            short_date(self.done_ms),
            self.state.word(),
            self.text.map_or_else(String::new, hex::encode),
        )
        .into_bytes();
        let mut tlvs = Vec::new();
        if self.tlvs {
            let mut id = self.message_id.clone().into_bytes();
            id.push(0);
            tlvs.push((tag::RECEIPTED_MESSAGE_ID, id));
            tlvs.push((tag::MESSAGE_STATE, vec![self.state.code()]));
            if let Some(error) = self.network_error {
                tlvs.push((tag::NETWORK_ERROR_CODE, error.to_vec()));
            }
        }
        if let Some(reference) = self.reference {
            tlvs.push((tag::USER_MESSAGE_REFERENCE, reference.to_be_bytes().to_vec()));
        }
        let mut short_message = text;
        if let Some(payload) = self.payload {
            short_message.clear();
            tlvs.push((tag::MESSAGE_PAYLOAD, payload.to_vec()));
        } else if short_message.len() > 254 {
            tlvs.push((tag::MESSAGE_PAYLOAD, std::mem::take(&mut short_message)));
        }
        Deliver {
            source: card,
            destination: client,
            esm_class: 0x04,
            short_message,
            tlvs,
            link,
            ..Deliver::default()
        }
    }
}
