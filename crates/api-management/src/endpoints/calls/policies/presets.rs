use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::openapi::Problems;
use axum::response::IntoResponse;
use muster_domain::calls::policy::{Policy, Preset, presets};
use serde::Serialize;
use utoipa::ToSchema;

/// The presets.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallPolicyPresets)]
pub(super) struct Output {
    /// All of them.
    items: Vec<PresetOutput>,
}

/// A calling policy to start from. None is legal advice.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallPolicyPreset)]
struct PresetOutput {
    /// Its name, by which policies, client accounts and campaigns refer to it.
    name: &'static str,
    /// For which calls it is meant.
    about: &'static str,
    /// Its values.
    #[schema(value_type = Object)]
    policy: Policy,
    /// What they rest on. A field that is not listed is as in `STRICT`, by our own choice.
    sources: Vec<SourceOutput>,
}

/// What a field of a preset rests on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallPolicySource)]
struct SourceOutput {
    /// The field.
    field: &'static str,
    /// The law, the regulator's statement, or our own choice.
    source: &'static str,
}

impl PresetOutput {
    fn of(preset: Preset) -> Self {
        let source = |(field, source): &(&'static str, &'static str)| SourceOutput { field, source };
        Self {
            name: preset.name,
            about: preset.about,
            policy: preset.policy,
            sources: preset.sources.iter().map(source).collect(),
        }
    }
}

/// List the calling policies to start from, with what they rest on.
#[utoipa::path(
    get, path = "/manage/v1/organizations/{organization}/call-policies/presets",
    operation_id = "list_call_policy_presets", tag = "calling policies",
    params(("organization" = i64, Path)),
    responses((status = 200, body = Output), Problems)
)]
pub(super) async fn list_call_policy_presets(Path(organization): Path<String>, call: Call) -> Outcome {
    call.organization(&organization).await?;
    let items = presets().into_iter().map(PresetOutput::of).collect();
    Ok(Answer::ok(&Output { items }).into_response())
}
