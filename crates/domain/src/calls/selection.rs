//! Who is next: the ten steps of the dialler contract (§1.2) as an ordered list of questions to the store.
//!
//! A contact that may be chosen stands in one queue ([`Queue`]) with an order key; a question names a queue, whose
//! contacts it may see, and which numbers count. The first question that finds a contact decides.

use super::campaign::CallCampaign;
use crate::ids::CallCampaignId;
use crate::time::UnixMillis;
use jiff::tz::TimeZone;

/// The queue in which a contact stands. Its number is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Queue {
    /// Appointments, by time; the owner of the follow-up is the queue's `bound`.
    Appointment,
    /// Delays, by time; the same.
    Delay,
    /// Busy series, by beginning; the last agent is `bound`.
    Busy,
    /// Waiting for its next try, by time. Seen by no question: who is due passes to `Ready`.
    Waiting,
    /// May be called any time, by tries and sort order; the agent that it is reserved for is `bound`.
    Ready,
}

impl Queue {
    /// Its number in the store. Never changed once given; 0 is no queue.
    pub const fn number(self) -> u8 {
        match self {
            Self::Appointment => 1,
            Self::Delay => 2,
            Self::Busy => 3,
            Self::Waiting => 4,
            Self::Ready => 5,
        }
    }
}

/// Where a contact stands: its queue, whom it is bound to (empty for nobody), and its order keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The queue.
    pub queue: Queue,
    /// The agent that it is bound to; empty for nobody.
    pub bound: String,
    /// First order key: due or begun in milliseconds, or for [`Queue::Ready`] the tries so far.
    pub first: i64,
    /// Second order key: `RandomSortOrder`.
    pub second: i64,
    /// Due: not to be chosen before. 0 for [`Queue::Ready`].
    pub due: i64,
}

/// Whose contacts a question sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BoundTo {
    /// Those bound to this agent.
    Agent(String),
    /// Those bound to nobody.
    Nobody,
    /// All.
    Anybody,
}

/// All numbers of a contact, as a mask: bit 0 is number 1.
pub const ALL_NUMBERS: u8 = 0b11_1111;

/// A question to the store: the first contacts of a queue of one campaign. They come in order of `first`, `second`, id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The campaign.
    pub campaign: CallCampaignId,
    /// The queue; never [`Queue::Waiting`].
    pub queue: Queue,
    /// Whose.
    pub bound: BoundTo,
    /// Only contacts of which one of these numbers may be called.
    pub numbers: u8,
    /// Only what is due by now.
    pub now: UnixMillis,
}

/// Which of the ten steps found a contact, for the log and for tests.
pub type Step = u8;

/// A group of questions of which the earliest hit (by its first order key) wins, or for steps 7 to 10 the first one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepProbes {
    /// From 1 to 10.
    pub step: Step,
    /// Whether the earliest hit over all of them is wanted; otherwise the first question that has one.
    pub earliest: bool,
    /// The questions.
    pub probes: Vec<Probe>,
}

/// Numbers whose time window is open now, grouped by when it opened, earliest first; and those without any window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenNumbers {
    /// Numbers in an open window.
    pub windows: Vec<(UnixMillis, u8)>,
    /// Numbers that may be called any time.
    pub any_time: u8,
}

impl OpenNumbers {
    /// Of a campaign at `now`, with the zone of its client account.
    pub fn of(campaign: &CallCampaign, zone: &TimeZone, now: UnixMillis) -> Self {
        let mut with_window = 0u8;
        let mut open: [Option<UnixMillis>; 6] = [None; 6];
        for window in &campaign.time_windows {
            let Some(place) = usize::from(window.number).checked_sub(1).filter(|place| *place < 6) else {
                continue;
            };
            with_window |= 1 << place;
            if let Some(at) = window.span.opened_at(now, zone) {
                open[place] = Some(open[place].map_or(at, |known| known.min(at)));
            }
        }
        let mut windows: Vec<(UnixMillis, u8)> = Vec::new();
        for (place, at) in open.into_iter().enumerate() {
            let Some(at) = at else { continue };
            match windows.iter_mut().find(|(known, _)| *known == at) {
                Some((_, mask)) => *mask |= 1 << place,
                None => windows.push((at, 1 << place)),
            }
        }
        windows.sort_unstable();
        Self { windows, any_time: ALL_NUMBERS & !with_window }
    }

    /// All numbers that may be called now.
    pub fn mask(&self) -> u8 {
        self.windows.iter().fold(self.any_time, |mask, (_, open)| mask | open)
    }
}

/// A campaign that is asked for its next contact. The caller has made sure that it may dial now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The campaign.
    pub campaign: CallCampaignId,
    /// Its numbers that may be called now.
    pub open: OpenNumbers,
}

