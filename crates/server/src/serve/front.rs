//! What a connection talks to: the operations pages from the first moment, and the faces once they are ready.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::future::RouteFuture;
use hyper::body::Incoming;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::Service;

/// The routers of the process. The listener opens before the store does, so that a supervisor sees a process that
/// starts and not one that hangs.
#[derive(Debug)]
pub(super) struct Front {
    starting: Router,
    ready: OnceLock<Router>,
    connections: Arc<Semaphore>,
}

impl Front {
    /// Answers with `starting` until [`Front::open`] is called; holds at most `connections_max` connections.
    pub(super) fn new(starting: Router, connections_max: usize) -> Arc<Self> {
        let connections = Arc::new(Semaphore::new(connections_max.min(Semaphore::MAX_PERMITS)));
        Arc::new(Self { starting, ready: OnceLock::new(), connections })
    }

    /// From now on `router` answers, on open connections too.
    pub(super) fn open(&self, router: Router) {
        // Called once by the start-up; a second call would change nothing.
        self.ready.get_or_init(|| router);
    }

    fn router(&self) -> &Router {
        self.ready.get().unwrap_or(&self.starting)
    }
}

/// Makes a [`Connection`] for each accepted one, or refuses it.
#[derive(Debug, Clone)]
pub(super) struct Acceptance(pub(super) Arc<Front>);

/// As many connections as allowed are open.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("as many connections as allowed are open")]
pub(super) struct TooManyConnections;

impl Service<SocketAddr> for Acceptance {
    type Response = Connection;
    type Error = TooManyConnections;
    type Future = Ready<Result<Connection, TooManyConnections>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), TooManyConnections>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _peer: SocketAddr) -> Self::Future {
        let place = Arc::clone(&self.0.connections).try_acquire_owned();
        ready(place.map_or_else(
            |_| {
                metrics::counter!("muster_connections_refused_total").increment(1);
                Err(TooManyConnections)
            },
            |permit| Ok(Connection { front: Arc::clone(&self.0), _permit: Arc::new(permit) }),
        ))
    }
}

/// One connection's service; holds its place among the connections as long as it lives.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    front: Arc<Front>,
    _permit: Arc<OwnedSemaphorePermit>,
}

impl Service<Request<Incoming>> for Connection {
    type Response = Response;
    type Error = Infallible;
    type Future = RouteFuture<Infallible>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        // A router is one counted pointer; the clone is cheaper than holding it mutably.
        self.front.router().clone().call(request.map(Body::new))
    }
}
