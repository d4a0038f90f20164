//! The committed documents are what the code says, and what generated clients and readers need of them is there.

use super::Face;
use clap::ValueEnum;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

const METHODS: [&str; 8] = ["get", "post", "put", "delete", "options", "head", "patch", "trace"];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../openapi")
}

/// Every face with its name on the command line, which is the name of its file.
fn faces() -> impl Iterator<Item = (String, String)> {
    Face::value_variants().iter().map(|face| {
        let name = face.to_possible_value().expect("every face can be asked for").get_name().to_owned();
        (name, face.document().expect("the document can be written"))
    })
}

/// `(face, METHOD path, operation)` of every operation.
fn operations() -> Vec<(String, String, Value)> {
    let mut found = Vec::new();
    for (face, text) in faces() {
        let document: Value = serde_json::from_str(&text).unwrap();
        for (path, item) in document["paths"].as_object().expect("a face has paths") {
            for (method, operation) in item.as_object().expect("a path has operations") {
                if METHODS.contains(&method.as_str()) {
                    found.push((face.clone(), format!("{method} {path}"), operation.clone()));
                }
            }
        }
    }
    assert!(found.len() >= 30, "only {} operations: the faces have more", found.len());
    found
}

#[test]
fn the_committed_documents_are_what_the_code_says() {
    let mut expected = BTreeSet::new();
    for (name, text) in faces() {
        let file = format!("{name}.json");
        let committed = fs::read_to_string(folder().join(&file)).unwrap_or_default();
        // Not assert_eq: a thousand lines of difference would hide the one sentence that helps.
        assert!(
            committed == text,
            "openapi/{file} is not what the code says. Write it anew, look at the difference and commit it:\n    \
             cargo run -p muster-server -- openapi --face {name} > openapi/{file}"
        );
        expected.insert(file);
    }
    let present: BTreeSet<String> = fs::read_dir(folder())
        .expect("openapi/ can be listed")
        .map(|entry| entry.expect("the entry can be read").file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(present, expected, "each file in openapi/ belongs to a face");
}

#[test]
fn operation_ids_are_unique_in_a_face_and_spelled_alike() {
    let mut seen = BTreeMap::new();
    for (face, place, operation) in operations() {
        let id =
            operation["operationId"].as_str().unwrap_or_else(|| panic!("{face}: {place} has no operationId"));
        let well_spelled = id.starts_with(|first: char| first.is_ascii_lowercase())
            && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        assert!(well_spelled, "{face}: {place}: {id} is not in lower case with underscores");
        if let Some(other) = seen.insert((face.clone(), id.to_owned()), place.clone()) {
            panic!("{face}: {place} and {other} share the operationId {id}");
        }
    }
}

#[test]
fn every_operation_says_what_it_does_and_shows_how_it_refuses() {
    for (face, place, operation) in operations() {
        let says = operation["summary"].as_str().or(operation["description"].as_str()).unwrap_or_default();
        assert!(!says.trim().is_empty(), "{face}: {place} has no description");
        let responses = operation["responses"].as_object().expect("an operation has responses");
        let refusals: Vec<_> = responses.iter().filter(|(status, _)| status.starts_with('4')).collect();
        assert!(!refusals.is_empty(), "{face}: {place} documents no refusal");
        for (status, response) in refusals {
            let contents = response["content"].as_object().cloned().unwrap_or_default();
            let shown = contents
                .values()
                .any(|content| !content["example"].is_null() || !content["examples"].is_null());
            assert!(shown, "{face}: {place}: {status} has no example");
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str));
                members.values().for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    for (face, text) in faces() {
        let document: Value = serde_json::from_str(&text).unwrap();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(!found.is_empty(), "{face} refers to no schema");
        for reference in found {
            let pointer = reference.strip_prefix('#').expect("references stay in the document");
            assert!(document.pointer(pointer).is_some(), "{face}: {reference} leads nowhere");
        }
    }
}

#[test]
fn every_required_credential_is_described() {
    for (face, text) in faces() {
        let document: Value = serde_json::from_str(&text).unwrap();
        let none = Map::new();
        let described = document["components"]["securitySchemes"].as_object().unwrap_or(&none);
        for (_, place, operation) in operations().into_iter().filter(|(of, _, _)| *of == face) {
            for requirement in operation["security"].as_array().into_iter().flatten() {
                for scheme in requirement.as_object().expect("a requirement names schemes").keys() {
                    assert!(described.contains_key(scheme), "{face}: {place}: {scheme} is not described");
                }
            }
        }
    }
}
