//! `muster simulate call-campaign`

use super::table::{Row, json, table};
use crate::failure::{Failure, Outcome};
use crate::output::print;
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use muster_domain::calls::pacing::{Pacer, PacingMode};
use muster_simulator::{Job, Policy, Scenario, Summary, run_all};
use std::io::IsTerminal as _;
use std::process::ExitCode;

/// The mode on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Mode {
    /// One call for each idle agent
    Progressive,
    /// A fixed number of calls for each idle agent
    Power,
    /// As many calls as the cap on abandoned ones allows
    Predictive,
}

impl Mode {
    const fn name(self) -> &'static str {
        match self {
            Self::Progressive => "progressive",
            Self::Power => "power",
            Self::Predictive => "predictive",
        }
    }
}

/// Arguments of `muster simulate call-campaign`.
#[derive(Debug, Args)]
pub(super) struct CallCampaign {
    /// How many agents; several numbers make several rows
    #[arg(
        long, value_name = "COUNT,…", value_delimiter = ',', default_value = "5,10,20,50,100",
        value_parser = clap::value_parser!(u32).range(1..=1_000)
    )]
    agents: Vec<u32>,
    /// Share of calls that a person answers
    #[arg(long, value_name = "SHARE", default_value_t = 0.3, value_parser = share)]
    answer_rate: f64,
    /// Largest permitted share of people who answer and find no agent in time
    #[arg(long, value_name = "SHARE", default_value_t = 0.03, value_parser = share)]
    cap: f64,
    /// How calls are paced
    #[arg(long, value_enum, default_value_t = Mode::Predictive)]
    mode: Mode,
    /// Calls for each idle agent in the power mode
    #[arg(long, value_name = "NUMBER", default_value_t = 2.0)]
    ratio: f64,
    /// Mean length of a conversation, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 120.0, value_parser = seconds)]
    talk: f64,
    /// What happens during the shift
    #[arg(long, value_name = "NAME", default_value = "steady", value_parser = Scenario::NAMES)]
    scenario: String,
    /// Length of a shift; the first half hour is left out of utilisation and waits
    #[arg(long, value_name = "HOURS", default_value_t = 8.5, value_parser = hours)]
    hours: f64,
    /// Shifts for each row, each with a seed of its own
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    seeds: u64,
    /// The first seed: the same seeds give the same figures
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Print one JSON document instead of a table
    #[arg(long)]
    json: bool,
}

impl CallCampaign {
    /// Simulates and prints.
    pub(super) fn run(&self) -> Outcome<ExitCode> {
        let rows = self.rows()?;
        print(&if self.json { json(self.mode.name(), &rows)? } else { table(&rows, self.cap) });
        Ok(ExitCode::SUCCESS)
    }

    fn mode(&self) -> PacingMode {
        match self.mode {
            Mode::Progressive => PacingMode::Progressive,
            Mode::Power => PacingMode::Power { ratio: self.ratio },
            Mode::Predictive => PacingMode::Predictive,
        }
    }

    fn scenario(&self, agents: u32) -> Outcome<Scenario> {
        let cannot = |reason: &dyn std::fmt::Display| Failure::new("simulate these shifts", reason);
        let mut scenario =
            Scenario::named(&self.scenario, agents, self.answer_rate).map_err(|error| cannot(&error))?;
        scenario.pacing.cap = self.cap;
        scenario.pacing.mode = self.mode();
        scenario.callers.talk_s = self.talk;
        let scenario = scenario.hours(self.hours);
        Pacer::new(scenario.pacing).map_err(|error| cannot(&error))?;
        if let Some((first_s, _)) = scenario.changes.first()
            && *first_s >= scenario.shift_s
        {
            return Err(cannot(&format!(
                "the scenario {} begins {:.1} hours into the shift, and the shift is over by then",
                self.scenario,
                first_s / 3_600.0
            ))
            .advise("give --hours a larger number"));
        }
        Ok(scenario)
    }

