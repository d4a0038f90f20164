//! A request on its way to an endpoint: let in, with its parameters read.

use crate::error::Fault;
use crate::state::DiallerState;
use crate::wire::fields::Fields;
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method};
use muster_app::Services;
use muster_app::usecases::dialler::{DiallerError, DiallerResult, authenticate};
use muster_domain::calls::client::Client;
use muster_domain::calls::result_code::Language;
use muster_domain::ids::{CallCampaignId, ClientId, ContactId, ResultCodeId};
use muster_web::{Credentials, Query, json, read_body};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use std::sync::Arc;

/// Every name that a path parameter may have.
const PARAMETERS: [&str; 4] =
    ["ClientsID", "DiallerCampaignsID", "DiallerContactsID", "DiallerCampaignsResultCodesID"];

/// The parameters of a route's pattern, with the segment each is found in.
#[derive(Debug, Clone)]
pub(crate) struct Pattern(Vec<(&'static str, usize)>);

impl Pattern {
    /// Reads a pattern such as `/rest/v1.0/{ClientsID}/dialler/campaigns`.
    ///
    /// # Panics
    ///
    /// On a parameter that is not in [`PARAMETERS`]; patterns are constants, so any test that builds the routes
    /// would show it.
    pub(crate) fn of(path: &str) -> Self {
        let name = |segment: &str| {
            let name = segment.strip_prefix('{')?.strip_suffix('}')?;
            let known = PARAMETERS.into_iter().find(|known| *known == name);
            Some(known.unwrap_or_else(|| panic!("{path} has an unknown parameter {name}")))
        };
        let segments = path.split('/').enumerate();
        Self(segments.filter_map(|(index, segment)| Some((name(segment)?, index))).collect())
    }

    /// The parameters' values; empty where the path does not hold text.
    fn read(&self, path: &str) -> Vec<(&'static str, String)> {
        let segments: Vec<_> = path.split('/').collect();
        let value = |index: usize| {
            let raw = segments.get(index).copied().unwrap_or_default();
            percent_decode_str(raw).decode_utf8().unwrap_or_default().into_owned()
        };
        self.0.iter().map(|&(name, index)| (name, value(index))).collect()
    }
}

/// A request that was let in.
pub(crate) struct Call {
    state: DiallerState,
    client: Client,
    query: Query,
    path: Vec<(&'static str, String)>,
    headers: HeaderMap,
    body: Bytes,
}

impl Call {
    /// Lets the request in, or says why not: the token and the client account first, then the form of the request.
    /// Bodies of reads and deletions are not looked at.
    pub(crate) async fn admit(
        state: &DiallerState,
        pattern: &Pattern,
        request: Request,
    ) -> Result<Self, Fault> {
        let (parts, body) = request.into_parts();
        let path = pattern.read(parts.uri.path());
        let client = client(state.services(), &path, &parts.headers).await?;
        let query = Query::parse(parts.uri.query().unwrap_or_default())?;
        if let Some(name) = query.find_nul() {
            return Err(DiallerError::invalid(name.replace('\0', "\u{2400}"), "must not hold a NUL").into());
        }
        let body = if matches!(parts.method, Method::POST | Method::PUT) {
            read_body(&parts.headers, body, state.limits()).await?
        } else {
            Bytes::new()
        };
        Ok(Self { state: state.clone(), client, query, path, headers: parts.headers, body })
    }

    /// The use cases' services.
    pub(crate) fn services(&self) -> &Arc<Services> {
        self.state.services()
    }

    /// The client account that asks.
    pub(crate) fn client(&self) -> ClientId {
        self.client.id
    }

    /// The campaign of the path.
    pub(crate) fn campaign_id(&self) -> DiallerResult<CallCampaignId> {
        self.id("DiallerCampaignsID", DiallerError::CampaignNotFound).map(CallCampaignId)
    }

    /// The contact of the path.
    pub(crate) fn contact_id(&self) -> DiallerResult<ContactId> {
        self.id("DiallerContactsID", DiallerError::ContactNotFound).map(ContactId)
    }

    /// The result code of the path.
    pub(crate) fn result_code_id(&self) -> DiallerResult<ResultCodeId> {
        self.id("DiallerCampaignsResultCodesID", DiallerError::ResultCodeNotFound).map(ResultCodeId)
    }

    fn id(&self, name: &'static str, not_found: DiallerError) -> DiallerResult<i64> {
        let text = self.path.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value.as_str());
        match integer(text) {
            Some(Some(id)) => Ok(id),
            // An integer beyond all that are given out.
            Some(None) => Err(not_found),
            None => Err(DiallerError::invalid(name, "an integer")),
        }
    }

    /// A text of the query that must be there.
    pub(crate) fn required(&self, name: &str) -> DiallerResult<&str> {
        self.query.get(name).filter(|text| !text.is_empty()).ok_or_else(|| DiallerError::missing(name))
    }

    /// The language of the query.
    pub(crate) fn language(&self) -> DiallerResult<Language> {
        let text = self.required("languagesID")?;
        let language = integer(text).flatten().and_then(Language::from_number);
        language.ok_or_else(|| DiallerError::invalid("languagesID", "1 English or 2 German"))
    }

    /// The language of the query, which may be left out.
    pub(crate) fn language_if_any(&self) -> DiallerResult<Option<Language>> {
        if self.query.has("languagesID") { self.language().map(Some) } else { Ok(None) }
    }

    /// The campaign of the query, which may be left out.
    pub(crate) fn campaign_if_any(&self) -> DiallerResult<Option<CallCampaignId>> {
        const NAME: &str = "diallerCampaignsID";
        let Some(text) = self.query.get(NAME) else { return Ok(None) };
        match integer(text) {
            Some(id) => id.map(|id| Some(CallCampaignId(id))).ok_or(DiallerError::CampaignNotFound),
            None => Err(DiallerError::invalid(NAME, "an integer")),
        }
    }

    /// A switch of the query, off where it is left out.
    pub(crate) fn flag(&self, name: &str) -> DiallerResult<bool> {
        if !self.query.has(name) {
            return Ok(false);
        }
        self.query.flag(name).ok_or_else(|| DiallerError::invalid(name, "true or false"))
    }

    /// Reads the body's members.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Fields<'_>) -> DiallerResult<T>) -> Result<T, Fault> {
        let members = self.json()?;
        Ok(read(&Fields::new(&members))?)
    }

    fn json(&self) -> Result<Map<String, Value>, Fault> {
        let kind = self.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            return Err(Fault::ContentType);
        }
        let value = json::parse(&self.body)?;
        if let Some(place) = json::find_nul(&value) {
            return Err(DiallerError::invalid(place, "must not hold a NUL").into());
        }
        match value {
            Value::Object(members) => Ok(members),
            _ => Err(Fault::NotAnObject),
        }
    }
}

async fn client(
    services: &Services,
    path: &[(&'static str, String)],
    headers: &HeaderMap,
) -> DiallerResult<Client> {
    let id = path.iter().find(|(name, _)| *name == "ClientsID").and_then(|(_, text)| integer(text)).flatten();
    match (id, Credentials::from_headers(headers)) {
        (Some(id), Ok(Credentials::Bearer(token))) => {
            authenticate(services, ClientId(id), token.expose()).await
        }
        _ => Err(DiallerError::Unauthorized),
    }
}

/// An integer; `Some(None)` is one that is larger than any in use.
#[expect(
    clippy::option_option,
    reason = "no integer, one beyond all that are in use, and one are three things"
)]
fn integer(text: &str) -> Option<Option<i64>> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().ok())
}
