//! Stable names of the rules, as they stand in verdicts, metrics and the API.

/// The number is of a kind that is never dialled.
pub const NUMBER_RESTRICTED: &str = "number.restricted";
/// The number is suppressed.
pub const NUMBER_SUPPRESSED: &str = "number.suppressed";
/// Consent was taken back.
pub const CONSENT_WITHDRAWN: &str = "consent.withdrawn";
/// Consent is needed and not known.
pub const CONSENT_MISSING: &str = "consent.missing";
/// Consent is needed and its evidence is not named.
pub const CONSENT_EVIDENCE: &str = "consent.evidence";
/// A recording needs consent in writing.
pub const CONSENT_WRITTEN: &str = "consent.written";
/// A number must be shown.
pub const CALLER_ID_REQUIRED: &str = "caller_id.required";
/// The number shown is none of the permitted ones.
pub const CALLER_ID_ALLOWED: &str = "caller_id.allowed";
/// The campaign has not begun.
pub const CAMPAIGN_FROM: &str = "campaign.from";
/// The campaign is over.
pub const CAMPAIGN_TO: &str = "campaign.to";
/// Outside the campaign's hours.
pub const CAMPAIGN_HOURS: &str = "campaign.hours";
/// Outside the hours of this number.
pub const NUMBER_HOURS: &str = "number.hours";
/// No zone is known, or one that does not exist was given.
pub const ZONE_UNKNOWN: &str = "zone.unknown";
/// Outside the hours of the policy.
pub const HOURS: &str = "hours";
/// A public holiday.
pub const HOLIDAY: &str = "holiday";
/// Called often enough today.
pub const PER_DAY: &str = "frequency.per_day";
/// Called often enough in seven days.
pub const PER_7D: &str = "frequency.per_7d";
/// Called often enough in thirty days.
pub const PER_30D: &str = "frequency.per_30d";
/// A conversation was not long ago.
pub const AFTER_CONVERSATION: &str = "frequency.after_conversation";
/// A refusal was not long ago.
pub const AFTER_REFUSAL: &str = "frequency.after_refusal";
/// An abandoned call was not long ago.
pub const AFTER_ABANDON: &str = "frequency.after_abandon";
/// A machine answered today.
pub const AFTER_MACHINE: &str = "frequency.after_machine";
/// Dialling ahead of agents is forbidden.
pub const PREDICTIVE_FORBIDDEN: &str = "predictive.forbidden";
/// Dialling ahead of agents needs a share of calls that may be abandoned.
pub const PREDICTIVE_CAP: &str = "predictive.cap";
/// Dialling ahead of agents needs a message for whom no agent is there.
pub const PREDICTIVE_MESSAGE: &str = "predictive.message";
/// The policy does not permit answers to be classified in this way.
pub const ANSWER_DETECTION: &str = "amd";

/// All of them.
pub const ALL: &[&str] = &[
    NUMBER_RESTRICTED,
    NUMBER_SUPPRESSED,
    CONSENT_WITHDRAWN,
    CONSENT_MISSING,
    CONSENT_EVIDENCE,
    CONSENT_WRITTEN,
    CALLER_ID_REQUIRED,
    CALLER_ID_ALLOWED,
    CAMPAIGN_FROM,
    CAMPAIGN_TO,
    CAMPAIGN_HOURS,
    NUMBER_HOURS,
    ZONE_UNKNOWN,
    HOURS,
    HOLIDAY,
    PER_DAY,
    PER_7D,
    PER_30D,
    AFTER_CONVERSATION,
    AFTER_REFUSAL,
    AFTER_ABANDON,
    AFTER_MACHINE,
    PREDICTIVE_FORBIDDEN,
    PREDICTIVE_CAP,
    PREDICTIVE_MESSAGE,
    ANSWER_DETECTION,
];
