//! Digest authentication (RFC 7616, RFC 2617, RFC 8760), as the one who is asked and as the one who asks.

use super::settings::DigestAlgorithm;
use md5::Md5;
use muster_app::ports::AgentDigest;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use subtle::ConstantTimeEq as _;

fn hash(algorithm: DigestAlgorithm, text: &str) -> String {
    match algorithm {
        DigestAlgorithm::Md5 => hex::encode(Md5::digest(text)),
        DigestAlgorithm::Sha256 => hex::encode(Sha256::digest(text)),
    }
}

/// The name of an algorithm on the wire.
pub(crate) const fn token(algorithm: DigestAlgorithm) -> &'static str {
    match algorithm {
        DigestAlgorithm::Md5 => "MD5",
        DigestAlgorithm::Sha256 => "SHA-256",
    }
}

fn algorithm(token: Option<&str>) -> Option<DigestAlgorithm> {
    match token {
        None => Some(DigestAlgorithm::Md5),
        Some(token) if token.eq_ignore_ascii_case("MD5") => Some(DigestAlgorithm::Md5),
        Some(token) if token.eq_ignore_ascii_case("SHA-256") => Some(DigestAlgorithm::Sha256),
        Some(_) => None,
    }
}

/// `H(username:realm:password)`.
pub(crate) fn secret(algorithm: DigestAlgorithm, username: &str, realm: &str, password: &str) -> String {
    hash(algorithm, &format!("{username}:{realm}:{password}"))
}

/// What the directory of agents keeps of a password, for the realm that the driver was given.
pub fn agent_digest(username: &str, realm: &str, password: &str) -> AgentDigest {
    AgentDigest {
        md5: secret(DigestAlgorithm::Md5, username, realm, password),
        sha256: secret(DigestAlgorithm::Sha256, username, realm, password),
    }
}

/// Parameters of `Digest name=value, name="quoted value", …`; `None` for another scheme or nonsense.
fn parameters(value: &str) -> Option<BTreeMap<String, String>> {
    let (scheme, mut rest) = value.trim().split_once(|character: char| character.is_ascii_whitespace())?;
    if !scheme.eq_ignore_ascii_case("Digest") {
        return None;
    }
    let mut found = BTreeMap::new();
    loop {
        rest = rest.trim_start_matches(|character: char| character == ',' || character.is_ascii_whitespace());
        if rest.is_empty() {
            return Some(found);
        }
        let (name, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let value;
        if let Some(quoted) = after.strip_prefix('"') {
            let mut text = String::new();
            let mut characters = quoted.char_indices();
            let end = loop {
                match characters.next()? {
                    (at, '"') => break at,
                    (_, '\\') => text.push(characters.next()?.1),
                    (_, character) => text.push(character),
                }
            };
            rest = quoted.get(end + 1..)?;
            value = text;
        } else {
            let end = after.find(',').unwrap_or(after.len());
            let (text, remaining) = after.split_at(end);
            rest = remaining;
            value = text.trim().to_owned();
        }
        found.insert(name.trim().to_ascii_lowercase(), value);
    }
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

fn response(
    algorithm: DigestAlgorithm,
    secret: &str,
    (nonce, nonce_count, client_nonce): (&str, &str, &str),
    (method, uri): (&str, &str),
) -> String {
    let what = hash(algorithm, &format!("{method}:{uri}"));
    hash(algorithm, &format!("{secret}:{nonce}:{nonce_count}:{client_nonce}:auth:{what}"))
}

/// A challenge that we can answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: DigestAlgorithm,
    /// Whether the trunk wants protection of the kind `auth`; without it the older formula of RFC 2069 is used.
    auth: bool,
    /// Whether the password was right and only the nonce was too old.
    pub(crate) stale: bool,
}

impl Challenge {
    /// The first of several challenges that we can answer.
    pub(crate) fn choose<'a>(values: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        values.into_iter().find_map(Self::read)
    }

    fn read(value: &str) -> Option<Self> {
        let mut parameters = parameters(value)?;
        let algorithm = algorithm(parameters.get("algorithm").map(String::as_str))?;
        let auth = match parameters.get("qop") {
            None => false,
            Some(kinds) if kinds.split(',').any(|kind| kind.trim().eq_ignore_ascii_case("auth")) => true,
            // Only the body's protection is asked for, which we do not do.
            Some(_) => return None,
        };
        Some(Self {
            realm: parameters.remove("realm")?,
            nonce: parameters.remove("nonce")?,
            opaque: parameters.remove("opaque"),
            stale: parameters.get("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
            algorithm,
            auth,
        })
    }

    /// The value of Authorization or Proxy-Authorization.
    pub(crate) fn answer(
        &self,
        (username, password): (&str, &str),
        (method, uri): (&str, &str),
        client_nonce: &str,
    ) -> String {
        let secret = secret(self.algorithm, username, &self.realm, password);
        let response = if self.auth {
            response(self.algorithm, &secret, (&self.nonce, "00000001", client_nonce), (method, uri))
        } else {
            let what = hash(self.algorithm, &format!("{method}:{uri}"));
            hash(self.algorithm, &format!("{secret}:{}:{what}", self.nonce))
        };
        let mut value = format!(
            "Digest username=\"{}\", realm=\"{}\", nonce=\"{}\", uri=\"{}\", response=\"{response}\", algorithm={}",
            quoted(username),
            quoted(&self.realm),
            quoted(&self.nonce),
            quoted(uri),
            token(self.algorithm),
        );
        if self.auth {
            let _ = write!(value, ", qop=auth, nc=00000001, cnonce=\"{}\"", quoted(client_nonce));
        }
        if let Some(opaque) = &self.opaque {
            let _ = write!(value, ", opaque=\"{}\"", quoted(opaque));
        }
        // The trunk's words go back to it; none of them may begin a line of ours.
        value.retain(|character| !character.is_control());
        value
    }
}

/// What a phone answers to our challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) username: String,
    pub(crate) realm: String,
    pub(crate) nonce: String,
    pub(crate) nonce_count: u32,
    pub(crate) algorithm: DigestAlgorithm,
    nonce_count_text: String,
    client_nonce: String,
    uri: String,
    response: String,
}

