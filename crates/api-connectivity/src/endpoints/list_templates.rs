//! Templates of campaigns, all of them or one (§4.5).

use crate::call::{Access, Call};
use crate::envelope::{self, Ack, Answer};
use crate::error::codes;
use crate::face::Face;
use crate::wire::words::TEMPLATE_KIND;
use muster_app::usecases::connectivity::{page_templates, template};
use muster_domain::sim::{Operation, Template};
use serde::Serialize;
use utoipa::ToSchema;

pub(super) fn mount(face: Face) -> Face {
    face.route::<__path_list, _, _>(Access::Read, &[codes::CUSTOMER_1002, codes::GLOBAL_9001], list)
        .route::<__path_show, _, _>(Access::Read, &[codes::CUSTOMER_1002, codes::CUSTOMER_9004], show)
}

/// What a campaign does to each SIM.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignTemplate)]
struct TemplateRow {
    #[schema(example = 20)]
    id: i64,
    name: String,
    /// Empty if there is none.
    description: String,
    /// `FILE_UPDATE`, `IMSI_ADD`, `KEY_WRITE` or APPLET.
    #[schema(value_type = String, example = "FILE_UPDATE")]
    kind: &'static str,
    /// The first file it touches; empty if it touches none.
    #[schema(example = "3F00/ADF1/6F31")]
    path: String,
    /// What it writes first, hexadecimal; empty if it writes nothing or what must not be shown.
    #[schema(example = "05")]
    data: String,
}

impl From<Template> for TemplateRow {
    fn from(template: Template) -> Self {
        let first = template.operations.first();
        let path = match first {
            Some(
                Operation::UpdateBinary { path, .. }
                | Operation::UpdateRecord { path, .. }
                | Operation::ReadBinary { path, .. }
                | Operation::ReadRecord { path, .. }
                | Operation::DeactivateFile { path }
                | Operation::ActivateFile { path }
                | Operation::Increase { path, .. },
            ) => path.to_string(),
            _ => String::new(),
        };
        let data = match first {
            _ if template.is_secret() => "",
            Some(Operation::Application { data, .. }) => data,
            Some(operation) => operation.written(),
            None => "",
        };
        Self {
            id: template.id.0,
            kind: TEMPLATE_KIND.word(template.kind),
            path,
            data: data.to_owned(),
            name: template.name,
            description: template.description,
        }
    }
}

/// Lists a customer's templates, in order of id.
#[utoipa::path(get, path = "/api/v2/customer/{customerId}/campaign-template",
    operation_id = "list_templates", tag = "Templates",
    params(("customerId" = String, Path), ("page" = Option<u64>, Query), ("size" = Option<u64>, Query)),
    responses((status = 200, body = Ack<TemplateRow>)))]
async fn list(call: Call) -> Answer {
    let page = call.page()?;
    let customer = call.visible_customer().await?;
    let templates = page_templates(call.services(), &customer, page).await?;
    envelope::list(page, templates, TemplateRow::from)
}

/// Shows one template.
#[utoipa::path(get, path = "/api/v2/customer/{customerId}/campaign-template/{templateId}",
    operation_id = "show_template", tag = "Templates",
    params(("customerId" = String, Path), ("templateId" = i64, Path)),
    responses((status = 200, body = Ack<TemplateRow>)))]
async fn show(call: Call) -> Answer {
    let customer = call.visible_customer().await?;
    let found = template(call.services(), &customer, call.template_id()?).await?;
    envelope::one(TemplateRow::from(found))
}
