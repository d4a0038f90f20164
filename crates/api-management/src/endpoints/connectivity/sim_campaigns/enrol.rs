use super::super::{account_id, campaign_id};
use crate::answer::Answer;
use crate::call::{Call, Outcome, Path};
use crate::document::DocumentError;
use crate::error::ApiError;
use crate::openapi::Problems;
use axum::http::header;
use axum::response::IntoResponse;
use muster_app::usecases::connectivity::operators::{self, Enrolled, FromCampaign, SimQuery};
use muster_app::usecases::connectivity::{IdentifierRows, SimIdentifier, digits_of_msisdn};
use muster_domain::ids::{OrganizationId, SimCampaignId};
use muster_domain::participant::{Outcome as AttemptOutcome, ParticipantStatus};
use muster_domain::sim::{SimName, SimStatus};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Most cards that are looked at in one request that names them by what they are; the answer's cursor goes on.
const LOOKED_AT_MAX: u64 = 10_000;
/// Most refusals that are told one by one.
const TOLD_MAX: usize = 1000;

/// Which cards are to be enrolled: exactly one of the three.
#[derive(Deserialize, ToSchema)]
#[schema(as = EnrolInput)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    /// Cards by number.
    #[serde(default)]
    sims: Option<Vec<Identifier>>,
    /// Cards of an account.
    #[serde(default)]
    query: Option<QueryInput>,
    /// Participants of another campaign.
    #[serde(default)]
    from_campaign: Option<FromCampaignInput>,
    /// With `query` and `from_campaign`: the `next_cursor` of the answer before.
    #[serde(default)]
    cursor: Option<u64>,
}

/// A card, by one of its numbers.
#[derive(Deserialize, ToSchema)]
#[schema(as = SimIdentifier)]
#[serde(rename_all = "snake_case")]
enum Identifier {
    /// The card's serial number.
    Iccid(String),
    /// One of its IMSIs.
    Imsi(String),
    /// One of its numbers.
    Msisdn(String),
    /// Its device's serial number.
    Imei(String),
}

impl From<Identifier> for SimIdentifier {
    fn from(identifier: Identifier) -> Self {
        Self::Name(match identifier {
            Identifier::Iccid(value) => SimName::Iccid(value),
            Identifier::Imsi(value) => SimName::Imsi(value),
            Identifier::Msisdn(value) => SimName::Msisdn(digits_of_msisdn(&value).to_owned()),
            Identifier::Imei(value) => SimName::Imei(value),
        })
    }
}

/// Cards of an account.
#[derive(Deserialize, ToSchema)]
#[schema(as = SimQueryInput)]
#[serde(deny_unknown_fields)]
struct QueryInput {
    /// The campaign's account, or one right below it.
    account: String,
    /// Those with this label.
    #[serde(default)]
    label: Option<String>,
    /// Those of this card profile.
    #[serde(default)]
    profile: Option<String>,
    /// Those with this status.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    status: Option<SimStatus>,
}

/// Participants of another campaign of the account.
#[derive(Deserialize, ToSchema)]
#[schema(as = FromCampaignInput)]
#[serde(deny_unknown_fields)]
struct FromCampaignInput {
    /// The other campaign.
    campaign: i64,
    /// Those shown in one of these statuses; left out, `EXCEPTION`.
    #[serde(default = "failed")]
    #[schema(value_type = Vec<String>)]
    statuses: Vec<ParticipantStatus>,
    /// Of these, the ones whose last attempt ended in one of these ways; left out, in any.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    outcomes: Vec<AttemptOutcome>,
}

/// The status of those who failed.
pub(super) fn failed() -> Vec<ParticipantStatus> {
    vec![ParticipantStatus::Exception]
}

/// What became of cards that were to be enrolled.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EnrolReport)]
pub(super) struct Report {
    /// Cards that take part now and did not before.
    pub(super) enrolled: u64,
    /// Cards that took part already, or were named twice.
    pub(super) already_enrolled: u64,
    /// Cards that cannot take part.
    refused: usize,
    /// Why not, for the first thousand of them.
    errors: Vec<Refused>,
    /// Not all cards were looked at: repeat the request with this as `cursor`.
    pub(super) next_cursor: Option<u64>,
}

/// A card that cannot take part.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EnrolRefused)]
struct Refused {
    /// Where in the request: `sims[3]`, or `line 4`.
    place: String,
    /// How the card was named.
    name: String,
    /// Why.
    reason: String,
}

