//! Contacts of the client account or of one campaign (§4.1).

use crate::call::Call;
use crate::envelope::{self, Answer, List, Page};
use crate::error::Fault;
use crate::face::Face;
use crate::wire::contacts::ContactRow;
use futures_util::{StreamExt, stream};
use muster_app::Services;
use muster_app::ports::{AfterContact, sort_name};
use muster_app::usecases::dialler::{DiallerError, DiallerResult, page_contacts};
use muster_domain::calls::contact::Contact;
use muster_domain::ids::{CallCampaignId, ClientId};
use std::sync::Arc;

/// Contacts that are in memory at a time.
const PAGE: u32 = 500;

pub(super) fn mount(face: Face) -> Face {
    let errors = [DiallerError::CampaignNotFound, DiallerError::invalid("diallerCampaignsID", "an integer")];
    face.route::<__path_list, _, _>(&errors, list)
}

/// Lists contacts in order of their names: all of the client account, or those of one campaign.
#[utoipa::path(get, path = "/rest/v1.0/{ClientsID}/dialler/contacts", operation_id = "list_contacts", tag = "Contacts",
    params(("ClientsID" = i64, Path), ("diallerCampaignsID" = Option<i64>, Query)),
    responses((status = 200, body = List<ContactRow>)))]
async fn list(call: Call) -> Answer {
    let services = Arc::clone(call.services());
    let asked = Asked { services, client: call.client(), campaign: call.campaign_if_any()? };
    // What can be refused is refused before the first octet is sent.
    let (first, after) = asked.page(None).await?;
    let rest = stream::try_unfold((asked, after), async |(asked, after)| {
        let Some(after) = after else { return Ok(None) };
        let (page, next) = asked.page(Some(after)).await?;
        Ok::<_, Fault>(Some((page, (asked, next))))
    });
    envelope::list_of_pages(stream::once(std::future::ready(Ok(first))).chain(rest))
}

/// Whose contacts are asked for.
struct Asked {
    services: Arc<Services>,
    client: ClientId,
    campaign: Option<CallCampaignId>,
}

impl Asked {
    /// A page, and behind whom the next one begins, if there may be one.
    async fn page(&self, after: Option<AfterContact>) -> Result<(Page, Option<AfterContact>), Fault> {
        let contacts = self.contacts(after).await?;
        let last = contacts.last().filter(|_| contacts.len() as u32 == PAGE);
        let next = last.map(|last| AfterContact { name: sort_name(&last.details.name), id: last.id });
        Ok((Page::of(contacts.into_iter().map(ContactRow::from))?, next))
    }

    async fn contacts(&self, after: Option<AfterContact>) -> DiallerResult<Vec<Contact>> {
        let going_on = after.is_some();
        match page_contacts(&self.services, self.client, self.campaign, after, PAGE).await {
            // Deleted while it is read: nothing more of it is shown.
            Err(DiallerError::CampaignNotFound) if going_on => Ok(Vec::new()),
            page => page,
        }
    }
}
