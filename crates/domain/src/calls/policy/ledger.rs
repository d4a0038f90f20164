//! Over which days abandoned calls are counted.

use super::schema::{AbandonScope, AbandonWindow, Policy};
use crate::calls::call::LedgerDay;
use crate::calls::pacing::LedgerWindow;

/// A period over which the share of abandoned calls is limited.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LedgerSpan {
    /// Its first day, counted as in [`LedgerDay::day`].
    pub first: i32,
    /// Its last day, which is today.
    pub last: i32,
    /// Whether all campaigns of the client are counted together; otherwise the campaign alone.
    pub whole_site: bool,
    /// The largest permitted share.
    pub cap: f64,
    /// It is measured over 30 days or longer, although it may have begun later.
    pub long: bool,
    /// Share of machine verdicts to count as abandoned.
    pub false_positive_rate: f64,
}

impl LedgerSpan {
    /// Whether a day counts.
    pub const fn contains(&self, day: i32) -> bool {
        self.first <= day && day <= self.last
    }

    /// What the pacer needs to know of the period: `days` are the ledger's, of whatever days, of the campaign or of
    /// all the client's campaigns as [`LedgerSpan::whole_site`] says. `machines` is how many answers of the period
    /// were taken for machines before an agent heard them.
    pub fn window<'a>(&self, days: impl IntoIterator<Item = &'a LedgerDay>, machines: u64) -> LedgerWindow {
        let days = days.into_iter().filter(|day| self.contains(day.day));
        let (live, abandoned) = days.fold((0_u64, 0_u64), |(live, abandoned), day| {
            (live.saturating_add(day.live), abandoned.saturating_add(day.abandoned))
        });
        let mistaken = machines as f64 * self.false_positive_rate;
        LedgerWindow { live, abandoned: abandoned as f64 + mistaken, cap: self.cap, long: self.long }
    }

    /// The window of a ledger that cannot be read: as if at its cap (F20).
    pub fn unreadable(&self) -> LedgerWindow {
        LedgerWindow::unknown(self.cap)
    }
}

/// Days of a period of the campaign (16 CFR 310.4(b)(4)(i)).
const PERIOD_DAYS: i32 = 30;

pub(super) fn spans(policy: &Policy, today: i32, started: i32) -> Vec<LedgerSpan> {
    let abandon = &policy.abandon;
    let sites: &[bool] = match abandon.scope {
        AbandonScope::Campaign => &[false],
        AbandonScope::CampaignAndSite => &[false, true],
    };
    let mut spans = Vec::with_capacity(abandon.windows.len() * sites.len());
    for window in &abandon.windows {
        let (first, long) = match *window {
            AbandonWindow::DayLocal => (today, false),
            AbandonWindow::RollingDays(days) => {
                (today.saturating_sub(i32::from(days.max(1)) - 1), i32::from(days) >= PERIOD_DAYS)
            }
            AbandonWindow::CampaignOr30d => {
                let age = today.saturating_sub(started).max(0);
                (today - age % PERIOD_DAYS, true)
            }
        };
        spans.extend(sites.iter().map(|&whole_site| LedgerSpan {
            first,
            last: today,
            whole_site,
            cap: abandon.cap,
            long,
            false_positive_rate: policy.amd_false_positive_rate.unwrap_or(0.0),
        }));
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(windows: Vec<AbandonWindow>, scope: AbandonScope) -> Policy {
        let mut policy = Policy::default();
        policy.abandon.windows = windows;
        policy.abandon.scope = scope;
        policy
    }

    #[test]
    fn a_window_covers_the_days_its_rule_names() {
        for (window, today, started, first, long) in [
            (AbandonWindow::DayLocal, 100, 10, 100, false),
            (AbandonWindow::RollingDays(1), 100, 10, 100, false),
            (AbandonWindow::RollingDays(30), 100, 10, 71, true),
            (AbandonWindow::RollingDays(29), 100, 10, 72, false),
            // The campaign's own days until it is 30 days old, then the period that runs.
            (AbandonWindow::CampaignOr30d, 100, 100, 100, true),
            (AbandonWindow::CampaignOr30d, 100, 71, 71, true),
            (AbandonWindow::CampaignOr30d, 100, 70, 100, true),
            (AbandonWindow::CampaignOr30d, 100, 35, 95, true),
            // A start in the future, after a change of clocks, counts today.
            (AbandonWindow::CampaignOr30d, 100, 105, 100, true),
        ] {
            let spans = spans(&policy(vec![window], AbandonScope::Campaign), today, started);
            let found: Vec<_> = spans.iter().map(|span| (span.first, span.last, span.long)).collect();
            assert_eq!(found, [(first, today, long)], "{window:?} on {today} since {started}");
        }
    }

    #[test]
    fn people_taken_for_machines_count_as_abandoned() {
        let mut policy = policy(vec![AbandonWindow::RollingDays(2)], AbandonScope::CampaignAndSite);
        policy.amd_false_positive_rate = Some(0.25);
        let spans = spans(&policy, 10, 1);
        assert_eq!(spans.iter().map(|span| span.whole_site).collect::<Vec<_>>(), [false, true]);
        let day = |day, live, abandoned| LedgerDay { day, live, abandoned };
        let window = spans[0].window(&[day(8, 1000, 500), day(9, 60, 1), day(10, 40, 2), day(11, 7, 7)], 8);
        assert_eq!((window.live, window.abandoned, window.cap, window.long), (100, 5.0, 0.03, false));
        assert!(spans[0].unreadable().abandoned.is_infinite());
    }
}
