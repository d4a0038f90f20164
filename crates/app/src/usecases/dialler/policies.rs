//! Calling policies: documents that say what the law lets a campaign do.

use super::{DiallerError, DiallerResult, LABEL_MAX_CHARS, campaigns, check_text, client};
use crate::Services;
use crate::ports::{CallWrite, DocumentKind};
use muster_domain::calls::policy::{Policy, preset};
use muster_domain::ids::ClientId;
use serde_json::Value;

/// Largest policy document, written as JSON.
const POLICY_MAX_BYTES: usize = 64 * 1024;

/// Makes a policy of a client account, or replaces the one of that name. Presets keep their names to themselves.
pub async fn put_policy(services: &Services, of: ClientId, name: &str, body: Value) -> DiallerResult<()> {
    client(services, of).await?;
    check_text("name", name, LABEL_MAX_CHARS)?;
    if !body.is_object() || body.to_string().len() > POLICY_MAX_BYTES {
        return Err(DiallerError::invalid(
            "policy",
            format!("an object of at most {POLICY_MAX_BYTES} octets"),
        ));
    }
    if preset(name).is_some() {
        return Err(DiallerError::invalid("name", "the name of a preset: choose another one"));
    }
    // Kept as it was written: what it leaves out follows its preset.
    read_policy(&body)?;
    write(services, of, name, Some(body)).await
}

/// Removes a policy that neither the client account nor one of its campaigns names.
pub async fn remove_policy(services: &Services, of: ClientId, name: &str) -> DiallerResult<()> {
    let owner = client(services, of).await?;
    if !policies(services, of).await?.iter().any(|(known, _)| known == name) {
        return Err(DiallerError::PolicyNotFound);
    }
    let named_by_campaign = campaigns(services, of)
        .await?
        .iter()
        .any(|campaign| campaign.dialling.policy.as_deref() == Some(name));
    if named_by_campaign || owner.policy.as_deref() == Some(name) {
        return Err(DiallerError::InUse(format!("the policy {name:?}")));
    }
    write(services, of, name, None).await
}

/// The policies of a client account, by name.
pub async fn policies(services: &Services, of: ClientId) -> DiallerResult<Vec<(String, Value)>> {
    Ok(services.calls.documents(of, DocumentKind::Policy).await?)
}

/// The policy of that name: one of the client account's own, or a preset.
pub async fn policy(services: &Services, of: ClientId, name: &str) -> DiallerResult<Policy> {
    if let Some(preset) = preset(name) {
        return Ok(preset.policy);
    }
    let found = policies(services, of).await?.into_iter().find(|(known, _)| known == name);
    let (_, body) = found.ok_or(DiallerError::PolicyNotFound)?;
    read_policy(&body)
}

/// What a policy's document comes to.
pub fn read_policy(document: &Value) -> DiallerResult<Policy> {
    Policy::from_value(document.clone()).map_err(|error| DiallerError::invalid(error.field, error.reason))
}

/// Refuses the name of a policy that is nowhere.
pub(super) async fn check_known(services: &Services, of: ClientId, name: &str) -> DiallerResult<()> {
    match policy(services, of, name).await {
        Err(DiallerError::PolicyNotFound) => {
            Err(DiallerError::invalid("policy", format!("no policy is named {name:?}")))
        }
        other => other.map(drop),
    }
}

async fn write(services: &Services, of: ClientId, name: &str, body: Option<Value>) -> DiallerResult<()> {
    let kind = DocumentKind::Policy;
    let document = CallWrite::Document { client: of, kind, name: name.to_owned(), body };
    services.calls.commit(vec![document]).await?;
    Ok(())
}
