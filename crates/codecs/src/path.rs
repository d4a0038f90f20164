//! Paths of files in a card, as templates write them: `3F00/ADF1/6F31`.

use std::fmt;
use std::str::FromStr;

/// Identifier of a file or directory, two octets (ETSI TS 102 221 §8.6).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u16);

impl FileId {
    /// The master file, root of all.
    pub const MASTER: Self = Self(0x3F00);
    /// The application directory of whichever application is running.
    pub const CURRENT_ADF: Self = Self(0x7FFF);

    /// As it stands in a command.
    pub fn to_octets(self) -> [u8; 2] {
        self.0.to_be_bytes()
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

impl fmt::Debug for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileId({self})")
    }
}

/// A path from the master file. What `ADF1` is, and which application address reaches it, the card's profile says;
/// commands address it as [`FileId::CURRENT_ADF`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CardPath {
    adf: Option<u8>,
    files: Vec<FileId>,
}

/// Why a text is no path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Every path begins at the master file.
    #[error("a path begins with 3F00")]
    NotFromMaster,
    /// An element is neither four hexadecimal digits nor ADF with a number.
    #[error(
        "element {position} of the path is neither four hexadecimal digits nor ADF and a number from 1 to 99"
    )]
    Element {
        /// Counted from 1, the master file.
        position: usize,
    },
    /// The master file, or an application directory behind another element, stands inside the path.
    #[error("element {position} of the path can only stand {place}")]
    Misplaced {
        /// Counted from 1, the master file.
        position: usize,
        /// Where it could stand.
        place: &'static str,
    },
    /// No file lies deeper.
    #[error("a path has at most {MAX_ELEMENTS} elements")]
    TooDeep,
}

/// Directories in directories end early on cards; twice what was ever seen.
const MAX_ELEMENTS: usize = 8;

impl CardPath {
    /// The number of the application directory the path goes through: `1` for `ADF1`.
    pub fn adf(&self) -> Option<u8> {
        self.adf
    }

    /// What to select one after the other, the master file left out: selecting it would leave the application. An
    /// application directory comes as [`FileId::CURRENT_ADF`]. Empty for the master file itself.
    pub fn below_master(&self) -> Vec<FileId> {
        self.adf.map(|_| FileId::CURRENT_ADF).into_iter().chain(self.files.iter().copied()).collect()
    }

    /// The files below the master file, or below the application directory if there is one: what to select when that
    /// directory is selected already.
    pub fn files(&self) -> &[FileId] {
        &self.files
    }
}

impl fmt::Display for CardPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", FileId::MASTER)?;
        if let Some(adf) = self.adf {
            write!(f, "/ADF{adf}")?;
        }
        self.files.iter().try_for_each(|file| write!(f, "/{file}"))
    }
}

impl FromStr for CardPath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let mut path = Self { adf: None, files: Vec::new() };
        for (index, element) in text.split('/').enumerate() {
            let position = index + 1;
            match (index, Element::parse(element)) {
                (0, Some(Element::File(FileId::MASTER))) => {}
                (0, _) => return Err(PathError::NotFromMaster),
                (_, None) => return Err(PathError::Element { position }),
                (MAX_ELEMENTS.., _) => return Err(PathError::TooDeep),
                (1, Some(Element::Adf(number))) => path.adf = Some(number),
                (_, Some(Element::Adf(_))) => {
                    return Err(PathError::Misplaced { position, place: "directly behind 3F00" });
                }
                (_, Some(Element::File(FileId::MASTER))) => {
                    return Err(PathError::Misplaced { position, place: "at the beginning" });
                }
                (_, Some(Element::File(file))) => path.files.push(file),
            }
        }
        Ok(path)
    }
}

enum Element {
    File(FileId),
    Adf(u8),
}

impl Element {
    fn parse(text: &str) -> Option<Self> {
        if let Some(number) = text.strip_prefix("ADF").filter(|rest| !rest.starts_with('0')) {
            let digits =
                !number.is_empty() && number.len() <= 2 && number.bytes().all(|byte| byte.is_ascii_digit());
            return digits.then(|| number.parse().ok().map(Self::Adf)).flatten().or_else(|| Self::file(text));
        }
        Self::file(text)
    }

    fn file(text: &str) -> Option<Self> {
        // `from_str_radix` alone would take a sign.
        let four = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        four.then(|| u16::from_str_radix(text, 16).ok()).flatten().map(|id| Self::File(FileId(id)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_by_table() {
        let file = FileId;
        for (text, adf, files, below) in [
            ("3F00", None, &[][..], &[][..]),
            ("3F00/2FE2", None, &[file(0x2FE2)], &[file(0x2FE2)]),
            ("3F00/ADF1", Some(1), &[], &[FileId::CURRENT_ADF]),
            ("3F00/ADF1/6F31", Some(1), &[file(0x6F31)], &[FileId::CURRENT_ADF, file(0x6F31)]),
            ("3F00/7F20/6F3B", None, &[file(0x7F20), file(0x6F3B)], &[file(0x7F20), file(0x6F3B)]),
            ("3F00/ADF12", Some(12), &[], &[FileId::CURRENT_ADF]),
            // A file, though it begins like an application directory.
            ("3F00/ADF1/ADF0", Some(1), &[file(0xADF0)], &[FileId::CURRENT_ADF, file(0xADF0)]),
        ] {
            let path: CardPath = text.parse().unwrap();
            assert_eq!((path.adf(), path.files()), (adf, files), "{text}");
            assert_eq!(path.below_master(), below, "{text}");
            assert_eq!(path.to_string(), text);
        }
        assert_eq!("3f00/ADF1/6f31".parse::<CardPath>().unwrap().to_string(), "3F00/ADF1/6F31");
    }

    #[test]
    fn what_is_no_path() {
        let element = |position| PathError::Element { position };
        for (text, expected) in [
            ("", PathError::NotFromMaster),
            ("7F20/6F3B", PathError::NotFromMaster),
            ("/3F00", PathError::NotFromMaster),
            ("ADF1/6F31", PathError::NotFromMaster),
            ("3F00/", element(2)),
            ("3F00//6F31", element(2)),
            ("3F00/6F3", element(2)),
            ("3F00/+F31", element(2)),
            ("3F00/ADF", element(2)),
            ("3F00/ADF01", element(2)),
            ("3F00/ADF100", element(2)),
            ("3F00/adf1x", element(2)),
            ("3F00/ADF1/é00", element(3)),
            ("3F00/7F20/ADF1", PathError::Misplaced { position: 3, place: "directly behind 3F00" }),
            ("3F00/3F00", PathError::Misplaced { position: 2, place: "at the beginning" }),
            ("3F00/1/2", element(2)),
            ("3F00/0001/0002/0003/0004/0005/0006/0007/0008", PathError::TooDeep),
        ] {
            assert_eq!(text.parse::<CardPath>(), Err(expected), "{text}");
        }
    }
}
