//! What an operator says about a route.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::ops::RangeInclusive;
use zeroize::Zeroize;

/// A password that is never printed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Password(String);

impl Password {
    /// Wraps a password.
    pub fn new(password: impl Into<String>) -> Self {
        Self(password.into())
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl Serialize for Password {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("***")
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

impl fmt::Display for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

impl Drop for Password {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// `data_coding` of commands to cards: 8-bit data of class 2, in one of its two legal codings (TS 23.038 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum DataCoding {
    /// `F6`: data coding and message class group. What nearly every centre takes.
    #[default]
    #[serde(rename = "F6")]
    MessageClass,
    /// `16`: general data coding group; some routes pass nothing else unchanged.
    #[serde(rename = "16")]
    General,
}

impl DataCoding {
    pub(crate) fn octet(self) -> u8 {
        match self {
            Self::MessageClass => 0xF6,
            Self::General => 0x16,
        }
    }
}

/// How a card's proof of receipt in the delivery report comes home on this route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PorPath {
    /// As an ordinary `deliver_sm` with a user data header.
    #[default]
    DeliverUdhi,
    /// As an acknowledgement (`esm_class` 08).
    DeliverAck,
    /// Inside the delivery receipt, as octets or hexadecimal text.
    ReceiptBody,
    /// Not at all: cards must answer with messages of their own.
    None,
}

/// How the centre writes a message's name in `submit_sm_resp` and in its receipts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageIdForm {
    /// Not known: a receipt's name is offered as written and in its decimal and hexadecimal reading.
    #[default]
    Any,
    /// The same in both.
    Same,
    /// Hexadecimal in the response, decimal in receipts.
    HexThenDecimal,
    /// Decimal in the response, hexadecimal in receipts.
    DecimalThenHex,
}

/// A range of `command_status` values, written `"400-4FF"` or `"45"`, in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusRange(pub RangeInclusive<u32>);

impl Serialize for StatusRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:X}-{:X}", self.0.start(), self.0.end()))
    }
}

impl<'de> Deserialize<'de> for StatusRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (first, last) = text.split_once('-').unwrap_or((&text, &text));
        let read = |part: &str| u32::from_str_radix(part.trim(), 16);
        match (read(first), read(last)) {
            (Ok(first), Ok(last)) if first <= last => Ok(Self(first..=last)),
            _ => Err(de::Error::custom(format!(
                "`{text}` is no range of statuses: write two hexadecimal numbers such as \"400-4FF\""
            ))),
        }
    }
}

