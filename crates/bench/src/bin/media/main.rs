//! Sound relayed between bridged legs, and prompts played: processor time of the media engine, against a loop that does
//! nothing but pass datagrams on. The far sides are a process of their own, so that what they cost is told apart.

mod bare;
mod far_sides;

use clap::Parser;
use muster_app::ports::Prompt;
use muster_bench::fixture::Fallible;
use muster_bench::table::{Table, median, thousands};
use muster_drivers::media::{Codec, MediaEngine, MediaLeg, MediaSettings, Remote};
use rustix::time::ClockId;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Measures the media engine.
#[derive(Debug, Parser)]
struct Arguments {
    /// Legs at a time, each speaking 50 packets a second; every two are bridged.
    #[arg(long, value_delimiter = ',', default_value = "300")]
    legs: Vec<usize>,
    /// Rounds; the middle one counts.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Length of a round.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Legs opened and closed one after the other.
    #[arg(long, default_value_t = 5_000)]
    openings: u32,
    /// First of the UDP ports to use.
    #[arg(long, default_value_t = 22_000)]
    first_port: u16,
    /// Be the far sides of that many legs, which speak. For the program itself.
    #[arg(long, hide = true)]
    far_sides: Option<usize>,
    /// The far sides say nothing.
    #[arg(long, hide = true)]
    mute: bool,
}

/// What a round came to.
struct Measured {
    packets_per_s: f64,
    /// Share; not a number where the far sides said nothing, as are the delays.
    lost: f64,
    /// Processor time of this process in seconds a second.
    cores: f64,
    p50_ms: f64,
    p99_ms: f64,
}

fn main() -> Fallible<()> {
    let arguments = Arguments::parse();
    if let Some(legs) = arguments.far_sides {
        return far_sides::run(legs, !arguments.mute, Duration::from_secs(arguments.seconds));
    }
    let columns =
        ["legs", "what", "packets/s", "lost", "% of a core", "µs a packet", "ratio", "p50 ms", "p99 ms"];
    let mut table = Table::new("Sound of calls over RTP, 50 packets a second each way", &columns);
    for &legs in &arguments.legs {
        let legs = legs / 2 * 2;
        let mut contenders = [
            ("bare loop passes datagrams on", bare as Contender, Vec::new()),
            ("bridged, half of them between A-law and µ-law", bridged, Vec::new()),
            ("a prompt to each", prompts, Vec::new()),
        ];
        for _ in 0..arguments.rounds {
            for (_, contender, measured) in &mut contenders {
                measured.push(contender(&arguments, legs)?);
            }
        }
        let mut bare_cost = None;
        for (name, _, measured) in &contenders {
            let of = |figure: fn(&Measured) -> f64| median(&measured.iter().map(figure).collect::<Vec<_>>());
            let cost_us = of(|round| round.cores / round.packets_per_s * 1e6);
            let bare_us = *bare_cost.get_or_insert(cost_us);
            table.row([
                legs.to_string(),
                (*name).to_owned(),
                thousands(of(|round| round.packets_per_s)),
                percent(of(|round| round.lost)),
                format!("{:.1}", of(|round| round.cores) * 100.0),
                format!("{cost_us:.2}"),
                format!("{:.2}", cost_us / bare_us),
                figure(of(|round| round.p50_ms)),
                figure(of(|round| round.p99_ms)),
            ]);
        }
    }
    println!("{}", table.render());
    println!("{} legs opened and closed a second, one after the other", thousands(openings(&arguments)?));
    Ok(())
}

/// Nothing where nothing was measured.
fn figure(value: f64) -> String {
    if value.is_nan() { String::new() } else { format!("{value:.2}") }
}

fn percent(share: f64) -> String {
    if share.is_nan() { String::new() } else { format!("{:.2} %", share * 100.0) }
}

type Contender = fn(&Arguments, usize) -> Fallible<Measured>;

fn engine(arguments: &Arguments) -> MediaEngine {
    MediaEngine::new(MediaSettings {
        ip: Ipv4Addr::LOCALHOST.into(),
        ports: arguments.first_port..=arguments.first_port.saturating_add(8_000),
    })
}

/// Legs 2n and 2n + 1 are bridged; every other pair has a codec on each side.
fn bridged(arguments: &Arguments, legs: usize) -> Fallible<Measured> {
    let engine = engine(arguments);
    let (legs, _events): (Vec<MediaLeg>, Vec<_>) =
        (0..legs).map(|_| engine.open()).collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
    let ports: Vec<u16> = legs.iter().map(MediaLeg::port).collect();
    measure(arguments, &ports, true, |far| {
        for (number, (leg, &rtp)) in legs.iter().zip(far).enumerate() {
            leg.set_remote(remote(rtp, far_sides::codec(number)));
        }
        for pair in legs.chunks_exact(2) {
            pair[0].bridge(&pair[1]);
        }
    })
}

