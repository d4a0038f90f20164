//! Secured packets for SIM cards, encoded and read per second on one thread, against the bare ciphers of the same
//! library over the same octets. Both make the key schedules anew for every packet: every card has keys of its own.

use aes::{Aes128, Aes256};
use cbc::cipher::{Block, BlockCipherEncrypt, BlockModeEncrypt, InnerIvInit, Iv, KeyInit};
use clap::Parser;
use cmac::{Cmac, Mac};
use des::{TdesEde2, TdesEde3};
use muster_bench::fixture::Fallible;
use muster_bench::stopwatch::Stopwatch;
use muster_bench::table::{Table, median, thousands};
use muster_codecs::counter::Counter;
use muster_codecs::por_status::PorStatus;
use muster_codecs::security::{
    CipherKey, KeyAlgorithm, KeyReference, KeyVersions, MacKey, MacLength, Security, SecurityParts, Spi,
    WeakKeys,
};
use muster_codecs::{Tar, command_packet, response_packet};
use std::hint::black_box;
use std::time::Duration;

/// Measures the packet codec.
#[derive(Debug, Parser)]
struct Arguments {
    /// Lengths of the script, in octets: one file written, one message filled, three messages filled.
    #[arg(long, value_delimiter = ',', default_value = "20,112,370")]
    lengths: Vec<usize>,
    /// Passes, taken in turn; the middle one counts.
    #[arg(long, default_value_t = 7)]
    passes: usize,
    /// Length of a pass at least.
    #[arg(long, default_value_t = 100)]
    pass_ms: u64,
}

/// Each is as long as the longest key.
const KIC: &[u8; 32] = b"\x0F\x1E\x2D\x3C\x4B\x5A\x69\x78\x87\x96\xA5\xB4\xC3\xD2\xE1\xF0abcdefghijklmnop";
const KID: &[u8; 32] = b"\x10\x32\x54\x76\x98\xBA\xDC\xFE\xEF\xCD\xAB\x89\x67\x45\x23\x01qrstuvwxyzABCDEF";

fn main() -> Fallible<()> {
    let arguments = Arguments::parse();
    let columns = [
        "algorithm",
        "script octets",
        "encoded/s",
        "bare ciphers/s",
        "ratio",
        "answers read/s",
        "commands read/s",
    ];
    let mut table = Table::new("Secured packets: ciphered, with checksum, one thread", &columns);
    for (name, algorithm, bare) in [
        ("3DES, two keys", KeyAlgorithm::TripleDes2, bare_des::<TdesEde2> as Bare),
        ("3DES, three keys", KeyAlgorithm::TripleDes3, bare_des::<TdesEde3>),
        ("AES-128", KeyAlgorithm::Aes128, bare_aes::<Aes128, Cmac<Aes128>>),
        ("AES-256", KeyAlgorithm::Aes256, bare_aes::<Aes256, Cmac<Aes256>>),
    ] {
        for &length in &arguments.lengths {
            let mut row = vec![name.to_owned(), length.to_string()];
            row.extend(measure(&arguments, algorithm, bare, length)?);
            table.row(row);
        }
    }
    println!("{}", table.render());
    Ok(())
}

/// Ciphers these octets in place and makes a checksum over them, with keys cut to the algorithm's length.
type Bare = fn(&mut [u8]);

fn security(algorithm: KeyAlgorithm) -> Fallible<Security> {
    Ok(Security::new(SecurityParts {
        spi: Spi::from_octets([0x16, 0x39])?,
        kic: KeyReference::new(1, algorithm),
        kid: KeyReference::new(1, algorithm),
        tar: Tar([0xB0, 0x00, 0x01]),
        cipher_key: Some(CipherKey::new(algorithm, &KIC[..algorithm.key_len()], WeakKeys::Refuse)?),
        mac_key: Some(MacKey::new(algorithm, &KID[..algorithm.key_len()], WeakKeys::Refuse)?),
        mac_length: MacLength::Eight,
        redundancy: None,
        key_versions: KeyVersions::SameAndReal,
    })?)
}

