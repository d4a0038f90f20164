//! How cards of one make want to be spoken to. Nothing of it is a constant of the protocol: makers differ.

use serde::{Deserialize, Serialize};

/// Everything about a make of cards that a packet depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CardProfile {
    /// Its name, unique in the organization.
    pub name: String,
    /// Version of the key set that is used, 1 to 15.
    pub kvn: u8,
    /// How the card checks counters.
    pub counter_mode: CounterMode,
    /// Whether commands are ciphered.
    pub ciphered: bool,
    /// How commands are protected against change.
    pub integrity: Integrity,
    /// Octets of an AES-CMAC: 8, or 4 where the card wants it.
    pub cmac_length: u8,
    /// When the card shall answer.
    pub por: PorRequest,
    /// How the answer is protected against change.
    pub por_integrity: Integrity,
    /// Whether the answer is ciphered.
    pub por_ciphered: bool,
    /// Whether the answer comes as a message of its own (SMS-SUBMIT) and not in the delivery report.
    pub por_by_submit: bool,
    /// TAR of remote file management on the shared file system, hexadecimal.
    pub mf_tar: String,
    /// TARs under which the application directories `ADF1`, `ADF2`, … are reached, in that order.
    pub adfs: Vec<AdfTarget>,
    /// TAR of remote applet management, hexadecimal.
    pub ram_tar: String,
    /// TAR of the applet that manages IMSIs, hexadecimal, where the card has one.
    pub imsi_tar: Option<String>,
    /// Which form of script the card's applications read.
    pub format: ScriptFormat,
    /// Most segments of one packet that the card can put together.
    pub segments_max: u8,
    /// Allows what the rules otherwise refuse for this make: single DES, AES without a checked counter.
    pub allow_weak: bool,
}

impl Default for CardProfile {
    /// The common case: ciphered, authenticated, counter higher, an authenticated answer as a message of its own.
    fn default() -> Self {
        Self {
            name: "default".to_owned(),
            kvn: 1,
            counter_mode: CounterMode::Higher,
            ciphered: true,
            integrity: Integrity::Cc,
            cmac_length: 8,
            por: PorRequest::Always,
            por_integrity: Integrity::Cc,
            por_ciphered: false,
            por_by_submit: true,
            mf_tar: "B00000".to_owned(),
            adfs: vec![AdfTarget { tar: "B00001".to_owned(), preselected: false }],
            ram_tar: "000000".to_owned(),
            imsi_tar: None,
            format: ScriptFormat::Compact,
            segments_max: 5,
            allow_weak: false,
        }
    }
}

/// How an application directory is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdfTarget {
    /// TAR of its remote file management, hexadecimal.
    pub tar: String,
    /// Whether it is selected when the script begins; otherwise `7FFF` is selected first.
    #[serde(default)]
    pub preselected: bool,
}

/// How the card checks the replay counter (SPI octet 1, bits 5 and 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CounterMode {
    /// No counter.
    None,
    /// There is one, and nobody looks at it.
    NotChecked,
    /// It must be higher than the last one.
    Higher,
    /// It must be the last one plus one.
    Increment,
}

impl CounterMode {
    /// Whether a second copy of a packet is refused by the card, so that sending it again is safe.
    pub const fn protects_from_replay(self) -> bool {
        matches!(self, Self::Higher | Self::Increment)
    }
}

/// Protection against change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Integrity {
    /// None.
    None,
    /// CRC-16: finds accidents only.
    Crc16,
    /// CRC-32: finds accidents only.
    Crc32,
    /// Cryptographic checksum with the integrity key.
    Cc,
}

/// When the card shall answer (SPI octet 2, bits 2 and 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PorRequest {
    /// Never.
    None,
    /// Always.
    Always,
    /// Only to tell of an error.
    OnError,
}

/// Form of a remote script (TS 102 226 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScriptFormat {
    /// Commands side by side.
    Compact,
    /// Commands in tagged objects, each with a result of its own.
    Expanded,
}
