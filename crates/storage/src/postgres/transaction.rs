//! A transaction on a connection of the pool.

/// Runs a function of a connection in a transaction. Its inner error is a refusal, which undoes everything; a lost
/// race repeats it, and so does, once, a connection that turns out to be gone before anything could have been
/// committed. A macro for the reason that `on_pool` is one.
macro_rules! in_transaction {
    ($server:expr, $work:path $(, $argument:expr)*) => {{
        let (mut races, mut connections) = (0, 0);
        loop {
            let lease = $server.lease().await?;
            let client = lease.client().map_err(::muster_app::ports::StoreError::from)?;
            let work = async {
                client.batch_execute("BEGIN").await?;
                let done = $work(client $(, $argument)*).await?;
                if done.is_err() {
                    client.batch_execute("ROLLBACK").await?;
                }
                Ok(done)
            };
            match $server.bounded(work).await {
                Ok(Ok(done)) => {
                    let committed = $server.bounded(async { Ok(client.batch_execute("COMMIT").await?) }).await;
                    match committed {
                        Ok(()) => {
                            lease.give_back();
                            break Ok(done);
                        }
                        Err(fault) => break Err(::muster_app::ports::StoreError::from($crate::postgres::lane::at_commit(fault)).into()),
                    }
                }
                Ok(Err(refusal)) => {
                    lease.give_back();
                    break Err(refusal);
                }
                Err(fault) if fault.is_lost_race() && races < $crate::postgres::lane::RACES_MAX => races += 1,
                Err(fault) if fault.is_lost_connection() && connections == 0 => connections += 1,
                Err(fault) => break Err(::muster_app::ports::StoreError::from(fault).into()),
            }
        }
    }};
}
pub(super) use in_transaction;