fn prompts(arguments: &Arguments, legs: usize) -> Fallible<Measured> {
    let engine = engine(arguments);
    let (legs, _events): (Vec<MediaLeg>, Vec<_>) =
        (0..legs).map(|_| engine.open()).collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
    let ports: Vec<u16> = legs.iter().map(MediaLeg::port).collect();
    // Two minutes, more than a round takes; no sample of it is silence.
    let samples = vec![8_000; 8_000 * 120];
    let prompt = Arc::new(Prompt { name: "tone".to_owned(), samples });
    measure(arguments, &ports, false, |far| {
        for (number, (leg, &rtp)) in legs.iter().zip(far).enumerate() {
            leg.set_remote(remote(rtp, far_sides::codec(number)));
            leg.play(Arc::clone(&prompt));
        }
    })
}

fn bare(arguments: &Arguments, legs: usize) -> Fallible<Measured> {
    let relay = bare::Relay::bind(legs)?;
    let ports = relay.ports()?;
    let mut relay = Some(relay);
    let mut running = None;
    let measured = measure(arguments, &ports, true, |far| {
        running = relay.take().map(|relay| relay.start(far.to_vec()));
    });
    drop(running);
    measured
}

fn remote(rtp: SocketAddr, codec: Codec) -> Remote {
    Remote {
        rtp,
        codec,
        payload_type: codec.static_payload_type(),
        dtmf_payload_type: Some(101),
        send: true,
        receive: true,
    }
}

/// The far sides, in a process that ends with this value.
struct FarSides {
    child: Child,
    input: ChildStdin,
    output: BufReader<std::process::ChildStdout>,
}

impl Drop for FarSides {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl FarSides {
    fn start(arguments: &Arguments, legs: usize, speak: bool) -> Fallible<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--far-sides", &legs.to_string(), "--seconds", &arguments.seconds.to_string()]);
        if !speak {
            command.arg("--mute");
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("the far sides have no pipes".into());
        };
        Ok(Self { child, input, output: BufReader::new(output) })
    }

    /// The next line, as numbers.
    fn line(&mut self) -> Fallible<Vec<f64>> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            return Err("the far sides have ended".into());
        }
        Ok(line.split_whitespace().map(str::parse).collect::<Result<_, _>>()?)
    }
}

fn measure(
    arguments: &Arguments,
    ports: &[u16],
    speak: bool,
    begin: impl FnOnce(&[SocketAddr]),
) -> Fallible<Measured> {
    let mut far = FarSides::start(arguments, ports.len(), speak)?;
    let addresses: Vec<SocketAddr> =
        far.line()?.into_iter().map(|port| (Ipv4Addr::LOCALHOST, port as u16).into()).collect();
    let ports: Vec<String> = ports.iter().map(ToString::to_string).collect();
    writeln!(far.input, "{}", ports.join(" "))?;
    begin(&addresses);
    far.line()?;
    let (began, worked) = (Instant::now(), processor_time());
    far.line()?;
    let (took, worked) = (began.elapsed().as_secs_f64(), processor_time() - worked);
    let figures = far.line()?;
    let [sent, received, p50_us, p99_us] = figures[..] else {
        return Err("the far sides tell something else".into());
    };
    Ok(Measured {
        packets_per_s: received / took,
        lost: if speak { (1.0 - received / sent).max(0.0) } else { f64::NAN },
        cores: worked / took,
        p50_ms: if speak { p50_us / 1_000.0 } else { f64::NAN },
        p99_ms: if speak { p99_us / 1_000.0 } else { f64::NAN },
    })
}

/// Of this process so far, in seconds.
fn processor_time() -> f64 {
    let time = rustix::time::clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// From a range that holds a tenth of them, so that ports have to come back.
fn openings(arguments: &Arguments) -> Fallible<f64> {
    let last = arguments.first_port + (arguments.openings / 10 * 2) as u16;
    let engine = MediaEngine::new(MediaSettings {
        ip: Ipv4Addr::LOCALHOST.into(),
        ports: arguments.first_port..=last,
    });
    let began = Instant::now();
    for _ in 0..arguments.openings {
        engine.open()?.0.close();
    }
    Ok(f64::from(arguments.openings) / began.elapsed().as_secs_f64())
}
