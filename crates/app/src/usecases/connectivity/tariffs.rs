//! Tariff offers of an account.

use super::{
    ConnectivityError, ConnectivityResult, DESCRIPTION_MAX_CHARS, check_currency, check_length, check_name,
    request_status,
};
use crate::Services;
use crate::ports::{PageOf, Paged, SimWrite};
use muster_domain::account::{Account, Request, RequestOutcome};
use muster_domain::ids::TariffId;
use muster_domain::tariff::{RenewalInterval, Tariff, TariffKind};

/// Most digits of a price. So many survive every JSON reader, which may hold numbers in 64 bits.
const COST_MAX_DIGITS: usize = 15;

/// A tariff to be made.
#[derive(Debug, Clone)]
pub struct NewTariff {
    /// Its id, for tariffs that are taken over from elsewhere.
    pub id: Option<TariffId>,
    /// Display name.
    pub name: String,
    /// Optional description.
    pub description: String,
    /// What is sold.
    pub kind: TariffKind,
    /// Price of one interval: decimal digits with at most one point.
    pub cost: String,
    /// ISO 4217 code.
    pub currency: String,
    /// How often it renews.
    pub renewal_interval: RenewalInterval,
}

/// Makes a tariff of the account.
pub async fn create_tariff(
    services: &Services,
    account: &Account,
    new: NewTariff,
) -> ConnectivityResult<(TariffId, Request)> {
    check_name("name", &new.name)?;
    check_length("description", &new.description, DESCRIPTION_MAX_CHARS)?;
    check_cost(&new.cost)?;
    check_currency(&new.currency)?;
    let id = new.id.unwrap_or_else(|| TariffId(services.entropy.uuid()));
    let tariff = Tariff {
        id,
        account: account.id,
        name: new.name,
        description: new.description,
        kind: new.kind,
        cost: new.cost,
        currency: new.currency,
        renewal_interval: new.renewal_interval,
        is_prorated: false,
        created_at: services.clock.now(),
        expires_at: None,
    };
    let request = request_status::accept(services, account.id, RequestOutcome::Done, 1);
    let writes = vec![SimWrite::Tariff(Box::new(tariff)), SimWrite::Request(request.clone())];
    services.sims.write_sims(writes).await?;
    Ok((id, request))
}

/// The account's tariffs.
pub async fn page_tariffs(
    services: &Services,
    account: &Account,
    page: PageOf,
) -> ConnectivityResult<Paged<Tariff>> {
    Ok(services.sims.page_tariffs(account.id, page).await?)
}

fn check_cost(cost: &str) -> ConnectivityResult<()> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (form, count) = match cost.split_once('.') {
        Some((whole, fraction)) => (digits(whole) && digits(fraction), whole.len() + fraction.len()),
        None => (digits(cost), cost.len()),
    };
    if form && count <= COST_MAX_DIGITS {
        return Ok(());
    }
    let rule = format!("a decimal number of at least 0, with at most {COST_MAX_DIGITS} digits");
    Err(ConnectivityError::invalid("cost", rule))
}

#[cfg(test)]
mod tests {
    use super::check_cost;

    #[test]
    fn costs_are_plain_decimals() {
        for good in ["0", "12", "12.50", "0.000001", "123456789012345", "1234567890123.45"] {
            assert!(check_cost(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", "1.2.3", "1234567890123456", "٣"] {
            assert!(check_cost(bad).is_err(), "{bad}");
        }
    }
}
