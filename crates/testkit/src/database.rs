//! A PostgreSQL database for one test.

use std::sync::atomic::{AtomicU32, Ordering};
use tokio_postgres::{Client, NoTls};

/// Names the PostgreSQL server on which tests may make and drop databases, as a `postgres://` URL.
pub const TEST_DATABASE_URL: &str = "MUSTER_TEST_DATABASE_URL";

static NEXT: AtomicU32 = AtomicU32::new(1);

/// An empty database, dropped with the value.
#[derive(Debug)]
pub struct PostgresDatabase {
    admin_url: String,
    name: String,
}

impl PostgresDatabase {
    /// Makes a database on the server of [`TEST_DATABASE_URL`]. Without one there is nothing to test on: `None`,
    /// and a line that says so. Where that must not pass, as on CI, the gate script always names a server.
    pub async fn create() -> Option<Self> {
        let Ok(admin_url) = std::env::var(TEST_DATABASE_URL) else {
            eprintln!("skipped on PostgreSQL: {TEST_DATABASE_URL} names no server");
            return None;
        };
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("muster_test_{}_{number}", std::process::id());
        let client = connect(&admin_url).await;
        for statement in
            [format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"), format!("CREATE DATABASE {name}")]
        {
            client.batch_execute(&statement).await.expect("the test server lets us make databases");
        }
        Some(Self { admin_url, name })
    }

    /// The URL of the database.
    pub fn url(&self) -> String {
        let (server, _) = self.admin_url.rsplit_once('/').expect("a URL with a database");
        format!("{server}/{}", self.name)
    }
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("the test server answers");
    // Ends when the client is dropped; a failure shows in the next statement.
    tokio::spawn(async move {
        let _ = connection.await;
    });
    client
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        let (url, name) = (self.admin_url.clone(), self.name.clone());
        // A destructor may run inside a runtime, which must not be blocked on; a thread of its own has none.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let client = connect(&url).await;
                // Left over at worst; the next run of the same number removes it.
                let _ = client.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
            });
            Ok::<_, std::io::Error>(())
        });
        let _ = dropping.join();
    }
}
