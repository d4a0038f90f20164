//! Messages from the centre: handing them out, and answering when they are stored.

use super::{Heard, Link, State};
use crate::sms::inbound::available;
use crate::sms::pdu::read::{self, Message};
use crate::sms::pdu::{Header, write};
use muster_app::ports::Acknowledge;
use rusmpp_core::CommandStatus;

/// Two things said in one message: answered when both are stored.
#[derive(Debug)]
pub(super) struct Pair {
    stored: bool,
}

/// In a token: the message came as `data_sm`.
pub(super) const TOKEN_DATA_SM: u64 = 1 << 32;
/// In a token: two acknowledgements make one.
const TOKEN_PAIR: u64 = 1 << 33;
/// In a token: the centre expects no answer.
const TOKEN_SILENT: u64 = 1 << 34;
/// Where in a token the number of its pair begins.
const TOKEN_COUNT_SHIFT: u32 = 35;

impl Link {
    /// Whether more messages may be handed out before some are acknowledged.
    pub(crate) fn may_hand_out(&self) -> bool {
        self.state.lock().unacknowledged < self.route.settings.inbound_window
    }

    /// A message is handed out under `token`.
    pub(crate) fn handed_out(&self) {
        self.state.lock().unacknowledged += 1;
    }

    /// The centre shall send again what came under `token`.
    pub(crate) fn put_off(&self, token: u64) {
        self.route.meters.put_off.increment(1);
        Self::respond(&mut self.state.lock(), token, false);
        self.wake.notify_one();
    }

    pub(super) fn message(&self, header: Header, message: Option<Message<'_>>, kind: u64) -> Heard {
        let token = u64::from(header.sequence) | kind;
        let said = message.map(|message| self.habits.read(&message)).unwrap_or_default();
        match (said.receipt, said.user_data) {
            (Some(first), Some(second)) => {
                let mut state = self.state.lock();
                state.pairs_so_far = state.pairs_so_far.wrapping_add(1);
                // The count keeps apart what comes twice under one sequence number.
                let token = token | TOKEN_PAIR | u64::from(state.pairs_so_far) << TOKEN_COUNT_SHIFT;
                Heard::Message { first, second: Some(second), token }
            }
            (Some(first), None) | (None, Some(first)) => Heard::Message { first, second: None, token },
            (None, None) => {
                // A refusal would make the centre send it again and again.
                self.route.meters.not_understood.increment(1);
                tracing::debug!(route = %self.route.name, "a message that is neither receipt nor user data was acknowledged");
                Self::respond(&mut self.state.lock(), token, true);
                self.wake.notify_one();
                Heard::Nothing
            }
        }
    }

    pub(super) fn alert(body: &[u8]) -> Heard {
        match read::alert_notification(body).as_ref().and_then(available) {
            Some(first) => Heard::Message { first, second: None, token: TOKEN_SILENT },
            None => Heard::Nothing,
        }
    }

    /// Writes the response that a token asks for.
    fn respond(state: &mut State, token: u64, stored: bool) {
        if state.closed || token & TOKEN_SILENT != 0 {
            return;
        }
        let status = if stored { CommandStatus::EsmeRok } else { CommandStatus::EsmeRxTAppn };
        let sequence = token as u32;
        if token & TOKEN_DATA_SM != 0 {
            write::data_sm_resp(sequence, status, &mut state.out);
        } else {
            write::deliver_sm_resp(sequence, status, &mut state.out);
        }
    }
}

impl Acknowledge for Link {
    fn acknowledge(&self, token: u64, stored: bool) {
        let mut state = self.state.lock();
        state.unacknowledged = state.unacknowledged.saturating_sub(1);
        let mut stored = stored;
        if token & TOKEN_PAIR != 0 {
            if let Some(first) = state.pairs.remove(&token) {
                stored &= first.stored;
            } else {
                state.pairs.insert(token, Pair { stored });
                drop(state);
                self.acknowledged.notify_one();
                return;
            }
        }
        if !stored {
            self.route.meters.put_off.increment(1);
        }
        Self::respond(&mut state, token, stored);
        drop(state);
        self.wake.notify_one();
        self.acknowledged.notify_one();
    }
}
