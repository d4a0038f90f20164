//! What all cards of a kind have in common: applications, files, limits.

use std::sync::Arc;

/// How an application reads scripts and writes answers (TS 102 226 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Commands one after the other; one status word and the last command's data come back.
    Compact,
    /// Commands and answers as objects with tags.
    Expanded,
}

/// What an application does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// Remote file management of the shared file system: the master file is selected at first.
    SharedFiles,
    /// Remote file management of an application's directory, which `7FFF` names; the text is the path of that
    /// directory. `preselected` tells whether a script starts there or at the master file.
    Directory {
        /// Path of the directory, such as `3F00/ADF1`.
        path: &'static str,
        /// Whether a script starts in it.
        preselected: bool,
    },
    /// Remote applet management by the issuer's security domain.
    SecurityDomain,
    /// An applet with a command set of its own: it takes any data and answers with these octets.
    Applet {
        /// What it answers.
        answer: Vec<u8>,
    },
}

/// An application of the card, reached by its TAR.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Toolkit application reference.
    pub tar: [u8; 3],
    /// What it does.
    pub purpose: Purpose,
    /// How it reads scripts.
    pub format: Format,
    /// Minimum security level, coded like the first octet of SPI.
    pub msl: u8,
}

/// What a file holds when the card is new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A directory.
    Directory,
    /// A transparent file.
    Transparent(Vec<u8>),
    /// The card's ICCID, digits swapped.
    Iccid,
    /// The card's IMSI, with length and parity nibble.
    Imsi,
    /// Objects of tag, length and value.
    Objects,
    /// Records of one size.
    Linear {
        /// Octets of a record.
        size: usize,
        /// How many.
        count: usize,
    },
    /// Records of which the newest is the first.
    Cyclic {
        /// Octets of a record.
        size: usize,
        /// How many.
        count: usize,
    },
}

/// A file that cards of this kind have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSpec {
    /// File identifiers from the master file, such as `3F00/7F10/6F3A`; `ADF1` and `ADF2` stand for the directories
    /// of the first and the second application (usually USIM and ISIM).
    pub path: &'static str,
    /// Short file identifier, 1 to 30.
    pub sfi: Option<u8>,
    /// What it holds.
    pub content: Content,
}

/// Kind of a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardProfile {
    /// Its name in tables of cards.
    pub name: &'static str,
    /// Who answers to which TAR.
    pub applications: Vec<Application>,
    /// Its files; a directory comes before what is in it.
    pub files: Vec<FileSpec>,
    /// Segments of one message that the card can hold.
    pub segments_max: u8,
    /// Octets of a cryptographic check made with AES: 8, or 4.
    pub aes_check_octets: usize,
    /// Octets of user data that fit into a delivery report; more makes the answer a message of its own.
    pub report_max: usize,
    /// Whether an answer by message of its own is announced in the delivery report first (status 0B).
    pub announces: bool,
}

impl CardProfile {
    /// An ordinary card: file management asks for a cryptographic check and a counter, applet management for
    /// ciphering as well. TARs as in TS 101 220.
    pub fn usim() -> Arc<Self> {
        Arc::new(Self::with_levels("usim", 0x12, 0x16, true))
    }

    /// A laboratory's card that accepts packets without any protection.
    pub fn lab() -> Arc<Self> {
        Arc::new(Self::with_levels("lab", 0x00, 0x00, true))
    }

    /// A card that demands ciphering everywhere, starts every script at the master file, announces its answers and
    /// holds at most 3 segments.
    pub fn strict() -> Arc<Self> {
        let profile = Self::with_levels("strict", 0x16, 0x16, false);
        Arc::new(Self { segments_max: 3, announces: true, ..profile })
    }

    /// The kind of this name: `usim` (also for an empty name), `lab` or `strict`.
    pub fn named(name: &str) -> Option<Arc<Self>> {
        match name {
            "" | "usim" => Some(Self::usim()),
            "lab" => Some(Self::lab()),
            "strict" => Some(Self::strict()),
            _ => None,
        }
    }

