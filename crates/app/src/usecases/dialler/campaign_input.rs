//! What is asked to be true of a campaign (dialler contract §3.0), and the rules that it must keep.

use super::{DiallerError, DiallerResult, NAME_MAX_CHARS, check_length, check_text};
use muster_domain::calls::campaign::{CallCampaign, Mode};
use muster_domain::calls::hours::{NumberWindow, WeekSpan, WeekSpanError};
use muster_domain::calls::number::E164;
use muster_domain::calls::result_code::{Language, ResultCode, ResultKind};
use muster_domain::ids::ResultCodeId;
use muster_domain::time::UnixMillis;
use std::ops::RangeInclusive;

/// Fields of a campaign; `None` leaves one as it is, or at its default. What may be unset is `Some(None)` then.
#[derive(Debug, Clone, Default)]
pub struct CampaignInput {
    /// `Name`.
    pub name: Option<String>,
    /// `UserData`.
    pub user_data: Option<Option<String>>,
    /// `LanguagesID`.
    pub language: Option<Language>,
    /// `ContactPreviewTime`, seconds.
    pub preview_s: Option<u32>,
    /// `nMaxParallelLines`.
    pub max_parallel_lines: Option<Option<u32>>,
    /// `bCloseContactsOnIncomingCallsMatchCallerID`.
    pub close_on_incoming: Option<bool>,
    /// `dtFrom`.
    pub valid_from: Option<Option<UnixMillis>>,
    /// `dtTo`.
    pub valid_to: Option<Option<UnixMillis>>,
    /// `bCallerIDActive`.
    pub caller_id_active: Option<bool>,
    /// `CallerID`.
    pub caller_id: Option<Option<String>>,
    /// `AbortOnNoTelNumberResultCodesID`.
    pub no_number_code: Option<Option<ResultCodeId>>,
    /// `IncomingCallResultCodesID`.
    pub incoming_code: Option<Option<ResultCodeId>>,
    /// `bActive`.
    pub active: Option<bool>,
    /// `nMaxRingTime`, seconds.
    pub max_ring_s: Option<u32>,
    /// `nMaxTries`.
    pub max_tries: Option<u32>,
    /// `nRetryDelay`, minutes.
    pub retry_delay_min: Option<u32>,
    /// `nBusyTries`.
    pub busy_tries: Option<u32>,
    /// `nBusyRetryDelay`, minutes.
    pub busy_retry_delay_min: Option<u32>,
    /// `bMailboxDetection`.
    pub mailbox_detection: Option<bool>,
    /// `ActiveTimes`.
    pub active_times: Option<Vec<WeekSpan>>,
    /// `Mode`.
    pub mode: Option<Mode>,
    /// `TimeWindows`.
    pub time_windows: Option<Vec<NumberWindow>>,
}

/// Most hours of each list.
const HOURS_MAX: usize = 200;
/// Minutes of a year.
const YEAR_MIN: u32 = 366 * 24 * 60;

impl CampaignInput {
    /// Writes everything but `active`, which is the matter of starting and stopping, into a campaign, and checks what
    /// comes of it. `codes` are the campaign's.
    pub(super) fn write_into(self, campaign: &mut CallCampaign, codes: &[ResultCode]) -> DiallerResult<()> {
        fn set<T>(place: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *place = value;
            }
        }
        if let Some(Some(number)) = &self.caller_id {
            let number =
                E164::parse(number).map_err(|error| DiallerError::invalid("CallerID", error.to_string()))?;
            campaign.caller_id = Some(number.into());
        } else if self.caller_id.is_some() {
            campaign.caller_id = None;
        }
        check_code(
            "AbortOnNoTelNumberResultCodesID",
            self.no_number_code.flatten(),
            codes,
            &[ResultKind::Abort],
        )?;
        let closing = [ResultKind::Done, ResultKind::Abort];
        check_code("IncomingCallResultCodesID", self.incoming_code.flatten(), codes, &closing)?;
        set(&mut campaign.name, self.name);
        set(&mut campaign.user_data, self.user_data);
        set(&mut campaign.language, self.language);
        set(&mut campaign.preview_s, self.preview_s);
        set(&mut campaign.max_parallel_lines, self.max_parallel_lines);
        set(&mut campaign.close_on_incoming, self.close_on_incoming);
        set(&mut campaign.valid_from, self.valid_from);
        set(&mut campaign.valid_to, self.valid_to);
        set(&mut campaign.caller_id_active, self.caller_id_active);
        set(&mut campaign.no_number_code, self.no_number_code);
        set(&mut campaign.incoming_code, self.incoming_code);
        set(&mut campaign.max_ring_s, self.max_ring_s);
        set(&mut campaign.max_tries, self.max_tries);
        set(&mut campaign.retry_delay_min, self.retry_delay_min);
        set(&mut campaign.busy_tries, self.busy_tries);
        set(&mut campaign.busy_retry_delay_min, self.busy_retry_delay_min);
        set(&mut campaign.mailbox_detection, self.mailbox_detection);
        set(&mut campaign.active_times, self.active_times);
        set(&mut campaign.mode, self.mode);
        set(&mut campaign.time_windows, self.time_windows);
        check(campaign)
    }
}

