//! The message centre over real sockets.

mod client;

use client::{
    BIND_RECEIVER, BIND_TRANSCEIVER, BIND_TRANSMITTER, CANCEL_SM, Client, DELIVER_SM, ENQUIRE_LINK, QUERY_SM,
    RESPONSE, SUBMIT_SM, UNBIND,
};
use muster_peers::card::{Algorithm, CardProfile, CardSpec, Key, KeySet};
use muster_peers::hex;
use muster_peers::smsc::{Smsc, SmscSettings};

/// `command_status` for what the bind does not allow.
const WRONG_BIND_STATE: u32 = 4;
const CARD: &str = "491700000001";
const ICCID: &str = "8949000000000000017";
const UPDATE: &str = "02700000301516091515B000019649A8101ACD2A34D46DD358E7835909E3F256FC1BDA7C5A9131A67A953F52FAC2078DB222FBD497";
const POR: &str = "027100001612B00001000000002A000030DA7DA6A9A8FD4F039000";

fn octets(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

fn card() -> CardSpec {
    let key = |text| Key::new(Algorithm::TripleDes2, &octets(text)).unwrap();
    CardSpec {
        iccid: ICCID.into(),
        imsi: "262011234567890".into(),
        msisdn: CARD.into(),
        key_sets: vec![KeySet {
            kvn: 1,
            kic: key("0F1E2D3C4B5A69788796A5B4C3D2E1F0"),
            kid: key("1032547698BADCFEEFCDAB8967452301"),
            counter: 0,
        }],
        profile: CardProfile::usim(),
    }
}

async fn smsc(change: impl FnOnce(&mut SmscSettings)) -> Smsc {
    let mut settings = SmscSettings {
        system_id: Some("muster".into()),
        password: Some("secret".into()),
        ..SmscSettings::default()
    };
    change(&mut settings);
    Smsc::start(settings, vec![card()]).await.unwrap()
}

#[tokio::test]
async fn ota_5_7_over_a_socket() {
    let smsc = smsc(|_| ()).await;
    let mut client = Client::bound(smsc.address()).await;
    let answer = client.submit(CARD, &octets(UPDATE)).await;
    assert_eq!((answer.command, answer.status, answer.message_id()), (SUBMIT_SM | RESPONSE, 0, "1".into()));

    let receipt = client.delivery().await;
    assert_eq!((receipt.esm_class, &*receipt.source, &*receipt.destination), (0x04, CARD, "4900123"));
    assert_eq!(receipt.tlv(0x001E), Some(&b"1\0"[..]));
    assert_eq!(receipt.tlv(0x0427), Some(&[2][..]));
    assert!(
        receipt.text().starts_with("id:1 sub:001 dlvrd:001 submit date:2601010000 "),
        "{}",
        receipt.text()
    );
    assert!(receipt.text().contains(" stat:DELIVRD err:000 "));

    let por = client.delivery().await;
    assert_eq!((por.esm_class, hex::encode(&por.message)), (0x40, POR.into()));
    assert_eq!((&*por.source, &*por.destination), (CARD, "4900123"));

    smsc.until(|core| core.counters().deliveries_acknowledged == 2).await;
    let executions = smsc.executions();
    assert_eq!(executions.len(), 1);
    assert_eq!(
        (&*executions[0].file, executions[0].counter, &executions[0].data[..]),
        ("3F00/ADF1/6F31", 42, &[5][..])
    );
    smsc.stop().await;
}

#[tokio::test]
async fn who_may_bind_and_what_is_served_before() {
    let scenario = muster_peers::scenario::Scenario::parse("[smsc]\nrefuse_binds = 1\n").unwrap();
    let smsc = smsc(|settings| settings.core.scenario = scenario).await;
    let mut client = Client::connect(smsc.address()).await;
    assert_eq!(client.request(ENQUIRE_LINK, &[]).await.status, 0);
    assert_eq!(client.submit(CARD, &octets(UPDATE)).await.status, WRONG_BIND_STATE);
    assert_eq!(
        client.bind(BIND_TRANSCEIVER, "muster", "secret").await.status,
        0x0D,
        "refused by the scenario"
    );
    assert_eq!(client.bind(BIND_TRANSCEIVER, "other", "secret").await.status, 0x0F);
    assert_eq!(client.bind(BIND_TRANSCEIVER, "muster", "wrong").await.status, 0x0E);
    let bound = client.bind(BIND_TRANSCEIVER, "muster", "secret").await;
    assert_eq!((bound.status, bound.message_id()), (0, "muster-sim".into()));
    assert!(bound.body.ends_with(&[0x02, 0x10, 0x00, 0x01, 0x34]), "sc_interface_version");
    assert_eq!(client.bind(BIND_TRANSCEIVER, "muster", "secret").await.status, 0x05);
    let counters = smsc.counters();
    assert_eq!((counters.binds, counters.binds_refused), (1, 3));

    let unknown = client.request(0x0000_0077, &[]).await;
    assert_eq!((unknown.command, unknown.status), (RESPONSE, 3));
    assert_eq!(client.request(SUBMIT_SM, &[1, 2, 3]).await.status, 2);
    assert_eq!(client.request(UNBIND, &[]).await.command, UNBIND | RESPONSE);
    assert_eq!(client.next_or_end().await, None);
    smsc.until(|core| core.counters().links_lost == 0).await;
}

#[tokio::test]
async fn a_transmitter_sends_and_a_receiver_gets() {
    let smsc = smsc(|_| ()).await;
    let mut transmitter = Client::connect(smsc.address()).await;
    assert_eq!(transmitter.bind(BIND_TRANSMITTER, "muster", "secret").await.status, 0);
    let mut receiver = Client::connect(smsc.address()).await;
    assert_eq!(receiver.bind(BIND_RECEIVER, "muster", "secret").await.status, 0);
    assert_eq!(receiver.submit(CARD, &octets(UPDATE)).await.status, WRONG_BIND_STATE);
    assert_eq!(transmitter.submit(CARD, &octets(UPDATE)).await.status, 0);
    assert_eq!(receiver.delivery().await.esm_class, 0x04);
    assert_eq!(hex::encode(&receiver.delivery().await.message), POR);
}

#[tokio::test]
async fn many_pdus_in_one_write_and_one_pdu_in_many() {
    let smsc = smsc(|_| ()).await;
    let mut client = Client::bound(smsc.address()).await;
    let mut batch = Vec::new();
    for sequence in 100..150 {
        batch.extend(client::pdu(ENQUIRE_LINK, 0, sequence, &[]));
        batch.extend(client::pdu(SUBMIT_SM, 0, sequence, &client::submit_body(CARD, &octets(UPDATE), "", 0)));
    }
    let (front, back) = batch.split_at(batch.len() / 2 + 7);
    client.write(front).await;
    for octet in &back[..40] {
        client.write(&[*octet]).await;
    }
    client.write(&back[40..]).await;
    let (mut answered, mut deliveries) = (Vec::new(), 0);
    while answered.len() < 100 || deliveries < 50 {
        let pdu = client.next().await;
        if pdu.command == DELIVER_SM {
            deliveries += 1;
        } else {
            answered.push((pdu.command, pdu.sequence));
        }
    }
    let expected: Vec<(u32, u32)> = (100..150)
        .flat_map(|sequence| [(ENQUIRE_LINK | RESPONSE, sequence), (SUBMIT_SM | RESPONSE, sequence)])
        .collect();
    assert_eq!(answered, expected);
    // Fifty times the same packet: it ran once.
    assert_eq!(smsc.executions().len(), 1);
}

#[tokio::test]
async fn a_length_that_no_pdu_has_ends_the_connection() {
    for length in [0u32, 15, 16_385, u32::MAX] {
        let smsc = smsc(|_| ()).await;
        let mut client = Client::bound(smsc.address()).await;
        let mut octets = client::pdu(ENQUIRE_LINK, 0, 9, &[]);
        octets[..4].copy_from_slice(&length.to_be_bytes());
        client.write(&octets).await;
        let nack = client.next().await;
        assert_eq!((nack.command, nack.status, nack.sequence), (RESPONSE, 2, 9), "{length}");
        assert_eq!(client.next_or_end().await, None);
        smsc.until(|core| core.counters().links_lost == 1).await;
    }
}

#[tokio::test]
async fn messages_are_cancelled_and_asked_about() {
    let smsc = smsc(|settings| settings.core.latency_ms = 600_000).await;
    let mut client = Client::bound(smsc.address()).await;
    client.submit(CARD, &octets(UPDATE)).await;
    let query = client.request(QUERY_SM, b"1\0\x01\x014900123\0").await;
    assert_eq!((query.status, &query.body[..]), (0, &b"1\0\0\x01\0"[..]), "enroute");
    assert_eq!(client.request(QUERY_SM, b"7\0\x01\x014900123\0").await.status, 0x0C);
    let cancel = b"\x001\0\x01\x014900123\0\x01\x01491700000001\0";
    assert_eq!(client.request(CANCEL_SM, cancel).await.status, 0);
    assert!(client.delivery().await.text().contains("stat:DELETED"));
    let query = client.request(QUERY_SM, b"1\0\x01\x014900123\0").await;
    assert_eq!(query.body[query.body.len() - 2..], [4, 0], "deleted");
    assert_eq!(client.request(CANCEL_SM, cancel).await.status, 0x11);
    assert!(smsc.executions().is_empty());
}

#[tokio::test]
async fn what_was_not_acknowledged_comes_on_the_next_link() {
    let smsc = smsc(|_| ()).await;
    let mut client = Client::bound(smsc.address()).await;
    client.submit(CARD, &octets(UPDATE)).await;
    assert_eq!(client.delivery().await.esm_class, 0x04);
    smsc.until(|core| core.counters().deliveries_acknowledged == 1).await;
    smsc.drop_links();
    while client.next_or_end().await.is_some() {}
    let mut client = Client::bound(smsc.address()).await;
    assert_eq!(hex::encode(&client.delivery().await.message), POR);
    smsc.until(|core| core.counters().deliveries_acknowledged == 2).await;
    assert_eq!(smsc.counters().links_lost, 1);
}

#[tokio::test]
async fn links_drop_before_and_after_the_answer() {
    for (when, answered, ran) in [("before_taking", 0, 0), ("before_answer", 0, 1), ("after_answer", 1, 1)] {
        let text = format!("[[rule]]\ntimes = 1\ndrop_link = \"{when}\"\n");
        let scenario = muster_peers::scenario::Scenario::parse(&text).unwrap();
        let smsc = smsc(|settings| settings.core.scenario = scenario).await;
        let mut client = Client::bound(smsc.address()).await;
        client.send(SUBMIT_SM, &client::submit_body(CARD, &octets(UPDATE), "", 1)).await;
        let mut answers = 0;
        while let Some(pdu) = client.next_or_end().await {
            answers += usize::from(pdu.command == SUBMIT_SM | RESPONSE);
        }
        assert_eq!((answers, smsc.executions().len()), (answered, ran), "{when}");
        // The same octets again: the card runs them once in all.
        let mut client = Client::bound(smsc.address()).await;
        client.send(SUBMIT_SM, &client::submit_body(CARD, &octets(UPDATE), "", 0)).await;
        smsc.until(|core| core.executions().len() == 1 && core.counters().submits == ran as u64 + 1).await;
    }
}

#[tokio::test]
async fn octets_that_are_no_pdu_and_late_answers_come_as_the_rules_say() {
    let text = "[smsc]\ngarbage_every = 2\n[[rule]]\nanswer_ms = 1\n";
    let scenario = muster_peers::scenario::Scenario::parse(text).unwrap();
    let smsc = smsc(|settings| settings.core.scenario = scenario).await;
    let mut client = Client::bound(smsc.address()).await;
    client.send(SUBMIT_SM, &client::submit_body(CARD, &octets(UPDATE), "", 0)).await;
    assert_eq!(client.next().await.command, DELIVER_SM);
    assert_eq!(client.next().await.command, SUBMIT_SM | RESPONSE, "the timer answers by itself");
    client.send(SUBMIT_SM, &client::submit_body(CARD, &octets(UPDATE), "", 0)).await;
    assert_eq!(client.head().await.unwrap()[..4], [0xFF; 4], "a length that nobody would wait for");
}

#[tokio::test]
async fn rules_are_changed_while_a_message_waits() {
    let scenario = muster_peers::scenario::Scenario::parse("[[rule]]\nunreachable = true\n").unwrap();
    let smsc = smsc(|settings| {
        settings.core.scenario = scenario;
        settings.core.alerts = true;
    })
    .await;
    let mut client = Client::bound(smsc.address()).await;
    client.submit(CARD, &octets(UPDATE)).await;
    assert!(smsc.executions().is_empty());
    smsc.set_rules(muster_peers::scenario::Scenario::default());
    let alert = client.next().await;
    assert_eq!((alert.command, alert.body), (0x102, b"\x01\x01491700000001\0\x01\x014900123\0".to_vec()));
    assert_eq!(client.delivery().await.esm_class, 0x04);
    assert_eq!(hex::encode(&client.delivery().await.message), POR);
}

#[tokio::test]
async fn every_change_is_in_the_log_when_the_centre_has_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log.ndjson");
    let path = log.clone();
    let smsc = smsc(|settings| settings.log = Some(path)).await;
    let mut client = Client::bound(smsc.address()).await;
    client.submit(CARD, &octets(UPDATE)).await;
    smsc.stop().await;
    let log = std::fs::read_to_string(log).unwrap();
    let (front, back) = (log.split_once("\"iccid\"").unwrap(), "\"operation\":\"update_binary\",");
    assert!(front.0.starts_with("{\"ordinal\":1,\"at_ms\":17672256"), "{log}");
    let rest = format!(":\"{ICCID}\",\"kvn\":1,\"counter\":42,\"command\":3,{back}");
    assert_eq!(front.1, rest + "\"file\":\"3F00/ADF1/6F31\",\"place\":0,\"data\":\"05\"}\n");
}

