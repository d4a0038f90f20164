//! Limits on JSON values that clients shape themselves.

use super::error::Reason;
use super::limits::JSON_LEVELS_MAX;
use serde_json::{Map, Value};

/// Checks nesting, NUL and size of a value; the size is that of its compact JSON form.
pub(super) fn check_value(value: &Value, bytes_max: usize) -> Result<usize, Reason> {
    let mut bytes = 0;
    walk(value, 1, &mut |size| {
        bytes += size;
        bytes <= bytes_max
    })
    .map_err(|reason| reason.unwrap_or(Reason::Bytes(bytes_max)))?;
    Ok(bytes)
}

/// Checks an object like a value.
pub(super) fn check_object(object: &Map<String, Value>, bytes_max: usize) -> Result<usize, Reason> {
    let mut bytes = 0;
    walk_object(object, 1, &mut |size| {
        bytes += size;
        bytes <= bytes_max
    })
    .map_err(|reason| reason.unwrap_or(Reason::Bytes(bytes_max)))?;
    Ok(bytes)
}

/// Refuses text with a NUL, or longer than `bytes_max`.
pub(super) fn check_text(text: &str, bytes_max: usize) -> Result<(), Reason> {
    if text.len() > bytes_max {
        return Err(Reason::Bytes(bytes_max));
    }
    if text.contains('\0') { Err(Reason::Nul) } else { Ok(()) }
}

/// `None` in the error means that `grow` refused. The depth is bounded by the limit itself.
type Walked = Result<(), Option<Reason>>;

fn walk(value: &Value, level: usize, grow: &mut impl FnMut(usize) -> bool) -> Walked {
    if level > JSON_LEVELS_MAX {
        return Err(Some(Reason::Levels(JSON_LEVELS_MAX)));
    }
    match value {
        Value::Null | Value::Bool(true) => count(4, grow),
        Value::Bool(false) => count(5, grow),
        Value::Number(number) => count(number.to_string().len(), grow),
        Value::String(text) => count_text(text, grow),
        Value::Array(items) => {
            count(2 + items.len().saturating_sub(1), grow)?;
            items.iter().try_for_each(|item| walk(item, level + 1, grow))
        }
        Value::Object(object) => walk_object(object, level, grow),
    }
}

fn walk_object(object: &Map<String, Value>, level: usize, grow: &mut impl FnMut(usize) -> bool) -> Walked {
    count(2 + object.len() + object.len().saturating_sub(1), grow)?;
    object.iter().try_for_each(|(key, value)| {
        count_text(key, grow)?;
        walk(value, level + 1, grow)
    })
}

fn count_text(text: &str, grow: &mut impl FnMut(usize) -> bool) -> Walked {
    if text.contains('\0') {
        return Err(Some(Reason::Nul));
    }
    let escapes: usize = text
        .bytes()
        .map(|byte| match byte {
            b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 8 | 12 => 1,
            0..32 => 5,
            _ => 0,
        })
        .sum();
    count(text.len() + escapes + 2, grow)
}

fn count(bytes: usize, grow: &mut impl FnMut(usize) -> bool) -> Walked {
    if grow(bytes) { Ok(()) } else { Err(None) }
}
