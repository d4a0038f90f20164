//! A request on its way to an endpoint: let in, with its parameters read.

use crate::auth::{self, Access};
use crate::error::Fault;
use crate::state::EngagementState;
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Method};
use axum::response::Response;
use muster_app::catalog::OrganizationSnapshot;
use muster_app::usecases::select::{CampaignSelector, CustomerSelector, load_customer};
use muster_app::{AppError, AppResult, Services};
use muster_domain::ids::CustomerId;
use muster_web::{Query, json, read_body};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;

/// What a handler gives back.
pub(crate) type Answer = Result<Response, Fault>;

/// The parameters of a route's pattern, with the segment each is found in.
#[derive(Debug, Clone)]
pub(crate) struct Pattern(Vec<(&'static str, usize)>);

/// Every name that a path parameter may have.
const PARAMETERS: [&str; 9] = [
    "api_key",
    "user_id",
    "external_id",
    "campaign_id",
    "permalink",
    "campaign",
    "creative_id",
    "ad_stat_id",
    "model_name",
];

impl Pattern {
    /// Reads a pattern such as `/apps/{api_key}/users`.
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
}

/// A request that was let in.
pub(crate) struct Call {
    state: EngagementState,
    /// The configuration in force.
    pub(crate) organization: Arc<OrganizationSnapshot>,
    /// The query.
    pub(crate) query: Query,
    access: Access,
    token_holder: Option<CustomerId>,
    method: Method,
    path: Vec<(&'static str, String)>,
    body: Bytes,
}

impl Call {
    /// Lets the request in, or says why not: the app first, then its credentials, then the form of the request.
    pub(crate) async fn admit(
        state: &EngagementState,
        access: Access,
        pattern: &Pattern,
        request: Request,
    ) -> Result<Self, Fault> {
        let (parts, body) = request.into_parts();
        let path = read_path(pattern, parts.uri.path());
        let key = match path.first() {
            Some((_, Ok(key))) => key.as_str(),
            _ => return Err(Fault::UnknownApp),
        };
        let query = Query::parse(parts.uri.query().unwrap_or_default());
        let (organization, token_holder) =
            auth::admit(state, access, key, &parts.headers, query.as_ref().ok()).await?;
        let path = path
            .into_iter()
            .map(|(name, value)| value.map(|value| (name, value)).map_err(|()| Fault::PathEncoding(name)))
            .collect::<Result<Vec<_>, _>>()?;
        let query = query?;
        let nul = path.iter().find(|(_, value)| value.contains('\0')).map(|(name, _)| *name);
        if let Some(name) = nul.or_else(|| query.find_nul()) {
            let name = name.replace('\0', "\u{2400}");
            return Err(AppError::invalid(format!("{name} holds a NUL")).into());
        }
        let body = read_body(&parts.headers, body, state.limits()).await?;
        Ok(Self {
            state: state.clone(),
            organization,
            query,
            access,
            token_holder,
            method: parts.method,
            path,
            body,
        })
    }

    /// The use cases' services.
    pub(crate) fn services(&self) -> &Services {
        self.state.services()
    }

    /// Whether only the head of the answer is asked for, so that nothing may change (row H5).
    pub(crate) fn is_head(&self) -> bool {
        self.method == Method::HEAD
    }

    /// A path parameter, decoded.
    pub(crate) fn path(&self, name: &str) -> Option<&str> {
        self.path.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
    }

    /// The app's key.
    pub(crate) fn api_key(&self) -> &str {
        self.path("api_key").unwrap_or_default()
    }

    /// The client token, if the path is of the client plane.
    pub(crate) fn auth_token(&self) -> Option<&str> {
        (self.access == Access::Client).then(|| self.query.get("auth_token").unwrap_or_default())
    }

    /// The customer that the path names, or that the token named when the request was let in.
    pub(crate) fn customer(&self) -> AppResult<CustomerSelector> {
        if let Some(user_id) = self.path("user_id") {
            return CustomerSelector::from_user_id(user_id);
        }
        if let Some(external_id) = self.path("external_id") {
            return Ok(CustomerSelector::External(external_id.to_owned()));
        }
        self.token_holder.map(CustomerSelector::Id).ok_or(AppError::InvalidAuthToken)
    }

    /// What was read of the request. If it is refused, an unknown customer is told first, as the order of checks has
    /// it (rule C2-R3).
    pub(crate) async fn customer_first<T>(
        &self,
        customer: &CustomerSelector,
        read: Result<T, impl Into<Fault>>,
    ) -> Result<T, Fault> {
        match read {
            Ok(read) => Ok(read),
            Err(error) => {
                load_customer(self.services(), &self.organization, customer).await?;
                Err(error.into())
            }
        }
    }

    /// The campaign that the path names.
    pub(crate) fn campaign(&self) -> AppResult<CampaignSelector> {
        if let Some(id) = self.path("campaign_id") {
            return CampaignSelector::from_id(id);
        }
        if let Some(permalink) = self.path("permalink") {
            return Ok(CampaignSelector::Permalink(permalink.to_owned()));
        }
        let either = self.path("campaign").ok_or(AppError::CampaignNotFound)?;
        Ok(CampaignSelector::Either(either.to_owned()))
    }

    /// The body as it came.
    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body as JSON, whatever its content type (row H7), and without a NUL anywhere (row H8).
    pub(crate) fn json(&self) -> Result<Value, Fault> {
        let value = json::parse(&self.body)?;
        match json::find_nul(&value) {
            Some(place) => Err(AppError::invalid(format!("{place:?} holds a NUL")).into()),
            None => Ok(value),
        }
    }
}

fn read_path(pattern: &Pattern, path: &str) -> Vec<(&'static str, Result<String, ()>)> {
    let mut segments = path.split('/').enumerate();
    pattern
        .0
        .iter()
        .map(|&(name, index)| {
            let raw = segments.find(|(at, _)| *at == index).map_or("", |(_, segment)| segment);
            let decoded = percent_decode_str(raw).decode_utf8();
            (name, decoded.map(std::borrow::Cow::into_owned).map_err(|_| ()))
        })
        .collect()
}

/// An answer of JSON, written once into a buffer of about the right size.
pub(crate) fn ok<T: Serialize>(body: &T, size_hint: usize) -> Answer {
    let mut buffer = Vec::with_capacity(size_hint);
    serde_json::to_writer(&mut buffer, body)?;
    let mut response = Response::new(buffer.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}
