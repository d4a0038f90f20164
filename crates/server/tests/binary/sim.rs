//! `muster sim`.

use crate::common::{assert_one_clear_line, muster};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Sends one PDU and reads the next that comes.
fn request(stream: &mut TcpStream, command: u32, body: &[u8]) -> (u32, u32, Vec<u8>) {
    let mut octets = Vec::new();
    for word in [16 + body.len() as u32, command, 0, 1] {
        octets.extend(word.to_be_bytes());
    }
    octets.extend(body);
    stream.write_all(&octets).unwrap();
    let mut head = [0; 16];
    stream.read_exact(&mut head).unwrap();
    let word = |at: usize| u32::from_be_bytes(head[at..at + 4].try_into().unwrap());
    let mut body = vec![0; word(0) as usize - 16];
    stream.read_exact(&mut body).unwrap();
    (word(4), word(8), body)
}

fn submit(stream: &mut TcpStream, msisdn: &str) -> (u32, u32) {
    let mut body = b"\0\x01\x014900123\0\x01\x01".to_vec();
    body.extend(msisdn.as_bytes());
    body.extend([0, 0x40, 0x7F, 0, 0, 0, 0, 0, 0xF6, 0, 4, 0x02, 0x70, 0, 0]);
    let (command, status, _) = request(stream, 4, &body);
    (command, status)
}

#[test]
fn cards_are_made_bound_to_and_their_faults_fixed_while_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let made = muster().args(["sim", "cards", "--count", "3", "--seed", "7"]).run().expect_success();
    assert_eq!(made.lines().count(), 4);
    let cards = folder.path().join("sims.csv");
    std::fs::write(&cards, &made).unwrap();
    let scenario = folder.path().join("scenario.toml");
    std::fs::write(&scenario, "[[rule]]\nsubmit_status = \"58\"\n").unwrap();

    let running = muster()
        .args(["sim", "smsc", "--listen", "127.0.0.1:0", "--system-id", "muster", "--password", "secret"])
        .args(["--cards", cards.to_str().unwrap(), "--scenario", scenario.to_str().unwrap()])
        .args(["--log", folder.path().join("log.ndjson").to_str().unwrap()])
        .spawn();
    let greeting = running.stdout.wait_for("listens on ", &running);
    assert!(greeting.contains("with 3 cards; \"muster\" may bind"), "{greeting}");
    let address = greeting.split_once("listens on ").unwrap().1.split_whitespace().next().unwrap().to_owned();

    let mut stream = TcpStream::connect(&address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    assert_eq!(request(&mut stream, 9, b"muster\0wrong\0\0\x34\0\0\0").1, 0x0E);
    assert_eq!(request(&mut stream, 9, b"muster\0secret\0\0\x34\0\0\0").1, 0);
    let msisdn = made.lines().nth(1).unwrap().split(',').nth(2).unwrap().to_owned();
    assert_eq!(submit(&mut stream, &msisdn), (0x8000_0004, 0x58));

    std::fs::write(&scenario, "[[rule]]\nno_pro = true\n").unwrap();
    running.stderr.wait_for("the rules stay as they were", &running);
    assert_eq!(submit(&mut stream, &msisdn).1, 0x58);
    std::fs::write(&scenario, "").unwrap();
    running.stdout.wait_for("no rules from now on", &running);
    assert_eq!(submit(&mut stream, &msisdn), (0x8000_0004, 0));

    running.terminate();
    let said = running.wait().expect_success();
    assert!(said.contains("stopped by SIGTERM"), "{said}");
    let counters: serde_json::Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    assert_eq!((&counters["throttled"], &counters["submits"]), (&2.into(), &1.into()));
}

#[test]
fn what_cannot_be_used_is_told_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let cards = folder.path().join("sims.csv");
    let smsc =
        || muster().args(["sim", "smsc", "--listen", "127.0.0.1:0", "--cards", cards.to_str().unwrap()]);
    assert_one_clear_line(&smsc().run(), &["cannot use the cards of", "No such file"]);
    std::fs::write(&cards, "iccid,msisdn\n1,2\n").unwrap();
    assert_one_clear_line(&smsc().run(), &["cannot use the cards of", "line 2: missing field `kvn`"]);
    std::fs::write(&cards, "iccid,msisdn,kvn,kic_algorithm,kic,kid_algorithm,kid\n").unwrap();
    let scenario = folder.path().join("scenario.toml");
    std::fs::write(&scenario, "[[rule]]\nshare = 2.0\n").unwrap();
    let with = || smsc().args(["--scenario", scenario.to_str().unwrap()]);
    assert_one_clear_line(&with().run(), &["cannot use the scenario", "share is not between 0 and 1"]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let there = taken.local_addr().unwrap().to_string();
    let args = ["sim", "smsc", "--generate", "1", "--listen", &there];
    assert_one_clear_line(&muster().args(args).run(), &["cannot simulate a message centre", &there]);
}
