//! The engine of SIM campaigns with its routes, started and stopped.

use crate::config::Config;
use crate::failure::{Failure, Outcome};
use muster_app::Services;
use muster_app::ports::OsEntropy;
use muster_drivers::sms::SmppGateway;
use muster_engine::sim::SimEngine;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The running engine.
pub(super) struct Sims {
    stop: watch::Sender<bool>,
    running: JoinHandle<()>,
}

impl Sims {
    /// Connects the routes and begins to conduct.
    pub(super) fn start(config: &Config, services: &Arc<Services>) -> Outcome<Self> {
        let routes = config.sim.routes.clone();
        if !routes.is_empty() && services.settings.card_keys.is_none() {
            tracing::warn!(
                "sim.routes are given without sim.card_key: no card key can be used, so nothing will be sent"
            );
        }
        let gateway = SmppGateway::start(routes, Arc::new(OsEntropy))
            .map_err(|error| Failure::new("start the routes of sim.routes", error))?;
        let engine = SimEngine::new(Arc::clone(services), Arc::new(gateway), config.sim.engine());
        let (stop, stopped) = watch::channel(false);
        let running = tokio::spawn(Arc::new(engine).run(stopped));
        Ok(Self { stop, running })
    }

    /// Lets nothing new leave, and waits for the answers to what left, but not for longer than `grace`. What is
    /// still open then is found by its timers after the next start.
    pub(super) async fn stop(mut self, grace: Duration) {
        // The engine may have ended already.
        let _ = self.stop.send(true);
        if tokio::time::timeout(grace, &mut self.running).await.is_err() {
            tracing::warn!(
                "message centres did not answer in time; what is open goes on after the next start"
            );
            self.running.abort();
        }
    }
}
