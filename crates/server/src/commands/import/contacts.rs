//! `muster import contacts`: a table of contacts into a call campaign.

use super::checkpoint::{Checkpoint, Mark};
use super::contact_cells::Numbers;
use super::contact_rows::{ContactRow, ContactRows, Reading};
use crate::cli::StoreFlags;
use crate::commands::client::ClientFlag;
use crate::commands::progress::Progress;
use crate::failure::Outcome;
use crate::output::print;
use crate::services::dialler_refused;
use crate::{services, store};
use clap::Args;
use muster_app::Services;
use muster_app::ports::{AfterContact, ContactsOf, sort_name};
use muster_app::usecases::dialler::{self, ContactInput, IMPORT_MAX, Overwrite};
use muster_domain::calls::campaign::CallCampaign;
use muster_domain::calls::contact::Contact;
use muster_domain::calls::number::DialRules;
use muster_domain::ids::ContactId;
use muster_domain::time::UnixMillis;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Contacts of one name that are read at once.
const NAMESAKES: u32 = 200;

/// Arguments of `muster import contacts`.
#[derive(Debug, Args)]
pub(super) struct Contacts {
    #[command(flatten)]
    store: StoreFlags,
    /// A table whose first line names the columns: Name and PhoneNumber1, and as far as they are known PhoneNumber2 to
    /// PhoneNumber6, UserData and the other fields of a contact
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    client: ClientFlag,
    /// The campaign that the contacts come to: its id, or its name
    #[arg(long, value_name = "CAMPAIGN")]
    campaign: String,
    /// ISO 3166 code of the country whose numbers stand without a country code; the client account's if absent
    #[arg(long, value_name = "CODE")]
    region: Option<String>,
    /// Take a column of another name for a field, as in "Phone=PhoneNumber1"; may be given several times
    #[arg(long = "map", value_name = "COLUMN=FIELD", value_parser = mapping)]
    maps: Vec<(String, String)>,
    /// What parts the cells: a character, or `tab`; found out by the first line if absent
    #[arg(long, value_name = "CHARACTER", value_parser = delimiter)]
    delimiter: Option<u8>,
    /// Encoding of the file, such as utf-8, utf-16le or windows-1252; found out if absent
    #[arg(long, value_name = "NAME")]
    encoding: Option<String>,
    /// Change contacts of the campaign that have a row's UserData instead of making further ones
    #[arg(long)]
    overwrite: bool,
    /// Take numbers of 3 to 15 digits that no numbering plan has as they are, for laboratories; restricted ranges stay
    /// refused
    #[arg(long)]
    accept_possible: bool,
    /// Begin at the first row, even if an earlier run got further
    #[arg(long)]
    from_the_start: bool,
}

fn mapping(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((column, field)) if !column.trim().is_empty() && !field.trim().is_empty() => {
            Ok((column.trim().to_owned(), field.trim().to_owned()))
        }
        _ => Err("is written COLUMN=FIELD".to_owned()),
    }
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        _ if text.eq_ignore_ascii_case("tab") || text == "\\t" => Ok(b'\t'),
        [octet] if octet.is_ascii() && !octet.is_ascii_alphanumeric() && !b"\"\r\n".contains(octet) => {
            Ok(*octet)
        }
        _ => Err("must be one character that is no letter, digit or quotation mark, or `tab`".to_owned()),
    }
}

/// What became of the rows so far, earlier runs included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Tally {
    rows: u64,
    created: u64,
    updated: u64,
    refused: u64,
    numbers_left_out: u64,
    do_not_call: u64,
    closed: u64,
    /// When it was noted, in milliseconds since 1970: contacts imported later are of the batch that was not noted.
    at: i64,
}

impl Tally {
    fn text(self, file: &std::path::Path) -> String {
        let mut text = format!("{}: {} rows\n", file.display(), self.rows);
        for (what, count) in [
            ("contacts created", self.created),
            ("contacts changed", self.updated),
            ("rows refused", self.refused),
            ("numbers left out", self.numbers_left_out),
            ("numbers on the do-not-call list", self.do_not_call),
            ("contacts closed at once, without a number to call", self.closed),
        ] {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{count:>9}  {what}");
        }
        text
    }
}

