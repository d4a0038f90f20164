//! The v2 list over HTTP against a bare axum handler that returns the same bytes.
//!
//! Both servers are processes of their own on loopback, and the same load drives them in turn.

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Parser;
use muster_app::ports::{CatalogWrite, Entropy, Expected, SeededEntropy};
use muster_app::secrets;
use muster_bench::fixture::{self, Fallible};
use muster_bench::load::{Measured, Round, drive};
use muster_bench::process::{Server, ask, free_address};
use muster_bench::table::{Table, median, thousands};
use muster_domain::audience::Targeting;
use muster_domain::ids::{ApiKey, CustomerId};
use muster_domain::organization::App;
use muster_domain::time::UnixMillis;
use muster_storage::StoreConfig;
use serde_json::json;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

#[derive(Parser)]
#[command(about = "The v2 list over HTTP against a bare axum handler that returns the same bytes")]
struct Arguments {
    /// Customers in the store.
    #[arg(long, default_value_t = 1_000_000)]
    customers: u64,
    /// Live campaigns.
    #[arg(long, default_value_t = 1_000)]
    campaigns: i64,
    /// Connections, each with one request under way.
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// Seconds measured for each server in each round.
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    /// Rounds; the median is shown.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// The server to measure; by default the one built beside this program.
    #[arg(long)]
    muster: Option<PathBuf>,
    /// PostgreSQL address instead of the embedded store.
    #[arg(long)]
    postgres: Option<String>,
    /// Seed of all that is random.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Serve this file at every path instead: the peer's process.
    #[arg(long, hide = true, num_args = 2, value_names = ["ADDRESS", "FILE"])]
    bare: Option<Vec<String>>,
}

const API_KEY: &str = "bench00000000000000000000000000000000000";
const API_SECRET: &str = "bench-secret";
const CUSTOMERS_ASKED: usize = 100_000;

fn main() -> Fallible<()> {
    let arguments = Arguments::parse();
    if let Some(bare) = &arguments.bare {
        return serve_bare(&bare[0], Path::new(&bare[1]));
    }
    let directory = tempfile::tempdir()?;
    let place = match &arguments.postgres {
        Some(url) => url.clone(),
        None => directory.path().join("data").to_string_lossy().into_owned(),
    };
    eprintln!("loading {} customers and {} campaigns", arguments.customers, arguments.campaigns);
    let customers = tokio::runtime::Runtime::new()?.block_on(load(&arguments, &place))?;
    let muster = Server::muster(arguments.muster.as_deref(), &place)?;
    let ids = Arc::new(customers);
    let body = ask(muster.address, &request(ids[0]))?;
    let sample = directory.path().join("body.json");
    let body = typical(muster.address, &ids, body)?;
    std::fs::write(&sample, &body)?;
    let bare = start_bare(&sample)?;

    let round = Round {
        connections: arguments.connections,
        warm_up: Duration::from_secs(1),
        measure: Duration::from_secs(arguments.seconds),
    };
    let mut measured: Vec<Vec<Measured>> = vec![Vec::new(); 2];
    for number in 0..arguments.rounds {
        eprintln!("round {} of {}", number + 1, arguments.rounds);
        for (server, results) in [&bare, &muster].into_iter().zip(&mut measured) {
            let ids = Arc::clone(&ids);
            let stride = 7919 * (number + 1);
            results.push(drive(server.address, round, move |connection, count| {
                let index = connection * 104_729 + count as usize * stride;
                request(ids[index % ids.len()])
            })?);
        }
    }
    print(&arguments, &measured);
    Ok(())
}

async fn load(arguments: &Arguments, place: &str) -> Fallible<Vec<CustomerId>> {
    let store = muster_storage::open(StoreConfig::parse(place)?).await?;
    let (services, organization) = fixture::start(Arc::clone(&store), arguments.seed).await?;
    let app = App {
        api_key: ApiKey(API_KEY.to_owned()),
        name: "Benchmark".to_owned(),
        secret_sha256: secrets::digest(API_SECRET),
        bearer_sha256: secrets::digest("bench-bearer"),
        created_at: UnixMillis(0),
        rotated_at: None,
        revoked: false,
    };
    let mut writes = vec![CatalogWrite::App(app)];
    let entropy = SeededEntropy::new(arguments.seed + 1);
    for id in 1..=arguments.campaigns {
        let mut random = [0; 2];
        entropy.fill(&mut random);
        let mut campaign = fixture::plain_campaign(id);
        campaign.permalink = entropy.uuid().to_string();
        let countries = ["DEU", "FRA", "USA", "GBR", "ESP"];
        let country = countries[usize::from(random[1]) % countries.len()];
        campaign.bundle.targeting = Some(Targeting::parse(json!({"$and": [
            {"user.tags": {"$in": [format!("segment-{}", random[0])]}},
            {"user.country": country},
        ]}))?);
        writes.push(CatalogWrite::Campaign { campaign: Box::new(campaign), expected: Expected::Absent });
    }
    services.store.write_catalog(organization, writes).await?;
    let mut ids =
        fixture::load_customers(store.as_ref(), organization, arguments.seed, arguments.customers).await?;
    // Spread over the whole file.
    let step = (ids.len() / CUSTOMERS_ASKED).max(1);
    ids = ids.into_iter().step_by(step).collect();
    store.close().await;
    Ok(ids)
}

