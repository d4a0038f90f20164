//! One bind: connecting, binding, the session's socket, and connecting again.

use super::backoff::Backoff;
use super::link::{Answers, Heard, Link};
use super::pdu::read::{self, BadLength};
use super::pdu::{Header, id, write};
use super::route::{Next, Route};
use super::status;
use async_trait::async_trait;
use bytes::{Buf, BytesMut};
use muster_app::ports::Entropy;
use muster_app::ports::Inbound;
use rusmpp_core::CommandStatus;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// How long reading pauses for a receiver that has no room. It must stay well below the patience of a centre with its
/// own `enquire_link`.
const INBOUND_PAUSE: Duration = Duration::from_secs(5);
/// How long the centre may take to agree to part.
const UNBIND_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the last octets of a session may take.
const LAST_WORDS_TIMEOUT: Duration = Duration::from_secs(1);
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
            opened = open(&route, &*around.connect) => opened,
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

/// Connects and binds.
async fn open(route: &Route, connect: &dyn Connect) -> Result<(Box<dyn Stream>, BytesMut), NoSession> {
    let settings = &route.settings;
    let patience = Duration::from_secs(settings.bind_timeout_s.into());
    let mut stream = match timeout(patience, connect.connect(&settings.host, settings.port)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(NoSession::new(format!("cannot connect: {error}"))),
        Err(_) => {
            return Err(NoSession::new(format!("cannot connect within {} s", settings.bind_timeout_s)));
        }
    };
    match timeout(patience, bind(route, &mut stream)).await {
        Ok(bound) => bound.map(|heard| (stream, heard)),
        Err(_) => Err(NoSession::new(format!("no answer to the bind within {} s", settings.bind_timeout_s))),
    }
}

/// Binds; gives what came behind the answer.
async fn bind(route: &Route, stream: &mut Box<dyn Stream>) -> Result<BytesMut, NoSession> {
    const SEQUENCE: u32 = 1;
    let lost = |error: io::Error| NoSession::new(format!("lost while binding: {error}"));
    let mut out = zeroize::Zeroizing::new(Vec::new());
    route.writer.bind(SEQUENCE, &mut out).map_err(|error| NoSession::new(error.to_string()))?;
    stream.write_all(&out).await.map_err(lost)?;
    let mut buffer = BytesMut::with_capacity(READ_BUFFER);
    loop {
        match read::frame(&buffer) {
            Err(BadLength { length, .. }) => {
                return Err(NoSession::new(format!("answers the bind with a PDU of {length} octets")));
            }
            Ok(None) => {
                if stream.read_buf(&mut buffer).await.map_err(lost)? == 0 {
                    return Err(NoSession::new("the centre closed the connection while binding"));
                }
            }
            Ok(Some((header, body))) => {
                let length = super::pdu::HEADER_LEN + body.len();
                let Header { id, status, sequence } = header;
                match id {
                    id::BIND_TRANSCEIVER_RESP | id::GENERIC_NACK if status != 0 => {
                        return Err(NoSession {
                            reason: format!("the bind was refused: {}", status::describe(status)),
                            credentials_refused: status::refuses_credentials(status),
                        });
                    }
                    id::BIND_TRANSCEIVER_RESP if sequence == SEQUENCE => {
                        buffer.advance(length);
                        return Ok(buffer);
                    }
                    id::ENQUIRE_LINK => {
                        let mut answer = Vec::new();
                        write::enquire_link_resp(sequence, &mut answer);
                        stream.write_all(&answer).await.map_err(lost)?;
                    }
                    _ if id::is_response(id) || id == id::OUTBIND => {}
                    _ => {
                        let mut answer = Vec::new();
                        write::generic_nack(sequence, CommandStatus::EsmeRinvbndsts, &mut answer);
                        stream.write_all(&answer).await.map_err(lost)?;
                    }
                }
                buffer.advance(length);
            }
        }
    }
}

/// A bound session, from its first octet to its last.
async fn serve(stream: Box<dyn Stream>, heard: BytesMut, link: &Arc<Link>, around: &Surroundings) -> End {
    let (reader, mut writer) = tokio::io::split(stream);
    let end = tokio::select! {
        end = listen(reader, heard, link, &around.inbound) => end,
        end = speak(&mut writer, link) => end,
        end = watch_time(link) => end,
        end = part(link, around.closing.clone()) => end,
    };
    let rest = link.last_words();
    if !rest.is_empty() {
        // The peer may be gone; then there is nobody to hear it.
        let _ = timeout(LAST_WORDS_TIMEOUT, writer.write_all(&rest)).await;
    }
    let _ = timeout(LAST_WORDS_TIMEOUT, writer.shutdown()).await;
    end
}

