//! Cells of a table of contacts: which field each is, and how it is written.

use muster_api_dialler::document;
use muster_app::phone_numbers::{self, NumberError};
use muster_app::usecases::dialler::{ContactInput, TEXT_FIELDS};
use muster_domain::calls::contact::NUMBERS;
use muster_domain::calls::number::{DialRules, E164};
use serde_json::{Map, Number, Value};

/// How the numbers of a table are written, and which are taken.
#[derive(Debug, Clone, Default)]
pub(super) struct Numbers {
    /// ISO 3166 code of the country whose numbers stand without a country code; may be empty.
    pub(super) region: String,
    /// Which restricted ranges may be called.
    pub(super) rules: DialRules,
    /// Whether numbers that no plan has are taken as they are.
    pub(super) accept_possible: bool,
}

/// How a cell becomes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Phone,
    Number,
    Flag,
    /// Of ours, not of the contract.
    Own,
}

/// A field of a contact that a column can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    name: String,
    kind: Kind,
}

/// Fields beside the texts and the numbers. `dtImported` is not among them: a contact is imported now.
const OTHERS: [(&str, Kind); 12] = [
    ("Name", Kind::Text),
    ("UserData", Kind::Text),
    ("Amount", Kind::Number),
    ("ReservedUsersUID", Kind::Text),
    ("FollowUpUsersUID", Kind::Text),
    ("FollowUpDateTime", Kind::Text),
    ("dtNextTry", Kind::Text),
    ("RandomSortOrder", Kind::Number),
    ("ResultCodesExportKey", Kind::Text),
    ("bLastResultMailbox", Kind::Flag),
    ("Zone", Kind::Own),
    ("Consent", Kind::Own),
];

impl Column {
    /// The field of that name, in whatever case.
    pub(super) fn named(name: &str) -> Option<Self> {
        let is = |known: &str| known.eq_ignore_ascii_case(name);
        let found = |name: &str, kind| Some(Self { name: name.to_owned(), kind });
        if let Some((name, kind)) = OTHERS.iter().find(|(known, _)| is(known)) {
            return found(name, *kind);
        }
        if let Some(field) = TEXT_FIELDS.iter().find(|field| is(field.name)) {
            return found(field.name, Kind::Text);
        }
        (1..=NUMBERS).find_map(|n| {
            [
                (format!("PhoneNumber{n}"), Kind::Phone),
                (format!("bPhoneNumber{n}Invalid"), Kind::Flag),
                (format!("nTriesPhoneNumber{n}"), Kind::Number),
                (format!("nPhoneNumber{n}LastCause"), Kind::Number),
            ]
            .into_iter()
            .find(|(known, _)| is(known))
            .map(|(name, kind)| Self { name, kind })
        })
    }

    /// The field's name in the contract's spelling.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is one of the telephone numbers.
    pub(super) fn is_number(&self) -> bool {
        self.kind == Kind::Phone
    }
}

/// The contact of a row, or why it is none. An empty cell says nothing. A number that cannot be called is left out
/// and told; a contact without any other is refused.
pub(super) fn read_row<'a>(
    cells: impl Iterator<Item = (&'a Column, &'a str)>,
    numbers: &Numbers,
    left_out: &mut Vec<String>,
) -> Result<ContactInput, String> {
    let mut members = Map::new();
    let (mut zone, mut consent) = (None, None);
    let mut faults = Vec::new();
    let mut has_number = false;
    for (Column { name, kind }, cell) in cells.filter(|(_, cell)| !cell.is_empty()) {
        let wrong = |rule: &str| format!("{name}: {rule}");
        let value = match kind {
            Kind::Text => Value::from(cell),
            Kind::Number => Value::from(number(cell).ok_or_else(|| wrong("must be a number"))?),
            Kind::Flag => Value::from(flag(cell).ok_or_else(|| wrong("must be true or false"))?),
            Kind::Own if name == "Zone" => {
                zone = Some(Some(cell.to_owned()));
                continue;
            }
            Kind::Own => {
                consent = Some(Some(cell.to_owned()));
                continue;
            }
            Kind::Phone => match numbers.read(cell) {
                Ok(number) => {
                    has_number = true;
                    Value::from(number.as_str())
                }
                Err(why) => {
                    faults.push(wrong(&why));
                    continue;
                }
            },
        };
        members.insert(name.clone(), value);
    }
    if !has_number {
        return Err(if faults.is_empty() { "has no telephone number".to_owned() } else { faults.join("; ") });
    }
    left_out.append(&mut faults);
    let input = document::contact(&members).map_err(|error| error.to_string())?;
    Ok(ContactInput { zone, consent, ..input })
}

impl Numbers {
    /// The number that a text is, or why it cannot be called.
    fn read(&self, text: &str) -> Result<E164, String> {
        let is_international = text.starts_with('+');
        if self.region.is_empty() && !is_international {
            return self.as_it_is(text).ok_or_else(|| {
                format!("{text:?} has no country code, and neither --region nor the client account names a country")
            });
        }
        // To a number that begins with a country code the region is all the same.
        let region = if self.region.is_empty() { "US" } else { &self.region };
        match phone_numbers::normalise(text, region, &self.rules) {
            Ok(found) => Ok(found.number),
            Err(error @ (NumberError::NotInPlan(_) | NumberError::NotANumber(_))) => {
                self.as_it_is(text).ok_or_else(|| error.to_string())
            }
            Err(error) => Err(error.to_string()),
        }
    }

    /// The digits as they stand there, if that is allowed.
    fn as_it_is(&self, text: &str) -> Option<E164> {
        let is_filler = |letter: char| " -/.()\u{a0}".contains(letter);
        let digits: String = text.chars().filter(|letter| !is_filler(*letter)).collect();
        let number = E164::parse(&digits).ok().filter(|_| self.accept_possible)?;
        self.rules.restriction(&number).is_none().then_some(number)
    }
}

/// A number as it is written with a point or with a comma.
fn number(text: &str) -> Option<Number> {
    let has_point = text.contains('.');
    let text = if has_point { text.to_owned() } else { text.replacen(',', ".", 1) };
    text.parse().ok()
}

fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" => Some(true),
        "false" | "0" | "no" => Some(false),
        _ => None,
    }
}
