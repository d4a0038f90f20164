//! Starts the driver and its judge.

use async_trait::async_trait;
use muster_app::ports::{
    AgentDigest, AgentDirectory, LegEvent, LegId, Originate, OriginateError, Telephony, TelephonyEvent,
};
use muster_drivers::sip::{SipSettings, SipTelephony, SipTimers, TrunkSettings, agent_digest};
use muster_peers::phones::{Phones, PhonesSettings};
use std::collections::VecDeque;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::sync::mpsc::UnboundedReceiver;
use uuid::Uuid;

/// No test waits longer for anything.
pub(crate) const LIMIT: Duration = Duration::from_mins(1);
/// What is rung at most where a test does not say otherwise.
const RING: Duration = Duration::from_secs(10);
/// The realm of agents' phones.
pub(crate) const REALM: &str = "muster";

/// Agents `1001` and `1002`, whose password is `right`.
struct Agents;

#[async_trait]
impl AgentDirectory for Agents {
    async fn digest(&self, username: &str) -> Option<AgentDigest> {
        ["1001", "1002"].contains(&username).then(|| agent_digest(username, REALM, "right"))
    }
}

/// Ports for sound, other ones for each driver and judge of this process, and none that the system gives away by
/// itself. Other processes may have them; whoever needs them looks further then.
fn media_ports(count: u16) -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let slot = NEXT.fetch_add(count, Ordering::Relaxed);
    20_000 + (u16::try_from(std::process::id() % 60).unwrap_or(0) * 200 + slot) % 12_000
}

/// A port that nobody has now.
pub(crate) fn free_port() -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("bind a port of loopback");
    socket.local_addr().expect("a bound socket has an address").port()
}

/// A trunk that is here and switched on.
pub(crate) fn trunk(name: &str, port: u16) -> TrunkSettings {
    TrunkSettings {
        enabled: true,
        cps: 100,
        options_ping_s: 0,
        ..TrunkSettings::new(name, format!("127.0.0.1:{port}"), "4930111")
    }
}

/// Simulated phones on a port of their own.
pub(crate) async fn phones(change: impl FnOnce(&mut PhonesSettings)) -> Phones {
    let mut settings = PhonesSettings::default();
    change(&mut settings);
    Phones::start(settings).await.expect("the phones start")
}

/// The driver and what it told.
pub(crate) struct Bench {
    pub(crate) driver: SipTelephony,
    events: UnboundedReceiver<TelephonyEvent>,
    /// What was told while something else was waited for.
    kept: VecDeque<TelephonyEvent>,
}

/// Clocks that are short enough to be waited for, and long enough for a machine that has much else to do.
pub(crate) fn timers() -> SipTimers {
    SipTimers {
        t1_ms: 60,
        first_response_ms: 3000,
        request_ms: 2000,
        breaker_ms: 200,
        register_retry_ms: 100,
        min_session_expires_s: 90,
        ..SipTimers::default()
    }
}

