//! A request on its way to an endpoint: let in, with its parameters read.

use crate::error::Fault;
use crate::paging;
use crate::state::ConnectivityState;
use crate::wire::fields::Fields;
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method};
use muster_app::Services;
use muster_app::ports::PageOf;
use muster_app::usecases::connectivity::{ConnectivityError, Requestor, SimIdentifier, authenticate};
use muster_domain::account::Account;
use muster_domain::ids::{AccountId, PackageId, SimCampaignId, TemplateId};
use muster_web::{Credentials, Query, json, read_body};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use uuid::Uuid;

/// What an endpoint asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Nothing.
    Anyone,
    /// A token.
    Read,
    /// A token of a user who may change things.
    Write,
}

/// The parameters of a route's pattern, with the segment each is found in.
#[derive(Debug, Clone)]
pub(crate) struct Pattern(Vec<(&'static str, usize)>);

/// Every name that a path parameter may have.
const PARAMETERS: [&str; 7] =
    ["customerId", "campaignId", "templateId", "packageId", "requestId", "type", "value"];

impl Pattern {
    /// Reads a pattern such as `/api/v2/customer/{customerId}/campaign`.
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
    state: ConnectivityState,
    requestor: Option<Requestor>,
    query: Query,
    path: Vec<(&'static str, String)>,
    headers: HeaderMap,
    body: Bytes,
}

impl Call {
    /// Lets the request in, or says why not: the token first, then the right to change things, then the form of the
    /// request. Bodies of reads are not looked at (rows C14, C28).
    pub(crate) async fn admit(
        state: &ConnectivityState,
        access: Access,
        pattern: &Pattern,
        request: Request,
    ) -> Result<Self, Fault> {
        let (parts, body) = request.into_parts();
        let requestor = match access {
            Access::Anyone => None,
            Access::Read | Access::Write => Some(requestor(state.services(), &parts.headers).await?),
        };
        if let (Access::Write, Some(requestor)) = (access, &requestor) {
            requestor.may_write()?;
        }
        let query = Query::parse(parts.uri.query().unwrap_or_default())?;
        let body = if matches!(parts.method, Method::POST | Method::PUT | Method::PATCH) {
            read_body(&parts.headers, body, state.limits()).await?
        } else {
            Bytes::new()
        };
        Ok(Self {
            state: state.clone(),
            requestor,
            query,
            path: pattern.read(parts.uri.path()),
            headers: parts.headers,
            body,
        })
    }

    /// The use cases' services.
    pub(crate) fn services(&self) -> &Services {
        self.state.services()
    }

    /// Who asks.
    pub(crate) fn requestor(&self) -> Result<&Requestor, ConnectivityError> {
        self.requestor.as_ref().ok_or(ConnectivityError::Unauthenticated)
    }

    /// The page that is asked for.
    pub(crate) fn page(&self) -> Result<PageOf, ConnectivityError> {
        paging::page_of(&self.query)
    }

    /// A path parameter, decoded.
    fn path(&self, name: &str) -> &str {
        self.path.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value.as_str())
    }

    fn customer_id(&self) -> Result<AccountId, ConnectivityError> {
        uuid(self.path("customerId")).map(AccountId).ok_or(ConnectivityError::CustomerNotFound)
    }

    /// The customer of the path: the requestor's own or a direct sub-customer.
    pub(crate) async fn visible_customer(&self) -> Result<Account, ConnectivityError> {
        self.requestor()?.visible(self.services(), self.customer_id()?).await
    }

    /// The customer of the path, where only one's own is shown.
    pub(crate) fn own_customer(&self) -> Result<&Account, ConnectivityError> {
        self.requestor()?.own(self.customer_id()?)
    }

    /// The customer of the path, to be changed.
    pub(crate) async fn customer_to_change(&self) -> Result<&Account, ConnectivityError> {
        self.requestor()?.own_to_change(self.services(), self.customer_id()?).await
    }

    /// The campaign of the path. What cannot be the id of a campaign names none (row C8).
    pub(crate) fn campaign_id(&self) -> Result<SimCampaignId, ConnectivityError> {
        number(self.path("campaignId")).map(SimCampaignId).ok_or(ConnectivityError::CampaignNotFound)
    }

    /// The template of the path.
    pub(crate) fn template_id(&self) -> Result<TemplateId, ConnectivityError> {
        number(self.path("templateId")).map(TemplateId).ok_or(ConnectivityError::TemplateNotFound)
    }

    /// The package of the path.
    pub(crate) fn package_id(&self) -> Result<PackageId, ConnectivityError> {
        uuid(self.path("packageId")).map(PackageId).ok_or(ConnectivityError::PackageNotFound)
    }

    /// The request of the path.
    pub(crate) fn request_id(&self) -> Result<Uuid, ConnectivityError> {
        uuid(self.path("requestId")).ok_or(ConnectivityError::RequestNotFound)
    }

    /// The SIM of the path: `{type}` in lower case, and the value.
    pub(crate) fn sim(&self) -> Result<SimIdentifier, ConnectivityError> {
        let kind = match self.path("type") {
            "iccid" => "ICCID",
            "imsi" => "IMSI",
            "msisdn" => "MSISDN",
            "imei" => "IMEI",
            _ => return Err(ConnectivityError::invalid("type", "iccid, imsi, msisdn or imei")),
        };
        SimIdentifier::parse(kind, self.path("value")).ok_or(ConnectivityError::SimNotFound)
    }

    /// The body as a JSON object.
    pub(crate) fn json(&self) -> Result<Map<String, Value>, Fault> {
        if let Some(kind) = self.headers.get(CONTENT_TYPE) {
            let kind = kind.to_str().unwrap_or_default();
            let essence = kind.split(';').next().unwrap_or_default().trim();
            if !essence.eq_ignore_ascii_case("application/json") {
                return Err(Fault::ContentType);
            }
        }
        let value = json::parse(&self.body)?;
        if let Some(place) = json::find_nul(&value) {
            return Err(Fault::invalid(place, "must not hold a NUL"));
        }
        match value {
            Value::Object(members) => Ok(members),
            _ => Err(Fault::NotAnObject),
        }
    }

    /// As [`Call::json`], where the body may be left out.
    pub(crate) fn json_if_any(&self) -> Result<Map<String, Value>, Fault> {
        if self.body.iter().all(u8::is_ascii_whitespace) { Ok(Map::new()) } else { self.json() }
    }

    /// Reads the body's members.
    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(&Fields<'_>) -> Result<T, ConnectivityError>,
    ) -> Result<T, Fault> {
        let members = self.json()?;
        Ok(read(&Fields::new(&members))?)
    }
}

async fn requestor(services: &Services, headers: &HeaderMap) -> Result<Requestor, ConnectivityError> {
    match Credentials::from_headers(headers) {
        Ok(Credentials::Bearer(token)) => authenticate(services, token.expose()).await,
        Ok(Credentials::Basic { .. }) | Err(_) => Err(ConnectivityError::Unauthenticated),
    }
}

/// A UUID in its usual form, with hyphens.
pub(crate) fn uuid(text: &str) -> Option<Uuid> {
    if text.len() == 36 { Uuid::try_parse(text).ok() } else { None }
}

/// A number that a campaign or a template may have.
fn number(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok().filter(|number| *number > 0) } else { None }
}
