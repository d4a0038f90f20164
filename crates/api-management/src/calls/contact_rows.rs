//! Contacts to be imported: the record of the dialler face, with numbers as people write them.

use crate::document::When;
use muster_app::usecases::dialler::{ContactInput, DiallerError, DiallerResult, read_number, text_field};
use muster_domain::time::UnixMillis;
use serde_json::Value;

/// Reads a contact. Members have the names of the dialler face, `zone` and `consent` beside them; numbers are written
/// as in `region`, dates as everywhere in this API. What is not known is refused, so that no column is lost unseen.
pub(crate) fn read_contact(row: Value, region: &str, now: UnixMillis) -> DiallerResult<ContactInput> {
    let Value::Object(members) = row else {
        return Err(DiallerError::invalid(".", "must be an object"));
    };
    let mut input = ContactInput::default();
    for (name, value) in members {
        let member = Member { name: &name, value, region, now };
        match name.as_str() {
            "Name" => input.name = member.text()?,
            "UserData" => input.user_data = Some(member.text()?),
            "Amount" => input.amount = Some(member.amount()?),
            "RandomSortOrder" => input.sort = member.whole()?,
            "ReservedUsersUID" => input.reserved_for = Some(member.text()?),
            "FollowUpUsersUID" => input.follow_up_agent = Some(member.text()?),
            "FollowUpDateTime" => input.follow_up_at = Some(member.date()?),
            "dtNextTry" => input.next_try_at = Some(member.date()?),
            "dtImported" => input.imported_at = member.date()?,
            "bLastResultMailbox" => input.last_result_mailbox = Some(member.flag()?),
            "LastAcdAgentEndReasonsID" => input.last_end_reason = Some(member.whole()?),
            "ResultCodesExportKey" => input.export_key = member.text()?,
            "ResetContact" => input.reset = member.flag()?.unwrap_or(false),
            "zone" => input.zone = Some(member.text()?),
            "consent" => input.consent = Some(member.text()?),
            other => match text_field(other) {
                Some(field) => input.texts.push((field, member.text()?)),
                None => member.of_number(&mut input)?,
            },
        }
    }
    Ok(input)
}

/// A member of a row; `null` is nothing.
struct Member<'a> {
    name: &'a str,
    value: Value,
    region: &'a str,
    now: UnixMillis,
}

