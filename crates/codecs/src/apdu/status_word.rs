//! Status words (ETSI TS 102 221 §10.2.1; 3GPP TS 51.011 §9.4 for the older class).

use std::fmt;

/// How a command ended: two octets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusWord(pub u16);

/// What a status word means for the work ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StatusClass {
    /// Done.
    Success,
    /// Done in part, or done with a reservation. Not a success for us: see `62F1`.
    Warning,
    /// Not done.
    Error,
}

impl StatusWord {
    /// 9000, done.
    pub const OK: Self = Self(0x9000);
    /// The answer was cut, and the script ended there.
    pub const TRUNCATED: Self = Self(0x62F1);

    /// What it means for the work ordered.
    pub fn class(self) -> StatusClass {
        match self.0 {
            // Done; done with a proactive command waiting; done with data waiting; done after internal retries.
            0x9000 | 0x9100..=0x91FF | 0x6100..=0x61FF | 0x9F00..=0x9FFF | 0x9200..=0x920F => {
                StatusClass::Success
            }
            0x6200..=0x63FF => StatusClass::Warning,
            _ => StatusClass::Error,
        }
    }

    /// Its class is success.
    pub fn is_success(self) -> bool {
        self.class() == StatusClass::Success
    }

    /// In a few words, for a person; the standards' meaning.
    pub fn meaning(self) -> &'static str {
        match self.0 {
            0x9000 => "done",
            0x9100..=0x91FF => "done, a proactive command waits",
            0x6100..=0x61FF | 0x9F00..=0x9FFF => "done, data wait",
            0x9200..=0x920F => "done after internal retries",
            0x62F1 => "answer cut, script ended",
            0x6283 => "file deactivated",
            0x63C0..=0x63CF => "refused, tries left in the last digit",
            0x6200..=0x63FF => "warning",
            0x6581 | 0x9240 => "memory problem",
            0x6700 => "wrong length",
            0x6900 => "not allowed",
            0x6981 => "wrong kind of file",
            0x6982 => "security status not satisfied",
            0x6983 => "authentication blocked",
            0x6984 => "referenced data cannot be used",
            0x6985 => "conditions of use not satisfied",
            0x6986 | 0x9400 => "no file selected",
            0x6A80 => "wrong data",
            0x6A81 => "function not supported",
            0x6A82 => "file not found",
            0x6A83 => "record not found",
            0x6A84 => "not enough space",
            0x6A86 => "wrong parameters",
            0x6A88 => "referenced data not found",
            0x6A89 => "exists already",
            0x6B00 => "offset outside of the file",
            0x6C00..=0x6CFF => "wrong length, the right one in the last octet",
            0x6D00 => "instruction not known",
            0x6E00 => "class not known",
            0x6F00 => "technical problem",
            0x9402 => "address out of range",
            0x9404 => "file or pattern not found",
            0x9408 => "file does not fit the command",
            0x9804 => "access refused",
            0x9840 => "blocked",
            _ => "unknown error",
        }
    }
}

impl fmt::Display for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

impl fmt::Debug for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StatusWord({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_by_table() {
        for (words, class) in [
            (&[0x9000, 0x9100, 0x910B, 0x61FF, 0x6100, 0x9F0C, 0x9200, 0x920F][..], StatusClass::Success),
            (&[0x62F1, 0x6283, 0x6200, 0x6300, 0x63C0, 0x63CF], StatusClass::Warning),
            (
                &[
                    0x6581, 0x6700, 0x6900, 0x6981, 0x6982, 0x6985, 0x6986, 0x6A80, 0x6A82, 0x6B00, 0x6C10,
                    0x6D00, 0x6E00, 0x6F00, 0x9240, 0x9210, 0x9400, 0x9402, 0x9404, 0x9408, 0x9804, 0x9840,
                    0x9001, 0x0000, 0xFFFF,
                ],
                StatusClass::Error,
            ),
        ] {
            for word in words {
                assert_eq!(StatusWord(*word).class(), class, "{word:04X}");
            }
        }
        assert!(!StatusWord::TRUNCATED.is_success());
    }
}
