//! Small rules that both databases apply in the same way.

use muster_app::ports::Pace;
use muster_domain::participant::{DUE_FIRST, ParticipantStatus};
use muster_domain::sim::COUNTER_MAX;
use muster_domain::time::UnixMillis;

/// How many cards a pace admits now, and where its clock is set.
///
/// The pace is kept as one instant a campaign, that at which the next card is due when cards follow each other
/// evenly (the generic cell rate algorithm; ITU-T I.371 calls it the theoretical arrival time), in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Admitted {
    /// Cards that may be claimed now.
    pub(crate) cards: u32,
    from_ns: i128,
    interval_ns: i128,
}

impl Admitted {
    /// The instant to keep after `claimed` of the cards were claimed.
    pub(crate) fn after(self, claimed: u32) -> i64 {
        let next = self.from_ns + self.interval_ns * i128::from(claimed);
        i64::try_from(next).unwrap_or(i64::MAX)
    }
}

/// By how much the clocks of two nodes may differ without a campaign's pace being lost between them.
const SKEW_NS: i128 = 5_000_000_000;

/// What the pace admits at `now`, given the instant kept, of at most `limit` cards.
pub(crate) fn admit(pace: Pace, kept_ns: i64, now: UnixMillis, limit: u32) -> Admitted {
    let now_ns = i128::from(now.0) * 1_000_000;
    let interval_ns = if pace.per_s == 0 { i128::MAX >> 40 } else { 1_000_000_000 / i128::from(pace.per_s) };
    let rest_ns = interval_ns * i128::from(pace.burst.max(1));
    // Further ahead than a burst it can only be because the pace was slower before, or a clock was wrong. Neither may
    // stop the campaign for long.
    let kept_ns = i128::from(kept_ns);
    let wrong = kept_ns > now_ns + rest_ns + SKEW_NS;
    let from_ns = if wrong { now_ns + rest_ns } else { kept_ns.max(now_ns) };
    let room_ns = (rest_ns - (from_ns - now_ns)).max(0);
    let room = if pace.per_s == 0 { 0 } else { room_ns / interval_ns.max(1) };
    Admitted { cards: u32::try_from(room).unwrap_or(u32::MAX).min(limit), from_ns, interval_ns }
}

/// When a participant that is enrolled in a status may be sent to: one that was sent to elsewhere comes after those
/// that never were.
pub(crate) fn due_of_enrolled(status: ParticipantStatus, updated_at: UnixMillis) -> i64 {
    if status == ParticipantStatus::Retry { updated_at.0.max(1) } else { DUE_FIRST.0 }
}

/// When a participant that is enrolled in a status has to be looked at: at once where a message of it was on its
/// way elsewhere, because nothing else will ever happen to it.
pub(crate) fn enrolled_timer(status: ParticipantStatus, updated_at: UnixMillis) -> Option<i64> {
    status.is_in_flight().then_some(updated_at.0)
}

/// The due instant as its column, where 0 stands for "never sent to".
pub(crate) fn stored_due(due_at: UnixMillis) -> i64 {
    due_at.0.max(DUE_FIRST.0)
}

/// The timer as its column: only what is in flight has one.
pub(crate) fn stored_timer(status: ParticipantStatus, timer_at: Option<UnixMillis>) -> Option<i64> {
    timer_at.filter(|_| status.is_in_flight()).map(|at| at.0)
}

/// A counter raised by so much: at most to the number behind the last one that is given away.
pub(crate) fn raised(next_counter: i64, by: u64) -> i64 {
    let most = COUNTER_MAX as i64 + 1;
    i64::try_from(by).map_or(most, |by| next_counter.saturating_add(by).min(most)).max(next_counter)
}

/// Between two participants that wait for one card, milliseconds.
const TURN_MS: i64 = 60_000;

