//! Audiences: one targeting language with four uses: validate, evaluate, explain, index (contract §2.8,
//! §2.11).
//!
//! [`Targeting::parse`] turns JSON into a query or into the place and the reason of a mistake;
//! [`Targeting::matches`] decides for one customer; [`Targeting::explain`] shows every clause behind the
//! decision; [`CompiledSet`] finds all the queries of a set that match one customer, in about the time that
//! evaluating a dozen of them takes. Property tests hold them equal, and equal to a second, naive reading of
//! the rules.
//!
//! # The language
//!
//! ```text
//! query      = { (group | field)* }                      all of them; {} is everyone
//! group      = "$and" | "$or" | "$nor" : [query, …]      at least one
//!            | "$not" : query                            not empty
//! field      = "user.<path>" : literal | operators
//!            | "user.events.<name>" : count
//! operators  = { (operator)* }                           all of them, at least one
//! operator   = "$eq" | "$ne" | "$gt" | "$gte" | "$lt" | "$lte" : literal
//!            | "$in" | "$nin" | "$all" : [literal, …]    "$all" not empty
//!            | "$between" : [literal, literal]           both bounds included
//!            | "$exists" : boolean
//!            | "$not" : operators
//! count      = { "$count" : literal | operators, "$within"? : "<n> <unit>" } | { "$not" : count }
//! literal    = string | number | boolean | {"$date": "<date>"} | {"$relative": "<relative>"}
//! date       = YYYY-MM-DD | YYYY-MM-DD HH:MM:SS | RFC 3339, the colon of the offset optional
//! relative   = "now" | "<n> <unit> ago" | "<n> <unit> from now"
//! unit       = second(s) | minute(s) | hour(s) | day(s) | week(s) | month(s) | year(s)
//! ```
//!
//! # What it means
//!
//! - `$not`, `$ne`, `$nin` and `$nor` are logical negation, also of what is false because a field is missing
//!   (T1). Every other comparison with a missing field is false. An attribute that does not exist is a missing
//!   field (T7), and so is a custom attribute that is `null`.
//! - `user.tags`, `user.identifiers`, `user.proxy_ids`, `user.phone_numbers` and custom attributes that are arrays are
//!   sets: equality is membership, `$in` a common member, `$all` a subset. Orderings are refused for the first four
//!   (T2), and false for arrays. The first four exist when they have a member, an array always.
//! - Values of different types never compare (T3). Numbers compare exactly, whatever their spelling; strings by code
//!   point (T8); false comes before true.
//! - A bare string is a date only where the attribute is one: `user.dob`, `user.created_at`, `user.updated_at`,
//!   `user.registered_at`. Everywhere else a date must be marked by `$date` or `$relative`; then a string that is a
//!   date literal compares as the instant at which that begins, and any other string compares as false.
//! - A date literal denotes the day, the second or the millisecond that it names: a value inside is equal to it, one
//!   before is less, one after is greater. A calendar day such as `user.dob` is its first instant, in UTC.
//! - `$count` adds up the quantities of the events with `now − span < occurred_at ≤ now`.
//! - At most 64 levels and 64 KB (T9), see [`limits`].
//!
//! The guide for users is `docs/targeting.md`.

mod dates;
mod error;
mod explain;
mod facts;
mod field;
mod index;
pub mod limits;
mod parse;
mod query;
mod targeting;
#[cfg(test)]
mod tests;
mod text;

pub use error::{Position, Reason, TargetingError};
pub use explain::{ClauseExplanation, Explanation, Grounds};
pub use facts::{Facts, PastEvent};
pub use index::{CompiledSet, Scratch};
pub use targeting::{EventDemand, Targeting};
