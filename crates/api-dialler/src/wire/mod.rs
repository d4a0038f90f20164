//! Records of the wire, and how bodies are read.

pub(crate) mod attempts;
pub(crate) mod campaign_body;
pub(crate) mod campaigns;
pub(crate) mod contact_body;
pub(crate) mod contacts;
pub(crate) mod dates;
pub(crate) mod fields;
pub(crate) mod result_code_body;
pub(crate) mod result_codes;
