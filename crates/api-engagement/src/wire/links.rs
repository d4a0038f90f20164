//! The URLs in answers (§4.8): tracking and pages. The plane of a URL follows how the customer was addressed.

use muster_app::Settings;
use muster_domain::customer::Customer;
use muster_domain::ids::{CreativeId, CustomerId};
use muster_domain::organization::Organization;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Serialize, Serializer};
use std::fmt;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

/// The locale of URLs when the request names none.
pub(crate) const DEFAULT_LOCALE: &str = "en-us";

/// What stays as it is in a query value: the unreserved characters of RFC 3986 §2.3, and `=`, which client tokens
/// end with and which means nothing further inside a value.
const QUERY_VALUE: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'=');
/// The same for a path segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What all URLs of one answer have in common.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Links<'a> {
    /// Scheme and host.
    base: &'a str,
    api_key: &'a str,
    user_id: CustomerId,
    /// The client token, on the client plane.
    auth_token: Option<&'a str>,
    xsid: Uuid,
    locale: &'a str,
}

impl<'a> Links<'a> {
    pub(crate) fn new(
        organization: &'a Organization,
        settings: &'a Settings,
        api_key: &'a str,
        (user_id, customer): (CustomerId, &Customer),
        auth_token: Option<&'a str>,
        locale: Option<&'a str>,
    ) -> Self {
        Self {
            base: organization.public_base_url.as_deref().unwrap_or(&settings.public_base_url),
            api_key,
            user_id,
            auth_token,
            xsid: customer.tracking_id,
            locale: locale.unwrap_or(DEFAULT_LOCALE),
        }
    }

    /// Counts a view.
    pub(crate) fn seen(self, creative: CreativeId, stat: Uuid) -> Url<'a> {
        Url { links: self, creative, purpose: Purpose::Seen(stat) }
    }

    /// Counts a click and leads to the stored target.
    pub(crate) fn click(self, creative: CreativeId, stat: Uuid) -> Url<'a> {
        Url { links: self, creative, purpose: Purpose::Click(stat) }
    }

    /// Shows the page of a creative.
    pub(crate) fn page(self, creative: CreativeId) -> Url<'a> {
        Url { links: self, creative, purpose: Purpose::Page }
    }
}

#[derive(Debug, Clone, Copy)]
enum Purpose {
    Seen(Uuid),
    Click(Uuid),
    Page,
}

/// A URL, put together while the answer is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Url<'a> {
    links: Links<'a>,
    creative: CreativeId,
    purpose: Purpose,
}

impl fmt::Display for Url<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Links { base, user_id, auth_token, xsid, .. } = self.links;
        let creative = self.creative;
        let api_key = utf8_percent_encode(self.links.api_key, SEGMENT);
        let locale = utf8_percent_encode(self.links.locale, QUERY_VALUE);
        let token = utf8_percent_encode(auth_token.unwrap_or_default(), QUERY_VALUE);
        match self.purpose {
            Purpose::Seen(stat) if auth_token.is_some() => write!(
                f,
                "{base}/api/v1/apps/{api_key}/creatives/{creative}/stats/{stat}/seen/track\
                 ?auth_token={token}&xsid={xsid}&locale={locale}"
            ),
            Purpose::Seen(stat) => write!(
                f,
                "{base}/priv/v1/apps/{api_key}/users/{user_id}/creatives/{creative}/stats/{stat}/seen/track\
                 ?xsid={xsid}&locale={locale}"
            ),
            Purpose::Click(stat) => write!(
                f,
                "{base}/api/v1/apps/{api_key}/creatives/{creative}/stats/{stat}/click/redir\
                 ?auth_token={token}&xsid={xsid}&locale={locale}"
            ),
            Purpose::Page => write!(f, "{base}/apps/{api_key}/users/{user_id}/ads/{creative}"),
        }
    }
}

impl Serialize for Url<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl PartialSchema for Url<'_> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::Custom("uri".to_owned())))
            .build()
            .into()
    }
}

impl ToSchema for Url<'_> {}
