//! Lists by cursor.

use crate::error::ApiError;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use muster_web::Query;
use serde::Serialize;
use utoipa::ToSchema;

/// Elements of a page when no size is asked for.
pub(crate) const LIMIT_DEFAULT: u32 = 50;
/// Elements of a page at most; larger sizes are refused, so that nobody takes a part for the whole.
pub(crate) const LIMIT_MAX: u32 = 500;

/// A page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// The elements.
    pub(crate) items: Vec<T>,
    /// Give it as `cursor` for the page that follows; `null` on the last page.
    pub(crate) next_cursor: Option<String>,
}

/// Which page is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageRequest {
    /// Elements.
    pub(crate) limit: u32,
    /// The key of the last element before the page.
    pub(crate) after: Option<String>,
}

impl PageRequest {
    /// Reads `limit` and `cursor`. The cursor belongs to one kind of list; another list's cursor is refused.
    pub(crate) fn read(query: &Query, list: &str) -> Result<Self, ApiError> {
        let limit = match query.get("limit") {
            None => LIMIT_DEFAULT,
            Some(text) => {
                text.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit)).ok_or_else(|| {
                    ApiError::Parameter {
                        name: "limit",
                        reason: format!("must be a number from 1 to {LIMIT_MAX}"),
                    }
                })?
            }
        };
        let after = match query.get("cursor") {
            None => None,
            Some(cursor) => Some(decode(cursor, list).ok_or_else(|| ApiError::Parameter {
                name: "cursor",
                reason: "is not the `next_cursor` of a page of this list".to_owned(),
            })?),
        };
        Ok(Self { limit, after })
    }

    /// The key before the page as something that can be parsed.
    pub(crate) fn after<T: std::str::FromStr>(&self) -> Result<Option<T>, ApiError> {
        self.after
            .as_ref()
            .map(|key| {
                key.parse().map_err(|_| ApiError::Parameter {
                    name: "cursor",
                    reason: "is not the `next_cursor` of a page of this list".to_owned(),
                })
            })
            .transpose()
    }
}

impl<T> Page<T> {
    /// A page out of one element more than it may show, each with its key; the surplus one says that there is a
    /// next page.
    pub(crate) fn of(mut keyed: Vec<(String, T)>, request: &PageRequest, list: &str) -> Self {
        let more = keyed.len() > request.limit as usize;
        keyed.truncate(request.limit as usize);
        let last = keyed.last().map(|(key, _)| encode(key, list));
        let items = keyed.into_iter().map(|(_, item)| item).collect();
        Self { items, next_cursor: last.filter(|_| more) }
    }
}

fn encode(key: &str, list: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{list} {key}"))
}

fn decode(cursor: &str, list: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (kind, key) = text.split_once(' ')?;
    (kind == list).then(|| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<PageRequest, ApiError> {
        PageRequest::read(&Query::parse(query).unwrap(), "campaigns")
    }

    #[test]
    fn a_cursor_leads_on_and_only_in_its_own_list() {
        let request = read("limit=2").unwrap();
        let keyed = vec![("1".to_owned(), 'a'), ("2".to_owned(), 'b'), ("3".to_owned(), 'c')];
        let page = Page::of(keyed, &request, "campaigns");
        assert_eq!(page.items, ['a', 'b']);
        let cursor = page.next_cursor.unwrap();
        assert_eq!(read(&format!("cursor={cursor}")).unwrap().after::<i64>().unwrap(), Some(2));
        assert!(PageRequest::read(&Query::parse(&format!("cursor={cursor}")).unwrap(), "customers").is_err());
        assert!(Page::of(vec![("1".to_owned(), 'a')], &request, "campaigns").next_cursor.is_none());
    }

    #[test]
    fn limits_are_held_at_their_edges() {
        assert_eq!(read("").unwrap().limit, LIMIT_DEFAULT);
        assert_eq!(read("limit=1").unwrap().limit, 1);
        assert_eq!(read("limit=500").unwrap().limit, 500);
        for bad in ["limit=0", "limit=501", "limit=-1", "limit=x", "limit=", "cursor=%00", "cursor=abc"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