/// The questions of the ten steps for an agent, over campaigns in the order in which step 9 and 10 are to ask them (a
/// weighted draw). Without an agent the bound steps are left out: nobody is there whom they could be bound to.
pub fn ten_steps(agent: Option<&str>, campaigns: &[Asked], now: UnixMillis) -> Vec<StepProbes> {
    let probe = |asked: &Asked, queue, bound: &BoundTo, numbers| Probe {
        campaign: asked.campaign,
        queue,
        bound: bound.clone(),
        numbers,
        now,
    };
    let over_all = |step, queue, bound: BoundTo| StepProbes {
        step,
        earliest: true,
        probes: campaigns.iter().map(|asked| probe(asked, queue, &bound, asked.open.mask())).collect(),
    };
    let mine = agent.map(|uid| BoundTo::Agent(uid.to_owned()));
    let mut steps = Vec::with_capacity(10);
    for (step, queue) in [(1, Queue::Appointment), (3, Queue::Delay), (5, Queue::Busy)] {
        if let Some(mine) = &mine {
            steps.push(over_all(step, queue, mine.clone()));
        }
        // Whoever talked with a busy contact last has the first claim; after that anybody goes on with its series.
        let rest = if queue == Queue::Busy { BoundTo::Anybody } else { BoundTo::Nobody };
        steps.push(over_all(step + 1, queue, rest));
    }
    let whose: Vec<(Step, BoundTo)> =
        mine.into_iter().map(|mine| (0, mine)).chain([(1, BoundTo::Nobody)]).collect();
    for (offset, bound) in &whose {
        let mut windows: Vec<(UnixMillis, Probe)> = campaigns
            .iter()
            .flat_map(|asked| {
                asked.open.windows.iter().map(|(at, mask)| (*at, probe(asked, Queue::Ready, bound, *mask)))
            })
            .collect();
        windows.sort_by_key(|(at, _)| *at);
        let probes = windows.into_iter().map(|(_, probe)| probe).collect();
        steps.push(StepProbes { step: 7 + offset, earliest: false, probes });
    }
    for (offset, bound) in &whose {
        let probes =
            campaigns.iter().map(|asked| probe(asked, Queue::Ready, bound, asked.open.any_time)).collect();
        steps.push(StepProbes { step: 9 + offset, earliest: false, probes });
    }
    steps.retain_mut(|step| {
        step.probes.retain(|probe| probe.numbers != 0);
        !step.probes.is_empty()
    });
    steps
}

/// An order of the campaigns drawn by weight: the chance of being first is the weight's share. Weights of 0 come last.
/// `random` gives one evenly spread number for each draw.
pub fn weighted_order(weights: &[u32], mut random: impl FnMut() -> u32) -> Vec<usize> {
    let mut left: Vec<usize> = (0..weights.len()).collect();
    let mut order = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let sum: u64 = left.iter().map(|place| u64::from(weights[*place])).sum();
        let mut draw = u64::from(random()).checked_rem(sum).unwrap_or(0);
        let mut chosen = 0;
        for (position, place) in left.iter().enumerate() {
            let weight = u64::from(weights[*place]);
            if draw < weight {
                chosen = position;
                break;
            }
            draw -= weight;
        }
        order.push(left.remove(chosen));
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calls::hours::{NumberWindow, WeekSpan};
    use crate::ids::ClientId;

    fn window(number: u8, from: &str, to: &str) -> NumberWindow {
        NumberWindow { number, span: WeekSpan { weekday: 1, from: from.to_owned(), to: to.to_owned() } }
    }

    fn asked(time_windows: Vec<NumberWindow>) -> Asked {
        let now = monday();
        let mut campaign = CallCampaign::new(CallCampaignId(1), ClientId(1), "A".to_owned(), now);
        campaign.time_windows = time_windows;
        Asked { campaign: campaign.id, open: OpenNumbers::of(&campaign, &TimeZone::UTC, now) }
    }

    fn monday() -> UnixMillis {
        UnixMillis::from("2026-03-02T12:00:00Z".parse::<jiff::Timestamp>().unwrap())
    }

    #[test]
    fn without_windows_only_the_last_steps_ask_for_new_contacts() {
        let steps = ten_steps(Some("a"), &[asked(Vec::new())], monday());
        assert_eq!(steps.iter().map(|step| step.step).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 9, 10]);
        assert!(steps.iter().all(|step| step.probes[0].numbers == ALL_NUMBERS));
    }

    #[test]
    fn open_windows_ask_in_order_of_their_opening_and_closed_numbers_are_left_out() {
        let windows =
            vec![window(1, "11:00", "13:00"), window(2, "09:00", "13:00"), window(3, "14:00", "15:00")];
        let steps = ten_steps(Some("a"), &[asked(windows)], monday());
        let by_step = |wanted| &steps.iter().find(|step| step.step == wanted).unwrap().probes;
        assert_eq!(by_step(7).iter().map(|probe| probe.numbers).collect::<Vec<_>>(), [0b10, 0b01]);
        assert_eq!(by_step(9)[0].numbers, 0b11_1000);
        assert_eq!(by_step(1)[0].numbers, 0b11_1011);
    }

    #[test]
    fn without_an_agent_the_bound_steps_are_left_out() {
        let steps = ten_steps(None, &[asked(vec![window(1, "09:00", "13:00")])], monday());
        assert_eq!(steps.iter().map(|step| step.step).collect::<Vec<_>>(), [2, 4, 6, 8, 10]);
    }

    #[test]
    fn a_draw_by_weight_puts_each_first_by_its_share() {
        let mut state = 1u32;
        let mut random = || {
            state = state.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
            state >> 8
        };
        let mut first = [0u32; 4];
        for _ in 0..40_000 {
            first[weighted_order(&[50, 25, 25, 0], &mut random)[0]] += 1;
        }
        assert!((19_000..21_000).contains(&first[0]), "{first:?}");
        assert!((9_300..10_700).contains(&first[1]), "{first:?}");
        assert_eq!(first[3], 0);
        assert_eq!(weighted_order(&[0, 0], random).len(), 2);
    }
}
