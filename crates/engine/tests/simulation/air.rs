//! The message centre in virtual time, with the engine on one side of a link that can be lost.

use muster_app::ports::{
    AnswerPath, DeliveryState, Inbound, InboundMessage, PacketOutcome, RefusalClass, RouteState, RouteStatus,
    SmsGateway, SmsPacket, SubmitOutcome,
};
use muster_engine::sim::{Event, Outgoing, Sent};
use muster_peers::card::CardSpec;
use muster_peers::smsc::{Action, Address, CoreSettings, Deliver, LinkId, SmscCore, Submission};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Lets the engine plan; packets are carried by hand.
pub(crate) struct HandDelivery;

#[async_trait::async_trait]
impl SmsGateway for HandDelivery {
    async fn send(&self, _packet: SmsPacket) -> PacketOutcome {
        unreachable!("the simulation carries packets itself")
    }

    fn room(&self, _route: Option<&str>) -> usize {
        50
    }

    async fn cancel(&self, _route: &str, _message_id: &str, _destination: &str) {}

    fn inbound(&self) -> Option<mpsc::Receiver<Inbound>> {
        None
    }

    fn routes(&self) -> Vec<RouteStatus> {
        vec![RouteStatus {
            name: "air".to_owned(),
            state: RouteState::Bound,
            reason: String::new(),
            segments_per_s: 100,
            in_flight: 0,
            queued: 0,
        }]
    }

    async fn close(&self) {}
}

/// A submission whose segments are not all answered.
struct Handed {
    key: (muster_domain::ids::SimCampaignId, u64),
    outcomes: Vec<Option<SubmitOutcome>>,
    since_ms: u64,
}

/// The centre and the link to it.
pub(crate) struct Air {
    pub(crate) core: SmscCore,
    link: LinkId,
    sequence: u32,
    /// Sequence number of a submission → packet and segment.
    waiting: HashMap<u32, (u64, usize)>,
    handed: HashMap<u64, Handed>,
    next_handed: u64,
    /// Deliveries that the engine has not acknowledged.
    unacknowledged: Vec<(LinkId, u32, oneshot::Receiver<bool>)>,
    pub(crate) events: Vec<Event>,
    actions: Vec<Action>,
}

/// How long a submission may stay unanswered.
const RESPONSE_MS: u64 = 60_000;

impl Air {
    pub(crate) fn new(settings: CoreSettings, cards: &[CardSpec]) -> Self {
        let mut core = SmscCore::new(settings, cards);
        let link = core.link_up(true);
        Self {
            core,
            link,
            sequence: 0,
            waiting: HashMap::new(),
            handed: HashMap::new(),
            next_handed: 0,
            unacknowledged: Vec::new(),
            events: Vec::new(),
            actions: Vec::new(),
        }
    }

    /// Carries a packet to the centre.
    pub(crate) fn submit(&mut self, outgoing: &Outgoing, now_ms: u64) {
        let id = self.next_handed;
        self.next_handed += 1;
        let segments = &outgoing.packet.segments;
        let outcomes = vec![None; segments.len()];
        self.handed.insert(id, Handed { key: outgoing.key, outcomes, since_ms: now_ms });
        for (index, user_data) in segments.iter().enumerate() {
            self.sequence += 1;
            self.waiting.insert(self.sequence, (id, index));
            let submission = Submission {
                sequence: self.sequence,
                source: Address::international("4900123"),
                destination: Address::international(outgoing.packet.destination.clone()),
                esm_class: 0x40,
                protocol_id: 0x7F,
                data_coding: 0xF6,
                validity_period: relative(outgoing.packet.validity_s),
                registered_delivery: 1,
                user_data: user_data.clone(),
                ..Submission::default()
            };
            self.core.submit(self.link, submission, now_ms, &mut self.actions);
        }
        self.take_actions(now_ms);
    }

    /// Lets the centre do what is due, and gives up on answers that do not come.
    pub(crate) fn advance(&mut self, now_ms: u64) {
        self.core.advance(now_ms, &mut self.actions);
        self.take_actions(now_ms);
        let late: Vec<_> = self
            .handed
            .iter()
            .filter(|(_, handed)| now_ms - handed.since_ms >= RESPONSE_MS)
            .map(|(id, _)| *id)
            .collect();
        for id in late {
            self.settle(id);
        }
    }

    /// Tells the centre what the engine said to its messages.
    pub(crate) fn acknowledge(&mut self, now_ms: u64) {
        let mut open = Vec::new();
        for (link, sequence, mut acknowledged) in std::mem::take(&mut self.unacknowledged) {
            let status = match acknowledged.try_recv() {
                Ok(true) => 0,
                Ok(false) | Err(oneshot::error::TryRecvError::Closed) => 0x64,
                Err(oneshot::error::TryRecvError::Empty) => {
                    open.push((link, sequence, acknowledged));
                    continue;
                }
            };
            self.core.deliver_answered(link, sequence, status, now_ms, &mut self.actions);
        }
        self.unacknowledged.extend(open);
        self.take_actions(now_ms);
    }