    fn rows(&self) -> Outcome<Vec<Row>> {
        let scenarios =
            self.agents.iter().map(|agents| self.scenario(*agents)).collect::<Outcome<Vec<_>>>()?;
        let seeds = self.seed..self.seed.saturating_add(self.seeds);
        let jobs: Vec<Job<'_>> = scenarios
            .iter()
            .flat_map(|scenario| seeds.clone().map(move |seed| Job { scenario, seed }))
            .collect();
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let bar = bar(jobs.len() as u64);
        let pacer = |scenario: &Scenario| Ok::<_, Failure>(Box::new(pacer(scenario)?) as Box<dyn Policy>);
        let reports = run_all(&jobs, threads, pacer, || bar.inc(1))?;
        bar.finish_and_clear();
        Ok(scenarios
            .iter()
            .zip(reports.chunks(self.seeds as usize))
            .map(|(scenario, reports)| Row {
                scenario: scenario.name.clone(),
                agents: scenario.agents,
                answer_rate: self.answer_rate,
                summary: Summary::of(reports),
            })
            .collect())
    }
}

fn pacer(scenario: &Scenario) -> Outcome<Pacer> {
    Pacer::new(scenario.pacing).map_err(|error| Failure::new("simulate these shifts", error))
}

/// A bar over shifts on a terminal, nothing elsewhere.
fn bar(shifts: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len} shifts  {elapsed} (left: {eta})")
        .expect("the template is one of indicatif's");
    ProgressBar::with_draw_target(Some(shifts), ProgressDrawTarget::stderr()).with_style(style)
}

fn share(text: &str) -> Result<f64, String> {
    within(text, 0.001, 1.0)
}

fn seconds(text: &str) -> Result<f64, String> {
    within(text, 1.0, 3_600.0)
}

fn hours(text: &str) -> Result<f64, String> {
    within(text, 0.6, 24.0)
}

fn within(text: &str, lowest: f64, highest: f64) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (lowest..=highest).contains(&number) {
        Ok(number)
    } else {
        Err(format!("must be from {lowest} to {highest}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        command: CallCampaign,
    }

    fn command(arguments: &[&str]) -> CallCampaign {
        Line::try_parse_from(std::iter::once(&"call-campaign").chain(arguments)).unwrap().command
    }

    #[test]
    fn shares_and_hours_are_checked() {
        for refused in [
            ["--answer-rate", "0"],
            ["--answer-rate", "30"],
            ["--cap", "x"],
            ["--hours", "0.5"],
            ["--agents", "0"],
            ["--scenario", "nowhere"],
        ] {
            let line = Line::try_parse_from(std::iter::once("call-campaign").chain(refused));
            assert!(line.is_err(), "{refused:?}");
        }
    }

    #[test]
    fn a_row_for_each_number_of_agents_and_the_same_seeds_give_the_same_figures() {
        let command = command(&[
            "--agents",
            "2,4",
            "--hours",
            "0.7",
            "--seeds",
            "2",
            "--mode",
            "progressive",
            "--json",
        ]);
        let rows = command.rows().unwrap();
        assert_eq!(rows.iter().map(|row| row.agents).collect::<Vec<_>>(), [2, 4]);
        assert!(rows.iter().all(|row| row.summary.shifts == 2 && row.summary.utilisation.mean > 0.3));
        assert_eq!(rows, command.rows().unwrap());
        let document: serde_json::Value = serde_json::from_str(&json("progressive", &rows).unwrap()).unwrap();
        assert_eq!(document["rows"][1]["agents"], 4);
        assert_eq!(document["rows"][0]["abandoned"]["mean"], 0.0);
        assert_eq!(table(&rows, 0.03).lines().count(), 5, "head, two rows, an empty line, a remark");
    }

    #[test]
    fn a_scenario_that_would_not_begin_is_refused() {
        let refused = command(&["--scenario", "restart", "--hours", "2"]).rows().unwrap_err();
        assert!(refused.to_string().contains("--hours"), "{refused}");
        let refused = command(&["--mode", "power", "--ratio", "0.5"]).rows().unwrap_err();
        assert!(refused.to_string().contains("from 1 to 20"), "{refused}");
    }
}
