//! `muster sim-template`: what SIM campaigns write to each card.

use crate::as_code::read_document;
use crate::cli::StoreFlags;
use crate::failure::Outcome;
use crate::output::print;
use crate::services::{self, refused, while_open};
use clap::{Args, Subcommand};
use muster_api_management::connectivity::{SimTemplateDocument, SimTemplateOutput};
use muster_app::usecases::authoring::forget;
use muster_app::usecases::connectivity::operators;
use serde_json::json;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `muster sim-template`.
#[derive(Debug, Args)]
pub struct SimTemplateArgs {
    #[command(subcommand)]
    command: SimTemplateCommand,
}

#[derive(Debug, Subcommand)]
enum SimTemplateCommand {
    /// Make a template from a YAML or JSON file, and tell how it fits the organization's card profiles
    Create(Create),
}

#[derive(Debug, Args)]
struct Create {
    #[command(flatten)]
    store: StoreFlags,
    /// File with name, kind and operations
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Name of the organization
    #[arg(long, value_name = "NAME")]
    organization: String,
    /// The account that it belongs to: its id, or its name
    #[arg(long, value_name = "ACCOUNT")]
    account: String,
    /// Print one JSON object instead of text
    #[arg(long)]
    json: bool,
}

impl SimTemplateArgs {
    /// Does what was asked.
    pub async fn run(self) -> Outcome<ExitCode> {
        let SimTemplateCommand::Create(create) = self.command;
        create.run().await?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Create {
    async fn run(self) -> Outcome<()> {
        let (new, profiles) = read_document::<SimTemplateDocument>(&self.file)?.read();
        let attempted = format!("make the template of {}", self.file.display());
        let (template, fits) = while_open(&self.store, async |services| {
            let organization = services::organization(services, &self.organization)?;
            let account = services::account(services, &organization, &self.account).await?;
            operators::create_template(services, &account, new, &profiles, &forget)
                .await
                .map_err(|error| refused(&attempted, &error))
        })
        .await?;
        if self.json {
            print(&format!("{}\n", json!(SimTemplateOutput::of(&template, &fits))));
            return Ok(());
        }
        let mut text = format!("Template  {} (id {})\n", template.name, template.id);
        for fit in fits {
            // Writing to a String cannot fail.
            let _ = match fit.packets {
                Ok(packets) => writeln!(
                    text,
                    "  {}: {packets} {}",
                    fit.profile,
                    if packets == 1 { "packet" } else { "packets" }
                ),
                Err(reason) => writeln!(text, "  {}: does not fit: {reason}", fit.profile),
            };
        }
        print(&text);
        Ok(())
    }
}
