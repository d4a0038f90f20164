//! Short messages: what the engine asks of whatever speaks to message centres.
//!
//! The port speaks of packets and what became of them, not of sessions: windows, throttling, reconnecting and
//! the choice among routes of equal standing are the driver's. What a driver can not decide is a message's
//! fate: it says what it saw, and an answer that never came is [`SubmitOutcome::Unknown`], never a failure.

use async_trait::async_trait;
pub use muster_domain::participant::message_id_key;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// A secured packet cut into short messages for one card. All of them go to one route, over one bind, in
/// order.
#[derive(Debug, Clone)]
pub struct SmsPacket {
    /// The card's number: international, digits only.
    pub destination: String,
    /// User data of each message, header included: at most 140 octets each (TS 23.040 §9.2.3.24).
    pub segments: Vec<Vec<u8>>,
    /// How long the message centre keeps trying, in seconds from now.
    pub validity_s: u32,
    /// Reference of the first segment that some centres echo in receipts (`user_message_reference`); the
    /// following segments count up. A route may be set to leave it out.
    pub reference: u16,
    /// The only route that may carry it; `None` leaves the choice to the driver.
    pub route: Option<String>,
}

/// Why a refusal was given, by what can be done about it (`command_status` classes of the OTA rules).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusalClass {
    /// The centre's queue for this destination, or all of it, is full.
    QueueFull,
    /// A passing fault: the same octets may be sent again.
    Transient,
    /// The number is wrong.
    Address,
    /// The request is malformed: our defect or the route's settings. The driver has stopped the route.
    Request,
    /// The operator forbids it.
    Refused,
    /// A status that nobody knows.
    Unknown,
}

/// What became of one segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubmitOutcome {
    /// The centre has it.
    Accepted {
        /// The centre's name for it, as given.
        message_id: String,
    },
    /// No octet of it left this process.
    NotSent {
        /// Why, for the operator.
        reason: String,
    },
    /// It left, and no answer came: the centre may have it.
    Unknown {
        /// Why, for the operator.
        reason: String,
    },
    /// The centre refused it.
    Refused {
        /// What can be done about it.
        class: RefusalClass,
        /// `command_status` as received.
        command_status: u32,
    },
}

/// What became of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PacketOutcome {
    /// The route that carried it; empty when none did.
    pub route: String,
    /// One outcome for each segment, in order. After a segment that was not accepted the following ones are
    /// not sent.
    pub segments: Vec<SubmitOutcome>,
}

/// Final state of a message as told by a receipt (`message_state`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// On its way; not final.
    Enroute,
    /// The phone has it.
    Delivered,
    /// Not delivered within its validity.
    Expired,
    /// Deleted at the centre.
    Deleted,
    /// Cannot be delivered.
    Undeliverable,
    /// Read on behalf of the subscriber.
    Accepted,
    /// Not known to the centre.
    Unknown,
    /// Refused by the centre or the network.
    Rejected,
}

/// How a card's answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AnswerPath {
    /// As a message of its own, from the card's number.
    Submit,
    /// As the acknowledgement of ours (`esm_class` 08).
    Acknowledgement,
    /// Inside the delivery receipt.
    Receipt,
}

/// Something a message centre told us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InboundMessage {
    /// A delivery receipt.
    Receipt {
        /// Names the centre may have given the message at submission, the likeliest first: as received, then
        /// the [`message_id_key`] of that and of its decimal and hexadecimal reading, since centres disagree
        /// about which they use.
        message_ids: Vec<String>,
        /// The card's number as far as the receipt tells.
        source: String,
        /// What happened.
        state: DeliveryState,
        /// The network's error where the receipt has one: the kind of network and its code (`gsm 27`), or
        /// what the receipt's text says (`027`).
        error: Option<String>,
    },
    /// User data that a card sent, header included.
    UserData {
        /// The card's number.
        source: String,
        /// Our address.
        destination: String,
        /// The octets, user data header first.
        user_data: Vec<u8>,
        /// How they came.
        path: AnswerPath,
    },
    /// The card can be reached again (`alert_notification`).
    Available {
        /// The card's number.
        source: String,
    },
}

