//! The record of a contact (dialler contract §4.1), in the order in which it is written.

use super::dates;
use muster_domain::calls::contact::{Contact, ContactNumber};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A contact.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = DiallerContact)]
pub(crate) struct ContactRow {
    #[serde(rename = "ID")]
    #[schema(example = 1)]
    id: i64,
    /// Its campaign.
    #[serde(rename = "DiallerCampaignsID")]
    #[schema(example = 535)]
    dialler_campaigns_id: i64,
    /// Key of an outside system.
    user_data: Option<String>,
    /// Contacts are called in this order.
    random_sort_order: i64,
    client: Option<String>,
    service: Option<String>,
    reference_number: Option<String>,
    name: String,
    first_name: Option<String>,
    salutation: Option<String>,
    title: Option<String>,
    company: Option<String>,
    /// The street.
    address: Option<String>,
    postal_code: Option<String>,
    city: Option<String>,
    country: Option<String>,
    region: Option<String>,
    account_owner: Option<String>,
    account_bank: Option<String>,
    account_national_bank_code: Option<String>,
    #[serde(rename = "AccountBIC")]
    account_bic: Option<String>,
    account_number: Option<String>,
    #[serde(rename = "AccountIBAN")]
    account_iban: Option<String>,
    #[schema(value_type = Option<f64>)]
    amount: Option<serde_json::Number>,
    #[serde(flatten)]
    numbers: Numbers,
    fax_number: Option<String>,
    email: Option<String>,
    website: Option<String>,
    comment: Option<String>,
    external_system_link: Option<String>,
    model: Option<String>,
    tag: Option<String>,
    /// The agent whom it is reserved for.
    #[serde(rename = "ReservedUsersUID")]
    reserved_users_uid: Option<String>,
    /// The agent who owns the follow-up.
    #[serde(rename = "FollowUpUsersUID")]
    follow_up_users_uid: Option<String>,
    /// When it follows up.
    follow_up_date_time: Option<String>,
    /// When it was imported.
    #[serde(rename = "dtImported")]
    #[schema(example = "2026-03-02T09:00:00.000")]
    imported: String,
    /// Not called before.
    #[serde(rename = "dtNextTry")]
    next_try: Option<String>,
    /// Export key of the result code that closed it; null while it is open.
    result_codes_export_key: Option<String>,
    /// Whether a mailbox answered last.
    #[serde(rename = "bLastResultMailbox")]
    last_result_mailbox: Option<bool>,
    /// Kept as given.
    #[serde(rename = "LastAcdAgentEndReasonsID")]
    last_acd_agent_end_reasons_id: Option<i64>,
}

/// The numbers of a contact, and what is known of each.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = DiallerContactNumbers)]
struct Numbers {
    /// Digits of the E.164 number.
    phone_number1: Option<String>,
    /// Digits of the E.164 number.
    phone_number2: Option<String>,
    /// Digits of the E.164 number.
    phone_number3: Option<String>,
    /// Digits of the E.164 number.
    phone_number4: Option<String>,
    /// Digits of the E.164 number.
    phone_number5: Option<String>,
    /// Digits of the E.164 number.
    phone_number6: Option<String>,
    #[serde(rename = "bPhoneNumber1Invalid")]
    invalid1: Option<bool>,
    #[serde(rename = "nTriesPhoneNumber1")]
    tries1: u32,
    /// Cause of ITU-T Q.850 of the last call.
    #[serde(rename = "nPhoneNumber1LastCause")]
    last_cause1: Option<u16>,
    #[serde(rename = "PhoneNumber1LastAcdAgentEndReasonsID")]
    last_end_reason1: Option<i64>,
    #[serde(rename = "bPhoneNumber2Invalid")]
    invalid2: Option<bool>,
    #[serde(rename = "nTriesPhoneNumber2")]
    tries2: u32,
    /// Cause of ITU-T Q.850 of the last call.
    #[serde(rename = "nPhoneNumber2LastCause")]
    last_cause2: Option<u16>,
    #[serde(rename = "PhoneNumber2LastAcdAgentEndReasonsID")]
    last_end_reason2: Option<i64>,
    #[serde(rename = "bPhoneNumber3Invalid")]
    invalid3: Option<bool>,
    #[serde(rename = "nTriesPhoneNumber3")]
    tries3: u32,
    /// Cause of ITU-T Q.850 of the last call.
    #[serde(rename = "nPhoneNumber3LastCause")]
    last_cause3: Option<u16>,
    #[serde(rename = "PhoneNumber3LastAcdAgentEndReasonsID")]
    last_end_reason3: Option<i64>,
    #[serde(rename = "bPhoneNumber4Invalid")]
    invalid4: Option<bool>,
    #[serde(rename = "nTriesPhoneNumber4")]
    tries4: u32,
    /// Cause of ITU-T Q.850 of the last call.
    #[serde(rename = "nPhoneNumber4LastCause")]
    last_cause4: Option<u16>,
    #[serde(rename = "PhoneNumber4LastAcdAgentEndReasonsID")]
    last_end_reason4: Option<i64>,
    #[serde(rename = "bPhoneNumber5Invalid")]
    invalid5: Option<bool>,
    #[serde(rename = "nTriesPhoneNumber5")]
    tries5: u32,
    /// Cause of ITU-T Q.850 of the last call.
    #[serde(rename = "nPhoneNumber5LastCause")]
    last_cause5: Option<u16>,
    #[serde(rename = "PhoneNumber5LastAcdAgentEndReasonsID")]
    last_end_reason5: Option<i64>,
    #[serde(rename = "bPhoneNumber6Invalid")]
    invalid6: Option<bool>,
    #[serde(rename = "nTriesPhoneNumber6")]
    tries6: u32,
    /// Cause of ITU-T Q.850 of the last call.
    #[serde(rename = "nPhoneNumber6LastCause")]
    last_cause6: Option<u16>,
    #[serde(rename = "PhoneNumber6LastAcdAgentEndReasonsID")]
    last_end_reason6: Option<i64>,
}

