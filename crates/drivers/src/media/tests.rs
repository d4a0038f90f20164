//! Legs over real sockets on loopback.

use super::*;
use muster_app::ports::{Heard, MediaStats, Prompt, SeededEntropy};
use muster_codecs::voice::FRAME;
use muster_codecs::voice::g711::Law;
use muster_codecs::voice::rtcp::{self, Report};
use muster_codecs::voice::rtp::{Header, Packet};
use muster_codecs::voice::telephone_event::{TelephoneEvent, code_of};
use muster_codecs::voice::tone;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::timeout;

const FRAME_TIME: Duration = Duration::from_millis(20);
/// Nothing on loopback takes that long unless it never comes.
const PATIENCE: Duration = Duration::from_secs(5);

/// Ports that no other test has, nor anybody else now: tests run in processes of their own, side by side.
fn ports(count: u16) -> RangeInclusive<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let own = 20_000 + (std::process::id() % 100) as u16 * 120;
    loop {
        let first = own + NEXT.fetch_add(count, Ordering::Relaxed);
        let range = first..=first + count - 1;
        let is_free = |port| std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
        if range.clone().all(is_free) {
            return range;
        }
    }
}

fn engine_with(limits: MediaLimits) -> MediaEngine {
    let settings = MediaSettings { ip: Ipv4Addr::LOCALHOST.into(), ports: ports(100) };
    MediaEngine::with_limits(settings, limits, Arc::new(SeededEntropy::new(7)))
}

fn engine() -> MediaEngine {
    engine_with(MediaLimits::default())
}

async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("{what} did not come"))
}

/// A packet as the far side got it.
#[derive(Debug, Clone)]
struct Got {
    at: Instant,
    header: Header,
    payload: Vec<u8>,
}

impl Got {
    fn is_silence(&self) -> bool {
        let silence = if self.header.payload_type == 8 { 0xD5 } else { 0xFF };
        self.payload.iter().all(|&code| code == silence)
    }
}

/// The other end of a leg.
struct FarSide {
    socket: UdpSocket,
    reports: UdpSocket,
    leg: MediaLeg,
    events: UnboundedReceiver<MediaEvent>,
    codec: Codec,
    sequence: u16,
    timestamp: u32,
}

impl FarSide {
    /// Opens a leg and tells it where we are.
    async fn new(engine: &MediaEngine, codec: Codec) -> Self {
        let (leg, events) = engine.open().unwrap();
        let (socket, reports) = loop {
            let port = *ports(2).start();
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).await;
            let reports = UdpSocket::bind((Ipv4Addr::LOCALHOST, port + 1)).await;
            if let (Ok(socket), Ok(reports)) = (socket, reports) {
                break (socket, reports);
            }
        };
        let far = Self { socket, reports, leg, events, codec, sequence: 65_530, timestamp: 4_294_960_000 };
        far.leg.set_remote(far.remote());
        far
    }

    fn remote(&self) -> Remote {
        Remote {
            rtp: self.socket.local_addr().unwrap(),
            codec: self.codec,
            payload_type: self.codec.static_payload_type(),
            dtmf_payload_type: Some(101),
            send: true,
            receive: true,
        }
    }

    fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.leg.port()).into()
    }

    fn header(&self, payload_type: u8) -> Header {
        let Self { sequence, timestamp, .. } = *self;
        Header { marker: false, payload_type, sequence, timestamp, ssrc: 0xFA5 }
    }

    async fn send(&mut self, header: Header, payload: &[u8]) {
        let octets = [&header.to_octets()[..], payload].concat();
        self.socket.send_to(&octets, self.address()).await.unwrap();
        self.sequence = self.sequence.wrapping_add(1);
    }

    /// Says 20 ms of one code.
    async fn say(&mut self, code: u8) {
        self.send(self.header(self.codec.static_payload_type()), &[code; FRAME]).await;
        self.timestamp = self.timestamp.wrapping_add(FRAME as u32);
    }

    async fn get(&self) -> Got {
        let mut datagram = [0; 2_048];
        let len = soon("a packet", self.socket.recv(&mut datagram)).await.unwrap();
        let packet = Packet::parse(&datagram[..len]).unwrap();
        Got { at: Instant::now(), header: packet.header, payload: packet.payload.to_vec() }
    }

    /// What comes until something that is wanted.
    async fn get_until(&self, wanted: impl Fn(&Got) -> bool) -> Vec<Got> {
        let mut all = Vec::new();
        while !all.last().is_some_and(&wanted) {
            all.push(self.get().await);
            assert!(all.len() < 1_000, "1,000 packets, and not one that is wanted");
        }
        all
    }

    /// Waits until the leg has received so many packets.
    async fn received(&self, count: u64) {
        let all = async {
            while self.leg.stats().received < count {
                tokio::task::yield_now().await;
            }
        };
        soon("the last packet", all).await;
    }

    async fn event(&mut self) -> MediaEvent {
        soon("an event", self.events.recv()).await.unwrap()
    }
}

