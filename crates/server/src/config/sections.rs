//! The sections, with the built-in value of every setting.

use super::Secret;
use muster_app::ports::StoreResult;
use muster_app::usecases::dialler::PHONE_REALM;
use muster_domain::calls::number::DialRules;
use muster_domain::participant::Timing;
use muster_drivers::sip::{SipSettings, TrunkSettings};
use muster_drivers::sms::RouteSettings;
use muster_engine::calls::CallSettings;
use muster_engine::sim::SimSettings;
use muster_storage::{PostgresConfig, SqliteConfig, StoreConfig};
use muster_web::Limits;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// A number of things in memory. The bounds of every setting lie far below what a machine can count.
fn count(setting: u64) -> usize {
    usize::try_from(setting).unwrap_or(usize::MAX)
}

/// A size of memory, for the same reason without loss.
fn mebibytes(setting: u64) -> u32 {
    u32::try_from(setting).unwrap_or(u32::MAX)
}

/// How the server is reached and what it accepts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// Address and port of the listener. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The address by which clients reach the server, without a slash at the end; links in answers begin with
    /// it. `None` means the listening address.
    pub public_base_url: Option<String>,
    /// PEM file with the certificate chain. Given together with the key, the listener speaks TLS only.
    pub tls_certificate: Option<PathBuf>,
    /// PEM file with the certificate's private key.
    pub tls_key: Option<PathBuf>,
    /// Lets the listener speak plain HTTP on an address that other machines can reach.
    pub allow_plain_http_beyond_loopback: bool,
    /// Longest request body, in bytes. Longer ones are answered 413.
    pub request_body_limit_bytes: u64,
    /// Longest time for a request's body to arrive, in milliseconds.
    pub request_body_timeout_ms: u64,
    /// Longest time a request may take, its body included, in milliseconds.
    pub request_timeout_ms: u64,
    /// Longest time a connection may take to send the head of its next request, in milliseconds. Idle
    /// connections end by it too.
    pub header_timeout_ms: u64,
    /// Connections open at the same time. Those beyond are closed at once.
    pub max_connections: u64,
    /// Requests that each face handles at the same time. Those beyond are refused, not queued.
    pub max_concurrent_requests: u64,
    /// How long a stopping server waits for requests and jobs in flight, in milliseconds.
    pub shutdown_grace_ms: u64,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            public_base_url: None,
            tls_certificate: None,
            tls_key: None,
            allow_plain_http_beyond_loopback: false,
            request_body_limit_bytes: 1024 * 1024,
            request_body_timeout_ms: 10_000,
            request_timeout_ms: 30_000,
            header_timeout_ms: 60_000,
            max_connections: 10_000,
            max_concurrent_requests: 4096,
            shutdown_grace_ms: 10_000,
        }
    }
}

impl Server {
    /// Whether the listener speaks TLS.
    pub fn uses_tls(&self) -> bool {
        self.tls_certificate.is_some() && self.tls_key.is_some()
    }

    /// What links begin with when the listener is bound to `bound`.
    pub fn base_url(&self, bound: SocketAddr) -> String {
        self.public_base_url.clone().unwrap_or_else(|| {
            let scheme = if self.uses_tls() { "https" } else { "http" };
            format!("{scheme}://{bound}")
        })
    }

    /// The limits that stand in front of every face.
    pub fn limits(&self) -> Limits {
        Limits {
            body_max_bytes: count(self.request_body_limit_bytes),
            body_timeout: Duration::from_millis(self.request_body_timeout_ms),
            request_timeout: Duration::from_millis(self.request_timeout_ms),
            in_flight_max: count(self.max_concurrent_requests),
        }
    }
}

/// Where everything that must survive is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Store {
    /// Folder of the embedded store. Not used when a database URL is given.
    pub data_dir: PathBuf,
    /// `postgres://` URL of the database shared by all nodes. `None` means the embedded store.
    pub database_url: Option<Secret>,
    /// How far an acknowledged write has gone on the embedded store.
    pub synchronous: Synchronous,
    /// Connections that read from the embedded store and are kept open.
    pub readers: u64,
    /// Customer writes that may wait for a writer, on either store. Those beyond are refused as overloaded.
    pub writer_queue: u64,
    /// How long to wait for another process that holds the embedded store, in milliseconds.
    pub busy_timeout_ms: u64,
    /// Page cache of the embedded store's writer, in MiB.
    pub cache_mib: u64,
    /// How much of the embedded store's file is read through memory mapping, in MiB.
    pub mmap_mib: u64,
    /// Largest size of the embedded store's file in MiB; 0 leaves the limit to the disk.
    pub size_max_mib: u64,
    /// Connections to PostgreSQL that read; the writers have their own.
    pub postgres_pool: u64,
    /// Longest time to reach PostgreSQL or to get a connection from the pool, in milliseconds.
    pub postgres_connect_timeout_ms: u64,
    /// Longest time a statement may take on PostgreSQL, in milliseconds.
    pub postgres_statement_timeout_ms: u64,
    /// Longest time a statement may wait on PostgreSQL for a row that another one holds, in milliseconds.
    pub postgres_lock_timeout_ms: u64,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("muster-data"),
            database_url: None,
            synchronous: Synchronous::Full,
            readers: 8,
            writer_queue: 16_384,
            busy_timeout_ms: 5_000,
            cache_mib: 64,
            mmap_mib: 0,
            size_max_mib: 0,
            postgres_pool: 16,
            postgres_connect_timeout_ms: 3_000,
            postgres_statement_timeout_ms: 30_000,
            postgres_lock_timeout_ms: 5_000,
        }
    }
}