impl Member<'_> {
    fn wrong<T>(&self, rule: impl Into<String>) -> DiallerResult<T> {
        Err(DiallerError::invalid(self.name, rule))
    }

    fn text(self) -> DiallerResult<Option<String>> {
        match self.value {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text)),
            _ => self.wrong("must be a text"),
        }
    }

    fn amount(self) -> DiallerResult<Option<serde_json::Number>> {
        match self.value {
            Value::Null => Ok(None),
            Value::Number(number) => Ok(Some(number)),
            _ => self.wrong("must be a number"),
        }
    }

    fn whole<T: TryFrom<i64>>(self) -> DiallerResult<Option<T>> {
        if self.value.is_null() {
            return Ok(None);
        }
        match self.value.as_i64().and_then(|number| T::try_from(number).ok()) {
            Some(number) => Ok(Some(number)),
            None => self.wrong("must be a whole number in its range"),
        }
    }

    fn flag(self) -> DiallerResult<Option<bool>> {
        match self.value {
            Value::Null => Ok(None),
            Value::Bool(flag) => Ok(Some(flag)),
            _ => self.wrong("must be true or false"),
        }
    }

    fn date(self) -> DiallerResult<Option<UnixMillis>> {
        match &self.value {
            Value::Null => Ok(None),
            Value::String(text) => match When::parse(text) {
                Ok(when) => Ok(Some(when.resolve(self.now))),
                Err(reason) => self.wrong(reason),
            },
            _ => self.wrong("must be a date"),
        }
    }

    fn phone_number(self) -> DiallerResult<Option<String>> {
        let (name, region) = (self.name, self.region);
        match self.text()?.filter(|text| !text.is_empty()) {
            None => Ok(None),
            Some(text) => match read_number(&text, region) {
                Ok(number) => Ok(Some(number.into())),
                Err(reason) => Err(DiallerError::invalid(name, reason)),
            },
        }
    }

    /// Reads what is said of one of the numbers.
    fn of_number(self, input: &mut ContactInput) -> DiallerResult<()> {
        let digits = self.name.find(|char: char| char.is_ascii_digit());
        let place = digits.and_then(|at| self.name[at..].chars().next()?.to_digit(10));
        let slot = place
            .and_then(|place| input.numbers.get_mut((place as usize).checked_sub(1)?))
            .zip(place)
            .map(|(slot, place)| (slot, self.name.replacen(&place.to_string(), "#", 1)));
        let Some((slot, shape)) = slot else { return self.wrong("is not a member of a contact") };
        match shape.as_str() {
            "PhoneNumber#" => slot.number = Some(self.phone_number()?),
            "bPhoneNumber#Invalid" => slot.invalid = Some(self.flag()?),
            "nTriesPhoneNumber#" => slot.tries = self.whole()?,
            "nPhoneNumber#LastCause" => slot.last_cause = Some(self.whole()?),
            "PhoneNumber#LastAcdAgentEndReasonsID" => slot.last_end_reason = Some(self.whole()?),
            _ => return self.wrong("is not a member of a contact"),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(row: Value) -> DiallerResult<ContactInput> {
        read_contact(row, "DE", UnixMillis(0))
    }

    #[test]
    fn a_row_is_read_by_the_names_of_the_dialler_face() {
        let input = read(json!({
            "Name": "Ann", "UserData": "crm-1", "City": "Berlin", "PhoneNumber1": "030 901820",
            "PhoneNumber6": "+49 30 901821", "bPhoneNumber6Invalid": true, "nTriesPhoneNumber6": 2,
            "nPhoneNumber6LastCause": 17, "dtNextTry": "1970-01-02T00:00:00Z", "Amount": 12.5,
            "zone": "Europe/Berlin", "Comment": null,
        }))
        .unwrap();
        assert_eq!(input.name.as_deref(), Some("Ann"));
        assert_eq!(input.numbers[0].number, Some(Some("4930901820".to_owned())));
        assert_eq!(input.numbers[5].number, Some(Some("4930901821".to_owned())));
        let sixth = &input.numbers[5];
        assert_eq!(
            (sixth.invalid, sixth.tries, sixth.last_cause),
            (Some(Some(true)), Some(2), Some(Some(17)))
        );
        assert_eq!(input.next_try_at, Some(Some(UnixMillis(86_400_000))));
        assert_eq!(input.zone, Some(Some("Europe/Berlin".to_owned())));
        assert_eq!(input.texts.len(), 2);
        assert_eq!(input.user_data, Some(Some("crm-1".to_owned())));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (row, place) in [
            (json!([]), "."),
            (json!({ "Name": 5 }), "Name"),
            (json!({ "name": "Ann" }), "name"),
            (json!({ "PhoneNumber1": "nobody" }), "PhoneNumber1"),
            (json!({ "PhoneNumber7": "030 901820" }), "PhoneNumber7"),
            (json!({ "PhoneNumber0": "030 901820" }), "PhoneNumber0"),
            (json!({ "PhoneNumber11": "030 901820" }), "PhoneNumber11"),
            (json!({ "nTriesPhoneNumber1": -1 }), "nTriesPhoneNumber1"),
            (json!({ "nPhoneNumber1LastCause": 70_000 }), "nPhoneNumber1LastCause"),
            (json!({ "dtNextTry": "soon" }), "dtNextTry"),
            (json!({ "ResetContact": "yes" }), "ResetContact"),
            (json!({ "Amount": "5" }), "Amount"),
        ] {
            match read(row.clone()) {
                Err(DiallerError::Invalid { parameter, .. }) => assert_eq!(parameter, place, "{row}"),
                other => panic!("{row}: {other:?}"),
            }
        }
    }
}
