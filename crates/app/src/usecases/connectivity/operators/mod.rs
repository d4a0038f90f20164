//! What operators ask: they name any object of their organization directly, and repeat a request under the key of the
//! first one. What they change is the same as what the face's users change, by the same rules.

mod accounts;
mod campaigns;
mod dry_run;
mod enrol;
mod import_sims;
mod key_sets;
mod profiles;
mod results;
mod retry;
mod sims;
mod templates;
mod users;

pub use accounts::{account, create_account, page_accounts};
pub use campaigns::{
    Overview, Step, WaveProgress, campaign, create_campaign, overview, page_campaigns, replace_plan,
    take_step,
};
pub use dry_run::{DryRun, EXAMPLES_MAX, Obstacle, dry_run};
pub use enrol::{ENROL_CHUNK, Enrolled, FromCampaign, SimQuery, enrol_from, enrol_matching, enrol_names};
pub use import_sims::{IMPORT_SIMS_MAX, Imported, import_sims};
pub use key_sets::{key_sets, put_key_set};
pub use profiles::{card_profile, card_profiles, put_card_profile};
pub use results::{RESULT_COLUMNS, Results, results};
pub use retry::retry_failed;
pub use sims::{page_sims, sim};
pub use templates::{Fit, create_template, fit, page_templates, template};
pub use users::{change_password, create_user, user};

use super::{ConnectivityError, ConnectivityResult};
use crate::Services;
use crate::ports::{SimWrite, StoredReply};
use crate::usecases::authoring::Remember;

/// The error with its parameter as operators spell it: the face's users know it by the contract's name.
fn spelled(error: ConnectivityError) -> ConnectivityError {
    let ConnectivityError::Invalid { parameter, rule } = error else { return error };
    let parameter = match parameter.as_str() {
        "effectiveEnd" => "ends_at",
        "maxRetries" => "max_retries",
        "imsiMsisdnPairs" => "imsi_msisdn_pairs",
        "keySets" => "key_sets",
        "timeZone" => "time_zone",
        other => other,
    };
    ConnectivityError::invalid(parameter, rule.replace("effectiveStart", "starts_at"))
}

/// Writes everything or nothing. The remembered answer comes first: a repeated request is then recognised as such
/// before its change is refused as a duplicate of itself.
async fn commit(
    services: &Services,
    reply: Option<StoredReply>,
    changes: impl IntoIterator<Item = SimWrite>,
) -> ConnectivityResult<()> {
    let writes = reply.map(SimWrite::Reply).into_iter().chain(changes).collect();
    Ok(services.sims.write_sims(writes).await?)
}
