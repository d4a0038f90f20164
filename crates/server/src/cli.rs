//! The command line: what can be asked of `muster`.

use crate::commands::{
    account, agent, app, apply, call_campaign, card_profile, client, do_not_call, doctor, explain, export,
    import, migrate, openapi, ota, plan, policy, prompt, serve, sim, sim_campaign, sim_template, simulate,
};
use crate::config::{Config, Overrides, Secret};
use crate::failure::{Failure, Outcome};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// A campaign server: decisions, progress and an exact account, in one binary
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// One subcommand a file in `commands/`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server until it is asked to stop (SIGTERM or SIGINT)
    Serve(serve::Serve),
    /// Make the store, or bring its schema up to date, and end
    Migrate(migrate::Migrate),
    /// Check settings, store, disk, certificate and clock, and say what to do about each problem
    Doctor(doctor::Doctor),
    /// Make apps, with their keys and secrets
    App(app::App),
    /// Make accounts of SIM cards, and the users who call the connectivity API for them
    Account(account::AccountArgs),
    /// Make client accounts, the tenants of call campaigns, and the tokens that they call the dialler API with
    Client(client::ClientArgs),
    /// Make agents, who talk with the contacts of call campaigns
    Agent(agent::AgentArgs),
    /// Keep the sounds that calls play
    Prompt(prompt::PromptArgs),
    /// Say when, how often and how people may be called
    Policy(policy::PolicyArgs),
    /// Make call campaigns, run and watch them, and get the results
    CallCampaign(call_campaign::CallCampaignArgs),
    /// Keep the list of numbers that nobody of a client account may call
    DoNotCall(do_not_call::DoNotCallArgs),
    /// Load data from files
    Import(import::Import),
    /// Show what a folder of campaigns would change; exit code 0 is no change, 2 is changes, 1 a failure
    Plan(plan::Plan),
    /// Make an organization what a folder of campaigns says, in one transaction
    Apply(apply::Apply),
    /// Write an organization's campaigns as a folder
    Export(export::Export),
    /// Tell why a customer is where they are in a campaign, check by check
    Explain(explain::Explain),
    /// Print the OpenAPI document of a face
    Openapi(openapi::Openapi),
    /// Say how cards of a make want to be spoken to
    CardProfile(card_profile::CardProfileArgs),
    /// Say what SIM campaigns write to each card
    SimTemplate(sim_template::SimTemplateArgs),
    /// Make SIM campaigns, enrol cards, run and watch them, and get the results
    SimCampaign(sim_campaign::SimCampaignArgs),
    /// Make and read secured packets of SIM cards, from lines of JSON, with no server and no store
    Ota(ota::Ota),
    /// Be a message centre with SIM cards, to try Muster out and to test it
    Sim(sim::Sim),
    /// Simulate campaigns in virtual time, without a server and without a store
    Simulate(simulate::Simulate),
}

/// Where the store is. Every command that opens it takes these.
#[derive(Debug, Clone, Default, Args)]
pub struct StoreFlags {
    /// File with settings; config/default.toml is the commented model
    #[arg(long, value_name = "FILE", env = "MUSTER_CONFIG")]
    config: Option<PathBuf>,
    /// Folder of the embedded store
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    /// PostgreSQL instead of the embedded store; better given by MUSTER_STORE__DATABASE_URL, because other users
    /// of the machine can read a command line
    #[arg(long, value_name = "URL", value_parser = secret)]
    database_url: Option<Secret>,
}

#[expect(clippy::unnecessary_wraps, reason = "clap's value parsers may fail; hiding a text cannot")]
fn secret(text: &str) -> Result<Secret, String> {
    Ok(Secret::new(text))
}

impl StoreFlags {
    /// The settings with these flags on top.
    pub fn load(&self) -> Outcome<Config> {
        load(&self.overrides())
    }

    /// The flags as a layer of settings.
    pub fn overrides(&self) -> Overrides {
        Overrides {
            config: self.config.clone(),
            data_dir: self.data_dir.clone(),
            database_url: self.database_url.clone(),
            ..Overrides::default()
        }
    }
}

/// Reads the settings of this process.
pub fn load(overrides: &Overrides) -> Outcome<Config> {
    Config::load(overrides).map_err(|error| Failure::new("start with these settings", error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_database_password_is_not_shown_by_help_or_debug() {
        let cli =
            Cli::try_parse_from(["muster", "migrate", "--database-url", "postgres://u:hunter2@h/d"]).unwrap();
        assert!(!format!("{cli:?}").contains("hunter2"));
    }
}
