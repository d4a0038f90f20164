//! A campaign as a file: the fields of the dialler contract, and under `dialling` the settings beyond it.

use crate::as_code::read_document;
use crate::failure::{Failure, Outcome};
use muster_api_dialler::document;
use muster_app::usecases::dialler::CampaignInput;
use muster_domain::calls::campaign::Dialling;
use serde_json::{Map, Value};
use std::path::Path;

/// The member with the settings beyond the contract.
const DIALLING: &str = "dialling";

/// What a file says of a campaign.
pub(super) struct Document {
    pub(super) fields: CampaignInput,
    pub(super) dialling: Option<Dialling>,
}

impl Document {
    pub(super) fn read(file: &Path) -> Outcome<Self> {
        let members: Map<String, Value> = read_document(file)?;
        Self::of(members).map_err(|why| Failure::new(format!("read {}", file.display()), why))
    }

    fn of(mut members: Map<String, Value>) -> Result<Self, String> {
        let dialling = match members.remove(DIALLING) {
            None | Some(Value::Null) => None,
            Some(value) => Some(serde_path_to_error::deserialize(value).map_err(|error| {
                let path = error.path().to_string();
                match path.as_str() {
                    "." => format!("{DIALLING}: {}", error.inner()),
                    _ => format!("{DIALLING}.{path}: {}", error.inner()),
                }
            })?),
        };
        let known = document::campaign_fields();
        if let Some(name) = members.keys().find(|name| !known.contains(name)) {
            // A misspelled one would be lost silently.
            let spelled = known.iter().find(|known| known.eq_ignore_ascii_case(name));
            return Err(match spelled {
                Some(spelled) => format!("{name}: is spelled {spelled}"),
                None => format!(
                    "{name}: campaigns have no such field; settings of dialling stand under {DIALLING}"
                ),
            });
        }
        let fields = document::campaign(&members).map_err(|error| error.to_string())?;
        Ok(Self { fields, dialling })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_domain::calls::call::CallOutcome;
    use muster_domain::calls::campaign::{Mode, Pacing};
    use serde_json::json;

    fn read(value: Value) -> Result<Document, String> {
        let Value::Object(members) = value else { panic!("an object") };
        Document::of(members)
    }

    #[test]
    fn fields_and_settings_arrive() {
        let found = read(json!({
            "Name": "Spring", "Mode": "ivr", "nMaxParallelLines": 20, "bActive": true, "dtFrom": "2026-01-01T00:00:00",
            "dialling": {"pacing": {"mode": "power", "ratio": 1.5}, "message": "sorry", "wrap_s": 5,
                "outcomes": {"machine": "KI"}, "script": [{"step": "hang_up"}]},
        }));
        let found = found.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(found.fields.name.as_deref(), Some("Spring"));
        assert_eq!((found.fields.mode, found.fields.max_parallel_lines), (Some(Mode::Ivr), Some(Some(20))));
        assert_eq!(found.fields.active, Some(true));
        let dialling = found.dialling.expect("settings");
        assert_eq!((dialling.pacing, dialling.wrap_s), (Some(Pacing::Power { ratio: 1.5 }), 5));
        assert_eq!(dialling.outcomes[&CallOutcome::Machine], "KI");
        assert!(read(json!({"Name": "x"})).is_ok_and(|found| found.dialling.is_none()));
    }

    #[test]
    fn errors_name_the_field() {
        for (value, words) in [
            (json!({"name": "x"}), "name: is spelled Name"),
            (json!({"Name": "x", "pacing": {}}), "pacing: campaigns have no such field"),
            (json!({"Name": "x", "Mode": "fast"}), "Mode: manual, preview or ivr"),
            (json!({"Name": "x", "nMaxTries": "five"}), "nMaxTries: a whole number"),
            (
                json!({"Name": "x", "ActiveTimes": [{"Weekday": 1, "From": "09:00"}]}),
                "ActiveTimes[0].To is missing",
            ),
            (json!({"Name": "x", "dialling": {"wrap_ms": 5}}), "dialling.wrap_ms: unknown field"),
            (json!({"Name": "x", "dialling": {"wrap_s": "x"}}), "dialling.wrap_s: invalid type"),
            (json!({"Name": "x", "dialling": {"outcomes": {"angry": "KI"}}}), "dialling.outcomes"),
            (json!({"Name": "x", "dialling": 7}), "dialling: invalid type"),
        ] {
            let error = read(value.clone()).err().unwrap_or_else(|| panic!("{value} is taken"));
            assert!(error.contains(words), "{error}: {words} expected");
        }
    }
}
