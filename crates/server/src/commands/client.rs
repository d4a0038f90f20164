//! `muster client`: client accounts, the tenants of call campaigns.

use crate::cli::StoreFlags;
use crate::failure::Outcome;
use crate::output::print;
use crate::services::{self, dialler_refused, while_open};
use clap::{Args, Subcommand};
use muster_app::Services;
use muster_app::usecases::dialler::{self, NewClient};
use muster_domain::calls::client::Client;
use muster_domain::ids::ClientId;
use serde_json::json;
use std::fmt::Write as _;
use std::process::ExitCode;

/// Arguments of `muster client`.
#[derive(Debug, Args)]
pub struct ClientArgs {
    #[command(subcommand)]
    command: ClientCommand,
}

#[derive(Debug, Subcommand)]
enum ClientCommand {
    /// Make a client account with its first token, which is shown this once
    Create(Create),
    /// List client accounts
    List(List),
    /// Give a client account a new token, which is shown this once, or take its token away
    Token(Token),
}

/// The client account that a command is about.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct ClientFlag {
    /// The client account: its ClientsID
    #[arg(long = "client", value_name = "ID")]
    id: i64,
}

impl ClientFlag {
    pub(super) const fn id(self) -> ClientId {
        ClientId(self.id)
    }

    /// The client account itself.
    pub(super) async fn find(self, services: &Services) -> Outcome<Client> {
        dialler::client(services, self.id())
            .await
            .map_err(|error| dialler_refused(format!("find the client account {}", self.id), &error))
    }
}

#[derive(Debug, Args)]
struct Create {
    #[command(flatten)]
    store: StoreFlags,
    /// Name of the organization
    #[arg(long, value_name = "NAME")]
    organization: String,
    /// Name of the client account
    #[arg(long, value_name = "NAME")]
    name: String,
    /// Its ClientsID, for an account that is taken over from elsewhere; the next free one if absent
    #[arg(long, value_name = "ID")]
    id: Option<i64>,
    /// IANA zone in which its active times and time windows are meant
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    zone: String,
    /// ISO 3166 code of the country whose numbers its files write without a country code
    #[arg(long, value_name = "CODE", default_value = "")]
    region: String,
    /// The policy of its campaigns that name none of their own: a preset's name
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// Print one JSON object instead of text
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    store: StoreFlags,
    /// Only those of the organization of that name
    #[arg(long, value_name = "NAME")]
    organization: Option<String>,
}

#[derive(Debug, Args)]
struct Token {
    #[command(flatten)]
    store: StoreFlags,
    #[command(flatten)]
    client: ClientFlag,
    /// Take the token away instead of making a new one
    #[arg(long, conflicts_with = "json")]
    remove: bool,
    /// Print one JSON object instead of text
    #[arg(long)]
    json: bool,
}

impl ClientArgs {
    /// Does what was asked.
    pub async fn run(self) -> Outcome<ExitCode> {
        match self.command {
            ClientCommand::Create(create) => create.run().await?,
            ClientCommand::List(list) => list.run().await?,
            ClientCommand::Token(token) => token.run().await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Create {
    async fn run(self) -> Outcome<()> {
        let (client, token) = while_open(&self.store, async |services| self.make(services).await).await?;
        print(&if self.json {
            let Client { id, name, zone, region, policy, .. } = client;
            let made = json!({
                "id": id, "name": name, "zone": zone, "region": region, "policy": policy, "token": token,
            });
            format!("{made}\n")
        } else {
            format!("Client  {} (id {})\n{}", client.name, client.id, shown(&token))
        });
        Ok(())
    }

    async fn make(&self, services: &Services) -> Outcome<(Client, String)> {
        let organization = services::organization(services, &self.organization)?;
        let new = NewClient {
            id: self.id.map(ClientId),
            organization: organization.id(),
            name: self.name.clone(),
            zone: self.zone.clone(),
            region: self.region.to_ascii_uppercase(),
            policy: self.policy.clone(),
        };
        dialler::create_client(services, new)
            .await
            .map_err(|error| dialler_refused(format!("make the client account {:?}", self.name), &error))
    }
}

impl List {
    async fn run(self) -> Outcome<()> {
        let text = while_open(&self.store, async |services| self.list(services).await).await?;
        print(&text);
        Ok(())
    }

    async fn list(&self, services: &Services) -> Outcome<String> {
        let organization = match &self.organization {
            None => None,
            Some(name) => Some(services::organization(services, name)?.id()),
        };
        let clients = dialler::clients(services, organization)
            .await
            .map_err(|error| dialler_refused("list client accounts", &error))?;
        let mut text = String::new();
        for client in clients {
            let region = if client.region.is_empty() { "-" } else { &client.region };
            let policy = client.policy.as_deref().unwrap_or("-");
            let token = if client.token_sha256.is_some() { "" } else { "  (no token)" };
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "{:<8}{}  zone {}, region {region}, policy {policy}{token}",
                client.id, client.name, client.zone
            );
        }
        Ok(text)
    }
}

impl Token {
    async fn run(self) -> Outcome<()> {
        let id = self.client.id();
        let attempted = format!("change the token of the client account {id}");
        let token = while_open(&self.store, async |services| {
            let done = if self.remove {
                dialler::remove_token(services, id).await.map(|()| None)
            } else {
                dialler::rotate_token(services, id).await.map(Some)
            };
            done.map_err(|error| dialler_refused(attempted, &error))
        })
        .await?;
        print(&match token {
            None => format!("Client {id} has no token any more\n"),
            Some(token) if self.json => format!("{}\n", json!({ "id": id, "token": token })),
            Some(token) => shown(&token),
        });
        Ok(())
    }
}

/// The token exists nowhere else.
fn shown(token: &str) -> String {
    format!("Token   {token}\n\nWrite it down: only its hash is kept.\n")
}