fn assert_no_gap(packets: &[Got]) {
    for pair in packets.windows(2) {
        let [before, after] = pair else { continue };
        assert_eq!(after.header.sequence, before.header.sequence.wrapping_add(1), "{packets:#?}");
        assert_eq!(after.header.ssrc, before.header.ssrc);
    }
}

#[tokio::test]
async fn a_leg_hears_silence_from_its_agreement_on() {
    for (codec, payload_type) in [(Codec::Pcmu, 0), (Codec::Pcma, 8)] {
        let far = FarSide::new(&engine(), codec).await;
        assert!(far.leg.port().is_multiple_of(2));
        let mut packets = Vec::new();
        for _ in 0..5 {
            packets.push(far.get().await);
        }
        assert_no_gap(&packets);
        assert!(packets[0].header.marker);
        for (number, packet) in packets.iter().enumerate() {
            assert!(packet.is_silence());
            assert_eq!((packet.payload.len(), packet.header.payload_type), (FRAME, payload_type));
            let since = packet.header.timestamp.wrapping_sub(packets[0].header.timestamp);
            assert_eq!(since, number as u32 * 160);
        }
    }
}

#[tokio::test]
async fn bridged_legs_hear_each_other_in_their_own_codecs() {
    let engine = engine();
    let mut one = FarSide::new(&engine, Codec::Pcmu).await;
    let mut two = FarSide::new(&engine, Codec::Pcma).await;
    let before = (one.get().await, two.get().await);
    one.leg.bridge(&two.leg);
    let (loud, soft) = (0x20, 0xC1);
    let begun = Instant::now();
    for _ in 0..10 {
        one.say(loud).await;
        two.say(soft).await;
    }
    let loud = Law::A.convert(Law::Mu, loud);
    let soft = Law::Mu.convert(Law::A, soft);
    for (far, before, code) in [(&two, before.1, loud), (&one, before.0, soft)] {
        let mut packets = vec![before];
        packets.extend(far.get_until(|got| !got.is_silence()).await);
        let first = packets.last().unwrap().clone();
        assert!(first.at < begun + Duration::from_millis(150));
        assert!(first.header.marker, "the source has changed");
        for _ in 1..10 {
            packets.extend(far.get_until(|got| !got.is_silence()).await);
        }
        assert_no_gap(&packets);
        let said: Vec<_> = packets.iter().filter(|got| !got.is_silence()).collect();
        assert!(said.iter().all(|got| got.payload == [code; FRAME]), "{said:#?}");
        assert_eq!(said.len(), 10);
    }
    assert_eq!(one.leg.stats().received, 10);
    assert_eq!(one.event().await, MediaEvent::First);
}

#[tokio::test]
async fn what_was_said_while_parked_is_not_heard_after_the_bridge() {
    let engine = engine();
    let mut agent = FarSide::new(&engine, Codec::Pcmu).await;
    let customer = FarSide::new(&engine, Codec::Pcmu).await;
    for _ in 0..50 {
        agent.say(0x11).await;
    }
    agent.received(50).await;
    agent.leg.bridge(&customer.leg);
    agent.say(0x22).await;
    let heard = customer.get_until(|got| got.payload[0] == 0x22).await;
    assert!(heard.iter().all(|got| got.payload[0] != 0x11), "{heard:#?}");
    assert_no_gap(&heard);
}

