//! The OpenAPI document says what clients need. That the repository holds the generated one is checked where it is
//! printed.

use muster_api_dialler::openapi;
use serde_json::Value;
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
    const PATHS: [&str; 26] = [
        "GET /campaigns",
        "GET /campaigns/{DiallerCampaignsID}",
        "GET /campaigns/campaign/{DiallerCampaignsID}",
        "GET /campaigns/campaign",
        "GET /campaigns/campaign/{DiallerCampaignsID}/resultCodes",
        "POST /campaigns/clone",
        "DELETE /campaigns/campaign/{DiallerCampaignsID}",
        "DELETE /campaigns/campaign",
        "GET /contacts",
        "GET /contacts/{DiallerContactsID}",
        "GET /contacts/contact",
        "POST /contacts/import",
        "DELETE /contacts/contact/{DiallerContactsID}",
        "DELETE /contacts/contact",
        "PUT /contacts/contact/{DiallerContactsID}/lock",
        "PUT /contacts/contact/{DiallerContactsID}/unlock",
        "PUT /contacts/contact/{DiallerContactsID}/result",
        "GET /contacts/contact/{DiallerContactsID}/attempts",
        "POST /agents/next",
        "POST /campaigns",
        "PUT /campaigns/campaign/{DiallerCampaignsID}",
        "PUT /campaigns/campaign/{DiallerCampaignsID}/start",
        "PUT /campaigns/campaign/{DiallerCampaignsID}/stop",
        "POST /campaigns/campaign/{DiallerCampaignsID}/resultCodes",
        "PUT /campaigns/campaign/{DiallerCampaignsID}/resultCodes/{DiallerCampaignsResultCodesID}",
        "DELETE /campaigns/campaign/{DiallerCampaignsID}/resultCodes/{DiallerCampaignsResultCodesID}",
    ];
    let document = generated();
    let there: Vec<_> = operations(&document).map(|(name, _)| name).collect();
    for path in PATHS {
        assert!(there.contains(&path.replacen(' ', " /rest/v1.0/{ClientsID}/dialler", 1)), "{path}");
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
            for example in examples.unwrap_or_else(|| panic!("{path} shows no {status}")).values() {
                let value = &example["value"];
                assert_eq!(value["status"].to_string(), *status, "{path}");
                assert!(value["error"].is_string(), "{path}");
            }
        }
        assert!(operation["responses"]["500"].is_object(), "{path}");
        assert!(operation["responses"]["401"].is_object(), "{path}");
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
