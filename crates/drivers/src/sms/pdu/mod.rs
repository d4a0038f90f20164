//! Octets of SMPP 3.4.
//!
//! What we say is encoded by `rusmpp-core`, whose types hold the lengths of the standard. What we hear is
//! read by [`read`]: that crate refuses a whole message for one optional parameter of a wrong length or a
//! name without its final zero, both of which centres send, and a refused receipt would be lost or sent for
//! ever.

pub(crate) mod read;
pub(crate) mod write;

/// `command_id` of what is read (SMPP 3.4 §5.1.2.1).
pub(crate) mod id {
    use rusmpp_core::CommandId;

    pub(crate) const GENERIC_NACK: u32 = 0x8000_0000;
    pub(crate) const SUBMIT_SM_RESP: u32 = 0x8000_0004;
    pub(crate) const DELIVER_SM: u32 = 0x0000_0005;
    pub(crate) const UNBIND: u32 = 0x0000_0006;
    pub(crate) const UNBIND_RESP: u32 = 0x8000_0006;
    pub(crate) const CANCEL_SM_RESP: u32 = 0x8000_0008;
    pub(crate) const BIND_TRANSCEIVER_RESP: u32 = 0x8000_0009;
    pub(crate) const OUTBIND: u32 = 0x0000_000B;
    pub(crate) const ENQUIRE_LINK: u32 = 0x0000_0015;
    pub(crate) const ENQUIRE_LINK_RESP: u32 = 0x8000_0015;
    pub(crate) const ALERT_NOTIFICATION: u32 = 0x0000_0102;
    pub(crate) const DATA_SM: u32 = 0x0000_0103;

    /// Whether it answers a request.
    pub(crate) fn is_response(id: u32) -> bool {
        CommandId::from(id).is_response()
    }
}

/// Header of every PDU (§5.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// `command_id`.
    pub(crate) id: u32,
    /// `command_status`.
    pub(crate) status: u32,
    /// `sequence_number`.
    pub(crate) sequence: u32,
}

/// Octets of a header.
pub(crate) const HEADER_LEN: usize = 16;
/// The longest PDU that is read: a `message_payload` may have 64 KiB.
pub(crate) const LONGEST: usize = 70_000;
