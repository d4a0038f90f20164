//! Keeps a trunk ready: connects, asks whether it is there, and registers.

use super::state::Trunk;
use crate::sip::hub::Hub;
use crate::sip::leg::credentials;
use crate::sip::settings::{Transport, TrunkAuth};
use crate::sip::stack::{Stack, Way};
use crate::sip::wire;
use rsipstack::sip::{Header, Method, Request, Transport as Carrier, Uri};
use rsipstack::transaction::random_text;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The longest wait between two tries to connect or to register.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// What a trunk is asked.
struct Keeper {
    stack: Arc<Stack>,
    trunk: Arc<Trunk>,
    ca: Option<Vec<u8>>,
    call_id: String,
    tag: String,
    sequence: u32,
    /// Until when the trunk keeps our registration.
    registered: Option<Instant>,
}

/// Keeps a trunk ready until the driver ends; then its registration is taken back.
pub(crate) async fn keep(hub: Arc<Hub>, trunk: Arc<Trunk>, ca: Option<Vec<u8>>) {
    let stack = Arc::clone(&hub.stack);
    let timers = stack.timers.clone();
    let call_id = format!("{}@{}", random_text(22), stack.advertised.ip());
    let mut keeper = Keeper {
        stack,
        trunk: Arc::clone(&trunk),
        ca,
        call_id,
        tag: random_text(16),
        sequence: 0,
        registered: None,
    };
    let registers = trunk.settings.auth == TrunkAuth::Register;
    let pings = Duration::from_secs(trunk.settings.options_ping_s.into());
    let (mut ping_at, mut register_at, mut connect_at) = (Instant::now(), Instant::now(), Instant::now());
    let (mut connect_wait, mut register_wait) = (timers.register_retry(), timers.register_retry());
    let stop = hub.stack.stop.clone();
    loop {
        if !trunk.way().is_some_and(|way| way.is_open()) {
            // However soon a connection is lost again, the next one has to wait.
            tokio::select! {
                () = tokio::time::sleep_until(connect_at.into()) => {}
                () = hub.ended() => return,
            }
            connect_at = Instant::now() + connect_wait;
            connect_wait = (connect_wait * 2).min(LONGEST_WAIT);
            if let Err(why) = connect(&keeper.stack, &trunk, keeper.ca.clone()).await {
                trunk.unreachable(why);
                continue;
            }
            (ping_at, register_at) = (Instant::now(), Instant::now());
        }
        let Some(way) = trunk.way() else { continue };
        let now = Instant::now();
        if registers && now >= register_at {
            match keeper.register(&way, trunk.settings.register_expires_s).await {
                Ok(granted) => {
                    trunk.registered();
                    trunk.reached();
                    register_wait = timers.register_retry();
                    register_at = Instant::now() + granted.mul_f64(0.8);
                }
                Err(why) => {
                    // Until it has run out, or was refused, the trunk still knows us.
                    if keeper.registered.is_none_or(|until| until <= Instant::now()) {
                        trunk.unregistered(why);
                    } else {
                        tracing::warn!(
                            trunk = trunk.settings.name,
                            why,
                            "the registration was not refreshed"
                        );
                    }
                    register_at = Instant::now() + register_wait;
                    register_wait = (register_wait * 2).min(LONGEST_WAIT);
                }
            }
        }
        // A stream is proven by an answer over it, even where nobody wants it watched.
        let proves = trunk.settings.transport != Transport::Udp && !trunk.is_proven();
        if (!pings.is_zero() || proves) && now >= ping_at {
            let wait = if pings.is_zero() { timers.request() } else { pings };
            ping_at = Instant::now() + wait;
            if keeper.ping(&way).await {
                trunk.reached();
                connect_wait = timers.register_retry();
            } else {
                trunk.ping_lost();
                if way.connection.is_reliable()
                    && let Some(token) = way.connection.cancel_token()
                {
                    // A stream that gives no answer is made anew.
                    token.cancel();
                    trunk.unreachable("it does not answer".to_owned());
                } else if let Err(why) = connect(&keeper.stack, &trunk, None).await {
                    // It may have moved: its name was looked up anew.
                    trunk.unreachable(why);
                }
            }
        }
        let mut next = Instant::now() + LONGEST_WAIT;
        if registers {
            next = next.min(register_at);
        }
        if !pings.is_zero() || (trunk.settings.transport != Transport::Udp && !trunk.is_proven()) {
            next = next.min(ping_at);
        }
        let closed = way.connection.cancel_token().filter(|_| way.connection.is_reliable());
        tokio::select! {
            () = tokio::time::sleep_until(next.into()) => {}
            () = async { match &closed { Some(token) => token.cancelled().await, None => std::future::pending().await } } => {
                if !stop.is_cancelled() {
                    trunk.unreachable("the connection was lost".to_owned());
                }
            }
            () = hub.ended() => {
                if keeper.registered.is_some() {
                    let _ = keeper.register(&way, 0).await;
                }
                return;
            }
        }
    }
}