#[tokio::test]
async fn a_leg_goes_from_bridge_to_bridge_without_a_jump() {
    let engine = engine();
    let agent = FarSide::new(&engine, Codec::Pcma).await;
    let mut customers = Vec::new();
    for _ in 0..4 {
        customers.push(FarSide::new(&engine, Codec::Pcma).await);
    }
    let mut heard = vec![agent.get().await];
    for (number, customer) in customers.iter_mut().enumerate() {
        let code = 1 + number as u8;
        customer.sequence = 7_000 * (1 + number as u16);
        customer.timestamp = 99_000_000 * number as u32;
        agent.leg.bridge(&customer.leg);
        for _ in 0..3 {
            customer.say(code).await;
            heard.extend(agent.get_until(|got| got.payload[0] == code).await);
        }
    }
    assert_no_gap(&heard);
    for pair in heard.windows(2) {
        let passed = pair[1].header.timestamp.wrapping_sub(pair[0].header.timestamp);
        assert!((160..8_000).contains(&passed), "{passed} samples from packet to packet");
    }
    // The first customer is in no bridge any more.
    customers[0].say(0x77).await;
    customers[3].say(0x66).await;
    let after = agent.get_until(|got| got.payload[0] == 0x66).await;
    assert!(after.iter().all(|got| got.payload[0] != 0x77));
    agent.leg.unbridge();
    customers[3].say(0x55).await;
    customers[3].received(5).await;
    for _ in 0..3 {
        assert!(agent.get().await.is_silence());
        assert!(customers[3].get().await.is_silence());
    }
}

#[tokio::test]
async fn f24_keys_are_told_once_and_passed_on() {
    let engine = engine();
    let mut one = FarSide::new(&engine, Codec::Pcmu).await;
    let two = FarSide::new(&engine, Codec::Pcma).await;
    let other_type = Remote { dtmf_payload_type: Some(96), ..two.remote() };
    two.leg.set_remote(other_type);
    one.leg.bridge(&two.leg);
    for key in "12#".chars() {
        let code = code_of(key).unwrap();
        // The packets with the end bit are lost, one of the others comes twice.
        for duration in [160, 320, 320, 480] {
            let event = TelephoneEvent { code, end: false, volume: 10, duration };
            let header = Header { marker: duration == 160, ..one.header(101) };
            one.send(header, &event.to_octets()).await;
        }
        one.timestamp = one.timestamp.wrapping_add(1_600);
    }
    assert_eq!(one.event().await, MediaEvent::First);
    for key in "12#".chars() {
        assert_eq!(one.event().await, MediaEvent::Digit(key));
    }
    let mut stamps = Vec::new();
    for _ in 0..12 {
        let got = two.get_until(|got| got.header.payload_type == 96).await.pop().unwrap();
        stamps.push(got.header.timestamp);
    }
    stamps.dedup();
    assert_eq!(stamps.len(), 3);
    assert_eq!(stamps[1].wrapping_sub(stamps[0]), 1_600);
    assert!(one.events.try_recv().is_err(), "each once");
}

#[tokio::test]
async fn a_prompt_is_played_frame_by_frame_and_then_silence() {
    let engine = engine();
    let mut far = FarSide::new(&engine, Codec::Pcma).await;
    // 15 frames and a half, each with its own code.
    let samples: Vec<i16> = (0..FRAME * 31 / 2).map(|at| Law::A.decode(0x80 | (at / FRAME) as u8)).collect();
    let prompt = Arc::new(Prompt { name: "greeting".into(), samples });
    let before = far.get().await;
    let play = far.leg.play(Arc::clone(&prompt));
    let mut packets = vec![before];
    packets.extend(far.get_until(|got| got.payload[0] == 0x8F).await);
    assert_eq!(far.event().await, MediaEvent::PlayDone(play));
    packets.extend(far.get_until(Got::is_silence).await);
    assert_no_gap(&packets);
    let played: Vec<_> = packets.iter().filter(|got| got.payload[0] & 0xF0 == 0x80).collect();
    assert_eq!(played.len(), 16);
    for (number, got) in played.iter().enumerate() {
        assert_eq!(got.payload[0], 0x80 | number as u8);
        assert_eq!(got.payload.len(), FRAME);
    }
    assert_eq!(played[15].payload[80..], [0xD5; 80]);
    let stamps = |pair: &[&Got]| pair[1].header.timestamp.wrapping_sub(pair[0].header.timestamp);
    // A thread that was held up for long leaves time out.
    assert!(played.windows(2).all(|pair| stamps(pair) >= 160));
    // Never faster than it sounds, but for ticks made up by a thread that was held up a little.
    let took = played[15].at - played[0].at;
    assert!(took > FRAME_TIME * 11, "{took:?}");

    let again = far.leg.play(Arc::clone(&prompt));
    far.get_until(|got| got.payload[0] == 0x82).await;
    far.leg.stop_playing();
    let third = far.leg.play(prompt);
    assert!(play < again && again < third);
    assert_eq!(far.event().await, MediaEvent::PlayDone(third), "what was stopped tells nothing");
}

