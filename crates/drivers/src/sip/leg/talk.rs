//! An answered call, up to its end.

use super::Input;
use super::dial::remote;
use super::dialog::{Dialog, Local};
use super::requests::{self, Upshot};
use super::timer::{Due, SessionTimer};
use crate::media::MediaEvent;
use crate::sip::hub::{DialogName, Hub, Teller};
use crate::sip::sdp::{self, Far, Ours};
use crate::sip::stack::Credentials;
use crate::sip::trunk::Line;
use crate::sip::wire;
use muster_app::ports::{LegEvent, Party, PlayId};
use rsipstack::sip::{Header, Method, Response};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

/// An answered call.
pub(super) struct Talk {
    pub(super) dialog: Dialog,
    pub(super) ours: Ours,
    pub(super) far: Option<Far>,
    pub(super) timer: SessionTimer,
    /// Whether a re-INVITE of ours is on its way.
    pub(super) refreshing: bool,
    pub(super) min_session_expires_s: u32,
    /// Whether the far side understands UPDATE.
    updates: bool,
    credentials: Option<Credentials>,
}

/// How a call ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The far side has said so.
    Far {
        /// Its cause.
        q850: Option<u8>,
    },
    /// We are to say so.
    Ours(Party),
}

impl Talk {
    pub(super) fn new(
        dialog: Dialog,
        ours: Ours,
        credentials: Option<Credentials>,
        response: &Response,
        min_session_expires_s: u32,
    ) -> Self {
        let mut timer = SessionTimer::default();
        timer.answered(&response.headers, Instant::now().into());
        let updates = wire::lists(&response.headers, "Allow", "UPDATE");
        Self {
            dialog,
            ours,
            far: None,
            timer,
            refreshing: false,
            min_session_expires_s,
            updates,
            credentials,
        }
    }

    fn name(&self) -> DialogName {
        let Local { call_id, tag, .. } = &self.dialog.local;
        DialogName { call_id: call_id.clone(), tag: tag.clone() }
    }

    /// Refreshes the session: by an UPDATE where the far side takes it, otherwise by a re-INVITE.
    async fn refresh(&mut self, hub: &Arc<Hub>, inputs: &UnboundedSender<Input>) {
        let Some(interval) = self.timer.refresh_value() else { return };
        self.timer.refreshing();
        let mut headers = vec![
            Header::Contact(self.dialog.local.contact.as_str().into()),
            Header::Supported("timer".into()),
            Header::SessionExpires(interval.into()),
            Header::MinSE(self.min_session_expires_s.to_string().into()),
        ];
        let method = if self.updates { Method::Update } else { Method::Invite };
        if method == Method::Invite {
            headers.push(Header::ContentType("application/sdp".into()));
        }
        let (mut request, way) = self.dialog.request(&hub.stack, method, headers).await;
        if method == Method::Invite {
            request.body = self.ours.offer().into_bytes();
            self.refreshing = true;
        }
        let (stack, inputs, credentials) = (Arc::clone(&hub.stack), inputs.clone(), self.credentials.clone());
        tokio::spawn(async move {
            let answer = stack.ask(request, &way, credentials.as_ref(), stack.timers.transaction()).await;
            let _ = inputs.send(Input::Refreshed(answer.map(Box::new).map_err(|_| ())));
        });
    }

    /// Takes the answer to our refresh.
    fn refreshed(&mut self, answer: Result<Box<Response>, ()>, now: Instant) -> Upshot {
        let mut upshot = Upshot::default();
        let invited = std::mem::replace(&mut self.refreshing, false);
        // Nobody there, or nobody who knows of the call (RFC 4028 §10).
        let Ok(response) = answer else {
            upshot.end = Some(End::Ours(Party::Lost));
            return upshot;
        };
        match response.status_code.code() {
            200..=299 => {
                self.timer.answered(&response.headers, now.into());
                self.dialog.refresh_target(wire::value(&response.headers, "Contact"));
                if invited && let Ok(far) = sdp::read(&response.body, &self.ours.codecs) {
                    upshot.media = self.far.as_ref() != Some(&far);
                    self.far = Some(far);
                }
            }
            408 | 481 => upshot.end = Some(End::Ours(Party::Lost)),
            405 | 501 if self.updates => {
                self.updates = false;
                self.timer.retry(now.into());
            }
            491 | 500 | 503 => self.timer.retry(now.into()),
            // It stays as it is until its interval has passed.
            status => tracing::debug!(status, "a session was not refreshed"),
        }
        upshot
    }
}