/// Takes the acknowledgements of many messages. A driver with much traffic hands in one of these instead of a
/// channel for each message.
pub trait Acknowledge: Send + Sync + std::fmt::Debug {
    /// The message that was given out under `token` is stored, or shall be sent again. Called once for each.
    fn acknowledge(&self, token: u64, stored: bool);
}

/// Where one acknowledgement goes.
#[derive(Debug)]
enum Acknowledgement {
    Channel(Option<oneshot::Sender<bool>>),
    Shared { to: Option<Arc<dyn Acknowledge>>, token: u64 },
}

impl Acknowledgement {
    fn give(&mut self, stored: bool) {
        match self {
            Self::Channel(sender) => {
                if let Some(sender) = sender.take() {
                    // The session may be gone; then the centre sends it again and it is recognized.
                    let _ = sender.send(stored);
                }
            }
            Self::Shared { to, token } => {
                if let Some(to) = to.take() {
                    to.acknowledge(*token, stored);
                }
            }
        }
    }
}

impl Drop for Acknowledgement {
    fn drop(&mut self) {
        self.give(false);
    }
}

/// An inbound message with the means to acknowledge it. The centre is told only after [`Inbound::stored`];
/// one that is dropped or put off is answered so that the centre sends it again.
#[derive(Debug)]
pub struct Inbound {
    /// The route it came by.
    pub route: Arc<str>,
    /// What it says.
    pub message: InboundMessage,
    /// Answers the centre.
    acknowledgement: Acknowledgement,
}

impl Inbound {
    /// A message and the receiver of its acknowledgement; `Ok(true)` means stored, anything else send again.
    pub fn new(route: Arc<str>, message: InboundMessage) -> (Self, oneshot::Receiver<bool>) {
        let (acknowledge, acknowledged) = oneshot::channel();
        (Self { route, message, acknowledgement: Acknowledgement::Channel(Some(acknowledge)) }, acknowledged)
    }

    /// A message whose acknowledgement goes to `to` under `token`.
    pub fn with_acknowledge(
        route: Arc<str>,
        message: InboundMessage,
        to: Arc<dyn Acknowledge>,
        token: u64,
    ) -> Self {
        Self { route, message, acknowledgement: Acknowledgement::Shared { to: Some(to), token } }
    }

    /// It is stored: the centre may forget it.
    pub fn stored(mut self) {
        self.acknowledgement.give(true);
    }

    /// It could not be stored: the centre shall send it again.
    pub fn later(self) {
        drop(self);
    }
}

/// How a route stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RouteState {
    /// Bound: it carries messages.
    Bound,
    /// Connecting, or waiting to connect again.
    Connecting,
    /// Bound and throttled by the centre: it carries fewer than it may.
    Throttled,
    /// Stopped by a refusal of our requests or credentials; an operator must act.
    Stopped,
}

/// A route as operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteStatus {
    /// Its name in the settings.
    pub name: String,
    /// How it stands.
    pub state: RouteState,
    /// Why it, or some of its sessions, do not stand as they should, in words; empty when all is well.
    pub reason: String,
    /// Segments a second that it may send now.
    pub segments_per_s: u32,
    /// Segments without an answer yet.
    pub in_flight: u32,
    /// Segments that wait.
    pub queued: u32,
}

/// Whatever speaks to message centres.
#[async_trait]
pub trait SmsGateway: Send + Sync {
    /// Sends a packet and waits until each segment's fate is known or known to be unknown. Throttling is
    /// waited out; a gateway that cannot send at all answers with [`SubmitOutcome::NotSent`] instead of
    /// waiting for ever.
    async fn send(&self, packet: SmsPacket) -> PacketOutcome;

    /// How many more segments can be taken without queueing them for longer than about a second; for all
    /// routes, or the one named.
    fn room(&self, route: Option<&str>) -> usize;

    /// Asks the centre to forget a message not yet delivered; best effort.
    async fn cancel(&self, route: &str, message_id: &str, destination: &str);

    /// The stream of inbound messages. It can be taken once.
    fn inbound(&self) -> Option<mpsc::Receiver<Inbound>>;

    /// Every route.
    fn routes(&self) -> Vec<RouteStatus>;

    /// Sends nothing more, waits for the answers to what was sent, unbinds and closes.
    async fn close(&self);
}