#[tokio::test]
async fn a_prompt_goes_before_the_bridge_and_ends_with_a_new_one() {
    let engine = engine();
    let mut agent = FarSide::new(&engine, Codec::Pcmu).await;
    let mut customer = FarSide::new(&engine, Codec::Pcmu).await;
    let tone = |frames| Arc::new(Prompt { name: "tone".into(), samples: vec![-32_124; FRAME * frames] });
    customer.leg.bridge(&agent.leg);
    let play = customer.leg.play(tone(5));
    customer.get_until(|got| got.payload[0] == 0).await;
    agent.say(0x33).await;
    assert_eq!(customer.event().await, MediaEvent::PlayDone(play));
    let mut heard = customer.get_until(Got::is_silence).await;
    agent.say(0x44).await;
    heard.extend(customer.get_until(|got| got.payload[0] == 0x44).await);
    assert!(heard.iter().all(|got| got.payload[0] != 0x33), "said during the prompt");
    assert_no_gap(&heard);
    // The agent could hear the customer all the time.
    customer.say(0x45).await;
    agent.get_until(|got| got.payload[0] == 0x45).await;

    customer.leg.play(tone(500));
    customer.get_until(|got| got.payload[0] == 0).await;
    customer.leg.bridge(&agent.leg);
    agent.say(0x46).await;
    let after = customer.get_until(|got| got.payload[0] == 0x46).await;
    assert!(after.iter().filter(|got| got.payload[0] == 0).count() < 400);
    assert_eq!(customer.event().await, MediaEvent::First);
    assert!(customer.events.try_recv().is_err(), "a prompt that was stopped tells nothing");
}

#[tokio::test]
async fn f13_who_holds_us_hears_nothing_and_the_other_side_silence() {
    let engine =
        engine_with(MediaLimits { inactivity: Duration::from_millis(250), ..MediaLimits::default() });
    let mut customer = FarSide::new(&engine, Codec::Pcmu).await;
    let mut agent = FarSide::new(&engine, Codec::Pcmu).await;
    customer.leg.bridge(&agent.leg);
    customer.say(0x21).await;
    agent.get_until(|got| got.payload[0] == 0x21).await;
    let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
    customer.leg.set_remote(Remote { rtp: nowhere, send: false, receive: false, ..customer.remote() });
    agent.get_until(Got::is_silence).await;
    let sent = customer.leg.stats().sent;
    while customer.events.try_recv().is_ok() {}
    agent.say(0x22).await;
    for _ in 0..5 {
        assert!(agent.get().await.is_silence());
    }
    while agent.event().await != MediaEvent::Lost {}
    assert!(customer.events.try_recv().is_err(), "who holds us is not missed");
    assert_eq!(customer.leg.stats().sent, sent);

    customer.leg.set_remote(customer.remote());
    customer.say(0x23).await;
    let heard = agent.get_until(|got| got.payload[0] == 0x23).await;
    assert_no_gap(&heard);
    agent.say(0x24).await;
    customer.get_until(|got| got.payload[0] == 0x24).await;
}