    fn with_levels(name: &'static str, files: u8, applets: u8, preselected: bool) -> Self {
        use Format::{Compact, Expanded};
        let application =
            |tar: [u8; 3], purpose: Purpose, format, msl| Application { tar, purpose, format, msl };
        let usim = |preselected| Purpose::Directory { path: "3F00/ADF1", preselected };
        let isim = Purpose::Directory { path: "3F00/ADF2", preselected };
        Self {
            name,
            applications: vec![
                application([0x00, 0x00, 0x00], Purpose::SecurityDomain, Compact, applets),
                application([0xB2, 0x01, 0x00], Purpose::SecurityDomain, Expanded, applets),
                application([0xB0, 0x00, 0x00], Purpose::SharedFiles, Compact, files),
                application([0xB0, 0x00, 0x01], usim(preselected), Compact, files),
                application([0xB0, 0x00, 0x02], isim, Compact, files),
                application([0xB0, 0x00, 0x10], Purpose::SharedFiles, Compact, files),
                application([0xB0, 0x00, 0x11], usim(true), Compact, files),
                application([0xB0, 0x01, 0x20], Purpose::SharedFiles, Expanded, files),
                application([0xB0, 0x01, 0x30], Purpose::SharedFiles, Expanded, files),
                application([0xB0, 0x01, 0x40], usim(preselected), Expanded, files),
                application([0xA0, 0x00, 0x01], Purpose::Applet { answer: vec![0x90, 0x00] }, Compact, files),
            ],
            files: usual_files(),
            segments_max: 5,
            aes_check_octets: 8,
            report_max: 128,
            announces: false,
        }
    }
}

/// Files of a usual card, named by TS 102 221, TS 31.102, TS 31.103 and TS 51.011.
fn usual_files() -> Vec<FileSpec> {
    use Content::{Cyclic, Directory, Iccid, Imsi, Linear, Objects, Transparent};
    let blank = |length| Transparent(vec![0xFF; length]);
    [
        ("3F00", None, Directory),
        ("3F00/2FE2", Some(0x02), Iccid),
        ("3F00/2F05", Some(0x05), Transparent(b"en".to_vec())),
        ("3F00/2F00", Some(0x1E), Linear { size: 32, count: 2 }),
        ("3F00/7F10", None, Directory),
        ("3F00/7F10/6F3A", None, Linear { size: 28, count: 50 }),
        ("3F00/7F10/6F3C", None, Linear { size: 176, count: 10 }),
        ("3F00/7F10/6F40", None, Linear { size: 28, count: 2 }),
        ("3F00/7F10/5F3A", None, Directory),
        ("3F00/7F10/5F3A/4F3A", None, Linear { size: 28, count: 50 }),
        ("3F00/7F10/5F3B", None, Directory),
        ("3F00/7F10/5F3B/4F48", Some(0x02), Objects),
        ("3F00/7F20", None, Directory),
        ("3F00/7F20/6F05", None, Transparent(b"en".to_vec())),
        ("3F00/7F20/6F07", None, Imsi),
        ("3F00/7F20/6F30", None, blank(24)),
        ("3F00/7F20/6F31", None, Transparent(vec![0x0A])),
        ("3F00/7F20/6F7B", None, blank(12)),
        ("3F00/7F20/6FAD", None, Transparent(vec![0x00, 0x00, 0x01])),
        ("3F00/ADF1", None, Directory),
        ("3F00/ADF1/6F05", Some(0x02), Transparent(b"en".to_vec())),
        ("3F00/ADF1/6FAD", Some(0x03), Transparent(vec![0x00, 0x00, 0x01, 0x02])),
        ("3F00/ADF1/6F38", Some(0x04), Transparent(vec![0x9E, 0x6A, 0x1C, 0x00, 0x00, 0x00, 0x00, 0x00])),
        ("3F00/ADF1/6F78", Some(0x06), Transparent(vec![0x00, 0x01])),
        ("3F00/ADF1/6F07", Some(0x07), Imsi),
        ("3F00/ADF1/6F60", Some(0x0A), blank(40)),
        ("3F00/ADF1/6F7E", Some(0x0B), blank(11)),
        ("3F00/ADF1/6F7B", Some(0x0D), blank(12)),
        ("3F00/ADF1/6F61", Some(0x11), blank(250)),
        ("3F00/ADF1/6F31", Some(0x12), Transparent(vec![0x0A])),
        ("3F00/ADF1/6F62", Some(0x13), blank(10)),
        ("3F00/ADF1/6F46", None, blank(17)),
        ("3F00/ADF1/6F40", None, Linear { size: 28, count: 2 }),
        ("3F00/ADF1/6F42", None, Linear { size: 40, count: 2 }),
        ("3F00/ADF1/6F3B", None, Linear { size: 28, count: 10 }),
        ("3F00/ADF1/6F39", None, Cyclic { size: 3, count: 3 }),
        ("3F00/ADF1/6F45", None, blank(20)),
        ("3F00/ADF1/5F3A", None, Directory),
        ("3F00/ADF1/5F3A/4F3A", None, Linear { size: 28, count: 50 }),
        ("3F00/ADF2", None, Directory),
        ("3F00/ADF2/6F02", Some(0x02), blank(64)),
        ("3F00/ADF2/6F03", Some(0x05), blank(64)),
        ("3F00/ADF2/6F04", Some(0x04), Linear { size: 64, count: 2 }),
    ]
    .into_iter()
    .map(|(path, sfi, content)| FileSpec { path, sfi, content })
    .collect()
}
