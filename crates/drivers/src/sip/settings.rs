//! What an operator says about the driver and its trunks.

use crate::sms::Password;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

/// How SIP messages travel to a trunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// Datagrams.
    #[default]
    Udp,
    /// A stream.
    Tcp,
    /// A stream under TLS; the trunk's certificate is verified against `tls_ca_file`.
    Tls,
}

/// How the trunk knows us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TrunkAuth {
    /// By our address; challenges are not answered.
    #[default]
    None,
    /// By digest authentication of each request that it challenges.
    Digest,
    /// By a registration that is kept up, and digest authentication.
    Register,
}

/// How numbers are written to the trunk.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NumberFormat {
    /// `+` and the digits of the E.164 number.
    #[default]
    Plus,
    /// The digits alone.
    Digits,
    /// These characters and the digits, such as `00`.
    Prefix(String),
}

impl NumberFormat {
    /// A number of E.164 digits as the trunk wants it.
    pub(crate) fn write(&self, digits: &str) -> String {
        match self {
            Self::Plus => format!("+{digits}"),
            Self::Digits => digits.to_owned(),
            Self::Prefix(prefix) => format!("{prefix}{digits}"),
        }
    }
}

/// A header that tells the trunk who calls, besides From.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IdentityHeader {
    /// `P-Asserted-Identity` (RFC 3325 §9.1).
    Asserted,
    /// `P-Preferred-Identity` (RFC 3325 §9.2).
    Preferred,
}

/// A codec that is offered; both are 8,000 samples a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CodecName {
    /// G.711 µ-law, payload type 0.
    Pcmu,
    /// G.711 A-law, payload type 8.
    Pcma,
}

/// Algorithms of digest authentication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DigestAlgorithm {
    /// MD5 (RFC 2617); what every phone knows.
    Md5,
    /// SHA-256 (RFC 7616).
    Sha256,
}

/// A way into the telephone network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrunkSettings {
    /// Name in logs, metrics and campaigns; unique.
    pub name: String,
    /// Whether it is used. Off unless said otherwise: a trunk can call people.
    #[serde(default)]
    pub enabled: bool,
    /// Whether its proxy may be another machine. The driver does not start with an enabled trunk whose proxy is no
    /// loopback address unless this is set: nobody is called by mistake.
    #[serde(default)]
    pub allow_beyond_loopback: bool,
    /// Name or address of its proxy and the port: `sbc.example:5060`, `127.0.0.1:5080`, `[::1]:5060`.
    pub proxy: String,
    /// How messages travel.
    #[serde(default)]
    pub transport: Transport,
    /// Whether an INVITE that is too long for a datagram (RFC 3261 §18.1.1: 1,300 octets) may go over TCP.
    #[serde(default)]
    pub tcp_for_long: bool,
    /// Certificates, PEM, of the authorities that may vouch for the trunk. Needed with `transport = "tls"`.
    #[serde(default)]
    pub tls_ca_file: Option<PathBuf>,
    /// How the trunk knows us.
    #[serde(default)]
    pub auth: TrunkAuth,
    /// The account, where `auth` needs one.
    #[serde(default)]
    pub username: String,
    /// Its password. The realm is whatever the trunk names.
    #[serde(default)]
    pub password: Option<Password>,
    /// Seconds for which a registration is asked; refreshed at 80 % of what is granted.
    #[serde(default = "TrunkSettings::default_register_expires_s")]
    pub register_expires_s: u32,
    /// Most calls at a time.
    #[serde(default = "TrunkSettings::default_max_channels")]
    pub max_channels: u32,
    /// Most calls begun in a second, spread evenly.
    #[serde(default = "TrunkSettings::default_cps")]
    pub cps: u32,
    /// Codecs offered, the best first.
    #[serde(default = "TrunkSettings::default_codecs")]
    pub codecs: Vec<CodecName>,
    /// How numbers are written.
    #[serde(default)]
    pub number_format: NumberFormat,
    /// The number shown where a call names none: digits without `+`.
    pub main_number: String,
    /// Headers besides From that say who calls.
    #[serde(default)]
    pub identity: Vec<IdentityHeader>,
    /// The host in From and in the identity headers; the proxy's name where not said.
    #[serde(default)]
    pub domain: Option<String>,
    /// The lowest number goes first.
    #[serde(default)]
    pub priority: u16,
    /// Share of the calls among trunks of equal priority.
    #[serde(default = "TrunkSettings::default_weight")]
    pub weight: u16,
    /// Numbers it may call, by their first digits; empty means all. The trunk with the longest match is taken.
    #[serde(default)]
    pub prefixes: Vec<String>,
    /// Seconds between OPTIONS that see whether it is there; three without an answer, and it is down. 0 turns them
    /// off.
    #[serde(default = "TrunkSettings::default_options_ping_s")]
    pub options_ping_s: u32,
}

