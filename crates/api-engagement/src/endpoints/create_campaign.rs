//! C1: creating a campaign (§3.1).

use crate::auth::Access;
use crate::call::{Answer, Call, ok};
use crate::error::{Fault, Operation};
use crate::face::Face;
use crate::wire::StatusOk;
use crate::wire::campaign::{ConfiguredCampaign, Shown};
use crate::wire::dates;
use muster_app::usecases::create_campaign::{NewCampaign, create_campaign};
use muster_app::{AppError, AppResult};
use muster_domain::audience::Targeting;
use muster_domain::campaign::{CampaignStatus, CampaignType};
use muster_domain::ids::DivisionId;
use muster_domain::time::{UnixMillis, Window};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

const OPERATION: Operation = Operation::CreateCampaign;

/// Attributes that have an effect.
const WRITABLE: [&str; 17] = [
    "name",
    "status",
    "starts_at",
    "ends_at",
    "external_id",
    "permalink",
    "campaign_type",
    "template",
    "optin_required",
    "opt_in_starts_at",
    "opt_in_ends_at",
    "reporting_ends_at",
    "targeting",
    "qualify_tag",
    "disqualify_tag",
    "metadata",
    "division_id",
];
/// Attributes that the contract lets callers send and that have no effect here.
const IGNORED: [&str; 8] = [
    "campaign_id",
    "campaign_permalink",
    "start_date",
    "end_date",
    "qualified",
    "group_id",
    "creative_id",
    "version",
];

/// A campaign to create.
#[derive(ToSchema)]
#[schema(as = CreateCampaign)]
#[expect(
    dead_code,
    reason = "the document describes the request; the endpoint reads it attribute by attribute"
)]
struct Request {
    campaign: NewCampaignObject,
}

/// Its attributes. Unknown ones are refused.
#[derive(ToSchema)]
#[schema(as = NewCampaign)]
#[expect(
    dead_code,
    reason = "the document describes the request; the endpoint reads it attribute by attribute"
)]
struct NewCampaignObject {
    /// Unique.
    #[schema(example = "Campaign Example")]
    name: String,
    /// `live`, `paused`, `draft`, `inreview` or `completed`.
    #[schema(example = "live")]
    status: String,
    starts_at: dates::D1,
    ends_at: dates::D1,
    /// The client's own id; a GUID is generated otherwise.
    external_id: Option<String>,
    /// The same as `external_id`.
    permalink: Option<String>,
    /// `promotion` (default) or `messaging`.
    campaign_type: Option<String>,
    /// The same as `campaign_type`.
    template: Option<String>,
    /// Whether customers must opt in; default false.
    optin_required: Option<bool>,
    /// Not after `starts_at`, which is the default.
    opt_in_starts_at: Option<dates::D1>,
    /// Not after `ends_at`, which is the default.
    opt_in_ends_at: Option<dates::D1>,
    /// Default 45 days after `ends_at`.
    reporting_ends_at: Option<dates::D1>,
    /// Who it is for; everyone if absent.
    #[schema(value_type = Option<Object>)]
    targeting: Option<Value>,
    qualify_tag: Option<String>,
    disqualify_tag: Option<String>,
    /// The client's own data.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Value>,
    division_id: Option<String>,
}

/// The campaign as created.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CreatedCampaign)]
struct Body<'a> {
    campaign: ConfiguredCampaign<'a>,
    status: StatusOk,
}

pub(super) fn mount(face: Face) -> Face {
    face.route::<__path_create, _, _>(OPERATION, Access::Server, create)
}

/// Creates a campaign, without behaviors and creatives.
#[utoipa::path(post, path = "/priv/v1/apps/{api_key}/campaigns",
    operation_id = "create_campaign", tag = "Campaigns",
    params(("api_key" = String, Path)),
    request_body = Request,
    responses((status = 200, body = Body)))]
async fn create(call: Call) -> Answer {
    let body = call.json()?;
    let (new, shown) = read(&body)?;
    let campaign = create_campaign(call.services(), &call.organization, new).await?;
    let campaign = ConfiguredCampaign::new(&call.organization, &campaign, shown);
    ok(&Body { campaign, status: StatusOk }, 640)
}

