//! What a command prints.

use std::io::Write as _;

/// Prints to standard output. Whoever closed it does not want to know, and that is no reason to fail.
pub fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

/// Says a line on standard error, under the same rule.
pub fn tell(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
