//! The figures of simulated shifts, for people and for programs.

use crate::failure::{Failure, Outcome};
use muster_simulator::{Estimate, Summary};
use serde::Serialize;
use std::fmt::Write as _;

/// The shifts of one number of agents.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Row {
    pub(super) scenario: String,
    pub(super) agents: u32,
    pub(super) answer_rate: f64,
    #[serde(flatten)]
    pub(super) summary: Summary,
}

/// A document with all rows. Shares are from 0 to 1, times in seconds.
pub(super) fn json(mode: &str, rows: &[Row]) -> Outcome<String> {
    let document = serde_json::json!({ "mode": mode, "rows": rows });
    serde_json::to_string_pretty(&document)
        .map(|text| text + "\n")
        .map_err(|error| Failure::new("print the figures", error))
}

/// A table with a row for each number of agents.
pub(super) fn table(rows: &[Row], cap: f64) -> String {
    let mut text = format!(
        "{:>6}  {:>13}  {:>13}  {:>13}  {:>15}  {:>8}  {:>8}  {:>12}\n",
        "agents",
        "utilisation %",
        "abandoned %",
        "over the cap",
        "worst 30 min %",
        "wait s",
        "p95 s",
        "dials/answer"
    );
    for row in rows {
        let summary = &row.summary;
        let worst =
            summary.worst_half_hour.as_ref().map_or_else(|| "-".to_owned(), |worst| percent(worst, 1));
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{:>6}  {:>13}  {:>13}  {:>13}  {:>15}  {:>8.1}  {:>8.1}  {:>12.2}",
            row.agents,
            percent(&summary.utilisation, 1),
            percent(&summary.abandoned, 2),
            format!("{} of {}", summary.days_over_cap, summary.shifts),
            worst,
            summary.wait_mean_s.mean,
            summary.wait_p95_s.mean,
            summary.dials_per_answer.mean,
        );
    }
    let _ = writeln!(
        text,
        "\nMeans over shifts, ± the 95 % interval; the cap is {} %. Wait: how long an agent waits for a conversation.",
        (cap * 10_000.0).round() / 100.0
    );
    text
}

fn percent(estimate: &Estimate, digits: usize) -> String {
    let range = estimate.plus_minus.map(|half| format!(" ± {:.digits$}", 100.0 * half)).unwrap_or_default();
    format!("{:.digits$}{range}", 100.0 * estimate.mean)
}