impl Store {
    /// The store to open. Fails if the database URL cannot be read; the message never repeats it.
    pub fn to_open(&self) -> StoreResult<StoreConfig> {
        let Some(url) = &self.database_url else {
            return Ok(StoreConfig::Sqlite(SqliteConfig {
                directory: self.data_dir.clone(),
                synchronous: match self.synchronous {
                    Synchronous::Full => muster_storage::Synchronous::Full,
                    Synchronous::Normal => muster_storage::Synchronous::Normal,
                },
                readers: count(self.readers),
                busy_timeout: Duration::from_millis(self.busy_timeout_ms),
                queue_max: count(self.writer_queue),
                cache_mib: mebibytes(self.cache_mib),
                mmap_mib: mebibytes(self.mmap_mib),
                size_max_mib: (self.size_max_mib > 0).then(|| mebibytes(self.size_max_mib)),
            }));
        };
        let mut config = PostgresConfig::new(url.reveal())?;
        config.pool_max = count(self.postgres_pool);
        config.connect_timeout = Duration::from_millis(self.postgres_connect_timeout_ms);
        config.statement_timeout = Duration::from_millis(self.postgres_statement_timeout_ms);
        config.lock_timeout = Duration::from_millis(self.postgres_lock_timeout_ms);
        config.queue_max = count(self.writer_queue);
        Ok(StoreConfig::Postgres(config))
    }
}

/// How far an acknowledged write has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Synchronous {
    /// To the disk: it survives a power cut.
    Full,
    /// To the operating system: it survives a crash of the server, not a power cut.
    Normal,
}

/// The engagement face.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Engagement {
    /// How error codes are spelled.
    pub error_code_case: ErrorCodeCase,
    /// How long a client token is valid, in seconds.
    pub client_token_ttl_s: u64,
}

impl Default for Engagement {
    fn default() -> Self {
        Self { error_code_case: ErrorCodeCase::Documented, client_token_ttl_s: 86_400 }
    }
}

/// How error codes of the engagement face are spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ErrorCodeCase {
    /// As the contract documents each of them, capitals included.
    Documented,
    /// All in lower case.
    Lower,
}

/// Work that happens by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Engine {
    /// Background jobs (such as a replay over history) that this node runs at the same time.
    pub job_workers: u64,
    /// How long a node owns a job without saying so again, in milliseconds. A dead node's job waits that long.
    pub job_lease_ms: u64,
    /// How often to look for work that nobody announced, in milliseconds.
    pub poll_interval_ms: u64,
    /// How often expired tokens and remembered replies are deleted, in seconds.
    pub sweep_interval_s: u64,
    /// How long the answer to an idempotent request is remembered, in seconds.
    pub reply_retention_s: u64,
}

impl Default for Engine {
    fn default() -> Self {
        Self {
            job_workers: 1,
            job_lease_ms: 30_000,
            poll_interval_ms: 1_000,
            sweep_interval_s: 60,
            reply_retention_s: 86_400,
        }
    }
}

/// SIM campaigns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sim {
    /// The key under which keys of SIM cards are kept: 64 hexadecimal digits. All nodes need the same.
    pub card_key: Option<Secret>,
    /// File with that key. Without either the embedded store makes one in its folder, `card.key`.
    pub card_key_file: Option<PathBuf>,
    /// How often campaigns, timers and, while there are none, due participants are looked at, in milliseconds.
    pub poll_interval_ms: u64,
    /// Most participants that are claimed, or events that are taken in, at a time.
    pub batch: u64,
    /// How long a claimed participant is left alone by other nodes, in milliseconds.
    pub lease_ms: u64,
    /// How long the fate of a submission may be unknown before the same octets are sent again, in seconds.
    pub response_timeout_s: u64,
    /// Wait after a packet could not leave at all, in seconds.
    pub not_sent_wait_s: u64,
    /// Wait after a passing fault of the message centre, in seconds.
    pub transient_wait_s: u64,
    /// Wait after the message centre's queue was full, in seconds; grows with each time.
    pub queue_full_wait_s: u64,
    /// Wait after a card asked for more time, in seconds.
    pub busy_wait_s: u64,
    /// Accounts at message centres. Without any nothing is ever sent.
    pub routes: Vec<RouteSettings>,
}