    /// The engine died: what it had heard and not stored is heard again by the next one.
    pub(crate) fn crash(&mut self, now_ms: u64) {
        self.events.clear();
        self.handed.clear();
        self.waiting.clear();
        self.unacknowledged.clear();
        self.relink(now_ms);
    }

    /// The link is lost and comes back: whatever was not answered is unknown.
    pub(crate) fn drop_link(&mut self, now_ms: u64) {
        for id in self.handed.keys().copied().collect::<Vec<_>>() {
            self.settle(id);
        }
        self.relink(now_ms);
    }

    fn relink(&mut self, now_ms: u64) {
        self.core.link_down(self.link, true, &mut self.actions);
        self.actions.clear();
        self.link = self.core.link_up(true);
        self.core.advance(now_ms, &mut self.actions);
        self.take_actions(now_ms);
    }

    /// Tells the engine what became of a packet; what was not answered is unknown.
    fn settle(&mut self, id: u64) {
        let Some(handed) = self.handed.remove(&id) else { return };
        let mut segments = Vec::new();
        for outcome in handed.outcomes {
            let outcome =
                outcome.unwrap_or_else(|| SubmitOutcome::Unknown { reason: "no answer".to_owned() });
            segments.push(outcome);
        }
        let outcome = PacketOutcome { route: "air".to_owned(), segments };
        self.events.push(Event::Sent(Sent { key: handed.key, outcome }));
    }

    fn take_actions(&mut self, now_ms: u64) {
        while !self.actions.is_empty() {
            for action in std::mem::take(&mut self.actions) {
                match action {
                    Action::Answer { sequence, command_status, message_id, .. } => {
                        self.answered(sequence, command_status, message_id);
                    }
                    Action::Deliver { link, sequence, deliver } => self.delivered(link, sequence, &deliver),
                    Action::Alert { source, .. } => {
                        let message = InboundMessage::Available { source: source.digits };
                        let (inbound, _acknowledged) = Inbound::new(Arc::from("air"), message);
                        self.events.push(Event::Inbound(inbound));
                    }
                    Action::Garbage { .. } => {}
                    Action::DropLink { .. } => self.drop_link(now_ms),
                }
            }
        }
    }

    fn answered(&mut self, sequence: u32, command_status: u32, message_id: String) {
        let Some((id, index)) = self.waiting.remove(&sequence) else { return };
        let Some(handed) = self.handed.get_mut(&id) else { return };
        handed.outcomes[index] = Some(match command_status {
            0 => SubmitOutcome::Accepted { message_id },
            0x14 => SubmitOutcome::Refused { class: RefusalClass::QueueFull, command_status },
            // The driver waits throttling out; here it comes back as not sent.
            0x58 => SubmitOutcome::NotSent { reason: "throttled".to_owned() },
            0x0B => SubmitOutcome::Refused { class: RefusalClass::Address, command_status },
            _ => SubmitOutcome::Refused { class: RefusalClass::Transient, command_status },
        });
        if handed.outcomes.iter().all(Option::is_some) {
            self.settle(id);
        }
    }

    fn delivered(&mut self, link: LinkId, sequence: u32, deliver: &Deliver) {
        let message = if deliver.esm_class & 0x3C == 0x04 {
            let tlv =
                |tag| deliver.tlvs.iter().find(|(own, _)| *own == tag).map(|(_, value)| value.as_slice());
            let id = tlv(0x001E).unwrap_or_default();
            let id = String::from_utf8_lossy(id.strip_suffix(&[0]).unwrap_or(id)).into_owned();
            let state = match tlv(0x0427) {
                Some([2]) => DeliveryState::Delivered,
                Some([3]) => DeliveryState::Expired,
                Some([4]) => DeliveryState::Deleted,
                Some([5]) => DeliveryState::Undeliverable,
                Some([8]) => DeliveryState::Rejected,
                _ => DeliveryState::Unknown,
            };
            let source = deliver.source.digits.clone();
            InboundMessage::Receipt { message_ids: vec![id], source, state, error: None }
        } else {
            InboundMessage::UserData {
                source: deliver.source.digits.clone(),
                destination: deliver.destination.digits.clone(),
                user_data: deliver.short_message.clone(),
                path: AnswerPath::Submit,
            }
        };
        let (inbound, acknowledged) = Inbound::new(Arc::from("air"), message);
        self.unacknowledged.push((link, sequence, acknowledged));
        self.events.push(Event::Inbound(inbound));
    }
}

/// A validity of so many seconds from now (SMPP 3.4 §7.1.1.2).
fn relative(seconds: u32) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    format!("0000{:02}{:02}{:02}{:02}000R", days.min(99), rest / 3600, rest % 3600 / 60, rest % 60)
}
