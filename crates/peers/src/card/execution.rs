//! What cards did: the witness of tests that nothing ran twice.

use serde::Serialize;
use std::sync::Arc;

/// What a command changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Octets of a transparent file.
    UpdateBinary,
    /// A record.
    UpdateRecord,
    /// The newest record of a cyclic file, by adding to it.
    Increase,
    /// A file can be used again.
    Activate,
    /// A file cannot be used.
    Deactivate,
    /// A file was made.
    Create,
    /// A file or a piece of applet software is gone.
    Delete,
    /// A file has another size.
    Resize,
    /// An object in a file of objects.
    SetData,
    /// A step of loading or installing an applet.
    Install,
    /// A block of an applet's code.
    Load,
    /// An application was locked or unlocked.
    SetStatus,
    /// Data for a security domain.
    StoreData,
    /// Data for an applet of its own command set.
    AppletData,
}

/// One change that a script made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Number of the command in its script, from 1.
    pub command: u8,
    /// What was done.
    pub operation: Operation,
    /// Path of the file from the master file, such as `3F00/ADF1/6F31`; for applets, the AID or TAR in hexadecimal.
    pub file: Arc<str>,
    /// Offset in a transparent file, number of a record or block, or the new size.
    pub place: u16,
    /// What was written.
    pub data: Vec<u8>,
}

/// A change together with the packet that brought it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Execution {
    /// Number among all changes of all cards, from 1.
    pub ordinal: u64,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// The card.
    pub iccid: Arc<str>,
    /// Version of the key set that the packet used.
    pub kvn: u8,
    /// Counter of the packet.
    pub counter: u64,
    /// Number of the command in its script, from 1.
    pub command: u8,
    /// What was done.
    pub operation: Operation,
    /// See [`Write::file`].
    pub file: Arc<str>,
    /// See [`Write::place`].
    pub place: u16,
    /// What was written, in hexadecimal.
    #[serde(serialize_with = "as_hex")]
    pub data: Vec<u8>,
}

#[expect(clippy::ptr_arg, reason = "serde hands over the field as it is")]
fn as_hex<S: serde::Serializer>(data: &Vec<u8>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&crate::hex::encode(data))
}
