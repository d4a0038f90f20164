//! What a SIM campaign does to each card.

use crate::ids::{AccountId, TemplateId};
use crate::time::UnixMillis;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A template: operations that run on each card, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// `templateId` on the wire.
    pub id: TemplateId,
    /// The account that made it.
    pub account: AccountId,
    /// Display name.
    pub name: String,
    /// Optional description.
    pub description: String,
    /// Kind, as the wire names it.
    pub kind: TemplateKind,
    /// What is done, in order. Empty for a template of a kind that needs data and was given none: a campaign of it
    /// cannot run and ends as `EXCEPTION`.
    pub operations: Vec<Operation>,
    /// An authenticated "counter low" in answer to the same octets sent again counts as done, without reading back.
    pub accept_replay_as_done: bool,
    /// Answers that tell of wrong keys, wrong TAR or wrong card end the participant at once instead of being tried
    /// again.
    pub fail_fast: bool,
    /// When it was made.
    pub created_at: UnixMillis,
}

/// Kind of a template (`kind` on the wire).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TemplateKind {
    /// Files are written or read.
    FileUpdate,
    /// An IMSI is added through the card's applet.
    ImsiAdd,
    /// Keys are written. Its data never appear in answers, logs or result lines.
    KeyWrite,
    /// Applets are loaded, installed or deleted.
    Applet,
}

/// One thing done to a card. Octets are hexadecimal text, upper case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Operation {
    /// Writes octets into a transparent file (UPDATE BINARY).
    UpdateBinary {
        /// The file.
        path: FilePath,
        /// First octet written.
        #[serde(default)]
        offset: u16,
        /// What is written.
        data: String,
    },
    /// Writes one record of a file (UPDATE RECORD).
    UpdateRecord {
        /// The file.
        path: FilePath,
        /// Record number, from 1.
        record: u8,
        /// The whole record.
        data: String,
    },
    /// Reads octets of a transparent file (READ BINARY). Last in its template: a card gives back only the last
    /// command's data.
    ReadBinary {
        /// The file.
        path: FilePath,
        /// First octet read.
        #[serde(default)]
        offset: u16,
        /// How many, 1 to 255.
        length: u8,
    },
    /// Reads one record (READ RECORD). Last in its template.
    ReadRecord {
        /// The file.
        path: FilePath,
        /// Record number, from 1.
        record: u8,
        /// Its length, 1 to 255.
        length: u8,
    },
    /// Deactivates a file.
    DeactivateFile {
        /// The file.
        path: FilePath,
    },
    /// Activates a file.
    ActivateFile {
        /// The file.
        path: FilePath,
    },
    /// Adds to the value of a cyclic file (INCREASE). Running it twice adds twice.
    Increase {
        /// The file.
        path: FilePath,
        /// What is added.
        data: String,
    },
    /// Hands octets to an application of the card as they are.
    Application {
        /// TAR of the application, 6 hexadecimal digits; empty is the applet that manages IMSIs, which the card's
        /// profile names.
        #[serde(default)]
        tar: String,
        /// The octets.
        data: String,
    },
    /// Commands as they are, under a TAR.
    Apdus {
        /// TAR, 6 hexadecimal digits.
        tar: String,
        /// The commands, one entry each.
        commands: Vec<String>,
        /// Whether running them twice does no harm.
        #[serde(default)]
        idempotent: bool,
    },
    /// Loads a package file, as one INSTALL, as many LOADs as it takes, and one INSTALL.
    LoadApplet {
        /// The package's load file data block, without tag and length.
        load_file: String,
        /// AID of the package.
        package_aid: String,
        /// AID of the module in it.
        module_aid: String,
        /// AID that the instance gets.
        instance_aid: String,
        /// Installation parameters (tag C9 and others), as they are.
        #[serde(default)]
        parameters: String,
    },
    /// Deletes a package or an instance by its AID.
    DeleteApplet {
        /// What is deleted.
        aid: String,
        /// With everything that depends on it.
        #[serde(default)]
        dependants: bool,
    },
    /// Replaces or adds keys (PUT KEY), the keys encrypted for the card by whoever made the data.
    PutKey {
        /// Version that is replaced; 0 adds.
        key_version: u8,
        /// Index of the first key.
        key_index: u8,
        /// The command's data.
        data: String,
    },
}

