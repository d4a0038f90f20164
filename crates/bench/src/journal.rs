//! The limit of any group commit on a machine: a bare journal file. Queued records are appended together, the file
//! is synced once, and all their producers are answered.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use tokio::sync::{mpsc, oneshot};

/// Most records in one append, as in the store's writer.
const MAX_BATCH: usize = 512;

type Pending = (Vec<u8>, oneshot::Sender<()>);

/// A journal with its writer thread; dropping it ends the thread.
pub struct Journal(mpsc::Sender<Pending>);

impl Journal {
    /// Starts the writer on a new file.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create_new(true).append(true).open(path)?;
        let (sender, receiver) = mpsc::channel(4096);
        std::thread::spawn(move || write_all(file, receiver));
        Ok(Self(sender))
    }

    /// Appends a record and returns when it is on the disk.
    ///
    /// # Errors
    /// When the writer has failed.
    pub async fn append(&self, record: Vec<u8>) -> io::Result<()> {
        let (done, durable) = oneshot::channel();
        self.0.send((record, done)).await.map_err(io::Error::other)?;
        durable.await.map_err(io::Error::other)
    }
}

fn write_all(mut file: File, mut receiver: mpsc::Receiver<Pending>) {
    let mut batch = Vec::with_capacity(MAX_BATCH);
    let mut bytes = Vec::new();
    while receiver.blocking_recv_many(&mut batch, MAX_BATCH) > 0 {
        bytes.clear();
        for (record, _) in &batch {
            bytes.extend_from_slice(record);
        }
        if file.write_all(&bytes).and_then(|()| file.sync_data()).is_err() {
            // Producers see their answer channel closed.
            return;
        }
        for (_, done) in batch.drain(..) {
            let _ = done.send(());
        }
    }
}
