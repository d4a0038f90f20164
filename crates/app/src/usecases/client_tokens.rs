//! Tokens by which a client speaks for one customer (contract N1).

use super::change_customer::{Change, change_customer, commit_one, write_of};
use super::customers::{birth, new_tracking_id};
use super::select::CustomerSelector;
use crate::catalog::OrganizationSnapshot;
use crate::ports::{ClientToken, StoredCustomer};
use crate::{AppResult, Services, secrets};
use muster_domain::customer::Customer;
use muster_domain::ids::CustomerId;
use muster_domain::time::UnixMillis;

/// A token just made. Only its digest is stored, so this is the one time it can be read.
pub struct MintedToken {
    /// The customer it speaks for.
    pub customer: CustomerId,
    /// The token.
    pub token: String,
    /// First instant at which it is no longer valid.
    pub expires_at: UnixMillis,
}

impl MintedToken {
    fn new(services: &Services, customer: CustomerId) -> Self {
        let ttl_s = i64::from(services.settings.client_token_ttl_s);
        Self {
            customer,
            token: secrets::new_client_token(services.entropy.as_ref()),
            expires_at: services.clock.now().plus_seconds(ttl_s),
        }
    }

    fn stored(&self) -> ClientToken {
        ClientToken {
            sha256: secrets::digest(&self.token),
            customer: self.customer,
            expires_at: self.expires_at,
        }
    }
}

/// Makes a token for a customer who exists. Earlier tokens stay valid until they expire.
pub async fn mint(
    services: &Services,
    organization: &OrganizationSnapshot,
    customer: &CustomerSelector,
) -> AppResult<MintedToken> {
    change_customer(services, organization, customer, |loaded: StoredCustomer| {
        Box::pin(async move {
            let minted = MintedToken::new(services, loaded.id);
            let mut write = write_of(organization, &loaded);
            write.token = Some(minted.stored());
            Ok(Change::Write(Box::new(write), minted))
        })
    })
    .await
}

/// Makes a new anonymous customer and a token for it, both or neither.
pub async fn mint_anonymous(
    services: &Services,
    organization: &OrganizationSnapshot,
) -> AppResult<MintedToken> {
    let id = CustomerId(services.entropy.uuid());
    let customer = Customer::anonymous(new_tracking_id(services, id), services.clock.now());
    let (mut write, _) = birth(services, organization, id, customer, true)?;
    let minted = MintedToken::new(services, id);
    write.token = Some(minted.stored());
    commit_one(services, write).await?;
    Ok(minted)
}
