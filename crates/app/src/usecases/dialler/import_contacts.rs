//! Importing contacts (dialler contract §4.1): one over the dialler face, many at once from a file.

use super::{
    ContactInput, DiallerError, DiallerResult, Tried, campaign, campaigns::campaign_named, tried, until_done,
};
use crate::Services;
use crate::ports::{CallSequence, CallWrite, Versioned};
use muster_domain::calls::campaign::CallCampaign;
use muster_domain::calls::contact::Contact;
use muster_domain::calls::result_code::ResultCode;
use muster_domain::ids::{CallCampaignId, ClientId, ContactId};
use std::collections::{BTreeMap, HashMap};

/// Most contacts that are imported in one transaction.
pub const IMPORT_MAX: usize = 500;

/// What becomes of a contact whose user data is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overwrite {
    /// A second contact is made.
    #[default]
    Never,
    /// The fields sent replace those of the contact of the campaign that has the same user data; of several, of the one
    /// with the lowest id.
    SameUserData,
}

/// Imports one contact into the campaign of that id or name, or of both if they are the same.
pub async fn import_contact(
    services: &Services,
    of: ClientId,
    id: Option<CallCampaignId>,
    name: Option<&str>,
    input: ContactInput,
    overwrite: Overwrite,
) -> DiallerResult<Contact> {
    // What is wrong with the request itself is told before anything is looked for.
    let input = input.checked()?;
    let target = match (id, name.filter(|name| !name.is_empty())) {
        (Some(id), name) => {
            let found = campaign(services, of, id).await?.value;
            if name.is_some_and(|name| name != found.name) {
                let rule = "names another campaign than DiallerCampaignsID";
                return Err(DiallerError::invalid("DiallerCampaignsName", rule));
            }
            found
        }
        (None, Some(name)) => campaign_named(services, of, name).await?.value,
        (None, None) => return Err(DiallerError::missing("DiallerCampaignsID")),
    };
    let mut imported = import_contacts(services, &target, vec![input], overwrite).await?;
    imported.pop().unwrap_or(Err(DiallerError::Contended))
}

/// Imports contacts into a campaign, at most [`IMPORT_MAX`], in one transaction: those that keep the rules are in it,
/// the others are told why not, each at its place.
///
/// Numbers on the do-not-call list are marked as invalid. A contact without any usable number is closed with the code
/// that the campaign has for that.
pub async fn import_contacts(
    services: &Services,
    target: &CallCampaign,
    inputs: Vec<ContactInput>,
    overwrite: Overwrite,
) -> DiallerResult<Vec<DiallerResult<Contact>>> {
    if inputs.len() > IMPORT_MAX {
        return Err(DiallerError::invalid("contacts", format!("at most {IMPORT_MAX} at once")));
    }
    let inputs: Vec<_> = inputs.into_iter().map(ContactInput::checked).collect();
    let codes = services.calls.result_codes(target.id).await?;
    // Two imports of the same new user data must not both find nobody; one node's take turns.
    let _turn = match overwrite {
        Overwrite::SameUserData => Some(services.authoring.lock().await),
        Overwrite::Never => None,
    };
    until_done!(async {
        let mut batch = Batch::read(services, target, &codes, &inputs, overwrite).await?;
        let results: Vec<_> = inputs
            .iter()
            .map(|input| match input {
                Ok(input) => batch.import(input),
                Err(error) => Err(error.clone()),
            })
            .collect();
        // Of a contact that two lines overwrite, all see what became of it in the end.
        let results = results.into_iter().map(|result| result.map(|id| batch.contacts[&id].value.clone()));
        let results: Vec<_> = results.collect();
        let now = services.clock.now();
        let writes: Vec<_> = batch
            .contacts
            .into_values()
            .map(|contact| CallWrite::Contact {
                contact: Box::new(contact.value),
                version: contact.version,
                now,
            })
            .collect();
        if writes.is_empty() {
            return Ok(Tried::Done(results));
        }
        tried(services.calls.commit(writes).await, results)
    })
}

