//! Tagging a customer (contract N5).

use super::json::check_text;
use super::limits::{TAG_BYTES_MAX, TAG_TTL_S_MAX, TAGS_MAX};
use super::{Customer, Reason, Tag};
use crate::time::UnixMillis;

/// Why a customer is not tagged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TagError {
    /// The name is empty, too long or has a NUL.
    #[error("tag {name:.40?} {reason}")]
    Name {
        /// The name.
        name: String,
        /// Which rule it breaks.
        reason: Reason,
    },
    /// No time to live, or an unreasonable one.
    #[error("ttl must be from 1 to {TAG_TTL_S_MAX} seconds")]
    Ttl,
    /// The customer has as many tags as one may have.
    #[error("the customer has {TAGS_MAX} tags, which is the limit")]
    TooMany,
}

/// Refuses a name that no tag may have.
fn check_tag_name(name: &str) -> Result<(), TagError> {
    let checked = if name.is_empty() { Err(Reason::Empty) } else { check_text(name, TAG_BYTES_MAX) };
    checked.map_err(|reason| TagError::Name { name: name.to_owned(), reason })
}

impl Customer {
    /// Tags the customer `times` times over. Without a time to live the tag counts, with one it expires and has no
    /// count; the last write decides which of the two it is. A counter that takes the place of an expiring tag, or
    /// that comes back after one has expired, begins anew.
    pub fn tag(
        &mut self,
        name: &str,
        ttl_s: Option<u32>,
        times: u64,
        now: UnixMillis,
    ) -> Result<(), TagError> {
        check_tag_name(name)?;
        if ttl_s.is_some_and(|ttl_s| !(1..=TAG_TTL_S_MAX).contains(&ttl_s)) {
            return Err(TagError::Ttl);
        }
        self.forget_expired_tags(now);
        if self.tags.len() >= TAGS_MAX && !self.tags.contains_key(name) {
            return Err(TagError::TooMany);
        }
        let next = match (ttl_s, self.tags.get(name)) {
            (Some(ttl_s), _) => Tag::Expiring { expires_at: now.plus_seconds(i64::from(ttl_s)) },
            (None, Some(Tag::Counter { count })) => Tag::Counter { count: count.saturating_add(times) },
            (None, _) => Tag::Counter { count: times },
        };
        self.tags.insert(name.to_owned(), next);
        Ok(())
    }

    fn forget_expired_tags(&mut self, now: UnixMillis) {
        self.tags.retain(|_, tag| tag.is_live(now));
    }
}

impl Tag {
    /// Seconds until an expiring tag is gone, a begun one counted whole; `None` for a counter.
    pub fn seconds_left(self, now: UnixMillis) -> Option<u64> {
        match self {
            Self::Counter { .. } => None,
            Self::Expiring { expires_at } => {
                Some(u64::try_from(expires_at.since(now)).unwrap_or_default().div_ceil(1000))
            }
        }
    }
}
