//! Questions to the records: what a dialler may not have done.

use super::record::{CallRecord, End, Side};
use std::collections::BTreeMap;

/// Numbers of callees that were called more than `times` times, and how often.
pub fn called_more_than(records: &[CallRecord], times: usize) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for record in callees(records) {
        *counts.entry(record.number.clone()).or_default() += 1;
    }
    counts.retain(|_, count| *count > times);
    counts
}

/// Most calls to callees at a time, from the INVITE to the end. A call that neither rang nor got a final answer, up
/// to now, counts for the moment of its INVITE only: nobody tells how long the caller waits for it.
pub fn most_at_a_time(records: &[CallRecord]) -> usize {
    let mut edges: Vec<(u64, bool)> = Vec::new();
    for record in callees(records) {
        edges.push((record.invited_ms, true));
        let silent = record.ringing_ms.is_none()
            && record.status.is_none()
            && matches!(record.end, None | Some(End::GivenUp));
        if silent {
            edges.push((record.invited_ms, false));
        } else if let Some(ended_ms) = record.ended_ms {
            edges.push((ended_ms, false));
        }
    }
    // `false` sorts first: a line that is free again in a millisecond may be taken in it, but not by its own call.
    edges.sort_unstable_by_key(|(at_ms, begins)| (*at_ms, *begins));
    let (mut now, mut most) = (0i64, 0i64);
    for (_, begins) in edges {
        now += if begins { 1 } else { -1 };
        most = most.max(now);
    }
    most as usize
}

/// Most calls to callees whose INVITEs came within `window_ms` milliseconds, wherever these begin.
pub fn most_within(records: &[CallRecord], window_ms: u64) -> usize {
    let mut times: Vec<u64> = callees(records).map(|record| record.invited_ms).collect();
    times.sort_unstable();
    let mut first = 0;
    let mut most = 0;
    for (index, time) in times.iter().enumerate() {
        while times[first] + window_ms <= *time {
            first += 1;
        }
        most = most.max(index + 1 - first);
    }
    most
}

/// Numbers of callees that had two calls at a time.
pub fn called_twice_at_a_time(records: &[CallRecord]) -> Vec<String> {
    let mut by_number: BTreeMap<&str, Vec<&CallRecord>> = BTreeMap::new();
    for record in callees(records) {
        by_number.entry(&record.number).or_default().push(record);
    }
    by_number
        .into_iter()
        .filter(|(_, calls)| {
            calls.windows(2).any(|pair| pair[0].ended_ms.is_none_or(|ended| pair[1].invited_ms < ended))
        })
        .map(|(number, _)| number.to_owned())
        .collect()
}

/// Cancelled calls that had rung for less than `least_ms`.
pub fn cancelled_before(records: &[CallRecord], least_ms: u64) -> Vec<&CallRecord> {
    callees(records)
        .filter(|record| {
            let until = record.cancelled_ms.filter(|_| record.answered_ms.is_none());
            let rang = until.zip(record.ringing_ms).map(|(until, ringing)| until.saturating_sub(ringing));
            rang.is_some_and(|rang| rang < least_ms)
        })
        .collect()
}

fn callees(records: &[CallRecord]) -> impl Iterator<Item = &CallRecord> {
    records.iter().filter(|record| record.side == Side::Callee && record.end != Some(End::Refused))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(number: &str, invited_ms: u64, ended_ms: Option<u64>) -> CallRecord {
        CallRecord {
            ordinal: 0,
            side: Side::Callee,
            number: number.into(),
            caller: String::new(),
            asserted: None,
            call_id: String::new(),
            behaviour: String::new(),
            invited_ms,
            ringing_ms: Some(invited_ms + 10),
            answered_ms: None,
            acknowledged_ms: None,
            cancelled_ms: ended_ms,
            ended_ms,
            end: ended_ms.map(|_| End::Cancelled),
            status: None,
            bye_status: None,
            reason: None,
            retransmissions: 0,
            fork_ended: None,
            keys_heard: String::new(),
            keys_pressed: String::new(),
            rtp_received: 0,
            rtp_sent: 0,
            first_packet_ms: None,
            heard: Vec::new(),
        }
    }

    #[test]
    fn questions() {
        let calls = [
            call("1", 0, Some(1_000)),
            call("2", 500, Some(600)),
            call("1", 900, Some(2_000)),
            call("3", 1_000, None),
            call("3", 1_400, Some(1_400)),
        ];
        assert_eq!(called_more_than(&calls, 1), BTreeMap::from([("1".into(), 2), ("3".into(), 2)]));
        assert_eq!(most_at_a_time(&calls), 2, "the first is over when the third begins at 1,000");
        assert_eq!(
            (most_within(&calls, 100), most_within(&calls, 101), most_within(&calls, 1_000)),
            (1, 2, 4)
        );
        assert_eq!(called_twice_at_a_time(&calls), ["1", "3"]);
        assert_eq!(cancelled_before(&calls, 100).len(), 2);
        let unheard = CallRecord { ringing_ms: None, ..call("4", 100, None) };
        assert_eq!(most_at_a_time(&[unheard, call("5", 200, None)]), 1);
        let agent = CallRecord { side: Side::Agent, ..call("1", 0, None) };
        assert_eq!(most_at_a_time(&[agent.clone(), agent]), 0);
    }
}
