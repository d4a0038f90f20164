//! A bound session and its socket.

use super::{End, READ_BUFFER, Stream, Surroundings, closed};
use crate::sms::link::{Answers, Heard, Link};
use crate::sms::pdu::HEADER_LEN;
use crate::sms::pdu::read::{self, BadLength};
use crate::sms::route::Next;
use bytes::{Buf, BytesMut};
use muster_app::ports::{Inbound, InboundMessage};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

/// How long reading pauses for a receiver that has no room. It must stay well below the patience of a centre
/// with its own `enquire_link`.
const INBOUND_PAUSE: Duration = Duration::from_secs(5);
/// All pauses within this time together are no longer than one.
const INBOUND_PAUSE_RENEWED: Duration = Duration::from_secs(20);
/// How long the centre may take to agree to part.
const UNBIND_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the last octets of a session may take.
const LAST_WORDS_TIMEOUT: Duration = Duration::from_secs(1);

/// A bound session, from its first octet to its last.
pub(super) async fn serve(
    stream: Box<dyn Stream>,
    heard: BytesMut,
    link: &Arc<Link>,
    around: &Surroundings,
) -> End {
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
    let mut hand_out = HandOut { link, inbound, patience: INBOUND_PAUSE, renewed: Instant::now() };
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
                    read += HEADER_LEN + body.len();
                    match link.hear(header, body, &mut answers) {
                        Heard::Nothing => {}
                        Heard::Message { first, second, token } => {
                            // Handing out may wait, and the session end meanwhile.
                            link.tell(&mut answers);
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
            Ok(_) => {
                if let Err(reason) = link.heard() {
                    return End::Lost(reason);
                }
            }
            Err(error) => return End::Lost(format!("cannot read: {error}")),
        }
    }
}

/// Hands messages out to whoever stores them.
struct HandOut<'a> {
    link: &'a Arc<Link>,
    inbound: &'a mpsc::Sender<Inbound>,
    /// How much longer reading may pause. When that is used up, what comes is put off at once, so that the
    /// centre's other requests and its answers to ours are read in time.
    patience: Duration,
    renewed: Instant,
}

impl HandOut<'_> {
    async fn message(&mut self, first: InboundMessage, second: Option<InboundMessage>, token: u64) {
        let messages = 1 + usize::from(second.is_some());
        let mut permits = match self.inbound.try_reserve_many(messages) {
            Ok(permits) if self.link.may_hand_out() => permits,
            _ => {
                let began = Instant::now();
                if began.duration_since(self.renewed) >= INBOUND_PAUSE_RENEWED {
                    self.patience = INBOUND_PAUSE;
                    self.renewed = began;
                }
                let room = async {
                    while !self.link.may_hand_out() {
                        self.link.acknowledged.notified().await;
                    }
                    self.inbound.reserve_many(messages).await
                };
                let reserved = timeout(self.patience, room).await;
                let was_patient = !self.patience.is_zero();
                self.patience = self.patience.saturating_sub(began.elapsed());
                match reserved {
                    Ok(Ok(permits)) => permits,
                    // Nobody will ever take it: the gateway's user is gone.
                    Ok(Err(_)) => return self.link.put_off(token),
                    Err(_) => {
                        if was_patient {
                            tracing::warn!(
                                route = %self.link.route.name,
                                "messages are not stored fast enough: the centre is asked to send them later"
                            );
                        }
                        return self.link.put_off(token);
                    }
                }
            }
        };
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