#[tokio::test]
async fn f15_a_far_side_that_sends_nothing_is_lost_once() {
    let engine = engine_with(MediaLimits { inactivity: Duration::from_millis(50), ..MediaLimits::default() });
    let begun = Instant::now();
    let mut far = FarSide::new(&engine, Codec::Pcmu).await;
    assert_eq!(far.event().await, MediaEvent::Lost);
    assert!(begun.elapsed() >= Duration::from_millis(50));
    far.get_until(|got| got.at > begun + Duration::from_millis(150)).await;
    assert!(far.events.try_recv().is_err(), "told once");
    far.say(1).await;
    assert_eq!(far.event().await, MediaEvent::First);
    assert_eq!(far.event().await, MediaEvent::Lost, "and again after it was there");
}

#[tokio::test]
async fn the_leg_follows_a_far_side_that_sends_from_elsewhere() {
    let engine = engine();
    let far = FarSide::new(&engine, Codec::Pcmu).await;
    far.get().await;
    let elsewhere = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    for sequence in 0..2 {
        let header = Header { sequence, ..far.header(0) };
        let octets = [&header.to_octets()[..], &[0x10; FRAME]].concat();
        elsewhere.send_to(&octets, far.address()).await.unwrap();
    }
    let mut datagram = [0; 2_048];
    soon("silence to the new place", elsewhere.recv(&mut datagram)).await.unwrap();
    assert_eq!(far.leg.stats().received, 1, "the first one only pointed there");
}

#[tokio::test]
async fn reports_tell_what_was_sent_and_lost() {
    let interval = Duration::from_millis(60);
    let engine = engine_with(MediaLimits { report_interval: interval, ..MediaLimits::default() });
    let mut far = FarSide::new(&engine, Codec::Pcmu).await;
    for number in 0..10_u16 {
        if number % 2 == 1 {
            far.sequence = far.sequence.wrapping_add(1);
        }
        far.say(0x30).await;
    }
    let mut datagram = [0; 2_048];
    let (sender, block) = loop {
        let len = soon("a report", far.reports.recv(&mut datagram)).await.unwrap();
        let mut reports = rtcp::decode(&datagram[..len]).unwrap().into_iter();
        if let Some(Report::Report { sender: Some(sender), blocks, .. }) = reports.next()
            && let [block] = blocks[..]
            && block.cumulative_lost == 5
        {
            break (sender, block);
        }
    };
    assert!(sender.packets > 0);
    assert_eq!(sender.octets, sender.packets * FRAME as u32);
    assert_eq!((block.ssrc, block.cumulative_lost), (0xFA5, 5));
    assert_eq!(far.leg.stats().lost, 5);
    far.leg.close();
    loop {
        let len = soon("a goodbye", far.reports.recv(&mut datagram)).await.unwrap();
        if let [.., Report::Goodbye { ssrcs }] = &rtcp::decode(&datagram[..len]).unwrap()[..] {
            assert_eq!(ssrcs.len(), 1);
            break;
        }
    }
    assert_eq!(far.event().await, MediaEvent::First);
    assert_eq!(soon("the end", far.events.recv()).await, None, "a closed leg tells nothing more");
}

#[tokio::test]
async fn keys_are_heard_in_the_sound_where_they_do_not_come_as_events() {
    for (dtmf_payload_type, expected) in [(None, "5#"), (Some(101), "")] {
        let mut far = FarSide::new(&engine(), Codec::Pcma).await;
        far.leg.set_remote(Remote { dtmf_payload_type, ..far.remote() });
        let sound = [tone::key('5', 6_000, 800), tone::silence(800), tone::key('#', 6_000, 800)].concat();
        for frame in sound.chunks(FRAME) {
            let payload: Vec<u8> = frame.iter().map(|&sample| Law::A.encode(sample)).collect();
            far.send(far.header(8), &payload).await;
            far.timestamp = far.timestamp.wrapping_add(FRAME as u32);
        }
        far.received(15).await;
        far.leg.close();
        let mut keys = String::new();
        while let Some(event) = soon("the end", far.events.recv()).await {
            if let MediaEvent::Digit(key) = event {
                keys.push(key);
            }
        }
        assert_eq!(keys, expected);
    }
}

