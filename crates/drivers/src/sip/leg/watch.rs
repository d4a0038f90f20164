//! Watches the transaction of an INVITE to its very end.
//!
//! A call may be over for us while the far side still knows nothing of it. Until the transaction is forgotten, answers
//! that come late are acknowledged and ended, branches of a forked call are ended, and what only now begins to ring is
//! cancelled.

use super::cancel;
use super::dialog::{Dialog, Local};
use crate::sip::meters;
use crate::sip::stack::{Credentials, Stack, Way, is_made_up};
use crate::sip::wire;
use parking_lot::Mutex;
use rsipstack::sip::{Method, Request, Response, SipMessage, StatusCodeKind};
use rsipstack::transaction::Transaction;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{Notify, mpsc};

/// What came of the INVITE.
pub(crate) enum Heard {
    /// An answer from the far side.
    Response(Box<Response>, Instant),
    /// Nothing could be sent, or nothing came while the stack had patience.
    Nothing,
}

/// What the leg wants of the call.
#[derive(Debug, Default)]
enum Fate {
    /// To be told everything.
    #[default]
    Wanted,
    /// The leg has been told of an answer by the branch of that tag.
    Answered(String),
    /// Nothing more.
    GivenUp,
}

/// The leg's view of the transaction.
pub(crate) struct Watch {
    heard: mpsc::UnboundedReceiver<Heard>,
    fate: Arc<Mutex<Fate>>,
    quiet: Arc<Notify>,
}

impl Watch {
    /// Watches a transaction that was sent.
    pub(super) fn new(
        stack: Arc<Stack>,
        transaction: Transaction,
        local: Local,
        way: Way,
        credentials: Option<Credentials>,
    ) -> Self {
        let (sender, heard) = mpsc::unbounded_channel();
        let watch = Self { heard, fate: Arc::default(), quiet: Arc::default() };
        let task = Task {
            stack,
            invite: transaction.original.clone(),
            local,
            way,
            credentials,
            sender,
            fate: Arc::clone(&watch.fate),
            ended: BTreeSet::new(),
            cancelled: false,
        };
        tokio::spawn(task.run(transaction, Arc::clone(&watch.quiet)));
        watch
    }

    /// What comes next. It may be waited for again and again, and given up in between.
    pub(super) async fn next(&mut self) -> Heard {
        self.heard.recv().await.unwrap_or(Heard::Nothing)
    }

    /// The leg wants nothing more of the call, and the INVITE is not sent again. `false` where an answer has come
    /// already: it is next.
    pub(super) fn give_up(&self) -> bool {
        let mut fate = self.fate.lock();
        if matches!(*fate, Fate::Answered(_)) {
            return false;
        }
        *fate = Fate::GivenUp;
        self.quiet.notify_one();
        true
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.give_up();
    }
}

struct Task {
    stack: Arc<Stack>,
    invite: Request,
    local: Local,
    way: Way,
    credentials: Option<Credentials>,
    sender: mpsc::UnboundedSender<Heard>,
    fate: Arc<Mutex<Fate>>,
    /// Tags of branches that were ended.
    ended: BTreeSet<String>,
    cancelled: bool,
}

impl Task {
    async fn run(mut self, mut transaction: Transaction, quiet: Arc<Notify>) {
        let mut is_quiet = false;
        loop {
            let message = tokio::select! {
                biased;
                () = quiet.notified(), if !is_quiet => {
                    is_quiet = true;
                    // The stack offers no way to stop only the sending. Dropping the transaction would, but then
                    // nobody would acknowledge an answer that is on its way.
                    if let Some(timer) = transaction.timer_a.take() {
                        transaction.endpoint_inner.timers.cancel(timer);
                    }
                    continue;
                }
                message = transaction.receive() => message,
            };
            match message {
                Some(SipMessage::Response(response)) => self.response(response, Instant::now()),
                Some(SipMessage::Request(_)) => {}
                None => break,
            }
        }
        let _ = self.sender.send(Heard::Nothing);
    }

    fn response(&mut self, response: Response, at: Instant) {
        if is_made_up(&response) {
            let _ = self.sender.send(Heard::Nothing);
            return;
        }
        match response.status_code.kind() {
            StatusCodeKind::Provisional => {
                if matches!(*self.fate.lock(), Fate::GivenUp) {
                    // Only now may it be cancelled (RFC 3261 §9.1).
                    if !std::mem::replace(&mut self.cancelled, true) {
                        cancel::send(Arc::clone(&self.stack), &self.invite, &self.way);
                    }
                } else {
                    let _ = self.sender.send(Heard::Response(Box::new(response), at));
                }
            }
            StatusCodeKind::Successful => {
                let tag = wire::value(&response.headers, "To")
                    .and_then(|to| wire::parameter(to, "tag"))
                    .unwrap_or_default()
                    .to_owned();
                let mut fate = self.fate.lock();
                match &*fate {
                    Fate::Wanted => {
                        *fate = Fate::Answered(tag);
                        drop(fate);
                        let _ = self.sender.send(Heard::Response(Box::new(response), at));
                    }
                    // Sent again because our ACK was lost; the stack has sent it again too.
                    Fate::Answered(known) if *known == tag => {}
                    Fate::Answered(_) | Fate::GivenUp => {
                        drop(fate);
                        self.end(&response, tag);
                    }
                }
            }
            _ => {
                let _ = self.sender.send(Heard::Response(Box::new(response), at));
            }
        }
    }

    /// Ends a branch that nobody wants. The stack has acknowledged it.
    fn end(&mut self, response: &Response, tag: String) {
        if !self.ended.insert(tag) {
            return;
        }
        meters::ghost();
        tracing::warn!(
            call_id = self.local.call_id,
            "an answer came too late, or from another branch; it is ended"
        );
        let mut dialog = Dialog::new(&self.local, &self.invite, response, &self.way);
        let (stack, credentials) = (Arc::clone(&self.stack), self.credentials.clone());
        tokio::spawn(async move {
            let (request, way) = dialog.request(&stack, Method::Bye, Vec::new()).await;
            let limit = stack.timers.transaction();
            if let Err(error) = stack.ask(request, &way, credentials.as_ref(), limit).await {
                tracing::warn!(%error, "BYE to a branch that nobody wants");
            }
        });
    }
}
