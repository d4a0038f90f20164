//! `muster policy`: when, how often and how people may be called.

use super::client::ClientFlag;
use crate::as_code::read_document;
use crate::cli::StoreFlags;
use crate::failure::{Failure, Outcome};
use crate::output::print;
use crate::services::{dialler_refused, while_open};
use clap::{Args, Subcommand};
use muster_app::usecases::dialler;
use muster_domain::calls::policy::{Policy, preset, presets};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `muster policy`.
#[derive(Debug, Args)]
pub struct PolicyArgs {
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    /// List the presets: what each is for, and what its figures rest on. None of it is legal advice
    Presets,
    /// Print a policy, with everything that it leaves to its preset, as YAML: a model for one's own
    Show(Show),
    /// Make a policy of a client account from a YAML or JSON file, in place of the one of that name
    Put(Put),
    /// List a client account's own policies
    List(List),
    /// Remove a policy that nothing names
    Remove(Remove),
}

#[derive(Debug, Args)]
struct Show {
    #[command(flatten)]
    store: StoreFlags,
    /// The client account whose own policy it is: its ClientsID; presets need none
    #[arg(long, value_name = "ID")]
    client: Option<i64>,
    /// Name of the policy, or of a preset
    #[arg(value_name = "NAME")]
    name: String,
}

#[derive(Debug, Args)]
struct Put {
    #[command(flatten)]
    store: StoreFlags,
    #[command(flatten)]
    client: ClientFlag,
    /// Name of the policy
    #[arg(value_name = "NAME")]
    name: String,
    /// File with the policy
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    store: StoreFlags,
    #[command(flatten)]
    client: ClientFlag,
}

#[derive(Debug, Args)]
struct Remove {
    #[command(flatten)]
    store: StoreFlags,
    #[command(flatten)]
    client: ClientFlag,
    /// Name of the policy
    #[arg(value_name = "NAME")]
    name: String,
}

impl PolicyArgs {
    /// Does what was asked.
    pub async fn run(self) -> Outcome<ExitCode> {
        match self.command {
            PolicyCommand::Presets => print(&all_presets()),
            PolicyCommand::Show(show) => show.run().await?,
            PolicyCommand::Put(put) => put.run().await?,
            PolicyCommand::List(list) => list.run().await?,
            PolicyCommand::Remove(remove) => remove.run().await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn all_presets() -> String {
    let mut text = String::new();
    for preset in presets() {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}\n  {}", preset.name, preset.about);
        for (field, source) in preset.sources {
            let _ = writeln!(text, "  {field:<30}  {source}");
        }
        text.push('\n');
    }
    text.push_str("`muster policy show NAME` prints the figures. None of this is legal advice.\n");
    text
}

impl Show {
    async fn run(self) -> Outcome<()> {
        let attempted = format!("show the policy {:?}", self.name);
        let policy = match (preset(&self.name), self.client) {
            (Some(preset), _) => preset.policy,
            (None, None) => {
                return Err(Failure::new(attempted, "no preset has that name")
                    .advise("`muster policy presets` shows them; a client's own needs --client"));
            }
            (None, Some(client)) => {
                while_open(&self.store, async |services| {
                    dialler::policy(services, muster_domain::ids::ClientId(client), &self.name)
                        .await
                        .map_err(|error| dialler_refused(&attempted, &error))
                })
                .await?
            }
        };
        let text = serde_saphyr::to_string::<Policy>(&policy)
            .map_err(|error| Failure::new(format!("show the policy {:?}", self.name), error))?;
        print(&format!("{}\n", text.trim_end()));
        Ok(())
    }
}

impl Put {
    async fn run(self) -> Outcome<()> {
        let body: Value = read_document(&self.file)?;
        while_open(&self.store, async |services| {
            dialler::put_policy(services, self.client.id(), &self.name, body)
                .await
                .map_err(|error| dialler_refused(format!("use {}", self.file.display()), &error))
        })
        .await?;
        print(&format!("Policy  {}\n", self.name));
        Ok(())
    }
}

impl List {
    async fn run(self) -> Outcome<()> {
        let policies = while_open(&self.store, async |services| {
            self.client.find(services).await?;
            dialler::policies(services, self.client.id())
                .await
                .map_err(|error| dialler_refused("list policies", &error))
        })
        .await?;
        let mut text = String::new();
        for (name, _) in policies {
            let _ = writeln!(text, "{name}");
        }
        print(&text);
        Ok(())
    }
}

impl Remove {
    async fn run(self) -> Outcome<()> {
        while_open(&self.store, async |services| {
            dialler::remove_policy(services, self.client.id(), &self.name)
                .await
                .map_err(|error| dialler_refused(format!("remove the policy {:?}", self.name), &error))
        })
        .await?;
        print(&format!("Policy  {} removed\n", self.name));
        Ok(())
    }
}
