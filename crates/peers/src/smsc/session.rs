//! One connection: PDUs in, PDUs out, many at a time.

use super::core::command_status::{INVALID_MESSAGE_ID, OK};
use super::message::LinkId;
use super::pdu::{self, Header, command};
use super::server::{Inner, Outlet, Shared};
use super::validity;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::watch;

/// `command_status` values of sessions (SMPP 3.4 §5.1.3).
const INVALID_COMMAND_LENGTH: u32 = 0x02;
const INVALID_COMMAND: u32 = 0x03;
const WRONG_BIND_STATE: u32 = 0x04;
const ALREADY_BOUND: u32 = 0x05;
const INVALID_PASSWORD: u32 = 0x0E;
const INVALID_SYSTEM_ID: u32 = 0x0F;

/// Octets that may wait for a client; more, and nothing is read from it until it takes some.
const UNSENT_MAX: usize = 4 << 20;

/// Serves a connection until either side ends it.
pub(super) async fn run(stream: TcpStream, shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    // Answers are gathered here already; to wait for more of them in the system only adds delay.
    let _ = stream.set_nodelay(true);
    let (reader, writer) = stream.into_split();
    let outlet = Arc::new(Outlet::default());
    let mut session = Session { shared: Arc::clone(&shared), outlet: Arc::clone(&outlet), bound: None };
    tokio::select! {
        () = read(reader, &mut session) => {}
        () = write(writer, &outlet) => {}
        _ = stopped.changed() => {}
    }
    if let Some(bound) = session.bound {
        shared.work(|inner, _| {
            inner.core.link_down(bound.link, true, &mut inner.actions);
            inner.outlets.remove(&bound.link);
        });
    }
}

/// Ends when everything that is to be written is written and nothing more will come.
async fn write(mut writer: OwnedWriteHalf, outlet: &Outlet) {
    let mut batch = Vec::new();
    loop {
        let last = outlet.last.load(Ordering::Acquire);
        std::mem::swap(&mut batch, &mut *outlet.octets.lock());
        if batch.is_empty() {
            if last {
                return;
            }
            outlet.more.notified().await;
            continue;
        }
        if writer.write_all(&batch).await.is_err() {
            return;
        }
        batch.clear();
    }
}

