//! What the process says while it runs: lines on standard error, for people or for collectors.
//!
//! Standard output is for what a command was asked to print. Neither ever carries secrets or personal data: the
//! HTTP faces log route patterns instead of paths, and messages name objects by id.

use crate::config::{Log, LogFormat};
use crate::failure::{Failure, Outcome};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// What libraries are chatty about, unless the settings ask for it by name. The SIP stack would write every message
/// down, with the numbers of who is called.
const QUIET: &str = "refinery_core=warn,rsipstack=warn";

/// Starts logging for the process and sends panics there, on one line and without a backtrace.
pub fn start(settings: &Log) -> Outcome<()> {
    let filter = EnvFilter::builder()
        .parse(format!("{QUIET},{}", settings.filter))
        .map_err(|error| Failure::new(format!("read the log filter {:?}", settings.filter), error))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match settings.format {
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(true).try_init(),
    };
    started.map_err(|error| Failure::new("start the log", error))?;
    std::panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or("a panic without text");
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic, which is a bug in Muster: {message}");
    }));
    Ok(())
}
