//! One bind: connecting, binding, the session's socket, and connecting again.

mod open;
mod serve;

use super::backoff::Backoff;
use super::link::Link;
use super::route::Route;
use async_trait::async_trait;
use muster_app::ports::{Entropy, Inbound};
use open::open;
use serve::serve;
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep};

const READ_BUFFER: usize = 16 << 10;

/// Octets both ways.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Makes connections.
#[async_trait]
pub(crate) trait Connect: Send + Sync {
    async fn connect(&self, host: &str, port: u16) -> io::Result<Box<dyn Stream>>;
}

/// Plain TCP.
#[derive(Debug)]
pub(crate) struct Tcp;

#[async_trait]
impl Connect for Tcp {
    async fn connect(&self, host: &str, port: u16) -> io::Result<Box<dyn Stream>> {
        let stream = TcpStream::connect((host, port)).await?;
        // A window of requests must not wait for the acknowledgement of the packet before.
        stream.set_nodelay(true)?;
        Ok(Box::new(stream))
    }
}

/// What every bind of a gateway shares.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) connect: Arc<dyn Connect>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) inbound: mpsc::Sender<Inbound>,
    /// Becomes true when the gateway closes.
    pub(crate) closing: watch::Receiver<bool>,
}

/// Why there is no session.
#[derive(Debug)]
struct NoSession {
    reason: String,
    credentials_refused: bool,
}

impl NoSession {
    fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), credentials_refused: false }
    }
}

/// How a session ended.
#[derive(Debug)]
enum End {
    /// As we wished.
    Closed,
    /// For this reason.
    Lost(String),
}

/// Keeps one bind of a route until the gateway closes.
pub(crate) async fn keep_bound(route: Arc<Route>, bind: usize, around: Surroundings) {
    let mut backoff = Backoff::default();
    let mut closing = around.closing.clone();
    loop {
        let opened = tokio::select! {
            biased;
            () = closed(&mut closing) => break,
            opened = async {
                route.may_try_credentials(bind).await;
                open(&route, &*around.connect).await
            } => opened,
        };
        let wait = match opened {
            Err(NoSession { reason, credentials_refused }) => {
                let wait = if credentials_refused {
                    Backoff::after_refused_credentials(&*around.entropy)
                } else {
                    backoff.next(&*around.entropy)
                };
                let wait_s = wait.as_secs();
                if credentials_refused {
                    tracing::error!(route = %route.name, bind, reason, wait_s, "credentials refused");
                } else {
                    tracing::warn!(route = %route.name, bind, reason, wait_s, "no session");
                }
                route.link_down(bind, reason, credentials_refused);
                wait
            }
            Ok((stream, heard)) => {
                let since = Instant::now();
                // Sequence number 1 was the bind's.
                let link = Arc::new(Link::new(Arc::clone(&route), bind, 2));
                route.link_up(bind, Arc::clone(&link));
                tracing::info!(route = %route.name, bind, "bound");
                let end = serve(stream, heard, &link, &around).await;
                let reason = match &end {
                    End::Closed => "closed".to_owned(),
                    End::Lost(reason) => reason.clone(),
                };
                route.link_down(bind, reason.clone(), false);
                link.close(&reason);
                if matches!(end, End::Closed) {
                    tracing::info!(route = %route.name, bind, "unbound");
                    return;
                }
                backoff.session_ended(since.elapsed());
                let wait = backoff.next(&*around.entropy);
                tracing::warn!(route = %route.name, bind, reason, wait_s = wait.as_secs(), "session lost");
                route.meters.reconnects.increment(1);
                wait
            }
        };
        tokio::select! {
            biased;
            () = closed(&mut closing) => break,
            () = sleep(wait) => {}
        }
    }
    route.link_down(bind, "closed".to_owned(), false);
}

/// Returns when the gateway closes, or is gone.
async fn closed(closing: &mut watch::Receiver<bool>) {
    // An error says that the gateway was dropped, which closes as well.
    let _ = closing.wait_for(|closing| *closing).await;
}
