//! Templates of SIM campaigns, checked against the makes of cards they are for.

use super::super::templates::{NewTemplate, make};
use super::accounts::account;
use super::profiles::{card_profile, card_profiles};
use super::{ConnectivityError, ConnectivityResult, Remember, commit};
use crate::Services;
use crate::ports::{PageOf, Paged, SimWrite};
use crate::sim_program::{CompileError, compile};
use muster_domain::account::Account;
use muster_domain::ids::{AccountId, OrganizationId, TemplateId};
use muster_domain::sim::{CardProfile, Template};

/// How a template fits the cards of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fit {
    /// Name of the profile.
    pub profile: String,
    /// Packets that it takes, or why none can be made.
    pub packets: Result<usize, CompileError>,
}

/// Makes a template of the account. It has to fit each of the profiles named, or, with none named, at least one of
/// the organization's.
pub async fn create_template(
    services: &Services,
    account: &Account,
    new: NewTemplate,
    profiles: &[String],
    remember: Remember<'_, (Template, Vec<Fit>)>,
) -> ConnectivityResult<(Template, Vec<Fit>)> {
    if new.operations.is_empty() {
        return Err(ConnectivityError::invalid("operations", "at least one"));
    }
    let template = make(services, account, new).await?;
    let fits = if profiles.is_empty() {
        let fits = fit(services, account.organization, &template).await?;
        // Where it fits no profile, the one that it comes closest to tells most.
        let fault =
            fits.iter().filter_map(|fit| fit.packets.as_ref().err()).max_by_key(|fault| reached(fault));
        if let Some(fault) = fault
            && fits.iter().all(|fit| fit.packets.is_err())
        {
            return Err(unfit(fault));
        }
        fits
    } else {
        let mut fits = Vec::with_capacity(profiles.len());
        for name in profiles {
            let profile = card_profile(services, account.organization, name).await?;
            let profile = profile.ok_or_else(|| {
                ConnectivityError::invalid("profiles", format!("there is no card profile {name:?}"))
            })?;
            let program = compile(&template, &profile).map_err(|fault| unfit(&fault))?;
            fits.push(Fit { profile: profile.name, packets: Ok(program.steps.len()) });
        }
        fits
    };
    let made = (template, fits);
    commit(services, remember(&made), [SimWrite::Template(Box::new(made.0.clone()))]).await?;
    Ok(made)
}

/// How a template fits each of the organization's profiles.
pub async fn fit(
    services: &Services,
    organization: OrganizationId,
    template: &Template,
) -> ConnectivityResult<Vec<Fit>> {
    let profiles = card_profiles(services, organization).await?;
    let fit = |profile: CardProfile| {
        let packets = compile(template, &profile).map(|program| program.steps.len());
        Fit { profile: profile.name, packets }
    };
    Ok(profiles.into_iter().map(fit).collect())
}

/// How many operations went well before the fault.
const fn reached(fault: &CompileError) -> usize {
    match fault {
        CompileError::Operation { number, .. } => *number,
        CompileError::Empty | CompileError::Profile { .. } => 0,
    }
}

fn unfit(fault: &CompileError) -> ConnectivityError {
    let place = match fault {
        CompileError::Operation { number, .. } => format!("operations[{}]", number - 1),
        CompileError::Empty => "operations".to_owned(),
        CompileError::Profile { .. } => "profiles".to_owned(),
    };
    ConnectivityError::invalid(place, fault.to_string())
}

/// The organization's template of that id.
pub async fn template(
    services: &Services,
    organization: OrganizationId,
    id: TemplateId,
) -> ConnectivityResult<Template> {
    let found = services.sims.template(id).await?.ok_or(ConnectivityError::TemplateNotFound)?;
    match account(services, organization, found.account).await {
        Ok(_) => Ok(found),
        Err(ConnectivityError::CustomerNotFound) => Err(ConnectivityError::TemplateNotFound),
        Err(error) => Err(error),
    }
}

/// Templates of one of the organization's accounts, in order of id.
pub async fn page_templates(
    services: &Services,
    organization: OrganizationId,
    id: AccountId,
    page: PageOf,
) -> ConnectivityResult<Paged<Template>> {
    let account = account(services, organization, id).await?.value;
    Ok(services.sims.page_templates(account.id, page).await?)
}