fn request(customer: CustomerId) -> Vec<u8> {
    let credentials = STANDARD.encode(format!("{API_KEY}:{API_SECRET}"));
    format!(
        "GET /priv/v2/apps/{API_KEY}/users/{customer}/campaigns?page=1&page_size=20 HTTP/1.1\r\n\
         host: localhost\r\nauthorization: Basic {credentials}\r\naccept: application/json\r\n\r\n"
    )
    .into_bytes()
}

/// The answer whose length is the median of some customers'.
fn typical(address: SocketAddr, ids: &[CustomerId], first: Vec<u8>) -> Fallible<Vec<u8>> {
    let mut bodies = vec![first];
    for id in ids.iter().step_by((ids.len() / 200).max(1)) {
        bodies.push(ask(address, &request(*id))?);
    }
    bodies.sort_by_key(Vec::len);
    let middle = bodies.len() / 2;
    Ok(bodies.swap_remove(middle))
}

fn start_bare(body: &Path) -> Fallible<Server> {
    let address = free_address()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--bare", &address.to_string()]).arg(body);
    Server::start(&mut command, address, "/")
}

/// The peer: any path, one header, bytes from memory.
fn serve_bare(address: &str, file: &Path) -> Fallible<()> {
    let body = bytes::Bytes::from(std::fs::read(file)?);
    let handler = async |State(body): State<bytes::Bytes>| ([(CONTENT_TYPE, "application/json")], body);
    tokio::runtime::Runtime::new()?.block_on(async {
        let router = Router::new()
            .route("/", get(handler))
            .route("/priv/v2/apps/{api_key}/users/{user_id}/campaigns", get(handler))
            .with_state(body);
        let listener = tokio::net::TcpListener::bind(address).await?;
        axum::serve(
            axum::serve::ListenerExt::tap_io(listener, |stream| {
                let _ = stream.set_nodelay(true);
            }),
            router,
        )
        .await?;
        Ok(())
    })
}

fn print(arguments: &Arguments, measured: &[Vec<Measured>]) {
    let title = format!(
        "v2 list, {} campaigns, {} customers, page of 20, {} connections",
        thousands(arguments.campaigns as f64),
        thousands(arguments.customers as f64),
        arguments.connections
    );
    let columns = ["server", "answers/s", "mean bytes", "p50 ms", "p99 ms", "ratio", "p99 ratio"];
    let mut table = Table::new(&title, &columns);
    let column = |of: &[Measured], pick: fn(&Measured) -> f64| of.iter().map(pick).collect::<Vec<_>>();
    let ratio = |own: &[Measured], pick: fn(&Measured) -> f64| {
        let ratios: Vec<f64> =
            own.iter().zip(&measured[0]).map(|(own, peer)| pick(own) / pick(peer)).collect();
        median(&ratios)
    };
    let rate: fn(&Measured) -> f64 = |one| one.per_second;
    let p50: fn(&Measured) -> f64 = |one| f64::from(one.p50_us) / 1000.0;
    let p99: fn(&Measured) -> f64 = |one| f64::from(one.p99_us) / 1000.0;
    for (name, own) in ["bare axum handler, same bytes (peer)", "Muster"].into_iter().zip(measured) {
        table.row([
            name.to_owned(),
            thousands(median(&column(own, rate))),
            thousands(median(&column(own, |one| one.body_bytes))),
            format!("{:.2}", median(&column(own, p50))),
            format!("{:.2}", median(&column(own, p99))),
            format!("{:.2}", ratio(own, rate)),
            format!("{:.2}", ratio(own, p99)),
        ]);
    }
    println!("{}", table.render());
}
