//! Making a template (§4.5).

use crate::call::{Access, Call};
use crate::envelope::{self, Ack, Answer};
use crate::error::codes;
use crate::face::Face;
use crate::wire::fields::{Fields, required};
use crate::wire::words::TEMPLATE_KIND;
use muster_app::usecases::connectivity::{
    ConnectivityError, ConnectivityResult, NewTemplate, create_template,
};
use muster_domain::sim::{Operation, TemplateKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Most octets that a template of this face writes; longer scripts are made over the management API.
const DATA_MAX_OCTETS: usize = 4096;

pub(super) fn mount(face: Face) -> Face {
    let codes = [codes::CUSTOMER_1002, codes::AUTH_9002, codes::GLOBAL_9001];
    face.route::<__path_create, _, _>(Access::Write, &codes, create)
}

/// A template to be made.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewCampaignTemplate)]
#[expect(
    dead_code,
    reason = "only its schema is used; bodies are read member by member to name what is wrong"
)]
struct TemplateBody {
    name: String,
    description: Option<String>,
    /// `FILE_UPDATE`, `IMSI_ADD` or `KEY_WRITE`.
    #[schema(example = "FILE_UPDATE")]
    kind: String,
    /// The file that `FILE_UPDATE` writes, from the master file on.
    #[schema(example = "3F00/ADF1/6F31")]
    path: Option<String>,
    /// What is written, hexadecimal. Without it only a `FILE_UPDATE` is refused; campaigns of the others cannot run.
    #[schema(example = "05")]
    data: Option<String>,
    /// For `IMSI_ADD`: the TAR of the card's application, six hexadecimal digits; left out, that of the card's
    /// profile.
    tar: Option<String>,
}

/// A template that was made.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TemplateMade)]
struct MadeRow {
    template_id: i64,
    request_id: Uuid,
}

/// Makes a template of the requestor's own customer.
#[utoipa::path(post, path = "/api/v2/customer/{customerId}/campaign-template",
    operation_id = "create_template", tag = "Templates", params(("customerId" = String, Path)),
    request_body = TemplateBody, responses((status = 202, body = Ack<MadeRow>)))]
async fn create(call: Call) -> Answer {
    let new = call.read(read)?;
    let customer = call.customer_to_change().await?;
    let (id, request) = create_template(call.services(), customer, new).await?;
    envelope::made(MadeRow { template_id: id.0, request_id: request.id })
}

fn read(body: &Fields<'_>) -> ConnectivityResult<NewTemplate> {
    let kind = required("kind", body.word("kind", &TEMPLATE_KIND))?;
    let data = hex(body, "data", 1..=DATA_MAX_OCTETS)?;
    let operation = match kind {
        TemplateKind::FileUpdate => {
            let path = body.required_text("path")?;
            let path =
                path.parse().map_err(|error| ConnectivityError::invalid("path", format!("{error}")))?;
            let data = required("data", Ok(data))?;
            Some(Operation::UpdateBinary { path, offset: 0, data })
        }
        // Without a TAR the card's profile names the application.
        TemplateKind::ImsiAdd => {
            let tar = hex(body, "tar", 3..=3)?.unwrap_or_default();
            data.map(|data| Operation::Application { tar, data })
        }
        TemplateKind::KeyWrite => data.map(|data| Operation::PutKey { key_version: 0, key_index: 1, data }),
        TemplateKind::Applet => {
            return Err(ConnectivityError::invalid("kind", "one of FILE_UPDATE, IMSI_ADD, KEY_WRITE"));
        }
    };
    Ok(NewTemplate {
        id: None,
        name: body.required_text("name")?.to_owned(),
        description: body.optional_text("description")?,
        kind,
        operations: operation.into_iter().collect(),
        accept_replay_as_done: false,
        fail_fast: false,
    })
}

/// Octets as upper-case hexadecimal text; `None` if the member is left out or empty.
fn hex(
    body: &Fields<'_>,
    name: &str,
    octets: std::ops::RangeInclusive<usize>,
) -> ConnectivityResult<Option<String>> {
    let Some(text) = body.text(name)?.filter(|text| !text.is_empty()) else { return Ok(None) };
    let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if digits && text.len().is_multiple_of(2) && octets.contains(&(text.len() / 2)) {
        return Ok(Some(text.to_ascii_uppercase()));
    }
    let rule = if octets.start() == octets.end() {
        format!("{} hexadecimal digits", octets.end() * 2)
    } else {
        format!("an even number of hexadecimal digits, for at most {} octets", octets.end())
    };
    Err(ConnectivityError::invalid(name, rule))
}
