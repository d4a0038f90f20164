//! What may be asked of the dialler side: client accounts with their agents, call campaigns, result codes and contacts.
//!
//! The dialler face, the management API, the command line and the engine ask the same functions. Every function that
//! names a campaign or a contact also names the client account: what belongs to another one is not found.

mod agents;
mod campaign_input;
mod campaigns;
mod change_campaign;
mod clients;
mod clone_campaign;
mod contact_fields;
mod contact_input;
mod contacts;
mod create_campaign;
mod delete_campaign;
mod dialling;
mod error;
mod export;
mod import_contacts;
mod incoming_call;
mod lock_contact;
mod next_contact;
mod numbers;
mod policies;
mod prompts;
mod record_result;
mod result_codes;
mod sign_in;
mod start_stop;
mod status;
mod suppression;

pub use agents::{NewAgent, PHONE_REALM, agents, put_agent, remove_agent};
pub use campaign_input::CampaignInput;
pub use campaigns::{campaign, campaigns, campaigns_like};
pub use change_campaign::change_campaign;
pub use clients::{
    ClientChange, NewClient, change_client, client, clients, create_client, create_client_once, remove_token,
    rotate_token,
};
pub use clone_campaign::{CloneOrder, clone_campaign};
pub use contact_fields::{TEXT_FIELDS, TextField, text_field};
pub use contact_input::{ContactInput, NumberInput};
pub use contacts::{
    attempts, contact, contacts_with_user_data, delete_contact, delete_contact_with_user_data, page_contacts,
};
pub use create_campaign::create_campaign;
pub use delete_campaign::{delete_campaign, delete_campaign_named};
pub use dialling::{put_dialling, put_dialling_if};
pub use error::{DiallerError, DiallerResult};
pub use export::{CallRow, ContactRow, RESULTS_PAGE_MAX, page_calls, page_results};
pub use import_contacts::{IMPORT_MAX, Overwrite, import_contact, import_contacts};
pub use incoming_call::incoming_call;
pub use lock_contact::{lock_contact, unlock_contact};
pub use next_contact::{AgentCampaign, MANUAL_LEASE_S, PREVIEW_MARGIN_S, next_contact};
pub use numbers::read_number;
pub use policies::{policies, policy, put_policy, read_policy, remove_policy};
pub use prompts::{PROMPT_MAX_S, SAMPLES_PER_S, prompt, prompts, put_prompt, put_prompt_file, remove_prompt};
pub use record_result::{ResultRecord, record_result};
pub use result_codes::{
    ResultCodeInput, change_result_code, create_result_code, delete_result_code, is_referred_to, result_codes,
};
pub use sign_in::authenticate;
pub use start_stop::{check_start, set_active, start_campaign, stop_campaign};
pub use status::{CampaignStatus, campaign_status};
pub use suppression::{SUPPRESSION_MAX, page_suppressed, suppress, unsuppress};

use crate::ports::CallRefusal;

/// Longest name of a campaign or a contact, and longest key of an outside system, in characters (contract §4.1).
pub const NAME_MAX_CHARS: usize = 64;
/// Longest UID of an agent, and longest export key, in characters (contract §4.1).
pub const UID_MAX_CHARS: usize = 32;
/// Longest name of anything that the contract does not know: a client account, a prompt, a policy.
pub const LABEL_MAX_CHARS: usize = 255;
/// Most simultaneous changes of one object that are waited out.
const TRIES: usize = 16;

/// A text that is there, and no longer than allowed.
fn check_text(parameter: &str, text: &str, max_chars: usize) -> DiallerResult<()> {
    if text.is_empty() {
        return Err(DiallerError::missing(parameter));
    }
    check_length(parameter, text, max_chars)
}

/// A text that may be empty.
fn check_length(parameter: &str, text: &str, max_chars: usize) -> DiallerResult<()> {
    if text.contains('\0') {
        return Err(DiallerError::invalid(parameter, "must not hold a NUL"));
    }
    if text.chars().count() > max_chars {
        return Err(DiallerError::invalid(parameter, format!("at most {max_chars} characters")));
    }
    Ok(())
}

/// What came of a try to change something that others may change at the same time.
enum Tried<T> {
    /// It is done.
    Done(T),
    /// Somebody was faster: read again.
    Again,
}

/// What a commit's refusal means to whoever can read again.
fn tried<T>(committed: Result<(), CallRefusal>, value: T) -> DiallerResult<Tried<T>> {
    match committed {
        Ok(()) => Ok(Tried::Done(value)),
        Err(CallRefusal::Stale { .. }) => Ok(Tried::Again),
        Err(refusal) => Err(refusal.into()),
    }
}

/// Tries until nobody is faster, within bounds. A macro, since the compiler cannot tell of a closure that gives futures
/// whether they may pass between threads.
macro_rules! until_done {
    ($step:expr) => {
        'tries: {
            for _ in 0..super::TRIES {
                if let super::Tried::Done(value) = $step.await? {
                    break 'tries Ok(value);
                }
            }
            Err(super::DiallerError::Contended)
        }
    };
}
use until_done;