/// An account at a message centre.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteSettings {
    /// Name in logs, metrics and campaigns; unique.
    pub name: String,
    /// Name or address of the centre's machine.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The account: at most 15 characters (SMPP 3.4 §5.2.1).
    pub system_id: String,
    /// The account's password: at most 8 characters (§5.2.2).
    pub password: Password,
    /// Kind of system as agreed with the operator: at most 12 characters, mostly empty (§5.2.3).
    #[serde(default)]
    pub system_type: String,
    /// Sessions held in parallel.
    #[serde(default = "RouteSettings::default_binds")]
    pub binds: u16,
    /// Address that cards see and answer to: at most 20 characters.
    pub source_address: String,
    /// Type of number of `source_address` (§5.2.5): 1 international, 5 alphanumeric.
    #[serde(default = "RouteSettings::default_number_kind")]
    pub source_ton: u8,
    /// Numbering plan of `source_address` (§5.2.6): 1 E.164.
    #[serde(default = "RouteSettings::default_number_kind")]
    pub source_npi: u8,
    /// Type of number of cards.
    #[serde(default = "RouteSettings::default_number_kind")]
    pub destination_ton: u8,
    /// Numbering plan of cards.
    #[serde(default = "RouteSettings::default_number_kind")]
    pub destination_npi: u8,
    /// The lowest number goes first; routes of equal number share by free capacity. A route that is down or
    /// stopped is passed over.
    #[serde(default)]
    pub priority: u16,
    /// Requests without an answer that a session may have (§2.7.1 advises ten).
    #[serde(default = "RouteSettings::default_window")]
    pub window: u16,
    /// Segments a second that the account may send, all sessions together. Set it below the contracted rate.
    #[serde(default = "RouteSettings::default_segments_per_second")]
    pub segments_per_second: u32,
    /// Coding of messages to cards.
    #[serde(default)]
    pub data_coding: DataCoding,
    /// How proofs of receipt come home.
    #[serde(default)]
    pub por_path: PorPath,
    /// `priority_flag` (§5.2.14): 1 and above make a GSM centre try although the network has noted the card
    /// as unreachable.
    #[serde(default)]
    pub priority_flag: u8,
    /// Silence after which the link is tested, in seconds.
    #[serde(default = "RouteSettings::default_enquire_link_s")]
    pub enquire_link_s: u32,
    /// How long an answer may take, in seconds; after that the message's fate is unknown.
    #[serde(default = "RouteSettings::default_response_timeout_s")]
    pub response_timeout_s: u32,
    /// How long connecting, and then binding, may take, in seconds.
    #[serde(default = "RouteSettings::default_bind_timeout_s")]
    pub bind_timeout_s: u32,
    /// How long a packet waits at the route for a session, its turn or the end of throttling, in seconds.
    /// After that it is given back as not sent.
    #[serde(default = "RouteSettings::default_queue_timeout_s")]
    pub queue_timeout_s: u32,
    /// Messages from the centre that a session holds without having acknowledged them. Beyond, reading
    /// pauses, and then the centre is asked to send again later.
    #[serde(default = "RouteSettings::default_inbound_window")]
    pub inbound_window: u32,
    /// Statuses of the centre's own range 400–4FF that mean a passing fault.
    #[serde(default)]
    pub transient_statuses: Vec<StatusRange>,
    /// How the centre writes message names.
    #[serde(default)]
    pub message_id_form: MessageIdForm,
    /// Whether to send our own reference with each segment (`user_message_reference`, §5.3.2.17). Some
    /// centres echo it in receipts, some refuse what they do not know.
    #[serde(default = "RouteSettings::default_send_reference")]
    pub send_reference: bool,
}

impl RouteSettings {
    const fn default_binds() -> u16 {
        1
    }

    const fn default_number_kind() -> u8 {
        1
    }

    const fn default_window() -> u16 {
        10
    }

    const fn default_segments_per_second() -> u32 {
        50
    }

    const fn default_enquire_link_s() -> u32 {
        30
    }

    const fn default_response_timeout_s() -> u32 {
        60
    }

    const fn default_bind_timeout_s() -> u32 {
        30
    }

    const fn default_queue_timeout_s() -> u32 {
        120
    }

    const fn default_inbound_window() -> u32 {
        1000
    }

    const fn default_send_reference() -> bool {
        true
    }