/// When the waiting participant of that position becomes due once the card is free. The first is due now; each
/// further one a while later, when it finds the card held again or, where the first one's campaign paused
/// meanwhile, free.
pub(crate) fn wake_at(now: UnixMillis, position: usize) -> i64 {
    let turns = i64::try_from(position).unwrap_or(i64::MAX);
    now.0.saturating_add(turns.saturating_mul(TURN_MS)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_763_000_000_000);

    fn pace(per_s: u32, burst: u32) -> Pace {
        Pace { per_s, burst }
    }

    /// Cards admitted in each of the following instants when all that is admitted is claimed.
    fn claimed(pace: Pace, instants_ms: &[i64]) -> Vec<u32> {
        let mut kept = 0;
        let claim = |at: &i64| {
            let admitted = admit(pace, kept, UnixMillis(NOW.0 + at), 1000);
            kept = admitted.after(admitted.cards);
            admitted.cards
        };
        instants_ms.iter().map(claim).collect()
    }

    #[test]
    fn a_pace_admits_a_burst_and_then_evenly() {
        let table: [(Pace, &[i64], &[u32]); 6] = [
            (pace(10, 1), &[0, 0, 99, 100, 200, 1000], &[1, 0, 0, 1, 1, 1]),
            (pace(10, 5), &[0, 0, 100, 350, 10_000], &[5, 0, 1, 2, 5]),
            (pace(5000, 500), &[0, 1, 11, 1000], &[500, 5, 50, 500]),
            (pace(3, 1), &[0, 333, 334, 667, 1000], &[1, 0, 1, 0, 1]),
            // A burst of none would stop it for ever.
            (pace(1, 0), &[0, 500, 1000], &[1, 0, 1]),
            (pace(0, 10), &[0, 1_000_000], &[0, 0]),
        ];
        for (pace, instants, expected) in table {
            assert_eq!(claimed(pace, instants), expected, "{pace:?}");
        }
    }

    #[test]
    fn only_what_is_claimed_is_counted() {
        let admitted = admit(pace(10, 5), 0, NOW, 1000);
        let kept = admitted.after(2);
        assert_eq!(admit(pace(10, 5), kept, NOW, 1000).cards, 3);
        assert_eq!(admit(pace(10, 5), kept, NOW, 1).cards, 1, "no more than asked for");
    }

    #[test]
    fn over_a_minute_exactly_the_pace_is_claimed() {
        for per_s in [1, 3, 7, 30, 1000, 9999] {
            let instants: Vec<i64> = (0..60_000).step_by(17).collect();
            let total: u32 = claimed(pace(per_s, per_s), &instants).iter().sum();
            assert!((per_s * 60..=per_s * 61).contains(&total), "{per_s}/s: {total}");
        }
    }

    #[test]
    fn a_clock_a_little_behind_keeps_to_what_others_claimed() {
        let kept = admit(pace(10, 2), 0, NOW, 10).after(2);
        let behind = admit(pace(10, 2), kept, UnixMillis(NOW.0 - 4_000), 10);
        assert_eq!((behind.cards, behind.after(0)), (0, kept));
    }

    #[test]
    fn a_slower_pace_or_clock_before_does_not_stop_it() {
        let far = (NOW.0 + 3_600_000) * 1_000_000;
        let admitted = admit(pace(10, 2), far, NOW, 10);
        assert_eq!(admitted.cards, 0);
        let kept = admitted.after(0);
        assert_eq!(admit(pace(10, 2), kept, UnixMillis(NOW.0 + 100), 10).cards, 1);
    }

    #[test]
    fn the_ends_of_time_are_no_overflow() {
        for now in [i64::MIN, -1, 0, i64::MAX] {
            for kept in [i64::MIN, 0, i64::MAX] {
                for pace in [pace(1, u32::MAX), pace(u32::MAX, u32::MAX), pace(0, 0)] {
                    let admitted = admit(pace, kept, UnixMillis(now), u32::MAX);
                    admitted.after(u32::MAX);
                }
            }
            wake_at(UnixMillis(now), usize::MAX);
        }
    }

    #[test]
    fn a_counter_is_raised_up_to_its_end_and_never_lowered() {
        let most = COUNTER_MAX as i64 + 1;
        for (next, by, expected) in [
            (5, 0, 5),
            (5, 1000, 1005),
            (most - 10, 1000, most),
            (most, 1000, most),
            (most + 5, 1, most + 5),
            (1, u64::MAX, most),
        ] {
            assert_eq!(raised(next, by), expected, "{next} by {by}");
        }
    }
}
