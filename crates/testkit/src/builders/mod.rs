//! Organizations, campaigns and customers with good defaults: a test names only what it is about.

mod behavior;
mod campaign;
mod creative;
mod customer;
mod organization;

pub use behavior::BehaviorBuilder;
pub use campaign::CampaignBuilder;
pub use creative::CreativeBuilder;
pub use customer::CustomerBuilder;
pub use organization::{NewApp, app, organization};

use muster_domain::time::UnixMillis;

/// When built things were made, and where a test's clock may begin: 2023-11-14T22:13:20Z.
pub const NOW: UnixMillis = UnixMillis(1_700_000_000_000);
/// Seconds of a day.
pub const DAY_S: i64 = 86_400;
