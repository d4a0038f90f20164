//! Requests of the far side within a call.

use super::Input;
use super::talk::{End, Talk};
use crate::sip::sdp;
use crate::sip::wire::{self, ALLOWED};
use muster_app::ports::LegEvent;
use rsipstack::sip::{Header, Method, SipMessage, StatusCode};
use rsipstack::transaction::Transaction;
use std::time::Instant;
use tokio::sync::mpsc::UnboundedSender;

/// What a request comes to.
#[derive(Default)]
pub(super) struct Upshot {
    /// The call has ended by it.
    pub(super) end: Option<End>,
    /// It tells something.
    pub(super) event: Option<LegEvent>,
    /// The far side's media are to be set anew.
    pub(super) media: bool,
}

/// Answers a request. One that cannot be sent is lost, and asked for again by the far side.
pub(crate) async fn reply(
    transaction: &mut Transaction,
    status: u16,
    headers: Vec<Header>,
    body: Option<Vec<u8>>,
) {
    if let Err(error) = transaction.reply_with(StatusCode::from(status), headers, body).await {
        tracing::debug!(%error, status, "an answer could not be sent");
    }
}

/// Answers a request within a dialog that is not there yet: only what changes nothing is taken.
pub(super) fn before_the_answer(mut transaction: Box<Transaction>) {
    tokio::spawn(async move {
        let status = match transaction.original.method {
            Method::Info | Method::Options => 200,
            // Our own offer is not answered yet (RFC 3311 §5.2).
            Method::Update => 491,
            _ => 481,
        };
        reply(&mut transaction, status, Vec::new(), None).await;
    });
}

/// Answers a request within a call that we are ending: BYE crosses BYE, and nothing else counts.
pub(super) fn after_the_end(mut transaction: Box<Transaction>) {
    tokio::spawn(async move {
        let status = if transaction.original.method == Method::Bye { 200 } else { 481 };
        reply(&mut transaction, status, Vec::new(), None).await;
        if transaction.original.method == Method::Invite {
            while transaction.receive().await.is_some() {}
        }
    });
}

fn allow() -> Header {
    Header::Allow(ALLOWED.into())
}

impl Talk {
    /// Answers a request within the call.
    pub(super) async fn request(
        &mut self,
        mut transaction: Box<Transaction>,
        inputs: &UnboundedSender<Input>,
    ) -> Upshot {
        let mut upshot = Upshot::default();
        let request = transaction.original.clone();
        let tag = wire::value(&request.headers, "From").and_then(|from| wire::parameter(from, "tag"));
        if tag.unwrap_or_default() != self.dialog.tag {
            // A branch of a forked call that was ended.
            after_the_end(transaction);
            return upshot;
        }
        if !self.dialog.follows(&request) {
            reply(&mut transaction, 500, Vec::new(), None).await;
            return upshot;
        }
        match request.method {
            Method::Bye => {
                reply(&mut transaction, 200, Vec::new(), None).await;
                upshot.end = Some(End::Far { q850: wire::q850(&request.headers) });
            }
            Method::Info => {
                let digit = wire::info_digit(&request);
                let status = if digit.is_some() || request.body.is_empty() { 200 } else { 415 };
                reply(&mut transaction, status, Vec::new(), None).await;
                upshot.event = digit.map(LegEvent::Digit);
            }
            Method::Options => reply(&mut transaction, 200, vec![allow()], None).await,
            Method::Invite | Method::Update => upshot.media = self.modify(transaction, inputs).await,
            _ => reply(&mut transaction, 405, vec![allow()], None).await,
        }
        upshot
    }

    /// Answers a re-INVITE (RFC 3261 §14.2) or an UPDATE (RFC 3311): the session goes on, perhaps otherwise. Tells
    /// whether sound goes otherwise now.
    async fn modify(&mut self, mut transaction: Box<Transaction>, inputs: &UnboundedSender<Input>) -> bool {
        let request = transaction.original.clone();
        let invites = request.method == Method::Invite;
        let asked = wire::session_expires(&request.headers).map(|(seconds, _)| seconds);
        let refusal = if self.refreshing && invites {
            Some((491, Vec::new()))
        } else if asked.is_some_and(|seconds| seconds < self.min_session_expires_s) {
            Some((422, vec![Header::MinSE(self.min_session_expires_s.to_string().into())]))
        } else {
            None
        };
        let offer = if request.body.is_empty() {
            Ok(None)
        } else {
            sdp::read(&request.body, &self.ours.codecs).map(Some)
        };
        let (status, mut headers) = match (refusal, &offer) {
            (Some(refusal), _) => refusal,
            (None, Err(_)) => (488, Vec::new()),
            (None, Ok(_)) => (200, Vec::new()),
        };
        if status != 200 {
            reply(&mut transaction, status, headers, None).await;
            await_ack(transaction, None);
            return false;
        }
        self.dialog.refresh_target(wire::value(&request.headers, "Contact"));
        headers.extend([
            Header::Contact(self.dialog.local.contact.as_str().into()),
            allow(),
            Header::Supported("timer".into()),
        ]);
        if let Some((value, require)) = self.timer.asked(&request.headers, Instant::now().into()) {
            headers.push(Header::SessionExpires(value.into()));
            if require {
                headers.push(Header::Require("timer".into()));
            }
        }
        let changed = matches!(&offer, Ok(Some(far)) if self.far.as_ref() != Some(far));
        let body = match offer {
            Ok(Some(far)) => {
                self.ours.version += u64::from(changed);
                let answer = self.ours.answer(&far);
                self.far = Some(far);
                Some(answer)
            }
            // An INVITE without an offer wants ours; its ACK brings the answer.
            _ => invites.then(|| self.ours.offer()),
        };
        let offered = invites && request.body.is_empty();
        if body.is_some() {
            headers.push(Header::ContentType("application/sdp".into()));
        }
        reply(&mut transaction, 200, headers, body.map(String::into_bytes)).await;
        if invites {
            await_ack(transaction, Some((inputs.clone(), offered)));
        }
        changed
    }
}

/// Stays with the transaction of an INVITE of the far side until its ACK has come. `tell`: where to say so, and whether
/// the ACK has to bring an answer.
fn await_ack(mut transaction: Box<Transaction>, tell: Option<(UnboundedSender<Input>, bool)>) {
    if transaction.original.method != Method::Invite {
        return;
    }
    tokio::spawn(async move {
        let mut acknowledged = None;
        while let Some(message) = transaction.receive().await {
            if let SipMessage::Request(request) = message
                && request.method == Method::Ack
            {
                acknowledged = Some(request.body);
            }
        }
        if let Some((inputs, brings_answer)) = tell {
            let input = match acknowledged {
                None => Input::Acknowledged(None),
                Some(body) if brings_answer => Input::Acknowledged(Some(body)),
                Some(_) => return,
            };
            let _ = inputs.send(input);
        }
    });
}
