//! The limits of a targeting query (contract rule T9).

use super::error::Reason;
use serde_json::Value;
use std::io;

/// Nested objects and arrays, the query itself being the first level.
pub const LEVELS_MAX: usize = 64;

/// Bytes of a query: of the text as given, or of the compact JSON of a value.
pub const BYTES_MAX: usize = 64 * 1024;

/// Refuses a value beyond the limits. Levels come first, so that nothing that recurses sees a deeper value.
pub(super) fn check(value: &Value) -> Result<(), Reason> {
    if !is_shallow(value, LEVELS_MAX) {
        return Err(Reason::TooDeep);
    }
    let mut room = Room(BYTES_MAX);
    serde_json::to_writer(&mut room, value).map_err(|_| Reason::TooLarge)
}

fn is_shallow(value: &Value, levels_left: usize) -> bool {
    match value {
        Value::Array(items) => levels_left > 0 && items.iter().all(|item| is_shallow(item, levels_left - 1)),
        Value::Object(map) => levels_left > 0 && map.values().all(|item| is_shallow(item, levels_left - 1)),
        _ => true,
    }
}

/// A writer that keeps nothing and fails when more is written than there is room for.
struct Room(usize);

impl io::Write for Room {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::FileTooLarge)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