fn measure(
    arguments: &Arguments,
    algorithm: KeyAlgorithm,
    bare: Bare,
    length: usize,
) -> Fallible<Vec<String>> {
    let security = security(algorithm)?;
    let script: Vec<u8> = (0..length).map(|octet| octet as u8).collect();
    let counter = Counter::new(42)?;
    let packet = command_packet::encode(&security, counter, &script)?;
    let answer = response_packet::encode(security.response(), counter, PorStatus::Ok, &[3, 0x90, 0x00])?;
    let mut octets = packet.clone();
    // What travels in clear is checked too, and not ciphered; the difference is below a block.
    let whole_blocks = octets.len() / 16 * 16;

    let mut contenders: [Contender<'_>; 4] = [
        Contender::new(|| {
            black_box(command_packet::encode(&security, black_box(counter), black_box(&script)).is_ok());
        }),
        Contender::new(|| bare(black_box(&mut octets[..whole_blocks]))),
        Contender::new(|| {
            let read = response_packet::decode_packet(security.response(), Some(counter), black_box(&answer));
            assert!(read.is_ok_and(|read| read.authenticated()), "the answer verifies");
        }),
        Contender::new(|| {
            assert!(command_packet::decode_packet(&security, black_box(&packet)).is_ok(), "it verifies");
        }),
    ];
    let at_least = Duration::from_millis(arguments.pass_ms);
    for _ in 0..arguments.passes {
        for contender in &mut contenders {
            contender.pass(at_least);
        }
    }
    let [encoded, ciphered, answers, commands] = contenders.map(|contender| median(&contender.rates_per_s));
    Ok(vec![
        thousands(encoded),
        thousands(ciphered),
        format!("{:.2}", encoded / ciphered),
        thousands(answers),
        thousands(commands),
    ])
}

/// Something measured, and how often a second it was done in each pass.
struct Contender<'a> {
    work: Box<dyn FnMut() + 'a>,
    rates_per_s: Vec<f64>,
}

impl<'a> Contender<'a> {
    fn new(work: impl FnMut() + 'a) -> Self {
        Self { work: Box::new(work), rates_per_s: Vec::new() }
    }

    fn pass(&mut self, at_least: Duration) {
        const ROUND: u32 = 256;
        let started = Stopwatch::start();
        let mut rounds = 0_u32;
        while rounds == 0 || started.elapsed() < at_least {
            for _ in 0..ROUND {
                (self.work)();
            }
            rounds += 1;
        }
        self.rates_per_s.push(f64::from(rounds) * f64::from(ROUND) / started.elapsed().as_secs_f64());
    }
}

fn schedule<C: KeyInit>(key: &[u8; 32]) -> C {
    C::new_from_slice(&key[..C::key_size()]).expect("cut to its length")
}

fn cipher<C: BlockCipherEncrypt + KeyInit>(octets: &mut [u8]) {
    let (blocks, _) = Block::<C>::slice_as_chunks_mut(octets);
    let mut mode = cbc::Encryptor::<C>::inner_iv_init(schedule(KIC), &Iv::<cbc::Encryptor<C>>::default());
    mode.encrypt_blocks(blocks);
}

fn bare_des<C: BlockCipherEncrypt + KeyInit>(octets: &mut [u8]) {
    let cipher_of_mac: C = schedule(KID);
    let mut state = Block::<C>::default();
    for block in octets.chunks_exact(state.len()) {
        for (state, octet) in state.iter_mut().zip(block) {
            *state ^= octet;
        }
        cipher_of_mac.encrypt_block(&mut state);
    }
    black_box(state);
    cipher::<C>(octets);
}

fn bare_aes<C: BlockCipherEncrypt + KeyInit, M: Mac + KeyInit>(octets: &mut [u8]) {
    black_box(schedule::<M>(KID).chain_update(&*octets).finalize());
    cipher::<C>(octets);
}
