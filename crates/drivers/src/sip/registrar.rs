//! Where agents' phones are (RFC 3261 §10.3): one binding for each agent, after digest authentication.

use super::digest::{Answer, token};
use super::leg::reply;
use super::meters;
use super::settings::{DigestAlgorithm, SipSettings};
use super::stack::Way;
use super::wire;
use hmac::{Hmac, KeyInit as _, Mac as _};
use muster_app::ports::{AgentDirectory, TelephonyEvent};
use parking_lot::Mutex;
use rsipstack::sip::{Header, Method, Uri};
use rsipstack::transaction::{Transaction, random_text};
use rsipstack::transport::{SipAddr, SipConnection};
use rustc_hash::FxHashMap;
use sha2::Sha256;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a challenge may be answered.
const NONCE_LIFETIME: Duration = Duration::from_mins(5);
/// The shortest registration: what asks for less is told so (423).
const SHORTEST_S: u32 = 1;

/// Where a phone is.
#[derive(Debug, Clone)]
pub(crate) struct Binding {
    /// Its URI.
    pub(crate) contact: Uri,
    /// The way its registration came: that is open through whatever stands between.
    pub(crate) way: Way,
}

#[derive(Debug)]
struct Registration {
    binding: Binding,
    expires: Instant,
    call_id: String,
    sequence: u32,
}

/// The phones.
pub(crate) struct Registrar {
    directory: Arc<dyn AgentDirectory>,
    realm: String,
    digests: Vec<DigestAlgorithm>,
    longest_s: u32,
    /// Makes challenges that we know again without keeping them.
    secret: String,
    begun: Instant,
    phones: Mutex<FxHashMap<String, Registration>>,
    /// Challenges that were answered rightly, each with the name that answered, and the count of the last answer (`nc`):
    /// what was overheard cannot be used again.
    used: Mutex<FxHashMap<String, (u32, Instant)>>,
    /// Names whose phones were given a choice of algorithms and have not answered yet.
    puzzled: Mutex<FxHashMap<String, Instant>>,
    /// Something about expiry has changed.
    changed: tokio::sync::Notify,
}

/// Names that are remembered as puzzled at a time. Anybody may ask in any name.
const MOST_PUZZLED: usize = 10_000;

/// What a REGISTER comes to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing that anybody has to know.
    Same,
    /// The phone is up, or somewhere else.
    Up(String),
    /// The phone is gone.
    Down(String),
}

impl Outcome {
    /// As an event.
    pub(crate) fn event(self) -> Option<TelephonyEvent> {
        match self {
            Self::Same => None,
            Self::Up(username) => Some(TelephonyEvent::PhoneUp { username }),
            Self::Down(username) => Some(TelephonyEvent::PhoneDown { username }),
        }
    }
}

/// An answer to a REGISTER.
struct Verdict {
    status: u16,
    headers: Vec<Header>,
    outcome: Outcome,
}

impl Verdict {
    fn of(status: u16, headers: Vec<Header>) -> Self {
        Self { status, headers, outcome: Outcome::Same }
    }
}

impl Registrar {
    pub(crate) fn new(directory: Arc<dyn AgentDirectory>, settings: &SipSettings, now: Instant) -> Self {
        Self {
            directory,
            realm: settings.realm.clone(),
            digests: settings.phone_digests.clone(),
            longest_s: settings.phone_expires_s,
            secret: random_text(43),
            begun: now,
            phones: Mutex::default(),
            used: Mutex::default(),
            puzzled: Mutex::default(),
            changed: tokio::sync::Notify::new(),
        }
    }

    /// Where a phone is now.
    pub(crate) fn binding(&self, username: &str, now: Instant) -> Option<Binding> {
        let phones = self.phones.lock();
        phones.get(username).filter(|phone| phone.expires > now).map(|phone| phone.binding.clone())
    }

