//! `muster explain`: why a customer is where they are in a campaign.

use crate::cli::StoreFlags;
use crate::failure::{Failure, Outcome};
use crate::output::print;
use crate::services;
use clap::Args;
use muster_api_management::explanation::{CheckOutput, Output};
use muster_app::usecases::explain::explain;
use muster_app::usecases::select::{CampaignSelector, CustomerSelector};
use serde_json::Value;
use std::fmt::Write as _;
use std::process::ExitCode;

/// Arguments of `muster explain`.
#[derive(Debug, Args)]
pub struct Explain {
    #[command(flatten)]
    store: StoreFlags,
    /// Name of the organization
    #[arg(long, value_name = "NAME")]
    organization: String,
    /// The customer's internal id, or `external:` and the client's own id
    #[arg(value_name = "CUSTOMER")]
    customer: String,
    /// The campaign's id or permalink
    #[arg(value_name = "CAMPAIGN")]
    campaign: String,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

impl Explain {
    /// Prints every check with what it looked at.
    pub async fn run(self) -> Outcome<ExitCode> {
        let failed = |error: &dyn std::fmt::Display| {
            Failure::new(format!("explain {} to {}", self.campaign, self.customer), error)
        };
        let customer = match self.customer.strip_prefix("external:") {
            Some(external) => CustomerSelector::External(external.to_owned()),
            None => CustomerSelector::from_user_id(&self.customer).map_err(|error| {
                failed(&error).advise("give a GUID, or external: and the client's own id")
            })?,
        };
        let config = self.store.load()?;
        let services = services::offline(&config).await?;
        let explained = async {
            let snapshot = services::organization(&services, &self.organization)?;
            let campaign = CampaignSelector::Either(self.campaign.clone());
            explain(&services, snapshot, &customer, &campaign).await.map_err(|error| failed(&error))
        }
        .await;
        services.store.close().await;
        let output = Output::of(&explained?);
        let text = if self.json {
            serde_json::to_string_pretty(&output)
                .map(|text| format!("{text}\n"))
                .map_err(|error| failed(&error))?
        } else {
            as_text(&output)
        };
        print(&text);
        Ok(ExitCode::SUCCESS)
    }
}

fn as_text(output: &Output) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let yes_no = |value: bool| if value { "yes" } else { "no" };
    let _ = writeln!(text, "At {}: {}", output.now, output.state);
    let _ = writeln!(
        text,
        "  qualified {}, eligible {}, events count {}",
        yes_no(output.qualified),
        yes_no(output.eligible),
        yes_no(output.admits_events)
    );
    checks(&mut text, &output.admission, 1);
    if let Some(targeting) = &output.targeting {
        let _ = writeln!(text, "  targeting");
        clauses(&mut text, targeting, 2);
    }
    let refusal = output.opt_in_refusal.as_str().unwrap_or("none, it would be accepted");
    let _ = writeln!(text, "  opt-in refused: {refusal}; {} places taken", output.places_taken);
    for behavior in &output.behaviors {
        let _ = writeln!(
            text,
            "  behavior {} {:?}: achieved {}, at {} of {}",
            behavior.id, behavior.name, behavior.achieved, behavior.current_count, behavior.total_count
        );
        checks(&mut text, &behavior.checks, 2);
        for (kind, part) in behavior
            .goals
            .iter()
            .map(|goal| ("goal", goal))
            .chain(behavior.groups.iter().map(|group| ("group", group)))
        {
            // Completing a goal begins its count anew: `0 of 1` would read as if nothing had happened.
            let _ = if part.completed {
                writeln!(text, "    + {kind} {:?}: completed", part.name)
            } else {
                writeln!(text, "    - {kind} {:?}: {} of {}", part.name, part.current_count, part.total_count)
            };
        }
    }
    for creative in &output.creatives {
        let shown = if creative.shown { "shown" } else { "not shown" };
        let _ = writeln!(text, "  creative {} {:?}: {shown}", creative.id, creative.name);
        checks(&mut text, &creative.checks, 2);
        if let Some(targeting) = &creative.targeting {
            clauses(&mut text, targeting, 2);
        }
    }
    text
}

fn checks(text: &mut String, checks: &[CheckOutput], depth: usize) {
    for check in checks {
        let mark = if check.verdict { '+' } else { '-' };
        let _ = writeln!(text, "{:indent$}{mark} {}: {}", "", check.check, check.actual, indent = 2 * depth);
    }
}

/// An explanation of targeting: an object with `verdict` and what the verdict rests on.
fn clauses(text: &mut String, explanation: &Value, depth: usize) {
    let mark = if explanation["verdict"] == Value::Bool(true) { '+' } else { '-' };
    let Some(members) = explanation.as_object() else { return };
    for (grounds, value) in members.iter().filter(|(name, _)| *name != "verdict") {
        let indent = 2 * depth;
        match value {
            Value::Array(parts) => {
                let _ = writeln!(text, "{:indent$}{mark} {grounds} of", "");
                for part in parts {
                    clauses(text, part, depth + 1);
                }
            }
            Value::Object(clause) if clause.contains_key("field") => {
                let member = |name: &str| clause.get(name).map_or_else(String::new, ToString::to_string);
                let word = |name: &str| clause.get(name).and_then(Value::as_str).unwrap_or_default();
                let _ = writeln!(
                    text,
                    "{:indent$}{mark} {} {} {} (has {})",
                    "",
                    word("field"),
                    word("operator"),
                    member("operand"),
                    member("actual")
                );
            }
            Value::Object(_) => {
                let _ = writeln!(text, "{:indent$}{mark} {grounds}", "");
                clauses(text, value, depth + 1);
            }
            other => {
                let _ = writeln!(text, "{:indent$}{mark} {grounds}: {other}", "");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_api_management::explanation::{BehaviorOutput, PartOutput};

    #[test]
    fn a_completed_goal_is_told_as_completed() {
        let goal = |name: &str, current_count, completed| PartOutput {
            name: name.to_owned(),
            current_count,
            total_count: 3,
            completed,
        };
        let behavior = BehaviorOutput {
            id: 1,
            name: "Tour".to_owned(),
            achieved: 0,
            current_count: 1,
            total_count: 2,
            checks: Vec::new(),
            // A goal's count begins anew when it is completed.
            goals: vec![goal("museum", 0, true), goal("harbour", 2, false)],
            groups: Vec::new(),
        };
        let output = Output {
            now: "2026-03-10T15:45:30Z".to_owned(),
            state: "in_progress",
            qualified: true,
            eligible: true,
            opted_in: None,
            admits_events: true,
            admission: Vec::new(),
            targeting: None,
            opt_in_refusal: Value::Null,
            places_taken: 0,
            behaviors: vec![behavior],
            creatives: Vec::new(),
        };
        let text = as_text(&output);
        assert!(text.contains("+ goal \"museum\": completed\n"), "{text}");
        assert!(text.contains("- goal \"harbour\": 2 of 3\n"), "{text}");
    }
}
