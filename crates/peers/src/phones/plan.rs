//! What a called number does: a script until the answer, and habits after it.

use super::media::Sound;
use serde::{Deserialize, Serialize};

/// A phone's behaviour in one call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    /// Its name in the records.
    pub name: String,
    /// What is sent before the call is up, one after the other. Where no step is final, the phone waits to be
    /// cancelled.
    pub steps: Vec<Step>,
    /// What happens to a CANCEL.
    pub on_cancel: OnCancel,
    /// The call once it is up.
    pub talk: Talk,
}

/// One thing that is sent, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Time since the step before it, in milliseconds; the simulation's speed divides it.
    pub after_ms: u64,
    /// What is sent.
    pub then: Then,
}

/// What is sent in answer to an INVITE.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// 100.
    Trying,
    /// 180.
    Ringing,
    /// 181: the call is passed on.
    Forwarded,
    /// 183 with a description of a session, and this sound from then on.
    EarlyMedia(Sound),
    /// A final answer that is no success.
    Reject(Reject),
    /// 200.
    Answer,
}

/// Why a call fails.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reject {
    /// Status, 300 to 699.
    pub status: u16,
    /// Cause of ITU-T Q.850 in a Reason header (RFC 3326).
    pub cause: Option<u8>,
    /// Seconds in a Retry-After header.
    pub retry_after_s: Option<u32>,
}

/// What happens to a CANCEL that comes in time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnCancel {
    /// 200 to it, 487 to the INVITE (RFC 3261 §9.2).
    #[default]
    Terminate,
    /// The two cross: 200 to it, and 200 to the INVITE.
    Cross,
    /// 200 to it, and nothing more.
    Stall,
    /// Nothing at all.
    Ignore,
}

/// What the answer says about its audio.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerSdp {
    /// A codec that was offered, and where to send to.
    #[default]
    Usable,
    /// Port 0: the stream is refused.
    PortZero,
    /// A codec that nobody offered.
    OtherCodec,
    /// No description at all.
    Missing,
    /// The address 0.0.0.0.
    NoAddress,
}

/// When keys are pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PressWhen {
    /// So many milliseconds after the answer. Not divided by the speed, because prompts are not either.
    After(u64),
    /// When something was heard and has then been silent for 0.6 s: the end of a prompt.
    AfterPrompt,
}

/// How keys are sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PressHow {
    /// RFC 4733.
    #[default]
    Rtp,
    /// The same, and the packets that end each press are lost.
    RtpEndLost,
    /// INFO requests with `application/dtmf-relay`.
    Info,
}

/// Keys that are pressed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Press {
    /// Which, in order.
    pub keys: String,
    /// When.
    pub when: PressWhen,
    /// How.
    #[serde(default)]
    pub how: PressHow,
}

/// Habits in a call that is up. Times are milliseconds after the answer; only `hang_up_after_ms` is divided by the
/// simulation's speed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Talk {
    /// What is to be heard.
    pub sound: Sound,
    /// When the phone hangs up; it waits for the other side if absent.
    pub hang_up_after_ms: Option<u64>,
    /// Hangs up when nothing but silence was heard for so long after the answer.
    pub patience_ms: Option<u64>,
    /// Keys.
    pub press: Option<Press>,
    /// What the answer says about audio.
    pub sdp: AnswerSdp,
    /// No packet of sound is ever sent.
    pub mute: bool,
    /// No packet of sound is sent any more from then on.
    pub mute_after_ms: Option<u64>,
    /// From then on nothing is sent, and nothing answered: neither BYE nor anything else.
    pub vanish_after_ms: Option<u64>,
    /// BYE is not answered.
    pub deaf_to_bye: bool,
    /// The call is put on hold then (re-INVITE, `sendonly`), and taken back after as long again.
    pub hold_after_ms: Option<u64>,
    /// Packets leave from another port from then on.
    pub move_after_ms: Option<u64>,
    /// The 200 is sent so many times more, half a second apart, though it was acknowledged.
    pub repeat_answer: u8,
    /// A second 200 comes from another branch, with a tag of its own.
    pub fork: bool,
}

impl Plan {
    /// A plan of steps.
    pub(super) fn of(name: &str, steps: &[(u64, Then)]) -> Self {
        let steps = steps.iter().map(|(after_ms, then)| Step { after_ms: *after_ms, then: then.clone() });
        Self { name: name.to_owned(), steps: steps.collect(), ..Self::default() }
    }

    /// Rings so long, and is answered.
    pub(super) fn rings_then_answers(name: &str, ring_ms: u64, talk: Talk) -> Self {
        let steps = [(0, Then::Trying), (50, Then::Ringing), (ring_ms, Then::Answer)];
        Self { talk, ..Self::of(name, &steps) }
    }

    /// Fails at once.
    pub(super) fn fails(name: &str, status: u16, cause: Option<u8>) -> Self {
        Self::of(name, &[(0, Then::Trying), (50, reject(status, cause))])
    }
}

/// A final failure.
pub(super) const fn reject(status: u16, cause: Option<u8>) -> Then {
    Then::Reject(Reject { status, cause, retry_after_s: None })
}
