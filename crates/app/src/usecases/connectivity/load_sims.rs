//! Taking SIMs into an account, with or without the keys of their cards.

use super::{
    ConnectivityError, ConnectivityResult, EntryFault, NAME_MAX_CHARS, SimIdentifier, check_length,
    request_status,
};
use crate::Services;
use crate::card_keys::{CardKeyError, CardKeys, KeyUse};
use crate::ports::{Entropy, SimRefusal, SimWrite};
use muster_domain::account::{Account, Request, RequestOutcome};
use muster_domain::ids::{AccountId, SimNumber};
use muster_domain::sim::{
    CardFlags, CardProfile, CipherAlgorithm, IMSI_SLOTS_MAX, Iccid, ImsiMsisdn, KeySet, Sim, SimName,
    SimStatus,
};
use std::collections::HashSet;
use std::fmt;
use zeroize::Zeroizing;

/// A SIM to be taken in.
#[derive(Debug, Clone)]
pub struct NewSim {
    /// The card's serial number.
    pub iccid: Iccid,
    /// IMSIs with their numbers, in order of slots.
    pub imsi_msisdn_pairs: Vec<ImsiMsisdn>,
    /// The device's serial number.
    pub imei: Option<String>,
    /// The device's serial number with software version.
    pub imeisv: Option<String>,
    /// Its status.
    pub status: SimStatus,
    /// A name that its owner gives.
    pub alias: Option<String>,
    /// Labels that its owner gives.
    pub labels: Vec<String>,
    /// Name of the card profile; that of the default profile if it is not given.
    pub profile: Option<String>,
    /// IANA zone of the card's local time.
    pub time_zone: Option<String>,
    /// Its key sets.
    pub key_sets: Vec<KeySetInClear>,
}

impl NewSim {
    /// A SIM of which nothing else is known.
    pub fn new(iccid: Iccid, imsi_msisdn_pairs: Vec<ImsiMsisdn>) -> Self {
        Self {
            iccid,
            imsi_msisdn_pairs,
            imei: None,
            imeisv: None,
            status: SimStatus::default(),
            alias: None,
            labels: Vec::new(),
            profile: None,
            time_zone: None,
            key_sets: Vec::new(),
        }
    }
}

/// A key set before it is sealed. It prints without its keys, and its memory is wiped.
#[derive(Clone)]
pub struct KeySetInClear {
    /// Key version number, 1 to 15.
    pub kvn: u8,
    /// Algorithm of the ciphering key.
    pub kic_algorithm: CipherAlgorithm,
    /// Ciphering key, hexadecimal.
    pub kic: Zeroizing<String>,
    /// Algorithm of the integrity key.
    pub kid_algorithm: CipherAlgorithm,
    /// Integrity key, hexadecimal.
    pub kid: Zeroizing<String>,
    /// The counter that the next packet takes.
    pub next_counter: u64,
}

impl fmt::Debug for KeySetInClear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySetInClear").field("kvn", &self.kvn).finish_non_exhaustive()
    }
}

impl KeySetInClear {
    /// Seals the keys for their card.
    pub fn seal(
        &self,
        keys: &CardKeys,
        entropy: &dyn Entropy,
        card: &Iccid,
        sim: SimNumber,
    ) -> Result<KeySet, CardKeyError> {
        Ok(KeySet {
            sim,
            kvn: self.kvn,
            kic_algorithm: self.kic_algorithm,
            kic: keys.seal(entropy, card, self.kvn, KeyUse::Ciphering, self.kic_algorithm, &self.kic)?,
            kid_algorithm: self.kid_algorithm,
            kid: keys.seal(entropy, card, self.kvn, KeyUse::Integrity, self.kid_algorithm, &self.kid)?,
            next_counter: self.next_counter,
            holder: None,
            flags: CardFlags::default(),
        })
    }
}

/// Takes SIMs into the account: all of them, or none. `by` is the account whose user asks.
pub async fn load_sims(
    services: &Services,
    by: AccountId,
    account: &Account,
    new: Vec<NewSim>,
) -> ConnectivityResult<Request> {
    let mut faults = Vec::new();
    let mut seen = HashSet::new();
    let mut loads = Vec::with_capacity(new.len());
    let identifiers: Vec<_> = new.iter().map(identifier).collect();
    for (place, new) in new.into_iter().enumerate() {
        match make(services, account, new) {
            Ok((sim, key_sets)) => {
                if let Some(name) = sim.names().into_iter().find(|name| !seen.insert(name.clone())) {
                    faults.push(fault(place, &identifiers, taken(&name)));
                }
                loads.push((place, sim, key_sets));
            }
            Err(error) => faults.push(fault(place, &identifiers, error)),
        }
    }
    faults.extend(taken_already(services, &loads, &identifiers).await?);
    if !faults.is_empty() {
        faults.sort_by_key(|fault| fault.place);
        faults.dedup_by_key(|fault| fault.place);
        return Err(ConnectivityError::Bulk(faults));
    }
    let request = request_status::accept(services, by, RequestOutcome::Done, loads.len());
    let loads = loads.into_iter().map(|(_, sim, key_sets)| (sim, key_sets)).collect();
    match services.sims.write_sims(vec![SimWrite::LoadSims(loads), SimWrite::Request(request.clone())]).await
    {
        Ok(()) => Ok(request),
        // Somebody else loaded it in this moment.
        Err(SimRefusal::Duplicate { what, value, index }) => {
            let error = ConnectivityError::invalid(what, format!("{value} is in use already"));
            Err(ConnectivityError::Bulk(vec![fault(index, &identifiers, error)]))
        }
        Err(refusal) => Err(refusal.into()),
    }
}

