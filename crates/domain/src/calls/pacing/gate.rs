//! The ledger gate: what keeps a cap whatever was predicted (dialling-engine §6.3).

use super::snapshot::LedgerWindow;

/// Below so many live answers a few calls in flight can still break a cap, and are counted beforehand.
const FEW_ANSWERS: u64 = 200;
/// Live answers a long window may begin with.
const LONG_WINDOW_BEGINS_WITH: u64 = 50;

/// Whether one more abandoned call could break a cap, so that only the floor may be dialled. `in_flight` says how many
/// abandoned calls are expected from what is in flight already, and is asked only when it matters.
#[inline]
pub(super) fn is_closed(windows: &[LedgerWindow], in_flight: impl Fn() -> f64) -> bool {
    windows.is_empty() || windows.iter().any(|window| closes(window, &in_flight))
}

#[inline]
fn closes(window: &LedgerWindow, in_flight: &impl Fn() -> f64) -> bool {
    let live = if window.long { window.live.max(LONG_WINDOW_BEGINS_WITH) } else { window.live };
    let coming = if window.live < FEW_ANSWERS { in_flight() } else { 0.0 };
    let within = (window.abandoned + coming + 1.0) / (live as f64 + 1.0) <= window.cap;
    // Written so that a count or a cap that is no number closes the gate.
    !within
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn day(live: u64, abandoned: f64) -> LedgerWindow {
        LedgerWindow { live, abandoned, cap: 0.03, long: false }
    }

    const fn month(live: u64, abandoned: f64) -> LedgerWindow {
        LedgerWindow { live, abandoned, cap: 0.03, long: true }
    }

    #[test]
    fn closes_when_one_more_could_break_a_cap() {
        let table: &[(&str, &[LedgerWindow], f64, bool)] = &[
            ("no window says what is permitted", &[], 0.0, true),
            ("a day begins", &[day(0, 0.0)], 0.0, true),
            ("one of 33 would be too many", &[day(32, 0.0)], 0.0, true),
            ("one of 34 would not", &[day(33, 0.0)], 0.0, false),
            ("a month begins with 50", &[month(0, 0.0)], 0.0, false),
            ("the second of a young month", &[month(0, 1.0)], 0.0, true),
            ("the real count when it is larger", &[month(66, 1.0)], 0.0, false),
            ("three hundred with eight", &[day(300, 8.0)], 0.0, false),
            ("three hundred with nine", &[day(299, 9.0)], 0.0, true),
            ("the tightest of several", &[month(10_000, 30.0), day(299, 9.0)], 0.0, true),
            ("several with room", &[month(10_000, 30.0), day(300, 8.0)], 0.0, false),
            ("what is in flight counts while answers are few", &[day(199, 4.0)], 1.5, true),
            ("and would have fitted without", &[day(199, 4.0)], 0.5, false),
            ("but not when there are many", &[day(200, 5.0)], 1.5, false),
            ("estimated parts of calls", &[day(999, 29.2)], 0.0, true),
            ("a ledger that cannot be read", &[LedgerWindow::unknown(0.03)], 0.0, true),
            ("no number", &[day(1_000, f64::NAN)], 0.0, true),
            ("a cap of nothing", &[LedgerWindow { cap: 0.0, ..day(1_000_000, 0.0) }], 0.0, true),
        ];
        for (name, windows, in_flight, closed) in table {
            assert_eq!(is_closed(windows, || *in_flight), *closed, "{name}");
        }
    }
}
