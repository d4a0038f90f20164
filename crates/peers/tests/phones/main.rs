//! The phones over real sockets.

mod client;

use client::{Client, offer, tag_of};
use muster_peers::phones::{End, Phones, PhonesSettings, tone_of};
use tokio::net::UdpSocket;

async fn phones(change: impl FnOnce(&mut PhonesSettings)) -> Phones {
    let mut settings = PhonesSettings { speed: 10.0, ..PhonesSettings::default() };
    change(&mut settings);
    Phones::start(settings).await.unwrap()
}

#[tokio::test]
async fn a_call_is_answered_heard_and_hung_up() {
    let phones = phones(|_| ()).await;
    let mut client = Client::new(phones.addr()).await;
    let sound = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let call = client.call("+4930123902", offer(sound.local_addr().unwrap().port()));
    client.send(&call.invite()).await;
    client.response(100, "INVITE").await;
    let ringing = client.response(180, "INVITE").await;
    let answer = client.response(200, "INVITE").await;
    assert_eq!(tag_of(&ringing), tag_of(&answer));
    assert!(
        answer.body().contains("m=audio ") && answer.body().contains(" RTP/AVP 0 101"),
        "{}",
        answer.text
    );
    client.send(&call.ack(&answer)).await;
    let mut packet = [0; 400];
    for _ in 0..5 {
        let (length, from) = sound.recv_from(&mut packet).await.unwrap();
        assert_eq!((length, packet[1] & 0x7F, from.port()), (172, 0, answer.audio_port()));
        sound.send_to(&packet[..length], from).await.unwrap();
    }
    phones.until(|calls, _| calls[0].rtp_received == 5).await;
    client.send(&call.bye(&answer)).await;
    client.response(200, "BYE").await;
    let calls = phones.stop().await;
    let [call] = &calls[..] else { panic!("{calls:?}") };
    assert_eq!((&*call.number, &*call.caller, &*call.behaviour), ("4930123902", "49301000", "answers"));
    assert_eq!((call.end, call.status), (Some(End::CallerHungUp), Some(200)));
    assert!(call.rang_ms() >= Some(200) && call.acknowledged_ms.is_some() && call.waited_ms().is_some());
    assert!(call.rtp_sent >= 5 && call.heard.len() == 1 && !call.heard_tone(tone_of("4930123902")));
}