impl TrunkSettings {
    const fn default_register_expires_s() -> u32 {
        3600
    }

    const fn default_max_channels() -> u32 {
        10
    }

    const fn default_cps() -> u32 {
        1
    }

    fn default_codecs() -> Vec<CodecName> {
        vec![CodecName::Pcma, CodecName::Pcmu]
    }

    const fn default_weight() -> u16 {
        1
    }

    const fn default_options_ping_s() -> u32 {
        30
    }

    /// A trunk with every default: not enabled.
    pub fn new(name: impl Into<String>, proxy: impl Into<String>, main_number: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            enabled: false,
            allow_beyond_loopback: false,
            proxy: proxy.into(),
            transport: Transport::default(),
            tcp_for_long: false,
            tls_ca_file: None,
            auth: TrunkAuth::default(),
            username: String::new(),
            password: None,
            register_expires_s: Self::default_register_expires_s(),
            max_channels: Self::default_max_channels(),
            cps: Self::default_cps(),
            codecs: Self::default_codecs(),
            number_format: NumberFormat::default(),
            main_number: main_number.into(),
            identity: Vec::new(),
            domain: None,
            priority: 0,
            weight: Self::default_weight(),
            prefixes: Vec::new(),
            options_ping_s: Self::default_options_ping_s(),
        }
    }

    /// The proxy's host and port; `None` where `proxy` is not of that form.
    pub(crate) fn proxy_parts(&self) -> Option<(&str, u16)> {
        let (host, port) = self.proxy.rsplit_once(':')?;
        let port = port.parse::<u16>().ok().filter(|port| *port != 0)?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = match bare {
            Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok().then_some(address)?,
            None => host,
        };
        let good = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-' | b':');
        (!host.is_empty() && host.bytes().all(good) && (bare.is_some() || !host.contains(':')))
            .then_some((host, port))
    }

    fn proxy_is_loopback(&self) -> bool {
        self.proxy_parts().is_some_and(|(host, _)| {
            host.eq_ignore_ascii_case("localhost")
                || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        })
    }

    /// Everything that is wrong with it, in words that name the setting; empty when it can be used.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut fault = |setting: &str, what: &str| {
            faults.push(format!("trunk `{}`: {setting} {what}", self.name));
        };
        if self.name.trim().is_empty() {
            fault("name", "is empty");
        }
        if self.proxy_parts().is_none() {
            fault("proxy", "is no host and port such as \"sbc.example:5060\"");
        } else if self.enabled && !self.allow_beyond_loopback && !self.proxy_is_loopback() {
            fault("proxy", "is another machine; set allow_beyond_loopback if real people may be called");
        }
        if !is_digits(&self.main_number) {
            fault("main_number", "is not made of 1 to 15 digits");
        }
        if self.prefixes.iter().any(|prefix| !is_digits(prefix)) {
            fault("prefixes", "has one that is not made of 1 to 15 digits");
        }
        if let NumberFormat::Prefix(prefix) = &self.number_format
            && (prefix.len() > 16
                || !prefix.bytes().all(|octet| octet.is_ascii_digit() || b"+*#".contains(&octet)))
        {
            fault(
                "number_format",
                "has a prefix of more than 16 characters, or others than digits, +, * and #",
            );
        }
        if self.auth != TrunkAuth::None && (self.username.is_empty() || self.password.is_none()) {
            fault("auth", "needs username and password");
        }
        if !self.username.bytes().all(is_user_octet) || self.username.len() > 64 {
            fault("username", "has more than 64 characters, or some that SIP does not take in a name");
        }
        if self.transport == Transport::Tls && self.tls_ca_file.is_none() {
            fault("transport", "is tls, and tls_ca_file is not said");
        }
        if self.codecs.is_empty() {
            fault("codecs", "is empty");
        }
        if let Some(domain) = &self.domain
            && (domain.is_empty()
                || !domain.bytes().all(|octet| octet.is_ascii_alphanumeric() || b".-:[]".contains(&octet)))
        {
            fault("domain", "is no host name");
        }
        for (setting, value, range) in [
            ("register_expires_s", self.register_expires_s, 10..=86_400),
            ("max_channels", self.max_channels, 1..=100_000),
            ("cps", self.cps, 1..=10_000),
            ("weight", u32::from(self.weight), 1..=10_000),
            ("options_ping_s", self.options_ping_s, 0..=3600),
        ] {
            if !range.contains(&value) {
                fault(setting, &format!("is {value}; it goes from {} to {}", range.start(), range.end()));
            }
        }
        faults
    }
}

