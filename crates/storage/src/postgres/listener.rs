//! Hears from other nodes that a configuration has changed. What it says is a hint; polling is the guarantee.

use super::catalog::CHANNEL;
use super::server::Server;
use futures_util::StreamExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_postgres::AsyncMessage;

/// Shortest and longest pause before the next attempt to listen.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// Listens until the task is aborted, again and again.
pub(super) async fn listen(server: Arc<Server>, hints: watch::Sender<u64>) {
    let mut pause = PAUSE_MIN;
    loop {
        if let Err(reason) = listen_once(&server, &hints, &mut pause).await {
            tracing::debug!(%reason, "not listening for changed configuration; polling goes on");
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

async fn listen_once(
    server: &Server,
    hints: &watch::Sender<u64>,
    pause: &mut Duration,
) -> Result<(), String> {
    let (client, mut connection) = server.connect().await.map_err(|error| error.to_string())?;
    let mut messages = futures_util::stream::poll_fn(move |context| connection.poll_message(context));
    let subscribe = format!("LISTEN {CHANNEL}");
    let mut subscribing = std::pin::pin!(client.batch_execute(&subscribe));
    let mut subscribed = false;
    loop {
        tokio::select! {
            outcome = &mut subscribing, if !subscribed => {
                outcome.map_err(|error| error.to_string())?;
                subscribed = true;
                *pause = PAUSE_MIN;
                // Something may have changed while nobody listened.
                bump(hints);
            }
            message = messages.next() => match message {
                Some(Ok(AsyncMessage::Notification(_))) => bump(hints),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.to_string()),
                None => return Err("the connection ended".to_owned()),
            },
        }
    }
}

/// Tells everybody who waits that something may have changed.
pub(super) fn bump(hints: &watch::Sender<u64>) {
    hints.send_modify(|hint| *hint = hint.wrapping_add(1));
}
