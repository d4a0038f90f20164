//! Requests that come to us.

use super::hub::{DialogName, Hub};
use super::leg::{Input, reply};
use super::wire::{self, ALLOWED};
use muster_app::ports::TelephonyEvent;
use rsipstack::sip::{Header, Method};
use rsipstack::transaction::{Transaction, TransactionReceiver};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::error::SendError;

/// Registrations that are looked at at a time. The directory may be slow, and anybody may ask.
const REGISTERING: usize = 64;

/// Answers what comes until the driver ends.
pub(crate) async fn serve(hub: Arc<Hub>, mut incoming: TransactionReceiver) {
    let registering = Arc::new(Semaphore::new(REGISTERING));
    loop {
        let transaction = tokio::select! {
            transaction = incoming.recv() => transaction,
            () = hub.stack.stop.cancelled() => None,
        };
        let Some(transaction) = transaction else { return };
        take(&hub, Box::new(transaction), &registering);
    }
}

/// Tells of registrations that have run out, until the driver ends.
pub(crate) async fn expire(hub: Arc<Hub>) {
    loop {
        tokio::select! {
            username = hub.registrar.expired() => hub.tell(TelephonyEvent::PhoneDown { username }),
            () = hub.stack.stop.cancelled() => return,
        }
    }
}

fn take(hub: &Arc<Hub>, transaction: Box<Transaction>, registering: &Arc<Semaphore>) {
    let headers = &transaction.original.headers;
    let tag = wire::value(headers, "To").and_then(|to| wire::parameter(to, "tag"));
    if let Some(tag) = tag {
        let call_id = wire::value(headers, "Call-ID").unwrap_or_default().to_owned();
        let inputs = hub.dialog(&DialogName { call_id, tag: tag.to_owned() });
        let refused = match inputs {
            None => transaction,
            Some(inputs) => match inputs.send(Input::Request(transaction)) {
                // Its leg has ended in this very moment.
                Err(SendError(Input::Request(transaction))) => transaction,
                _ => return,
            },
        };
        answer(refused, 481, Vec::new());
        return;
    }
    match transaction.original.method {
        Method::Options => answer(transaction, 200, vec![allow(), Header::Accept("application/sdp".into())]),
        Method::Register => {
            let Ok(permit) = Arc::clone(registering).try_acquire_owned() else {
                answer(transaction, 503, vec![Header::RetryAfter("5".into())]);
                return;
            };
            let hub = Arc::clone(hub);
            tokio::spawn(async move {
                let event = hub.registrar.register(transaction).await.event();
                drop(permit);
                if let Some(event) = event {
                    hub.tell(event);
                }
            });
        }
        Method::Invite => {
            hub.tell(called(&transaction));
            answer(transaction, 486, Vec::new());
        }
        // The stack answers CANCEL by itself, and ACK has no answer.
        Method::Cancel | Method::Ack => {}
        Method::Bye | Method::Info | Method::Update | Method::PRack => answer(transaction, 481, Vec::new()),
        _ => answer(transaction, 405, vec![allow()]),
    }
}

fn allow() -> Header {
    Header::Allow(format!("{ALLOWED}, REGISTER").into())
}

/// Who calls, and whom.
fn called(transaction: &Transaction) -> TelephonyEvent {
    let request = &transaction.original;
    let user = |name: &str| {
        let uri = wire::value(&request.headers, name).and_then(wire::uri)?;
        uri.auth.map(|auth| auth.user)
    };
    // The network's own word goes before the caller's.
    let caller = user("P-Asserted-Identity").or_else(|| user("From")).map(|user| wire::number(&user));
    let named: String = request.uri.user().unwrap_or_default().chars().take(64).collect();
    let number = wire::number(&named);
    let called = if number.is_empty() { named } else { number };
    TelephonyEvent::Incoming { caller: caller.unwrap_or_default(), called }
}

/// Answers, and stays until the answer to an INVITE is acknowledged.
fn answer(mut transaction: Box<Transaction>, status: u16, headers: Vec<Header>) {
    tokio::spawn(async move {
        reply(&mut transaction, status, headers, None).await;
        if transaction.original.method == Method::Invite {
            while transaction.receive().await.is_some() {}
        }
    });
}
