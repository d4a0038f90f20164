//! Which events count for a campaign (contract rules B12, B14, A9, A15).

use super::fixtures::{CAMPAIGN, NOON, event};
use crate::behavior::{Progress, counts_for};
use crate::event::Event;
use crate::ids::CampaignId;
use crate::time::Window;

const OTHER: CampaignId = CampaignId(17);

#[test]
fn e19_events_count_only_when_admitted_and_inside_the_window() {
    let window = Window { starts_at: NOON, ends_at: NOON.plus_seconds(100) };
    let with = |offset_s: i64, change: fn(&mut Event)| {
        let mut event = event(1, offset_s);
        change(&mut event);
        event
    };
    //   name, event, history_before, counts
    for (name, event, history_before, expected) in [
        ("inside", with(50, |_| ()), None, true),
        ("the first instant", with(0, |_| ()), None, true),
        ("before the start", with(-1, |_| ()), None, false),
        ("the end is outside", with(100, |_| ()), None, false),
        (
            "A9: arrived after the end",
            with(50, |event| event.received_at = NOON.plus_seconds(900)),
            None,
            true,
        ),
        ("A15: arrived inside, dated before", with(-1, |event| event.received_at = NOON), None, false),
        ("B12: not admitted", with(50, |event| event.admitted = vec![OTHER]), None, false),
        (
            "among the admitted",
            with(50, |event| event.admitted = vec![CampaignId(3), CAMPAIGN, OTHER]),
            None,
            true,
        ),
        ("B14: restricted to it", with(50, |event| event.restricted_to = Some(CAMPAIGN)), None, true),
        ("B14: restricted to another", with(50, |event| event.restricted_to = Some(OTHER)), None, false),
        ("a replay admits history", with(50, |event| event.admitted.clear()), Some(51), true),
        ("received when it was published", with(50, |event| event.admitted.clear()), Some(50), false),
        ("history keeps to the window", with(-1, |event| event.admitted.clear()), Some(51), false),
        ("history keeps restrictions", with(50, |event| event.restricted_to = Some(OTHER)), Some(51), false),
        ("after the replay arrival decides", with(60, |event| event.admitted.clear()), Some(51), false),
    ] {
        let mut progress = Progress::new();
        progress.set_history_before(history_before.map(|offset_s| NOON.plus_seconds(offset_s)));
        assert_eq!(counts_for(CAMPAIGN, window, &event, &progress), expected, "{name}");
    }
}
