//! Cards, a centre, a gateway and somebody who stores.

use muster_app::ports::{
    InboundMessage, RouteState, SeededEntropy, SmsGateway, SmsPacket, SubmitOutcome, message_id_key,
};
use muster_drivers::sms::{RouteSettings, SmppGateway};
use muster_peers::card::{Algorithm, CardProfile, CardSpec, Key, KeySet};
use muster_peers::hex;
use muster_peers::smsc::{Smsc, SmscSettings};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Updates EF_HPPLMN on a card with the test keys of [`cards`].
pub(crate) const UPDATE: &str = "02700000301516091515B000019649A8101ACD2A34D46DD358E7835909E3F256FC1BDA7C5A9131A67A953F52FAC2078DB222FBD497";
/// The card's answer.
pub(crate) const ANSWER: &str = "027100001612B00001000000002A000030DA7DA6A9A8FD4F039000";

pub(crate) fn octets(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

pub(crate) fn number(card: usize) -> String {
    format!("4917{card:08}")
}

/// Cards that hold the same test keys.
pub(crate) fn cards(count: usize) -> Vec<CardSpec> {
    let key = |text| Key::new(Algorithm::TripleDes2, &octets(text)).unwrap();
    let profile = CardProfile::usim();
    let card = |card: usize| CardSpec {
        iccid: format!("8949{card:015}"),
        imsi: format!("26201{card:010}"),
        msisdn: number(card),
        key_sets: vec![KeySet {
            kvn: 1,
            kic: key("0F1E2D3C4B5A69788796A5B4C3D2E1F0"),
            kid: key("1032547698BADCFEEFCDAB8967452301"),
            counter: 0,
        }],
        profile: Arc::clone(&profile),
    };
    (0..count).map(card).collect()
}

pub(crate) async fn centre(cards_count: usize, change: impl FnOnce(&mut SmscSettings)) -> Smsc {
    let mut settings = SmscSettings {
        system_id: Some("muster".into()),
        password: Some("secret".into()),
        ..SmscSettings::default()
    };
    change(&mut settings);
    Smsc::start(settings, cards(cards_count)).await.unwrap()
}

pub(crate) fn route(name: &str, smsc: &Smsc) -> RouteSettings {
    let mut settings = RouteSettings::new(
        name,
        (smsc.address().ip().to_string(), smsc.address().port()),
        ("muster", "secret"),
        "4900123",
    );
    settings.segments_per_second = 10_000;
    settings
}

pub(crate) fn start(routes: Vec<RouteSettings>) -> Arc<SmppGateway> {
    Arc::new(SmppGateway::start(routes, Arc::new(SeededEntropy::new(7))).unwrap())
}

/// Waits until every route stands so.
pub(crate) async fn all_stand(gateway: &SmppGateway, state: RouteState) {
    while gateway.routes().iter().any(|route| route.state != state) {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
}

/// Sends the update to these cards at once, and gives each card's outcome, route first.
pub(crate) async fn update(
    gateway: &Arc<SmppGateway>,
    cards: impl IntoIterator<Item = usize>,
) -> Vec<(usize, String, SubmitOutcome)> {
    let mut sending = JoinSet::new();
    for card in cards {
        let gateway = Arc::clone(gateway);
        let packet = SmsPacket {
            destination: number(card),
            segments: vec![octets(UPDATE)],
            validity_s: 3600,
            reference: card as u16,
            route: None,
        };
        sending.spawn(async move {
            let mut outcome = gateway.send(packet).await;
            (card, outcome.route, outcome.segments.remove(0))
        });
    }
    let mut outcomes = sending.join_all().await;
    outcomes.sort_by_key(|(card, ..)| *card);
    outcomes
}

/// The key of an accepted message's name.
pub(crate) fn key(outcome: &SubmitOutcome) -> String {
    match outcome {
        SubmitOutcome::Accepted { message_id } => message_id_key(message_id),
        other => panic!("{other:?}"),
    }
}

/// Stores everything, and passes it on with the route that it came by.
pub(crate) fn stored(gateway: &SmppGateway) -> mpsc::UnboundedReceiver<(String, InboundMessage)> {
    let mut inbound = gateway.inbound().unwrap();
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(message) = inbound.recv().await {
            let said = (message.route.to_string(), message.message.clone());
            message.stored();
            if sender.send(said).is_err() {
                return;
            }
        }
    });
    receiver
}
