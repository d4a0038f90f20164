//! Who misbehaves, how, and how often: a file that can be changed while the simulator runs, or built in code.
//!
//! ```toml
//! seed = 7
//!
//! [smsc]
//! throttle_per_s = 200
//!
//! [[rule]]
//! iccid = "89499900000000000*"
//! times = 1                      # the first packet of each of these cards
//! no_por = true
//!
//! [[rule]]
//! share = 0.05                   # one in twenty messages, whoever gets it
//! submit_status = "58"
//! ```
//!
//! A rule looks at three stages by themselves: the submission of a short message (`submit_status`, `drop_link`,
//! `lose_submit_resp`, `answer_ms`), its delivery (`latency_ms`, `unreachable`, `unreachable_for_ms` and all about
//! receipts), and a packet that is complete in the card (everything else). `times`, `first` and `share` count for
//! each stage on its own. Where several rules apply, a fault is taken from the first of them that has it.

use serde::{Deserialize, Serialize};

/// All misbehaviour, and the seed of its chance.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scenario {
    /// Decides `share`, jitter and garbage. The same seed and the same messages give the same faults.
    pub seed: u64,
    /// What concerns the message centre as a whole.
    pub smsc: CentreFaults,
    /// What concerns cards and their messages, in order.
    #[serde(rename = "rule")]
    pub rules: Vec<Rule>,
}

/// Misbehaviour of the centre as a whole.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CentreFaults {
    /// The next so many binds are refused.
    pub refuse_binds: u32,
    /// With this status; 0D (bind failed) if none is given.
    pub refuse_bind_status: Option<Hex<1>>,
    /// Short messages a second that are taken; more get status 58.
    pub throttle_per_s: Option<u32>,
    /// Short messages for one card that may wait; more get status 14.
    pub queue_max: Option<u32>,
    /// How busy the centre says it is in its answers, 0 to 100 (`congestion_state`, SMPP 5.0).
    pub congestion_state: Option<u8>,
    /// After every so many submissions on a link the centre sends octets that are no PDU.
    pub garbage_every: Option<u32>,
    /// After every so many submissions on a link the centre drops it without an answer.
    pub drop_link_every: Option<u32>,
}

/// When the link is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DropLink {
    /// The message is taken, and nobody hears of it.
    BeforeAnswer,
    /// The answer is written, then the link goes.
    AfterAnswer,
    /// The message is not taken at all.
    BeforeTaking,
}

/// Cards, and what goes wrong with them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rule {
    /// For the reader.
    pub name: Option<String>,
    /// Cards by number: `*` stands for any digits, `?` for one. All cards if absent.
    pub iccid: Option<String>,
    /// Cards by telephone number, in the same way.
    pub msisdn: Option<String>,
    /// Only the first so many of each card.
    pub times: Option<u32>,
    /// Only the first so many of all cards together.
    pub first: Option<u32>,
    /// Only this share of them, 0 to 1, drawn by the seed.
    pub share: Option<f64>,

    /// The submission is answered with this `command_status` and not taken: 58 throttled, 14 queue full, 0B …
    pub submit_status: Option<Hex<4>>,
    /// The TCP connection is closed.
    pub drop_link: Option<DropLink>,
    /// The message is taken, and no answer is sent.
    pub lose_submit_resp: bool,
    /// The answer to the submission comes so much later, in milliseconds.
    pub answer_ms: Option<u64>,

    /// Delivery takes so much longer, in milliseconds.
    pub latency_ms: Option<u64>,
    /// The card cannot be reached until the rules change.
    pub unreachable: bool,
    /// The card cannot be reached for so long after its first message, in milliseconds.
    pub unreachable_for_ms: Option<u64>,
    /// The network fails the message finally; the receipt says this state, such as `UNDELIV` or `REJECTD`.
    pub receipt_state: Option<crate::smsc::MessageState>,
    /// Network error code of such a receipt.
    pub network_error: Option<Hex<3>>,
    /// No receipt is sent.
    pub no_receipt: bool,
    /// The receipt is sent so many times more.
    pub duplicate_receipts: u32,
    /// The receipt comes before the answer to the submission.
    pub receipt_first: bool,

    /// The phone takes the message and the card never sees it.
    pub deaf: bool,
    /// The card runs the script and its answer is lost.
    pub no_por: bool,
    /// The answer comes so much later, in milliseconds.
    pub late_por_ms: Option<u64>,
    /// The answer comes so many times more.
    pub duplicate_por: u32,
    /// The answer's check is damaged.
    pub wrong_mac: bool,
    /// The card holds other keys.
    pub wrong_key: bool,
    /// The card refuses the counter (status 02), without protection, and runs nothing.
    pub counter_low: bool,
    /// The card refuses with this status and runs nothing.
    pub status: Option<Hex<1>>,
    /// That status comes with the protection that was asked for.
    pub status_protected: bool,
    /// A command of the script fails with this status word.
    pub sw: Option<Hex<2>>,
    /// Which command, from 1; the first if absent.
    pub sw_at: Option<u8>,
    /// Status 0B comes at once and the answer by message after so long, in milliseconds.
    pub interim_ms: Option<u64>,
    /// Instead of the answer come octets that mean nothing.
    pub garbage: bool,
}

