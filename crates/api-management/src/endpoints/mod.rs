//! One file an endpoint.

mod apps;
mod behaviors;
mod calls;
mod campaigns;
mod connectivity;
mod customers;
mod divisions;
mod jobs;
mod models;
mod offers;
mod organizations;
mod outcomes;
mod tokens;

use crate::call::App;
use utoipa_axum::router::OpenApiRouter;

/// Every route with its documentation.
pub(crate) fn all() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(organizations::routes())
        .merge(divisions::routes())
        .merge(apps::routes())
        .merge(tokens::routes())
        .merge(campaigns::routes())
        .merge(behaviors::routes())
        .merge(offers::routes())
        .merge(customers::routes())
        .merge(models::routes())
        .merge(jobs::routes())
        .merge(outcomes::routes())
        .merge(connectivity::routes())
        .merge(calls::routes())
}
