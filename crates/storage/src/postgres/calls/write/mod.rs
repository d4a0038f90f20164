//! Several changes in one transaction, all or none.

mod campaigns;
mod clients;
mod remove;
mod save;
mod steps;

use super::super::catalog::insert_reply;
use super::super::error::{self, Fault, judged, violated};
use super::locks;
use deadpool_postgres::ClientWrapper;
use muster_app::ports::{CallRefusal, CallWrite};

/// Why a write stopped.
type Stop = error::Stop<CallRefusal>;

impl Stop {
    /// Changed since it was read, or gone.
    fn stale(what: &'static str) -> Self {
        Self::Refused(CallRefusal::Stale { what })
    }
}

/// The refusal of a unique value that is another's.
fn taken(error: tokio_postgres::Error, what: &'static str, value: &str) -> Stop {
    match violated(&error) {
        Some(_) => Stop::Refused(CallRefusal::Duplicate { what, value: value.to_owned() }),
        None => error.into(),
    }
}

/// Applies all changes inside an open transaction, in order. Those of contacts and calls that follow each other are
/// looked up and written together.
pub(super) async fn apply(
    client: &ClientWrapper,
    writes: &[CallWrite],
) -> Result<Result<(), CallRefusal>, Fault> {
    judged(apply_all(client, writes).await)
}

async fn apply_all(client: &ClientWrapper, writes: &[CallWrite]) -> Result<(), Stop> {
    locks::hold(client, writes).await?;
    let mut rest = writes;
    while let Some(first) = rest.first() {
        let count = match first {
            write if steps::is_step(write) => {
                let count = leading(rest, steps::is_step);
                steps::apply(client, &rest[..count]).await?;
                count
            }
            CallWrite::RemoveContact { .. } => {
                let count = leading(rest, |write| matches!(write, CallWrite::RemoveContact { .. }));
                remove::contacts(client, &rest[..count]).await?;
                count
            }
            other => {
                apply_one(client, other).await?;
                1
            }
        };
        rest = &rest[count..];
    }
    Ok(())
}

/// How many writes of a kind stand in front.
fn leading(writes: &[CallWrite], is_one: impl Fn(&CallWrite) -> bool) -> usize {
    writes.iter().take_while(|write| is_one(write)).count()
}

async fn apply_one(client: &ClientWrapper, write: &CallWrite) -> Result<(), Stop> {
    match write {
        CallWrite::Client { client: account, expected } => clients::client(client, account, *expected).await,
        CallWrite::Agent(agent) => clients::agent(client, agent).await,
        CallWrite::RemoveAgent { client: of, uid } => clients::remove_agent(client, *of, uid).await,
        CallWrite::Document { client: of, kind, name, body } => {
            clients::document(client, *of, *kind, name, body.as_ref()).await
        }
        CallWrite::Prompt { client: of, name, samples } => {
            clients::prompt(client, *of, name, samples.as_deref()).await
        }
        CallWrite::Campaign { campaign, expected } => campaigns::campaign(client, campaign, *expected).await,
        CallWrite::DeleteCampaign { id, version } => campaigns::delete(client, *id, *version).await,
        CallWrite::ResultCode(code) => campaigns::result_code(client, code).await,
        CallWrite::RemoveResultCode { campaign, id } => {
            campaigns::remove_result_code(client, *campaign, *id).await
        }
        CallWrite::Reply(reply) => {
            insert_reply(client, reply).await.map_err(|error| match violated(&error) {
                Some(_) => Stop::Refused(CallRefusal::ReplyExists),
                None => error.into(),
            })
        }
        CallWrite::RemoveContact { .. } => remove::contacts(client, std::slice::from_ref(write)).await,
        CallWrite::Contact { .. }
        | CallWrite::Call(_)
        | CallWrite::Number { .. }
        | CallWrite::Ledger { .. }
        | CallWrite::Owned { .. }
        | CallWrite::Active(_) => steps::apply(client, std::slice::from_ref(write)).await,
    }
}
