//! The face over a real connection: what only raw bytes can say.

use crate::common::*;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Sends bytes, with `ended` also that nothing more comes, and reads the answer to its end.
async fn exchange(address: SocketAddr, bytes: &[u8], ended: bool) -> String {
    let talk = async {
        let mut stream = TcpStream::connect(address).await.expect("the listener accepts");
        stream.write_all(bytes).await.expect("the bytes are sent");
        if ended {
            stream.shutdown().await.expect("the end is sent");
        }
        let mut answer = Vec::new();
        // A peer that gives up resets the connection; what it said before counts.
        drop(stream.read_to_end(&mut answer).await);
        String::from_utf8_lossy(&answer).into_owned()
    };
    tokio::time::timeout(Duration::from_secs(20), talk).await.expect("an answer in time")
}

on_both_stores! {
    async fn e7_raw_bytes_are_answered_or_refused_and_the_server_goes_on(world: World) {
        world.put([CampaignBuilder::new(1)]).await;
        world.ada().await;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("loopback has a free port");
        let address = listener.local_addr().expect("an address");
        let router = world.router();
        let serving = tokio::spawn(async move { axum::serve(listener, router).await });
        let credentials = basic(&world.app.api_key, &world.app.secret);
        let head = |target: &str| {
            format!("{target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {credentials}\r\n")
        };
        let get = |target: &str| format!("{}\r\n", head(&format!("GET {target}"))).into_bytes();
        let good = get(&world.address("v1/campaigns"));

        let answered = [
            ("/priv/v1/apps/key-1/external/users/%ff/campaigns", "ARGUMENT_ERROR"),
            ("/priv/v1/apps/key-1/external/users/%00/campaigns", "VALIDATION"),
            ("/priv/v1/apps/key-1/external/users/%/campaigns", "User_not_found"),
            ("/priv/v1/apps/%ff/campaigns", "INVALID_API_KEY"),
            ("/priv/v1/apps/key-1/campaigns?page=%00", "validation"),
            ("/%ff%00", "NOT_FOUND"),
        ];
        for (target, code) in answered {
            let answer = exchange(address, &get(target), false).await;
            assert!(answer.contains(&format!("\"code\":\"{code}\"")), "{target}: {answer}");
        }
        let mut raw = get("/priv/v1/apps/key-1/external/users/");
        let place = raw.windows(5).position(|bytes| bytes == b" HTTP").expect("the end of the target");
        raw.splice(place..place, [0xFF, 0xFE, 0x00]);
        let refused = [
            raw,
            b"\x16\x03\x01\x02\x00\x01\x00".to_vec(),
            b"GET\r\n\r\n".to_vec(),
            format!("{}Content-Length: 100\r\n\r\n{{\"campaign\":", head("POST /priv/v1/apps/key-1/campaigns")).into_bytes(),
            format!("{}Transfer-Encoding: chunked\r\n\r\nzz\r\n", head("POST /priv/v1/apps/key-1/campaigns")).into_bytes(),
        ];
        for bytes in refused {
            let answer = exchange(address, &bytes, true).await;
            assert!(!answer.contains(" 200 ") && !answer.contains(" 500 "), "{answer}");
            let after = exchange(address, &good, false).await;
            assert!(after.starts_with("HTTP/1.1 200 ") && after.contains("\"status\":\"ok\""), "{after}");
        }
        serving.abort();
    }
}