impl Operation {
    /// The verb of the result line (OTA rules §6).
    pub const fn verb(&self) -> &'static str {
        match self {
            Self::UpdateBinary { .. }
            | Self::UpdateRecord { .. }
            | Self::DeactivateFile { .. }
            | Self::ActivateFile { .. }
            | Self::Increase { .. } => "UPDATE",
            Self::ReadBinary { .. } | Self::ReadRecord { .. } => "READ",
            Self::LoadApplet { .. } => "INSTALL",
            Self::DeleteApplet { .. } => "DELETE",
            Self::Application { .. } | Self::Apdus { .. } | Self::PutKey { .. } => "APPLET",
        }
    }

    /// Whether running it twice leaves the card as running it once (OTA rules §8.3).
    pub const fn is_idempotent(&self) -> bool {
        match self {
            Self::UpdateBinary { .. }
            | Self::UpdateRecord { .. }
            | Self::ReadBinary { .. }
            | Self::ReadRecord { .. }
            | Self::DeactivateFile { .. }
            | Self::ActivateFile { .. }
            | Self::DeleteApplet { .. } => true,
            Self::Apdus { idempotent, .. } => *idempotent,
            Self::Increase { .. }
            | Self::Application { .. }
            | Self::LoadApplet { .. }
            | Self::PutKey { .. } => false,
        }
    }

    /// What the result line names as its place: the file, the TAR, or the AID.
    pub fn place(&self) -> String {
        match self {
            Self::UpdateBinary { path, .. }
            | Self::UpdateRecord { path, .. }
            | Self::ReadBinary { path, .. }
            | Self::ReadRecord { path, .. }
            | Self::DeactivateFile { path }
            | Self::ActivateFile { path }
            | Self::Increase { path, .. } => path.to_string(),
            Self::Application { tar, .. } if tar.is_empty() => "IMSI applet".to_owned(),
            Self::Application { tar, .. } | Self::Apdus { tar, .. } => tar.clone(),
            Self::LoadApplet { package_aid, .. } => package_aid.clone(),
            Self::DeleteApplet { aid, .. } => aid.clone(),
            Self::PutKey { key_version, .. } => format!("key {key_version}"),
        }
    }

    /// The octets written, for the result line, as hexadecimal text; empty where there are none or where they
    /// must not be shown.
    pub fn written(&self) -> &str {
        match self {
            Self::UpdateBinary { data, .. }
            | Self::UpdateRecord { data, .. }
            | Self::Increase { data, .. } => data,
            _ => "",
        }
    }
}

impl Template {
    /// Whether running all of it twice leaves the card as running it once.
    pub fn is_idempotent(&self) -> bool {
        self.operations.iter().all(Operation::is_idempotent)
    }

    /// Whether its data must not be shown anywhere.
    pub fn is_secret(&self) -> bool {
        self.kind == TemplateKind::KeyWrite
            || self.operations.iter().any(|operation| matches!(operation, Operation::PutKey { .. }))
    }
}

/// Where a file is: `3F00`, then file ids of four hexadecimal digits or an application directory `ADFn`, joined by
/// slashes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FilePath(String);

/// Why a text is no [`FilePath`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FilePathError {
    /// It does not begin at the master file.
    #[error("a file path begins with 3F00")]
    Root,
    /// One of its parts is neither a file id nor an application directory.
    #[error("a part of a file path is four hexadecimal digits, or ADF1 to ADF9 right after 3F00")]
    Part,
    /// It names no file below the master file.
    #[error("a file path names a file below 3F00")]
    Short,
    /// It is deeper than any card.
    #[error("a file path has at most 8 parts")]
    Deep,
}

impl FilePath {
    /// As written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Number of the application directory it lies in, from 1; `None` in the shared file system.
    pub fn adf(&self) -> Option<usize> {
        let digit = self.0.split('/').nth(1)?.strip_prefix("ADF")?;
        digit.parse().ok()
    }

    /// The file ids below the master file or the application directory.
    pub fn file_ids(&self) -> impl Iterator<Item = u16> + '_ {
        let skip = if self.adf().is_some() { 2 } else { 1 };
        self.0.split('/').skip(skip).filter_map(|part| u16::from_str_radix(part, 16).ok())
    }
}

impl FromStr for FilePath {
    type Err = FilePathError;

    fn from_str(text: &str) -> Result<Self, FilePathError> {
        let text = text.to_ascii_uppercase();
        let parts: Vec<_> = text.split('/').collect();
        if parts[0] != "3F00" {
            return Err(FilePathError::Root);
        }
        if parts.len() > 8 {
            return Err(FilePathError::Deep);
        }
        for (index, part) in parts.iter().enumerate().skip(1) {
            let file = part.len() == 4 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
            let adf = index == 1 && matches!(part.as_bytes(), [b'A', b'D', b'F', b'1'..=b'9']);
            if !adf && !file {
                return Err(FilePathError::Part);
            }
        }
        let path = Self(text);
        if path.file_ids().next().is_none() {
            return Err(FilePathError::Short);
        }
        Ok(path)
    }
}

impl TryFrom<String> for FilePath {
    type Error = FilePathError;

    fn try_from(text: String) -> Result<Self, FilePathError> {
        text.parse()
    }
}

impl From<FilePath> for String {
    fn from(path: FilePath) -> Self {
        path.0
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_a_file_below_the_master_file() {
        // `ADF1` is also four hexadecimal digits; right after 3F00 it means the first application directory.
        let path: FilePath = "3F00/ADF1/6F31".parse().unwrap();
        assert_eq!((path.adf(), path.file_ids().collect::<Vec<_>>()), (Some(1), vec![0x6F31]));
        let path: FilePath = "3f00/7f20/6f07".parse().unwrap();
        assert_eq!((path.adf(), path.file_ids().collect::<Vec<_>>()), (None, vec![0x7F20, 0x6F07]));
        assert_eq!(path.to_string(), "3F00/7F20/6F07");
    }

    #[test]
    fn what_is_no_path_is_told_why() {
        let table = [
            ("", FilePathError::Root),
            ("7F20/6F07", FilePathError::Root),
            ("3F00", FilePathError::Short),
            ("3F00/ADF1", FilePathError::Short),
            ("3F00/ADF1/", FilePathError::Part),
            ("3F00/ADF1/6F3", FilePathError::Part),
            ("3F00/ADF1/6F3X", FilePathError::Part),
            ("3F00/ADFX/6F31", FilePathError::Part),
            ("3F00/1/6F31", FilePathError::Part),
            ("3F00/1111/2222/3333/4444/5555/6666/7777/8888", FilePathError::Deep),
        ];
        for (text, error) in table {
            assert_eq!(text.parse::<FilePath>(), Err(error), "{text}");
        }
    }
}