impl From<[ContactNumber; 6]> for Numbers {
    fn from([one, two, three, four, five, six]: [ContactNumber; 6]) -> Self {
        Self {
            phone_number1: one.number,
            phone_number2: two.number,
            phone_number3: three.number,
            phone_number4: four.number,
            phone_number5: five.number,
            phone_number6: six.number,
            invalid1: one.invalid,
            tries1: one.tries,
            last_cause1: one.last_cause,
            last_end_reason1: one.last_end_reason,
            invalid2: two.invalid,
            tries2: two.tries,
            last_cause2: two.last_cause,
            last_end_reason2: two.last_end_reason,
            invalid3: three.invalid,
            tries3: three.tries,
            last_cause3: three.last_cause,
            last_end_reason3: three.last_end_reason,
            invalid4: four.invalid,
            tries4: four.tries,
            last_cause4: four.last_cause,
            last_end_reason4: four.last_end_reason,
            invalid5: five.invalid,
            tries5: five.tries,
            last_cause5: five.last_cause,
            last_end_reason5: five.last_end_reason,
            invalid6: six.invalid,
            tries6: six.tries,
            last_cause6: six.last_cause,
            last_end_reason6: six.last_end_reason,
        }
    }
}

impl From<Contact> for ContactRow {
    fn from(contact: Contact) -> Self {
        let details = contact.details;
        Self {
            id: contact.id.0,
            dialler_campaigns_id: contact.campaign.0,
            random_sort_order: contact.sort,
            numbers: contact.numbers.into(),
            reserved_users_uid: contact.reserved_for,
            follow_up_users_uid: contact.follow_up_agent,
            follow_up_date_time: contact.follow_up_at.map(dates::write),
            imported: dates::write(contact.imported_at),
            next_try: contact.next_try_at.map(dates::write),
            result_codes_export_key: contact.export_key,
            last_result_mailbox: contact.last_result_mailbox,
            last_acd_agent_end_reasons_id: contact.last_end_reason,
            user_data: details.user_data,
            client: details.client,
            service: details.service,
            reference_number: details.reference_number,
            name: details.name,
            first_name: details.first_name,
            salutation: details.salutation,
            title: details.title,
            company: details.company,
            address: details.address,
            postal_code: details.postal_code,
            city: details.city,
            country: details.country,
            region: details.region,
            account_owner: details.account_owner,
            account_bank: details.account_bank,
            account_national_bank_code: details.account_national_bank_code,
            account_bic: details.account_bic,
            account_number: details.account_number,
            account_iban: details.account_iban,
            amount: details.amount,
            fax_number: details.fax_number,
            email: details.email,
            website: details.website,
            comment: details.comment,
            external_system_link: details.external_system_link,
            model: details.model,
            tag: details.tag,
        }
    }
}

/// A contact to be imported: these, and any other field of the record but `ID`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = DiallerContactFields)]
#[expect(
    dead_code,
    reason = "only its schema is used; bodies are read member by member to name what is wrong"
)]
pub(crate) struct ContactFields {
    /// At most 64 characters.
    #[schema(example = "Sommer")]
    name: String,
    /// The campaign, unless `DiallerCampaignsName` tells it.
    #[serde(rename = "DiallerCampaignsID")]
    #[schema(example = 535)]
    dialler_campaigns_id: Option<i64>,
    /// The campaign, unless `DiallerCampaignsID` tells it.
    #[schema(example = "Campaign 1000")]
    dialler_campaigns_name: Option<String>,
    /// Key of an outside system; the contact of the campaign that has it can be overwritten.
    user_data: Option<String>,
    /// 3 to 15 digits, after a `+` if that is wanted; at least one of the six numbers is mandatory.
    #[schema(example = "+493023125001")]
    phone_number1: Option<String>,
    phone_number2: Option<String>,
    phone_number3: Option<String>,
    phone_number4: Option<String>,
    phone_number5: Option<String>,
    phone_number6: Option<String>,
    /// When a contact is overwritten: what the dialler found out about it is forgotten first.
    reset_contact: Option<bool>,
}