    /// A route with every default.
    pub fn new(
        name: impl Into<String>,
        (host, port): (impl Into<String>, u16),
        (system_id, password): (impl Into<String>, impl Into<String>),
        source_address: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            host: host.into(),
            port,
            system_id: system_id.into(),
            password: Password::new(password),
            system_type: String::new(),
            binds: Self::default_binds(),
            source_address: source_address.into(),
            source_ton: Self::default_number_kind(),
            source_npi: Self::default_number_kind(),
            destination_ton: Self::default_number_kind(),
            destination_npi: Self::default_number_kind(),
            priority: 0,
            window: Self::default_window(),
            segments_per_second: Self::default_segments_per_second(),
            data_coding: DataCoding::default(),
            por_path: PorPath::default(),
            priority_flag: 0,
            enquire_link_s: Self::default_enquire_link_s(),
            response_timeout_s: Self::default_response_timeout_s(),
            bind_timeout_s: Self::default_bind_timeout_s(),
            queue_timeout_s: Self::default_queue_timeout_s(),
            inbound_window: Self::default_inbound_window(),
            transient_statuses: Vec::new(),
            message_id_form: MessageIdForm::default(),
            send_reference: Self::default_send_reference(),
        }
    }

    /// Everything that is wrong with it, in words that name the setting; empty when it can be used.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut fault = |setting: &str, what: &str| {
            faults.push(format!("route `{}`: {setting} {what}", self.name));
        };
        if self.name.trim().is_empty() {
            fault("name", "is empty");
        }
        if self.host.trim().is_empty() {
            fault("host", "is empty");
        }
        if self.port == 0 {
            fault("port", "is 0");
        }
        for (setting, text, most, may_be_empty) in [
            ("system_id", self.system_id.as_str(), 15, false),
            ("password", self.password.reveal(), 8, true),
            ("system_type", self.system_type.as_str(), 12, true),
            ("source_address", self.source_address.as_str(), 20, false),
        ] {
            if text.len() > most {
                fault(setting, &format!("has more than {most} characters"));
            }
            if text.is_empty() && !may_be_empty {
                fault(setting, "is empty");
            }
            if !text.bytes().all(|octet| (0x20..0x7F).contains(&octet)) {
                fault(setting, "has characters that are not printable ASCII");
            }
        }
        for (setting, value, range) in [
            ("binds", u32::from(self.binds), 1..=64),
            ("source_ton", u32::from(self.source_ton), 0..=6),
            ("source_npi", u32::from(self.source_npi), 0..=18),
            ("destination_ton", u32::from(self.destination_ton), 0..=6),
            ("destination_npi", u32::from(self.destination_npi), 0..=18),
            ("window", u32::from(self.window), 1..=10_000),
            ("segments_per_second", self.segments_per_second, 1..=1_000_000),
            ("priority_flag", u32::from(self.priority_flag), 0..=3),
            ("enquire_link_s", self.enquire_link_s, 1..=3600),
            ("response_timeout_s", self.response_timeout_s, 1..=3600),
            ("bind_timeout_s", self.bind_timeout_s, 1..=600),
            ("queue_timeout_s", self.queue_timeout_s, 1..=86_400),
            ("inbound_window", self.inbound_window, 1..=1_000_000),
        ] {
            if !range.contains(&value) {
                fault(setting, &format!("is {value}; it goes from {} to {}", range.start(), range.end()));
            }
        }
        for StatusRange(range) in &self.transient_statuses {
            if !(0x400..=0x4FF).contains(range.start()) || !(0x400..=0x4FF).contains(range.end()) {
                fault(
                    "transient_statuses",
                    &format!("has {:X}-{:X}; only 400-4FF is the centre's own", range.start(), range.end()),
                );
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<RouteSettings, toml::de::Error> {
        let needed = r#"
            name = "north"
            host = "smsc.example"
            port = 2775
            system_id = "muster"
            password = "secret"
            source_address = "4900123"
        "#;
        toml::from_str(&format!("{needed}\n{text}"))
    }

    #[test]
    fn what_is_not_said_has_its_default() {
        let settings = read("").unwrap();
        assert_eq!(
            (settings.binds, settings.window, settings.priority, settings.priority_flag),
            (1, 10, 0, 0)
        );
        assert_eq!(
            (settings.enquire_link_s, settings.response_timeout_s, settings.bind_timeout_s),
            (30, 60, 30)
        );
        assert_eq!((settings.data_coding.octet(), settings.por_path), (0xF6, PorPath::DeliverUdhi));
        assert_eq!((settings.source_ton, settings.source_npi), (1, 1));
        assert_eq!((settings.destination_ton, settings.destination_npi), (1, 1));
        assert!(settings.send_reference && settings.transient_statuses.is_empty());
        assert_eq!(settings.message_id_form, MessageIdForm::Any);
        assert_eq!(settings.faults(), Vec::<String>::new());
    }

    #[test]
    fn words_have_their_meaning() {
        let settings = read(
            r#"
            data_coding = "16"
            por_path = "receipt_body"
            message_id_form = "hex_then_decimal"
            transient_statuses = ["400-4FF", "45a"]
            "#,
        )
        .unwrap();
        assert_eq!(settings.data_coding.octet(), 0x16);
        assert_eq!(settings.por_path, PorPath::ReceiptBody);
        assert_eq!(settings.message_id_form, MessageIdForm::HexThenDecimal);
        assert_eq!(settings.transient_statuses, [StatusRange(0x400..=0x4FF), StatusRange(0x45A..=0x45A)]);
        for (path, meaning) in [
            ("deliver_udhi", PorPath::DeliverUdhi),
            ("deliver_ack", PorPath::DeliverAck),
            ("none", PorPath::None),
        ] {
            assert_eq!(read(&format!("por_path = \"{path}\"")).unwrap().por_path, meaning);
        }
    }

    #[test]
    fn what_is_unknown_or_malformed_is_refused() {
        for (text, why) in [
            ("windov = 3", "windov"),
            ("data_coding = \"F5\"", "F5"),
            ("por_path = \"pigeon\"", "pigeon"),
            ("transient_statuses = [\"4FF-400\"]", "4FF-400"),
            ("transient_statuses = [\"many\"]", "many"),
            ("window = 70000", "70000"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn the_password_is_never_printed() {
        let settings = read("").unwrap();
        assert_eq!(settings.password.reveal(), "secret");
        assert!(!format!("{settings:?} {settings:#?} {}", settings.password).contains("secret"));
    }

    #[test]
    fn every_fault_is_named_with_its_setting() {
        let good = || read("").unwrap();
        let long = |length: usize| "x".repeat(length);
        let cases: Vec<(RouteSettings, Option<&str>)> = vec![
            (RouteSettings { name: " ".to_owned(), ..good() }, Some("name is empty")),
            (RouteSettings { host: String::new(), ..good() }, Some("host is empty")),
            (RouteSettings { port: 0, ..good() }, Some("port is 0")),
            (RouteSettings { system_id: String::new(), ..good() }, Some("system_id is empty")),
            (RouteSettings { system_id: long(15), ..good() }, None),
            (RouteSettings { system_id: long(16), ..good() }, Some("system_id has more than 15")),
            (RouteSettings { password: Password::new(long(8)), ..good() }, None),
            (RouteSettings { password: Password::new(long(9)), ..good() }, Some("password has more than 8")),
            (RouteSettings { password: Password::new("a\0b"), ..good() }, Some("password has characters")),
            (RouteSettings { system_type: long(13), ..good() }, Some("system_type has more than 12")),
            (RouteSettings { source_address: long(20), ..good() }, None),
            (RouteSettings { source_address: long(21), ..good() }, Some("source_address has more than 20")),
            (
                RouteSettings { source_address: "é".to_owned(), ..good() },
                Some("source_address has characters"),
            ),
            (RouteSettings { binds: 0, ..good() }, Some("binds is 0")),
            (RouteSettings { binds: 65, ..good() }, Some("binds is 65")),
            (RouteSettings { source_ton: 7, ..good() }, Some("source_ton is 7")),
            (RouteSettings { destination_npi: 19, ..good() }, Some("destination_npi is 19")),
            (RouteSettings { window: 0, ..good() }, Some("window is 0")),
            (RouteSettings { segments_per_second: 0, ..good() }, Some("segments_per_second is 0")),
            (RouteSettings { priority_flag: 4, ..good() }, Some("priority_flag is 4")),
            (RouteSettings { enquire_link_s: 0, ..good() }, Some("enquire_link_s is 0")),
            (RouteSettings { response_timeout_s: 0, ..good() }, Some("response_timeout_s is 0")),
            (RouteSettings { bind_timeout_s: 601, ..good() }, Some("bind_timeout_s is 601")),
            (RouteSettings { queue_timeout_s: 0, ..good() }, Some("queue_timeout_s is 0")),
            (RouteSettings { inbound_window: 0, ..good() }, Some("inbound_window is 0")),
            (
                RouteSettings { transient_statuses: vec![StatusRange(0x45..=0x45)], ..good() },
                Some("transient_statuses has 45-45"),
            ),
            (
                RouteSettings { transient_statuses: vec![StatusRange(0x400..=0x500)], ..good() },
                Some("transient_statuses has 400-500"),
            ),
        ];
        for (settings, expected) in cases {
            let faults = settings.faults();
            match expected {
                None => assert_eq!(faults, Vec::<String>::new()),
                Some(expected) => {
                    assert_eq!(faults.len(), 1, "{expected}: {faults:?}");
                    assert!(faults[0].contains(expected), "{expected}: {faults:?}");
                }
            }
        }
    }
}
