//! The engine of call campaigns with its telephone lines, started and stopped.

use crate::config::Config;
use crate::failure::{Failure, Outcome};
use muster_app::Services;
use muster_drivers::sip::SipTelephony;
use muster_engine::calls::{CallEngine, StoredAgents};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long calls that are hung up may take to end.
const HANG_UP_MAX: Duration = Duration::from_secs(2);

/// The running engine; nothing where this node places no calls.
pub(super) struct Calls(Option<Running>);

struct Running {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    telephony: Arc<SipTelephony>,
}

impl Calls {
    /// Opens the lines and begins to conduct, where the settings say so.
    pub(super) async fn start(config: &Config, services: &Arc<Services>) -> Outcome<Self> {
        if !config.calls.enabled {
            return Ok(Self(None));
        }
        let directory = Arc::new(StoredAgents::new(Arc::clone(services)));
        let telephony = SipTelephony::start(config.calls.sip(), directory)
            .await
            .map_err(|error| Failure::new("open the telephone lines of calls.trunks", error))?;
        let telephony = Arc::new(telephony);
        let lines: Arc<SipTelephony> = Arc::clone(&telephony);
        let engine = CallEngine::new(Arc::clone(services), lines, config.calls.engine());
        services.open_desk(Arc::new(engine.desk()));
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(engine.run(stopped));
        Ok(Self(Some(Running { stop, task, telephony })))
    }

    /// Lets nothing new be dialled, and waits for the calls that last, but not for longer than `grace`. What is up then
    /// is hung up, and closed as of unknown end after the next start.
    pub(super) async fn stop(self, grace: Duration) {
        let Some(mut running) = self.0 else { return };
        // The engine may have ended already.
        let _ = running.stop.send(true);
        if tokio::time::timeout(grace, &mut running.task).await.is_err() {
            tracing::warn!("calls outlasted the grace and are hung up");
            running.task.abort();
        }
        running.telephony.stop(HANG_UP_MAX).await;
    }
}
