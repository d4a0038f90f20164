//! The OpenAPI document says what clients need. That the repository holds the generated one is checked where it is
//! printed.

use muster_api_connectivity::openapi;
use serde_json::{Value, json};
use std::collections::BTreeSet;

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
    const PATHS: [&str; 34] = [
        "GET /api/v2/customer/{customerId}/campaign",
        "GET /api/v2/customer/{customerId}/campaign/{campaignId}",
        "GET /api/v2/customer/{customerId}/campaign/{campaignId}/participants",
        "GET /api/v2/customer/{customerId}/package/created-packages",
        "POST /api/v2/auth/token",
        "GET /api/v2/global/call/{requestId}",
        "GET /api/v3/global/call/{requestId}",
        "GET /api/v2/customer/{customerId}",
        "GET /api/v2/customer/{customerId}/child-customers",
        "POST /api/v2/customer/{customerId}",
        "GET /api/v2/customer/{customerId}/subscriber",
        "GET /api/v2/subscriber/{type}/{value}",
        "PUT /api/v2/subscriber/{type}/{value}/status",
        "PUT /api/v2/bulk/subscriber/status",
        "POST /api/v2/customer/{customerId}/subscriber",
        "GET /api/v2/customer/{customerId}/campaign-template",
        "GET /api/v2/customer/{customerId}/campaign-template/{templateId}",
        "POST /api/v2/customer/{customerId}/campaign-template",
        "POST /api/v2/customer/{customerId}/campaign",
        "PUT /api/v2/customer/{customerId}/campaign/{campaignId}/status",
        "POST /api/v2/customer/{customerId}/campaign/{campaignId}/participants",
        "PUT /api/v2/customer/{customerId}/campaign/{campaignId}/connect",
        "GET /api/v2/subscriber/{type}/{value}/campaign",
        "GET /api/v2/subscriber/{type}/{value}/campaign/{campaignId}",
        "POST /api/v2/customer/{customerId}/package",
        "PATCH /api/v2/customer/{customerId}/package/{packageId}",
        "DELETE /api/v2/customer/{customerId}/package/{packageId}",
        "GET /api/v2/customer/{customerId}/package/my-eligible-packages",
        "GET /api/v2/customer/{customerId}/package/my-packages",
        "POST /api/v2/subscriber/{type}/{value}/package/{packageId}/attach",
        "POST /api/v2/subscriber/{type}/{value}/package/{packageId}/detach",
        "POST /api/v2/bulk/subscriber/package/attach",
        "POST /api/v2/bulk/subscriber/package/detach",
        "GET /api/v2/customer/{customerId}/offer/created-offers",
    ];
    let document = generated();
    let there: Vec<_> = operations(&document).map(|(name, _)| name).collect();
    for path in PATHS {
        assert!(there.iter().any(|name| name == path), "{path}");
    }
}

#[test]
fn every_operation_shows_its_failures_and_has_a_name() {
    let document = generated();
    assert_eq!(document["openapi"], "3.1.0");
    let mut names = BTreeSet::new();
    for (path, operation) in operations(&document) {
        let name = operation["operationId"].as_str().unwrap_or_else(|| panic!("{path} has no operationId"));
        assert!(names.insert(name.to_owned()), "{name} is there twice");
        for (status, response) in operation["responses"].as_object().expect("responses") {
            if status.starts_with('2') {
                continue;
            }
            let examples = response["content"]["application/json"]["examples"].as_object();
            for (code, example) in examples.unwrap_or_else(|| panic!("{path} shows no {status}")) {
                let value = &example["value"];
                assert_eq!(value["errorCode"], json!(code), "{path}");
                assert_eq!((&value["content"], &value["pageable"]), (&json!(""), &json!("")), "{path}");
            }
        }
        assert!(operation["responses"]["503"].is_object(), "{path}");
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
