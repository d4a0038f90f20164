//! `/manage/v1/organizations/{organization}/call-clients`

mod change;
mod create;
mod list;
mod read;
mod remove_token;
mod rotate_token;

use crate::call::App;
use crate::calls::ClientOutput as Output;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_call_clients, create::create_call_client))
        .routes(routes!(read::read_call_client, change::change_call_client))
        .routes(routes!(rotate_token::rotate_call_client_token, remove_token::remove_call_client_token))
}
