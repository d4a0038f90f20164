use super::super::account;
use super::Output;
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::connectivity::SimTemplateDocument;
use crate::openapi::Problems;
use muster_app::usecases::connectivity::operators::{self, Fit};
use muster_domain::sim::Template;

/// Create a template. It is checked by making packets of it; templates never change.
#[utoipa::path(
    post, path = "/manage/v1/organizations/{organization}/accounts/{account}/sim-templates",
    operation_id = "create_sim_template", tag = "SIM campaigns", request_body = SimTemplateDocument,
    params(
        ("organization" = i64, Path), ("account" = String, Path),
        ("Idempotency-Key" = Option<String>, Header),
    ),
    responses((status = 201, body = Output), Problems)
)]
pub(super) async fn create_sim_template(
    Path((organization, id)): Path<(String, String)>,
    call: Call,
) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    if let Some(reply) = call.remembered().await? {
        return Ok(reply);
    }
    let document = call.json::<SimTemplateDocument>()?;
    let account = account(&call, snapshot.id(), &id).await?;
    let (new, profiles) = document.read();
    let answer = |(template, fits): &(Template, Vec<Fit>)| {
        let location = format!("/manage/v1/organizations/{}/sim-templates/{}", snapshot.id(), template.id);
        Answer::created(&Output::of(template, fits), location)
    };
    let remember = |made: &(Template, Vec<Fit>)| call.remember(&answer(made));
    let result = operators::create_template(call.services(), &account, new, &profiles, &remember).await;
    call.finish(result, answer).await
}
