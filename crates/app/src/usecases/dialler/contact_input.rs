//! What is asked to be true of a contact (dialler contract §4.1), and the rules that it must keep.

use super::contact_fields::TextField;
use super::{DiallerError, DiallerResult, NAME_MAX_CHARS, UID_MAX_CHARS, check_length, check_text};
use jiff::tz::TimeZone;
use muster_domain::calls::campaign::CallCampaign;
use muster_domain::calls::contact::{Contact, ContactNumber, Due, NUMBERS};
use muster_domain::calls::number::E164;
use muster_domain::calls::result_code::{ResultCode, ResultKind};
use muster_domain::time::UnixMillis;
use serde_json::Number;

/// Largest cause of ITU-T Q.850.
const CAUSE_MAX: u16 = 127;
/// Most tries of a number that are taken over from elsewhere.
const TRIES_MAX: u32 = 1_000_000;

/// Fields of a contact; `None` leaves one as it is. What may be unset is `Some(None)` then.
#[derive(Debug, Clone, Default)]
pub struct ContactInput {
    /// `Name`.
    pub name: Option<String>,
    /// `UserData`.
    pub user_data: Option<Option<String>>,
    /// The texts that are kept as given.
    pub texts: Vec<(&'static TextField, Option<String>)>,
    /// `Amount`.
    pub amount: Option<Option<Number>>,
    /// `PhoneNumber1` to `PhoneNumber6` with what is known of them.
    pub numbers: [NumberInput; NUMBERS],
    /// `RandomSortOrder`; without one a new contact gets one at random.
    pub sort: Option<i64>,
    /// `ReservedUsersUID`.
    pub reserved_for: Option<Option<String>>,
    /// `FollowUpUsersUID`.
    pub follow_up_agent: Option<Option<String>>,
    /// `FollowUpDateTime`: an appointment.
    pub follow_up_at: Option<Option<UnixMillis>>,
    /// `dtNextTry`.
    pub next_try_at: Option<Option<UnixMillis>>,
    /// `dtImported`.
    pub imported_at: Option<UnixMillis>,
    /// `bLastResultMailbox`.
    pub last_result_mailbox: Option<Option<bool>>,
    /// `LastAcdAgentEndReasonsID`.
    pub last_end_reason: Option<Option<i64>>,
    /// `ResultCodesExportKey`: closes the contact with that code of type 1 or 2.
    pub export_key: Option<String>,
    /// IANA zone in which the contact lives; not on the dialler wire.
    pub zone: Option<Option<String>>,
    /// Reference to the evidence of consent; not on the dialler wire.
    pub consent: Option<Option<String>>,
    /// `ResetContact`: what the dialler found out about a contact that is overwritten is forgotten first.
    pub reset: bool,
}

/// One of the numbers.
#[derive(Debug, Clone, Default)]
pub struct NumberInput {
    /// `PhoneNumber<n>`: an optional `+` and 3 to 15 digits; empty for none.
    pub number: Option<Option<String>>,
    /// `bPhoneNumber<n>Invalid`.
    pub invalid: Option<Option<bool>>,
    /// `nTriesPhoneNumber<n>`.
    pub tries: Option<u32>,
    /// `nPhoneNumber<n>LastCause`.
    pub last_cause: Option<Option<u16>>,
    /// `PhoneNumber<n>LastAcdAgentEndReasonsID`.
    pub last_end_reason: Option<Option<i64>>,
}

impl ContactInput {
    /// Refuses what breaks a rule, whatever contact it is for, and brings numbers into their stored form. Name and a
    /// number are mandatory, also for a contact that is overwritten.
    pub(super) fn checked(mut self) -> DiallerResult<Self> {
        check_text("Name", self.name.as_deref().unwrap_or_default(), NAME_MAX_CHARS)?;
        for (parameter, max, text) in [
            ("UserData", NAME_MAX_CHARS, &mut self.user_data),
            ("ReservedUsersUID", UID_MAX_CHARS, &mut self.reserved_for),
            ("FollowUpUsersUID", UID_MAX_CHARS, &mut self.follow_up_agent),
            ("consent", super::LABEL_MAX_CHARS, &mut self.consent),
            ("zone", super::LABEL_MAX_CHARS, &mut self.zone),
        ] {
            // An empty key is none: it would bind the contact to somebody who is nobody.
            *text = text.take().map(|text| text.filter(|text| !text.is_empty()));
            check_length(parameter, text.as_ref().and_then(Option::as_deref).unwrap_or_default(), max)?;
        }
        if let Some(Some(zone)) = &self.zone
            && TimeZone::get(zone).is_err()
        {
            return Err(DiallerError::invalid("zone", "an IANA time zone"));
        }
        for (field, text) in &self.texts {
            check_length(field.name, text.as_deref().unwrap_or_default(), field.max_chars)?;
        }
        let mut any = false;
        for (place, number) in self.numbers.iter_mut().enumerate() {
            number.check(place + 1)?;
            any |= matches!(number.number, Some(Some(_)));
        }
        if any { Ok(self) } else { Err(DiallerError::missing("PhoneNumber1")) }
    }

    /// The numbers that are sent, in their stored form.
    pub(super) fn numbers_sent(&self) -> impl Iterator<Item = &str> {
        self.numbers.iter().filter_map(|number| number.number.as_ref()?.as_deref())
    }

