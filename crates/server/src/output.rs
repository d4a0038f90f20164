//! What a command prints.

use std::io::Write as _;

/// Prints to standard output. Whoever closed it does not want to know, and that is no reason to fail.
pub fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}
