//! Result codes: a campaign's own labels for what came of a contact.

use crate::ids::{CallCampaignId, ResultCodeId};
use serde::{Deserialize, Serialize};

/// A language of texts on the dialler wire (`LanguagesID`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Language {
    /// 1.
    English,
    /// 2.
    German,
}

impl Language {
    /// Its number on the wire.
    pub const fn number(self) -> i64 {
        match self {
            Self::English => 1,
            Self::German => 2,
        }
    }

    /// The language of a number on the wire.
    pub const fn from_number(number: i64) -> Option<Self> {
        match number {
            1 => Some(Self::English),
            2 => Some(Self::German),
            _ => None,
        }
    }
}

/// What a result code does to the contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResultKind {
    /// Success: never called again.
    Done,
    /// Failure: never called again.
    Abort,
    /// Called again after a time.
    Delay,
    /// Called again at a given time.
    Appointment,
}

impl ResultKind {
    /// Every kind, in order of its number.
    pub const ALL: [Self; 4] = [Self::Done, Self::Abort, Self::Delay, Self::Appointment];

    /// `DiallerResultCodesTypesID` on the wire.
    pub const fn number(self) -> i64 {
        match self {
            Self::Done => 1,
            Self::Abort => 2,
            Self::Delay => 3,
            Self::Appointment => 4,
        }
    }

    /// The kind of a number on the wire.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// Its name.
    pub const fn content(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Done, Language::English) => "Done",
            (Self::Done, Language::German) => "Abschluss",
            (Self::Abort, Language::English) => "Abort",
            (Self::Abort, Language::German) => "Abbruch",
            (Self::Delay, Language::English) => "Delay",
            (Self::Delay, Language::German) => "Verzögerung",
            (Self::Appointment, Language::English) => "Appointment",
            (Self::Appointment, Language::German) => "Termin",
        }
    }
}

/// A result code of a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultCode {
    /// `ID` on the wire.
    pub id: ResultCodeId,
    /// The campaign.
    pub campaign: CallCampaignId,
    /// `ExportKey`: what exports say for it.
    pub export_key: String,
    /// Text in English.
    pub english: Option<String>,
    /// Text in German.
    pub german: Option<String>,
    /// What it does.
    pub kind: ResultKind,
    /// Whether the follow-up stays with the agent; `None` for codes without follow-up.
    pub agent_bound: Option<bool>,
    /// Minutes until the follow-up, for [`ResultKind::Delay`].
    pub time_offset: Option<u32>,
    /// Whether it may be deleted.
    pub allow_delete: bool,
    /// Whether the number called must not be called again by anybody of the client account.
    #[serde(default)]
    pub suppresses: bool,
}

impl ResultCode {
    /// The text in a language, or else in the other one.
    pub fn content(&self, language: Language) -> &str {
        let (first, second) = match language {
            Language::English => (&self.english, &self.german),
            Language::German => (&self.german, &self.english),
        };
        first.as_deref().or(second.as_deref()).unwrap_or(&self.export_key)
    }
}

/// The codes that every new campaign begins with, in order (dialler contract §4.3). The ids are given by the caller;
/// the position of [`NO_NUMBER`] and [`INCOMING`] tells which two the campaign refers to.
pub fn general_codes(campaign: CallCampaignId, ids: [ResultCodeId; 7]) -> [ResultCode; 7] {
    use ResultKind::{Abort, Appointment, Delay, Done};
    let rows = [
        ("ABG", "Abgeschlossen", "Completed", Done, None, None, true),
        ("Aufleger", "Aufleger", "Hung up", Abort, None, None, true),
        ("KI", "Kein Interesse", "Not interested", Abort, None, None, true),
        ("KNR", "Keine gültige Nummer", "No valid number", Abort, None, None, false),
        ("EIN", "Kunde hat angerufen", "Called in", Done, None, None, false),
        ("SP", "Später (2 Std.)", "Later (2 h)", Delay, Some(false), Some(120), true),
        ("TER", "Termin", "Appointment", Appointment, Some(true), None, true),
    ];
    let mut ids = ids.into_iter();
    rows.map(|(key, german, english, kind, agent_bound, time_offset, allow_delete)| ResultCode {
        id: ids.next().unwrap_or(ResultCodeId(0)),
        campaign,
        export_key: key.to_owned(),
        english: Some(english.to_owned()),
        german: Some(german.to_owned()),
        kind,
        agent_bound,
        time_offset,
        allow_delete,
        suppresses: false,
    })
}

/// Which of [`general_codes`] closes a contact without a usable number.
pub const NO_NUMBER: usize = 3;
/// Which of [`general_codes`] closes a contact that called in.
pub const INCOMING: usize = 4;