impl Answer {
    /// Reads a value of Authorization; `None` where it is not digest authentication of the kind `auth`.
    pub(crate) fn read(value: &str) -> Option<Self> {
        let mut parameters = parameters(value)?;
        let algorithm = algorithm(parameters.get("algorithm").map(String::as_str))?;
        if !parameters.get("qop")?.eq_ignore_ascii_case("auth") {
            return None;
        }
        let nonce_count_text = parameters.remove("nc")?;
        if nonce_count_text.len() != 8 {
            return None;
        }
        Some(Self {
            username: parameters.remove("username")?,
            realm: parameters.remove("realm")?,
            nonce: parameters.remove("nonce")?,
            nonce_count: u32::from_str_radix(&nonce_count_text, 16).ok()?,
            nonce_count_text,
            algorithm,
            client_nonce: parameters.remove("cnonce")?,
            uri: parameters.remove("uri")?,
            response: parameters.remove("response")?.to_ascii_lowercase(),
        })
    }

    /// Whether it proves that its sender knows the password behind `secret`, for a request with `method`.
    pub(crate) fn proves(&self, secret: &str, method: &str) -> bool {
        let expected = response(
            self.algorithm,
            secret,
            (&self.nonce, &self.nonce_count_text, &self.client_nonce),
            (method, &self.uri),
        );
        expected.as_bytes().ct_eq(self.response.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RFC_7616: &str = "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=ALGORITHM, \
        nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";

    #[test]
    fn the_example_of_rfc_7616_3_9_1_comes_out() {
        for (algorithm, expected) in [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ] {
            let challenge =
                Challenge::choose(std::iter::once(RFC_7616.replace("ALGORITHM", algorithm).as_str()))
                    .unwrap();
            let answer = challenge.answer(
                ("Mufasa", "Circle of Life"),
                ("GET", "/dir/index.html"),
                "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
            );
            assert!(answer.contains(&format!("response=\"{expected}\"")), "{answer}");
        }
    }

    #[test]
    fn an_answer_proves_the_password_and_nothing_else() {
        for algorithm in [DigestAlgorithm::Md5, DigestAlgorithm::Sha256] {
            let challenge = Challenge::choose(std::iter::once(
                format!("Digest realm=\"m\",nonce=\"n\",qop=\"auth\",algorithm={}", token(algorithm))
                    .as_str(),
            ))
            .unwrap();
            let value = challenge.answer(("1\"01", "right"), ("REGISTER", "sip:muster"), "c");
            let answer = Answer::read(&value).unwrap();
            assert_eq!(
                (answer.username.as_str(), answer.nonce_count, answer.algorithm),
                ("1\"01", 1, algorithm)
            );
            let secret_of = |password| secret(algorithm, "1\"01", "m", password);
            assert!(answer.proves(&secret_of("right"), "REGISTER"));
            assert!(!answer.proves(&secret_of("wrong"), "REGISTER"));
            assert!(!answer.proves(&secret_of("right"), "INVITE"));
        }
    }

    #[test]
    fn the_first_challenge_that_can_be_answered_is_taken() {
        let values = [
            "Basic realm=\"x\"",
            "Digest realm=\"a\", nonce=\"1\", algorithm=SHA-512-256, qop=\"auth\"",
            "Digest realm=\"a\", nonce=\"2\", qop=\"auth-int\"",
            "Digest realm=\"a\", nonce=\"3\", qop=\"auth,auth-int\", stale=TRUE",
            "Digest realm=\"a\", nonce=\"4\"",
        ];
        let challenge = Challenge::choose(values).unwrap();
        assert_eq!((challenge.nonce.as_str(), challenge.stale, challenge.auth), ("3", true, true));
        assert_eq!(Challenge::choose(values[..3].iter().copied()), None);
    }

    #[test]
    fn words_of_a_challenge_cannot_begin_a_line() {
        let challenge =
            Challenge::choose(std::iter::once("Digest realm=\"a\\\r\nX: y\", nonce=\"1\"")).unwrap();
        assert!(!challenge.answer(("u", "p"), ("INVITE", "sip:x"), "c").contains(['\r', '\n']));
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused(value in "Digest [ -~]{0,200}") {
            let _ = (Challenge::choose(std::iter::once(value.as_str())), Answer::read(&value));
        }
    }
}