#[tokio::test]
async fn who_speaks_is_told_once_when_it_was_asked_for() {
    let engine = engine();
    for (name, pitch, expected) in [
        ("a fax", 2_100.0, Heard::Fax),
        ("a word, and no packets while nothing is said", 440.0, Heard::Human),
    ] {
        let mut far = FarSide::new(&engine, Codec::Pcmu).await;
        far.leg.listen();
        let sound = tone::sines(&[pitch], 8_000, FRAME * 20);
        for frame in sound.chunks(FRAME) {
            let payload: Vec<u8> = frame.iter().map(|&sample| Law::Mu.encode(sample)).collect();
            far.send(far.header(0), &payload).await;
            far.timestamp = far.timestamp.wrapping_add(FRAME as u32);
        }
        assert_eq!(far.event().await, MediaEvent::First, "{name}");
        assert_eq!(far.event().await, MediaEvent::Heard(expected), "{name}");
        assert!(far.events.try_recv().is_err(), "{name}");
    }
}

#[tokio::test]
async fn nonsense_is_not_counted_and_harms_nobody() {
    let engine = engine();
    let mut one = FarSide::new(&engine, Codec::Pcmu).await;
    let two = FarSide::new(&engine, Codec::Pcmu).await;
    one.leg.bridge(&two.leg);
    let lengths = [0, 1, 11, 12, 13, 200, 2_047, 2_048, 9_000];
    for length in lengths {
        for first in [0x00, 0x40, 0x80, 0x8F, 0x90, 0xA0, 0xBF, 0xFF] {
            let mut octets = vec![0xFF; length];
            if let Some(octet) = octets.first_mut() {
                *octet = first;
            }
            one.socket.send_to(&octets, one.address()).await.unwrap();
            one.reports.send_to(&octets, (Ipv4Addr::LOCALHOST, one.leg.port() + 1)).await.unwrap();
        }
        // An event that is none, and a payload type that nobody agreed upon.
        one.send(one.header(101), &[1]).await;
        one.send(one.header(77), &[1; FRAME]).await;
        one.say(0x12).await;
        let heard = two.get_until(|got| got.payload[..] == [0x12; FRAME]).await;
        assert!(heard.iter().all(|got| got.payload.len() == FRAME));
    }
    assert_eq!(one.leg.stats().received, lengths.len() as u64);
    assert_eq!(one.event().await, MediaEvent::First);
    assert!(one.events.try_recv().is_err());
}

#[tokio::test]
async fn ports_run_out_and_come_back() {
    let range = ports(4);
    let settings = MediaSettings { ip: Ipv4Addr::LOCALHOST.into(), ports: range.clone() };
    let engine = MediaEngine::new(settings);
    let (one, _one) = engine.open().unwrap();
    let (two, _two) = engine.open().unwrap();
    let error = engine.open().unwrap_err();
    assert!(matches!(error, MediaError::NoPorts { first, last } if range == (first..=last)), "{error}");
    drop(two);
    one.close();
    for _ in 0..500 {
        let (leg, _events) = engine.open().unwrap();
        assert!(range.contains(&leg.port()));
    }
    assert_eq!(one.stats(), MediaStats::default());
}

#[tokio::test]
async fn ports_of_others_are_passed_over() {
    let range = ports(4);
    let taken = UdpSocket::bind((Ipv4Addr::LOCALHOST, *range.start() + 1)).await.unwrap();
    let engine = MediaEngine::new(MediaSettings { ip: Ipv4Addr::LOCALHOST.into(), ports: range.clone() });
    let (leg, _events) = engine.open().unwrap();
    assert_eq!(leg.port(), range.start() + 2);
    drop(taken);
    let nowhere = MediaSettings { ip: Ipv4Addr::new(192, 0, 2, 1).into(), ports: range };
    assert!(matches!(MediaEngine::new(nowhere).open(), Err(MediaError::Io { .. })));
}

#[tokio::test]
async fn the_last_handle_ends_the_thread() {
    let engine = engine();
    let (leg, mut events) = engine.open().unwrap();
    drop(engine);
    leg.stop_playing();
    assert!(events.try_recv().is_err());
    drop(leg);
    assert_eq!(soon("the end", events.recv()).await, None);
}
