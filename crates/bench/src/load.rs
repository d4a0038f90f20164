//! A closed-loop HTTP/1.1 load on loopback: as little work for each request as a client can do, so that what is
//! measured is the server. The same generator drives both sides of a comparison.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How a round is driven.
#[derive(Debug, Clone, Copy)]
pub struct Round {
    /// Connections, each with one request under way.
    pub connections: usize,
    /// Seconds before counting starts.
    pub warm_up: Duration,
    /// How long is counted.
    pub measure: Duration,
}

/// What a round came to.
#[derive(Debug, Clone)]
pub struct Measured {
    /// Answers a second.
    pub per_second: f64,
    /// Median latency in microseconds.
    pub p50_us: u32,
    /// 99th percentile in microseconds.
    pub p99_us: u32,
    /// Mean size of a body in bytes.
    pub body_bytes: f64,
}

/// Drives `address` with requests from `request(connection, number)`, each a whole HTTP request that keeps the
/// connection open. Every answer must have status 200.
///
/// # Errors
/// When a connection breaks or an answer is not a 200.
pub fn drive(
    address: SocketAddr,
    round: Round,
    request: impl Fn(usize, u64) -> Vec<u8> + Send + Sync + 'static,
) -> io::Result<Measured> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async move {
        let request = std::sync::Arc::new(request);
        let start = Instant::now();
        let counted_from = start + round.warm_up;
        let until = counted_from + round.measure;
        let tasks: Vec<_> = (0..round.connections)
            .map(|connection| {
                let request = std::sync::Arc::clone(&request);
                tokio::spawn(async move {
                    one_connection(address, counted_from, until, |number| request(connection, number)).await
                })
            })
            .collect();
        let mut latencies = Vec::new();
        let mut bytes = 0;
        for task in tasks {
            let (of_one, read) = task.await.map_err(io::Error::other)??;
            latencies.extend(of_one);
            bytes += read;
        }
        Ok(summarise(latencies, bytes, round.measure))
    })
}

async fn one_connection(
    address: SocketAddr,
    counted_from: Instant,
    until: Instant,
    request: impl Fn(u64) -> Vec<u8>,
) -> io::Result<(Vec<u32>, u64)> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut latencies = Vec::with_capacity(1 << 16);
    let mut body_bytes = 0;
    let mut buffer = Vec::with_capacity(64 * 1024);
    for number in 0.. {
        let begun = Instant::now();
        if begun >= until {
            break;
        }
        stream.write_all(&request(number)).await?;
        let length = read_answer(&mut stream, &mut buffer).await?;
        if begun >= counted_from {
            latencies.push(u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX));
            body_bytes += length as u64;
        }
    }
    Ok((latencies, body_bytes))
}

/// Reads one answer whole and returns the length of its body.
async fn read_answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<usize> {
    buffer.clear();
    loop {
        if let Some(head) = find(buffer, b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
            if !text.starts_with("http/1.1 200") {
                return Err(io::Error::other(format!("unexpected answer: {text:.200}")));
            }
            let length: usize = text
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"))
                .and_then(|value| value.trim().parse().ok())
                .ok_or_else(|| io::Error::other("an answer without content-length"))?;
            while buffer.len() < head + 4 + length {
                if stream.read_buf(buffer).await? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            return Ok(length);
        }
        if stream.read_buf(buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// Turns latencies in microseconds into figures.
pub fn summarise(mut latencies: Vec<u32>, body_bytes: u64, measure: Duration) -> Measured {
    latencies.sort_unstable();
    let count = latencies.len();
    let at = |share: f64| latencies.get(((count as f64 * share) as usize).min(count.saturating_sub(1)));
    Measured {
        per_second: count as f64 / measure.as_secs_f64(),
        p50_us: at(0.5).copied().unwrap_or(0),
        p99_us: at(0.99).copied().unwrap_or(0),
        body_bytes: if count == 0 { 0.0 } else { body_bytes as f64 / count as f64 },
    }
}
