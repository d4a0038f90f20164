//! The far sides of all legs: each says 50 packets a second and counts what it hears.

use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token};
use muster_bench::fixture::Fallible;
use muster_bench::load::summarise;
use muster_codecs::voice::FRAME;
use muster_codecs::voice::rtp::{HEADER_LEN, Header};
use muster_drivers::media::Codec;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

const FRAME_TIME: Duration = Duration::from_millis(20);
/// Until every leg is bridged and every buffer warm.
const WARM_UP: Duration = Duration::from_secs(1);
/// After the last packet was sent.
const COOL_DOWN: Duration = Duration::from_millis(300);
/// What is said: no silence in either law.
const CODE: u8 = 0x2B;

/// Legs 4n to 4n + 2 speak µ-law, 4n + 3 A-law: half of the pairs have to be converted.
pub(super) fn codec(leg: usize) -> Codec {
    if leg % 4 == 3 { Codec::Pcma } else { Codec::Pcmu }
}

/// Tells its ports, reads those of the legs, speaks, and tells what became of it.
pub(super) fn run(legs: usize, speak: bool, measure: Duration) -> Fallible<()> {
    let mut poll = Poll::new()?;
    let mut sockets = Vec::with_capacity(legs);
    let mut own = Vec::with_capacity(legs);
    for number in 0..legs {
        let mut socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0).into())?;
        own.push(socket.local_addr()?.port().to_string());
        poll.registry().register(&mut socket, Token(number), Interest::READABLE)?;
        sockets.push(socket);
    }
    println!("{}", own.join(" "));
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    let mut targets: Vec<SocketAddr> = Vec::with_capacity(legs);
    for port in line.split_whitespace() {
        targets.push((Ipv4Addr::LOCALHOST, port.parse()?).into());
    }

    let began = Instant::now();
    let from = began + WARM_UP;
    let until = from + measure;
    let mut events = Events::with_capacity(1_024);
    let (mut sent, mut received) = (0_u64, 0_u64);
    let mut delays_us = Vec::new();
    // The packet to be sent next: they are spread evenly over the 20 ms.
    let mut next = 0_u64;
    let spacing = FRAME_TIME / legs as u32;
    // Instants at which the other process is to look at its clocks.
    let mut marks = [from, until].into_iter().peekable();
    let mut packet = [CODE; HEADER_LEN + FRAME];
    let mut datagram = [0; 2_048];
    loop {
        let now = Instant::now();
        if now >= until + COOL_DOWN {
            break;
        }
        if marks.next_if(|&mark| mark <= now).is_some() {
            println!("0");
        }
        while speak && now < until && began + spacing * next as u32 <= now {
            let (leg, number) = (next as usize % legs, next / legs as u64);
            next += 1;
            packet[..HEADER_LEN].copy_from_slice(&header(leg, number).to_octets());
            packet[HEADER_LEN..HEADER_LEN + 8].copy_from_slice(&micros(began).to_be_bytes());
            if sockets[leg].send_to(&packet, targets[leg]).is_ok() && now >= from {
                sent += 1;
            }
        }
        // In whole milliseconds, as the system waits: packets of one turn are sent together.
        poll.poll(&mut events, Some(Duration::from_millis(1)))?;
        for event in &events {
            let leg = event.token().0;
            while let Ok((len, _)) = sockets[leg].recv_from(&mut datagram) {
                let payload = datagram.get(HEADER_LEN..len).unwrap_or_default();
                let is_counted = Instant::now() >= from;
                // Silence is what legs say by themselves; prompts are all that is heard from those that play.
                if !is_counted || payload.get(20).is_none_or(|code| [0xFF, 0xD5].contains(code)) {
                    continue;
                }
                if !speak {
                    received += 1;
                    continue;
                }
                let is_unchanged = payload[8..16] == [CODE; 8];
                let said = payload.first_chunk().map_or(0, |&octets| u64::from_be_bytes(octets));
                // Of those that were converted the time cannot be read; they are counted only.
                if !is_unchanged || said >= WARM_UP.as_micros() as u64 {
                    received += 1;
                }
                if is_unchanged && said >= WARM_UP.as_micros() as u64 {
                    delays_us.push((micros(began) - said) as u32);
                }
            }
        }
    }
    // On a machine that stood still for so long that the end was passed over.
    for _ in marks {
        println!("0");
    }
    let delays = summarise(delays_us, 0, measure);
    println!("{sent} {received} {} {}", delays.p50_us, delays.p99_us);
    Ok(())
}

fn header(leg: usize, number: u64) -> Header {
    Header {
        marker: number == 0,
        payload_type: codec(leg).static_payload_type(),
        sequence: number as u16,
        timestamp: number as u32 * FRAME as u32,
        ssrc: leg as u32,
    }
}

fn micros(began: Instant) -> u64 {
    began.elapsed().as_micros() as u64
}
