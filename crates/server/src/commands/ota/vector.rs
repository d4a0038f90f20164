//! An object that comes in: what it asks for, with which keys. Every field may be absent; what is not known here is
//! not looked at, above all not what the object expects as an answer.

use super::refusal::Refusal;
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde_json::Value;
use std::fmt;
use zeroize::Zeroizing;

/// One object.
#[derive(serde::Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(super) struct Vector {
    pub(super) id: Option<Value>,
    kind: Option<Kind>,
    /// Which way the octets of a `reject` go.
    #[serde(deserialize_with = "if_understood")]
    pub(super) direction: Option<Direction>,
    /// What must refuse a `reject`.
    #[serde(deserialize_with = "if_understood")]
    pub(super) layer: Option<String>,
    /// What the application speaks, where its address does not tell.
    #[serde(deserialize_with = "if_understood")]
    pub(super) format: Option<Format>,
    pub(super) security: Option<SecurityFields>,
    pub(super) command: Option<Carrier>,
    pub(super) response: Option<OneOrMore<Carrier>>,
    #[serde(deserialize_with = "if_understood")]
    responses: Option<OneOrMore<Carrier>>,
    /// What a `reject` is about.
    pub(super) input: Option<Carrier>,
    /// The counter a card holds before a `sequence`.
    pub(super) card_stored_cntr: Option<CounterField>,
    #[serde(deserialize_with = "if_understood")]
    packets: Option<Vec<Step>>,
    #[serde(deserialize_with = "if_understood")]
    steps: Option<Vec<Step>>,
    #[serde(deserialize_with = "if_understood")]
    sequence: Option<ListOr<Steps>>,
    pub(super) requested_spi: Option<Hex>,
    /// The reference of the short messages to be made.
    #[serde(deserialize_with = "if_understood")]
    concat_ref: Option<Octet>,
    /// A document is an object with a list of objects.
    pub(super) vectors: Option<Vec<Value>>,
}

/// What an object is.
#[derive(serde::Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Command,
    Response,
    Exchange,
    Sequence,
    Reject,
}

#[derive(serde::Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Direction {
    Command,
    Response,
}

#[derive(serde::Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Format {
    Compact,
    Expanded,
    Raw,
}

/// Indicator, keys and addresses.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
pub(super) struct SecurityFields {
    pub(super) spi: Option<Hex>,
    /// What the command asked for, where `spi` does not say it.
    pub(super) requested_spi: Option<Hex>,
    pub(super) kic_byte: Option<Octet>,
    pub(super) kid_byte: Option<Octet>,
    pub(super) tar: Option<Hex>,
    pub(super) cntr: Option<CounterField>,
    pub(super) kic_alg: Option<String>,
    pub(super) kic: Option<Hex>,
    pub(super) integrity: Option<String>,
    pub(super) kid_alg: Option<String>,
    pub(super) kid: Option<Hex>,
    pub(super) integrity_len: Option<usize>,
    pub(super) por_ciphered: Option<bool>,
    pub(super) por_integrity: Option<String>,
    pub(super) por_integrity_len: Option<usize>,
}

/// What holds octets on their way: whole messages, a packet, or what shall go into one.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
pub(super) struct Carrier {
    pub(super) tp_ud: Option<OneOrMore<Hex>>,
    pub(super) packet: Option<Hex>,
    pub(super) secured_data: Option<Hex>,
    /// Security of its own, instead of the object's.
    pub(super) security: Option<SecurityFields>,
    #[serde(deserialize_with = "if_understood")]
    concat_ref: Option<Octet>,
}

/// The packets of a sequence: an object that names them, or a bare list.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct Steps {
    #[serde(deserialize_with = "if_understood")]
    packets: Option<Vec<Step>>,
    #[serde(rename = "steps", deserialize_with = "if_understood")]
    list: Option<Vec<Step>>,
    card_stored_cntr: Option<CounterField>,
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum ListOr<T> {
    List(Vec<Step>),
    Object(T),
}

/// One packet of a sequence.
pub(super) struct Step(pub(super) Carrier);

/// A list, or a single one that needs none.
pub(super) struct OneOrMore<T>(pub(super) Vec<T>);

/// Octets in hexadecimal; blanks between them are ignored. Wiped when dropped, for they may be a key.
pub(super) struct Hex(pub(super) Zeroizing<Vec<u8>>);

/// One octet: a number, or two hexadecimal digits.
#[derive(Clone, Copy)]
pub(super) struct Octet(pub(super) u8);

/// A counter: a number, or up to ten hexadecimal digits.
#[derive(Clone, Copy)]
pub(super) struct CounterField(pub(super) [u8; 5]);