async fn read(mut reader: OwnedReadHalf, session: &mut Session) {
    let mut octets: Vec<u8> = Vec::with_capacity(64 << 10);
    loop {
        match reader.read_buf(&mut octets).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let taken = session.take(&octets);
        octets.drain(..taken);
        if session.outlet.last.load(Ordering::Acquire) {
            // The writer ends the connection when it is done.
            std::future::pending::<()>().await;
        }
        while session.outlet.octets.lock().len() > UNSENT_MAX {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Bound {
    link: LinkId,
    transmits: bool,
}

struct Session {
    shared: Arc<Shared>,
    outlet: Arc<Outlet>,
    bound: Option<Bound>,
}

impl Session {
    /// Handles all PDUs that are complete, under one lock; the number of octets that they had.
    fn take(&mut self, octets: &[u8]) -> usize {
        let shared = Arc::clone(&self.shared);
        let mut taken = 0;
        if octets.len() < pdu::HEADER {
            return 0;
        }
        shared.work(|inner, now_ms| {
            while let Some(header) = Header::read(&octets[taken..]) {
                if !(pdu::HEADER..=pdu::LENGTH_MAX).contains(&header.length) {
                    self.nack(INVALID_COMMAND_LENGTH, header.sequence);
                    self.end(inner, true);
                    taken = octets.len();
                    return;
                }
                let Some(whole) = octets[taken..].get(..header.length) else { break };
                taken += header.length;
                self.pdu(inner, header, &whole[pdu::HEADER..], now_ms);
                // Later PDUs may depend on what is written for this one first.
                inner.apply();
                if self.outlet.last.load(Ordering::Acquire) {
                    taken = octets.len();
                    return;
                }
            }
        });
        if !self.outlet.octets.lock().is_empty() || self.outlet.last.load(Ordering::Acquire) {
            self.outlet.more.notify_one();
        }
        taken
    }

    fn reply(&self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.outlet.octets.lock());
    }

    fn nack(&self, status: u32, sequence: u32) {
        self.reply(|out| pdu::write_bare(out, command::GENERIC_NACK, status, sequence));
    }

    /// No more is read; what is written already still goes out.
    fn end(&mut self, inner: &mut Inner, lost: bool) {
        if let Some(bound) = self.bound.take() {
            inner.core.link_down(bound.link, lost, &mut inner.actions);
            inner.outlets.remove(&bound.link);
        }
        self.outlet.last.store(true, Ordering::Release);
    }

    fn pdu(&mut self, inner: &mut Inner, header: Header, body: &[u8], now_ms: u64) {
        let Header { command: id, sequence, status, .. } = header;
        let refuse =
            |status| self.reply(|out| pdu::write_bare(out, id | command::RESPONSE, status, sequence));
        match (id, self.bound) {
            (command::BIND_RECEIVER | command::BIND_TRANSMITTER | command::BIND_TRANSCEIVER, bound) => {
                let status = if bound.is_some() { ALREADY_BOUND } else { self.bind(inner, id, body) };
                self.reply(|out| pdu::write_bind_resp(out, id, status, sequence));
                if status == OK {
                    inner.core.advance(now_ms, &mut inner.actions);
                }
            }
            (command::ENQUIRE_LINK, _) => refuse(OK),
            (command::UNBIND, Some(_)) => {
                refuse(OK);
                self.end(inner, false);
            }
            (command::SUBMIT_SM | command::DATA_SM, Some(bound)) if bound.transmits => {
                let submission = if id == command::SUBMIT_SM {
                    pdu::submit_sm(sequence, body)
                } else {
                    pdu::data_sm(sequence, body)
                };
                match submission {
                    Some(submission) => inner.core.submit(bound.link, submission, now_ms, &mut inner.actions),
                    None => refuse(INVALID_COMMAND_LENGTH),
                }
            }
            (command::CANCEL_SM, Some(bound)) if bound.transmits => {
                let outcome = match pdu::message_id(id, body) {
                    Some(message) => inner.core.cancel(&message, now_ms, &mut inner.actions),
                    None => Err(INVALID_COMMAND_LENGTH),
                };
                refuse(outcome.err().unwrap_or(OK));
            }
            (command::QUERY_SM, Some(bound)) if bound.transmits => {
                let message = pdu::message_id(id, body);
                match message.as_deref().map(|message| (message, inner.core.query(message))) {
                    None => refuse(INVALID_COMMAND_LENGTH),
                    Some((_, None)) => refuse(INVALID_MESSAGE_ID),
                    Some((message, Some((state, at_ms)))) => {
                        let date = at_ms.map(validity::absolute).unwrap_or_default();
                        self.reply(|out| pdu::write_query_resp(out, sequence, message, state, &date));
                    }
                }
            }
            (
                command::UNBIND
                | command::SUBMIT_SM
                | command::DATA_SM
                | command::CANCEL_SM
                | command::QUERY_SM,
                _,
            ) => {
                refuse(WRONG_BIND_STATE);
            }
            (id, bound) if id & command::RESPONSE != 0 => {
                let delivered = id == command::DELIVER_SM | command::RESPONSE || id == command::GENERIC_NACK;
                if let (Some(bound), true) = (bound, delivered) {
                    inner.core.deliver_answered(bound.link, sequence, status, now_ms, &mut inner.actions);
                }
            }
            _ => self.nack(INVALID_COMMAND, sequence),
        }
    }

    /// Binds, or says why not.
    fn bind(&mut self, inner: &mut Inner, id: u32, body: &[u8]) -> u32 {
        let Some(bind) = pdu::bind(body) else { return INVALID_COMMAND_LENGTH };
        if let Some(status) = inner.core.refuse_bind() {
            return status;
        }
        let differs =
            |wanted: &Option<String>, given: &str| wanted.as_deref().is_some_and(|own| own != given);
        if differs(&self.shared.system_id, &bind.system_id) {
            inner.core.bind_refused();
            return INVALID_SYSTEM_ID;
        }
        if differs(&self.shared.password, &bind.password) {
            inner.core.bind_refused();
            return INVALID_PASSWORD;
        }
        let link = inner.core.link_up(id != command::BIND_TRANSMITTER);
        self.bound = Some(Bound { link, transmits: id != command::BIND_RECEIVER });
        inner.outlets.insert(link, Arc::clone(&self.outlet));
        OK
    }
}
