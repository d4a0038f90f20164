//! The OpenAPI document says what clients need. That the repository holds the generated one is checked where it is
//! printed.

use muster_api_engagement::openapi;
use serde_json::Value;

fn generated() -> Value {
    serde_json::to_value(openapi()).expect("the document is JSON")
}

fn operations(document: &Value) -> impl Iterator<Item = (String, &Value)> {
    document["paths"].as_object().expect("paths").iter().flat_map(|(path, item)| {
        let operations = item.as_object().expect("an item").iter();
        operations.map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation))
    })
}

#[test]
fn every_path_of_the_contract_is_there() {
    const PATHS: [&str; 29] = [
        "POST /priv/v1/apps/{api_key}/campaigns",
        "GET /priv/v1/apps/{api_key}/users/{user_id}/campaigns/{campaign_id}/opt_in",
        "GET /priv/v1/apps/{api_key}/external/users/{external_id}/campaigns/{campaign_id}/opt_in",
        "GET /priv/v1/apps/{api_key}/users/{user_id}/campaigns",
        "GET /priv/v1/apps/{api_key}/external/users/{external_id}/campaigns",
        "GET /api/v1/apps/{api_key}/campaigns",
        "GET /priv/v1/apps/{api_key}/users/{user_id}/campaigns/{campaign_id}/progress",
        "GET /priv/v1/apps/{api_key}/users/{user_id}/external/campaigns/{permalink}/progress",
        "GET /priv/v1/apps/{api_key}/external/users/{external_id}/campaigns/{campaign_id}/progress",
        "GET /priv/v1/apps/{api_key}/external/users/{external_id}/external/campaigns/{permalink}/progress",
        "GET /api/v1/apps/{api_key}/campaigns/{campaign_id}/progress",
        "GET /api/v1/apps/{api_key}/external/campaigns/{permalink}/progress",
        "GET /priv/v2/apps/{api_key}/users/{user_id}/campaigns",
        "GET /priv/v2/apps/{api_key}/external/users/{external_id}/campaigns",
        "GET /priv/v2/apps/{api_key}/users/{user_id}/campaigns/{campaign_id}",
        "GET /priv/v2/apps/{api_key}/users/{user_id}/external/campaigns/{permalink}",
        "GET /priv/v2/apps/{api_key}/external/users/{external_id}/campaigns/{campaign}",
        "GET /priv/v1/apps/{api_key}/campaigns",
        "GET /priv/v1/apps/{api_key}/campaigns/{campaign_id}/info",
        "GET /priv/v1/apps/{api_key}/external/campaigns/{permalink}/info",
        "GET /priv/v1/apps/{api_key}/users/{user_id}/campaigns/{campaign_id}/opt_out",
        "GET /priv/v1/apps/{api_key}/external/users/{external_id}/campaigns/{campaign_id}/opt_out",
        "GET /priv/v1/apps/{api_key}/users/{user_id}/creatives/{creative_id}/stats/{ad_stat_id}/seen/track",
        "GET /api/v1/apps/{api_key}/creatives/{creative_id}/stats/{ad_stat_id}/seen/track",
        "GET /api/v1/apps/{api_key}/creatives/{creative_id}/stats/{ad_stat_id}/click/redir",
        "GET /apps/{api_key}/users/{user_id}/ads/{creative_id}",
        "POST /priv/v1/apps/{api_key}/users",
        "POST /priv/v1/apps/{api_key}/users/{user_id}/events",
        "POST /priv/v1/apps/{api_key}/users/{user_id}/tags",
    ];
    let document = generated();
    let there: Vec<_> = operations(&document).map(|(name, _)| name).collect();
    for path in PATHS {
        assert!(there.iter().any(|name| name == path), "{path}");
    }
}

#[test]
fn every_operation_shows_its_errors_and_has_a_name() {
    let document = generated();
    assert_eq!(document["openapi"], "3.1.0");
    let mut names = std::collections::BTreeSet::new();
    for (path, operation) in operations(&document) {
        let name = operation["operationId"].as_str().unwrap_or_else(|| panic!("{path} has no operationId"));
        assert!(names.insert((name, path.split(' ').next().map(str::to_owned))), "{name} is there twice");
        for status in ["401", "429", "500"] {
            let examples = &operation["responses"][status]["content"]["application/json"]["examples"];
            let examples = examples.as_object().unwrap_or_else(|| panic!("{path} shows no {status}"));
            for (code, example) in examples {
                assert_eq!(example["value"]["status"], "error", "{path}: {code}");
                let shown = example["value"]["errors"]["code"].as_str().expect("a code");
                assert!(code.starts_with(shown), "{path}: {code} shows {shown}");
            }
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = generated();
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap_or_default();
        assert!(schemas.contains_key(name), "{name} is referred to and not defined");
    }
}
