//! What the pacer sees, and what it answers.

/// An agent who is logged in and not free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Busy {
    /// With a customer, for so long.
    Talking {
        /// Since the customer was connected.
        since_ms: u32,
    },
    /// Writing up, for so long.
    WrappingUp {
        /// Since the conversation ended.
        since_ms: u32,
    },
}

/// Counts over one period for which a policy limits abandoned calls.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LedgerWindow {
    /// Live answers so far.
    pub live: u64,
    /// Of these without an agent in time. With answer detection, plus the estimated number of people taken for
    /// machines, which need not be whole.
    pub abandoned: f64,
    /// The largest permitted share.
    pub cap: f64,
    /// The period is 30 days or longer. Such a window may begin as if 50 people had answered; a calendar day may not.
    pub long: bool,
}

impl LedgerWindow {
    /// The window of a ledger that cannot be read: nothing above the progressive floor until it can (F20).
    pub const fn unknown(cap: f64) -> Self {
        Self { live: 0, abandoned: f64::INFINITY, cap, long: false }
    }
}

/// One campaign at one instant. Everything is an age or a count, so that no clock is needed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Snapshot<'a> {
    /// Agents who could take a call now, those included for whom a call is already on its way.
    pub idle: u32,
    /// Agents in conversation or writing up. Agents who are away or paused are in neither.
    pub busy: &'a [Busy],
    /// For each call that was placed and is neither answered nor ended: milliseconds since it was placed.
    pub in_flight_ms: &'a [u32],
    /// Answered calls that still wait for an agent.
    pub waiting: u32,
    /// Calls that may be added before a limit on lines is reached: the campaign's, the trunk's, the account's. Those
    /// in flight and those up are already taken off.
    pub free_lines: u32,
    /// Calls that may be placed now under the limit of calls per second.
    pub rate_tokens: u32,
    /// Contacts that may be called now.
    pub ready: u32,
    /// How long the desk has not been heard of.
    pub desk_silent_ms: u32,
    /// The periods that limit abandoned calls; the tightest one rules. None at all means that nobody said how many
    /// are permitted, and keeps the power and predictive modes at the floor.
    pub windows: &'a [LedgerWindow],
}

impl Snapshot<'_> {
    /// Agents logged in for this campaign.
    pub fn staffed(&self) -> u32 {
        self.idle.saturating_add(count(self.busy.len()))
    }

    /// Calls placed and neither answered nor ended.
    pub fn in_flight(&self) -> u32 {
        count(self.in_flight_ms.len())
    }

    /// Calls to place so that each idle agent has one on the way.
    pub fn floor(&self) -> u32 {
        self.idle.saturating_sub(self.waiting).saturating_sub(self.in_flight())
    }

    /// What lines, rate and list allow.
    pub(super) fn most(&self) -> u32 {
        self.free_lines.min(self.rate_tokens).min(self.ready)
    }

    pub(super) fn clamp(&self, wanted: u32, floor: u32, why: Why) -> Decision {
        let dial = wanted.min(self.most());
        let why = match dial {
            all if all == wanted => why,
            lines if lines == self.free_lines => Why::Lines,
            rate if rate == self.rate_tokens => Why::Rate,
            _ => Why::List,
        };
        Decision { dial, floor, why }
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// The answer of a pacer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Calls to place now.
    pub dial: u32,
    /// How many of them the progressive rule alone would have placed, lines and list aside.
    pub floor: u32,
    /// What decided.
    pub why: Why,
}

impl Decision {
    pub(super) const fn nothing(why: Why) -> Self {
        Self { dial: 0, floor: 0, why }
    }
}

/// What a decision was decided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Why {
    /// Nobody is logged in.
    NoAgents,
    /// The desk has not been heard of for [`DESK_SILENT_MS`](super::DESK_SILENT_MS).
    DeskSilent,
    /// The progressive floor, because the mode asked for no more.
    Floor,
    /// The floor: another abandoned call could break a cap.
    Gate,
    /// The floor: too few live answers to predict from.
    ColdStart,
    /// The floor: too few agents to predict for.
    SmallTeam,
    /// The fixed ratio of the power mode.
    Ratio,
    /// The look-ahead of the predictive mode.
    LookAhead,
    /// No more lines.
    Lines,
    /// The limit of calls per second.
    Rate,
    /// No more contacts that may be called now.
    List,
}

impl Why {
    /// The same reason for a decision that came out at the floor.
    pub(super) const fn at_floor(self) -> Self {
        match self {
            Self::LookAhead | Self::Ratio => Self::Floor,
            other => other,
        }
    }
}
