use super::export::{Form, export};
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;

/// Export the results of a call campaign as CSV, with a line of column names.
///
/// A row for each contact with its latest result, by name; with `rows=calls` a row for each call, in order of id.
#[utoipa::path(
    get,
    path = "/manage/v1/organizations/{organization}/call-clients/{client}/call-campaigns/{call_campaign}/results.csv",
    operation_id = "export_call_results_csv", tag = "call campaigns",
    params(
        ("organization" = i64, Path), ("client" = i64, Path), ("call_campaign" = i64, Path),
        ("rows" = Option<String>, Query, description = "`contacts` (by default) or `calls`"),
    ),
    responses((status = 200, content_type = "text/csv", body = String), Problems)
)]
pub(super) async fn export_call_results_csv(
    Path((organization, of, id)): Path<(String, String, String)>,
    call: Call,
) -> Outcome {
    export(call, &organization, &of, &id, Form::Csv).await
}
