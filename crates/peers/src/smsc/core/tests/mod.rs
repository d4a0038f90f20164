//! The centre in virtual time.

mod delivering;
mod misbehaving;
mod taking;

use super::SmscCore;
use crate::card::sealing::Sealing;
use crate::card::{CardSpec, Execution};
use crate::provision::generate_cards;
use crate::scenario::{Rule, Scenario};
use crate::smsc::{Action, Address, CoreSettings, Deliver, LinkId, Submission};

const START: u64 = 1_767_225_600_000;

/// A centre, a client, and the time.
struct World {
    core: SmscCore,
    cards: Vec<CardSpec>,
    link: LinkId,
    now_ms: u64,
    sequence: u32,
}

impl World {
    fn new(change: impl FnOnce(&mut CoreSettings)) -> Self {
        let mut settings = CoreSettings::default();
        change(&mut settings);
        let cards = generate_cards(1, 20);
        let mut core = SmscCore::new(settings, &cards);
        let link = core.link_up(true);
        Self { core, cards, link, now_ms: START, sequence: 0 }
    }

    fn with_rules(rules: impl IntoIterator<Item = Rule>) -> Self {
        let scenario = Scenario::of(rules);
        Self::new(|settings| settings.scenario = scenario)
    }

    /// A message for a card: its packet of this counter writes a file.
    fn message(&mut self, card: usize, counter: u64) -> Submission {
        let keys = &self.cards[card].key_sets[0];
        let sealing =
            Sealing { spi: [0x16, 0x09], tar: [0xB0, 0, 1], counter, keys, crc: 0, check_octets: 8 };
        let user_data = sealing.user_data(&[0x00, 0xD6, 0x92, 0x00, 0x01, counter as u8], 1).remove(0);
        self.sequence += 1;
        Submission {
            sequence: self.sequence,
            source: Address::international("4900123"),
            destination: Address::international(self.cards[card].msisdn.clone()),
            esm_class: 0x40,
            protocol_id: 0x7F,
            data_coding: 0xF6,
            registered_delivery: 1,
            user_data,
            ..Submission::default()
        }
    }

    fn submit(&mut self, submission: Submission) -> Vec<Action> {
        let mut actions = Vec::new();
        self.core.submit(self.link, submission, self.now_ms, &mut actions);
        actions
    }

    /// Sends a packet; what happens at once.
    fn send(&mut self, card: usize, counter: u64) -> Vec<Action> {
        let message = self.message(card, counter);
        self.submit(message)
    }

    /// What happens up to a time after the start, with the time after the start of each.
    fn until(&mut self, end_ms: u64) -> Vec<(u64, Action)> {
        let mut all = Vec::new();
        while let Some(due) = self.core.next_due_ms().filter(|due| *due <= START + end_ms) {
            self.now_ms = self.now_ms.max(due);
            let mut actions = Vec::new();
            self.core.advance(self.now_ms, &mut actions);
            all.extend(actions.into_iter().map(|action| (self.now_ms - START, action)));
        }
        self.now_ms = START + end_ms;
        all
    }

    fn set(&mut self, scenario: Scenario) -> Vec<Action> {
        let mut actions = Vec::new();
        self.core.set_scenario(scenario, self.now_ms, &mut actions);
        actions
    }

    fn answer(&mut self, link: LinkId, sequence: u32, status: u32) -> Vec<Action> {
        let mut actions = Vec::new();
        self.core.deliver_answered(link, sequence, status, self.now_ms, &mut actions);
        actions
    }

    fn executions(&self) -> &[Execution] {
        self.core.executions()
    }
}

/// An action in short: `ok 1`, `refused 58`, `DELIVRD 1`, `por 00`, `drop`.
fn short(action: &Action) -> String {
    match action {
        Action::Answer { command_status: 0, message_id, .. } => format!("ok {message_id}"),
        Action::Answer { command_status, .. } => format!("refused {command_status:02X}"),
        Action::Deliver { deliver, .. } => told(deliver),
        Action::Alert { .. } => "alert".into(),
        Action::Garbage { .. } => "garbage".into(),
        Action::DropLink { .. } => "drop".into(),
    }
}

fn told(deliver: &Deliver) -> String {
    let message = &deliver.short_message;
    match deliver.esm_class {
        0x04 => {
            let text = String::from_utf8_lossy(message);
            let field = |name: &str| text.split_once(name).unwrap().1.split(' ').next().unwrap().to_owned();
            format!("{} {}", field("stat:"), field("id:"))
        }
        _ if message.starts_with(&[2, 0x71, 0]) => format!("por {:02X}", message[15]),
        other => format!("{other:02X}"),
    }
}

fn all(actions: &[Action]) -> Vec<String> {
    actions.iter().map(short).collect()
}

fn timed(actions: &[(u64, Action)]) -> Vec<(u64, String)> {
    actions.iter().map(|(at, action)| (*at, short(action))).collect()
}
