//! What the phones saw of each call.

use super::media::Spell;
use serde::{Deserialize, Serialize};

/// Where the phone is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Behind the trunk: a person who is called.
    Callee,
    /// On an agent's desk.
    Agent,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// The phone or its network refused it, as planned.
    Rejected,
    /// The trunk refused it: too many calls a second, or too many at a time.
    Refused,
    /// The caller cancelled it.
    Cancelled,
    /// The caller hung up.
    CallerHungUp,
    /// The phone hung up.
    PhoneHungUp,
    /// The phone stopped without a word.
    Vanished,
    /// The caller never acknowledged the answer.
    Unacknowledged,
    /// The phone was planned to say nothing, or nothing more, and nobody cancelled the call within 32 s after the
    /// last that was heard; or the call went on for longer than calls may.
    GivenUp,
}

/// One call as the phone saw it. Times are milliseconds on the clock of the settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRecord {
    /// Calls in the order of their INVITEs, from 0.
    pub ordinal: u64,
    /// Where the phone is.
    pub side: Side,
    /// The number called, digits only; the name of an agent's phone.
    pub number: String,
    /// User part of the caller's From header.
    pub caller: String,
    /// User part of P-Asserted-Identity, or else of P-Preferred-Identity (RFC 3325).
    pub asserted: Option<String>,
    /// Call-ID of the INVITE.
    pub call_id: String,
    /// Name of the plan that the phone followed.
    pub behaviour: String,
    /// When the INVITE came.
    pub invited_ms: u64,
    /// When the first 180, 181 or 183 was sent.
    pub ringing_ms: Option<u64>,
    /// When the 200 was sent.
    pub answered_ms: Option<u64>,
    /// When the ACK to it came.
    pub acknowledged_ms: Option<u64>,
    /// When a CANCEL came. Together with `answered_ms` the two have crossed.
    pub cancelled_ms: Option<u64>,
    /// When the call was over: by then the final answer was sent, or BYE was sent or had come.
    pub ended_ms: Option<u64>,
    /// How it ended; absent while it goes on.
    pub end: Option<End>,
    /// The final answer.
    pub status: Option<u16>,
    /// Status of the answer to the phone's BYE.
    pub bye_status: Option<u16>,
    /// Reason header of the BYE or CANCEL that came.
    pub reason: Option<String>,
    /// How often the INVITE came again.
    pub retransmissions: u32,
    /// Whether the caller has ended the second branch of a forked answer; absent where there was none.
    pub fork_ended: Option<bool>,
    /// Keys that the phone heard.
    pub keys_heard: String,
    /// Keys that the phone pressed.
    pub keys_pressed: String,
    /// Packets of RTP received.
    pub rtp_received: u64,
    /// Packets of RTP sent.
    pub rtp_sent: u64,
    /// When the first packet came.
    pub first_packet_ms: Option<u64>,
    /// What was to be heard, 256 spells at most.
    pub heard: Vec<Spell>,
}

impl CallRecord {
    /// How long it rang until it was answered or ended, in milliseconds; `None` if it did not.
    pub fn rang_ms(&self) -> Option<u64> {
        let until = self.answered_ms.or(self.ended_ms)?;
        Some(until.saturating_sub(self.ringing_ms?))
    }

    /// How long it was up, in milliseconds; `None` if it was not, or still is.
    pub fn up_ms(&self) -> Option<u64> {
        Some(self.ended_ms?.saturating_sub(self.answered_ms?))
    }

    /// Milliseconds from the answer to the first sound that was no silence; `None` if there was none. With a bridge,
    /// how long the person waited for the agent; with a message, for the message.
    pub fn waited_ms(&self) -> Option<u64> {
        let answered = self.answered_ms?;
        let first = self.heard.iter().find(|spell| spell.to_ms >= answered)?;
        Some(first.from_ms.saturating_sub(answered))
    }

    /// Whether the tone of another phone was to be heard ([`super::tone_of`]): proof of a bridge.
    pub fn heard_tone(&self, hz: u32) -> bool {
        self.heard.iter().any(|spell| spell.tone_hz.is_some_and(|heard| heard.abs_diff(hz) <= 5))
    }
}

/// Numbers since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Calls that came, to callees and agents.
    pub calls: u64,
    /// Calls that are neither refused nor over now.
    pub open: u64,
    /// Calls that are answered and not over now.
    pub up: u64,
    /// Most that were open to callees at a time.
    pub open_max: u64,
    /// Calls that were answered.
    pub answered: u64,
    /// Calls that a phone refused.
    pub rejected: u64,
    /// Calls over the limit of calls a second.
    pub refused_rate: u64,
    /// Calls over the limit of calls at a time, or of what can be recorded.
    pub refused_channels: u64,
    /// Calls that were cancelled.
    pub cancelled: u64,
    /// Calls that the caller ended.
    pub caller_hung_up: u64,
    /// Calls that the phone ended.
    pub phone_hung_up: u64,
    /// Calls that ended in any other way.
    pub lost: u64,
    /// INVITEs that came again.
    pub retransmissions: u64,
    /// Requests that had to prove who they are first.
    pub challenged: u64,
    /// Requests with a wrong proof.
    pub wrong_proofs: u64,
    /// Requests about calls that nobody knows.
    pub unknown: u64,
    /// Datagrams and streams that were no SIP.
    pub malformed: u64,
    /// Keys that phones heard.
    pub keys_heard: u64,
    /// Agents' phones that are registered now.
    pub registered: u64,
    /// REGISTER requests that succeeded, of agents here and of trunks' users there.
    pub registrations: u64,
    /// REGISTER requests that failed for good.
    pub registrations_failed: u64,
}
