//! The stack below: sockets and transactions (RFC 3261 §17, §18). Dialogs are ours.

use super::SipStartError;
use super::digest::Challenge;
use super::settings::{SipSettings, SipTimers};
use super::wire;
use async_trait::async_trait;
use rsipstack::platform::CancellationToken;
use rsipstack::sip::{
    Header, HostWithPort, Method, Request, Response, SipMessage, StatusCodeKind, Transport, Uri,
};
use rsipstack::transaction::endpoint::{EndpointInnerRef, EndpointOption, TargetLocator};
use rsipstack::transaction::key::{TransactionKey, TransactionRole};
use rsipstack::transaction::{EndpointBuilder, Transaction, TransactionReceiver, random_text};
use rsipstack::transport::tcp::TcpConnection;
use rsipstack::transport::tls::TlsConnection;
use rsipstack::transport::udp::UdpConnection;
use rsipstack::transport::{SipAddr, SipConnection, TcpListenerConnection, TlsConfig, TransportLayer};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// How often a port for both UDP and TCP is looked for.
const PORT_TRIES: u32 = 16;
/// T2 of RFC 3261 §17, the longest wait before a request other than INVITE is sent again.
const T2: Duration = Duration::from_secs(4);
/// The stack's own limit for ringing. Ours are shorter; this one only catches what they would miss.
const RINGING: Duration = Duration::from_hours(1);

/// A way to somebody: the socket and the address.
#[derive(Clone)]
pub(crate) struct Way {
    pub(crate) connection: SipConnection,
    pub(crate) to: SipAddr,
}

impl Way {
    /// Whether it can still be used.
    pub(crate) fn is_open(&self) -> bool {
        !self.connection.is_reliable()
            || self.connection.cancel_token().is_none_or(|token| !token.is_cancelled())
    }

    /// The word for Via and URIs.
    pub(crate) fn transport(&self) -> Transport {
        self.connection.transport()
    }
}

impl std::fmt::Debug for Way {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Way({})", self.to)
    }
}

/// Why there was no answer to a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AskError {
    /// It could not be built or sent.
    #[error("{0}")]
    NotSent(String),
    /// Nothing came in time.
    #[error("no answer")]
    NoAnswer,
}

/// Who we are in digest authentication.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub(crate) username: String,
    pub(crate) password: crate::sms::Password,
}

/// The sockets and the transactions.
pub(crate) struct Stack {
    endpoint: EndpointInnerRef,
    /// What we are reached at, as told to others.
    pub(crate) advertised: SocketAddr,
    pub(crate) timers: SipTimers,
    pub(crate) stop: CancellationToken,
    beyond_loopback: bool,
}

impl Stack {
    /// Binds and begins. Also gives the requests that come in.
    pub(crate) async fn start(
        settings: &SipSettings,
    ) -> Result<(Arc<Self>, TransactionReceiver), SipStartError> {
        let stop = CancellationToken::new();
        let (udp, listener, port) = bind(settings, &stop).await?;
        let advertised = SocketAddr::new(settings.advertise.unwrap_or(settings.listen), port);
        let layer = TransportLayer::new(stop.child_token());
        layer.add_transport(udp);
        layer.add_transport(listener);
        let option = EndpointOption {
            t1: settings.timers.t1(),
            t2: T2.min(settings.timers.t1() * 8),
            t4: settings.timers.t1() * 10,
            t1x64: settings.timers.transaction(),
            timerc: RINGING,
            ..EndpointOption::default()
        };
        let beyond_loopback = settings.beyond_loopback();
        let mut builder = EndpointBuilder::new();
        builder
            .with_user_agent("Muster")
            .with_transport_layer(layer)
            .with_cancel_token(stop.child_token())
            .with_option(option)
            .with_target_locator(Box::new(Locator { beyond_loopback }));
        let endpoint = builder.build();
        let incoming =
            endpoint.incoming_transactions().map_err(|error| SipStartError::Stack(error.to_string()))?;
        let inner = Arc::clone(&endpoint.inner);
        tokio::spawn(async move { endpoint.serve().await });
        let timers = settings.timers.clone();
        Ok((Arc::new(Self { endpoint: inner, advertised, timers, stop, beyond_loopback }), incoming))
    }

