//! Templates of SIM campaigns.

use crate::document::rfc3339;
use muster_app::usecases::connectivity::NewTemplate;
use muster_app::usecases::connectivity::operators::Fit;
use muster_domain::sim::{Operation, Template, TemplateKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// What is written to each card.
#[derive(Deserialize, ToSchema)]
#[schema(as = SimTemplateInput)]
#[serde(deny_unknown_fields)]
pub struct SimTemplateDocument {
    /// Display name.
    #[schema(example = "Clear the forbidden networks")]
    name: String,
    /// What it is for.
    #[serde(default)]
    description: String,
    /// `FILE_UPDATE`, `IMSI_ADD`, `KEY_WRITE` or `APPLET`. The data of `KEY_WRITE` are never shown.
    #[schema(value_type = String, example = "FILE_UPDATE")]
    kind: TemplateKind,
    /// What is done, in order: each has `do` and the members of its kind, such as
    /// `{"do": "update_binary", "path": "3F00/7F20/6F7B", "data": "FFFFFFFFFFFFFFFFFFFFFFFF"}`.
    #[schema(value_type = Vec<Object>)]
    operations: Vec<Operation>,
    /// Whether an authenticated "counter low" in answer to the same octets sent again counts as done.
    #[serde(default)]
    accept_replay_as_done: bool,
    /// Whether answers that tell of wrong keys, a wrong TAR or a wrong card end the participant at once.
    #[serde(default)]
    fail_fast: bool,
    /// Card profiles that it has to fit. Left out, it has to fit one of the organization's at least.
    #[serde(default)]
    profiles: Vec<String>,
}

impl SimTemplateDocument {
    /// What is to be made, and the card profiles that it has to fit.
    pub fn read(self) -> (NewTemplate, Vec<String>) {
        let new = NewTemplate {
            id: None,
            name: self.name,
            description: self.description,
            kind: self.kind,
            operations: self.operations,
            accept_replay_as_done: self.accept_replay_as_done,
            fail_fast: self.fail_fast,
        };
        (new, self.profiles)
    }
}

/// A template.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = SimTemplate)]
pub struct SimTemplateOutput {
    /// Its identifier.
    id: i64,
    /// The account that made it.
    account: String,
    /// Display name.
    name: String,
    /// What it is for.
    description: String,
    /// `FILE_UPDATE`, `IMSI_ADD`, `KEY_WRITE` or `APPLET`.
    #[schema(value_type = String)]
    kind: TemplateKind,
    /// What is done, in order; without data where they hold keys.
    #[schema(value_type = Vec<Object>)]
    operations: Vec<Value>,
    /// Whether running it twice leaves a card as running it once.
    is_idempotent: bool,
    /// Whether an authenticated "counter low" in answer to the same octets sent again counts as done.
    accept_replay_as_done: bool,
    /// Whether answers that tell of wrong keys, a wrong TAR or a wrong card end the participant at once.
    fail_fast: bool,
    /// When it was made.
    created_at: String,
    /// How it fits the organization's card profiles.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fits: Vec<FitOutput>,
}

/// How a template fits a card profile.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = SimTemplateFit)]
struct FitOutput {
    /// Name of the profile.
    profile: String,
    /// Packets that it takes; `null` if it does not fit.
    packets: Option<usize>,
    /// Why it does not fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Members of an operation that hold what is written.
const DATA: [&str; 4] = ["data", "commands", "load_file", "parameters"];

impl SimTemplateOutput {
    /// The template, and how it fits.
    pub fn of(template: &Template, fits: &[Fit]) -> Self {
        let operation = |operation: &Operation| {
            let mut shown = serde_json::to_value(operation).unwrap_or_default();
            if let Value::Object(members) = &mut shown
                && template.is_secret()
            {
                members.retain(|name, _| !DATA.contains(&name.as_str()));
            }
            shown
        };
        let fit = |fit: &Fit| FitOutput {
            profile: fit.profile.clone(),
            packets: fit.packets.as_ref().ok().copied(),
            reason: fit.packets.as_ref().err().map(ToString::to_string),
        };
        Self {
            id: template.id.0,
            account: template.account.to_string(),
            name: template.name.clone(),
            description: template.description.clone(),
            kind: template.kind,
            operations: template.operations.iter().map(operation).collect(),
            is_idempotent: template.is_idempotent(),
            accept_replay_as_done: template.accept_replay_as_done,
            fail_fast: template.fail_fast,
            created_at: rfc3339(template.created_at),
            fits: fits.iter().map(fit).collect(),
        }
    }
}
