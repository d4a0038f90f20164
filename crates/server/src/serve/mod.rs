//! `muster serve`: everything assembled into one process, and taken apart again in order.

mod calls;
mod front;
mod greeting;
mod listener;
mod operations;
mod reference;
mod shutdown;
mod sims;

use crate::config::{self, Config};
use crate::demo::{self, DemoCredentials};
use crate::failure::{Failure, Outcome};
use crate::{open_files, output, services};
use axum::Router;
use axum_server::Handle;
use calls::Calls;
use front::Front;
use muster_api_connectivity::ConnectivityState;
use muster_api_dialler::DiallerState;
use muster_api_engagement::EngagementState;
use muster_app::Services;
use muster_engine::calls::keep_up_forever;
use muster_engine::{Worker, WorkerSettings, sweep_forever};
use muster_peers::smsc::Smsc;
use muster_web::metrics;
use operations::Operations;
pub(crate) use shutdown::StopSignals;
use sims::Sims;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

pub use listener::tls;

/// Serves until a signal asks to stop. Everything accepted is answered, and everything acknowledged is in the
/// store, when this returns. `with_demo` loads the demo organization before the first request is let in.
pub async fn serve(config: &Config, with_demo: bool) -> Outcome<()> {
    let mut signals = StopSignals::listen()?;
    let recorder = metrics::install();
    ::metrics::gauge!("muster_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    let needed = open_files::needed(config.server.max_connections);
    if let Some(limit) = open_files::raise().filter(|limit| *limit < needed) {
        tracing::warn!(limit, needed, "fewer files may be open than server.max_connections needs");
    }
    let tls = listener::tls(&config.server)?;
    let socket = listener::bind(&config.server)?;
    let bound = socket.local_addr().map_err(|error| Failure::new("learn the bound address", error))?;
    let operations = Operations::new(recorder.clone());
    let front = Front::new(operations.starting_router(), config.server.max_connections as usize);
    let handle = Handle::new();
    let serving = {
        let (front, handle, settings) = (Arc::clone(&front), handle.clone(), config.server.clone());
        tokio::spawn(async move { listener::serve(socket, tls, &settings, front, handle).await })
    };

    let (services, demo) = tokio::select! {
        started = start(config, bound, with_demo) => started?,
        signal = signals.next() => {
            tracing::info!(signal, "asked to stop while starting");
            handle.shutdown();
            return Ok(());
        }
    };
    // The demo's cards are behind a simulated message centre, which lives as long as the server.
    let (centre, sims) = match start_sims(config, &services, with_demo).await {
        Ok(started) => started,
        Err(failure) => {
            services.store.close().await;
            return Err(failure);
        }
    };
    let calls = match Calls::start(config, &services).await {
        Ok(started) => started,
        Err(failure) => {
            sims.stop(Duration::ZERO).await;
            services.store.close().await;
            return Err(failure);
        }
    };
    let mut background = background(config, &services, recorder);
    // Ready is said only once the faces answer.
    front.open(router(config, &services, &operations));
    operations.started(Arc::clone(&services));
    tracing::info!(address = %bound, tls = config.server.uses_tls(), "ready");
    output::print(&match &demo {
        Some(demo) => greeting::demo(config, bound, demo),
        None => greeting::text(config, bound, &services),
    });

    let mut serving = serving;
    let ended = tokio::select! {
        signal = signals.next() => {
            tracing::info!(signal, grace_ms = config.server.shutdown_grace_ms, "asked to stop");
            None
        }
        ended = &mut serving => Some(ended),
    };
    signals.end_at_next();
    operations.stopping();
    let result = match ended {
        // The listener ends by itself only when it fails.
        Some(ended) => listener_result(ended, bound),
        None => stop_listener(config, &handle, serving, bound).await,
    };
    let grace = Duration::from_millis(config.server.shutdown_grace_ms);
    tokio::join!(sims.stop(grace), calls.stop(grace));
    if let Some(centre) = centre {
        centre.stop().await;
    }
    background.shutdown().await;
    services.store.close().await;
    tracing::info!("stopped");
    result
}

async fn start_sims(
    config: &Config,
    services: &Arc<Services>,
    with_demo: bool,
) -> Outcome<(Option<Smsc>, Sims)> {
    let mut config = config.clone();
    let centre = if with_demo { Some(demo::centre(&mut config).await?) } else { None };
    Ok((centre, Sims::start(&config, services)?))
}

async fn start(
    config: &Config,
    bound: SocketAddr,
    with_demo: bool,
) -> Outcome<(Arc<Services>, Option<DemoCredentials>)> {
    let services = services::start(config, config.server.base_url(bound)).await?;
    if !with_demo {
        return Ok((services, None));
    }
    match demo::load(&services).await {
        Ok(loaded) => Ok((services, Some(loaded))),
        Err(failure) => {
            services.store.close().await;
            Err(failure)
        }
    }
}

async fn stop_listener(
    config: &Config,
    handle: &Handle<SocketAddr>,
    serving: tokio::task::JoinHandle<std::io::Result<()>>,
    bound: SocketAddr,
) -> Outcome<()> {
    handle.graceful_shutdown(Some(Duration::from_millis(config.server.shutdown_grace_ms)));
    let ended = serving.await;
    let cut = handle.connection_count();
    if cut > 0 {
        tracing::warn!(connections = cut, "the grace ran out before these connections had their answers");
    }
    listener_result(ended, bound)
}

fn listener_result(
    ended: Result<std::io::Result<()>, tokio::task::JoinError>,
    bound: SocketAddr,
) -> Outcome<()> {
    let failed = |reason: String| Failure::new(format!("go on listening on {bound}"), reason);
    match ended {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(failed(error.to_string())),
        Err(error) => Err(failed(error.to_string())),
    }
}

/// The faces and the operations pages, side by side.
fn router(config: &Config, services: &Arc<Services>, operations: &Operations) -> Router {
    let case = match config.engagement.error_code_case {
        config::ErrorCodeCase::Documented => muster_api_engagement::ErrorCodeCase::Documented,
        config::ErrorCodeCase::Lower => muster_api_engagement::ErrorCodeCase::Lower,
    };
    let limits = config.server.limits();
    let connectivity = ConnectivityState::new(Arc::clone(services), limits);
    let dialler = DiallerState::new(Arc::clone(services), limits);
    let engagement = EngagementState::new(Arc::clone(services), case, limits);
    operations
        .router()
        .merge(reference::router())
        .merge(muster_api_management::router(Arc::clone(services), limits))
        .merge(muster_api_connectivity::router(&connectivity))
        .merge(muster_api_dialler::router(&dialler))
        // The face that answers whatever no other part knows.
        .merge(muster_api_engagement::router(&engagement))
}

/// The work that happens by itself. Dropping the set ends it; what it claimed falls to others by lease.
fn background(config: &Config, services: &Arc<Services>, recorder: metrics::Recorder) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    let poll = Duration::from_millis(config.engine.poll_interval_ms);
    let following = Arc::clone(services);
    tasks.spawn(async move { following.catalog.follow(poll).await });
    let settings = WorkerSettings {
        lease: Duration::from_millis(config.engine.job_lease_ms),
        poll,
        ..WorkerSettings::default()
    };
    for _ in 0..config.engine.job_workers {
        let worker = Worker::new(Arc::clone(services), settings);
        tasks.spawn(async move { worker.run().await });
    }
    tasks.spawn(keep_up_forever(Arc::clone(services)));
    let sweeping = Arc::clone(services);
    let interval = Duration::from_secs(config.engine.sweep_interval_s);
    let retention = Duration::from_secs(config.engine.reply_retention_s);
    tasks.spawn(async move { sweep_forever(&sweeping, interval, retention).await });
    tasks.spawn(async move {
        loop {
            tokio::time::sleep(metrics::UPKEEP_INTERVAL).await;
            recorder.upkeep();
        }
    });
    tasks
}
