//! The listener: TLS, patience with slow clients, the number of connections.

use crate::common::{certificate, muster};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

/// Bounds a hang; no test passes or fails by it.
const PATIENCE: Duration = Duration::from_secs(30);
const REQUEST: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Reads until the server closes. A reset counts as the close it is.
fn read_all(stream: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            Err(error)
                if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) =>
            {
                panic!("the server neither answers nor closes")
            }
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn with_a_certificate_the_listener_speaks_tls_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let made = certificate();
    let (chain, key) = (folder.path().join("certificate.pem"), folder.path().join("key.pem"));
    std::fs::write(&chain, &made.pem).unwrap();
    std::fs::write(&key, &made.key_pem).unwrap();
    let server = muster()
        .on_folder(&folder.path().join("data"))
        .args(["--tls-cert", &chain.to_string_lossy(), "--tls-key", &key.to_string_lossy()])
        .serve();
    assert!(server.url().starts_with("https://"), "{}", server.url());

    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(made.der)).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let name = ServerName::try_from("localhost").unwrap();
    let client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut encrypted = StreamOwned::new(client, connect(server.address()));
    encrypted.write_all(REQUEST).unwrap();
    let answer = read_all(&mut encrypted);
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert_eq!(encrypted.conn.alpn_protocol(), Some(&b"http/1.1"[..]));

    let mut plain = connect(server.address());
    plain.write_all(REQUEST).unwrap();
    assert!(!read_all(&mut plain).contains("200 OK"), "a plain request is not answered");
    assert_eq!(server.stop().code(), Some(0));
}

#[test]
fn a_client_that_does_not_send_its_request_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let server = muster().on_folder(folder.path()).setting("server.header_timeout_ms", 100).serve();
    for begun in [&b""[..], b"GET /healthz HTT", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"] {
        let mut slow = connect(server.address());
        slow.write_all(begun).unwrap();
        let answer = read_all(&mut slow);
        assert!(!answer.contains("200 OK"), "{answer}");
    }
    // The same client in a hurry is served, and its idle connection ends too. On a busy machine it may take some
    // tries to be in a hurry.
    let served = (0..1000).any(|_| {
        let mut quick = connect(server.address());
        quick.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").is_ok()
            && read_all(&mut quick).starts_with("HTTP/1.1 200 OK\r\n")
    });
    assert!(served);
}

#[test]
fn connections_beyond_the_limit_are_closed_and_places_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let server = muster().on_folder(folder.path()).setting("server.max_connections", 2).serve();
    let open = || {
        let mut stream = connect(server.address());
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut head = [0; 12];
        stream.read_exact(&mut head).map(|()| stream)
    };
    let first = open().unwrap();
    let second = open().unwrap();
    assert!(open().is_err(), "the third is closed");
    drop(first);
    // The server learns of the closed connection when it next looks at it.
    let third = (0..1000).find_map(|_| open().ok());
    assert!(third.is_some(), "a closed connection gives its place back");
    drop((second, third));
}

#[test]
fn a_head_beyond_its_limit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let server = muster().on_folder(folder.path()).serve();
    let mut stream = connect(server.address());
    let head =
        format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: {}\r\n\r\n", "a".repeat(128 * 1024));
    // The server may close before it has taken all of it.
    let _ = stream.write_all(head.as_bytes());
    let answer = read_all(&mut stream);
    assert!(!answer.contains("200 OK"), "{answer}");
    assert_eq!(server.stop().code(), Some(0));
}

#[test]
fn a_second_signal_ends_a_server_that_waits_for_a_slow_client() {
    let folder = tempfile::tempdir().unwrap();
    let server = muster().on_folder(folder.path()).setting("server.shutdown_grace_ms", 600_000).serve();
    let mut slow = connect(server.address());
    slow.write_all(b"GET /healthz HTTP/1.1\r\n").unwrap();
    // An answered request on a later connection proves that the earlier one was accepted.
    let mut quick = connect(server.address());
    quick.write_all(REQUEST).unwrap();
    assert!(read_all(&mut quick).contains("200 OK"));
    server.process().terminate();
    server.process().stderr.wait_for("asked to stop", server.process());
    server.process().interrupt();
    let finished = server.wait();
    assert_eq!(finished.code(), Some(130), "{}", finished.stderr);
}

#[test]
fn the_grace_bounds_the_wait_for_a_slow_client() {
    let folder = tempfile::tempdir().unwrap();
    let server = muster().on_folder(folder.path()).setting("server.shutdown_grace_ms", 50).serve();
    let mut slow = connect(server.address());
    slow.write_all(b"GET /healthz HTTP/1.1\r\n").unwrap();
    let mut quick = connect(server.address());
    quick.write_all(REQUEST).unwrap();
    assert!(read_all(&mut quick).contains("200 OK"));
    let finished = server.stop();
    assert_eq!(finished.code(), Some(0), "{}", finished.stderr);
}
