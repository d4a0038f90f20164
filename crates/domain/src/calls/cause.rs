//! What an answer on the line means (dialling rules §8.4).

use super::call::CallOutcome;

/// How far a call was that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reached {
    /// Nothing was heard of the far side, or no ringing.
    Nothing,
    /// It rang.
    Ringing,
}

/// A call that was never answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// Final SIP status; `None` where none came.
    pub status: Option<u16>,
    /// Cause of ITU-T Q.850 in a Reason header.
    pub q850: Option<u8>,
    /// Whether a Retry-After came with it.
    pub retry_after: bool,
    /// How far it was.
    pub reached: Reached,
    /// Whether we gave up.
    pub by_us: bool,
}

impl Failure {
    /// What came of the call. A cause of the network says more than the SIP status; but whether we gave up ringing
    /// is ours to know.
    pub fn outcome(&self) -> CallOutcome {
        // What was answered without sound that can be used is ended by us, too.
        if self.by_us && self.status != Some(488) {
            return match self.reached {
                Reached::Ringing => CallOutcome::NoAnswer,
                Reached::Nothing => CallOutcome::SetupTimeout,
            };
        }
        // These say more than any cause that comes with them.
        match self.status {
            Some(607) => return CallOutcome::Unwanted,
            Some(608) => return CallOutcome::Intercepted,
            Some(403 | 429) if self.retry_after => return CallOutcome::Congestion,
            _ => {}
        }
        self.q850.and_then(of_cause).unwrap_or_else(|| self.by_status())
    }

    fn by_status(&self) -> CallOutcome {
        match self.status {
            Some(486 | 600) => CallOutcome::Busy,
            Some(487 | 408) if self.reached == Reached::Ringing => CallOutcome::NoAnswer,
            Some(480 | 502) => CallOutcome::Unreachable,
            Some(404 | 410 | 484 | 604) => CallOutcome::Invalid,
            Some(488 | 606 | 415) => CallOutcome::MediaMismatch,
            Some(503 | 429) => CallOutcome::Congestion,
            Some(603 | 300..=399) => CallOutcome::Rejected,
            Some(408 | 487) | None => CallOutcome::SetupTimeout,
            Some(_) => CallOutcome::TrunkFailure,
        }
    }

    /// The cause for the record: the one that was told, or the one that the status stands for.
    pub fn cause(&self) -> Option<u16> {
        if let Some(cause) = self.q850 {
            return Some(u16::from(cause));
        }
        if self.by_us {
            return Some(if self.reached == Reached::Ringing { 19 } else { 102 });
        }
        Some(match self.status? {
            486 | 600 => 17,
            404 | 604 => 1,
            410 => 22,
            484 => 28,
            480 => 18,
            502 => 27,
            603 | 607 | 608 => 21,
            487 | 408 if self.reached == Reached::Ringing => 19,
            408 | 487 => 102,
            503 | 429 => 34,
            488 | 606 | 415 => 88,
            _ => 38,
        })
    }
}

fn of_cause(cause: u8) -> Option<CallOutcome> {
    Some(match cause {
        1 | 22 | 28 => CallOutcome::Invalid,
        17 => CallOutcome::Busy,
        18 | 20 | 27 => CallOutcome::Unreachable,
        19 => CallOutcome::NoAnswer,
        21 => CallOutcome::Rejected,
        34 | 42 => CallOutcome::Congestion,
        38 | 41 => CallOutcome::TrunkFailure,
        65 | 88 => CallOutcome::MediaMismatch,
        102 => CallOutcome::SetupTimeout,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_and_causes_mean_what_the_table_says() {
        use CallOutcome as O;
        let table = [
            (Some(486), None, O::Busy, Some(17)),
            (Some(600), None, O::Busy, Some(17)),
            (Some(480), Some(19), O::NoAnswer, Some(19)),
            (Some(480), None, O::Unreachable, Some(18)),
            (Some(404), None, O::Invalid, Some(1)),
            (Some(604), None, O::Invalid, Some(1)),
            (Some(410), None, O::Invalid, Some(22)),
            (Some(484), None, O::Invalid, Some(28)),
            (Some(502), None, O::Unreachable, Some(27)),
            (Some(603), None, O::Rejected, Some(21)),
            (Some(607), None, O::Unwanted, Some(21)),
            (Some(608), Some(21), O::Intercepted, Some(21)),
            (Some(403), Some(21), O::Rejected, Some(21)),
            (Some(403), None, O::TrunkFailure, Some(38)),
            (Some(488), None, O::MediaMismatch, Some(88)),
            (Some(500), Some(17), O::Busy, Some(17)),
            (Some(500), None, O::TrunkFailure, Some(38)),
            (Some(503), None, O::Congestion, Some(34)),
            (Some(302), None, O::Rejected, Some(38)),
            (None, None, O::SetupTimeout, None),
        ];
        for (status, q850, outcome, cause) in table {
            let failure =
                Failure { status, q850, retry_after: false, reached: Reached::Nothing, by_us: false };
            assert_eq!((failure.outcome(), failure.cause()), (outcome, cause), "{status:?} {q850:?}");
        }
    }

    #[test]
    fn giving_up_is_no_answer_once_it_rang() {
        let failure = Failure {
            status: Some(487),
            q850: None,
            retry_after: false,
            reached: Reached::Ringing,
            by_us: true,
        };
        assert_eq!((failure.outcome(), failure.cause()), (CallOutcome::NoAnswer, Some(19)));
        let mute = Failure { status: Some(488), q850: Some(88), ..failure };
        assert_eq!((mute.outcome(), mute.cause()), (CallOutcome::MediaMismatch, Some(88)));
        let silent = Failure { reached: Reached::Nothing, status: None, ..failure };
        assert_eq!(silent.outcome(), CallOutcome::SetupTimeout);
        let throttled = Failure { status: Some(429), retry_after: true, by_us: false, ..silent };
        assert_eq!(throttled.outcome(), CallOutcome::Congestion);
    }
}