/// Digits of a number or of its beginning.
fn is_digits(text: &str) -> bool {
    (1..=15).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_digit())
}

/// Octets of the user part of a SIP URI that need no escape (RFC 3261 §25.1).
pub(crate) fn is_user_octet(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&octet)
}

/// The driver's clocks, in milliseconds where not said otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SipTimers {
    /// T1 of RFC 3261 §17: first wait before a datagram is sent again. A transaction lasts 64 times as long.
    pub t1_ms: u32,
    /// How long a trunk may be silent after an INVITE before the next one is tried.
    pub first_response_ms: u32,
    /// How long an OPTIONS or a REGISTER may stay without an answer.
    pub request_ms: u32,
    /// How long a trunk that failed too often is left alone.
    pub breaker_ms: u32,
    /// First wait after a registration that failed; doubled up to a minute.
    pub register_retry_ms: u32,
    /// Seconds after which an answered call has to be confirmed (RFC 4028); 0 does not ask for it.
    pub session_expires_s: u32,
    /// The shortest interval for that which we take, in seconds (RFC 4028 §5).
    pub min_session_expires_s: u32,
    /// How long a connection over TCP or TLS may take to be set up.
    pub connect_ms: u32,
}

impl Default for SipTimers {
    fn default() -> Self {
        Self {
            t1_ms: 500,
            first_response_ms: 4000,
            request_ms: 5000,
            breaker_ms: 30_000,
            register_retry_ms: 1000,
            session_expires_s: 1800,
            min_session_expires_s: 90,
            connect_ms: 5000,
        }
    }
}

impl SipTimers {
    pub(crate) fn t1(&self) -> Duration {
        Duration::from_millis(self.t1_ms.into())
    }

    /// 64·T1: after this a transaction is given up.
    pub(crate) fn transaction(&self) -> Duration {
        self.t1() * 64
    }

    pub(crate) fn first_response(&self) -> Duration {
        Duration::from_millis(self.first_response_ms.into())
    }

    pub(crate) fn request(&self) -> Duration {
        Duration::from_millis(self.request_ms.into())
    }

    pub(crate) fn breaker(&self) -> Duration {
        Duration::from_millis(self.breaker_ms.into())
    }

    pub(crate) fn register_retry(&self) -> Duration {
        Duration::from_millis(self.register_retry_ms.into())
    }

    pub(crate) fn connect(&self) -> Duration {
        Duration::from_millis(self.connect_ms.into())
    }
}

/// The driver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SipSettings {
    /// Address on which phones and trunks reach us, for SIP over UDP and TCP and for sound.
    pub listen: IpAddr,
    /// Port for SIP; 0 takes a free one.
    pub port: u16,
    /// The address told to others, where it is not `listen` (address translation).
    pub advertise: Option<IpAddr>,
    /// Whether `listen` may be an address that other machines reach.
    pub allow_beyond_loopback: bool,
    /// First port for sound.
    pub rtp_first: u16,
    /// Last port for sound. A call takes two.
    pub rtp_last: u16,
    /// Realm in which agents' phones prove who they are; part of what [`muster_app::ports::AgentDigest`]
    /// holds.
    pub realm: String,
    /// Algorithms offered to agents' phones, in this order.
    pub phone_digests: Vec<DigestAlgorithm>,
    /// The longest registration that a phone is granted, in seconds.
    pub phone_expires_s: u32,
    /// Clocks.
    pub timers: SipTimers,
    /// Trunks.
    pub trunks: Vec<TrunkSettings>,
}

impl Default for SipSettings {
    fn default() -> Self {
        Self {
            listen: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 5060,
            advertise: None,
            allow_beyond_loopback: false,
            rtp_first: 40_000,
            rtp_last: 49_999,
            realm: "muster".to_owned(),
            phone_digests: vec![DigestAlgorithm::Sha256, DigestAlgorithm::Md5],
            phone_expires_s: 300,
            timers: SipTimers::default(),
            trunks: Vec::new(),
        }
    }
}