impl Bench {
    pub(crate) async fn start(trunks: Vec<TrunkSettings>) -> Self {
        Self::with(|settings| settings.trunks = trunks).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut SipSettings)) -> Self {
        let first = media_ports(60);
        let mut settings = SipSettings {
            port: 0,
            rtp_first: first,
            rtp_last: first + 58,
            realm: REALM.to_owned(),
            timers: timers(),
            ..SipSettings::default()
        };
        change(&mut settings);
        let driver = SipTelephony::start(settings, Arc::new(Agents)).await.expect("the driver starts");
        let events = driver.events().expect("nobody has asked before");
        Self { driver, events, kept: VecDeque::new() }
    }

    pub(crate) async fn call(&self, to: &str) -> Result<LegId, OriginateError> {
        self.call_for(to, RING).await
    }

    pub(crate) async fn call_for(&self, to: &str, ring_limit: Duration) -> Result<LegId, OriginateError> {
        self.call_within(to, ring_limit, RING).await
    }

    pub(crate) async fn call_within(
        &self,
        to: &str,
        ring_limit: Duration,
        setup_limit: Duration,
    ) -> Result<LegId, OriginateError> {
        let call = Originate {
            attempt: Uuid::from_u128(u128::from(free_port()) << 64 | 7),
            to: to.to_owned(),
            caller_id: None,
            trunks: Vec::new(),
            ring_limit,
            setup_limit,
            listen: false,
        };
        self.driver.originate(call).await
    }

    /// The next event.
    pub(crate) async fn next(&mut self) -> TelephonyEvent {
        match self.kept.pop_front() {
            Some(event) => event,
            None => self.told().await,
        }
    }

    async fn told(&mut self) -> TelephonyEvent {
        tokio::time::timeout(LIMIT, self.events.recv())
            .await
            .expect("an event comes in time")
            .expect("the driver runs")
    }

    /// The next event of that leg; others are kept.
    pub(crate) async fn next_of(&mut self, wanted: LegId) -> LegEvent {
        let of_leg =
            |event: &TelephonyEvent| matches!(event, TelephonyEvent::Leg { leg, .. } if *leg == wanted);
        if let Some(at) = self.kept.iter().position(of_leg)
            && let Some(TelephonyEvent::Leg { event, .. }) = self.kept.remove(at)
        {
            return event;
        }
        loop {
            match self.told().await {
                TelephonyEvent::Leg { leg, event, .. } if leg == wanted => return event,
                other => self.kept.push_back(other),
            }
        }
    }

    /// All events of that leg up to the terminal one.
    pub(crate) async fn rest_of(&mut self, leg: LegId) -> Vec<LegEvent> {
        let mut found = Vec::new();
        loop {
            let event = self.next_of(leg).await;
            let ends = event.is_terminal();
            found.push(event);
            if ends {
                return found;
            }
        }
    }

    /// Waits until the leg is answered; whatever comes before is given.
    pub(crate) async fn answered(&mut self, leg: LegId) -> Vec<LegEvent> {
        let mut found = Vec::new();
        loop {
            match self.next_of(leg).await {
                LegEvent::Answered { late: false } => return found,
                event => {
                    assert!(!event.is_terminal(), "{event:?} after {found:?}");
                    found.push(event);
                }
            }
        }
    }

    /// Waits until no leg and no dialog is left.
    pub(crate) async fn quiet(&self) {
        until("legs and dialogs are gone", || self.driver.open() == (0, 0)).await;
    }
}

/// Waits for a condition.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(LIMIT, waiting).await.is_ok(), "{what}: not in time");
}

/// `sipp`, playing a scenario.
pub(crate) struct Judge {
    pub(crate) port: u16,
    child: Child,
    folder: PathBuf,
}

fn scenario(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sip/scenarios").join(format!("{name}.xml"))
}

impl Judge {
    /// Plays the called side for so many calls.
    pub(crate) async fn called(name: &str, calls: u32) -> Self {
        for _ in 0..5 {
            let mut judge = Self::run(name, calls, free_port(), &[]);
            // It has no way to say that it listens; but then its port is taken.
            let mut gone = false;
            until("sipp listens", || {
                gone = matches!(judge.child.try_wait(), Ok(Some(_)));
                gone || UdpSocket::bind(("127.0.0.1", judge.port)).is_err()
            })
            .await;
            if !gone {
                return judge;
            }
            // Somebody took one of its ports between the look and the grasp.
        }
        panic!("sipp does not start");
    }

    /// Plays the calling side towards the driver.
    pub(crate) fn caller(name: &str, bench: &Bench, more: &[&str]) -> Self {
        let target = bench.driver.address().to_string();
        let mut arguments = vec![target.as_str()];
        arguments.extend(more);
        Self::run(name, 1, free_port(), &arguments)
    }

    pub(crate) fn run(name: &str, calls: u32, port: u16, more: &[&str]) -> Self {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("muster-sipp-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for what sipp writes");
        let child = Command::new("sipp")
            .args(more)
            .arg("-sf")
            .arg(scenario(name))
            .args(["-i", "127.0.0.1", "-p", &port.to_string(), "-mp", &media_ports(4).to_string()])
            .args(["-m", &calls.to_string(), "-rtp_echo", "-nostdin", "-timeout", "60s", "-timeout_error"])
            .args(["-trace_err", "-trace_msg", "-trace_logs"])
            .args(["-error_file", "errors", "-message_file", "messages", "-log_file", "log"])
            .env("TERM", "xterm")
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("sipp is needed as an independent judge: apt-get install sip-tester");
        Self { port, child, folder }
    }

    /// Waits until it has played its calls, and fails unless they went as its scenario says.
    pub(crate) async fn agrees(mut self) {
        let ended = tokio::time::timeout(LIMIT, self.child.wait()).await;
        let read = |file: &str| std::fs::read_to_string(self.folder.join(file)).unwrap_or_default();
        let verdict = match ended {
            Ok(Ok(status)) if status.success() => None,
            Ok(status) => Some(format!("{status:?}")),
            Err(_) => Some("it did not end".to_owned()),
        };
        if let Some(verdict) = verdict {
            panic!("sipp: {verdict}\n--- errors\n{}\n--- messages\n{}", read("errors"), read("messages"));
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