/// What an import needs to know, read at once, and what comes of it.
struct Batch<'a> {
    services: &'a Services,
    target: &'a CallCampaign,
    codes: &'a [ResultCode],
    suppressed: Vec<String>,
    next_id: i64,
    overwrite: Overwrite,
    by_user_data: HashMap<String, ContactId>,
    known: HashMap<ContactId, Versioned<Contact>>,
    contacts: BTreeMap<ContactId, Versioned<Contact>>,
}

impl<'a> Batch<'a> {
    async fn read(
        services: &'a Services,
        target: &'a CallCampaign,
        codes: &'a [ResultCode],
        inputs: &[DiallerResult<ContactInput>],
        overwrite: Overwrite,
    ) -> DiallerResult<Self> {
        let valid: Vec<&ContactInput> = inputs.iter().flatten().collect();
        let mut by_user_data = HashMap::new();
        let mut known = HashMap::new();
        if overwrite == Overwrite::SameUserData {
            for user_data in valid.iter().filter_map(|input| input.user_data.as_ref()?.as_deref()) {
                if by_user_data.contains_key(user_data) {
                    continue;
                }
                let found =
                    services.calls.contacts_with_user_data(target.client, Some(target.id), user_data).await?;
                if let Some(contact) = found.into_iter().next() {
                    by_user_data.insert(user_data.to_owned(), contact.value.id);
                    known.insert(contact.value.id, contact);
                }
            }
        }
        // Numbers of contacts that are overwritten count too: the list may have grown since they were imported.
        let kept = known.values().flat_map(|contact: &Versioned<Contact>| {
            contact.value.numbers.iter().filter_map(|number| number.number.clone())
        });
        let sent = valid.iter().flat_map(|input| input.numbers_sent().map(str::to_owned));
        let mut numbers: Vec<String> = kept.chain(sent).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let records = services.calls.numbers(target.client, &numbers).await?;
        let suppressed = records
            .into_iter()
            .flatten()
            .filter(|record| record.value.suppressed.is_some())
            .map(|record| record.value.number)
            .collect();
        let fresh = valid.len() - known.len().min(valid.len());
        let next_id = match u32::try_from(fresh).unwrap_or(u32::MAX) {
            0 => 0,
            count => services.calls.take_ids(CallSequence::Contact, count).await?,
        };
        let contacts = BTreeMap::new();
        Ok(Self { services, target, codes, suppressed, next_id, overwrite, by_user_data, known, contacts })
    }

    fn import(&mut self, input: &ContactInput) -> DiallerResult<ContactId> {
        let now = self.services.clock.now();
        let key = input.user_data.as_ref().and_then(Option::as_deref);
        let key = key.filter(|_| self.overwrite == Overwrite::SameUserData);
        let there = key.and_then(|key| self.by_user_data.get(key)).copied();
        let mut contact = match there {
            Some(id) => match self.contacts.get(&id).or_else(|| self.known.get(&id)) {
                Some(contact) => contact.clone(),
                None => return Err(DiallerError::Contended),
            },
            None => Versioned { value: self.blank(now), version: 0 },
        };
        if there.is_some() && input.reset {
            contact.value.reset(now);
        }
        input.write_into(&mut contact.value, self.target, self.codes, now)?;
        self.check_numbers(&mut contact.value);
        let id = contact.value.id;
        if there.is_none() {
            self.next_id += 1;
            if let Some(key) = key {
                self.by_user_data.insert(key.to_owned(), id);
            }
        }
        self.contacts.insert(id, contact);
        Ok(id)
    }

    fn blank(&self, now: muster_domain::time::UnixMillis) -> Contact {
        let mut random = [0; 4];
        self.services.entropy.fill(&mut random);
        let sort = i64::from(u32::from_le_bytes(random) >> 1);
        Contact::new(ContactId(self.next_id), self.target.client, self.target.id, sort, now)
    }

    /// Marks suppressed numbers, and closes an open contact that has no usable one.
    fn check_numbers(&self, contact: &mut Contact) {
        for number in &mut contact.numbers {
            if number.number.as_ref().is_some_and(|number| self.suppressed.contains(number)) {
                number.invalid = Some(true);
            }
        }
        if contact.is_open() && contact.usable() == 0 {
            let code = self.codes.iter().find(|code| Some(code.id) == self.target.no_number_code);
            contact.close_with(code, false, contact.updated_at);
        }
    }
}