/// Reads until the session ends.
async fn listen(
    mut reader: impl AsyncRead + Unpin,
    mut buffer: BytesMut,
    link: &Arc<Link>,
    inbound: &mpsc::Sender<Inbound>,
) -> End {
    let mut hand_out = HandOut { link, inbound, stalled: false };
    let mut answers = Answers::default();
    loop {
        let mut read = 0;
        loop {
            match read::frame(&buffer[read..]) {
                Ok(None) => break,
                Err(BadLength { length, sequence }) => {
                    link.tell(&mut answers);
                    link.refuse_length(sequence);
                    return End::Lost(format!("the centre sent a PDU of {length} octets"));
                }
                Ok(Some((header, body))) => {
                    read += super::pdu::HEADER_LEN + body.len();
                    match link.hear(header, body, &mut answers) {
                        Heard::Nothing => {}
                        Heard::Message { first, second, token } => {
                            if !hand_out.has_room(1 + usize::from(second.is_some())) {
                                link.tell(&mut answers);
                            }
                            hand_out.message(first, second, token).await;
                        }
                        Heard::End(reason) => {
                            link.tell(&mut answers);
                            return End::Lost(reason);
                        }
                    }
                }
            }
        }
        link.tell(&mut answers);
        buffer.advance(read);
        buffer.reserve(READ_BUFFER);
        match reader.read_buf(&mut buffer).await {
            Ok(0) => return End::Lost("the centre closed the connection".to_owned()),
            Ok(_) => link.heard(),
            Err(error) => return End::Lost(format!("cannot read: {error}")),
        }
    }
}

/// Hands messages out to whoever stores them.
struct HandOut<'a> {
    link: &'a Arc<Link>,
    inbound: &'a mpsc::Sender<Inbound>,
    /// The receiver had no room for a whole pause: what comes is put off at once until it has, so that the centre's
    /// other requests are answered.
    stalled: bool,
}

impl HandOut<'_> {
    fn has_room(&self, messages: usize) -> bool {
        self.link.may_hand_out() && self.inbound.capacity() >= messages
    }

    async fn message(
        &mut self,
        first: muster_app::ports::InboundMessage,
        second: Option<muster_app::ports::InboundMessage>,
        token: u64,
    ) {
        let messages = 1 + usize::from(second.is_some());
        let mut permits = match self.inbound.try_reserve_many(messages) {
            Ok(permits) if self.link.may_hand_out() => permits,
            _ if self.stalled => return self.link.put_off(token),
            _ => {
                let room = async {
                    while !self.link.may_hand_out() {
                        self.link.acknowledged.notified().await;
                    }
                    self.inbound.reserve_many(messages).await
                };
                match timeout(INBOUND_PAUSE, room).await {
                    Ok(Ok(permits)) => permits,
                    // Nobody will ever take it: the gateway's user is gone.
                    Ok(Err(_)) => return self.link.put_off(token),
                    Err(_) => {
                        self.stalled = true;
                        tracing::warn!(
                            route = %self.link.route.name,
                            "messages are not stored fast enough: the centre is asked to send them later"
                        );
                        return self.link.put_off(token);
                    }
                }
            }
        };
        self.stalled = false;
        for message in [Some(first), second].into_iter().flatten() {
            self.link.route.meters.inbound(&message);
            self.link.handed_out();
            let to: Arc<Link> = Arc::clone(self.link);
            let inbound = Inbound::with_acknowledge(Arc::clone(&self.link.route.name), message, to, token);
            match permits.next() {
                Some(permit) => permit.send(inbound),
                // As many were reserved; dropping it would put it off.
                None => drop(inbound),
            }
        }
    }
}

/// Writes until the session ends: everything that may be written, in one go.
async fn speak(writer: &mut (impl AsyncWrite + Unpin), link: &Link) -> End {
    let mut buffer = Vec::with_capacity(READ_BUFFER);
    let mut taken = Vec::new();
    loop {
        let next = link.fill(&mut buffer, &mut taken);
        if !buffer.is_empty() {
            let written = async {
                writer.write_all(&buffer).await?;
                writer.flush().await
            };
            if let Err(error) = written.await {
                return End::Lost(format!("cannot write: {error}"));
            }
            buffer.clear();
        }
        match next {
            Next::Wake => link.wake.notified().await,
            Next::At(then) => {
                tokio::select! {
                    () = link.wake.notified() => {}
                    () = sleep_until(then) => {}
                }
            }
        }
    }
}

/// Looks after everything that must happen by a certain time.
async fn watch_time(link: &Link) -> End {
    loop {
        match link.tick() {
            Ok(next) => sleep_until(next).await,
            Err(reason) => return End::Lost(reason),
        }
    }
}

/// When the gateway closes: waits for the answers to what was sent, and takes leave.
async fn part(link: &Link, mut closing: watch::Receiver<bool>) -> End {
    closed(&mut closing).await;
    link.drain();
    while !link.is_idle() {
        link.idle.notified().await;
    }
    link.unbind();
    if timeout(UNBIND_TIMEOUT, link.unbound.notified()).await.is_err() {
        tracing::debug!(route = %link.route.name, "the centre did not answer the unbind");
    }
    End::Closed
}