    /// Writes the fields into a contact. `codes` are its campaign's.
    pub(super) fn write_into(
        &self,
        contact: &mut Contact,
        campaign: &CallCampaign,
        codes: &[ResultCode],
        now: UnixMillis,
    ) -> DiallerResult<()> {
        fn set<T: Clone>(place: &mut T, value: Option<&T>) {
            if let Some(value) = value {
                place.clone_from(value);
            }
        }
        let details = &mut contact.details;
        set(&mut details.name, self.name.as_ref());
        set(&mut details.user_data, self.user_data.as_ref());
        set(&mut details.amount, self.amount.as_ref());
        set(&mut details.zone, self.zone.as_ref());
        set(&mut details.consent, self.consent.as_ref());
        for (field, text) in &self.texts {
            field.set(details, text.clone());
        }
        set(&mut contact.sort, self.sort.as_ref());
        set(&mut contact.reserved_for, self.reserved_for.as_ref());
        set(&mut contact.follow_up_agent, self.follow_up_agent.as_ref());
        set(&mut contact.imported_at, self.imported_at.as_ref());
        set(&mut contact.last_result_mailbox, self.last_result_mailbox.as_ref());
        set(&mut contact.last_end_reason, self.last_end_reason.as_ref());
        for (slot, number) in contact.numbers.iter_mut().zip(&self.numbers) {
            let before = slot.tries;
            number.write_into(slot, campaign.dialling.max_tries_per_number);
            contact.tries = contact.tries.saturating_sub(before).saturating_add(slot.tries);
        }
        // A busy series goes on with a number that is there.
        if let Due::BusySeries { index, .. } = contact.due
            && !contact.number(index).is_some_and(ContactNumber::is_usable)
        {
            contact.due = Due::Retry;
        }
        self.write_dates(contact);
        contact.updated_at = now;
        self.close(contact, codes, now)
    }

    fn write_dates(&self, contact: &mut Contact) {
        match self.follow_up_at {
            Some(Some(at)) => {
                contact.due = Due::Appointment;
                contact.follow_up_at = Some(at);
                contact.next_try_at = Some(at);
            }
            Some(None) => {
                if matches!(contact.due, Due::Appointment | Due::Delay) {
                    contact.due = if contact.tries == 0 { Due::New } else { Due::Retry };
                    contact.next_try_at = None;
                }
                contact.follow_up_at = None;
            }
            None => {}
        }
        if let Some(at) = self.next_try_at {
            contact.next_try_at = at;
        }
    }

    fn close(&self, contact: &mut Contact, codes: &[ResultCode], now: UnixMillis) -> DiallerResult<()> {
        let Some(key) = self.export_key.as_deref().filter(|key| !key.is_empty()) else { return Ok(()) };
        let code = codes.iter().find(|code| code.export_key == key);
        let code = code.filter(|code| matches!(code.kind, ResultKind::Done | ResultKind::Abort));
        let Some(code) = code else {
            let rule = "the export key of a result code of type 1 or 2 of the campaign";
            return Err(DiallerError::invalid("ResultCodesExportKey", rule));
        };
        // Dates that were sent with it are kept: they came from elsewhere, and nothing acts on them any more.
        let (next_try_at, follow_up_at) = (contact.next_try_at, contact.follow_up_at);
        contact.close_with(Some(code), false, now);
        (contact.next_try_at, contact.follow_up_at) = (next_try_at, follow_up_at);
        Ok(())
    }
}

impl NumberInput {
    fn check(&mut self, index: usize) -> DiallerResult<()> {
        if let Some(Some(text)) = &self.number {
            self.number = if text.is_empty() {
                Some(None)
            } else {
                let number = E164::parse(text).map_err(|error| {
                    DiallerError::invalid(format!("PhoneNumber{index}"), error.to_string())
                })?;
                Some(Some(number.into()))
            };
        }
        if self.tries.is_some_and(|tries| tries > TRIES_MAX) {
            let rule = format!("0 to {TRIES_MAX}");
            return Err(DiallerError::invalid(format!("nTriesPhoneNumber{index}"), rule));
        }
        if self.last_cause.flatten().is_some_and(|cause| cause > CAUSE_MAX) {
            let rule = format!("0 to {CAUSE_MAX}");
            return Err(DiallerError::invalid(format!("nPhoneNumber{index}LastCause"), rule));
        }
        Ok(())
    }

    fn write_into(&self, slot: &mut ContactNumber, max_tries: u32) {
        if let Some(number) = &self.number
            && *number != slot.number
        {
            // What was found out is true of the number before; its tries are kept as the contract wants counters kept.
            *slot = ContactNumber { number: number.clone(), tries: slot.tries, ..ContactNumber::default() };
        }
        if let Some(invalid) = self.invalid {
            slot.invalid = invalid;
        }
        if let Some(tries) = self.tries {
            slot.tries = tries;
        }
        if let Some(cause) = self.last_cause {
            slot.last_cause = cause;
        }
        if let Some(reason) = self.last_end_reason {
            slot.last_end_reason = reason;
        }
        slot.exhausted = max_tries > 0 && slot.tries >= max_tries;
    }
}