/// Refuses a code that is not one of the campaign's, or does not close a contact as it must.
fn check_code(
    parameter: &str,
    code: Option<ResultCodeId>,
    codes: &[ResultCode],
    kinds: &[ResultKind],
) -> DiallerResult<()> {
    let Some(id) = code else { return Ok(()) };
    let Some(code) = codes.iter().find(|code| code.id == id) else {
        return Err(DiallerError::invalid(parameter, "a result code of the campaign"));
    };
    if kinds.contains(&code.kind) {
        return Ok(());
    }
    let types: Vec<_> = kinds.iter().map(|kind| kind.number().to_string()).collect();
    Err(DiallerError::invalid(parameter, format!("a result code of type {}", types.join(" or "))))
}

fn check(campaign: &CallCampaign) -> DiallerResult<()> {
    check_text("Name", &campaign.name, NAME_MAX_CHARS)?;
    check_length("UserData", campaign.user_data.as_deref().unwrap_or_default(), NAME_MAX_CHARS)?;
    check_dates(campaign.valid_from, campaign.valid_to)?;
    let ranges: [(&str, u32, RangeInclusive<u32>); 7] = [
        ("ContactPreviewTime", campaign.preview_s, 0..=3600),
        ("nMaxParallelLines", campaign.max_parallel_lines.unwrap_or(1), 1..=100_000),
        ("nMaxRingTime", campaign.max_ring_s, 1..=300),
        ("nMaxTries", campaign.max_tries, 1..=1000),
        ("nRetryDelay", campaign.retry_delay_min, 0..=YEAR_MIN),
        ("nBusyTries", campaign.busy_tries, 0..=100),
        ("nBusyRetryDelay", campaign.busy_retry_delay_min, 0..=YEAR_MIN),
    ];
    for (parameter, value, range) in ranges {
        if !range.contains(&value) {
            return Err(DiallerError::invalid(parameter, format!("{} to {}", range.start(), range.end())));
        }
    }
    if campaign.caller_id_active && campaign.caller_id.is_none() {
        return Err(DiallerError::invalid("bCallerIDActive", "needs a CallerID to show"));
    }
    check_hours("ActiveTimes", campaign.active_times.iter().map(WeekSpan::validate))?;
    check_hours("TimeWindows", campaign.time_windows.iter().map(NumberWindow::validate))
}

/// Refuses a validity that ends before it begins.
pub(super) fn check_dates(from: Option<UnixMillis>, to: Option<UnixMillis>) -> DiallerResult<()> {
    match (from, to) {
        (Some(from), Some(to)) if from >= to => Err(DiallerError::invalid("dtTo", "must be after dtFrom")),
        _ => Ok(()),
    }
}

fn check_hours(
    parameter: &str,
    hours: impl ExactSizeIterator<Item = Result<(), WeekSpanError>>,
) -> DiallerResult<()> {
    if hours.len() > HOURS_MAX {
        return Err(DiallerError::invalid(parameter, format!("at most {HOURS_MAX} entries")));
    }
    for (place, checked) in hours.enumerate() {
        checked.map_err(|error| DiallerError::invalid(format!("{parameter}[{place}]"), error.to_string()))?;
    }
    Ok(())
}