/// A number of at most N octets, written in hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hex<const N: usize>(pub u32);

impl<const N: usize> TryFrom<String> for Hex<N> {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let fits = (1..=N * 2).contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        u32::from_str_radix(&text, 16)
            .ok()
            .filter(|_| fits)
            .map(Self)
            .ok_or_else(|| format!("{text:?} is not a hexadecimal number of at most {N} octets"))
    }
}

impl<const N: usize> From<Hex<N>> for String {
    fn from(hex: Hex<N>) -> Self {
        format!("{:0width$X}", hex.0, width = N * 2)
    }
}

/// Why a scenario cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// The text is not what a scenario looks like.
    #[error("the scenario cannot be read: {0}")]
    Text(String),
    /// A rule contradicts itself.
    #[error("rule {number}: {reason}")]
    Rule {
        /// Its place, from 1.
        number: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl Scenario {
    /// Reads TOML, or JSON where the text begins with a brace.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        let scenario: Self = if text.trim_start().starts_with('{') {
            serde_json::from_str(text).map_err(|error| ScenarioError::Text(error.to_string()))?
        } else {
            toml::from_str(text).map_err(|error| ScenarioError::Text(error.to_string()))?
        };
        scenario.checked()
    }

    /// The scenario, if its rules make sense.
    pub fn checked(self) -> Result<Self, ScenarioError> {
        for (rule, number) in self.rules.iter().zip(1..) {
            let refuse = |reason| Err(ScenarioError::Rule { number, reason });
            if rule.share.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
                return refuse("share is not between 0 and 1");
            }
            if rule.sw_at == Some(0) {
                return refuse("commands are counted from 1");
            }
            if rule.sw_at.is_some() && rule.sw.is_none() {
                return refuse("sw_at needs sw");
            }
            if rule.status_protected && rule.status.is_none() {
                return refuse("status_protected needs status");
            }
            if rule.submit_status == Some(Hex(0)) {
                return refuse("submit_status 0 would be success");
            }
        }
        Ok(self)
    }

    /// One rule, and no chance.
    pub fn of(rules: impl IntoIterator<Item = Rule>) -> Self {
        Self { rules: rules.into_iter().collect(), ..Self::default() }
    }
}

impl Rule {
    /// A rule for the cards whose number matches.
    pub fn for_cards(iccid: impl Into<String>) -> Self {
        Self { iccid: Some(iccid.into()), ..Self::default() }
    }

    /// A rule for every card.
    pub fn for_all() -> Self {
        Self::default()
    }

    /// Only the first `times` of each card.
    pub fn times(self, times: u32) -> Self {
        Self { times: Some(times), ..self }
    }

