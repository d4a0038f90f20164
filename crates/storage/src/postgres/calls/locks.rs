//! Locks on campaigns as such. They stand in a queue, unlike locks on a campaign's row, where a stream of readers that
//! share one would never let a writer through: whoever stops, deletes or takes over a campaign waits for the changes
//! that are being committed, and those that come later wait for it.

use super::super::commit::query;
use super::super::error::Fault;
use deadpool_postgres::ClientWrapper;
use muster_app::ports::CallWrite;

/// Apart from the numbers of other advisory locks.
const CAMPAIGNS: i64 = 0x6361_6c6c << 32;

/// Locks the campaigns that changes are about, in ascending order as everybody: alone where one of them is changed as
/// such, else together with others.
pub(super) async fn hold(client: &ClientWrapper, writes: &[CallWrite]) -> Result<(), Fault> {
    let mut alone = false;
    let mut campaigns = Vec::new();
    for write in writes {
        match write {
            CallWrite::Campaign { campaign, .. } => {
                alone = true;
                campaigns.push(campaign.id.0);
            }
            CallWrite::DeleteCampaign { id: campaign, .. } | CallWrite::RemoveResultCode { campaign, .. } => {
                alone = true;
                campaigns.push(campaign.0);
            }
            CallWrite::ResultCode(code) => campaigns.push(code.campaign.0),
            CallWrite::Contact { contact, .. } => campaigns.push(contact.campaign.0),
            CallWrite::Call(call) => campaigns.push(call.campaign.0),
            CallWrite::Ledger { campaign, .. }
            | CallWrite::Owned { campaign, .. }
            | CallWrite::Active(campaign) => campaigns.push(campaign.0),
            CallWrite::Client { .. }
            | CallWrite::Agent(_)
            | CallWrite::RemoveAgent { .. }
            | CallWrite::Document { .. }
            | CallWrite::Prompt { .. }
            | CallWrite::RemoveContact { .. }
            | CallWrite::Number { .. }
            | CallWrite::Reply(_) => {}
        }
    }
    lock(client, campaigns, alone).await
}

/// Waits until no change about a campaign is being committed, and holds further ones off until the transaction ends.
pub(super) async fn exclude(client: &ClientWrapper, campaign: i64) -> Result<(), Fault> {
    lock(client, vec![campaign], true).await
}

/// Lets nobody change campaigns as such until the transaction ends: those of contacts that were found in others than
/// the changes told.
pub(super) async fn share(client: &ClientWrapper, campaigns: Vec<i64>) -> Result<(), Fault> {
    lock(client, campaigns, false).await
}

async fn lock(client: &ClientWrapper, campaigns: Vec<i64>, alone: bool) -> Result<(), Fault> {
    let mut keys: Vec<i64> = campaigns.into_iter().map(|campaign| CAMPAIGNS ^ campaign).collect();
    keys.sort_unstable();
    keys.dedup();
    let statement = if alone {
        "SELECT pg_advisory_xact_lock(key) FROM unnest($1::bigint[]) AS w (key)"
    } else {
        "SELECT pg_advisory_xact_lock_shared(key) FROM unnest($1::bigint[]) AS w (key)"
    };
    query(client, statement, keys.len(), &[&keys]).await?;
    Ok(())
}
