use super::{Counts, Id, PIECE, enrol_from};
use crate::cli::StoreFlags;
use crate::commands::progress::Progress;
use crate::failure::{Failure, Outcome};
use crate::output::print;
use crate::services::{self, refused, while_open};
use clap::{ArgGroup, Args};
use muster_app::Services;
use muster_app::usecases::connectivity::IdentifierRows;
use muster_app::usecases::connectivity::operators::{self, ENROL_CHUNK, FromCampaign, SimQuery};
use muster_domain::ids::{OrganizationId, SimCampaignId};
use muster_domain::participant::{Outcome as AttemptOutcome, ParticipantStatus};
use muster_domain::sim::SimStatus;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::cell::Cell;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;

/// Arguments of `muster sim-campaign enrol`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which").required(true).args(["file", "account", "from_campaign"]))]
pub(super) struct Enrol {
    #[command(flatten)]
    store: StoreFlags,
    #[command(flatten)]
    id: Id,
    /// A CSV file with a column iccid, msisdn or imsi, or a bare list of ICCIDs
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Cards of this account: its id, or its name. The campaign's own, or one right below it
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// With --account: cards with this label
    #[arg(long, value_name = "LABEL", requires = "account")]
    label: Option<String>,
    /// With --account: cards of this card profile
    #[arg(long, value_name = "NAME", requires = "account")]
    profile: Option<String>,
    /// With --account: cards with this status (ACTIVE, SUSPEND, INACTIVE, TERMINATED)
    #[arg(long, value_name = "STATUS", requires = "account", value_parser = word::<SimStatus>)]
    status: Option<SimStatus>,
    /// Participants of this campaign of the same account
    #[arg(long, value_name = "ID")]
    from_campaign: Option<i64>,
    #[command(flatten)]
    fared: Fared,
}

/// How participants of another campaign fared.
#[derive(Debug, Clone, Args)]
pub(super) struct Fared {
    /// Participants shown in these statuses
    #[arg(
        long,
        value_name = "STATUS",
        value_delimiter = ',',
        default_value = "EXCEPTION",
        value_parser = word::<ParticipantStatus>
    )]
    participant_status: Vec<ParticipantStatus>,
    /// Of these, the ones whose last attempt ended like this (ok, card_error, security_error, no_answer,
    /// transport_error, unverified)
    #[arg(long, value_name = "OUTCOME", value_delimiter = ',', value_parser = word::<AttemptOutcome>)]
    outcome: Vec<AttemptOutcome>,
}

impl Fared {
    pub(super) fn of(&self, campaign: SimCampaignId) -> FromCampaign {
        FromCampaign { campaign, statuses: self.participant_status.clone(), outcomes: self.outcome.clone() }
    }
}

/// Reads a word as the store and the API spell it.
fn word<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(Value::String(text.to_owned())).map_err(|error| error.to_string())
}

impl Enrol {
    pub(super) async fn run(self) -> Outcome<ExitCode> {
        let done = while_open(&self.store, async |services| self.enrol(services).await).await?;
        print(&format!(
            "SIM campaign {}: {} cards enrolled, {} took part already, {} refused\n",
            self.id.id, done.enrolled, done.already, done.refused
        ));
        Ok(if done.refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    async fn enrol(&self, services: &Services) -> Outcome<Counts> {
        let organization = self.id.find(services).await?.value.organization;
        if let Some(file) = &self.file {
            return self.by_file(services, organization, file).await;
        }
        if let Some(account) = &self.account {
            return self.by_query(services, organization, account).await;
        }
        let source = self.fared.of(SimCampaignId(self.from_campaign.unwrap_or_default()));
        enrol_from(services, organization, self.id.of(), &source).await
    }

    async fn by_file(
        &self,
        services: &Services,
        organization: OrganizationId,
        file: &Path,
    ) -> Outcome<Counts> {
        let attempted = || format!("read {}", file.display());
        let opened = File::open(file).map_err(|error| Failure::new(attempted(), error))?;
        let size_bytes = opened.metadata().map_err(|error| Failure::new(attempted(), error))?.len();
        let bytes = Rc::new(Cell::new(0));
        let counted = Counted { source: opened, bytes: Rc::clone(&bytes) };
        let mut rows = IdentifierRows::read(counted)
            .map_err(|reason| Failure::new(attempted(), format!("the first line {reason}")))?;
        let mut progress = Progress::start(size_bytes);
        let (mut all, mut rows_done) = (Counts::default(), 0);
        loop {
            let (mut names, mut lines) = (Vec::with_capacity(ENROL_CHUNK), Vec::with_capacity(ENROL_CHUNK));
            while names.len() < ENROL_CHUNK {
                let Some(row) = rows.next() else { break };
                rows_done += 1;
                match row.identifier {
                    Ok(name) => {
                        names.push(name);
                        lines.push(row.line);
                    }
                    Err(reason) => {
                        progress.note(&format!("line {}: {reason}", row.line));
                        all.refused += 1;
                    }
                }
            }
            if names.is_empty() {
                progress.finish();
                return Ok(all);
            }
            let done = operators::enrol_names(services, organization, self.id.of(), &names)
                .await
                .map_err(|error| refused(&format!("enrol in campaign {}", self.id.id), &error))?;
            for fault in &done.refused {
                let line = lines.get(fault.place).copied().unwrap_or_default();
                progress.note(&format!("line {line}: {}: {}", fault.name, fault.error));
            }
            all.add(&done);
            progress.advance(bytes.get(), rows_done);
        }
    }

    async fn by_query(
        &self,
        services: &Services,
        organization: OrganizationId,
        account: &str,
    ) -> Outcome<Counts> {
        let snapshot = services.catalog.organization(organization);
        let snapshot = snapshot.ok_or_else(|| {
            Failure::new(format!("enrol in campaign {}", self.id.id), "its organization does not exist")
        })?;
        let account = services::account(services, &snapshot, account).await?;
        let query = SimQuery {
            account: account.id,
            label: self.label.clone(),
            profile: self.profile.clone(),
            status: self.status,
        };
        let mut all = Counts::default();
        let mut from = 0;
        loop {
            let id = self.id.of();
            let (done, next) = operators::enrol_matching(services, organization, id, &query, from, PIECE)
                .await
                .map_err(|error| refused(&format!("enrol in campaign {id}"), &error))?;
            all.add(&done);
            let Some(next) = next else { return Ok(all) };
            from = next;
            crate::output::tell(&format!("{from} cards looked at, {} enrolled", all.enrolled));
        }
    }
}

/// Counts what is read.
struct Counted {
    source: File,
    bytes: Rc<Cell<u64>>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.bytes.set(self.bytes.get() + count as u64);
        Ok(count)
    }
}
