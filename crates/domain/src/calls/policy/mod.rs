//! Policies: when, how often and how people may be called, as data. Not legal advice; the presets are starting points
//! that an operator confirms. Whatever is configured is enforced, the strictest of several.
//!
//! - [`Policy`]: the schema; [`presets()`] what it may start from.
//! - [`Policies::may_call`]: whether a call may be placed now, by which rule not, and when.
//! - [`Policies::permits_predictive`], [`Policies::check_caller_id`]: whether a campaign may start.
//! - [`Policies::ledger_spans`]: over which days abandoned calls are counted.

mod combine;
mod evaluate;
#[cfg(test)]
mod evaluate_tests;
mod holidays;
mod ledger;
mod presets;
mod question;
pub mod rules;
mod schedule;
mod schema;
#[cfg(test)]
mod tests;
mod validate;
mod week;

pub use combine::Policies;
pub use holidays::Calendar;
pub use ledger::LedgerSpan;
pub use presets::{Preset, of_jurisdiction, preset, presets};
pub use question::{CallQuestion, Consent, PolicyRefusal, Refusal, Verdict};
pub use schema::{
    Abandon, AbandonScope, AbandonWindow, AnswerDetection, CallerIdRule, ConnectAnchor, ConsentRule,
    HolidayRule, MessageRule, PerNumber, Policy, PrerecordedConsent, RedialAfterAbandon, RedialAfterMachine,
    UnknownZone,
};
pub use validate::{PolicyError, limits};
pub use week::{LocalTime, NotATime, OpenHours, Weekday};