    /// Waits until a registration has run out, and takes it away.
    pub(crate) async fn expired(&self) -> String {
        loop {
            let changed = self.changed.notified();
            let next = self.phones.lock().values().map(|phone| phone.expires).min();
            match next {
                None => changed.await,
                Some(at) => {
                    tokio::select! {
                        () = changed => {}
                        () = tokio::time::sleep_until(at.into()) => {}
                    }
                }
            }
            let now = Instant::now();
            let mut phones = self.phones.lock();
            let gone = phones.iter().find(|(_, phone)| phone.expires <= now).map(|(name, _)| name.clone());
            if let Some(username) = gone {
                phones.remove(&username);
                meters::phones(phones.len());
                return username;
            }
        }
    }

    fn nonce(&self, issued_s: u64) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()).expect("HMAC takes a key of any length");
        mac.update(&issued_s.to_be_bytes());
        format!("{issued_s:x}-{}", hex::encode(mac.finalize().into_bytes()))
    }

    fn age(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.begun).as_secs()
    }

    /// Whether we issued it; and if so, whether it may still be answered.
    fn is_fresh(&self, nonce: &str, now: Instant) -> Option<bool> {
        let issued = u64::from_str_radix(nonce.split('-').next()?, 16).ok()?;
        (self.nonce(issued) == nonce).then(|| self.age(now).saturating_sub(issued) < NONCE_LIFETIME.as_secs())
    }

    /// The algorithms that a phone is offered. Some phones give up when they see one that they do not know, although
    /// another one stands beside it (RFC 8760 §2.4 forbids that). Who asks again without having answered is offered
    /// MD5 alone, where the settings take it.
    fn offered(&self, username: &str, now: Instant) -> &[DigestAlgorithm] {
        let md5 = self.digests.iter().position(|algorithm| *algorithm == DigestAlgorithm::Md5);
        let Some(md5) = md5.filter(|_| self.digests.len() > 1) else { return &self.digests };
        let mut puzzled = self.puzzled.lock();
        if puzzled.get(username).is_some_and(|until| *until > now) {
            return &self.digests[md5..=md5];
        }
        if puzzled.len() >= MOST_PUZZLED {
            puzzled.retain(|_, until| *until > now);
        }
        if puzzled.len() < MOST_PUZZLED {
            puzzled.insert(username.to_owned(), now + NONCE_LIFETIME);
        }
        &self.digests
    }

    fn challenge(&self, username: &str, stale: bool, now: Instant) -> Verdict {
        let nonce = self.nonce(self.age(now));
        let offered = if stale { &self.digests } else { self.offered(username, now) };
        let stale = if stale { ", stale=true" } else { "" };
        let headers = offered.iter().map(|algorithm| {
            let value = format!(
                "Digest realm=\"{}\", nonce=\"{nonce}\", algorithm={}, qop=\"auth\"{stale}",
                self.realm,
                token(*algorithm)
            );
            Header::WwwAuthenticate(value.into())
        });
        Verdict::of(401, headers.collect())
    }

    /// Answers a REGISTER.
    pub(crate) async fn register(&self, mut transaction: Box<Transaction>) -> Outcome {
        let Verdict { status, headers, outcome } = self.judge(&transaction, Instant::now()).await;
        reply(&mut transaction, status, headers, None).await;
        outcome
    }

    async fn judge(&self, transaction: &Transaction, now: Instant) -> Verdict {
        let request = &transaction.original;
        let Some(user) = wire::value(&request.headers, "To")
            .and_then(wire::uri)
            .and_then(|uri| uri.auth.map(|auth| auth.user))
        else {
            return Verdict::of(400, Vec::new());
        };
        let answers = wire::values(&request.headers, "Authorization").filter_map(Answer::read);
        let Some(answer) = answers.into_iter().find(|answer| answer.realm == self.realm) else {
            return self.challenge(&user, false, now);
        };
        match self.is_fresh(&answer.nonce, now) {
            None => return self.challenge(&user, false, now),
            Some(false) => return self.challenge(&user, true, now),
            Some(true) => {}
        }
        if answer.username != user || !self.digests.contains(&answer.algorithm) {
            return Verdict::of(403, Vec::new());
        }
        let Some(digest) = self.directory.digest(&user).await else { return Verdict::of(403, Vec::new()) };
        let secret = match answer.algorithm {
            DigestAlgorithm::Md5 => &digest.md5,
            DigestAlgorithm::Sha256 => &digest.sha256,
        };
        if !answer.proves(secret, &Method::Register.to_string()) {
            tracing::warn!(username = user, "a phone gave a wrong password");
            return Verdict::of(403, Vec::new());
        }
        self.puzzled.lock().remove(&user);
        if !self.counts_up(&answer, now) {
            return self.challenge(&user, true, now);
        }
        self.bind(user, transaction, now)
    }

    fn counts_up(&self, answer: &Answer, now: Instant) -> bool {
        let mut used = self.used.lock();
        used.retain(|_, (_, until)| *until > now);
        // Phones that are challenged in one second have the same nonce, and each counts for itself.
        let key = format!("{} {}", answer.nonce, answer.username);
        let last = used.entry(key).or_insert((0, now + NONCE_LIFETIME));
        let counts_up = answer.nonce_count > last.0;
        last.0 = last.0.max(answer.nonce_count);
        counts_up
    }

    fn bind(&self, username: String, transaction: &Transaction, now: Instant) -> Verdict {
        let request = &transaction.original;
        let header = wire::value(&request.headers, "Expires").and_then(|value| value.parse::<u32>().ok());
        let contacts: Vec<&str> = wire::values(&request.headers, "Contact").flat_map(wire::entries).collect();
        let mut phones = self.phones.lock();
        let known = phones
            .get(&username)
            .filter(|phone| phone.expires > now)
            .map(|phone| (phone.binding.contact.to_string(), phone.binding.way.to.clone(), phone.expires));
        let granted = |contact: &str, seconds: u64| {
            Verdict::of(200, vec![Header::Contact(format!("<{contact}>;expires={seconds}").into())])
        };
        let Some(first) = contacts.first() else {
            // It only asks what we know (RFC 3261 §10.2.3).
            return match known {
                Some((contact, _, expires)) => granted(&contact, (expires - now).as_secs()),
                None => Verdict::of(200, Vec::new()),
            };
        };
        let call_id = wire::value(&request.headers, "Call-ID").unwrap_or_default().to_owned();
        let sequence = wire::value(&request.headers, "CSeq")
            .and_then(|value| value.split_ascii_whitespace().next()?.parse().ok())
            .unwrap_or(0);
        if phones.get(&username).is_some_and(|phone| phone.call_id == call_id && phone.sequence >= sequence) {
            // Overtaken by a newer one of the same phone (RFC 3261 §10.3, step 7).
            return Verdict::of(500, Vec::new());
        }
        let asked = |contact: &str| {
            wire::parameter(contact, "expires")
                .and_then(|value| value.parse().ok())
                .or(header)
                .unwrap_or(self.longest_s)
        };
        let chosen = contacts.iter().find(|contact| **contact != "*" && asked(contact) > 0);
        let Some(contact) = chosen else {
            // Everything is taken back: one binding, named or `*`.
            let everything = *first != "*" || header == Some(0);
            if !everything {
                return Verdict::of(400, Vec::new());
            }
            let was = phones.remove(&username).is_some();
            meters::phones(phones.len());
            let outcome = if was { Outcome::Down(username) } else { Outcome::Same };
            return Verdict { status: 200, headers: Vec::new(), outcome };
        };
        let (Some(uri), Some(way)) = (wire::uri(contact), came_from(transaction)) else {
            return Verdict::of(400, Vec::new());
        };
        let seconds = asked(contact).min(self.longest_s);
        if seconds < SHORTEST_S {
            return Verdict::of(423, vec![Header::MinExpires(SHORTEST_S.to_string().into())]);
        }
        let same = known.is_some_and(|(contact, to, _)| contact == uri.to_string() && to == way.to);
        let verdict = granted(&uri.to_string(), seconds.into());
        let expires = now + Duration::from_secs(seconds.into());
        let binding = Binding { contact: uri, way };
        phones.insert(username.clone(), Registration { binding, expires, call_id, sequence });
        meters::phones(phones.len());
        self.changed.notify_one();
        let outcome = if same { Outcome::Same } else { Outcome::Up(username) };
        Verdict { outcome, ..verdict }
    }
}

