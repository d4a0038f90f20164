//! Taking in SIMs row by row: rows that can be taken in are, and the others are told why not. Repeating it changes
//! nothing.

use super::super::load_sims::{make, taken};
use super::super::{KeySetInClear, NewSim, TRIES};
use super::profiles::card_profiles;
use super::{ConnectivityError, ConnectivityResult, key_sets, spelled};
use crate::Services;
use crate::card_keys::{CardKeyError, KeyUse};
use crate::ports::{SimRefusal, SimWrite};
use muster_domain::account::Account;
use muster_domain::sim::{CardProfile, Iccid, KeySet, Sim, SimName};
use std::collections::{HashMap, HashSet};
use zeroize::Zeroizing;

/// Most rows that are taken in at a time; each batch is one transaction.
pub const IMPORT_SIMS_MAX: usize = 500;

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Imported {
    /// The card is new.
    Created,
    /// The card was known; key sets of it are new.
    KeysAdded,
    /// All of it was known.
    Unchanged,
}

/// Takes rows of at most [`IMPORT_SIMS_MAX`] into the account, one answer for each. Rows of one card with different
/// key sets come together. A row about a card of the account that is known under the same numbers adds key sets that
/// the card does not have; nothing that is known is ever overwritten.
///
/// Fails as a whole only when the store does.
pub async fn import_sims(
    services: &Services,
    account: &Account,
    rows: &[NewSim],
) -> ConnectivityResult<Vec<ConnectivityResult<Imported>>> {
    if rows.len() > IMPORT_SIMS_MAX {
        return Err(ConnectivityError::invalid("sims", format!("at most {IMPORT_SIMS_MAX}")));
    }
    for _ in 0..TRIES {
        let batch = Batch::gather(services, account, rows).await?;
        let writes = batch.writes();
        if writes.is_empty() {
            return Ok(batch.answers);
        }
        match services.sims.write_sims(writes).await {
            Ok(()) => return Ok(batch.answers),
            // Somebody else loaded one of them in this moment: look again.
            Err(SimRefusal::Duplicate { .. } | SimRefusal::Stale { .. }) => {}
            Err(refusal) => return Err(refusal.into()),
        }
    }
    Err(ConnectivityError::Contended)
}

/// What a batch comes to.
#[derive(Default)]
struct Batch {
    answers: Vec<ConnectivityResult<Imported>>,
    /// New cards, in order, with their key sets.
    loads: Vec<(Sim, Vec<KeySet>)>,
    /// Key sets of known cards.
    added: Vec<KeySet>,
    /// Where a new card is in `loads`.
    new_cards: HashMap<Iccid, usize>,
    /// Names that new cards of the batch take.
    names: HashSet<SimName>,
}

impl Batch {
    async fn gather(services: &Services, account: &Account, rows: &[NewSim]) -> ConnectivityResult<Self> {
        let names: Vec<SimName> = rows.iter().flat_map(names_of).collect();
        let found = if names.is_empty() { Vec::new() } else { services.sims.sims_by_names(&names).await? };
        let known: HashMap<&SimName, Sim> =
            names.iter().zip(found).filter_map(|(name, found)| Some((name, found?.value))).collect();
        let profiles = card_profiles(services, account.organization).await?;
        let mut batch = Self::default();
        let mut key_sets: HashMap<Iccid, Vec<KeySet>> = HashMap::new();
        for row in rows {
            if let Err(error) = check(row, &profiles) {
                batch.answers.push(Err(error));
                continue;
            }
            let answer = match known.get(&SimName::Iccid(row.iccid.to_string())) {
                Some(card) => {
                    if !key_sets.contains_key(&row.iccid) {
                        let stored = services.sims.key_sets(card.number).await?;
                        key_sets.insert(row.iccid.clone(), stored);
                    }
                    let stored = key_sets.entry(row.iccid.clone()).or_default();
                    batch.add_to_known(services, account, row, card, stored)
                }
                None => batch.add_new(services, account, row, &known),
            };
            batch.answers.push(answer.map_err(spelled));
        }
        Ok(batch)
    }

    fn writes(&self) -> Vec<SimWrite> {
        let loads = (!self.loads.is_empty()).then(|| SimWrite::LoadSims(self.loads.clone()));
        loads.into_iter().chain(self.added.iter().cloned().map(SimWrite::KeySet)).collect()
    }