impl Vector {
    /// Reads one object. The text of a refusal holds places and no content.
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        let mut json = serde_json::Deserializer::from_str(text);
        let vector = serde_path_to_error::deserialize(&mut json).map_err(|error| refusal(&error))?;
        json.end().map_err(|_| Refusal::input("something follows the object"))?;
        Ok(vector)
    }

    /// The same for an object from a list.
    pub(super) fn from_value(value: Value) -> Result<Self, Refusal> {
        serde_path_to_error::deserialize(value).map_err(|error| refusal(&error))
    }

    /// What it is, also when it does not say.
    pub(super) fn kind(&self) -> Result<Kind, Refusal> {
        let found = match (self.kind, &self.command, self.responses().next()) {
            (Some(kind), ..) => kind,
            (None, Some(_), Some(_)) => Kind::Exchange,
            (None, Some(_), None) => Kind::Command,
            (None, None, Some(_)) => Kind::Response,
            (None, None, None) if !self.steps().is_empty() => Kind::Sequence,
            (None, None, None) => return Err(Refusal::missing("kind")),
        };
        Ok(found)
    }

    /// The answers it holds: one, or more than one when the card sent an interim answer first.
    pub(super) fn responses(&self) -> impl Iterator<Item = &Carrier> {
        self.response.iter().chain(&self.responses).flat_map(|list| &list.0)
    }

    /// The packets of a sequence.
    pub(super) fn steps(&self) -> &[Step] {
        let inner = match &self.sequence {
            Some(ListOr::List(list)) => return list,
            Some(ListOr::Object(inner)) => [&inner.list, &inner.packets],
            None => [&None, &None],
        };
        [&self.steps, &self.packets].into_iter().chain(inner).find_map(Option::as_deref).unwrap_or_default()
    }

    /// The counter a card holds, if the object says it.
    pub(super) fn stored_counter(&self) -> Option<CounterField> {
        self.card_stored_cntr.or(match &self.sequence {
            Some(ListOr::Object(inner)) => inner.card_stored_cntr,
            _ => None,
        })
    }

    pub(super) fn concat_ref(&self) -> u8 {
        let inner = self.command.as_ref().and_then(|command| command.concat_ref);
        self.concat_ref.or(inner).map_or(0, |octet| octet.0)
    }
}

impl Carrier {
    /// Whole messages, if it holds any.
    pub(super) fn messages(&self) -> Option<Vec<&[u8]>> {
        self.tp_ud.as_ref().map(|list| list.0.iter().map(|hex| hex.0.as_slice()).collect())
    }
}

/// Nothing, where a field says something that is not known here: others use the same names for other things, and the
/// rest of the object still makes sense.
fn if_understood<'de, D: Deserializer<'de>, T: serde::de::DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(if value.is_null() { None } else { T::deserialize(value).ok() })
}

/// The place, and what is wrong there in words that hold nothing of what stands there.
fn refusal(error: &serde_path_to_error::Error<serde_json::Error>) -> Refusal {
    let inner = error.inner();
    let path = error.path().to_string();
    Refusal::input(match inner.classify() {
        serde_json::error::Category::Data if path == "." => "this is no object".to_owned(),
        serde_json::error::Category::Data => format!("{path} has a form that is not understood"),
        _ => format!("this is no JSON: column {}", inner.column()),
    })
}

/// Texts and numbers to a value; whatever fails says nothing of them.
struct Scalar<T> {
    from_text: fn(&str) -> Option<T>,
    from_number: fn(u64) -> Option<T>,
}

impl<T> Visitor<'_> for Scalar<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("hexadecimal digits or a number")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.from_text)(text).ok_or_else(|| E::custom("wrong digits"))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        (self.from_number)(number).ok_or_else(|| E::custom("wrong number"))
    }
}

fn hex_octets(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut digits = Zeroizing::new(String::with_capacity(text.len()));
    digits.extend(text.chars().filter(|character| !character.is_ascii_whitespace()));
    hex::decode(digits.as_bytes()).ok().map(Zeroizing::new)
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let from_text = |text: &str| hex_octets(text).map(Hex);
        deserializer.deserialize_any(Scalar { from_text, from_number: |_| None })
    }
}

impl<'de> Deserialize<'de> for Octet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Scalar {
            from_text: |text| match hex_octets(text)?.as_slice() {
                [octet] => Some(Self(*octet)),
                _ => None,
            },
            from_number: |number| u8::try_from(number).ok().map(Self),
        })
    }
}

impl<'de> Deserialize<'de> for CounterField {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        fn of(number: u64) -> Option<CounterField> {
            let [0, 0, 0, octets @ ..] = number.to_be_bytes() else { return None };
            Some(CounterField(octets))
        }
        deserializer.deserialize_any(Scalar {
            from_text: |text| {
                let octets = hex_octets(text)?;
                let mut whole = [0; 8];
                whole.get_mut(8_usize.checked_sub(octets.len())?..)?.copy_from_slice(&octets);
                of(u64::from_be_bytes(whole))
            },
            from_number: of,
        })
    }
}

