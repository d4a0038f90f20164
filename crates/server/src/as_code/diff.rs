//! What is different between two documents, field by field.

use serde_json::{Map, Value};
use std::fmt;

/// Longest value that a line shows in full, in characters.
const SHOWN_MAX_CHARS: usize = 100;

/// One field that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Where, such as `behaviors[Five coffees].points`.
    pub path: String,
    /// What is there; `None` if nothing.
    pub before: Option<Value>,
    /// What shall be there; `None` if nothing.
    pub after: Option<Value>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => {
                write!(f, "~ {}: {} -> {}", self.path, short(before), short(after))
            }
            (None, Some(after)) => write!(f, "+ {}: {}", self.path, short(after)),
            (Some(before), None) => write!(f, "- {}: {}", self.path, short(before)),
            (None, None) => write!(f, "  {}", self.path),
        }
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= SHOWN_MAX_CHARS {
        return text;
    }
    let head: String = text.chars().take(SHOWN_MAX_CHARS).collect();
    format!("{head}…")
}

/// Everything that differs, in the order of the documents.
pub fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", Some(before), Some(after), &mut found);
    found
}

fn compare(path: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Difference>) {
    match (before, after) {
        (before, after) if before == after => {}
        (Some(Value::Object(before)), Some(Value::Object(after))) => objects(path, before, after, found),
        (Some(Value::Array(before)), Some(Value::Array(after))) if named(before) && named(after) => {
            lists(path, before, after, found);
        }
        (before, after) => {
            found.push(Difference { path: path.to_owned(), before: before.cloned(), after: after.cloned() });
        }
    }
}

fn objects(path: &str, before: &Map<String, Value>, after: &Map<String, Value>, found: &mut Vec<Difference>) {
    let gone = before.keys().filter(|key| !after.contains_key(*key));
    for key in after.keys().chain(gone) {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        compare(&path, before.get(key), after.get(key), found);
    }
}

/// Whether the elements are entities that can be told apart.
fn named(list: &[Value]) -> bool {
    list.iter().all(|element| label(element).is_some())
}

/// What an entity is called.
fn label(element: &Value) -> Option<&str> {
    ["name", "event", "id"].iter().find_map(|key| element.get(key)?.as_str())
}

fn same_entity(a: &Value, b: &Value) -> bool {
    match (a.get("id"), b.get("id")) {
        (Some(a), Some(b)) => a == b,
        _ => label(a) == label(b),
    }
}

fn lists(path: &str, before: &[Value], after: &[Value], found: &mut Vec<Difference>) {
    let mut left: Vec<&Value> = before.iter().collect();
    let mut order = Vec::new();
    for element in after {
        let label = label(element).unwrap_or_default();
        let path = format!("{path}[{label}]");
        let partner = left.iter().position(|other| same_entity(other, element));
        let partner = partner.map(|position| left.remove(position));
        if let Some(partner) = partner {
            order.push(before.iter().position(|other| std::ptr::eq(other, partner)));
        }
        compare(&path, partner, Some(element), found);
    }
    for gone in left {
        let label = label(gone).unwrap_or_default();
        compare(&format!("{path}[{label}]"), Some(gone), None, found);
    }
    if !order.is_sorted() {
        let names = |list: &[Value]| {
            let labels = list.iter().filter_map(label).map(Value::from);
            Some(Value::Array(labels.collect()))
        };
        found.push(Difference {
            path: format!("{path} (order)"),
            before: names(before),
            after: names(after),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn differences_are_told_by_field_and_name() {
        let before = json!({
            "name": "Coffee", "weight": 5, "status": "live", "targeting": {"user.tags": {"$in": ["a"]}},
            "behaviors": [
                {"id": 1, "name": "Five", "points": 5},
                {"id": 2, "name": "Ten", "points": 10},
            ],
        });
        let after = json!({
            "name": "Coffee", "status": "live", "targeting": {"user.tags": {"$in": ["a", "b"]}},
            "behaviors": [
                {"id": 2, "name": "Ten cups", "points": 10},
                {"id": 1, "name": "Five", "points": 7},
                {"name": "New", "points": 1},
            ],
            "qualify_tag": "a",
        });
        let lines: Vec<String> = differences(&before, &after).iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                r#"~ targeting.user.tags.$in: ["a"] -> ["a","b"]"#,
                r#"~ behaviors[Ten cups].name: "Ten" -> "Ten cups""#,
                r"~ behaviors[Five].points: 5 -> 7",
                r#"+ behaviors[New]: {"name":"New","points":1}"#,
                r#"~ behaviors (order): ["Five","Ten"] -> ["Ten cups","Five","New"]"#,
                r#"+ qualify_tag: "a""#,
                r"- weight: 5",
            ]
        );
        assert!(differences(&before, &before).is_empty());
    }

    #[test]
    fn long_values_are_cut() {
        let line = differences(&json!({"html": "x"}), &json!({"html": "y".repeat(500)}))[0].to_string();
        assert!(line.ends_with('…') && line.chars().count() < 130, "{line}");
    }
}
