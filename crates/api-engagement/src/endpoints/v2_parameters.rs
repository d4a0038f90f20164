//! What the v2 methods share: which campaigns, and which of their parts (§3.5).

use crate::call::Call;
use crate::wire::campaign::Parts;
use muster_app::usecases::decide::EligibilityFilter;

/// `sections[]` and `creatives[]`; unknown values are ignored. `tiles` is taken for `tile`, as clients send it.
pub(super) fn parts(call: &Call) -> Parts {
    let mut parts = Parts::default();
    for section in call.query.list("sections").unwrap_or_default() {
        match section {
            "progress" => parts.progress = true,
            "behaviors" => parts.behaviors = true,
            "offers" => parts.offers = true,
            "redemptions" => parts.redemptions = true,
            _ => {}
        }
    }
    for kind in call.query.list("creatives").unwrap_or_default() {
        match kind {
            "tile" | "tiles" => parts.tile = true,
            "promotion" => parts.promotion = true,
            _ => {}
        }
    }
    parts
}

/// `filters[]`; `eligible` together with `ineligible` is all, nothing known is the default.
pub(super) fn filter(call: &Call) -> EligibilityFilter {
    let filters = call.query.list("filters").unwrap_or_default();
    let has = |name: &str| filters.contains(&name);
    match (has("eligible"), has("ineligible")) {
        _ if has("all") => EligibilityFilter::All,
        (true, true) => EligibilityFilter::All,
        (false, true) => EligibilityFilter::Ineligible,
        (_, false) => EligibilityFilter::Eligible,
    }
}
