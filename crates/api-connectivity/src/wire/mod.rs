//! Shapes that several endpoints share.

pub(crate) mod bulk;
pub(crate) mod dates;
pub(crate) mod fields;
pub(crate) mod packages;
pub(crate) mod participants;
pub(crate) mod sims;
pub(crate) mod words;
