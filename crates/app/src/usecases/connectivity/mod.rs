//! What may be asked of the connectivity side: accounts, SIM cards, packages and SIM campaigns.
//!
//! Whoever asks over the connectivity face is a [`Requestor`]; operators name accounts directly. Either way the
//! functions that change something are the same, and each is one transaction together with the record of the request.

mod accounts;
mod campaigns;
mod control_campaign;
mod enrol;
mod error;
mod identifier_rows;
mod load_sims;
pub mod operators;
mod packages;
mod participants;
mod request_status;
mod requestor;
mod sign_in;
mod sim_packages;
mod sim_status;
mod sims;
mod tariffs;
mod templates;
mod users;

pub use accounts::{NewAccount, child_accounts, create_account, create_sub_account};
pub use campaigns::{NewCampaign, campaign, connect_campaign, create_campaign, page_campaigns};
pub use control_campaign::control_campaign;
pub use enrol::enrol;
pub use error::{ConnectivityError, ConnectivityResult, EntryFault};
pub use identifier_rows::{IdentifierRow, IdentifierRows};
pub use load_sims::{KeySetInClear, NewSim, load_sims};
pub use packages::{
    NewPackage, PackageChange, create_package, created_packages, delete_package, eligible_packages,
    modify_package, packages_in_use,
};
pub use participants::{Shown, page_participants, sim_participations};
pub use request_status::{request_status, request_statuses};
pub use requestor::Requestor;
pub use sign_in::{SignedIn, authenticate, sign_in};
pub use sim_packages::{PackageStep, Side, change_sim_packages};
pub use sim_status::change_sim_status;
pub use sims::{FoundSim, SimIdentifier, digits_of_msisdn, find_sim, page_sims};
pub use tariffs::{NewTariff, create_tariff, page_tariffs};
pub use templates::{NewTemplate, create_template, page_templates, template};
pub use users::{NewUser, change_password, create_user};

/// Longest name of anything, in characters.
pub const NAME_MAX_CHARS: usize = 255;
/// Longest description, in characters.
pub const DESCRIPTION_MAX_CHARS: usize = 2000;
/// Most simultaneous changes of one object that are waited out.
const TRIES: usize = 8;

/// A name: not blank, not endless.
fn check_name(parameter: &str, name: &str) -> ConnectivityResult<()> {
    if name.trim().is_empty() {
        return Err(ConnectivityError::invalid(parameter, "must not be empty"));
    }
    check_length(parameter, name, NAME_MAX_CHARS)
}

fn check_length(parameter: &str, text: &str, max: usize) -> ConnectivityResult<()> {
    if text.contains('\0') {
        return Err(ConnectivityError::invalid(parameter, "must not hold a NUL"));
    }
    if text.chars().count() > max {
        return Err(ConnectivityError::invalid(parameter, format!("at most {max} characters")));
    }
    Ok(())
}

fn check_currency(code: &str) -> ConnectivityResult<()> {
    let known_form = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    if known_form {
        Ok(())
    } else {
        Err(ConnectivityError::invalid("currency", "an ISO 4217 code of three capital letters"))
    }
}
