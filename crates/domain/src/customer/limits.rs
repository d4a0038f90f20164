//! How much a profile may hold. Each limit is inclusive.

/// Bytes of a name, an address line and other short text.
pub const SHORT_TEXT_BYTES_MAX: usize = 255;
/// Bytes of an external id or a proxy id.
pub const EXTERNAL_ID_BYTES_MAX: usize = 255;
/// Bytes of an e-mail address (RFC 5321 §4.5.3.1.3, without the angle brackets).
pub const EMAIL_BYTES_MAX: usize = 254;
/// Bytes of a picture's address.
pub const URL_BYTES_MAX: usize = 2048;
/// Further external ids of one customer.
pub const IDENTIFIERS_MAX: usize = 20;
/// Phone numbers of one customer.
pub const PHONE_NUMBERS_MAX: usize = 20;
/// Proxy ids of one customer.
pub const PROXY_IDS_MAX: usize = 20;
/// Bytes of one phone number object, or of the referral, as JSON.
pub const OBJECT_BYTES_MAX: usize = 2048;
/// Custom attributes of one customer, and definitions in one model (contract N2).
pub const CUSTOM_ATTRIBUTES_MAX: usize = 200;
/// Bytes of a custom attribute's name.
pub const CUSTOM_NAME_BYTES_MAX: usize = 128;
/// Bytes of one custom attribute's value, as JSON.
pub const CUSTOM_VALUE_BYTES_MAX: usize = 16 * 1024;
/// Bytes of all custom attributes together, as JSON.
pub const CUSTOM_BYTES_MAX: usize = 64 * 1024;
/// Levels of a JSON value; plain text has one.
pub const JSON_LEVELS_MAX: usize = 8;
/// Years that a customer's age must exceed (contract N1).
pub const AGE_YEARS_EXCEEDED: i16 = 13;
/// Digits of a phone number.
pub const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 3..=15;
/// Bytes of a tag's name.
pub const TAG_BYTES_MAX: usize = 255;
/// Tags of one customer that have not expired.
pub const TAGS_MAX: usize = 1000;
/// Seconds that an expiring tag may live: ten years.
pub const TAG_TTL_S_MAX: u32 = 10 * 366 * 86_400;
