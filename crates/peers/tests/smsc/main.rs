//! The message centre over real sockets.

mod client;

use client::{Client, RESPONSE, SUBMIT_SM};
use muster_peers::card::{Algorithm, CardProfile, CardSpec, Key, KeySet};
use muster_peers::hex;
use muster_peers::smsc::{Smsc, SmscSettings};

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
