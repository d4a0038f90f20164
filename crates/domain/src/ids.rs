//! Typed identifiers. A bare integer or GUID never crosses a function boundary.

use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

macro_rules! numeric_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

numeric_id! {
    /// An organization: the tenant. Every key in the store begins with it.
    OrganizationId
}
numeric_id! {
    /// A campaign, unique in its organization (`campaign_id`, `ad_campaign_id` on the wire).
    CampaignId
}
numeric_id! {
    /// A line item of a campaign.
    LineItemId
}
numeric_id! {
    /// An ad group (`group_id` on the wire).
    GroupId
}
numeric_id! {
    /// A creative, the ad unit (`creative_id`, `ad_unit_id` on the wire).
    CreativeId
}
numeric_id! {
    /// A behavior, also called achievement (`behavior_id` on the wire).
    BehaviorId
}
numeric_id! {
    /// An offer tied to a campaign (`offer_id` on the wire).
    OfferId
}

numeric_id! {
    /// A SIM campaign (`id`, `campaignId` on the connectivity wire).
    SimCampaignId
}
numeric_id! {
    /// What a SIM campaign does to each card (`templateId` on the connectivity wire).
    TemplateId
}
numeric_id! {
    /// A participation of one SIM in one campaign (`id` of a participant on the connectivity wire).
    ParticipantId
}
numeric_id! {
    /// A SIM's number inside Muster, given in order of loading; rows about cards lie side by side by it.
    SimNumber
}

numeric_id! {
    /// A client account of the dialler face (`ClientsID`): the tenant of call campaigns.
    ClientId
}
numeric_id! {
    /// A call campaign (`ID`, `DiallerCampaignsID` on the dialler wire).
    CallCampaignId
}
numeric_id! {
    /// A result code of a call campaign (`DiallerCampaignsResultCodesID` on the dialler wire).
    ResultCodeId
}
numeric_id! {
    /// A contact of a call campaign (`DiallerContactsID` on the dialler wire).
    ContactId
}
numeric_id! {
    /// A call to one number of a contact (`ID` of an attempt on the dialler wire).
    CallId
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }
    };
}

uuid_id! {
    /// An account of the connectivity face (`customerId` on the wire).
    AccountId
}
uuid_id! {
    /// A tariff offer (`id` of an offer, an entry of `nestedOffers` on the connectivity wire).
    TariffId
}
uuid_id! {
    /// A package of tariff offers (`packageId` on the connectivity wire).
    PackageId
}

/// A customer's internal identifier (`user_id` on the engagement wire).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CustomerId(pub Uuid);

impl fmt::Display for CustomerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

/// A division of an organization; its string is the `division_id` of the wire.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DivisionId(pub String);

impl fmt::Display for DivisionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The public key of a digital property: it names the app in every path of the engagement face.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ApiKey(pub String);

impl fmt::Display for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
