//! Digest authentication (RFC 7616, RFC 8760): asked for, and given.

use crate::hex;
use md5::Md5;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Which hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// MD5.
    Md5,
    /// SHA-256.
    Sha256,
}

impl Algorithm {
    /// As it is written.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Md5, Self::Sha256].into_iter().find(|known| known.name().eq_ignore_ascii_case(text))
    }

    fn hash(self, text: &str) -> String {
        let octets = match self {
            Self::Md5 => Md5::digest(text).to_vec(),
            Self::Sha256 => Sha256::digest(text).to_vec(),
        };
        hex::encode(&octets).to_ascii_lowercase()
    }
}

/// The parameters of a header that begins with `Digest`.
pub(crate) fn parameters(value: &str) -> Option<BTreeMap<String, String>> {
    let (scheme, mut rest) = value.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("digest") {
        return None;
    }
    let mut found = BTreeMap::new();
    while let Some((name, behind)) = rest.split_once('=') {
        let name = name.trim().trim_start_matches(',').trim().to_ascii_lowercase();
        let behind = behind.trim_start();
        let value;
        if let Some(quoted) = behind.strip_prefix('"') {
            let (inside, after) = until_quote(quoted)?;
            value = inside;
            rest = after;
        } else {
            let (inside, after) = behind.split_once(',').unwrap_or((behind, ""));
            value = inside.trim().to_owned();
            rest = after;
        }
        found.insert(name, value);
        if found.len() > 32 {
            return None;
        }
    }
    Some(found)
}

/// A quoted text without its escapes, and what follows it.
fn until_quote(text: &str) -> Option<(String, &str)> {
    let mut inside = String::new();
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => {
                inside.push(character);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return Some((inside, &text[at + 1..])),
            _ => inside.push(character),
        }
    }
    None
}

/// What goes into a response.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Proof<'a> {
    pub(crate) algorithm: Algorithm,
    pub(crate) username: &'a str,
    pub(crate) realm: &'a str,
    pub(crate) password: &'a str,
    pub(crate) method: &'a str,
    pub(crate) uri: &'a str,
    pub(crate) nonce: &'a str,
    /// Count and client's nonce where `qop=auth` was chosen.
    pub(crate) auth: Option<(&'a str, &'a str)>,
}

impl Proof<'_> {
    /// The value of `response` (RFC 7616 §3.4.1).
    pub(crate) fn response(&self) -> String {
        let hash = |text: &str| self.algorithm.hash(text);
        let who = hash(&format!("{}:{}:{}", self.username, self.realm, self.password));
        let what = hash(&format!("{}:{}", self.method, self.uri));
        match self.auth {
            Some((count, cnonce)) => hash(&format!("{who}:{}:{count}:{cnonce}:auth:{what}", self.nonce)),
            None => hash(&format!("{who}:{}:{what}", self.nonce)),
        }
    }
}

/// A challenge that was got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: Algorithm,
    auth: bool,
    pub(crate) stale: bool,
}

impl Challenge {
    /// Reads a challenge that we can answer.
    pub(crate) fn parse(value: &str) -> Option<Self> {
        let mut found = parameters(value)?;
        let algorithm = match found.get("algorithm") {
            Some(name) => Algorithm::parse(name)?,
            None => Algorithm::Md5,
        };
        let qop = found.get("qop");
        let auth = qop.is_some_and(|qop| qop.split(',').any(|one| one.trim().eq_ignore_ascii_case("auth")));
        if qop.is_some() && !auth {
            return None;
        }
        let stale = found.get("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true"));
        Some(Self {
            realm: found.remove("realm")?,
            nonce: found.remove("nonce")?,
            opaque: found.remove("opaque"),
            algorithm,
            auth,
            stale,
        })
    }

    /// The one to answer: SHA-256 before MD5, whatever the order.
    pub(crate) fn best<'a>(values: impl Iterator<Item = &'a str>) -> Option<Self> {
        values.filter_map(Self::parse).max_by_key(|challenge| challenge.algorithm == Algorithm::Sha256)
    }

    /// The answer to it.
    pub(crate) fn answer(
        &self,
        username: &str,
        password: &str,
        method: &str,
        uri: &str,
        count: u32,
        cnonce: &str,
    ) -> String {
        let count = format!("{count:08x}");
        let proof = Proof {
            algorithm: self.algorithm,
            username,
            realm: &self.realm,
            password,
            method,
            uri,
            nonce: &self.nonce,
            auth: self.auth.then_some((&count, cnonce)),
        };
        let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
        let mut text = format!(
            "Digest username=\"{}\", realm=\"{}\", nonce=\"{}\", uri=\"{uri}\", response=\"{}\", algorithm={}",
            quoted(username),
            quoted(&self.realm),
            quoted(&self.nonce),
            proof.response(),
            self.algorithm.name(),
        );
        if self.auth {
            let _ = write!(text, ", qop=auth, nc={count}, cnonce=\"{cnonce}\"");
        }
        if let Some(opaque) = &self.opaque {
            let _ = write!(text, ", opaque=\"{}\"", quoted(opaque));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7616 §3.9.1.
    #[test]
    fn the_published_example() {
        for (algorithm, response) in [
            (Algorithm::Md5, "8ca523f5e9506fed4657c9700eebdbec"),
            (Algorithm::Sha256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ] {
            let proof = Proof {
                algorithm,
                username: "Mufasa",
                realm: "http-auth@example.org",
                password: "Circle of Life",
                method: "GET",
                uri: "/dir/index.html",
                nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
                auth: Some(("00000001", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")),
            };
            assert_eq!(proof.response(), response);
        }
    }

    #[test]
    fn challenges() {
        let md5 = r#"Digest realm="a, \"b\"", nonce="n=1", qop="auth,auth-int", opaque=x, stale=TRUE"#;
        let sha = r#"Digest realm="r",nonce="m",algorithm=SHA-256,qop="auth""#;
        let parsed = Challenge::parse(md5).unwrap();
        assert_eq!((&*parsed.realm, &*parsed.nonce, parsed.stale), ("a, \"b\"", "n=1", true));
        assert_eq!(Challenge::best([sha, md5].into_iter()).unwrap().algorithm, Algorithm::Sha256);
        assert_eq!(Challenge::best([md5, sha].into_iter()).unwrap().algorithm, Algorithm::Sha256);
        for none in ["Basic realm=x", r#"Digest realm="r", nonce="n", algorithm=SHA-1"#, "Digest realm=\"r"] {
            assert_eq!(Challenge::parse(none), None, "{none}");
        }
        let answer = parsed.answer("u", "p", "REGISTER", "sip:r", 2, "c");
        let found = parameters(&answer).unwrap();
        assert_eq!((&*found["nc"], &*found["realm"], &*found["uri"]), ("00000002", "a, \"b\"", "sip:r"));
    }
}
