//! Agents: those who talk with contacts, and the phones that they register.

use super::{DiallerError, DiallerResult, LABEL_MAX_CHARS, UID_MAX_CHARS, check_length, check_text, client};
use crate::ports::CallWrite;
use crate::{Services, secrets};
use md5::Md5;
use muster_domain::calls::client::{Agent, phone_username};
use muster_domain::ids::ClientId;
use sha2::{Digest, Sha256};

/// The realm of the phones' digest authentication (RFC 7616): the digests that are kept hold for it alone.
pub const PHONE_REALM: &str = "muster";

/// Fewest characters of a phone's password.
const PASSWORD_MIN_CHARS: usize = 8;
/// Most of them.
const PASSWORD_MAX_CHARS: usize = 128;

/// An agent to be made or replaced.
#[derive(Clone)]
pub struct NewAgent {
    /// `UsersUID`: letters, digits, `.`, `_` and `-`, since it is a part of the phone's name.
    pub uid: String,
    /// Name, for people; may be empty.
    pub name: String,
    /// The phone's password; only digests of it are kept. `None` leaves that of an agent who is there.
    pub password: Option<String>,
}

impl std::fmt::Debug for NewAgent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewAgent").field("uid", &self.uid).field("name", &self.name).finish_non_exhaustive()
    }
}

/// Makes an agent, or replaces the one of that UID.
pub async fn put_agent(services: &Services, of: ClientId, new: NewAgent) -> DiallerResult<Agent> {
    client(services, of).await?;
    check_text("UsersUID", &new.uid, UID_MAX_CHARS)?;
    if !new.uid.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)) {
        return Err(DiallerError::invalid("UsersUID", "letters, digits, '.', '_' and '-'"));
    }
    check_length("name", &new.name, LABEL_MAX_CHARS)?;
    let (digest_md5, digest_sha256) = match &new.password {
        Some(password) => digests(of, &new.uid, password)?,
        None => match services.calls.agent(of, &new.uid).await? {
            Some(agent) => (agent.digest_md5, agent.digest_sha256),
            None => return Err(DiallerError::missing("password")),
        },
    };
    let agent = Agent { client: of, uid: new.uid, name: new.name, digest_md5, digest_sha256 };
    services.calls.commit(vec![CallWrite::Agent(Box::new(agent.clone()))]).await?;
    Ok(agent)
}

/// Removes an agent.
pub async fn remove_agent(services: &Services, of: ClientId, uid: &str) -> DiallerResult<()> {
    services.calls.agent(of, uid).await?.ok_or(DiallerError::AgentNotFound)?;
    services.calls.commit(vec![CallWrite::RemoveAgent { client: of, uid: uid.to_owned() }]).await?;
    Ok(())
}

/// The agents of a client account, by UID.
pub async fn agents(services: &Services, of: ClientId) -> DiallerResult<Vec<Agent>> {
    client(services, of).await?;
    Ok(services.calls.agents(of).await?)
}

/// `H(username:realm:password)` of the phone, with MD5 and with SHA-256.
fn digests(of: ClientId, uid: &str, password: &str) -> DiallerResult<(String, String)> {
    let length = password.chars().count();
    if !(PASSWORD_MIN_CHARS..=PASSWORD_MAX_CHARS).contains(&length) || password.contains('\0') {
        let rule = format!("{PASSWORD_MIN_CHARS} to {PASSWORD_MAX_CHARS} characters");
        return Err(DiallerError::invalid("password", rule));
    }
    let secret = format!("{}:{PHONE_REALM}:{password}", phone_username(of, uid));
    Ok((secrets::hex(&Md5::digest(&secret)), secrets::hex(&Sha256::digest(&secret))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_rfc_7616() {
        // As computed by md5sum and sha256sum.
        let (md5, sha256) = digests(ClientId(1), "anna", "secret-word").expect("a password");
        assert_eq!(md5, MD5_OF_ANNA);
        assert_eq!(sha256, SHA256_OF_ANNA);
        assert!(digests(ClientId(1), "anna", "short").is_err());
        assert!(digests(ClientId(1), "anna", &"x".repeat(PASSWORD_MAX_CHARS + 1)).is_err());
    }

    const MD5_OF_ANNA: &str = "c54e984ee1748f2c413c9a03f087bba2";
    const SHA256_OF_ANNA: &str = "9c5472f4a2b86d931db2aa184247019706873ba4a377780d003f691102695166";
}
