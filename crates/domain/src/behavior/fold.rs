//! The fold of events into progress and outcomes (contract rules B2–B10, A1–A14).

use super::day_zone::DayZone;
use super::definition::{Behavior, Goal};
use super::matching::{Hit, hit};
use super::progress::{GoalProgress, Progress};
use crate::event::Event;
use crate::time::UnixMillis;

/// What folding gave the customer, beyond the new progress.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Folded {
    /// Whether any event counted.
    pub counted: bool,
    /// Achievements whose outcomes are due now. Each of the behavior's `outcomes` is to be issued so many times.
    pub achievements: u32,
    /// Points to credit: the behavior's own and those of completed goals. Points among the behavior's `outcomes`
    /// are not in it, they are issued with the other outcomes.
    pub points: i64,
}

/// The event precedes, or is, one that has been folded: [`refold`] the log with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the event is not later than those folded so far; the log has to be folded again")]
pub struct LateEvent;

/// Folds one event that [`super::counts_for`] the behavior's campaign. An event that does not match the behavior
/// changes nothing.
///
/// The quantity stands for as many single events at the same instant: the time taken does not depend on it. With
/// a minimum time between events or consecutive days only the first of them can count.
pub fn fold(
    behavior: &Behavior,
    progress: &mut Progress,
    event: &Event,
    zone: &DayZone,
) -> Result<Folded, LateEvent> {
    let Some(hit) = hit(behavior, event) else { return Ok(Folded::default()) };
    if progress.needs_refold(event) {
        return Err(LateEvent);
    }
    let gains = step(behavior, progress, event, &hit, zone);

    let achievements = gains.achievements - take(&mut progress.issued_ahead, gains.achievements);
    let mut points = times(behavior.points, achievements);
    if let Some(goal) = hit.goal
        && let Some(state) = progress.goals.get_mut(&goal.event.event_name)
    {
        let completions = gains.completions - take(&mut state.issued_ahead, gains.completions);
        points = points.saturating_add(times(goal.points, completions));
    }
    Ok(Folded { counted: gains.counted, achievements, points })
}