/// Finds a way to a trunk.
pub(crate) async fn connect(stack: &Stack, trunk: &Trunk, ca: Option<Vec<u8>>) -> Result<(), String> {
    let settings = &trunk.settings;
    let target = settings.proxy_parts().ok_or("its proxy is no host and port")?;
    let carrier = match settings.transport {
        Transport::Udp => Carrier::Udp,
        Transport::Tcp => Carrier::Tcp,
        Transport::Tls => Carrier::Tls,
    };
    let way = stack.reach(target, carrier, ca, settings.allow_beyond_loopback).await?;
    trunk.connected(way);
    Ok(())
}

impl Keeper {
    fn request(&mut self, method: Method, way: &Way, to: &str, more: Vec<Header>) -> Option<Request> {
        let settings = &self.trunk.settings;
        let (host, port) = settings.proxy_parts()?;
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let parameter = match way.transport() {
            Carrier::Tcp => ";transport=tcp",
            Carrier::Tls => ";transport=tls",
            _ => "",
        };
        let uri = Uri::from_str(&format!("sip:{host}:{port}{parameter}")).ok()?;
        let user = if settings.username.is_empty() { "muster" } else { &settings.username };
        self.sequence += 1;
        let mut headers = vec![
            Header::Via(self.stack.via(way).into()),
            Header::MaxForwards(70.into()),
            Header::From(format!("<{to}>;tag={}", self.tag).into()),
            Header::To(format!("<{to}>").into()),
            Header::CallId(self.call_id.as_str().into()),
            Header::CSeq(format!("{} {method}", self.sequence).into()),
            Header::Contact(self.stack.contact(user, way).into()),
            Header::UserAgent("Muster".into()),
        ];
        headers.extend(more);
        Some(wire::request(method, uri, headers))
    }

    fn address(&self) -> String {
        let settings = &self.trunk.settings;
        let host = settings
            .domain
            .as_deref()
            .or_else(|| settings.proxy_parts().map(|(host, _)| host))
            .unwrap_or("invalid");
        let host =
            if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() };
        let user = if settings.username.is_empty() { "muster" } else { &settings.username };
        format!("sip:{user}@{host}")
    }

    /// Whether the trunk answers, whatever it says.
    async fn ping(&mut self, way: &Way) -> bool {
        let to = self.address();
        let Some(request) = self.request(Method::Options, way, &to, Vec::new()) else { return false };
        self.stack.ask(request, way, None, self.stack.timers.request()).await.is_ok()
    }

    /// Registers for so many seconds; how long it was granted for.
    async fn register(&mut self, way: &Way, seconds: u32) -> Result<Duration, String> {
        let to = self.address();
        let mut seconds = seconds;
        let credentials = credentials(&self.trunk);
        for _ in 0..2 {
            let expires = vec![Header::Expires(seconds.to_string().into())];
            let request =
                self.request(Method::Register, way, &to, expires).ok_or("its settings make no request")?;
            let contact = wire::value(&request.headers, "Contact").and_then(wire::uri);
            let response = self
                .stack
                .ask(request, way, credentials.as_ref(), self.stack.timers.request())
                .await
                .map_err(|error| format!("registration: {error}"))?;
            // Each challenge that was answered took one more.
            self.sequence += 3;
            let status = response.status_code.code();
            match status {
                200..=299 => {
                    let bindings = wire::values(&response.headers, "Contact").flat_map(wire::entries);
                    let of_ours = bindings
                        .filter(|binding| {
                            wire::uri(binding).map(|uri| uri.to_string())
                                == contact.as_ref().map(ToString::to_string)
                        })
                        .find_map(|binding| wire::parameter(binding, "expires")?.parse::<u32>().ok());
                    let header =
                        wire::value(&response.headers, "Expires").and_then(|value| value.parse().ok());
                    let granted = of_ours.or(header).unwrap_or(seconds);
                    let granted = Duration::from_secs(granted.clamp(1, 86_400).into());
                    self.registered = (seconds != 0).then(|| Instant::now() + granted);
                    return Ok(granted);
                }
                423 => {
                    let least =
                        wire::value(&response.headers, "Min-Expires").and_then(|value| value.parse().ok());
                    match least.filter(|least| *least > seconds && *least <= 86_400) {
                        Some(least) => seconds = least,
                        None => return Err("registration: 423 without a longer interval".to_owned()),
                    }
                }
                401 | 403 | 407 => {
                    self.registered = None;
                    return Err(format!("registration: it does not take our credentials ({status})"));
                }
                _ => return Err(format!("registration: {status} {}", wire::phrase(&response))),
            }
        }
        Err("registration: 423 again".to_owned())
    }
}
