//! Client accounts and their tokens.

use super::{DiallerError, DiallerResult, LABEL_MAX_CHARS, check_text, tried, until_done};
use crate::ports::{CallSequence, CallWrite, Expected, StoredReply};
use crate::{Services, secrets};
use jiff::tz::TimeZone;
use muster_domain::calls::client::Client;
use muster_domain::ids::{ClientId, OrganizationId};

/// Begins every token, so that one is recognised where it should not be.
const PREFIX: &str = "mdl";

/// A client account to be made.
#[derive(Debug, Clone)]
pub struct NewClient {
    /// Its `ClientsID`, for accounts that are taken over from elsewhere; otherwise the next free one.
    pub id: Option<ClientId>,
    /// The organization that it belongs to.
    pub organization: OrganizationId,
    /// Its name, for people.
    pub name: String,
    /// IANA zone of its active times and time windows.
    pub zone: String,
    /// ISO 3166 code of the country whose numbers are written without a country code; may be empty.
    pub region: String,
    /// Name of the policy of its campaigns.
    pub policy: Option<String>,
}

/// What changes of a client account; `None` leaves it as it is.
#[derive(Debug, Clone, Default)]
pub struct ClientChange {
    /// Its name.
    pub name: Option<String>,
    /// IANA zone.
    pub zone: Option<String>,
    /// ISO 3166 code of a country.
    pub region: Option<String>,
    /// Its policy; `Some(None)` takes it away.
    pub policy: Option<Option<String>>,
}

/// Makes a client account with its first token, which is told this once: the store has only its digest.
pub async fn create_client(services: &Services, new: NewClient) -> DiallerResult<(Client, String)> {
    create_client_once(services, new, &|_| None).await
}

/// As [`create_client`], with what is to be remembered of it under an idempotency key.
pub async fn create_client_once(
    services: &Services,
    new: NewClient,
    remember: &(dyn Fn(&Client) -> Option<StoredReply> + Sync),
) -> DiallerResult<(Client, String)> {
    if services.catalog.organization(new.organization).is_none() {
        return Err(DiallerError::OrganizationNotFound);
    }
    let id = match new.id {
        Some(id) if id.0 < 1 => return Err(DiallerError::invalid("ClientsID", "a whole number above 0")),
        Some(id) => id,
        None => ClientId(services.calls.take_ids(CallSequence::Client, 1).await?),
    };
    let token = secrets::new_bearer(services.entropy.as_ref(), PREFIX);
    let client = Client {
        id,
        organization: new.organization,
        name: new.name,
        zone: new.zone,
        region: new.region,
        policy: new.policy,
        token_sha256: Some(secrets::digest(&token)),
        created_at: services.clock.now(),
    };
    check(services, &client).await?;
    let write = CallWrite::Client { client: Box::new(client.clone()), expected: Expected::Absent };
    let reply = remember(&client).map(CallWrite::Reply);
    match services.calls.commit(std::iter::once(write).chain(reply).collect()).await {
        Ok(()) => {}
        Err(crate::ports::CallRefusal::Stale { .. }) => return Err(DiallerError::ClientExists),
        Err(refusal) => return Err(refusal.into()),
    }
    if new.id.is_some() {
        services.calls.raise_ids(CallSequence::Client, id.0).await?;
    }
    Ok((client, token))
}

/// Changes a client account.
pub async fn change_client(
    services: &Services,
    id: ClientId,
    change: &ClientChange,
) -> DiallerResult<Client> {
    alter(services, id, |client| {
        let ClientChange { name, zone, region, policy } = change.clone();
        client.name = name.unwrap_or_else(|| std::mem::take(&mut client.name));
        client.zone = zone.unwrap_or_else(|| std::mem::take(&mut client.zone));
        client.region = region.unwrap_or_else(|| std::mem::take(&mut client.region));
        client.policy = policy.unwrap_or_else(|| client.policy.take());
    })
    .await
}

/// Gives a client account a new token; the one before is dead at once.
pub async fn rotate_token(services: &Services, id: ClientId) -> DiallerResult<String> {
    let token = secrets::new_bearer(services.entropy.as_ref(), PREFIX);
    alter(services, id, |client| client.token_sha256 = Some(secrets::digest(&token))).await?;
    Ok(token)
}

/// Takes a client account's token away, at once.
pub async fn remove_token(services: &Services, id: ClientId) -> DiallerResult<()> {
    alter(services, id, |client| client.token_sha256 = None).await?;
    Ok(())
}

/// One client account.
pub async fn client(services: &Services, id: ClientId) -> DiallerResult<Client> {
    let found = services.calls.client(id).await?.ok_or(DiallerError::ClientNotFound)?;
    Ok(found.value)
}

/// The client accounts of an organization, or all, in order of their ids.
pub async fn clients(
    services: &Services,
    organization: Option<OrganizationId>,
) -> DiallerResult<Vec<Client>> {
    Ok(services.calls.clients(organization).await?)
}

async fn alter(services: &Services, id: ClientId, change: impl Fn(&mut Client)) -> DiallerResult<Client> {
    until_done!(async {
        let found = services.calls.client(id).await?.ok_or(DiallerError::ClientNotFound)?;
        let mut client = found.value;
        change(&mut client);
        check(services, &client).await?;
        let expected = Expected::Version(found.version);
        let write = CallWrite::Client { client: Box::new(client.clone()), expected };
        tried(services.calls.commit(vec![write]).await, client)
    })
}

async fn check(services: &Services, client: &Client) -> DiallerResult<()> {
    check_text("name", &client.name, LABEL_MAX_CHARS)?;
    if TimeZone::get(&client.zone).is_err() {
        return Err(DiallerError::invalid("zone", "an IANA time zone, such as Europe/Berlin"));
    }
    let two_letters = client.region.len() == 2 && client.region.bytes().all(|byte| byte.is_ascii_uppercase());
    if !client.region.is_empty() && !two_letters {
        return Err(DiallerError::invalid("region", "an ISO 3166 code of two capital letters, or empty"));
    }
    if let Some(policy) = &client.policy {
        super::policies::check_known(services, client.id, policy).await?;
    }
    Ok(())
}