impl Report {
    /// The answer; `place` tells where in the request a card was named.
    pub(super) fn of(done: Enrolled, next_cursor: Option<u64>, place: impl Fn(usize) -> String) -> Self {
        let refused = done.refused.len();
        let errors = done.refused.into_iter().take(TOLD_MAX).map(|fault| Refused {
            place: place(fault.place),
            name: fault.name,
            reason: fault.error.to_string(),
        });
        Self {
            enrolled: done.enrolled,
            already_enrolled: done.already,
            refused,
            errors: errors.collect(),
            next_cursor,
        }
    }
}

/// Enrol SIM cards in a campaign.
///
/// By number, as JSON or as a CSV table (`text/csv`) with a column `iccid`, `imsi` or `msisdn`; by what they are; or
/// by how they fared in another campaign. Cards that take part already are passed over, so a repeated request
/// completes what was interrupted. Cards that cannot take part are told, and the others are enrolled.
#[utoipa::path(
    post, path = "/manage/v1/organizations/{organization}/sim-campaigns/{sim_campaign}/enrol",
    operation_id = "enrol", tag = "SIM campaigns",
    request_body(content((Input = "application/json"), (String = "text/csv"))),
    params(("organization" = i64, Path), ("sim_campaign" = i64, Path)),
    responses((status = 200, body = Report), Problems)
)]
pub(super) async fn enrol(Path((organization, id)): Path<(String, String)>, call: Call) -> Outcome {
    let snapshot = call.organization(&organization).await?;
    let content_type = call.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_csv = content_type
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/csv"));
    let report = if is_csv {
        by_table(&call, snapshot.id(), campaign_id(&id)?).await?
    } else {
        let input = call.json::<Input>()?;
        by_document(&call, snapshot.id(), campaign_id(&id)?, input).await?
    };
    Ok(Answer::ok(&report).into_response())
}

async fn by_document(
    call: &Call,
    organization: OrganizationId,
    id: SimCampaignId,
    input: Input,
) -> Result<Report, ApiError> {
    let services = call.services();
    let from = input.cursor.unwrap_or(0);
    match (input.sims, input.query, input.from_campaign) {
        (Some(sims), None, None) if input.cursor.is_none() => {
            let names: Vec<SimIdentifier> = sims.into_iter().map(Into::into).collect();
            let done = operators::enrol_names(services, organization, id, &names).await?;
            Ok(Report::of(done, None, |place| format!("sims[{place}]")))
        }
        (None, Some(query), None) => {
            let query = SimQuery {
                account: account_id(&query.account)?,
                label: query.label,
                profile: query.profile,
                status: query.status,
            };
            let (done, next) =
                operators::enrol_matching(services, organization, id, &query, from, LOOKED_AT_MAX).await?;
            Ok(Report::of(done, next, |place| place.to_string()))
        }
        (None, None, Some(source)) => {
            let source = FromCampaign {
                campaign: SimCampaignId(source.campaign),
                statuses: source.statuses,
                outcomes: source.outcomes,
            };
            let (done, next) =
                operators::enrol_from(services, organization, id, &source, from, LOOKED_AT_MAX).await?;
            Ok(Report::of(done, next, |place| place.to_string()))
        }
        (Some(_), None, None) => Err(DocumentError::at("cursor", "has no meaning with sims").into()),
        _ => Err(DocumentError::at(".", "exactly one of sims, query and from_campaign").into()),
    }
}

async fn by_table(call: &Call, organization: OrganizationId, id: SimCampaignId) -> Result<Report, ApiError> {
    let rows = IdentifierRows::read(call.body()).map_err(|reason| DocumentError::at("line 1", reason))?;
    let (mut names, mut lines, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        match row.identifier {
            Ok(name) => {
                names.push(name);
                lines.push(row.line);
            }
            Err(reason) => refused.push(Refused { place: at(row.line), name: String::new(), reason }),
        }
    }
    let done = operators::enrol_names(call.services(), organization, id, &names).await?;
    let mut report = Report::of(done, None, |place| at(lines.get(place).copied().unwrap_or_default()));
    report.refused += refused.len();
    report.errors.extend(refused);
    report.errors.truncate(TOLD_MAX);
    Ok(report)
}

fn at(line: u64) -> String {
    format!("line {line}")
}
