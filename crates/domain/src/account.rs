//! Accounts of the connectivity face, their users, and the changes they ask for.
//!
//! Accounts form a tree below an organization. A requestor sees its own account and the level right below it, never
//! more (connectivity contract §3.1, question Q13).

use crate::ids::{AccountId, OrganizationId, SimCampaignId};
use crate::time::UnixMillis;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

/// A customer of the connectivity face.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// `customerId` on the wire.
    pub id: AccountId,
    /// The tenant whose tree it belongs to.
    pub organization: OrganizationId,
    /// The account above it; `None` at the root of a tree.
    pub parent: Option<AccountId>,
    /// `name` and `customerName` on the wire.
    pub name: String,
    /// Life-cycle status.
    pub status: AccountStatus,
    /// Private person or business.
    pub kind: AccountKind,
    /// ISO 4217 code.
    pub currency: String,
    /// Whether it may attach packages of its parent to its own SIMs (`allowOfferDelegation`).
    pub allow_offer_delegation: bool,
    /// `isAllowedImeiLock` on the wire.
    pub is_allowed_imei_lock: bool,
    /// `isImeiLockEnabled` on the wire.
    pub is_imei_lock_enabled: bool,
    /// The optional text members of the wire (`companyNumber`, `vatRegistrationNumber`, `bankNumber`, `logo`,
    /// `contact`, `address`, …) under their wire names, as given.
    pub details: Map<String, Value>,
    /// When it was made.
    pub created_at: UnixMillis,
}

/// Life-cycle status of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AccountStatus {
    /// In use.
    Active,
    /// Put to rest.
    Suspend,
}

/// Kind of an account (`type` on the wire).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AccountKind {
    /// A private person.
    #[default]
    Private,
    /// A business.
    Business,
}

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads and changes.
    User,
    /// Reads only; every write is refused.
    ReadOnly,
}

/// Somebody, or some program, that calls the connectivity face for one account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiUser {
    /// Unique over all accounts.
    pub username: String,
    /// The account it speaks for.
    pub account: AccountId,
    /// Argon2 hash of the password, in PHC form.
    pub password_hash: String,
    /// What it may do.
    pub role: Role,
    /// When it was made.
    pub created_at: UnixMillis,
}

impl std::fmt::Debug for ApiUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiUser")
            .field("username", &self.username)
            .field("account", &self.account)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// A token that a user was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// SHA-256 of the token, hexadecimal.
    pub sha256: String,
    /// Whose it is.
    pub username: String,
    /// First instant at which it is no longer valid.
    pub expires_at: UnixMillis,
}

/// Changes that were accepted together and whose outcome can be asked for (`requestId` on the wire).
///
/// A bulk call makes as many requests as it has entries. They share one transaction and one fate, so one record stands
/// for all of them: their ids are counted up in the last two octets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// `requestId` of the first of them; its last two octets are zero.
    pub id: Uuid,
    /// How many they are, at least 1.
    pub count: u16,
    /// The account whose user asked.
    pub account: AccountId,
    /// What decides about them.
    pub outcome: RequestOutcome,
    /// When they were accepted.
    pub created_at: UnixMillis,
}

/// The octets of an id that count the requests of one record.
const COUNTED: u128 = 0xFFFF;

impl Request {
    /// The id that a record begins with, made from a random one.
    pub const fn first_id(random: Uuid) -> Uuid {
        Uuid::from_u128(random.as_u128() & !COUNTED)
    }

    /// The `requestId` of each of them, in order.
    pub fn ids(&self) -> impl Iterator<Item = Uuid> {
        let first = Self::first_id(self.id).as_u128();
        (0..u128::from(self.count)).map(move |index| Uuid::from_u128(first | index))
    }

    /// Whether one of them has this id.
    pub fn has(&self, id: Uuid) -> bool {
        Self::first_id(id) == self.id && id.as_u128() & COUNTED < u128::from(self.count)
    }
}

/// How a request's status is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestOutcome {
    /// The change was durable when it was acknowledged.
    Done,
    /// A campaign was asked to run: it succeeds when the campaign runs or waits for its start, and fails where the
    /// campaign ended without having run.
    Run(SimCampaignId),
    /// A campaign was asked to pause or to end: it is open until no card of it is in flight.
    Settle(SimCampaignId),
}

/// Status of a request (`status` on the wire).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RequestStatus {
    /// Not finished.
    Open,
    /// Done as asked.
    Success,
    /// Could not be done.
    Failure,
    /// Failed through a fault of the server.
    InternalError,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_one_record_are_told_by_their_last_octets() {
        let request = Request {
            id: Request::first_id(Uuid::from_u128(0x0123_4567_89AB_4DEF_8123_4567_89AB_CDEF)),
            count: 3,
            account: AccountId(Uuid::nil()),
            outcome: RequestOutcome::Done,
            created_at: UnixMillis(0),
        };
        let ids: Vec<_> = request.ids().map(|id| id.to_string()).collect();
        assert_eq!(
            ids,
            [
                "01234567-89ab-4def-8123-456789ab0000",
                "01234567-89ab-4def-8123-456789ab0001",
                "01234567-89ab-4def-8123-456789ab0002",
            ]
        );
        assert!(request.ids().all(|id| request.has(id)));
        for other in ["01234567-89ab-4def-8123-456789ab0003", "01234567-89ab-4def-8123-456789ac0000"] {
            assert!(!request.has(other.parse().expect("an id")), "{other}");
        }
    }
}
