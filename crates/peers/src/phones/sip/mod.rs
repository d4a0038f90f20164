//! A small SIP (RFC 3261) of the phones' own: just enough to read, to answer and to ask.

pub(super) mod digest;
pub(super) mod message;
pub(super) mod sdp;
pub(super) mod uri;