fn read(body: &Value) -> Result<(NewCampaign, Shown), Fault> {
    let campaign = match body.get("campaign") {
        None | Some(Value::Null) => return Err(missing("campaign")),
        Some(Value::Object(campaign)) => Attributes(campaign),
        Some(_) => return Err(invalid("campaign must be an object")),
    };
    campaign.refuse_unknown()?;
    for required in ["name", "status", "starts_at", "ends_at"] {
        if !campaign.has(required) {
            return Err(missing(&format!("campaign.{required}")));
        }
    }
    let required_text = |name| Ok::<_, Fault>(campaign.text(name)?.unwrap_or_default());
    let status = required_text("status")?;
    let status = CampaignStatus::parse(&status)
        .ok_or_else(|| invalid("status must be live, paused, draft, inreview or completed"))?;
    let required_date = |name| campaign.date(name)?.ok_or_else(|| missing(&format!("campaign.{name}")));
    let window = Window { starts_at: required_date("starts_at")?, ends_at: required_date("ends_at")? };
    let new = NewCampaign {
        name: required_text("name")?,
        status,
        window,
        permalink: campaign.either_text("external_id", "permalink")?,
        campaign_type: campaign.campaign_type()?,
        metadata: campaign.object("metadata")?.cloned().unwrap_or_default(),
        opt_in_required: campaign.flag("optin_required")?.unwrap_or(false),
        opt_in_starts_at: campaign.date("opt_in_starts_at")?,
        opt_in_ends_at: campaign.date("opt_in_ends_at")?,
        reporting_ends_at: campaign.date("reporting_ends_at")?,
        targeting: campaign.targeting()?,
        qualify_tag: campaign.text("qualify_tag")?,
        disqualify_tag: campaign.text("disqualify_tag")?,
        division: campaign.text("division_id")?.map(DivisionId),
    };
    let shown = Shown {
        optin_required: campaign.has("optin_required"),
        opt_in_starts_at: new.opt_in_starts_at.is_some(),
        opt_in_ends_at: new.opt_in_ends_at.is_some(),
        reporting_ends_at: new.reporting_ends_at.is_some(),
        ssap_name: false,
    };
    Ok((new, shown))
}

fn missing(what: &str) -> Fault {
    AppError::Missing(what.to_owned()).into()
}

fn invalid(message: impl Into<String>) -> Fault {
    AppError::invalid(message).into()
}

/// The attributes of the request. Null and empty text count as absent.
struct Attributes<'a>(&'a Map<String, Value>);

impl<'a> Attributes<'a> {
    fn refuse_unknown(&self) -> AppResult<()> {
        let known = |name: &str| WRITABLE.contains(&name) || IGNORED.contains(&name);
        let unknown: Vec<String> =
            self.0.keys().filter(|name| !known(name)).map(|name| format!("{name:.80}")).collect();
        if unknown.is_empty() { Ok(()) } else { Err(AppError::UnknownAttributes(unknown)) }
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| match value {
            Value::Null => false,
            Value::String(text) => !text.is_empty(),
            _ => true,
        })
    }

    fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn text(&self, name: &str) -> Result<Option<String>, Fault> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(invalid(format!("{name} must be a text"))),
        }
    }

    /// One attribute under two names, which must agree.
    fn either_text(&self, name: &str, alias: &str) -> Result<Option<String>, Fault> {
        match (self.text(name)?, self.text(alias)?) {
            (Some(one), Some(other)) if one != other => {
                Err(invalid(format!("{name} and {alias} are the same attribute and differ")))
            }
            (one, other) => Ok(one.or(other)),
        }
    }

    fn campaign_type(&self) -> Result<Option<CampaignType>, Fault> {
        let text = self.either_text("campaign_type", "template")?;
        text.map(|text| {
            CampaignType::parse(&text)
                .ok_or_else(|| invalid("campaign_type and template must be promotion or messaging"))
        })
        .transpose()
    }

    fn date(&self, name: &str) -> Result<Option<UnixMillis>, Fault> {
        let text = self.text(name)?;
        text.map(|text| {
            dates::parse(&text).ok_or_else(|| {
                invalid(format!("{name} must be a date and time such as 2021-12-31T05:00:00Z"))
            })
        })
        .transpose()
    }

    fn flag(&self, name: &str) -> Result<Option<bool>, Fault> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(Value::String(text)) if text == "true" => Ok(Some(true)),
            Some(Value::String(text)) if text == "false" => Ok(Some(false)),
            Some(_) => Err(invalid(format!("{name} must be true or false"))),
        }
    }

    fn object(&self, name: &str) -> Result<Option<&'a Map<String, Value>>, Fault> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Object(object)) => Ok(Some(object)),
            Some(_) => Err(invalid(format!("{name} must be an object"))),
        }
    }

    fn targeting(&self) -> Result<Option<Targeting>, Fault> {
        let query = self.object("targeting")?;
        query
            .map(|query| {
                Targeting::parse(Value::Object(query.clone()))
                    .map_err(|error| invalid(format!("targeting: {error}")))
            })
            .transpose()
    }
}
