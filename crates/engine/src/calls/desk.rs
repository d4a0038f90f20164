//! The desk as others ask for it: commands to the board, and its answers.

use super::live::LiveBoard;
use async_trait::async_trait;
use muster_app::Services;
use muster_app::ports::{AgentView, Desk, DeskRefusal, LiveCampaign, Share};
use muster_domain::ids::{CallCampaignId, ClientId, ContactId};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// How long the board may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// What is asked of the board.
pub(super) enum Order {
    LogIn { shares: Vec<Share> },
    LogOut,
    Pause(bool),
    HangUp,
    Dial(ContactId),
}

/// An order about an agent, a question, or a stop.
pub(super) enum Command {
    Agent {
        client: ClientId,
        uid: String,
        order: Order,
        answer: oneshot::Sender<Result<AgentView, DeskRefusal>>,
    },
    Agents {
        client: ClientId,
        answer: oneshot::Sender<Vec<AgentView>>,
    },
    Halt {
        campaign: CallCampaignId,
        cancel_ringing: bool,
        answer: oneshot::Sender<()>,
    },
}

/// The desk of a running engine.
pub struct EngineDesk {
    services: Arc<Services>,
    commands: mpsc::UnboundedSender<Command>,
    live: LiveBoard,
}

impl EngineDesk {
    pub(super) fn new(
        services: Arc<Services>,
        commands: mpsc::UnboundedSender<Command>,
        live: LiveBoard,
    ) -> Self {
        Self { services, commands, live }
    }

    async fn ask<T>(&self, command: Command, answer: oneshot::Receiver<T>) -> Result<T, DeskRefusal> {
        self.commands.send(command).map_err(|_| DeskRefusal::Silent)?;
        match tokio::time::timeout(ANSWER_MAX, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            _ => Err(DeskRefusal::Silent),
        }
    }

    async fn order(&self, client: ClientId, uid: &str, order: Order) -> Result<AgentView, DeskRefusal> {
        let (answer, receiver) = oneshot::channel();
        self.ask(Command::Agent { client, uid: uid.to_owned(), order, answer }, receiver).await?
    }

    async fn knows(&self, client: ClientId, uid: &str) -> Result<(), DeskRefusal> {
        match self.services.calls.agent(client, uid).await {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(DeskRefusal::NoAgent(uid.to_owned())),
            Err(error) => {
                tracing::warn!(%error, "an agent could not be read");
                Err(DeskRefusal::Silent)
            }
        }
    }
}

#[async_trait]
impl Desk for EngineDesk {
    async fn log_in(
        &self,
        client: ClientId,
        uid: &str,
        shares: Vec<Share>,
    ) -> Result<AgentView, DeskRefusal> {
        self.knows(client, uid).await?;
        for share in &shares {
            let campaign = self.services.calls.campaign(share.campaign).await;
            let known = campaign.is_ok_and(|found| found.is_some_and(|found| found.value.client == client));
            if !known {
                return Err(DeskRefusal::NoCampaign(share.campaign));
            }
        }
        self.order(client, uid, Order::LogIn { shares }).await
    }

    async fn log_out(&self, client: ClientId, uid: &str) -> Result<(), DeskRefusal> {
        self.order(client, uid, Order::LogOut).await.map(|_| ())
    }

    async fn pause(&self, client: ClientId, uid: &str, paused: bool) -> Result<AgentView, DeskRefusal> {
        self.order(client, uid, Order::Pause(paused)).await
    }

    async fn hang_up(&self, client: ClientId, uid: &str) -> Result<AgentView, DeskRefusal> {
        self.order(client, uid, Order::HangUp).await
    }

    async fn dial(&self, client: ClientId, uid: &str, contact: ContactId) -> Result<AgentView, DeskRefusal> {
        self.order(client, uid, Order::Dial(contact)).await
    }

    async fn agents(&self, client: ClientId) -> Result<Vec<AgentView>, DeskRefusal> {
        let (answer, receiver) = oneshot::channel();
        self.ask(Command::Agents { client, answer }, receiver).await
    }

    async fn live(&self, campaign: CallCampaignId) -> Result<Option<LiveCampaign>, DeskRefusal> {
        Ok(self.live.of(campaign))
    }

    async fn emergency_stop(
        &self,
        campaign: CallCampaignId,
        cancel_ringing: bool,
    ) -> Result<(), DeskRefusal> {
        let (answer, receiver) = oneshot::channel();
        self.ask(Command::Halt { campaign, cancel_ringing, answer }, receiver).await
    }
}
