//! Templates of SIM campaigns.

use super::{
    ConnectivityError, ConnectivityResult, DESCRIPTION_MAX_CHARS, check_length, check_name, request_status,
};
use crate::Services;
use crate::ports::{PageOf, Paged, Sequence, SimWrite};
use muster_domain::account::{Account, Request, RequestOutcome};
use muster_domain::ids::TemplateId;
use muster_domain::sim::{Operation, Template, TemplateKind};

/// Most operations of a template.
pub(super) const OPERATIONS_MAX: usize = 1000;

/// A template to be made.
#[derive(Debug, Clone)]
pub struct NewTemplate {
    /// Its id, for templates that are taken over from elsewhere; ids given later lie above all of these.
    pub id: Option<TemplateId>,
    /// Display name.
    pub name: String,
    /// Optional description.
    pub description: String,
    /// Kind, as the wire names it.
    pub kind: TemplateKind,
    /// What is done to a card, in order; may be empty for a kind that could not be given its data.
    pub operations: Vec<Operation>,
    /// See [`Template::accept_replay_as_done`].
    pub accept_replay_as_done: bool,
    /// See [`Template::fail_fast`].
    pub fail_fast: bool,
}

/// Makes a template of the account.
pub async fn create_template(
    services: &Services,
    account: &Account,
    new: NewTemplate,
) -> ConnectivityResult<(TemplateId, Request)> {
    let template = make(services, account, new).await?;
    let id = template.id;
    let request = request_status::accept(services, account.id, RequestOutcome::Done, 1);
    let writes = vec![SimWrite::Template(Box::new(template)), SimWrite::Request(request.clone())];
    services.sims.write_sims(writes).await?;
    Ok((id, request))
}

/// Checks a template and makes it ready to be stored.
pub(super) async fn make(
    services: &Services,
    account: &Account,
    new: NewTemplate,
) -> ConnectivityResult<Template> {
    check_name("name", &new.name)?;
    check_length("description", &new.description, DESCRIPTION_MAX_CHARS)?;
    if new.operations.len() > OPERATIONS_MAX {
        return Err(ConnectivityError::invalid("operations", format!("at most {OPERATIONS_MAX} operations")));
    }
    let id = match new.id {
        Some(id) => id,
        None => TemplateId(services.sims.next_number(Sequence::Template).await?),
    };
    Ok(Template {
        id,
        account: account.id,
        name: new.name,
        description: new.description,
        kind: new.kind,
        operations: new.operations,
        accept_replay_as_done: new.accept_replay_as_done,
        fail_fast: new.fail_fast,
        created_at: services.clock.now(),
    })
}

/// The account's template of that id.
pub async fn template(
    services: &Services,
    account: &Account,
    id: TemplateId,
) -> ConnectivityResult<Template> {
    let found = services.sims.template(id).await?;
    found.filter(|template| template.account == account.id).ok_or(ConnectivityError::TemplateNotFound)
}

/// The account's templates.
pub async fn page_templates(
    services: &Services,
    account: &Account,
    page: PageOf,
) -> ConnectivityResult<Paged<Template>> {
    Ok(services.sims.page_templates(account.id, page).await?)
}