/// The way a request came.
fn came_from(transaction: &Transaction) -> Option<Way> {
    let connection = transaction.connection.clone()?;
    if connection.is_reliable() {
        let to = connection.get_remote_addr()?.clone();
        return Some(Way { connection, to });
    }
    let via = transaction.original.headers.iter().find_map(|header| match header {
        Header::Via(via) => Some(via),
        _ => None,
    })?;
    let (transport, host_with_port) = SipConnection::parse_target_from_via(via).ok()?;
    Some(Way { connection, to: SipAddr::new(transport, host_with_port) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use muster_app::ports::AgentDigest;

    struct Nobody;

    #[async_trait]
    impl AgentDirectory for Nobody {
        async fn digest(&self, _: &str) -> Option<AgentDigest> {
            None
        }
    }

    fn registrar(phone_digests: Vec<DigestAlgorithm>, now: Instant) -> Registrar {
        Registrar::new(Arc::new(Nobody), &SipSettings { phone_digests, ..SipSettings::default() }, now)
    }

    #[test]
    fn challenges_are_known_again_for_their_time() {
        let now = Instant::now();
        let both = vec![DigestAlgorithm::Sha256, DigestAlgorithm::Md5];
        let (ours, others) = (registrar(both.clone(), now), registrar(both, now));
        let nonce = ours.nonce(0);
        assert_eq!(ours.is_fresh(&nonce, now), Some(true));
        assert_eq!(ours.is_fresh(&nonce, now + NONCE_LIFETIME), Some(false));
        assert_eq!(others.is_fresh(&nonce, now), None);
        for nonsense in ["", "-", "0", "zz-1", "ffffffffffffffffff-1"] {
            assert_eq!(ours.is_fresh(nonsense, now), None, "{nonsense}");
        }
    }

    #[test]
    fn an_answer_counts_once() {
        let now = Instant::now();
        let registrar = registrar(vec![DigestAlgorithm::Md5], now);
        let answer = |count: &str| {
            Answer::read(&format!(
                "Digest username=\"1\", realm=\"muster\", nonce=\"n\", uri=\"sip:x\", response=\"r\", qop=auth, nc={count}, cnonce=\"c\""
            ))
            .unwrap()
        };
        for (count, counts) in
            [("00000001", true), ("00000001", false), ("0000000a", true), ("00000002", false)]
        {
            assert_eq!(registrar.counts_up(&answer(count), now), counts, "{count}");
        }
    }

    #[test]
    fn who_asks_again_without_an_answer_is_offered_md5_alone() {
        let now = Instant::now();
        let both = [DigestAlgorithm::Sha256, DigestAlgorithm::Md5];
        let either = registrar(both.to_vec(), now);
        assert_eq!(either.challenge("1", false, now).headers.len(), 2);
        assert_eq!(either.offered("1", now), [DigestAlgorithm::Md5]);
        assert_eq!(either.offered("2", now), both);
        assert_eq!(either.offered("1", now + NONCE_LIFETIME), both);
        let one = registrar(vec![DigestAlgorithm::Sha256], now);
        for _ in 0..2 {
            assert_eq!(one.offered("1", now), [DigestAlgorithm::Sha256]);
        }
    }
}
