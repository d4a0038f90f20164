//! Every error code of the face, in the spelling that the contract documents for its method (§2.6, Q4).

/// Unexpected failure of the server.
pub const INTERNAL_SERVER_ERROR: &str = "INTERNAL_SERVER_ERROR";
/// The client token cannot be read, is unknown, or has expired.
pub const INVALID_AUTH_TOKEN: &str = "INVALID_AUTH_TOKEN";
/// No customer of that id.
pub const USER_NOT_FOUND: &str = "USER_NOT_FOUND";
/// No app of that key.
pub const INVALID_API_KEY: &str = "INVALID_API_KEY";
/// An anonymous customer asked for what takes a registered one.
pub const REQUIRES_REGISTERED_USER: &str = "REQUIRES_REGISTERED_USER";
/// A required parameter is absent.
pub const MISSING_DATA: &str = "MISSING_DATA";
/// The request breaks a rule.
pub const VALIDATION: &str = "VALIDATION";
/// The credentials are absent or wrong.
pub const ACCESS_DENIED: &str = "ACCESS_DENIED";
/// The object exists, but not for this customer or not now.
pub const NOT_AVAILABLE: &str = "NOT_AVAILABLE";
/// The object does not exist.
pub const NOT_FOUND: &str = "NOT_FOUND";
/// A parameter has an unexpected type or format.
pub const ARGUMENT_ERROR: &str = "ARGUMENT_ERROR";
/// More requests than the server takes at once.
pub const RATE_LIMITED: &str = "rate_limited";

/// C1: attributes that a campaign does not have.
pub const CAMPAIGN_ARGUMENT_ERROR: &str = "argument_error";
/// C1: the campaign or a required attribute is absent. C8 lists it too and never raises it (Q16).
pub const CAMPAIGN_MISSING_DATA: &str = "missing_data";
/// C1, C8: a parent does not exist or belongs to another organization.
pub const CAMPAIGN_NOT_FOUND: &str = "not_found";
/// C1, C8: the request breaks a rule.
pub const CAMPAIGN_VALIDATION: &str = "validation";

/// C2: not qualified, not live, or over.
pub const USER_INELIGIBLE_FOR_CAMPAIGN: &str = "user_ineligible_for_campaign";
/// C2: before the opt-in window.
pub const OPT_IN_NOT_STARTED: &str = "opt_in_not_started";
/// C2: after the opt-in window.
pub const OPT_IN_ENDED: &str = "opt_in_ended";
/// C2: no place left.
pub const OPT_IN_LIMIT_REACHED: &str = "opt_in_limit_reached";
/// C2: the campaign takes no opt-ins, or the choice could not be written down.
pub const OPT_IN_ERROR: &str = "opt_in_error";

/// C3, C9: nothing active is found.
pub const NO_ACTIVE_CAMPAIGN_FOUND: &str = "No_active_campaign_found";
/// C3: no such customer. C9 lists it too, has no customer, and never raises it (Q27).
pub const LISTED_USER_NOT_FOUND: &str = "User_not_found";
/// C3, C9: no such app.
pub const LISTED_INVALID_API_KEY: &str = "Invalid_api_key";

/// C4: no such campaign.
pub const NO_CAMPAIGN_FOUND: &str = "no_campaign_found";