impl Contacts {
    /// Does what was asked.
    pub(super) async fn run(self) -> Outcome<ExitCode> {
        let config = self.store.load()?;
        let place = store::place(&config)?.to_string();
        let rules = DialRules::allowing(config.calls.allowed_prefixes.clone());
        let services = services::offline(&config).await?;
        let outcome = self.import(&services, rules, place).await;
        services.store.close().await;
        let tally = outcome?;
        print(&tally.text(&self.file));
        Ok(if tally.refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    async fn import(&self, services: &Services, rules: DialRules, place: String) -> Outcome<Tally> {
        let client = self.client.find(services).await?;
        let campaign = services::call_campaign(services, client.id, &self.campaign).await?;
        let mut rows = ContactRows::open(
            &self.file,
            Reading {
                encoding: self.encoding.clone(),
                delimiter: self.delimiter,
                names: self.maps.clone(),
                numbers: Numbers {
                    region: self.region.clone().unwrap_or(client.region),
                    rules,
                    accept_possible: self.accept_possible,
                },
            },
        )?;
        let saved = rows.saved();
        // What decides which rows there are; another reading of their cells goes on where this one was.
        let target = format!(
            "contacts of call campaign {}, {}, parted by {:?}",
            campaign.id,
            saved.encoding.name(),
            rows.delimiter()
        );
        let mut checkpoint = Checkpoint::<Tally>::of(&self.file, place, target)?;
        let mut progress = Progress::start(rows.size_bytes());
        if saved.is_guess {
            progress.note(&format!(
                "read as {}, since it is not UTF-8; --encoding names another",
                saved.encoding.name()
            ));
        }
        if !rows.ignored().is_empty() {
            progress.note(&format!("ignored columns: {}", rows.ignored().join(", ")));
        }
        let mut run =
            Run { services, campaign: &campaign, overwrite: self.overwrite(), tally: Tally::default() };
        let mark = if self.from_the_start { None } else { checkpoint.read()? };
        let is_resumed = mark.is_some();
        if let Some(mark) = mark {
            // An encoding cannot be entered in its middle, so rows are counted off from the first.
            let mut passed = 0;
            while passed < mark.tally.rows && rows.next()?.is_some() {
                passed += 1;
            }
            run.tally = mark.tally;
            progress.resume(passed);
            progress.note(&format!("going on after {passed} rows, where an earlier run was interrupted"));
        }
        let mut since = is_resumed.then_some(UnixMillis(run.tally.at));
        loop {
            run.tally.at = services.clock.now().0;
            checkpoint.write(Mark { position: rows.position(), tally: run.tally })?;
            let at_end = run.batch(&mut rows, &progress, since.take()).await?;
            progress.advance(rows.position().byte, run.tally.rows);
            if at_end {
                progress.finish();
                checkpoint.forget()?;
                return Ok(run.tally);
            }
        }
    }

    const fn overwrite(&self) -> Overwrite {
        if self.overwrite { Overwrite::SameUserData } else { Overwrite::Never }
    }
}

/// An import on its way.
struct Run<'a> {
    services: &'a Services,
    campaign: &'a CallCampaign,
    overwrite: Overwrite,
    tally: Tally,
}

impl Run<'_> {
    /// Imports the next rows; true if they were the last. A batch may have been committed by an earlier run that could
    /// not note it any more: with `since`, when that run noted its last one, contacts that are there since then are
    /// not imported once more.
    async fn batch(
        &mut self,
        rows: &mut ContactRows,
        progress: &Progress,
        since: Option<UnixMillis>,
    ) -> Outcome<bool> {
        let (mut batch, mut lines) = (Vec::new(), Vec::new());
        let mut at_end = false;
        while batch.len() < IMPORT_MAX {
            let Some(ContactRow { line, contact, left_out }) = rows.next()? else {
                at_end = true;
                break;
            };
            self.tally.rows += 1;
            match contact {
                Ok(contact) => {
                    for why in left_out {
                        self.tally.numbers_left_out += 1;
                        progress.note(&format!("line {line}: left out {why}"));
                    }
                    if let Some(since) = since
                        && let Some(there) = self.committed(&contact, since).await?
                    {
                        self.tally.created += 1;
                        self.count(&there);
                        continue;
                    }
                    batch.push(contact);
                    lines.push(line);
                }
                Err(reason) => {
                    self.tally.refused += 1;
                    progress.note(&format!("line {line}: {reason}"));
                }
            }
        }
        let begun_at = self.services.clock.now();
        // A failure is not the rows' fault: the next ones would fare no better, and a later run goes on from here.
        let answers = dialler::import_contacts(self.services, self.campaign, batch, self.overwrite)
            .await
            .map_err(|error| {
                let of = lines.first().map_or_else(String::new, |line| format!(" from line {line} on"));
                dialler_refused(
                    format!("import contacts{of} into the call campaign {:?}", self.campaign.name),
                    &error,
                )
            })?;
        let mut seen: HashSet<ContactId> = HashSet::new();
        for (line, answer) in lines.iter().zip(answers) {
            match answer {
                Ok(contact) => {
                    let is_new = contact.imported_at >= begun_at && seen.insert(contact.id);
                    *(if is_new { &mut self.tally.created } else { &mut self.tally.updated }) += 1;
                    self.count(&contact);
                }
                Err(error) => {
                    self.tally.refused += 1;
                    progress.note(&format!("line {line}: {error}"));
                }
            }
        }
        Ok(at_end)
    }

    fn count(&mut self, contact: &Contact) {
        let forbidden =
            contact.numbers.iter().filter(|number| number.number.is_some() && number.invalid == Some(true));
        self.tally.do_not_call += forbidden.count() as u64;
        self.tally.closed += u64::from(!contact.is_open() && contact.usable() == 0);
    }

    /// The contact that an earlier run made of the same row, at `since` or later.
    async fn committed(&self, input: &ContactInput, since: UnixMillis) -> Outcome<Option<Contact>> {
        let name = input.name.as_deref().unwrap_or_default();
        let mut after = AfterContact { name: sort_name(name), id: ContactId(0) };
        loop {
            let of = ContactsOf::Campaign(self.campaign.id);
            let page = self
                .services
                .calls
                .contacts(of, Some(after.clone()), NAMESAKES)
                .await
                .map_err(|error| store::explain("look for contacts of an interrupted import", &error))?;
            let is_last = page.len() < NAMESAKES as usize;
            for contact in page {
                if sort_name(&contact.details.name) != sort_name(name) {
                    return Ok(None);
                }
                after.id = contact.id;
                if contact.imported_at >= since && is_of(&contact, input) {
                    return Ok(Some(contact));
                }
            }
            if is_last {
                return Ok(None);
            }
        }
    }
}

/// Whether a contact has the name, the key and the numbers of a row.
fn is_of(contact: &Contact, input: &ContactInput) -> bool {
    let key = input.user_data.as_ref().and_then(Option::as_ref);
    contact.details.name == input.name.as_deref().unwrap_or_default()
        && contact.details.user_data.as_ref() == key
        && contact
            .numbers
            .iter()
            .zip(&input.numbers)
            .all(|(there, sent)| there.number.as_deref() == sent.number.as_ref().and_then(Option::as_deref))
}
