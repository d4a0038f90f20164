//! A trunk over TLS, whose certificate is verified.

use crate::bench::{Bench, trunk, until};
use muster_app::ports::{OriginateError, Telephony as _};
use muster_drivers::sip::{Transport, TrunkSettings};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

/// A certificate for `localhost` and who vouches for it.
fn certificate() -> (ServerConfig, String) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf =
        CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    (config, authority.pem())
}

/// Answers whatever comes with 200, until the connection ends.
fn answer(stream: TcpStream, config: Arc<ServerConfig>) {
    let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
    let mut text = String::new();
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut buffer) {
        text.push_str(&String::from_utf8_lossy(&buffer[..length]));
        while let Some((request, rest)) = text.split_once("\r\n\r\n") {
            let kept: Vec<_> = request
                .lines()
                .filter(|line| {
                    ["Via:", "From:", "To:", "Call-ID:", "CSeq:"].iter().any(|name| line.starts_with(name))
                })
                .map(|line| if line.starts_with("To:") { format!("{line};tag=far") } else { line.to_owned() })
                .collect();
            let answer = format!("SIP/2.0 200 OK\r\n{}\r\nContent-Length: 0\r\n\r\n", kept.join("\r\n"));
            if stream.write_all(answer.as_bytes()).is_err() {
                return;
            }
            text = rest.to_owned();
        }
    }
}

#[tokio::test]
async fn a_trunk_over_tls_is_up_when_its_certificate_is_vouched_for() {
    let (config, authority) = certificate();
    let (_, stranger) = certificate();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let config = Arc::new(config);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let config = Arc::clone(&config);
            std::thread::spawn(move || answer(stream, config));
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let trunk_with = |name: &str, authority: &str| {
        let path = folder.path().join(format!("{name}.pem"));
        std::fs::write(&path, authority).unwrap();
        TrunkSettings {
            proxy: format!("localhost:{port}"),
            transport: Transport::Tls,
            tls_ca_file: Some(path),
            ..trunk(name, port)
        }
    };
    let bench = Bench::start(vec![trunk_with("good", &authority), trunk_with("bad", &stranger)]).await;
    let health = |name: &str| bench.driver.trunks().into_iter().find(|trunk| trunk.name == name).unwrap();
    until("the one is up", || health("good").up).await;
    until("the other is refused", || health("bad").reason.to_lowercase().contains("certificate")).await;
    assert!(!health("bad").up);
    let call = |trunks: &str| muster_app::ports::Originate {
        attempt: uuid::Uuid::nil(),
        to: "4930222".to_owned(),
        caller_id: None,
        trunks: vec![trunks.to_owned()],
        ring_limit: std::time::Duration::from_secs(1),
        setup_limit: std::time::Duration::from_secs(1),
        listen: false,
    };
    assert_eq!(bench.driver.originate(call("bad")).await, Err(OriginateError::NoTrunk));
}
