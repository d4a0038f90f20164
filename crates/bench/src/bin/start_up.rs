//! Start-up time and resident memory, with an empty store and with many customers.

use clap::Parser;
use muster_bench::fixture::{self, Fallible};
use muster_bench::process::Server;
use muster_bench::table::{Table, median, thousands};
use muster_storage::StoreConfig;
use std::path::PathBuf;

#[derive(Parser)]
#[command(about = "Start-up time and resident memory")]
struct Arguments {
    /// Customers in the full store.
    #[arg(long, default_value_t = 1_000_000)]
    customers: u64,
    /// Starts of each; the median is shown.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// The server to measure; by default the one built beside this program.
    #[arg(long)]
    muster: Option<PathBuf>,
}

fn main() -> Fallible<()> {
    let arguments = Arguments::parse();
    let directory = tempfile::tempdir()?;
    let empty = directory.path().join("empty").to_string_lossy().into_owned();
    let full = directory.path().join("full").to_string_lossy().into_owned();
    eprintln!("loading {} customers", arguments.customers);
    tokio::runtime::Runtime::new()?.block_on(load(&full, arguments.customers))?;

    let title = format!("Start-up and memory, {} starts each", arguments.rounds);
    let mut table = Table::new(&title, &["store", "ready in ms", "resident MiB when ready"]);
    let names = [
        ("empty".to_owned(), &empty),
        (format!("{} customers", thousands(arguments.customers as f64)), &full),
    ];
    for (name, place) in names {
        let mut times = Vec::new();
        let mut sizes = Vec::new();
        for _ in 0..arguments.rounds {
            let server = Server::muster(arguments.muster.as_deref(), place)?;
            times.push(server.started_in.as_secs_f64() * 1000.0);
            sizes.push(server.resident_bytes()? as f64 / 1_048_576.0);
        }
        table.row([name, format!("{:.0}", median(&times)), format!("{:.1}", median(&sizes))]);
    }
    println!("{}", table.render());
    Ok(())
}

async fn load(place: &str, customers: u64) -> Fallible<()> {
    let store = muster_storage::open(StoreConfig::parse(place)?).await?;
    let (services, organization) = fixture::start(store, 1).await?;
    fixture::load_customers(services.store.as_ref(), organization, 1, customers).await?;
    services.store.close().await;
    Ok(())
}
