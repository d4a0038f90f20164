//! The listener: plain HTTP, or TLS when a certificate is configured; bounded in connections and in patience.

use super::front::{Acceptance, Front};
use crate::config;
use crate::failure::{Failure, Outcome};
use axum_server::Handle;
use axum_server::accept::{Accept, NoDelayAcceptor};
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use hyper_util::rt::TokioTimer;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// Connections that may wait for the accept loop; more than the usual 128, for clients that open many at once.
const BACKLOG: u32 = 1024;
/// Most bytes a request's head may have.
const HEAD_MAX_BYTES: usize = 64 * 1024;
/// How long a TLS handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Takes the address.
pub(super) fn bind(settings: &config::Server) -> Outcome<TcpListener> {
    let address = settings.listen;
    let listen = || -> io::Result<TcpListener> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // A restart must not wait for connections of the process before it; two listeners stay impossible.
        #[cfg(unix)]
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    listen().map_err(|error| {
        let failure = Failure::new(format!("listen on {address}"), &error);
        match error.kind() {
            io::ErrorKind::AddrInUse => failure
                .advise("stop the program that uses the port, or choose another by --listen ADDRESS:PORT"),
            io::ErrorKind::PermissionDenied => failure
                .advise("ports below 1024 need privileges; choose a higher one by --listen ADDRESS:PORT"),
            io::ErrorKind::AddrNotAvailable => failure
                .advise("this machine does not have the address; choose another by --listen ADDRESS:PORT"),
            _ => failure,
        }
    })
}

/// Reads certificate and key, if the settings name them.
pub fn tls(settings: &config::Server) -> Outcome<Option<RustlsConfig>> {
    let (Some(certificate), Some(key)) = (&settings.tls_certificate, &settings.tls_key) else {
        return Ok(None);
    };
    let chain = read_chain(certificate)?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| {
        Failure::new(format!("read the TLS key {}", key.display()), error)
            .advise("server.tls_key names a PEM file with one unencrypted private key")
    })?;
    let provider = Arc::new(ring::default_provider());
    let mut tls = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::new("set up TLS", error))?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(|error| {
            Failure::new(format!("use the TLS certificate {}", certificate.display()), error)
                .advise("the key must belong to the first certificate of the chain")
        })?;
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some(RustlsConfig::from_config(Arc::new(tls))))
}

fn read_chain(path: &Path) -> Outcome<Vec<CertificateDer<'static>>> {
    let failed = |reason: String| {
        Failure::new(format!("read the TLS certificate {}", path.display()), reason).advise(
            "server.tls_certificate names a PEM file with the chain, the server's own certificate first",
        )
    };
    let chain = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| failed(error.to_string()))?;
    if chain.is_empty() { Err(failed("it holds no certificate".to_owned())) } else { Ok(chain) }
}

/// Serves until the handle ends it.
pub(super) async fn serve(
    listener: TcpListener,
    tls: Option<RustlsConfig>,
    settings: &config::Server,
    front: Arc<Front>,
    handle: Handle<SocketAddr>,
) -> io::Result<()> {
    match tls {
        None => run(listener, NoDelayAcceptor::new(), settings, front, handle).await,
        Some(tls) => {
            let acceptor = RustlsAcceptor::new(tls)
                .handshake_timeout(HANDSHAKE_TIMEOUT)
                .acceptor(NoDelayAcceptor::new());
            run(listener, acceptor, settings, front, handle).await
        }
    }
}

async fn run<A>(
    listener: TcpListener,
    acceptor: A,
    settings: &config::Server,
    front: Arc<Front>,
    handle: Handle<SocketAddr>,
) -> io::Result<()>
where
    A: Accept<TcpStream, super::front::Connection, Service = super::front::Connection>
        + Clone
        + Send
        + Sync
        + 'static,
    A::Stream: AsyncRead + AsyncWrite + Unpin + Send,
    A::Future: Send,
{
    // HTTP/1 only: waiting for the first bytes to tell the versions apart would have no time limit.
    let mut server =
        axum_server::Server::from_listener(listener).acceptor(acceptor).handle(handle).http1_only();
    server
        .http_builder()
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(settings.header_timeout_ms))
        .max_buf_size(HEAD_MAX_BYTES)
        .pipeline_flush(true);
    server.serve(Acceptance(front)).await
}
