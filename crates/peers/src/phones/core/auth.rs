//! Callers prove who they are.

use super::super::sip::digest::{self, Algorithm, Proof};
use super::super::sip::message::Message;
use super::{Link, PhonesCore};
use crate::phones::sip::message::Start;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// Most nonces that are known at a time. An older one is stale.
const NONCES_MAX: usize = 4_096;

/// Nonces that were given out, and the highest count that each was used with.
#[derive(Debug, Default)]
pub(super) struct Nonces {
    counts: FxHashMap<String, u32>,
    order: VecDeque<String>,
}

impl Nonces {
    fn add(&mut self, nonce: String) {
        if self.order.len() >= NONCES_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.counts.remove(&oldest);
        }
        self.order.push_back(nonce.clone());
        self.counts.insert(nonce, 0);
    }

    /// Whether the nonce is known and the count is new.
    fn take(&mut self, nonce: &str, count: u32) -> bool {
        match self.counts.get_mut(nonce) {
            Some(highest) if count > *highest => {
                *highest = count;
                true
            }
            _ => false,
        }
    }
}

enum Verdict {
    Right,
    /// The proof is right, its nonce is too old or was used before.
    Stale,
    Wrong,
    Absent,
}

impl PhonesCore {
    /// Whether the caller has proven who they are, or need not; answers the request otherwise.
    pub(super) fn proven(&mut self, link: Link, request: &Message) -> bool {
        let Some(challenge) = self.settings.challenge.clone() else { return true };
        let as_proxy = challenge.as_proxy && request.method() == Some("INVITE");
        let (status, asks, gives) = if as_proxy {
            (407, "Proxy-Authenticate", "proxy-authorization")
        } else {
            (401, "WWW-Authenticate", "authorization")
        };
        let stale = match self.judge(request, gives) {
            Verdict::Right => return true,
            Verdict::Wrong => {
                self.counters.wrong_proofs += 1;
                self.reply(link, request, 403);
                return false;
            }
            Verdict::Stale => ", stale=true",
            Verdict::Absent => "",
        };
        self.counters.challenged += 1;
        let nonce = format!("{:016x}{:016x}", self.chance.0.next_u64(), self.chance.0.next_u64());
        let mut response = self.response(status, request, link);
        for algorithm in &challenge.algorithms {
            let value = format!(
                "Digest realm=\"{}\", nonce=\"{nonce}\", algorithm={}, qop=\"auth\"{stale}",
                challenge.realm,
                algorithm.name()
            );
            response = response.header(asks, &value);
        }
        self.nonces.add(nonce);
        let response = response.end();
        self.send(link, response);
        false
    }

    fn judge(&mut self, request: &Message, header: &str) -> Verdict {
        let Some(challenge) = &self.settings.challenge else { return Verdict::Right };
        let Some(found) = request
            .headers(header)
            .filter_map(digest::parameters)
            .find(|found| found.get("realm").is_some_and(|realm| *realm == challenge.realm))
        else {
            return Verdict::Absent;
        };
        let get = |name: &str| found.get(name).map(String::as_str).unwrap_or_default();
        let Start::Request { method, uri } = &request.start else { return Verdict::Wrong };
        let algorithm = challenge
            .algorithms
            .iter()
            .find(|known| known.name().eq_ignore_ascii_case(get("algorithm")))
            .copied()
            .or_else(|| get("algorithm").is_empty().then_some(Algorithm::Md5));
        let (Some(algorithm), "auth", Ok(count)) =
            (algorithm, get("qop"), u32::from_str_radix(get("nc"), 16))
        else {
            return Verdict::Wrong;
        };
        // The proof is for this request: its URI is the one that was signed (RFC 7616 §3.4.6).
        let proof = Proof {
            algorithm,
            username: &challenge.username,
            realm: &challenge.realm,
            password: &challenge.password,
            method,
            uri,
            nonce: get("nonce"),
            auth: Some((get("nc"), get("cnonce"))),
        };
        if get("username") != challenge.username || get("response") != proof.response() {
            return Verdict::Wrong;
        }
        if self.nonces.take(get("nonce"), count) { Verdict::Right } else { Verdict::Stale }
    }
}
