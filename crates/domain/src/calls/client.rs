//! Client accounts of the dialler face, their agents, and what is remembered of a telephone number.

use crate::ids::{CallId, ClientId, OrganizationId};
use crate::time::UnixMillis;
use serde::{Deserialize, Serialize};

/// A client account: the tenant of call campaigns (`ClientsID`).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// `ClientsID` on the wire.
    pub id: ClientId,
    /// The organization that it belongs to.
    pub organization: OrganizationId,
    /// Its name, for people.
    pub name: String,
    /// IANA zone in which active times and time windows are meant.
    pub zone: String,
    /// ISO 3166 code of the country whose numbers are written without a country code.
    pub region: String,
    /// The policy that rules its campaigns unless they name their own; a preset or one of its own. `None` is none.
    pub policy: Option<String>,
    /// SHA-256 of its API token, hexadecimal; `None` while it has none.
    pub token_sha256: Option<String>,
    /// When it was made.
    pub created_at: UnixMillis,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("id", &self.id).field("name", &self.name).finish_non_exhaustive()
    }
}

/// Somebody who talks with contacts.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// The client account.
    pub client: ClientId,
    /// `UsersUID` on the wire; unique in the client account.
    pub uid: String,
    /// Name, for people.
    pub name: String,
    /// Digest of the phone's password (RFC 7616 `H(username:realm:password)`), MD5, hexadecimal.
    pub digest_md5: String,
    /// The same, SHA-256.
    pub digest_sha256: String,
}

impl Agent {
    /// The name under which the agent's phone registers: unique over all client accounts.
    pub fn phone_username(&self) -> String {
        phone_username(self.client, &self.uid)
    }
}

impl std::fmt::Debug for Agent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Agent").field("client", &self.client).field("uid", &self.uid).finish_non_exhaustive()
    }
}

/// The name under which the phone of a client's agent registers.
pub fn phone_username(client: ClientId, uid: &str) -> String {
    format!("{client}-{uid}")
}

/// The client and the agent of a phone's name.
pub fn of_phone_username(username: &str) -> Option<(ClientId, &str)> {
    let (client, uid) = username.split_once('-')?;
    Some((ClientId(client.parse().ok()?), uid))
}

/// How many past calls of a number are remembered: more than any frequency limit counts.
const CALLS_REMEMBERED: usize = 128;

/// What is remembered of a telephone number, over all campaigns of a client account. Importing a contact again,
/// cloning a campaign or deleting one changes nothing in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberRecord {
    /// The client account.
    pub client: ClientId,
    /// Digits of the E.164 number.
    pub number: String,
    /// The call to it that is not over.
    pub open_call: Option<CallId>,
    /// When calls to it began, latest last, those of the last 30 days and at most 128.
    pub calls: Vec<UnixMillis>,
    /// When somebody there last talked with an agent.
    pub last_conversation: Option<UnixMillis>,
    /// When somebody there was last left without an agent.
    pub last_abandon: Option<UnixMillis>,
    /// When somebody there last refused.
    pub last_refusal: Option<UnixMillis>,
    /// When a machine last answered there.
    pub last_machine: Option<UnixMillis>,
    /// Why it must not be called at all, if so.
    pub suppressed: Option<String>,
}

impl NumberRecord {
    /// A number that nothing is known of.
    pub const fn new(client: ClientId, number: String) -> Self {
        Self {
            client,
            number,
            open_call: None,
            calls: Vec::new(),
            last_conversation: None,
            last_abandon: None,
            last_refusal: None,
            last_machine: None,
            suppressed: None,
        }
    }

    /// A call to it begins.
    pub fn begin(&mut self, call: CallId, now: UnixMillis) {
        self.open_call = Some(call);
        let oldest = now.plus_seconds(-30 * 24 * 3600);
        self.calls.retain(|at| *at > oldest);
        if self.calls.len() >= CALLS_REMEMBERED {
            self.calls.remove(0);
        }
        self.calls.push(now);
    }

    /// The call to it is over.
    pub fn end(&mut self, call: CallId) {
        if self.open_call == Some(call) {
            self.open_call = None;
        }
    }

    /// The last begun call never left, so it counts nowhere.
    pub fn take_back(&mut self, call: CallId) {
        if self.open_call == Some(call) {
            self.open_call = None;
            self.calls.pop();
        }
    }
}
