//! The record of a contact as it is imported (dialler contract §4.1).

use super::fields::Fields;
use muster_app::usecases::dialler::{ContactInput, DiallerResult, NumberInput, TEXT_FIELDS};
use muster_domain::ids::CallCampaignId;

/// A contact to be imported, and into which campaign.
pub(crate) struct ContactBody {
    /// `DiallerCampaignsID`.
    pub(crate) campaign: Option<CallCampaignId>,
    /// `DiallerCampaignsName`.
    pub(crate) campaign_name: Option<String>,
    /// The contact's own fields.
    pub(crate) input: ContactInput,
}

/// Reads the fields. `ID` is passed over: it is the server's to give.
pub(crate) fn read(body: &Fields<'_>) -> DiallerResult<ContactBody> {
    let mut texts = Vec::new();
    for field in &TEXT_FIELDS {
        if let Some(text) = body.nullable_text(field.name)? {
            texts.push((field, text));
        }
    }
    let mut numbers: [NumberInput; 6] = Default::default();
    for (place, number) in numbers.iter_mut().enumerate() {
        let n = place + 1;
        *number = NumberInput {
            number: body.nullable_text(&format!("PhoneNumber{n}"))?,
            invalid: body.nullable_flag(&format!("bPhoneNumber{n}Invalid"))?,
            tries: body.whole(&format!("nTriesPhoneNumber{n}"))?,
            last_cause: body.nullable_whole(&format!("nPhoneNumber{n}LastCause"))?,
            last_end_reason: body.nullable_whole(&format!("PhoneNumber{n}LastAcdAgentEndReasonsID"))?,
        };
    }
    let input = ContactInput {
        name: body.text("Name")?,
        user_data: body.nullable_text("UserData")?,
        texts,
        amount: body.nullable_number("Amount")?,
        numbers,
        sort: body.whole("RandomSortOrder")?,
        reserved_for: body.nullable_text("ReservedUsersUID")?,
        follow_up_agent: body.nullable_text("FollowUpUsersUID")?,
        follow_up_at: body.nullable_date("FollowUpDateTime")?,
        next_try_at: body.nullable_date("dtNextTry")?,
        imported_at: body.date("dtImported")?,
        last_result_mailbox: body.nullable_flag("bLastResultMailbox")?,
        last_end_reason: body.nullable_whole("LastAcdAgentEndReasonsID")?,
        export_key: body.text("ResultCodesExportKey")?,
        zone: None,
        consent: None,
        reset: body.flag("ResetContact")?.unwrap_or(false),
    };
    Ok(ContactBody {
        campaign: body.whole("DiallerCampaignsID")?.map(CallCampaignId),
        campaign_name: body.text("DiallerCampaignsName")?,
        input,
    })
}
