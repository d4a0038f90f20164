//! The life of a SIM campaign (connectivity contract §1.3).

use crate::time::{UnixMillis, Window};
use serde::{Deserialize, Serialize};

/// Status of a SIM campaign, in the contract's spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SimCampaignStatus {
    /// Made, not activated.
    Created,
    /// Running.
    Process,
    /// Activated, before its start.
    Scheduled,
    /// Paused.
    Suspend,
    /// Ended by a user.
    Canceled,
    /// Every participant has an outcome.
    Completed,
    /// Ended by a fault that keeps it from running.
    Exception,
    /// Its window ended before it did.
    Expired,
}

impl SimCampaignStatus {
    /// Every status.
    pub const ALL: [Self; 8] = [
        Self::Created,
        Self::Process,
        Self::Scheduled,
        Self::Suspend,
        Self::Canceled,
        Self::Completed,
        Self::Exception,
        Self::Expired,
    ];

    /// The word on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::Process => "PROCESS",
            Self::Scheduled => "SCHEDULED",
            Self::Suspend => "SUSPEND",
            Self::Canceled => "CANCELED",
            Self::Completed => "COMPLETED",
            Self::Exception => "EXCEPTION",
            Self::Expired => "EXPIRED",
        }
    }

    /// Reads the word on the wire, in exactly this spelling.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// Whether nothing leads out of it.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Canceled | Self::Completed | Self::Exception | Self::Expired)
    }
}

/// What a user asks of a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Command {
    /// Run it: for the first time, or again after a pause.
    Run,
    /// Pause it.
    Suspend,
    /// End it.
    Cancel,
}

/// The command does not lead anywhere from where the campaign is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a campaign in status {} cannot do that", .0.name())]
pub struct NotAllowed(pub SimCampaignStatus);

impl Command {
    /// Where it leads from `status` at `now`.
    pub fn apply(
        self,
        status: SimCampaignStatus,
        window: Window,
        now: UnixMillis,
    ) -> Result<SimCampaignStatus, NotAllowed> {
        use SimCampaignStatus as S;
        match (self, status) {
            (Self::Run, S::Created | S::Suspend) if window.is_over(now) => Ok(S::Expired),
            (Self::Run, S::Created | S::Suspend) if now < window.starts_at => Ok(S::Scheduled),
            (Self::Run, S::Created | S::Suspend) => Ok(S::Process),
            (Self::Suspend, S::Scheduled | S::Process) => Ok(S::Suspend),
            (Self::Cancel, status) if !status.is_terminal() => Ok(S::Canceled),
            _ => Err(NotAllowed(status)),
        }
    }
}

/// Where the clock and the participants alone lead: `None` leaves the campaign where it is.
///
/// `participants` of them are enrolled, `open` of those have no outcome yet.
pub fn tick(
    status: SimCampaignStatus,
    window: Window,
    now: UnixMillis,
    participants: u64,
    open: u64,
) -> Option<SimCampaignStatus> {
    use SimCampaignStatus as S;
    match status {
        S::Process if participants > 0 && open == 0 => Some(S::Completed),
        S::Scheduled | S::Process | S::Suspend if window.is_over(now) => Some(S::Expired),
        S::Scheduled if window.contains(now) => Some(S::Process),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Window = Window { starts_at: UnixMillis(100), ends_at: UnixMillis(200) };

    #[test]
    fn c78_c79_commands_follow_the_table_and_nothing_else() {
        use Command::{Cancel, Run, Suspend};
        use SimCampaignStatus as S;
        let legal = [
            (Run, S::Created, 99, S::Scheduled),
            (Run, S::Created, 100, S::Process),
            (Run, S::Created, 199, S::Process),
            (Run, S::Created, 200, S::Expired),
            (Run, S::Suspend, 99, S::Scheduled),
            (Run, S::Suspend, 100, S::Process),
            (Run, S::Suspend, 200, S::Expired),
            (Suspend, S::Scheduled, 99, S::Suspend),
            (Suspend, S::Process, 100, S::Suspend),
            (Cancel, S::Created, 100, S::Canceled),
            (Cancel, S::Scheduled, 99, S::Canceled),
            (Cancel, S::Process, 100, S::Canceled),
            (Cancel, S::Suspend, 100, S::Canceled),
        ];
        for command in [Run, Suspend, Cancel] {
            for status in S::ALL {
                for now in [99, 100, 199, 200] {
                    let told = command.apply(status, WINDOW, UnixMillis(now));
                    let rule = legal.iter().find(|row| row.0 == command && row.1 == status);
                    match (rule, told) {
                        (None, told) => assert_eq!(told, Err(NotAllowed(status)), "{command:?} {status:?}"),
                        (Some(_), Err(refused)) => panic!("{command:?} from {status:?}: {refused}"),
                        (Some(_), Ok(_)) => {}
                    }
                }
            }
        }
        for (command, from, now, to) in legal {
            assert_eq!(command.apply(from, WINDOW, UnixMillis(now)), Ok(to), "{command:?} {from:?} at {now}");
        }
    }

    #[test]
    fn c86_c87_the_clock_starts_and_ends_what_was_activated_and_leaves_created_alone() {
        use SimCampaignStatus as S;
        let table = [
            (S::Created, 500, 3, 3, None),
            (S::Scheduled, 99, 3, 3, None),
            (S::Scheduled, 100, 3, 3, Some(S::Process)),
            (S::Scheduled, 200, 3, 3, Some(S::Expired)),
            (S::Process, 199, 3, 3, None),
            (S::Process, 199, 3, 0, Some(S::Completed)),
            (S::Process, 200, 3, 1, Some(S::Expired)),
            // All were done: it is completed, however late the clock looks.
            (S::Process, 200, 3, 0, Some(S::Completed)),
            (S::Process, 199, 0, 0, None),
            (S::Process, 200, 0, 0, Some(S::Expired)),
            (S::Suspend, 199, 3, 0, None),
            (S::Suspend, 200, 3, 1, Some(S::Expired)),
            (S::Canceled, 500, 3, 1, None),
            (S::Completed, 500, 3, 0, None),
            (S::Exception, 500, 3, 1, None),
            (S::Expired, 500, 3, 1, None),
        ];
        for (status, now, participants, open, expected) in table {
            assert_eq!(
                tick(status, WINDOW, UnixMillis(now), participants, open),
                expected,
                "{status:?} at {now} with {open} of {participants} open"
            );
        }
    }
}
