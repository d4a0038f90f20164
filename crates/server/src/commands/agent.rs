//! `muster agent`: those who talk with the contacts of call campaigns.

use super::client::ClientFlag;
use crate::cli::StoreFlags;
use crate::failure::{Failure, Outcome};
use crate::output::print;
use crate::services::{dialler_refused, while_open};
use clap::{Args, Subcommand};
use muster_app::usecases::dialler::{self, NewAgent};
use muster_app::{Services, passwords};
use muster_domain::calls::client::Agent;
use serde_json::json;
use std::fmt::Write as _;
use std::io::Read as _;
use std::process::ExitCode;
use zeroize::Zeroizing;

/// Carries the password of an agent's phone; a command line can be read by other users of the machine.
const PASSWORD_VARIABLE: &str = "MUSTER_AGENT_PASSWORD";
/// Longest input that is read as a password, in bytes.
const INPUT_MAX_BYTES: u64 = 4096;

/// Arguments of `muster agent`.
#[derive(Debug, Args)]
pub struct AgentArgs {
    #[command(subcommand)]
    command: AgentCommand,
}

#[derive(Debug, Subcommand)]
enum AgentCommand {
    /// Make an agent, or change the name and the password of one
    Put(Put),
    /// List the agents of a client account, with the names that their phones register under
    List(List),
    /// Remove an agent; the phone can register no more
    Remove(Remove),
}

#[derive(Debug, Args)]
struct Put {
    #[command(flatten)]
    store: StoreFlags,
    #[command(flatten)]
    client: ClientFlag,
    /// The agent's UsersUID: letters, digits, dots, underscores and hyphens
    #[arg(value_name = "UID")]
    uid: String,
    /// Name, for people; that of an agent who is there stays if absent
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Read the phone's password from standard input; without this it comes from MUSTER_AGENT_PASSWORD, or else an
    /// agent who is there keeps the password, and for a new one a password is made and printed, once
    #[arg(long)]
    password_stdin: bool,
    /// Print one JSON object instead of text
    #[arg(long)]
    json: bool,
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
    /// The agent's UsersUID
    #[arg(value_name = "UID")]
    uid: String,
}

impl AgentArgs {
    /// Does what was asked.
    pub async fn run(self) -> Outcome<ExitCode> {
        match self.command {
            AgentCommand::Put(put) => put.run().await?,
            AgentCommand::List(list) => list.run().await?,
            AgentCommand::Remove(remove) => remove.run().await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Put {
    async fn run(self) -> Outcome<()> {
        let given = self.given()?;
        let (agent, made) = while_open(&self.store, async |services| self.put(services, given).await).await?;
        // The password exists nowhere else.
        let made = made.as_ref().map(|password| password.as_str());
        let phone = agent.phone_username();
        let text = if self.json {
            json!({ "uid": agent.uid, "name": agent.name, "phone": phone, "password": made }).to_string()
        } else {
            let mut text = format!("Agent     {} (phone {phone})", agent.uid);
            if let Some(password) = made {
                // Writing to a String cannot fail.
                let _ = write!(text, "\nPassword  {password}\n\nWrite it down: only its hashes are kept.");
            }
            text
        };
        print(&format!("{text}\n"));
        Ok(())
    }

    /// The password that was given.
    fn given(&self) -> Outcome<Option<Zeroizing<String>>> {
        if !self.password_stdin {
            return Ok(std::env::var(PASSWORD_VARIABLE).ok().map(Zeroizing::new));
        }
        let mut text = Zeroizing::new(String::new());
        std::io::stdin()
            .lock()
            .take(INPUT_MAX_BYTES)
            .read_to_string(&mut text)
            .map_err(|error| Failure::new("read the password from standard input", error))?;
        Ok(Some(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned())))
    }

    async fn put(
        &self,
        services: &Services,
        given: Option<Zeroizing<String>>,
    ) -> Outcome<(Agent, Option<Zeroizing<String>>)> {
        let refused = |error| dialler_refused(format!("put the agent {:?}", self.uid), &error);
        let of = self.client.id();
        let there = dialler::agents(services, of).await.map_err(refused)?;
        let there = there.into_iter().find(|agent| agent.uid == self.uid);
        let is_to_be_made = given.is_none() && there.is_none();
        let made = is_to_be_made.then(|| Zeroizing::new(passwords::generate(services.entropy.as_ref())));
        let new = NewAgent {
            uid: self.uid.clone(),
            name: self.name.clone().or(there.map(|agent| agent.name)).unwrap_or_default(),
            password: given.as_ref().or(made.as_ref()).map(|password| password.to_string()),
        };
        let agent = dialler::put_agent(services, of, new).await.map_err(refused)?;
        Ok((agent, made))
    }
}

impl List {
    async fn run(self) -> Outcome<()> {
        let agents = while_open(&self.store, async |services| {
            dialler::agents(services, self.client.id())
                .await
                .map_err(|error| dialler_refused("list agents", &error))
        })
        .await?;
        let mut text = String::new();
        for agent in agents {
            let _ = writeln!(text, "{:<20}  phone {:<24}  {}", agent.uid, agent.phone_username(), agent.name);
        }
        print(&text);
        Ok(())
    }
}

impl Remove {
    async fn run(self) -> Outcome<()> {
        while_open(&self.store, async |services| {
            dialler::remove_agent(services, self.client.id(), &self.uid)
                .await
                .map_err(|error| dialler_refused(format!("remove the agent {:?}", self.uid), &error))
        })
        .await?;
        print(&format!("Agent     {} removed\n", self.uid));
        Ok(())
    }
}
