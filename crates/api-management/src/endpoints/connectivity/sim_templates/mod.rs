//! Templates of SIM campaigns: `…/accounts/{account}/sim-templates` for many, `…/sim-templates/{template}` for one.

mod create;
mod list;
mod read;

use crate::call::App;
use crate::connectivity::SimTemplateOutput as Output;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_sim_templates, create::create_sim_template))
        .routes(routes!(read::read_sim_template))
}
