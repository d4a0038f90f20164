//! `/manage/v1/organizations/{organization}/card-profiles`

mod list;
mod put;
mod read;

use crate::answer::Answer;
use crate::call::App;
use crate::etag;
use muster_domain::sim::CardProfile;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_card_profiles))
        .routes(routes!(read::read_card_profile, put::put_card_profile))
}

/// How cards of one make want to be spoken to: `name`, `kvn`, `counter_mode`, `ciphered`, `integrity`, `cmac_length`,
/// `por`, `por_integrity`, `por_ciphered`, `por_by_submit`, `mf_tar`, `adfs`, `ram_tar`, `imsi_tar`, `format`,
/// `segments_max` and `allow_weak`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CardProfile, value_type = Object)]
#[serde(transparent)]
pub(super) struct Output(CardProfile);

fn shown(profile: &CardProfile) -> Answer {
    Answer::ok(&Output(profile.clone())).etag(etag::of_content(profile))
}
