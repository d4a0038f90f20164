//! Who asks, and which accounts it sees: its own and the level right below (connectivity contract §3.1, Q13).
//!
//! What a requestor does not see does not exist for it, so nobody learns of foreign ids by asking.

use super::{ConnectivityError, ConnectivityResult};
use crate::Services;
use muster_domain::account::{Account, Role};
use muster_domain::ids::AccountId;

/// The user behind a token, with its account.
#[derive(Debug, Clone)]
pub struct Requestor {
    /// The user's name.
    pub username: String,
    /// What it may do.
    pub role: Role,
    /// The account it speaks for.
    pub account: Account,
}

impl Requestor {
    /// Refuses a user who may only read.
    pub fn may_write(&self) -> ConnectivityResult<()> {
        match self.role {
            Role::User => Ok(()),
            Role::ReadOnly => Err(ConnectivityError::NotPermitted("the user may only read")),
        }
    }

    /// The account of that id, if it is the requestor's own or a direct sub-account.
    pub async fn visible(&self, services: &Services, id: AccountId) -> ConnectivityResult<Account> {
        if id == self.account.id {
            return Ok(self.account.clone());
        }
        let found = services.sims.account(id).await?;
        found
            .map(|found| found.value)
            .filter(|account| account.parent == Some(self.account.id))
            .ok_or(ConnectivityError::CustomerNotFound)
    }

    /// The requestor's own account if `id` is its id. Of other accounts nothing is shown, direct sub-accounts included.
    pub fn own(&self, id: AccountId) -> ConnectivityResult<&Account> {
        if id == self.account.id { Ok(&self.account) } else { Err(ConnectivityError::CustomerNotFound) }
    }

    /// As [`Requestor::own`], for changes: a direct sub-account is seen and must not be changed.
    pub async fn own_to_change(&self, services: &Services, id: AccountId) -> ConnectivityResult<&Account> {
        if id == self.account.id {
            return Ok(&self.account);
        }
        self.visible(services, id).await?;
        Err(ConnectivityError::NotPermitted("a sub-customer is changed by its own users"))
    }
}