/// Stays with an answered call to its end.
pub(super) async fn talk(
    hub: Arc<Hub>,
    mut teller: Teller,
    mut talk: Talk,
    line: Option<Line>,
    (sender, mut inputs): (UnboundedSender<Input>, UnboundedReceiver<Input>),
    mut media: UnboundedReceiver<MediaEvent>,
) {
    let end = loop {
        let due = talk.timer.next();
        let until = due.map_or_else(tokio::time::Instant::now, |(at, _)| at);
        let upshot = tokio::select! {
            input = inputs.recv() => match input {
                None | Some(Input::HangUp) => Upshot { end: Some(End::Ours(Party::Us)), ..Upshot::default() },
                Some(Input::Request(transaction)) => talk.request(transaction, &sender).await,
                Some(Input::Refreshed(answer)) => talk.refreshed(answer, Instant::now()),
                // A far side that asked for something and does not take the answer is not there (RFC 3261 §14.2).
                Some(Input::Acknowledged(None)) => Upshot { end: Some(End::Ours(Party::Lost)), ..Upshot::default() },
                Some(Input::Acknowledged(Some(body))) => match sdp::read(&body, &talk.ours.codecs) {
                    Ok(far) => {
                        talk.far = Some(far);
                        Upshot { media: true, ..Upshot::default() }
                    }
                    Err(error) => {
                        tracing::warn!(%error, "the answer to our offer cannot be used; sound stays as it was");
                        Upshot::default()
                    }
                },
            },
            Some(event) = media.recv() => match event {
                MediaEvent::Lost => Upshot { end: Some(End::Ours(Party::Lost)), ..Upshot::default() },
                MediaEvent::Digit(digit) => Upshot { event: Some(LegEvent::Digit(digit)), ..Upshot::default() },
                MediaEvent::PlayDone(play) => Upshot { event: Some(LegEvent::PlayDone(PlayId(play))), ..Upshot::default() },
                MediaEvent::Heard(heard) => Upshot { event: Some(LegEvent::Heard(heard)), ..Upshot::default() },
                MediaEvent::First => Upshot::default(),
            },
            () = tokio::time::sleep_until(until), if due.is_some() => {
                if let Some((_, Due::Refresh)) = due {
                    talk.refresh(&hub, &sender).await;
                    Upshot::default()
                } else {
                    Upshot { end: Some(End::Ours(Party::Lost)), ..Upshot::default() }
                }
            }
        };
        if upshot.media
            && let Some(far) = &talk.far
        {
            teller.media().set_remote(remote(far));
        }
        if let Some(event) = upshot.event {
            teller.tell(Instant::now(), event);
        }
        if let Some(end) = upshot.end {
            break end;
        }
    };
    match end {
        End::Far { q850 } => {
            hub.forget(&talk.name());
            drop(line);
            teller.ended(Instant::now(), Party::Far, q850);
        }
        End::Ours(by) => {
            leave(hub, talk, line, sender, inputs);
            teller.ended(Instant::now(), by, None);
        }
    }
}

/// Ends a call behind the back of its leg: BYE, until it is answered or given up. The line is free only then.
pub(super) fn leave(
    hub: Arc<Hub>,
    mut talk: Talk,
    line: Option<Line>,
    sender: UnboundedSender<Input>,
    mut inputs: UnboundedReceiver<Input>,
) {
    let name = talk.name();
    hub.know(name.clone(), sender).keep();
    tokio::spawn(async move {
        let (request, way) = talk.dialog.request(&hub.stack, Method::Bye, Vec::new()).await;
        let limit = hub.stack.timers.transaction();
        let mut ask = std::pin::pin!(hub.stack.ask(request, &way, talk.credentials.as_ref(), limit));
        loop {
            tokio::select! {
                answer = &mut ask => {
                    if let Err(error) = answer {
                        tracing::warn!(%error, "BYE");
                    }
                    break;
                }
                Some(input) = inputs.recv() => {
                    if let Input::Request(transaction) = input {
                        requests::after_the_end(transaction);
                    }
                }
            }
        }
        hub.forget(&name);
        drop(line);
    });
}
