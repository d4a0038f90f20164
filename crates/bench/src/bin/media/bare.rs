//! The peer: one thread that passes datagrams on as they are. It knows no streams, no codecs and no clock.

use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token};
use muster_bench::fixture::Fallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

pub(super) struct Relay {
    poll: Poll,
    sockets: Vec<UdpSocket>,
}

/// The thread; it ends with this value.
pub(super) struct Running {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Relay {
    pub(super) fn bind(legs: usize) -> Fallible<Self> {
        let poll = Poll::new()?;
        let mut sockets = Vec::with_capacity(legs);
        for number in 0..legs {
            let mut socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0).into())?;
            poll.registry().register(&mut socket, Token(number), Interest::READABLE)?;
            sockets.push(socket);
        }
        Ok(Self { poll, sockets })
    }

    pub(super) fn ports(&self) -> Fallible<Vec<u16>> {
        Ok(self
            .sockets
            .iter()
            .map(|socket| Ok(socket.local_addr()?.port()))
            .collect::<std::io::Result<_>>()?)
    }

    /// What comes on 2n leaves on 2n + 1, and the other way round.
    pub(super) fn start(mut self, far: Vec<SocketAddr>) -> Running {
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let thread = std::thread::spawn(move || {
            let mut events = Events::with_capacity(1_024);
            let mut datagram = [0; 2_048];
            while !over.load(Ordering::Relaxed) {
                if self.poll.poll(&mut events, Some(Duration::from_millis(20))).is_err() {
                    continue;
                }
                for event in &events {
                    let (from, to) = (event.token().0, event.token().0 ^ 1);
                    while let Ok((len, _)) = self.sockets[from].recv_from(&mut datagram) {
                        let _ = self.sockets[to].send_to(&datagram[..len], far[to]);
                    }
                }
            }
        });
        Running { is_over, thread: Some(thread) }
    }
}
