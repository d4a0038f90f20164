//! Which ports are taken.

use super::settings::MediaError;
use mio::net::UdpSocket;
use parking_lot::Mutex;
use rustc_hash::FxHashSet;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Pairs of neighbouring ports. Pairs are given out in turn, so that one that was given back stays unused for as long
/// as there are others: packets of the call before are still under way.
#[derive(Debug)]
pub(super) struct PortPool {
    ip: IpAddr,
    range: RangeInclusive<u16>,
    first_even: u16,
    pairs: u16,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Number of the pair to try first.
    next: u16,
    taken: FxHashSet<u16>,
}

/// The two sockets of a leg.
#[derive(Debug)]
pub(super) struct Sockets {
    pub(super) rtp: UdpSocket,
    pub(super) rtcp: UdpSocket,
    /// After the sockets: fields are dropped in order, and a pair is free once its sockets are closed.
    pub(super) lease: Lease,
}

/// A pair that is taken; dropped, it is free again.
#[derive(Debug)]
pub(super) struct Lease {
    pool: Arc<PortPool>,
    pair: u16,
    /// The even port of the pair.
    pub(super) port: u16,
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.pool.state.lock().taken.remove(&self.pair);
    }
}

impl PortPool {
    pub(super) fn new(ip: IpAddr, range: RangeInclusive<u16>) -> Self {
        // Port 0 would let the system choose, and not an even one.
        let first_even = u32::from((*range.start()).max(2)).next_multiple_of(2);
        let pairs = (u32::from(*range.end()) + 1).saturating_sub(first_even) / 2;
        Self {
            ip,
            range,
            first_even: first_even as u16,
            pairs: pairs as u16,
            state: Mutex::new(State::default()),
        }
    }

    /// Binds a free pair. Pairs of which another process has a port are passed over.
    pub(super) fn bind(self: &Arc<Self>) -> Result<Sockets, MediaError> {
        for _ in 0..self.pairs {
            let Some(lease) = self.lease() else { break };
            match (self.socket(lease.port), self.socket(lease.port + 1)) {
                (Ok(rtp), Ok(rtcp)) => return Ok(Sockets { rtp, rtcp, lease }),
                (Err(error), _) | (_, Err(error)) if error.kind() == io::ErrorKind::AddrInUse => {}
                (Err(source), _) | (_, Err(source)) => return Err(MediaError::Io { ip: self.ip, source }),
            }
        }
        Err(MediaError::NoPorts { first: *self.range.start(), last: *self.range.end() })
    }

    fn lease(self: &Arc<Self>) -> Option<Lease> {
        let mut state = self.state.lock();
        for _ in 0..self.pairs {
            let pair = state.next;
            state.next = (pair + 1) % self.pairs;
            if state.taken.insert(pair) {
                return Some(Lease { pool: Arc::clone(self), pair, port: self.first_even + pair * 2 });
            }
        }
        None
    }

    fn socket(&self, port: u16) -> io::Result<UdpSocket> {
        UdpSocket::bind(SocketAddr::new(self.ip, port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn pairs_of_a_range() {
        for (range, ports) in [
            (40_000..=40_001, vec![40_000]),
            (40_000..=40_002, vec![40_000]),
            (40_001..=40_002, vec![]),
            (40_001..=40_005, vec![40_002, 40_004]),
            (0..=3, vec![2]),
            (65_534..=65_535, vec![65_534]),
            (65_535..=65_535, vec![]),
            #[expect(clippy::reversed_empty_ranges, reason = "it can be configured")]
            (9..=8, vec![]),
        ] {
            let pool = Arc::new(PortPool::new(Ipv4Addr::LOCALHOST.into(), range.clone()));
            let leases: Vec<_> = std::iter::from_fn(|| pool.lease()).collect();
            assert_eq!(leases.iter().map(|lease| lease.port).collect::<Vec<_>>(), ports, "{range:?}");
        }
    }

    #[test]
    fn a_pair_given_back_is_the_last_to_be_taken_again() {
        let pool = Arc::new(PortPool::new(Ipv4Addr::LOCALHOST.into(), 40_000..=40_005));
        let first = pool.lease().unwrap();
        drop(first);
        let ports: Vec<u16> = (0..3).map(|_| pool.lease().unwrap().port).collect();
        assert_eq!(ports, [40_002, 40_004, 40_000], "given back at once, and taken once more each");
    }
}
