//! What a call campaign says.

use super::call::CallOutcome;
use super::hours::{NumberWindow, WeekSpan};
use super::result_code::Language;
use crate::ids::{CallCampaignId, ClientId, ResultCodeId};
use crate::time::UnixMillis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How contacts are dialled, as the dialler contract has it (`Mode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The agent picks a contact and asks for the call.
    #[default]
    Manual,
    /// An agent is shown the next contact, which is then dialled.
    Preview,
    /// The system dials by itself, without agents.
    Ivr,
}

impl Mode {
    /// The word on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Preview => "preview",
            Self::Ivr => "ivr",
        }
    }

    /// The mode of a word on the wire.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Manual, Self::Preview, Self::Ivr].into_iter().find(|mode| mode.name() == name)
    }
}

/// How calls are paced for agents, beyond what the contract's modes say.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "mode", deny_unknown_fields)]
pub enum Pacing {
    /// One call for each idle agent.
    Progressive,
    /// A fixed number of calls for each idle agent.
    Power {
        /// Calls for each idle agent, 1.0 to 10.0.
        ratio: f64,
    },
    /// As many as keep the share of abandoned calls under the policy's cap.
    Predictive,
}

/// Which of a contact's numbers is tried next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberStrategy {
    /// Another number each time.
    #[default]
    Rotate,
    /// The first one until its tries are used up, then the next.
    ExhaustFirst,
}

/// A step of what an agentless call does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "step", deny_unknown_fields)]
pub enum ScriptStep {
    /// Plays a prompt; a key pressed meanwhile ends it and counts for the next `collect`.
    Play {
        /// Name of the prompt.
        prompt: String,
    },
    /// Waits for one key.
    Collect {
        /// How long, in seconds, 1 to 60.
        timeout_s: u32,
        /// Where to go on, by key; others are like no key at all.
        keys: BTreeMap<String, Vec<ScriptStep>>,
        /// What to do without a key.
        #[serde(default)]
        otherwise: Vec<ScriptStep>,
    },
    /// Records a result code, by its export key.
    Result {
        /// `ExportKey` of one of the campaign's codes.
        export_key: String,
    },
    /// The number is never called again.
    Suppress,
    /// Connects an agent of the campaign; without one in time the message is played.
    Transfer,
    /// Ends the call.
    HangUp,
}

/// Settings of a campaign beyond the contract's record; they are made through the management API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dialling {
    /// How calls are paced for agents; `None` leaves it to the contract's mode.
    pub pacing: Option<Pacing>,
    /// A policy of its own, by name. The client account's holds beside it; of the two the stricter one rules.
    pub policy: Option<String>,
    /// Prompt that is played to whoever answers when no agent is free.
    pub message: Option<String>,
    /// What an agentless call does after the answer.
    pub script: Vec<ScriptStep>,
    /// Trunks that may be used, by name; empty means any.
    pub trunks: Vec<String>,
    /// Which number is tried next.
    pub number_strategy: NumberStrategy,
    /// Tries of one number; 0 is no limit beside the contact's.
    pub max_tries_per_number: u32,
    /// Seconds that an agent has for writing up after a call.
    pub wrap_s: u32,
    /// Result code, by export key, for a contact whose agent recorded none in that time; without one it is called
    /// again like after no answer.
    pub wrap_result: Option<String>,
    /// Expected seconds of talking and writing up, until enough were measured.
    pub expected_handle_s: u32,
    /// Fewest agents with which calls are predicted; with fewer there is one call for each idle agent.
    pub predictive_min_agents: u32,
    /// Result codes, by export key, for outcomes that no agent sees.
    pub outcomes: BTreeMap<CallOutcome, String>,
    /// Whether a message left on a machine, or a script that ended without a result, closes the contact as done.
    pub heard_is_done: bool,
}

impl Default for Dialling {
    fn default() -> Self {
        Self {
            pacing: None,
            policy: None,
            message: None,
            script: Vec::new(),
            trunks: Vec::new(),
            number_strategy: NumberStrategy::Rotate,
            max_tries_per_number: 0,
            wrap_s: 15,
            wrap_result: None,
            expected_handle_s: 140,
            predictive_min_agents: 3,
            outcomes: BTreeMap::new(),
            heard_is_done: true,
        }
    }
}

/// A call campaign (`DiallerCampaigns`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallCampaign {
    /// `ID`.
    pub id: CallCampaignId,
    /// `ClientsID`.
    pub client: ClientId,
    /// `Name`, unique in the client account.
    pub name: String,
    /// `UserData`.
    pub user_data: Option<String>,
    /// `LanguagesID`.
    pub language: Language,
    /// `ContactPreviewTime`, seconds.
    pub preview_s: u32,
    /// `nMaxParallelLines`; `None` is no cap of the campaign's own.
    pub max_parallel_lines: Option<u32>,
    /// `bCloseContactsOnIncomingCallsMatchCallerID`.
    pub close_on_incoming: bool,
    /// `dtFrom`: valid from.
    pub valid_from: Option<UnixMillis>,
    /// `dtTo`: valid before.
    pub valid_to: Option<UnixMillis>,
    /// `bCallerIDActive`: whether `caller_id` is shown.
    pub caller_id_active: bool,
    /// `CallerID`: the number shown, digits.
    pub caller_id: Option<String>,
    /// `AbortOnNoTelNumberResultCodesID`.
    pub no_number_code: Option<ResultCodeId>,
    /// `IncomingCallResultCodesID`.
    pub incoming_code: Option<ResultCodeId>,
    /// `bActive`.
    pub active: bool,
    /// `nMaxRingTime`, seconds.
    pub max_ring_s: u32,
    /// `nMaxTries` of a contact.
    pub max_tries: u32,
    /// `nRetryDelay`, minutes.
    pub retry_delay_min: u32,
    /// `nBusyTries`: calls of a busy series.
    pub busy_tries: u32,
    /// `nBusyRetryDelay`, minutes.
    pub busy_retry_delay_min: u32,
    /// `bMailboxDetection`.
    pub mailbox_detection: bool,
    /// `ActiveTimes`; none is always.
    pub active_times: Vec<WeekSpan>,
    /// `Mode`.
    pub mode: Mode,
    /// `TimeWindows`; none is any time.
    pub time_windows: Vec<NumberWindow>,
    /// Settings beyond the contract's.
    pub dialling: Dialling,
    /// When it was made.
    pub created_at: UnixMillis,
    /// Why it does not dial although it is active, for people; empty while it does.
    pub waits_for: String,
    /// When it was first started.
    pub started_at: Option<UnixMillis>,
}

impl CallCampaign {
    /// A campaign with the defaults of dialler contract §3.0.
    pub fn new(id: CallCampaignId, client: ClientId, name: String, now: UnixMillis) -> Self {
        Self {
            id,
            client,
            name,
            user_data: None,
            language: Language::English,
            preview_s: 5,
            max_parallel_lines: None,
            close_on_incoming: false,
            valid_from: None,
            valid_to: None,
            caller_id_active: false,
            caller_id: None,
            no_number_code: None,
            incoming_code: None,
            active: false,
            max_ring_s: 30,
            max_tries: 5,
            retry_delay_min: 60,
            busy_tries: 3,
            busy_retry_delay_min: 5,
            mailbox_detection: false,
            active_times: Vec::new(),
            mode: Mode::Manual,
            time_windows: Vec::new(),
            dialling: Dialling::default(),
            created_at: now,
            waits_for: String::new(),
            started_at: None,
        }
    }

    /// The number shown to those who are called.
    pub fn shown_number(&self) -> Option<&str> {
        self.caller_id.as_deref().filter(|_| self.caller_id_active)
    }

    /// Whether `now` lies in its validity.
    pub fn is_valid_at(&self, now: UnixMillis) -> bool {
        self.valid_from.is_none_or(|from| from <= now) && self.valid_to.is_none_or(|to| now < to)
    }
}