    fn add_to_known(
        &mut self,
        services: &Services,
        account: &Account,
        row: &NewSim,
        card: &Sim,
        stored: &mut Vec<KeySet>,
    ) -> ConnectivityResult<Imported> {
        if card.account != account.id {
            return Err(taken(&SimName::Iccid(row.iccid.to_string())));
        }
        let (made, sealed) = make(services, account, row.clone())?;
        check_same(&made, card)?;
        let mut fresh = Vec::new();
        for (keys, sealed) in row.key_sets.iter().zip(sealed) {
            match stored.iter().find(|stored| stored.kvn == keys.kvn) {
                Some(stored) => check_same_keys(services, &row.iccid, keys, stored)?,
                None => fresh.push(KeySet { sim: card.number, ..sealed }),
            }
        }
        if fresh.is_empty() {
            return Ok(Imported::Unchanged);
        }
        stored.extend(fresh.iter().cloned());
        self.added.extend(fresh);
        Ok(Imported::KeysAdded)
    }

    fn add_new(
        &mut self,
        services: &Services,
        account: &Account,
        row: &NewSim,
        known: &HashMap<&SimName, Sim>,
    ) -> ConnectivityResult<Imported> {
        let (made, sealed) = make(services, account, row.clone())?;
        if let Some(index) = self.new_cards.get(&made.iccid) {
            let (card, own) = &mut self.loads[*index];
            check_same(&made, card)?;
            if let Some(twice) = sealed.iter().find(|keys| own.iter().any(|own| own.kvn == keys.kvn)) {
                let rule = format!("key set {} of the card is given twice", twice.kvn);
                return Err(ConnectivityError::invalid("kvn", rule));
            }
            if sealed.is_empty() {
                return Ok(Imported::Unchanged);
            }
            own.extend(sealed);
            return Ok(Imported::KeysAdded);
        }
        let names = made.names();
        if let Some(name) = names.iter().find(|name| known.contains_key(name) || self.names.contains(name)) {
            return Err(taken(name));
        }
        self.names.extend(names);
        self.new_cards.insert(made.iccid.clone(), self.loads.len());
        self.loads.push((made, sealed));
        Ok(Imported::Created)
    }
}

/// What is checked of a row beyond what any card is checked for.
fn check(row: &NewSim, profiles: &[CardProfile]) -> ConnectivityResult<()> {
    row.key_sets.iter().try_for_each(key_sets::check)?;
    match &row.profile {
        Some(name) if profiles.iter().all(|profile| profile.name != *name) => {
            Err(ConnectivityError::invalid("profile", "names no card profile of the organization"))
        }
        _ => Ok(()),
    }
}

/// Every name that a row gives its card.
fn names_of(row: &NewSim) -> Vec<SimName> {
    let pairs = row.imsi_msisdn_pairs.iter();
    let names = pairs
        .flat_map(|pair| [Some(SimName::Imsi(pair.imsi.clone())), pair.msisdn.clone().map(SimName::Msisdn)]);
    let imei = row.imei.clone().map(SimName::Imei);
    // What cannot be a name is refused with its row and not looked up.
    let plausible = |name: &SimName| {
        let (SimName::Iccid(value) | SimName::Imsi(value) | SimName::Msisdn(value) | SimName::Imei(value)) =
            name;
        (1..=20).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit())
    };
    [SimName::Iccid(row.iccid.to_string())]
        .into_iter()
        .chain(names.flatten())
        .chain(imei)
        .filter(plausible)
        .collect()
}

/// A card is the same if it goes by the same numbers.
fn check_same(row: &Sim, card: &Sim) -> ConnectivityResult<()> {
    let numbers = |sim: &Sim| -> Vec<_> {
        sim.imsi_msisdn_pairs.iter().map(|pair| (pair.imsi.clone(), pair.msisdn.clone())).collect()
    };
    if numbers(row) == numbers(card) {
        return Ok(());
    }
    let rule = format!("{} is known already, with other numbers", row.iccid);
    Err(ConnectivityError::invalid("iccid", rule))
}

/// A key set is the same if its keys are; the counter has its own life.
fn check_same_keys(
    services: &Services,
    card: &Iccid,
    keys: &KeySetInClear,
    stored: &KeySet,
) -> ConnectivityResult<()> {
    let refused = |error: CardKeyError| ConnectivityError::invalid("key_sets", error.to_string());
    let ring = services.settings.card_keys.as_ref().ok_or(CardKeyError::NoCardKey).map_err(refused)?;
    let same = |usage, sealed, text: &str| {
        let opened = ring.open(card, keys.kvn, usage, sealed).map_err(refused)?;
        let opened = Zeroizing::new(crate::secrets::hex(&opened));
        Ok::<_, ConnectivityError>(opened.eq_ignore_ascii_case(text))
    };
    let is_same = keys.kic_algorithm == stored.kic_algorithm
        && keys.kid_algorithm == stored.kid_algorithm
        && same(KeyUse::Ciphering, &stored.kic, &keys.kic)?
        && same(KeyUse::Integrity, &stored.kid, &keys.kid)?;
    if is_same {
        return Ok(());
    }
    let rule = format!("the card has a key set {} already, with other keys", keys.kvn);
    Err(ConnectivityError::invalid("kvn", rule))
}
