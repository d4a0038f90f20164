//! SIP over TCP and TLS (RFC 3261 §18, §26.2).

use super::core::{Link, Wire};
use super::server::Shared;
use super::sip::message::{Framed, frame};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Duration;
use tokio_rustls::TlsAcceptor;

/// The connections of TLS have this bit in their numbers.
const TLS_NUMBERS: u64 = 1 << 63;
/// Messages that wait to be written to one connection.
const QUEUE_MAX: usize = 1_024;
/// A connection that says nothing for so long is closed.
const IDLE: Duration = Duration::from_hours(1);

/// A connection that has not shaken hands by then is closed.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// What connections begin with.
#[derive(Clone)]
pub(super) enum Door {
    Tcp,
    Tls(TlsAcceptor),
}

pub(super) async fn listen(
    listener: TcpListener,
    door: Door,
    shared: Arc<Shared>,
    connections_max: usize,
    mut stopped: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    let mut number = 0;
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < connections_max.max(1) => match accepted {
                Ok((stream, peer)) => {
                    number += 1;
                    let _ = stream.set_nodelay(true);
                    let (shared, stopped) = (Arc::clone(&shared), stopped.clone());
                    match door.clone() {
                        Door::Tcp => {
                            let link = Link::Stream(number, peer, Wire::Tcp);
                            connections.spawn(serve(stream, number, link, shared, stopped));
                        }
                        Door::Tls(acceptor) => {
                            // Numbers of the two doors do not meet.
                            let number = number | TLS_NUMBERS;
                            let link = Link::Stream(number, peer, Wire::Tls);
                            connections.spawn(async move {
                                let shaken = tokio::time::timeout(HANDSHAKE_MAX, acceptor.accept(stream)).await;
                                if let Ok(Ok(stream)) = shaken {
                                    serve(stream, number, link, shared, stopped).await;
                                }
                            });
                        }
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    // Out of file descriptors, most likely: it helps to wait a little.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_) = connections.join_next() => {}
            _ = stopped.changed() => break,
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite,
    number: u64,
    link: Link,
    shared: Arc<Shared>,
    mut stopped: watch::Receiver<bool>,
) {
    let (sender, mut queue) = mpsc::channel(QUEUE_MAX);
    shared.streams.lock().insert(number, sender);
    let (mut reader, mut writer) = tokio::io::split(stream);
    let mut octets = Vec::with_capacity(4_096);
    loop {
        tokio::select! {
            read = reader.read_buf(&mut octets) => {
                if !matches!(read, Ok(1..)) || !take_messages(&mut octets, number, link, &shared) {
                    break;
                }
            }
            message = queue.recv() => {
                let Some(message) = message else { break };
                if writer.write_all(&message).await.is_err() || writer.flush().await.is_err() {
                    break;
                }
            }
            () = tokio::time::sleep(IDLE) => break,
            _ = stopped.changed() => break,
        }
    }
    shared.streams.lock().remove(&number);
}

/// Takes whole messages off the beginning. Whether the stream is of use any more.
fn take_messages(octets: &mut Vec<u8>, number: u64, link: Link, shared: &Arc<Shared>) -> bool {
    loop {
        let length = match frame(octets) {
            Framed::More => return true,
            Framed::Broken => {
                shared.work(|core, _| core.note_malformed());
                return false;
            }
            Framed::KeepAlive(length) => {
                // A double line break asks for one (RFC 5626 §4.4.1).
                let asked = length >= 4;
                if asked && let Some(stream) = shared.streams.lock().get(&number) {
                    let _ = stream.try_send(b"\r\n".to_vec());
                }
                octets.drain(..length);
                continue;
            }
            Framed::Message(length) => length,
        };
        shared.work(|core, now_ms| core.receive(now_ms, link, &octets[..length]));
        octets.drain(..length);
    }
}