impl Default for Sim {
    fn default() -> Self {
        Self {
            card_key: None,
            card_key_file: None,
            poll_interval_ms: 200,
            batch: 500,
            lease_ms: 30_000,
            response_timeout_s: 60,
            not_sent_wait_s: 5,
            transient_wait_s: 30,
            queue_full_wait_s: 60,
            busy_wait_s: 60,
            routes: Vec::new(),
        }
    }
}

impl Sim {
    /// How the engine works by them.
    pub fn engine(&self) -> SimSettings {
        let seconds = |setting: u64| u32::try_from(setting).unwrap_or(u32::MAX);
        SimSettings {
            poll: Duration::from_millis(self.poll_interval_ms),
            lease: Duration::from_millis(self.lease_ms),
            batch: u32::try_from(self.batch).unwrap_or(u32::MAX),
            timing: Timing {
                response_s: seconds(self.response_timeout_s),
                not_sent_s: seconds(self.not_sent_wait_s),
                transient_s: seconds(self.transient_wait_s),
                queue_full_s: seconds(self.queue_full_wait_s),
                busy_s: seconds(self.busy_wait_s),
            },
        }
    }
}

/// Call campaigns and the telephone lines that carry them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Calls {
    /// Whether this node places calls and lets agents' phones register. Off unless said otherwise.
    pub enabled: bool,
    /// How often campaigns are read, and how often it is decided how many calls to place, in milliseconds.
    pub poll_interval_ms: u64,
    /// For how long a node conducts a campaign without saying so again, in seconds. A dead node's campaigns wait that
    /// long.
    pub ownership_s: u64,
    /// How long a call may take until it rings or fails, in seconds.
    pub setup_timeout_s: u64,
    /// How long an agent's phone may ring, in seconds.
    pub agent_ring_s: u64,
    /// Within what time somebody who answered has an agent where no policy says so, in milliseconds.
    pub connect_limit_ms: u64,
    /// Leading digits of numbers that may be called although their range is restricted (premium rates, satellites);
    /// emergency numbers are never called.
    pub allowed_prefixes: Vec<String>,
    /// Address for SIP and for sound, and the port for SIP; 0 takes a free one.
    pub listen: SocketAddr,
    /// The address told to others, where it is not `listen`.
    pub advertise: Option<IpAddr>,
    /// Lets `listen` be an address that other machines reach.
    pub allow_beyond_loopback: bool,
    /// Ports for sound, from the first to the last. A call takes two.
    pub rtp_ports: String,
    /// Longest registration of an agent's phone, in seconds.
    pub phone_expires_s: u64,
    /// Ways into the telephone network.
    pub trunks: Vec<TrunkSettings>,
}

impl Default for Calls {
    fn default() -> Self {
        let sip = SipSettings::default();
        Self {
            enabled: false,
            poll_interval_ms: 250,
            ownership_s: 10,
            setup_timeout_s: 10,
            agent_ring_s: 20,
            connect_limit_ms: 2_000,
            allowed_prefixes: Vec::new(),
            listen: SocketAddr::from((sip.listen, sip.port)),
            advertise: sip.advertise,
            allow_beyond_loopback: sip.allow_beyond_loopback,
            rtp_ports: format!("{}-{}", sip.rtp_first, sip.rtp_last),
            phone_expires_s: u64::from(sip.phone_expires_s),
            trunks: sip.trunks,
        }
    }
}

impl Calls {
    /// The telephony driver. Ports for sound that cannot be read are no ports at all, which the driver refuses.
    pub fn sip(&self) -> SipSettings {
        let ports = self.rtp_ports.split_once('-').map(|(first, last)| (first.trim(), last.trim()));
        let port = |text: Option<&str>| text.and_then(|text| text.parse().ok()).unwrap_or(0);
        SipSettings {
            listen: self.listen.ip(),
            port: self.listen.port(),
            advertise: self.advertise,
            allow_beyond_loopback: self.allow_beyond_loopback,
            rtp_first: port(ports.map(|(first, _)| first)),
            rtp_last: port(ports.map(|(_, last)| last)),
            realm: PHONE_REALM.to_owned(),
            phone_expires_s: u32::try_from(self.phone_expires_s).unwrap_or(u32::MAX),
            trunks: self.trunks.clone(),
            ..SipSettings::default()
        }
    }

    /// How the engine works by them.
    pub fn engine(&self) -> CallSettings {
        CallSettings {
            poll: Duration::from_millis(self.poll_interval_ms),
            ownership_s: u32::try_from(self.ownership_s).unwrap_or(u32::MAX),
            setup_limit: Duration::from_secs(self.setup_timeout_s),
            agent_ring: Duration::from_secs(self.agent_ring_s),
            connect_limit: Duration::from_millis(self.connect_limit_ms),
            dial_rules: DialRules::allowing(self.allowed_prefixes.clone()),
        }
    }
}

/// What the server says about itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// How a line looks.
    pub format: LogFormat,
    /// Which lines are written, as a `tracing` filter such as `info,muster_storage=debug`.
    pub filter: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info".to_owned() }
    }
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for collectors.
    Json,
}
