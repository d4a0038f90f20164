//! deliver_sm on their way to clients: over which link, how many at a time, and again if one was lost.

use super::message::{Action, Address, Deliver, LinkId};
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// A bound client.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) id: LinkId,
    receives: bool,
    sequence: u32,
    unanswered: FxHashMap<u32, Deliver>,
    /// Submissions without an answer.
    pub(super) open_submits: usize,
    /// Submissions so far.
    pub(super) submits: u64,
}

impl Link {
    fn next_sequence(&mut self) -> u32 {
        self.sequence = if self.sequence >= 0x7FFF_FFFF { 1 } else { self.sequence + 1 };
        self.sequence
    }
}

/// Links and what waits for them.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    links: Vec<Link>,
    waiting: VecDeque<Deliver>,
    window: usize,
    spread: bool,
    /// Where the round goes on.
    turn: usize,
    last_id: u64,
}

impl Outbox {
    pub(super) fn new(window: usize, spread: bool) -> Self {
        Self { window: window.max(1), spread, ..Self::default() }
    }

    pub(super) fn open(&mut self, receives: bool) -> LinkId {
        self.last_id += 1;
        let id = LinkId(self.last_id);
        self.links.push(Link {
            id,
            receives,
            sequence: 0,
            unanswered: FxHashMap::default(),
            open_submits: 0,
            submits: 0,
        });
        id
    }

    /// Forgets a link. What it did not acknowledge waits for another, the oldest first; their number is returned.
    pub(super) fn close(&mut self, id: LinkId) -> Option<usize> {
        let at = self.links.iter().position(|link| link.id == id)?;
        let mut lost: Vec<_> = self.links.remove(at).unanswered.into_iter().collect();
        lost.sort_unstable_by_key(|(sequence, _)| std::cmp::Reverse(*sequence));
        let count = lost.len();
        for (_, deliver) in lost {
            self.waiting.push_front(deliver);
        }
        Some(count)
    }

    pub(super) fn link(&mut self, id: LinkId) -> Option<&mut Link> {
        self.links.iter_mut().find(|link| link.id == id)
    }

    pub(super) fn ids(&self) -> Vec<LinkId> {
        self.links.iter().map(|link| link.id).collect()
    }

    /// How many wait for a link with room.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn push(&mut self, deliver: Deliver) {
        self.waiting.push_back(deliver);
    }

    /// Takes a deliver_sm off its link.
    pub(super) fn answered(&mut self, id: LinkId, sequence: u32) -> Option<Deliver> {
        self.link(id)?.unanswered.remove(&sequence)
    }

    /// Sends what can be sent.
    pub(super) fn pump(&mut self, actions: &mut Vec<Action>) {
        while let Some(deliver) = self.waiting.front() {
            let Some(at) = self.choose(deliver.link) else { return };
            let Some(deliver) = self.waiting.pop_front() else { return };
            let link = &mut self.links[at];
            let sequence = link.next_sequence();
            actions.push(Action::Deliver { link: link.id, sequence, deliver: deliver.clone() });
            link.unanswered.insert(sequence, deliver);
        }
    }

    /// A link with room: the wanted one, or else the next in the round.
    fn choose(&mut self, wanted: Option<LinkId>) -> Option<usize> {
        let free = |link: &Link| link.receives && link.unanswered.len() < self.window;
        if !self.spread
            && let Some(at) = self.links.iter().position(|link| Some(link.id) == wanted && free(link))
        {
            return Some(at);
        }
        let count = self.links.len();
        let at = (0..count).map(|step| (self.turn + step) % count).find(|at| free(&self.links[*at]))?;
        self.turn = (at + 1) % count;
        Some(at)
    }

    /// Tells every client that receives about a card.
    pub(super) fn alert(&mut self, source: &Address, destination: &Address, actions: &mut Vec<Action>) {
        for link in self.links.iter_mut().filter(|link| link.receives) {
            let sequence = link.next_sequence();
            let (source, destination) = (source.clone(), destination.clone());
            actions.push(Action::Alert { link: link.id, sequence, source, destination });
        }
    }
}