    /// Whether the rule speaks of this card.
    pub fn matches(&self, iccid: &str, msisdn: &str) -> bool {
        let fits = |pattern: &Option<String>, text: &str| {
            pattern.as_deref().is_none_or(|pattern| glob(pattern.as_bytes(), text.as_bytes()))
        };
        fits(&self.iccid, iccid) && fits(&self.msisdn, msisdn)
    }
}

/// Whether the text matches: `*` is any run, `?` any one octet. Linear in the text for each star.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == b'?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text, fits) in [
            ("89*", "8949", true),
            ("89*", "88", false),
            ("*7", "8947", true),
            ("*7", "8948", false),
            ("8?4*1?", "894911", true),
            ("8949", "89490", false),
            ("", "", true),
            ("*", "", true),
            ("*4*4", "84945", false),
            ("*4*4", "84944", true),
        ] {
            assert_eq!(glob(pattern.as_bytes(), text.as_bytes()), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn toml_and_json_say_the_same() {
        let toml = "seed = 7\n[smsc]\nrefuse_binds = 2\nrefuse_bind_status = \"0E\"\n[[rule]]\niccid = \"89*\"\n\
                    times = 1\nsw = \"6A82\"\ndrop_link = \"before_answer\"\nreceipt_state = \"UNDELIV\"\n";
        let json = r#"{"seed":7,"smsc":{"refuse_binds":2,"refuse_bind_status":"0E"},
            "rule":[{"iccid":"89*","times":1,"sw":"6a82","drop_link":"before_answer","receipt_state":"UNDELIV"}]}"#;
        let scenario = Scenario::parse(toml).unwrap();
        assert_eq!(scenario, Scenario::parse(json).unwrap());
        assert_eq!(scenario.rules[0].sw, Some(Hex(0x6A82)));
        assert_eq!(Scenario::parse("").unwrap(), Scenario::default());
    }

    const DOCUMENT: &str = include_str!("../../../docs/simulator.md");

    #[test]
    fn the_scenario_of_the_document_can_be_used() {
        let text = DOCUMENT.split_once("```toml").unwrap().1.split_once("```").unwrap().0;
        let scenario = Scenario::parse(text).unwrap();
        assert_eq!((scenario.rules.len(), scenario.smsc.throttle_per_s), (3, Some(200)));
    }

    #[test]
    fn the_document_names_every_key_and_nothing_else() {
        let json =
            serde_json::to_value(Scenario { rules: vec![Rule::default()], ..Scenario::default() }).unwrap();
        let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let known = [keys(&json["rule"][0]), keys(&json["smsc"])].concat();
        for key in &known {
            let named = ["`", " "].iter().any(|end| DOCUMENT.contains(&format!("`{key}{end}")));
            assert!(named, "{key} is missing");
        }
        // Whatever the document gives a value in a table is a key.
        let given = DOCUMENT.split('`').filter_map(|code| code.split_once(" = ")).map(|(key, _)| key);
        for key in given.filter(|key| key.bytes().all(|c| c.is_ascii_lowercase() || c == b'_')) {
            assert!(known.iter().any(|own| own == key), "{key} does not exist");
        }
    }

    #[test]
    fn mistakes_are_found() {
        for (text, reason) in [
            ("[[rule]]\nshare = 1.5", "rule 1: share is not between 0 and 1"),
            ("[[rule]]\nsw = \"6A82\"\nsw_at = 0", "rule 1: commands are counted from 1"),
            ("[[rule]]\n[[rule]]\nsw_at = 1", "rule 2: sw_at needs sw"),
            ("[[rule]]\nsubmit_status = \"00\"", "rule 1: submit_status 0 would be success"),
        ] {
            assert_eq!(Scenario::parse(text).unwrap_err().to_string(), reason);
        }
        assert!(Scenario::parse("[[rule]]\nno_pro = true").unwrap_err().to_string().contains("no_pro"));
        assert!(Scenario::parse("[[rule]]\nsw = \"6A8200\"").unwrap_err().to_string().contains("6A8200"));
    }
}