#[tokio::test]
async fn a_centre_that_is_dropped_closes_its_connections() {
    let smsc = smsc(|_| ()).await;
    let address = smsc.address();
    let mut client = Client::bound(address).await;
    drop(smsc);
    assert_eq!(client.next_or_end().await, None);
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_centre_that_cannot_start_says_where() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap();
    let error = Smsc::start(SmscSettings { listen, ..SmscSettings::default() }, vec![]).await.unwrap_err();
    assert_eq!(error.to_string(), format!("cannot listen on {listen}"));
    let log = Some(std::path::PathBuf::from("/nowhere/at/all"));
    let error = Smsc::start(SmscSettings { log, ..SmscSettings::default() }, vec![]).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot write the log /nowhere/at/all");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(32))]

    /// Whatever a client writes, the centre goes on serving others.
    #[test]
    fn nothing_that_a_client_writes_stops_the_centre(
        command in proptest::sample::select(vec![1u32, 2, 3, 4, 5, 8, 9, 0x15, 0x103, 0x8000_0005, 0x8000_0000, 0x77]),
        bodies in proptest::collection::vec(proptest::collection::vec(proptest::num::u8::ANY, 0..80), 1..5),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let smsc = smsc(|_| ()).await;
            let mut rude = Client::bound(smsc.address()).await;
            for body in &bodies {
                rude.try_write(&client::pdu(command, 0, 5, body)).await;
            }
            let mut polite = Client::bound(smsc.address()).await;
            assert_eq!(polite.request(ENQUIRE_LINK, &[]).await.status, 0);
        });
    }
}
