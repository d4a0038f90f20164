//! `muster account`: accounts of SIM cards, and who calls for them.

use crate::cli::StoreFlags;
use crate::failure::{Failure, Outcome};
use crate::output::print;
use crate::services::{self, refused, while_open};
use clap::{Args, Subcommand, ValueEnum};
use muster_app::ports::PageOf;
use muster_app::usecases::authoring::forget;
use muster_app::usecases::connectivity::{NewAccount, NewUser, operators};
use muster_app::{Services, passwords};
use muster_domain::account::{Account, AccountKind, AccountStatus, ApiUser, Role};
use muster_domain::ids::AccountId;
use serde_json::{Map, json};
use std::fmt::Write as _;
use std::io::Read as _;
use std::process::ExitCode;
use uuid::Uuid;
use zeroize::Zeroizing;

/// Carries a new user's password; a command line can be read by other users of the machine.
const PASSWORD_VARIABLE: &str = "MUSTER_USER_PASSWORD";
/// Longest input that is read as a password, in bytes.
const INPUT_MAX_BYTES: u64 = 4096;

/// Arguments of `muster account`.
#[derive(Debug, Args)]
pub struct AccountArgs {
    #[command(subcommand)]
    command: AccountCommand,
}

#[derive(Debug, Subcommand)]
enum AccountCommand {
    /// Make an account, at the root of a tree or right below another one
    Create(Create),
    /// Make a user who calls the connectivity API for an account
    User(User),
    /// List the accounts of an organization as a tree
    List(List),
}

#[derive(Debug, Args)]
struct Create {
    #[command(flatten)]
    store: StoreFlags,
    /// Name of the organization
    #[arg(long, value_name = "NAME")]
    organization: String,
    /// Name of the account
    #[arg(long, value_name = "NAME")]
    name: String,
    /// The account above it: its id, or its name
    #[arg(long, value_name = "ACCOUNT")]
    parent: Option<String>,
    /// Its id, for an account that is taken over from elsewhere
    #[arg(long, value_name = "GUID")]
    id: Option<Uuid>,
    /// Whether it is a private person or a business
    #[arg(long, value_enum, default_value = "business")]
    kind: Kind,
    /// ISO 4217 code
    #[arg(long, value_name = "CODE", default_value = "EUR")]
    currency: String,
    /// Print one JSON object instead of text
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Private,
    Business,
}

#[derive(Debug, Args)]
struct User {
    #[command(flatten)]
    store: StoreFlags,
    /// Name of the organization
    #[arg(long, value_name = "NAME")]
    organization: String,
    /// The account it speaks for: its id, or its name
    #[arg(long, value_name = "ACCOUNT")]
    account: String,
    /// Name of the user, unique over all accounts
    #[arg(long, value_name = "NAME")]
    username: String,
    /// Read the password from standard input; without this it comes from MUSTER_USER_PASSWORD, or else one is made
    /// and printed, once
    #[arg(long)]
    password_stdin: bool,
    /// Make a user who may only read
    #[arg(long)]
    read_only: bool,
    /// Print one JSON object instead of text
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    store: StoreFlags,
    /// Name of the organization
    #[arg(long, value_name = "NAME")]
    organization: String,
}

impl AccountArgs {
    /// Does what was asked.
    pub async fn run(self) -> Outcome<ExitCode> {
        match self.command {
            AccountCommand::Create(create) => create.run().await?,
            AccountCommand::User(user) => user.run().await?,
            AccountCommand::List(list) => list.run().await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Create {
    async fn run(self) -> Outcome<()> {
        let made = while_open(&self.store, async |services| self.make(services).await).await?;
        let text = if self.json {
            json!({ "id": made.id, "name": made.name, "parent": made.parent }).to_string()
        } else {
            format!("Account  {} (id {})", made.name, made.id)
        };
        print(&format!("{text}\n"));
        Ok(())
    }

    async fn make(&self, services: &Services) -> Outcome<Account> {
        let organization = services::organization(services, &self.organization)?;
        let parent = match &self.parent {
            None => None,
            Some(parent) => Some(services::account(services, &organization, parent).await?.id),
        };
        let new = NewAccount {
            id: self.id.map(AccountId),
            name: self.name.clone(),
            status: AccountStatus::Active,
            kind: match self.kind {
                Kind::Private => AccountKind::Private,
                Kind::Business => AccountKind::Business,
            },
            currency: self.currency.clone(),
            allow_offer_delegation: false,
            is_allowed_imei_lock: false,
            details: Map::new(),
        };
        operators::create_account(services, organization.id(), parent, new, &forget)
            .await
            .map_err(|error| refused(&format!("make the account {:?}", self.name), &error))
    }
}

impl User {
    async fn run(self) -> Outcome<()> {
        let given = self.given()?;
        let (user, made) = while_open(&self.store, async |services| self.make(services, given).await).await?;
        // The password exists nowhere else.
        let made = made.as_ref().map(|password| password.as_str());
        let text = if self.json {
            json!({ "username": user.username, "account": user.account, "password": made }).to_string()
        } else {
            let mut text = format!("User      {} (account {})", user.username, user.account);
            if let Some(password) = made {
                // Writing to a String cannot fail.
                let _ = write!(text, "\nPassword  {password}\n\nWrite it down: only its hash is kept.");
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

    async fn make(
        &self,
        services: &Services,
        given: Option<Zeroizing<String>>,
    ) -> Outcome<(ApiUser, Option<Zeroizing<String>>)> {
        let organization = services::organization(services, &self.organization)?;
        let account = services::account(services, &organization, &self.account).await?;
        let made = given.is_none().then(|| Zeroizing::new(passwords::generate(services.entropy.as_ref())));
        let password = given.as_ref().or(made.as_ref()).map_or("", |password| password.as_str());
        let role = if self.read_only { Role::ReadOnly } else { Role::User };
        let new = NewUser { username: self.username.clone(), account: account.id, role };
        let user = operators::create_user(services, organization.id(), new, password, &forget)
            .await
            .map_err(|error| refused(&format!("make the user {:?}", self.username), &error))?;
        Ok((user, made))
    }
}

impl List {
    async fn run(self) -> Outcome<()> {
        let text = while_open(&self.store, async |services| self.list(services).await).await?;
        print(&text);
        Ok(())
    }

    async fn list(&self, services: &Services) -> Outcome<String> {
        let organization = services::organization(services, &self.organization)?;
        let mut text = String::new();
        // Depth first, so that each account stands below its parent.
        let mut open: Vec<(usize, Option<AccountId>, u64)> = vec![(0, None, 1)];
        while let Some((depth, parent, number)) = open.pop() {
            let page = PageOf { number, size: 1 };
            let found = operators::page_accounts(services, organization.id(), parent, page)
                .await
                .map_err(|error| refused("list accounts", &error))?;
            let Some(account) = found.rows.into_iter().next() else { continue };
            let _ = writeln!(text, "{}  {}{}", account.id, "  ".repeat(depth), account.name);
            open.push((depth, parent, number + 1));
            open.push((depth + 1, Some(account.id), 1));
        }
        Ok(text)
    }
}