/// By hand, because the derived way would keep a copy of everything while it tries one form after the other.
struct List<T>(std::marker::PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for List<T> {
    type Value = OneOrMore<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one or a list")
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(OneOrMore(list))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        T::deserialize(serde::de::value::StrDeserializer::new(text)).map(|item| OneOrMore(vec![item]))
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(|item| OneOrMore(vec![item]))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMore<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(List(std::marker::PhantomData))
    }
}

/// A packet in hexadecimal, the list of its messages, or an object that holds either, maybe under `command`.
struct AnyStep;

#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct StepFields {
    command: Option<Carrier>,
    input: Option<Carrier>,
    tp_ud: Option<OneOrMore<Hex>>,
    packet: Option<Hex>,
    security: Option<SecurityFields>,
}

impl<'de> Visitor<'de> for AnyStep {
    type Value = Step;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a packet")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Step, E> {
        let octets = hex_octets(text).ok_or_else(|| E::custom("wrong digits"))?;
        Ok(Step(Carrier { packet: Some(Hex(octets)), ..Carrier::default() }))
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, items: A) -> Result<Step, A::Error> {
        let messages = List(std::marker::PhantomData).visit_seq(items)?;
        Ok(Step(Carrier { tp_ud: Some(messages), ..Carrier::default() }))
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Step, A::Error> {
        let fields = StepFields::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
        let mut carrier = fields.command.or(fields.input).unwrap_or_default();
        carrier.tp_ud = carrier.tp_ud.or(fields.tp_ud);
        carrier.packet = carrier.packet.or(fields.packet);
        carrier.security = carrier.security.or(fields.security);
        Ok(Step(carrier))
    }
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyStep)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> Option<Kind> {
        Vector::parse(text).unwrap().kind().ok()
    }

    #[test]
    fn kinds_are_said_or_seen() {
        for (text, expected) in [
            (r#"{"kind":"reject","command":{}}"#, Some(Kind::Reject)),
            (r#"{"command":{}}"#, Some(Kind::Command)),
            (r#"{"response":{}}"#, Some(Kind::Response)),
            (r#"{"responses":[{},{}]}"#, Some(Kind::Response)),
            (r#"{"command":{},"response":[{}]}"#, Some(Kind::Exchange)),
            (r#"{"packets":["00"]}"#, Some(Kind::Sequence)),
            (r#"{"sequence":{"steps":["00"]}}"#, Some(Kind::Sequence)),
            (r#"{"sequence":["00"]}"#, Some(Kind::Sequence)),
            (r#"{"steps":3}"#, None),
            ("{}", None),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
        assert!(Vector::parse(r#"{"kind":"other"}"#).is_err());
    }

    #[test]
    fn fields_that_mean_something_else_elsewhere_are_passed_over() {
        let text = r#"{"direction":"down","layer":7,"format":{},"concat_ref":"none","steps":3,"response":"0271 00"}"#;
        let Err(refusal) = Vector::parse(text) else { panic!("a text is no answer") };
        assert_eq!(refusal, Refusal::input("response has a form that is not understood"));
        let vector = Vector::parse(&text.replace(r#""0271 00""#, "{}")).unwrap();
        assert!(vector.direction.is_none() && vector.layer.is_none() && vector.format.is_none());
        assert_eq!(vector.concat_ref(), 0);
    }

    #[test]
    fn scalars_in_their_forms() {
        let vector = Vector::parse(
            r#"{"concat_ref":"4d","card_stored_cntr":300,"security":{"kic_byte":21,"kid_byte":"15","cntr":"2a"}}"#,
        )
        .unwrap();
        assert_eq!(vector.concat_ref(), 0x4D);
        assert_eq!(vector.stored_counter().unwrap().0, [0, 0, 0, 1, 0x2C]);
        let security = vector.security.unwrap();
        assert_eq!((security.kic_byte.unwrap().0, security.kid_byte.unwrap().0), (0x15, 0x15));
        assert_eq!(security.cntr.unwrap().0, [0, 0, 0, 0, 0x2A]);
        for wrong in [
            r#"{"security":{"kic_byte":256}}"#,
            r#"{"security":{"kic_byte":"0001"}}"#,
            r#"{"security":{"cntr":"010000000000"}}"#,
            r#"{"security":{"cntr":1099511627776}}"#,
            r#"{"security":{"cntr":-1}}"#,
            r#"{"security":{"kic":"0g"}}"#,
            r#"{"security":{"kic":12}}"#,
            r#"{"security":[]} {}"#,
        ] {
            assert!(Vector::parse(wrong).is_err(), "{wrong}");
        }
    }
}
