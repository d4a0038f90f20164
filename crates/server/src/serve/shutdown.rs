//! When to stop.

use crate::failure::{Failure, Outcome};

/// What a second signal leaves as the exit code: the shell's convention for an interrupted program.
const INTERRUPTED: i32 = 130;

/// The signals that ask the process to stop.
pub(crate) struct StopSignals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl StopSignals {
    /// Listens from now on, so that a signal during the start is not lost.
    #[cfg(unix)]
    pub(crate) fn listen() -> Outcome<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| signal(kind).map_err(|error| Failure::new("listen for signals", error));
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    /// Listens from now on, so that a signal during the start is not lost.
    #[cfg(not(unix))]
    pub(crate) fn listen() -> Outcome<Self> {
        Ok(Self {})
    }

    /// Resolves with the signal's name when one comes.
    #[cfg(unix)]
    pub(crate) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }

    /// Resolves with the signal's name when one comes.
    #[cfg(not(unix))]
    pub(crate) async fn next(&mut self) -> &'static str {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        "Ctrl-C"
    }

    /// From now on one more signal ends the process at once.
    pub(super) fn end_at_next(mut self) {
        tokio::spawn(async move {
            let signal = self.next().await;
            tracing::warn!(signal, "asked a second time to stop: ending at once");
            std::process::exit(INTERRUPTED);
        });
    }
}
