//! Who conducts a campaign.

use muster_app::ports::Ownership;
use muster_domain::time::UnixMillis;
use uuid::Uuid;

/// The conduct of a campaign as stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Conduct {
    /// The node that has it, if any.
    pub(crate) owner: Option<Uuid>,
    /// Until when; it may have run out.
    pub(crate) until: i64,
    /// Names the ownership; grows with each change of the owner.
    pub(crate) fence: i64,
}

/// What a node gets that asks for the conduct at `now`; `None` while another node has it. Whoever comes back before
/// another node took it goes on, even after its time ran out: nobody else did anything in between.
pub(crate) fn conducted_by(found: Conduct, node: Uuid, now: UnixMillis) -> Option<Ownership> {
    let is_new = found.owner != Some(node);
    if is_new && found.owner.is_some() && found.until > now.0 {
        return None;
    }
    let fence = u64::try_from(found.fence).unwrap_or(0);
    Some(Ownership { fence: if is_new { fence.saturating_add(1) } else { fence }, is_new })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fence_grows_with_each_change_of_the_owner() {
        let (me, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let given = |fence, is_new| Some(Ownership { fence, is_new });
        for (owner, until, expected) in [
            (None, 0, given(5, true)),
            (Some(me), 100, given(4, false)),
            (Some(me), 10, given(4, false)),
            (Some(other), 51, None),
            (Some(other), 50, given(5, true)),
            (Some(other), 10, given(5, true)),
        ] {
            let found = Conduct { owner, until, fence: 4 };
            assert_eq!(conducted_by(found, me, UnixMillis(50)), expected, "{owner:?} until {until}");
        }
    }
}
