use super::Which;
use crate::failure::{Failure, Outcome};
use crate::services::{dialler_refused, while_open};
use clap::Args;
use csv::Writer;
use muster_api_dialler::document::date;
use muster_app::Services;
use muster_app::usecases::dialler::{self, CallRow, ContactRow, RESULTS_PAGE_MAX, TEXT_FIELDS};
use muster_domain::calls::call::CallOutcome;
use muster_domain::calls::campaign::CallCampaign;
use muster_domain::calls::result_code::ResultCode;
use muster_domain::time::UnixMillis;
use std::io::{ErrorKind, Write as _};

/// Arguments of `muster call-campaign export`.
#[derive(Debug, Args)]
pub(super) struct Export {
    #[command(flatten)]
    which: Which,
    /// A line for each call instead of one for each contact
    #[arg(long)]
    calls: bool,
}

/// Columns before and behind a contact's texts.
const CONTACT: [&str; 11] = [
    "ID",
    "UserData",
    "Name",
    "PhoneNumber1",
    "PhoneNumber2",
    "PhoneNumber3",
    "PhoneNumber4",
    "PhoneNumber5",
    "PhoneNumber6",
    "Status",
    "Result",
];
const CONTACT_MORE: [&str; 9] = [
    "ResultText",
    "nTries",
    "bLastResultMailbox",
    "dtImported",
    "dtNextTry",
    "FollowUpDateTime",
    "FollowUpUsersUID",
    "ReservedUsersUID",
    "Amount",
];
const CALL: [&str; 17] = [
    "ID",
    "DiallerContactsID",
    "PhoneNumber",
    "nPhoneNumberIndex",
    "dtStart",
    "dtRinging",
    "dtAnswered",
    "dtConnected",
    "dtEnd",
    "DurationSeconds",
    "Outcome",
    "nCause",
    "SipStatus",
    "UsersUID",
    "Result",
    "Keys",
    "Reason",
];

impl Export {
    pub(super) async fn run(self) -> Outcome<()> {
        while_open(&self.which.store, async |services| {
            let campaign = self.which.find(services).await?;
            if self.calls {
                self.calls(services, &campaign).await
            } else {
                self.contacts(services, &campaign).await
            }
        })
        .await
    }

    async fn contacts(&self, services: &Services, campaign: &CallCampaign) -> Outcome<()> {
        let attempted = self.which.attempted("export the contacts of");
        let refused = |error| dialler_refused(&attempted, &error);
        let codes = dialler::result_codes(services, campaign.client, campaign.id).await.map_err(refused)?;
        let texts = TEXT_FIELDS.iter().map(|field| field.name);
        let mut table = table(CONTACT.into_iter().chain(CONTACT_MORE).chain(texts));
        let mut after = None;
        loop {
            let (page, next) =
                dialler::page_results(services, campaign.client, campaign.id, after, RESULTS_PAGE_MAX)
                    .await
                    .map_err(refused)?;
            for row in &page {
                write(&mut table, &of_contact(row, &codes, campaign));
            }
            if !put_out(&mut table, &attempted)? || next.is_none() {
                return Ok(());
            }
            after = next;
        }
    }

    async fn calls(&self, services: &Services, campaign: &CallCampaign) -> Outcome<()> {
        let attempted = self.which.attempted("export the calls of");
        let mut table = table(CALL.into_iter());
        let mut after = None;
        loop {
            let page = dialler::page_calls(services, campaign.client, campaign.id, after, RESULTS_PAGE_MAX)
                .await
                .map_err(|error| dialler_refused(&attempted, &error))?;
            for row in &page {
                write(&mut table, &of_call(row));
            }
            after = page.last().map(|row| row.call.id);
            if !put_out(&mut table, &attempted)? || page.len() < RESULTS_PAGE_MAX as usize {
                return Ok(());
            }
        }
    }
}

/// A table with its header.
fn table(columns: impl Iterator<Item = &'static str>) -> Writer<Vec<u8>> {
    let mut table = Writer::from_writer(Vec::new());
    write(&mut table, &columns.map(str::to_owned).collect::<Vec<_>>());
    table
}

fn write(table: &mut Writer<Vec<u8>>, cells: &[String]) {
    table.write_record(cells).expect("writing to memory does not fail, and all rows are as long");
}

/// Prints what was written; false if nobody reads it.
fn put_out(table: &mut Writer<Vec<u8>>, attempted: &str) -> Outcome<bool> {
    let written = std::mem::replace(table, Writer::from_writer(Vec::new()));
    let octets = written.into_inner().map_err(|error| Failure::new(attempted, error))?;
    let mut out = std::io::stdout().lock();
    match out.write_all(&octets).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        // Whoever closed it has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        // A part must not be taken for the whole.
        Err(error) => Err(Failure::new(attempted, error)),
    }
}

fn text<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn at(at: Option<UnixMillis>) -> String {
    at.map(date).unwrap_or_default()
}

fn of_contact(row: &ContactRow, codes: &[ResultCode], campaign: &CallCampaign) -> Vec<String> {
    let contact = &row.contact;
    let code = codes.iter().find(|code| Some(code.id) == contact.result_code);
    let details = &contact.details;
    let mut cells = vec![contact.id.to_string(), text(details.user_data.as_ref()), details.name.clone()];
    cells.extend(contact.numbers.iter().map(|number| text(number.number.as_ref())));
    cells.extend([
        contact.status.name().to_owned(),
        text(row.export_key.as_ref()),
        text(code.map(|code| code.content(campaign.language))),
        contact.tries.to_string(),
        text(contact.last_result_mailbox),
        date(contact.imported_at),
        at(contact.next_try_at),
        at(contact.follow_up_at),
        text(contact.follow_up_agent.as_ref()),
        text(contact.reserved_for.as_ref()),
        text(details.amount.as_ref()),
    ]);
    cells.extend(TEXT_FIELDS.iter().map(|field| text(field.of(details))));
    cells
}

fn of_call(row: &CallRow) -> Vec<String> {
    let call = &row.call;
    vec![
        call.id.to_string(),
        call.contact.to_string(),
        call.number.clone(),
        call.index.to_string(),
        date(call.started_at),
        at(call.ringing_at),
        at(call.answered_at),
        at(call.connected_at),
        at(call.ended_at),
        call.duration_s().to_string(),
        text(call.outcome.map(CallOutcome::name)),
        text(call.cause),
        text(call.sip_status),
        text(call.agent.as_ref()),
        text(row.export_key.as_ref()),
        call.digits.clone(),
        call.reason.clone(),
    ]
}
