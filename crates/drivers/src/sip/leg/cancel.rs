//! Takes an INVITE back.

use crate::sip::stack::{Stack, Way, cancel, final_answer};
use rsipstack::sip::Request;
use std::sync::Arc;

/// Sends CANCEL in a transaction of its own, so that it is sent again until it is answered.
pub(super) fn send(stack: Arc<Stack>, invite: &Request, way: &Way) {
    let (request, way) = (cancel(invite), way.clone());
    tokio::spawn(async move {
        let sent = stack.send(request, &way).await;
        let answered = match sent {
            Ok(mut transaction) => {
                tokio::time::timeout(stack.timers.transaction(), final_answer(&mut transaction)).await.is_ok()
            }
            Err(error) => {
                tracing::warn!(%error, "CANCEL");
                return;
            }
        };
        if !answered {
            tracing::debug!("CANCEL was not answered");
        }
    });
}