impl SipSettings {
    /// Everything that is wrong with it, in words that name the setting; empty when the driver can start.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if !self.listen.is_loopback() && !self.allow_beyond_loopback {
            faults.push(format!(
                "listen is {}, which other machines reach; set allow_beyond_loopback if they may",
                self.listen
            ));
        }
        if self.listen.is_unspecified() && self.advertise.is_none() {
            faults.push("listen is every address; say in advertise which one others are told".to_owned());
        }
        if self.rtp_first < 1024 || self.rtp_last <= self.rtp_first {
            faults.push("rtp_first and rtp_last are no range of ports from 1024 up".to_owned());
        }
        if self.realm.is_empty()
            || !self
                .realm
                .bytes()
                .all(|octet| (0x20..0x7F).contains(&octet) && octet != b'"' && octet != b'\\')
        {
            faults.push(
                "realm is empty or has characters other than printable ASCII without quotes".to_owned(),
            );
        }
        if self.phone_digests.is_empty() {
            faults.push("phone_digests is empty".to_owned());
        }
        let timers = &self.timers;
        for (setting, value, range) in [
            ("phone_expires_s", self.phone_expires_s, 1..=86_400),
            ("timers.t1_ms", timers.t1_ms, 10..=500),
            ("timers.first_response_ms", timers.first_response_ms, 10..=32_000),
            ("timers.request_ms", timers.request_ms, 10..=32_000),
            ("timers.breaker_ms", timers.breaker_ms, 10..=3_600_000),
            ("timers.register_retry_ms", timers.register_retry_ms, 10..=60_000),
            ("timers.connect_ms", timers.connect_ms, 10..=60_000),
        ] {
            if !range.contains(&value) {
                faults.push(format!(
                    "{setting} is {value}; it goes from {} to {}",
                    range.start(),
                    range.end()
                ));
            }
        }
        if timers.session_expires_s != 0 && timers.session_expires_s < timers.min_session_expires_s {
            faults.push("timers.session_expires_s is less than timers.min_session_expires_s".to_owned());
        }
        let mut names = BTreeSet::new();
        for trunk in &self.trunks {
            if !names.insert(trunk.name.as_str()) {
                faults.push(format!("there are two trunks of the name `{}`", trunk.name));
            }
            faults.extend(trunk.faults());
        }
        faults
    }

    /// Whether anybody beyond this machine may be talked to.
    pub(crate) fn beyond_loopback(&self) -> bool {
        self.allow_beyond_loopback
            || self.trunks.iter().any(|trunk| trunk.enabled && trunk.allow_beyond_loopback)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trunk(text: &str) -> Result<TrunkSettings, toml::de::Error> {
        let needed = "name = \"north\"\nproxy = \"127.0.0.1:5060\"\nmain_number = \"4930111\"\n";
        toml::from_str(&format!("{needed}{text}"))
    }

    #[test]
    fn a_trunk_is_off_and_slow_unless_said_otherwise() {
        let settings = trunk("").unwrap();
        assert_eq!((settings.enabled, settings.allow_beyond_loopback), (false, false));
        assert_eq!((settings.cps, settings.max_channels, settings.weight), (1, 10, 1));
        assert_eq!((settings.transport, settings.auth), (Transport::Udp, TrunkAuth::None));
        assert_eq!(settings, TrunkSettings::new("north", "127.0.0.1:5060", "4930111"));
        assert_eq!(settings.faults(), Vec::<String>::new());
        let defaults: SipSettings = toml::from_str("").unwrap();
        assert_eq!(defaults, SipSettings::default());
        assert_eq!(defaults.faults(), Vec::<String>::new());
    }

    #[test]
    fn words_have_their_meaning() {
        let settings = trunk(
            r#"
            transport = "tls"
            tls_ca_file = "ca.pem"
            auth = "register"
            username = "muster"
            password = "secret"
            codecs = ["pcmu"]
            number_format = { prefix = "00" }
            identity = ["asserted", "preferred"]
            prefixes = ["49", "43"]
            "#,
        )
        .unwrap();
        assert_eq!(settings.number_format.write("4930"), "004930");
        assert_eq!(settings.identity, [IdentityHeader::Asserted, IdentityHeader::Preferred]);
        assert_eq!((settings.transport, settings.auth), (Transport::Tls, TrunkAuth::Register));
        assert!(!format!("{settings:?}").contains("secret"));
        assert_eq!(settings.faults(), Vec::<String>::new());
        assert_eq!(trunk("number_format = \"digits\"").unwrap().number_format.write("49"), "49");
        for (text, why) in
            [("cpss = 3", "cpss"), ("transport = \"pigeon\"", "pigeon"), ("codecs = [\"opus\"]", "opus")]
        {
            let error = trunk(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn a_proxy_is_a_host_and_a_port() {
        for (proxy, expected) in [
            ("sbc.example:5060", Some(("sbc.example", 5060))),
            ("127.0.0.1:5080", Some(("127.0.0.1", 5080))),
            ("[::1]:5060", Some(("::1", 5060))),
            ("::1:5060", None),
            ("sbc.example", None),
            ("sbc.example:0", None),
            ("sbc.example:x", None),
            (":5060", None),
            ("a b:5060", None),
            ("x>\r\nVia: y:5060", None),
        ] {
            let settings = TrunkSettings { proxy: proxy.to_owned(), ..trunk("").unwrap() };
            assert_eq!(settings.proxy_parts(), expected, "{proxy}");
        }
    }

    #[test]
    fn every_fault_of_a_trunk_is_named_with_its_setting() {
        let good = || trunk("").unwrap();
        let owned = |text: &str| text.to_owned();
        for (settings, expected) in [
            (TrunkSettings { name: owned(" "), ..good() }, Some("name is empty")),
            (TrunkSettings { proxy: owned("x"), ..good() }, Some("proxy is no host")),
            (TrunkSettings { proxy: owned("192.0.2.1:5060"), ..good() }, None),
            (
                TrunkSettings { proxy: owned("192.0.2.1:5060"), enabled: true, ..good() },
                Some("proxy is another machine"),
            ),
            (
                TrunkSettings {
                    proxy: owned("192.0.2.1:5060"),
                    enabled: true,
                    allow_beyond_loopback: true,
                    ..good()
                },
                None,
            ),
            (TrunkSettings { proxy: owned("localhost:5060"), enabled: true, ..good() }, None),
            (TrunkSettings { main_number: owned("+49"), ..good() }, Some("main_number is not made")),
            (TrunkSettings { prefixes: vec![owned("0x")], ..good() }, Some("prefixes has one")),
            (
                TrunkSettings { number_format: NumberFormat::Prefix(owned("0@")), ..good() },
                Some("number_format has a prefix"),
            ),
            (TrunkSettings { auth: TrunkAuth::Digest, ..good() }, Some("auth needs username")),
            (TrunkSettings { username: owned("a b"), ..good() }, Some("username has")),
            (TrunkSettings { transport: Transport::Tls, ..good() }, Some("transport is tls")),
            (TrunkSettings { codecs: Vec::new(), ..good() }, Some("codecs is empty")),
            (TrunkSettings { domain: Some(owned("a\r\nb")), ..good() }, Some("domain is no host")),
            (TrunkSettings { cps: 0, ..good() }, Some("cps is 0")),
            (TrunkSettings { max_channels: 0, ..good() }, Some("max_channels is 0")),
            (TrunkSettings { weight: 0, ..good() }, Some("weight is 0")),
            (TrunkSettings { options_ping_s: 3601, ..good() }, Some("options_ping_s is 3601")),
            (TrunkSettings { register_expires_s: 9, ..good() }, Some("register_expires_s is 9")),
        ] {
            let faults = settings.faults();
            let of_trunk = SipSettings { trunks: vec![settings], ..SipSettings::default() }.faults();
            assert_eq!(of_trunk, faults);
            match expected {
                None => assert_eq!(faults, Vec::<String>::new()),
                Some(expected) => {
                    assert_eq!(faults.len(), 1, "{expected}: {faults:?}");
                    assert!(faults[0].contains(expected), "{expected}: {faults:?}");
                }
            }
        }
    }

    #[test]
    fn every_fault_of_the_driver_is_named_with_its_setting() {
        let good = SipSettings::default;
        let timers = SipTimers::default;
        let twice = vec![trunk("").unwrap(), trunk("").unwrap()];
        for (settings, expected) in [
            (SipSettings { listen: [192, 0, 2, 1].into(), ..good() }, "listen is 192.0.2.1"),
            (
                SipSettings { listen: [0, 0, 0, 0].into(), allow_beyond_loopback: true, ..good() },
                "listen is every address",
            ),
            (SipSettings { rtp_first: 5000, rtp_last: 5000, ..good() }, "rtp_first and rtp_last"),
            (SipSettings { realm: "a\"b".to_owned(), ..good() }, "realm is empty or has"),
            (SipSettings { phone_digests: Vec::new(), ..good() }, "phone_digests is empty"),
            (SipSettings { phone_expires_s: 0, ..good() }, "phone_expires_s is 0"),
            (SipSettings { timers: SipTimers { t1_ms: 9, ..timers() }, ..good() }, "timers.t1_ms is 9"),
            (
                SipSettings { timers: SipTimers { session_expires_s: 60, ..timers() }, ..good() },
                "timers.session_expires_s is less",
            ),
            (SipSettings { trunks: twice, ..good() }, "two trunks of the name `north`"),
        ] {
            let faults = settings.faults();
            assert_eq!(faults.len(), 1, "{expected}: {faults:?}");
            assert!(faults[0].contains(expected), "{expected}: {faults:?}");
        }
    }
}