fn identifier(new: &NewSim) -> String {
    SimIdentifier::Name(SimName::Iccid(new.iccid.to_string())).to_string()
}

fn fault(place: usize, identifiers: &[String], error: ConnectivityError) -> EntryFault {
    EntryFault { place, name: identifiers.get(place).cloned().unwrap_or_default(), error }
}

pub(super) fn taken(name: &SimName) -> ConnectivityError {
    let (parameter, value) = match name {
        SimName::Iccid(value) => ("iccid", value),
        SimName::Imsi(value) => ("imsi", value),
        SimName::Msisdn(value) => ("msisdn", value),
        SimName::Imei(value) => ("imei", value),
    };
    ConnectivityError::invalid(parameter, format!("{value} is in use already"))
}

async fn taken_already(
    services: &Services,
    loads: &[(usize, Sim, Vec<KeySet>)],
    identifiers: &[String],
) -> ConnectivityResult<Vec<EntryFault>> {
    let names: Vec<(usize, SimName)> =
        loads.iter().flat_map(|(place, sim, _)| sim.names().into_iter().map(|name| (*place, name))).collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let asked: Vec<_> = names.iter().map(|(_, name)| name.clone()).collect();
    let found = services.sims.sims_by_names(&asked).await?;
    let taken = names.iter().zip(found).filter(|(_, found)| found.is_some());
    Ok(taken.map(|((place, name), _)| fault(*place, identifiers, self::taken(name))).collect())
}

/// Checks one SIM and makes it ready to be stored.
pub(super) fn make(
    services: &Services,
    account: &Account,
    new: NewSim,
) -> ConnectivityResult<(Sim, Vec<KeySet>)> {
    check_pairs(&new.imsi_msisdn_pairs)?;
    check_digits("imei", new.imei.as_deref(), 14..=15)?;
    check_digits("imeisv", new.imeisv.as_deref(), 16..=16)?;
    check_length("alias", new.alias.as_deref().unwrap_or_default(), NAME_MAX_CHARS)?;
    for label in &new.labels {
        check_length("labels", label, NAME_MAX_CHARS)?;
    }
    if let Some(zone) = &new.time_zone
        && jiff::tz::TimeZone::get(zone).is_err()
    {
        return Err(ConnectivityError::invalid("timeZone", "an IANA time zone"));
    }
    let mut kvns = HashSet::new();
    for key_set in &new.key_sets {
        if !(1..=15).contains(&key_set.kvn) || !kvns.insert(key_set.kvn) {
            return Err(ConnectivityError::invalid("kvn", "1 to 15, each version once"));
        }
    }
    let key_sets = seal_all(services, &new)?;
    let sim = Sim {
        number: SimNumber(0),
        id: services.entropy.uuid(),
        organization: account.organization,
        account: account.id,
        iccid: new.iccid,
        imsi_msisdn_pairs: new.imsi_msisdn_pairs,
        imei: new.imei,
        imeisv: new.imeisv,
        status: new.status,
        alias: new.alias,
        labels: new.labels,
        package: None,
        profile: new.profile.unwrap_or_else(|| CardProfile::default().name),
        time_zone: new.time_zone,
        created_at: services.clock.now(),
    };
    Ok((sim, key_sets))
}

fn seal_all(services: &Services, new: &NewSim) -> ConnectivityResult<Vec<KeySet>> {
    if new.key_sets.is_empty() {
        return Ok(Vec::new());
    }
    let refused = |error: CardKeyError| ConnectivityError::invalid("keySets", error.to_string());
    let keys = services.settings.card_keys.as_ref().ok_or(CardKeyError::NoCardKey).map_err(refused)?;
    let seal = |key_set: &KeySetInClear| {
        key_set.seal(keys, services.entropy.as_ref(), &new.iccid, SimNumber(0)).map_err(refused)
    };
    new.key_sets.iter().map(seal).collect()
}

fn check_pairs(pairs: &[ImsiMsisdn]) -> ConnectivityResult<()> {
    let wrong = |rule: String| Err(ConnectivityError::invalid("imsiMsisdnPairs", rule));
    if pairs.is_empty() {
        return wrong("at least one IMSI".to_owned());
    }
    if pairs.len() > IMSI_SLOTS_MAX {
        return wrong(format!("at most {IMSI_SLOTS_MAX} IMSIs"));
    }
    if pairs.iter().filter(|pair| pair.is_last_active).count() > 1 {
        return wrong("at most one is the last active".to_owned());
    }
    for pair in pairs {
        check_digits("imsi", Some(&pair.imsi), 6..=15)?;
        check_digits("msisdn", pair.msisdn.as_deref(), 1..=15)?;
    }
    Ok(())
}

fn check_digits(
    parameter: &str,
    text: Option<&str>,
    length: std::ops::RangeInclusive<usize>,
) -> ConnectivityResult<()> {
    let Some(text) = text else { return Ok(()) };
    if length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    let rule = if length.start() == length.end() {
        format!("{} digits", length.end())
    } else {
        format!("{} to {} digits", length.start(), length.end())
    };
    Err(ConnectivityError::invalid(parameter, rule))
}
