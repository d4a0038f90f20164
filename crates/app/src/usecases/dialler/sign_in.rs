//! Whose token it is (dialler contract §2.1).

use super::{DiallerError, DiallerResult};
use crate::{Services, secrets};
use muster_domain::calls::client::Client;
use muster_domain::ids::ClientId;

/// Longest token that is looked at.
const TOKEN_MAX_BYTES: usize = 255;

/// The client account of that id, if the token is its. Whichever of the two is wrong, the answer is the same, and
/// takes as long.
pub async fn authenticate(services: &Services, id: ClientId, token: &str) -> DiallerResult<Client> {
    if token.is_empty() || token.len() > TOKEN_MAX_BYTES {
        return Err(DiallerError::Unauthorized);
    }
    let found = services.calls.client(id).await?.map(|found| found.value);
    let digest = found.as_ref().and_then(|client| client.token_sha256.as_deref()).unwrap_or_default();
    if secrets::verify(token, digest)
        && let Some(client) = found
    {
        return Ok(client);
    }
    Err(DiallerError::Unauthorized)
}
