//! The texts that are kept of a contact, with their lengths (dialler contract §4.1).

use muster_domain::calls::contact::Details;

/// A text of a contact that is kept as given.
#[derive(Debug)]
pub struct TextField {
    /// Its name on the wire, which is also the name of its column.
    pub name: &'static str,
    /// Longest text, in characters.
    pub max_chars: usize,
    get: fn(&Details) -> &Option<String>,
    get_mut: fn(&mut Details) -> &mut Option<String>,
}

impl TextField {
    /// What a contact has there.
    pub fn of<'a>(&self, details: &'a Details) -> Option<&'a str> {
        (self.get)(details).as_deref()
    }

    pub(super) fn set(&self, details: &mut Details, text: Option<String>) {
        *(self.get_mut)(details) = text;
    }
}

/// Two tables are the same field if they have the same name.
impl PartialEq for TextField {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

macro_rules! field {
    ($name:literal, $max:literal, $member:ident) => {
        TextField {
            name: $name,
            max_chars: $max,
            get: |details| &details.$member,
            get_mut: |details| &mut details.$member,
        }
    };
}

/// Every such text, in the order of the record. Where the contract gives no length, the limit is ours.
pub static TEXT_FIELDS: [TextField; 25] = [
    field!("Client", 64, client),
    field!("Service", 64, service),
    field!("ReferenceNumber", 64, reference_number),
    field!("FirstName", 64, first_name),
    field!("Salutation", 16, salutation),
    field!("Title", 16, title),
    field!("Company", 64, company),
    field!("Address", 64, address),
    field!("PostalCode", 10, postal_code),
    field!("City", 64, city),
    field!("Country", 64, country),
    field!("Region", 256, region),
    field!("AccountOwner", 64, account_owner),
    field!("AccountBank", 32, account_bank),
    field!("AccountNationalBankCode", 10, account_national_bank_code),
    field!("AccountBIC", 11, account_bic),
    field!("AccountNumber", 20, account_number),
    field!("AccountIBAN", 34, account_iban),
    field!("FaxNumber", 32, fax_number),
    field!("Email", 256, email),
    field!("Website", 2048, website),
    field!("Comment", 65_536, comment),
    field!("ExternalSystemLink", 2048, external_system_link),
    field!("Model", 256, model),
    field!("Tag", 256, tag),
];

/// The text of that name.
pub fn text_field(name: &str) -> Option<&'static TextField> {
    TEXT_FIELDS.iter().find(|field| field.name == name)
}
