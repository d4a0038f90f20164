//! What operators watch of call campaigns.

use muster_domain::calls::call::CallOutcome;
use std::time::Duration;

/// A call ended.
pub(super) fn ended(outcome: CallOutcome) {
    metrics::counter!("muster_calls_total", "outcome" => outcome.name()).increment(1);
}

/// The rules refused a contact.
pub(super) fn blocked(rule: &str) {
    metrics::counter!("muster_calls_refused_total", "rule" => rule.to_owned()).increment(1);
}

/// Somebody who answered heard an agent after so long.
pub(super) fn connected(after: Duration) {
    metrics::histogram!("muster_calls_answer_to_agent_seconds").record(after.as_secs_f64());
}

/// It rang after so long.
pub(super) fn rang(after: Duration) {
    metrics::histogram!("muster_calls_post_dial_delay_seconds").record(after.as_secs_f64());
}

/// The calls that last, by stage, and the agents, by state.
pub(super) fn now(calls: [(&'static str, usize); 4], agents: &[(&'static str, usize)]) {
    for (stage, count) in calls {
        metrics::gauge!("muster_calls_now", "stage" => stage).set(count as f64);
    }
    for (state, count) in agents {
        metrics::gauge!("muster_agents_now", "state" => *state).set(*count as f64);
    }
}
