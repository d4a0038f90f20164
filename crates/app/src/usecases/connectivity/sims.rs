//! Finding SIMs by the numbers on and behind them.

use super::{ConnectivityError, ConnectivityResult, Requestor};
use crate::Services;
use crate::ports::{PageOf, Paged, Versioned};
use muster_domain::account::Account;
use muster_domain::ids::AccountId;
use muster_domain::sim::{Sim, SimName};
use std::collections::HashMap;
use std::fmt;

/// How a caller names a SIM.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SimIdentifier {
    /// By a name of its own.
    Name(SimName),
    /// By the serial number with software version of the device it is in.
    Imeisv(String),
}

impl SimIdentifier {
    /// Reads a type as bodies spell it (`ICCID`) with its value. `None` for a type that is not known.
    pub fn parse(kind: &str, value: &str) -> Option<Self> {
        let value = value.to_owned();
        Some(Self::Name(match kind {
            "ICCID" => SimName::Iccid(value),
            "IMSI" => SimName::Imsi(value),
            "MSISDN" => SimName::Msisdn(digits_of_msisdn(&value).to_owned()),
            "IMEI" => SimName::Imei(value),
            "IMEISV" => return Some(Self::Imeisv(value)),
            _ => return None,
        }))
    }

    /// The name by which the store is asked; `None` if nothing can have it.
    fn lookup(&self) -> Option<SimName> {
        let name = match self {
            Self::Name(name) => name.clone(),
            Self::Imeisv(value) => SimName::Imei(imei_of(value)?),
        };
        let value = match &name {
            SimName::Iccid(value) | SimName::Imsi(value) | SimName::Msisdn(value) | SimName::Imei(value) => {
                value
            }
        };
        let plausible = (1..=20).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit());
        plausible.then_some(name)
    }

    fn fits(&self, sim: &Sim) -> bool {
        match self {
            Self::Name(_) => true,
            Self::Imeisv(value) => sim.imeisv.as_ref() == Some(value),
        }
    }
}

impl fmt::Display for SimIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, value) = match self {
            Self::Name(SimName::Iccid(value)) => ("ICCID", value),
            Self::Name(SimName::Imsi(value)) => ("IMSI", value),
            Self::Name(SimName::Msisdn(value)) => ("MSISDN", value),
            Self::Name(SimName::Imei(value)) => ("IMEI", value),
            Self::Imeisv(value) => ("IMEISV", value),
        };
        write!(f, "{kind} {value}")
    }
}

/// A phone number as it is stored: without the plus sign that callers may put in front.
pub fn digits_of_msisdn(text: &str) -> &str {
    text.strip_prefix('+').unwrap_or(text)
}

/// The IMEI of an IMEISV: its first 14 digits with their Luhn digit (TS 23.003 §6.2, annex B).
fn imei_of(imeisv: &str) -> Option<String> {
    if imeisv.len() != 16 || !imeisv.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let body = &imeisv[..14];
    let sum: u32 = body
        .bytes()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(digit - b'0');
            if place % 2 == 1 { digit / 5 + digit * 2 % 10 } else { digit }
        })
        .sum();
    Some(format!("{body}{}", (10 - sum % 10) % 10))
}

/// A SIM that the requestor sees, with the account it belongs to.
#[derive(Debug, Clone)]
pub struct FoundSim {
    /// The SIM as stored.
    pub stored: Versioned<Sim>,
    /// Its account: the requestor's own or a direct sub-account.
    pub account: Account,
}

/// The SIM of that name, if it is the requestor's or a direct sub-account's.
pub async fn find_sim(
    services: &Services,
    requestor: &Requestor,
    name: &SimIdentifier,
) -> ConnectivityResult<FoundSim> {
    let found = find_sims(services, requestor, std::slice::from_ref(name)).await?;
    found.into_iter().next().flatten().ok_or(ConnectivityError::SimNotFound)
}

/// As [`find_sim`] for several names, one answer for each.
pub(super) async fn find_sims(
    services: &Services,
    requestor: &Requestor,
    names: &[SimIdentifier],
) -> ConnectivityResult<Vec<Option<FoundSim>>> {
    let sims = look_up(services, names).await?;
    let mut accounts = HashMap::from([(requestor.account.id, Some(requestor.account.clone()))]);
    let mut answers = Vec::with_capacity(sims.len());
    for stored in sims {
        let Some(stored) = stored else {
            answers.push(None);
            continue;
        };
        let account = visible_account(services, requestor, &mut accounts, stored.value.account).await?;
        answers.push(account.map(|account| FoundSim { stored, account }));
    }
    Ok(answers)
}

/// The SIMs of these names, whosever they are, one answer for each.
pub(super) async fn look_up(
    services: &Services,
    names: &[SimIdentifier],
) -> ConnectivityResult<Vec<Option<Versioned<Sim>>>> {
    let asked: Vec<Option<SimName>> = names.iter().map(SimIdentifier::lookup).collect();
    let known: Vec<SimName> = asked.iter().flatten().cloned().collect();
    let mut found = if known.is_empty() {
        Vec::new().into_iter()
    } else {
        services.sims.sims_by_names(&known).await?.into_iter()
    };
    let answers = names.iter().zip(&asked).map(|(name, asked)| {
        let stored = asked.as_ref().and_then(|_| found.next().flatten());
        stored.filter(|stored| name.fits(&stored.value))
    });
    Ok(answers.collect())
}

async fn visible_account(
    services: &Services,
    requestor: &Requestor,
    known: &mut HashMap<AccountId, Option<Account>>,
    id: AccountId,
) -> ConnectivityResult<Option<Account>> {
    if let Some(account) = known.get(&id) {
        return Ok(account.clone());
    }
    let account = match requestor.visible(services, id).await {
        Ok(account) => Some(account),
        Err(ConnectivityError::CustomerNotFound) => None,
        Err(error) => return Err(error),
    };
    known.insert(id, account.clone());
    Ok(account)
}

/// The account's SIMs.
pub async fn page_sims(
    services: &Services,
    account: &Account,
    page: PageOf,
) -> ConnectivityResult<Paged<Sim>> {
    Ok(services.sims.page_sims(account.id, page).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_imeisv_gives_its_imei() {
        // The example of TS 23.003 annex B: IMEI 35-209900-176148-1 with software version 23.
        assert_eq!(imei_of("3520990017614823").as_deref(), Some("352099001761481"));
        for bad in ["", "352099001761482", "35209900176148233", "35209900176148x3"] {
            assert_eq!(imei_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_what_can_be_a_name_is_looked_up() {
        for (kind, value, expected) in [
            ("ICCID", "8935771600000000003", true),
            ("MSISDN", "+4915112345678", true),
            ("MSISDN", "++49", false),
            ("IMSI", "26201\0", false),
            ("IMEI", "", false),
            ("ICCID", "893577160000000000300", false),
            ("IMEISV", "1", false),
        ] {
            let identifier = SimIdentifier::parse(kind, value).expect("the type is known");
            assert_eq!(identifier.lookup().is_some(), expected, "{kind} {value}");
        }
        for kind in ["", "iccid", "EID"] {
            assert_eq!(SimIdentifier::parse(kind, "1"), None, "{kind}");
        }
    }
}