/// Folds the log from its beginning: the events that [`super::counts_for`] the behavior's campaign, in any order;
/// those that do not match are skipped, one given twice is folded once.
///
/// What `previous` says to have been issued stays issued and is not issued again; what goes beyond it is due now.
pub fn refold<'a>(
    behavior: &Behavior,
    previous: &Progress,
    events: impl IntoIterator<Item = &'a Event>,
    zone: &DayZone,
) -> (Progress, Folded) {
    let mut log: Vec<(&Event, Hit<'_>)> =
        events.into_iter().filter_map(|event| Some((event, hit(behavior, event)?))).collect();
    log.sort_by_key(|(event, _)| (event.occurred_at, event.sequence));
    log.dedup_by_key(|(event, _)| (event.occurred_at, event.sequence));

    let mut progress = Progress::new();
    progress.set_history_before(previous.history_before());
    let mut folded = Folded::default();
    for (event, hit) in &log {
        folded.counted |= step(behavior, &mut progress, event, hit, zone).counted;
    }

    folded.achievements = progress.achieved.saturating_sub(previous.issued());
    folded.points = times(behavior.points, folded.achievements);
    progress.issued_ahead = previous.issued().saturating_sub(progress.achieved);
    for goal in behavior.goals() {
        let name = &goal.event.event_name;
        let issued = previous.goals.get(name).map_or(0, GoalProgress::issued);
        let completed = progress.goals.get(name).map_or(0, |state| state.completed);
        folded.points = folded.points.saturating_add(times(goal.points, completed.saturating_sub(issued)));
    }
    // The ledger also outlives goals that the definition has dropped: they may come back.
    for (name, state) in &previous.goals {
        let completed = progress.goals.get(name).map_or(0, |state| state.completed);
        let ahead = state.issued().saturating_sub(completed);
        if ahead > 0 {
            progress.goals.entry(name.clone()).or_default().issued_ahead = ahead;
        }
    }
    (progress, folded)
}

/// What one event did, before the ledger is asked.
#[derive(Default)]
struct Gains {
    counted: bool,
    achievements: u32,
    completions: u32,
}

fn step(behavior: &Behavior, progress: &mut Progress, event: &Event, hit: &Hit<'_>, zone: &DayZone) -> Gains {
    let at = event.occurred_at;
    progress.folded_to = Some((at, event.sequence));

    let allowance = allowance(behavior, progress, at);
    if allowance == 0 || too_soon(behavior, progress, at) {
        return Gains::default();
    }
    let mut units = u64::from(event.quantity);
    if spacing_ms(behavior) > 0 {
        units = units.min(1);
    }
    let day = behavior.consecutive.then(|| zone.day(at));
    if let Some(day) = day {
        units = units.min(1);
        match progress.counted_on {
            Some(last) if day <= last => return Gains::default(),
            Some(last) if !zone.follows(last, day) => progress.clear_round(),
            _ => {}
        }
    }

    let gains = match hit.goal {
        None => count(progress, hit, units, allowance),
        Some(goal) => count_goal(behavior, progress, goal, hit, units, allowance),
    };
    if gains.counted {
        progress.counted_on = day;
        progress.counted_at = (spacing_ms(behavior) > 0).then_some(at);
    }
    if gains.achievements > 0 && behavior.max_times_repeatable_per_period.is_some() {
        progress.recent.push((at, gains.achievements));
    }
    gains
}

/// How many achievements the caps still allow at that instant. Achievements that have left the period are
/// forgotten on the way: no later event can need them.
fn allowance(behavior: &Behavior, progress: &mut Progress, at: UnixMillis) -> u32 {
    let lifetime = behavior.max_times_repeatable.unwrap_or(u32::MAX).saturating_sub(progress.achieved);
    let Some(cap) = behavior.max_times_repeatable_per_period else { return lifetime };
    let period_ms = i64::from(behavior.period_s) * 1000;
    progress.recent.retain(|(achieved_at, _)| at.since(*achieved_at) < period_ms);
    let taken = progress.recent.iter().map(|(_, number)| *number).fold(0, u32::saturating_add);
    lifetime.min(cap.saturating_sub(taken))
}

fn too_soon(behavior: &Behavior, progress: &Progress, at: UnixMillis) -> bool {
    progress.counted_at.is_some_and(|last| at.since(last) < spacing_ms(behavior))
}

fn spacing_ms(behavior: &Behavior) -> i64 {
    i64::from(behavior.min_time_between_events_s.unwrap_or(0)) * 1000
}

fn count(progress: &mut Progress, hit: &Hit<'_>, units: u64, allowance: u32) -> Gains {
    let advance = progress.tally.advance(hit.meter, hit.value.as_deref(), units, u64::from(allowance));
    // At most `allowance`, so it fits, and so does the sum.
    let achievements = u32::try_from(advance.reached).unwrap_or(u32::MAX);
    progress.achieved = progress.achieved.saturating_add(achievements);
    Gains { counted: advance.counted, achievements, completions: 0 }
}

/// Counts for a goal, round by round. The loop ends within three turns: the first may end a round that was
/// begun, then all rounds that the goal fills alone are taken at once, and what is left does not fill another.
fn count_goal(
    behavior: &Behavior,
    progress: &mut Progress,
    goal: &Goal,
    hit: &Hit<'_>,
    units: u64,
    allowance: u32,
) -> Gains {
    let name = &goal.event.event_name;
    let earn_count = goal.earn_count.max(1);
    let mut units = units;
    let mut allowance = allowance;
    let mut gains = Gains::default();
    while units > 0 && allowance > 0 {
        let state = progress.goals.entry(name.clone()).or_default();
        // What exceeds a completed goal changes nothing (A7).
        let missing = earn_count.saturating_sub(state.earned);
        let advance = state.tally.advance(hit.meter, hit.value.as_deref(), units, u64::from(missing));
        if !advance.counted {
            break;
        }
        gains.counted = true;
        let reached = u32::try_from(advance.reached).unwrap_or(u32::MAX);
        state.earned = state.earned.saturating_add(reached);
        state.achieved = state.achieved.saturating_add(reached);
        if state.earned < earn_count {
            break;
        }
        state.completed = state.completed.saturating_add(1);
        gains.completions = gains.completions.saturating_add(1);
        if !is_complete(behavior, |goal| progress.goal_completed(goal)) {
            break;
        }
        achieve(progress, 1, &mut gains);
        units = advance.left;
        allowance -= 1;

        if let Some(round) = units_of_a_round(behavior, goal, hit) {
            let rounds = (units / round).min(u64::from(allowance));
            let rounds_u32 = u32::try_from(rounds).unwrap_or(u32::MAX);
            let state = progress.goals.entry(name.clone()).or_default();
            state.achieved = state.achieved.saturating_add(rounds_u32.saturating_mul(earn_count));
            state.completed = state.completed.saturating_add(rounds_u32);
            gains.completions = gains.completions.saturating_add(rounds_u32);
            achieve(progress, rounds_u32, &mut gains);
            units -= rounds * round;
            allowance -= rounds_u32;
        }
    }
    gains
}

fn achieve(progress: &mut Progress, rounds: u32, gains: &mut Gains) {
    progress.achieved = progress.achieved.saturating_add(rounds);
    gains.achievements = gains.achievements.saturating_add(rounds);
    progress.clear_round();
}

/// How many equal single events take this goal, and with it the composite, from nothing to completion; `None`
/// when they never do.
fn units_of_a_round(behavior: &Behavior, goal: &Goal, hit: &Hit<'_>) -> Option<u64> {
    if !is_complete(behavior, |other| other.event.event_name == goal.event.event_name) {
        return None;
    }
    let total_count = u64::from(hit.meter.total_count.max(1));
    // A value is new only once a round, unless each reach ends the round.
    if hit.meter.unique && total_count > 1 {
        return None;
    }
    Some(total_count.saturating_mul(u64::from(goal.earn_count.max(1))))
}

/// Whether the groups and the required goals are satisfied when these goals are completed.
fn is_complete(behavior: &Behavior, completed: impl Fn(&Goal) -> bool) -> bool {
    behavior.goals().iter().all(|goal| !goal.required || completed(goal))
        && behavior.groups().iter().all(|group| {
            behavior.goals_of(group).filter(|goal| completed(goal)).count() as u64
                >= u64::from(group.total_count)
        })
}

/// Takes up to `wanted` off the ledger's surplus and says how many it took.
fn take(surplus: &mut u32, wanted: u32) -> u32 {
    let taken = wanted.min(*surplus);
    *surplus -= taken;
    taken
}

fn times(points: i64, number: u32) -> i64 {
    points.saturating_mul(i64::from(number))
}
