//! The replay counter: what goes on the wire, and how a card judges it (ETSI TS 102 225 §5.1.4).

use std::fmt;

/// A value of the 5-octet replay counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Counter(u64);

/// A server may not hand out this value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("counter {0} is beyond the last value to be sent, 0xFFFFFFFFFE")]
pub struct CounterError(pub u64);

impl Counter {
    /// What packets without a counter carry, and what a fresh card holds.
    pub const ZERO: Self = Self(0);
    /// The last value a server sends. One more would bring the card to its maximum and block the key set.
    pub const LAST: Self = Self(0xFF_FFFF_FFFE);
    /// A card that holds this value accepts nothing more until its keys are replaced.
    pub const BLOCKED: Self = Self(0xFF_FFFF_FFFF);

    /// A value for a packet of ours, at most [`Counter::LAST`].
    pub fn new(value: u64) -> Result<Self, CounterError> {
        if value > Self::LAST.0 { Err(CounterError(value)) } else { Ok(Self(value)) }
    }

    /// A value as it was read from a packet; every one is possible.
    pub fn from_octets(octets: [u8; 5]) -> Self {
        Self(octets.iter().fold(0, |value, octet| value << 8 | u64::from(*octet)))
    }

    /// Big endian, as in the packet.
    pub fn to_octets(self) -> [u8; 5] {
        let [_, _, _, octets @ ..] = self.0.to_be_bytes();
        octets
    }

    /// The number.
    pub fn value(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What the card does with the counter (security parameter indicator, octet 1, bits 5 and 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CounterMode {
    /// There is no counter; the field is present and zero.
    None,
    /// A counter is present, and the card does not compare it.
    NotChecked,
    /// The card runs the packet only if its counter is higher than the stored one. Gaps are fine.
    Higher,
    /// The card runs the packet only if its counter is the stored one plus one.
    Increment,
}

/// What a card says to a counter, after the check of the packet verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CounterVerdict {
    /// The packet runs. The card stores its counter first, also when the script then fails.
    Run {
        /// What the card holds from now on.
        stored: Counter,
    },
    /// Too low: seen before, or another server is ahead.
    Low,
    /// Not the very next one, where the mode asks for it.
    High,
    /// The stored counter is at its maximum.
    Blocked,
}

impl CounterMode {
    /// How a card that holds `stored` judges a packet with `sent`.
    pub fn judge(self, stored: Counter, sent: Counter) -> CounterVerdict {
        match self {
            Self::None | Self::NotChecked => CounterVerdict::Run { stored },
            _ if stored == Counter::BLOCKED => CounterVerdict::Blocked,
            _ if sent <= stored => CounterVerdict::Low,
            Self::Increment if sent.0 != stored.0 + 1 => CounterVerdict::High,
            Self::Higher | Self::Increment => CounterVerdict::Run { stored: sent },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_judges_by_mode_and_stored_value() {
        const MAX: u64 = 0xFF_FFFF_FFFF;
        let run = |stored| CounterVerdict::Run { stored: Counter(stored) };
        for (mode, stored, sent, expected) in [
            (CounterMode::Higher, 9, 10, run(10)),
            (CounterMode::Higher, 9, 12, run(12)),
            (CounterMode::Higher, 9, 9, CounterVerdict::Low),
            (CounterMode::Higher, 9, 0, CounterVerdict::Low),
            (CounterMode::Higher, 0, 0, CounterVerdict::Low),
            (CounterMode::Higher, MAX, MAX, CounterVerdict::Blocked),
            (CounterMode::Higher, MAX, 5, CounterVerdict::Blocked),
            (CounterMode::Higher, MAX - 1, MAX, run(MAX)),
            (CounterMode::Increment, 9, 10, run(10)),
            (CounterMode::Increment, 9, 12, CounterVerdict::High),
            (CounterMode::Increment, 9, 9, CounterVerdict::Low),
            (CounterMode::Increment, MAX, MAX, CounterVerdict::Blocked),
            (CounterMode::NotChecked, 9, 3, run(9)),
            (CounterMode::NotChecked, MAX, 3, run(MAX)),
            (CounterMode::None, 9, 0, run(9)),
        ] {
            assert_eq!(mode.judge(Counter(stored), Counter(sent)), expected, "{mode:?} {stored} {sent}");
        }
    }

    #[test]
    fn a_server_stops_one_before_the_maximum() {
        assert_eq!(Counter::new(0xFF_FFFF_FFFE), Ok(Counter::LAST));
        assert_eq!(Counter::new(0xFF_FFFF_FFFF), Err(CounterError(0xFF_FFFF_FFFF)));
        assert_eq!(Counter::from_octets([1, 2, 3, 4, 5]).value(), 0x01_0203_0405);
        assert_eq!(Counter::from_octets([0xFF; 5]).to_octets(), [0xFF; 5]);
    }
}
