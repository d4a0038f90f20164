//! A call that lasts, as the board sees it.

use super::agents::AgentKey;
use super::close::Over;
use super::loaded::{Loaded, Work};
use super::script::Script;
use muster_app::ports::{CallPhase, LegEvent, LegId, Party, PlayId};
use muster_domain::calls::call::{Call, CallOutcome};
use muster_domain::calls::cause::{Failure, Reached};
use muster_domain::ids::ContactId;
use muster_domain::time::UnixMillis;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// An answered call that its far side ends within this time was no conversation.
const SHORT_CALL: Duration = Duration::from_secs(3);

/// A call that is stored and may be placed.
pub(super) struct Begun {
    pub(super) call: Call,
    pub(super) contact: ContactId,
}

/// How far a call is.
pub(super) enum Stage {
    /// Not answered.
    Dialling,
    /// Answered, and no agent was free; until then one may still become free.
    Offering { until: Instant },
    /// An agent talks with whoever answered.
    Connected { agent: AgentKey, since: Instant },
    /// No agent was free in time: the message is played.
    Message { play: Option<PlayId> },
    /// The script speaks.
    Script(Script),
    /// It is being hung up; nothing that comes changes its outcome.
    Ending(CallOutcome),
}

/// A call that lasts.
pub(super) struct Line {
    pub(super) loaded: Arc<Loaded>,
    pub(super) call: Call,
    /// The driver's name of it, once it was placed.
    pub(super) leg: Option<LegId>,
    pub(super) stage: Stage,
    /// The agent whom it is for.
    pub(super) reserved: Option<AgentKey>,
    pub(super) began: Instant,
    pub(super) answered: Option<Instant>,
    /// We gave up ringing on an operator's order.
    pub(super) cancelled: bool,
    /// It has to end as soon as it has a leg.
    pub(super) to_end: bool,
    /// Whoever was called asked not to be called again.
    pub(super) suppress: bool,
    /// The result that the script recorded, by export key.
    pub(super) result: Option<String>,
    /// Prompts that came to their end before the driver had told their number.
    pub(super) played_early: Vec<PlayId>,
    /// The last write about it that may not be over.
    pub(super) write: Option<JoinHandle<()>>,
}

impl Line {
    pub(super) fn new(loaded: Arc<Loaded>, call: Call, reserved: Option<AgentKey>, now: Instant) -> Self {
        Self {
            loaded,
            call,
            leg: None,
            stage: Stage::Dialling,
            reserved,
            began: now,
            answered: None,
            cancelled: false,
            to_end: false,
            suppress: false,
            result: None,
            played_early: Vec::new(),
            write: None,
        }
    }

    /// Whether it was placed and is neither answered nor over.
    pub(super) fn is_dialling(&self) -> bool {
        matches!(self.stage, Stage::Dialling)
    }

    /// Whether whoever answers needs an agent.
    pub(super) fn needs_agent(&self) -> bool {
        self.loaded.work() != Work::Agentless
    }

    /// What came of it, from its terminal event.
    pub(super) fn over(mut self, event: &LegEvent, at: Instant, now: UnixMillis) -> (Over, Stage) {
        let outcome = match event {
            LegEvent::Failed { status, q850, retry_after, phase, by_us, text } => {
                let failure = Failure {
                    status: *status,
                    q850: *q850,
                    retry_after: retry_after.is_some(),
                    reached: if *phase == CallPhase::Alerting { Reached::Ringing } else { Reached::Nothing },
                    by_us: *by_us,
                };
                self.call.sip_status = *status;
                self.call.cause = failure.cause();
                self.call.reason.clone_from(text);
                if self.cancelled && *by_us { CallOutcome::CancelledRing } else { failure.outcome() }
            }
            LegEvent::Ended { by, q850, .. } => {
                self.call.sip_status = Some(200);
                self.call.cause = Some(q850.map_or(16, u16::from));
                self.ended(*by, at)
            }
            _ => CallOutcome::Unknown,
        };
        self.call.outcome = Some(outcome);
        self.call.ended_at = Some(now);
        let (result, mut suppress) = match &self.stage {
            Stage::Script(script) => (script.result.clone().or(self.result), script.suppress),
            _ => (self.result, false),
        };
        suppress |= self.suppress;
        let counts = self.loaded.work() != Work::Agentless;
        (Over { call: self.call, result, suppress, unsent: false, counts }, self.stage)
    }

    /// What came of an answered call.
    fn ended(&mut self, by: Party, at: Instant) -> CallOutcome {
        let lasted = self.answered.map_or(Duration::ZERO, |answered| at.saturating_duration_since(answered));
        match &self.stage {
            Stage::Connected { .. } => {
                if by == Party::Lost {
                    "no more sound came".clone_into(&mut self.call.reason);
                }
                CallOutcome::Answered
            }
            // Whoever hangs up before the limit was not left without an agent.
            Stage::Offering { until } if at <= *until => CallOutcome::ShortCall,
            Stage::Offering { .. } | Stage::Message { .. } => CallOutcome::Abandoned,
            Stage::Script(script) => {
                if by == Party::Lost {
                    "no sound came".clone_into(&mut self.call.reason);
                    CallOutcome::MediaMismatch
                } else if !script.heard && by == Party::Far && lasted < SHORT_CALL {
                    CallOutcome::ShortCall
                } else {
                    CallOutcome::Answered
                }
            }
            Stage::Ending(outcome) => *outcome,
            Stage::Dialling => CallOutcome::Unknown,
        }
    }
}