    /// Finds a way to a host. `tls`: certificates, PEM, of those who may vouch for it. `beyond_loopback`: whether it
    /// may be another machine.
    pub(crate) async fn reach(
        &self,
        (host, port): (&str, u16),
        transport: Transport,
        tls: Option<Vec<u8>>,
        beyond_loopback: bool,
    ) -> Result<Way, String> {
        let connecting = async {
            let address = resolve(host, port, self.advertised.is_ipv4(), beyond_loopback).await?;
            let to = SipAddr { r#type: Some(transport), addr: address.into() };
            let token = Some(self.stop.child_token());
            let connection = match transport {
                Transport::Tcp => TcpConnection::connect(&to, token)
                    .await
                    .map(SipConnection::from)
                    .map_err(|error| error.to_string())?,
                Transport::Tls => {
                    let config = TlsConfig {
                        ca_certs: tls,
                        sni_hostname: Some(host.to_owned()),
                        ..TlsConfig::default()
                    };
                    TlsConnection::connect(&to, Some(&config), None, token)
                        .await
                        .map(SipConnection::from)
                        .map_err(|error| error.to_string())?
                }
                _ => {
                    let found = self.endpoint.transport_layer.lookup(&to, None).await;
                    return found
                        .map(|(connection, to)| Way { connection, to })
                        .map_err(|error| error.to_string());
                }
            };
            self.endpoint.transport_layer.add_connection(connection.clone());
            Ok(Way { connection, to })
        };
        tokio::time::timeout(self.timers.connect(), connecting)
            .await
            .unwrap_or_else(|_| Err("no connection within the limit".to_owned()))
    }

    /// The way of a request within a dialog: a stream that is open is kept (RFC 3261 §18.1.1 lets it be), a datagram
    /// goes to the first route or to the far side's Contact.
    pub(crate) async fn way_within(&self, uri: &Uri, known: &Way) -> Way {
        if known.connection.is_reliable() && known.is_open() {
            return known.clone();
        }
        let Ok(to) = locate(uri, self.beyond_loopback).await else { return known.clone() };
        let found =
            tokio::time::timeout(self.timers.connect(), self.endpoint.transport_layer.lookup(&to, None))
                .await;
        match found {
            Ok(Ok((connection, to))) => Way { connection, to },
            _ => known.clone(),
        }
    }

    /// The value of Via for a new transaction.
    pub(crate) fn via(&self, way: &Way) -> String {
        format!(
            "SIP/2.0/{} {};branch=z9hG4bK{};rport",
            way.transport().to_string().to_uppercase(),
            self.advertised,
            random_text(24)
        )
    }

    /// Our URI for others to send to.
    pub(crate) fn contact(&self, user: &str, way: &Way) -> String {
        match way.transport() {
            Transport::Udp => format!("<sip:{user}@{}>", self.advertised),
            other => {
                format!("<sip:{user}@{};transport={}>", self.advertised, other.to_string().to_lowercase())
            }
        }
    }

    /// Begins a transaction of ours.
    pub(crate) async fn send(&self, request: Request, way: &Way) -> Result<Transaction, AskError> {
        let not_sent = |error: rsipstack::Error| AskError::NotSent(error.to_string());
        let key = TransactionKey::from_request(&request, TransactionRole::Client).map_err(not_sent)?;
        let mut transaction =
            Transaction::new_client(key, request, Arc::clone(&self.endpoint), Some(way.connection.clone()));
        transaction.destination = Some(way.to.clone());
        transaction.send().await.map_err(not_sent)?;
        Ok(transaction)
    }

    /// Sends a request (other than the INVITE of a new call) and waits for its final answer; a challenge is answered once.
    pub(crate) async fn ask(
        &self,
        request: Request,
        way: &Way,
        credentials: Option<&Credentials>,
        limit: Duration,
    ) -> Result<Response, AskError> {
        let asking = async {
            let mut request = request;
            let mut answered = 0;
            loop {
                let mut transaction = self.send(request.clone(), way).await?;
                let response = final_answer(&mut transaction).await?;
                if request.method == Method::Invite {
                    // Answers that come again have to be acknowledged again.
                    tokio::spawn(async move { while transaction.receive().await.is_some() {} });
                }
                let Some(authorized) = credentials
                    .and_then(|credentials| self.authorize(&request, &response, credentials, answered, way))
                else {
                    return Ok(response);
                };
                answered += 1;
                request = authorized;
            }
        };
        tokio::time::timeout(limit, asking).await.unwrap_or(Err(AskError::NoAnswer))
    }

    /// The same request again with an answer to the challenge in a 401 or 407; `None` where it is none, cannot be
    /// answered, or was answered before (`answered` times) without success.
    pub(crate) fn authorize(
        &self,
        request: &Request,
        response: &Response,
        credentials: &Credentials,
        answered: u32,
        way: &Way,
    ) -> Option<Request> {
        let (asks, answers) = match response.status_code.code() {
            401 => ("WWW-Authenticate", false),
            407 => ("Proxy-Authenticate", true),
            _ => return None,
        };
        let challenge = Challenge::choose(wire::values(&response.headers, asks))?;
        // One of each kind may come in succession: a proxy's and then the far side's.
        let had = request.headers.iter().any(|header| match header {
            Header::Authorization(_) => !answers,
            Header::ProxyAuthorization(_) => answers,
            _ => false,
        });
        if (had && !challenge.stale) || answered >= 3 {
            return None;
        }
        let value = challenge.answer(
            (&credentials.username, credentials.password.reveal()),
            (&request.method.to_string(), &request.uri.to_string()),
            &random_text(16),
        );
        let mut again = request.clone();
        again.headers.retain(|header| match header {
            Header::Authorization(_) => answers,
            Header::ProxyAuthorization(_) => !answers,
            Header::Via(_) | Header::CSeq(_) => false,
            _ => true,
        });
        let sequence: u32 = wire::value(&request.headers, "CSeq")?.split(' ').next()?.parse().ok()?;
        again.headers.push_front(Header::Via(self.via(way).into()));
        again.headers.push(Header::CSeq(format!("{} {}", sequence + 1, request.method).into()));
        again.headers.push(if answers {
            Header::ProxyAuthorization(value.into())
        } else {
            Header::Authorization(value.into())
        });
        Some(again)
    }
}

/// Waits for the final answer to a request of ours. An answer that the stack made up itself, because nothing came or
/// nothing could be sent, has no tag in To.
pub(crate) async fn final_answer(transaction: &mut Transaction) -> Result<Response, AskError> {
    while let Some(message) = transaction.receive().await {
        if let SipMessage::Response(response) = message
            && response.status_code.kind() != StatusCodeKind::Provisional
        {
            return if is_made_up(&response) { Err(AskError::NoAnswer) } else { Ok(response) };
        }
    }
    Err(AskError::NoAnswer)
}

/// Whether the stack made it up itself.
pub(crate) fn is_made_up(response: &Response) -> bool {
    matches!(response.status_code.code(), 408 | 503)
        && wire::value(&response.headers, "To").is_none_or(|to| wire::parameter(to, "tag").is_none())
}

/// A CANCEL for an INVITE: the same but for its method (RFC 3261 §9.1).
pub(crate) fn cancel(invite: &Request) -> Request {
    let mut headers = Vec::new();
    for header in invite.headers.iter() {
        match header {
            Header::Via(_)
            | Header::From(_)
            | Header::To(_)
            | Header::CallId(_)
            | Header::Route(_)
            | Header::MaxForwards(_) => {
                headers.push(header.clone());
            }
            Header::CSeq(sequence) => {
                let number = sequence.value().split(' ').next().unwrap_or("1");
                headers.push(Header::CSeq(format!("{number} CANCEL").into()));
            }
            _ => {}
        }
    }
    wire::request(Method::Cancel, invite.uri.clone(), headers)
}

/// Finds where to send what the stack sends by itself: ACK of an answer.
struct Locator {
    beyond_loopback: bool,
}

#[async_trait]
impl TargetLocator for Locator {
    async fn locate(&self, uri: &Uri) -> rsipstack::Result<SipAddr> {
        locate(uri, self.beyond_loopback).await.map_err(rsipstack::Error::Error)
    }
}

async fn locate(uri: &Uri, beyond_loopback: bool) -> Result<SipAddr, String> {
    let named: SipAddr = uri.try_into().map_err(|error: rsipstack::Error| error.to_string())?;
    let transport = named.r#type.unwrap_or(Transport::Udp);
    if !matches!(transport, Transport::Udp | Transport::Tcp) {
        return Err(format!("{transport} cannot be begun from here"));
    }
    let HostWithPort { host, port } = named.addr;
    let port = port.map_or(5060, |port| port.value());
    let address = resolve(&host.to_string(), port, true, beyond_loopback).await?;
    Ok(SipAddr { r#type: Some(transport), addr: address.into() })
}

async fn resolve(
    host: &str,
    port: u16,
    prefers_v4: bool,
    beyond_loopback: bool,
) -> Result<SocketAddr, String> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let mut found: Vec<SocketAddr> = match bare.parse::<IpAddr>() {
        Ok(address) => vec![SocketAddr::new(address, port)],
        Err(_) => match tokio::net::lookup_host((bare, port)).await {
            Ok(addresses) => addresses.collect(),
            Err(error) => return Err(format!("{host} was not found: {error}")),
        },
    };
    found.sort_by_key(|address| address.is_ipv4() != prefers_v4);
    let address = found.first().copied().ok_or_else(|| format!("{host} has no address"))?;
    if address.ip().is_loopback() || beyond_loopback {
        Ok(address)
    } else {
        Err(format!("{host} is another machine, which the settings do not allow"))
    }
}

/// Takes the port for UDP and for TCP. With port 0 a number is looked for that is free for both.
async fn bind(
    settings: &SipSettings,
    stop: &CancellationToken,
) -> Result<(SipConnection, SipConnection, u16), SipStartError> {
    let mut last = None;
    for _ in 0..PORT_TRIES {
        match bind_once(settings, stop).await {
            Ok(bound) => return Ok(bound),
            Err(error) if settings.port == 0 => last = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(last.unwrap_or_else(|| SipStartError::Stack("no port".to_owned())))
}

async fn bind_once(
    settings: &SipSettings,
    stop: &CancellationToken,
) -> Result<(SipConnection, SipConnection, u16), SipStartError> {
    let address = SocketAddr::new(settings.listen, settings.port);
    let bind = |source| SipStartError::Bind { address, source };
    let socket = tokio::net::UdpSocket::bind(address).await.map_err(bind)?;
    let port = socket.local_addr().map_err(bind)?.port();
    let address = SocketAddr::new(settings.listen, port);
    // The stack binds TCP only later, and tells nobody when it cannot. So it is tried here.
    let probe = tokio::net::TcpListener::bind(address).await.map_err(bind)?;
    drop(probe);
    let external = settings.advertise.map(|advertised| SocketAddr::new(advertised, port));
    let failed = |error: rsipstack::Error| SipStartError::Stack(error.to_string());
    let udp = UdpConnection::from_socket(Arc::new(socket), external, Some(stop.child_token()))
        .await
        .map_err(failed)?;
    let tcp = TcpListenerConnection::new(address, external).await.map_err(failed)?;
    Ok((udp.into(), tcp.into(), port))
}
