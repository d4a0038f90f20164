//! `muster app create`: the way into an empty store.

use crate::cli::StoreFlags;
use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::output::print;
use crate::services;
use clap::{Args, Subcommand, ValueEnum};
use muster_app::Services;
use muster_app::usecases::authoring::apps::{self, AppDraft, AppWithSecrets};
use muster_app::usecases::authoring::organizations::{self, OrganizationDraft};
use muster_app::usecases::authoring::tokens;
use muster_app::usecases::authoring::{AuthoringError, forget};
use muster_domain::organization::Organization;
use serde_json::json;
use std::process::ExitCode;

/// Arguments of `muster app`.
#[derive(Debug, Args)]
pub struct App {
    #[command(subcommand)]
    command: AppCommand,
}

#[derive(Debug, Subcommand)]
enum AppCommand {
    /// Make an app, and its organization if there is none of that name; print key and secrets, once
    Create(Create),
}

#[derive(Debug, Args)]
struct Create {
    #[command(flatten)]
    store: StoreFlags,
    /// Name of the organization; made, with the time zone UTC, if there is none of that name
    #[arg(long, value_name = "NAME")]
    organization: String,
    /// Name of the app, unique in the organization
    #[arg(long, value_name = "NAME")]
    name: String,
    /// Also make a token for the management API, for this organization or for all
    #[arg(
        long,
        value_name = "SCOPE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "organization"
    )]
    management_token: Option<Scope>,
    /// Print one JSON object instead of text
    #[arg(long)]
    json: bool,
}

/// What a management token opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scope {
    /// The organization of the app.
    Organization,
    /// Every organization, those to come included.
    All,
}

impl App {
    /// Does what was asked.
    pub async fn run(self) -> Outcome<ExitCode> {
        let AppCommand::Create(create) = self.command;
        create.run().await
    }
}

/// What was made; the secrets exist nowhere else.
struct Made {
    organization: Organization,
    is_new: bool,
    app: AppWithSecrets,
    management_token: Option<String>,
}

impl Create {
    async fn run(self) -> Outcome<ExitCode> {
        let config = self.store.load()?;
        let services = services::offline(&config).await?;
        let made = self.make(&services).await;
        services.store.close().await;
        let made = made?;
        print(&if self.json { as_json(&made) } else { as_text(&made, &config) });
        Ok(ExitCode::SUCCESS)
    }

    async fn make(&self, services: &Services) -> Outcome<Made> {
        let existing = services
            .catalog
            .organizations()
            .iter()
            .find(|snapshot| snapshot.organization.name == self.organization)
            .map(|snapshot| snapshot.organization.clone());
        let is_new = existing.is_none();
        let organization = if let Some(organization) = existing {
            organization
        } else {
            let draft = OrganizationDraft {
                name: self.organization.clone(),
                multi_org: false,
                time_zone: "UTC".to_owned(),
                public_base_url: None,
            };
            organizations::create(services, draft, &forget)
                .await
                .map_err(|error| refused(format!("make the organization {:?}", self.organization), &error))?
        };
        let draft = AppDraft { name: self.name.clone(), ..AppDraft::default() };
        let app = apps::create(services, organization.id, draft, &forget)
            .await
            .map_err(|error| refused(format!("make the app {:?}", self.name), &error))?;
        let management_token = match self.management_token {
            None => None,
            Some(scope) => {
                let opens = (scope == Scope::Organization).then_some(organization.id);
                let made = tokens::create(services, opens, &self.name, None, &forget)
                    .await
                    .map_err(|error| refused("make the management token".to_owned(), &error))?;
                Some(made.token)
            }
        };
        Ok(Made { organization, is_new, app, management_token })
    }
}

fn refused(attempted: String, error: &AuthoringError) -> Failure {
    Failure::new(attempted, error)
}

fn as_json(made: &Made) -> String {
    let object = json!({
        "organization_id": made.organization.id,
        "organization": made.organization.name,
        "app": made.app.app.name,
        "api_key": made.app.app.api_key,
        "secret": made.app.secret,
        "bearer_token": made.app.bearer,
        "management_token": made.management_token,
    });
    format!("{object}\n")
}

fn as_text(made: &Made, config: &Config) -> String {
    let key = &made.app.app.api_key;
    let url = config.server.base_url(config.server.listen);
    let mut lines = vec![
        format!(
            "Organization      {} (id {}{})",
            made.organization.name,
            made.organization.id,
            if made.is_new { ", new" } else { "" }
        ),
        format!("App               {}", made.app.app.name),
        format!("API key           {key}"),
        format!("Secret            {}", made.app.secret),
        format!("Bearer token      {}", made.app.bearer),
    ];
    if let Some(token) = &made.management_token {
        lines.push(format!("Management token  {token}"));
    }
    lines.push(String::new());
    lines.push(
        "Write these down: only their digests are kept. A first call, once the server runs:".to_owned(),
    );
    lines.push(String::new());
    lines.push(format!("  curl -g -u {key}:{} {url}/priv/v1/apps/{key}/campaigns", made.app.secret));
    lines.push(String::new());
    lines.join("\n")
}
