//! C3: all campaigns of a customer, as tiles and promotions (§3.3).

use super::parameters::{division_ids, locale};
use crate::auth::Access;
use crate::call::{Answer, Call, ok};
use crate::error::Operation;
use crate::face::Face;
use crate::wire::StatusOk;
use crate::wire::campaign::ListedCreative;
use crate::wire::creative::Stage;
use crate::wire::links::Links;
use muster_app::AppError;
use muster_app::usecases::decide::{CustomerView, EligibilityFilter, in_divisions, view_customer};
use muster_domain::ids::DivisionId;
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;
use utoipa::ToSchema;

const OPERATION: Operation = Operation::ListCampaigns;
/// About what an element takes, for the buffer.
const ELEMENT_BYTES: usize = 1024;

/// Everything that is shown to the customer now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignList)]
pub(super) struct Body<'a> {
    status: StatusOk,
    campaigns: Lists<'a>,
}

/// Tiles of the feed, and pages.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = CampaignLists)]
struct Lists<'a> {
    tiles: Vec<ListedCreative<'a>>,
    promotions: Vec<ListedCreative<'a>>,
}

impl Lists<'_> {
    fn len(&self) -> usize {
        self.tiles.len() + self.promotions.len()
    }
}

pub(super) fn mount(face: Face) -> Face {
    face.route::<__path_by_user_id, _, _>(OPERATION, Access::Server, by_user_id)
        .route::<__path_by_external_id, _, _>(OPERATION, Access::Server, by_external_id)
        .route::<__path_by_token, _, _>(OPERATION, Access::Client, by_token)
}

/// All campaigns of a customer.
#[utoipa::path(get, path = "/priv/v1/apps/{api_key}/users/{user_id}/campaigns",
    operation_id = "list_campaigns", tag = "Campaigns of a customer",
    params(("api_key" = String, Path), ("user_id" = String, Path), ("locale" = Option<String>, Query),
        ("division_ids[]" = Option<Vec<String>>, Query)),
    responses((status = 200, body = Body)))]
async fn by_user_id(call: Call) -> Answer {
    list(&call).await
}

/// All campaigns of a customer, by the client's own id.
#[utoipa::path(get, path = "/priv/v1/apps/{api_key}/external/users/{external_id}/campaigns",
    operation_id = "list_campaigns_by_external_id", tag = "Campaigns of a customer",
    params(("api_key" = String, Path), ("external_id" = String, Path), ("locale" = Option<String>, Query),
        ("division_ids[]" = Option<Vec<String>>, Query)),
    responses((status = 200, body = Body)))]
async fn by_external_id(call: Call) -> Answer {
    list(&call).await
}

/// All campaigns of the customer behind a client token.
#[utoipa::path(get, path = "/api/v1/apps/{api_key}/campaigns",
    operation_id = "list_campaigns_by_token", tag = "Campaigns of a customer",
    params(("api_key" = String, Path), ("locale" = Option<String>, Query),
        ("division_ids[]" = Option<Vec<String>>, Query)),
    responses((status = 200, body = Body)))]
async fn by_token(call: Call) -> Answer {
    list(&call).await
}

async fn list(call: &Call) -> Answer {
    let divisions = division_ids(call)?;
    let customer = call.customer()?;
    let view = view_customer(call.services(), Arc::clone(&call.organization), &customer).await?;
    let lists = lists(call, &view, divisions.as_deref());
    if lists.len() == 0 {
        return Err(AppError::NoActiveCampaign.into());
    }
    answer(lists)
}

/// The same list as the answer to a choice, where nothing to show is no error (row H2).
pub(super) async fn after_choice(call: &Call) -> Answer {
    let customer = call.customer()?;
    let view = view_customer(call.services(), Arc::clone(&call.organization), &customer).await?;
    answer(lists(call, &view, None))
}

fn answer(lists: Lists<'_>) -> Answer {
    let size_hint = 128 + ELEMENT_BYTES * lists.len();
    ok(&Body { status: StatusOk, campaigns: lists }, size_hint)
}

/// One element a creative, in the order of the campaigns and then of the creatives. Of tiles with the same tag the
/// first is listed.
fn lists<'a>(call: &'a Call, view: &'a CustomerView, divisions: Option<&[DivisionId]>) -> Lists<'a> {
    let locale = locale(call);
    let stage = Stage { view, links: links(call, view) };
    let mut lists = Lists::default();
    let mut tags = BTreeSet::new();
    for decision in view.active(EligibilityFilter::Eligible) {
        if !in_divisions(&view.organization, decision.entry, divisions) {
            continue;
        }
        for group in view.shown_groups(&decision, locale) {
            let creative = &group.creative;
            if !creative.content.is_tile() {
                lists.promotions.push(ListedCreative::new(stage, decision, group));
            } else if creative.tile_tag.as_deref().is_none_or(|tag| tags.insert(tag)) {
                lists.tiles.push(ListedCreative::new(stage, decision, group));
            }
        }
    }
    lists
}

/// The URLs of an answer to this call.
pub(super) fn links<'a>(call: &'a Call, view: &'a CustomerView) -> Links<'a> {
    Links::new(
        &view.organization.organization,
        &call.services().settings,
        call.api_key(),
        (view.stored.id, &view.stored.customer),
        call.auth_token(),
        locale(call),
    )
}
