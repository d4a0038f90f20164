//! Trunks and telephones that misbehave.

use crate::world::{World, one_each};
use muster_app::usecases::dialler::CampaignInput;
use muster_domain::calls::call::CallOutcome;
use muster_domain::calls::campaign::Dialling;
use muster_domain::participant::ParticipantStatus;
use muster_peers::phones::{TrunkState, judge};
use muster_testkit::calls::number;

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_trunk_burns_no_contact() {
    let world = World::sqlite(World::phones()).await;
    world.phones.set_trunk(TrunkState::Silent);
    let (campaign, ids) =
        world.agentless(CampaignInput::default(), Dialling::default(), &one_each(5, 900)).await;
    let running = world.start().await;
    world.run(&campaign).await;
    world
        .until("it waits for a trunk, or calls have failed", async || {
            let waits = running.live(&campaign).await.waits_for == "no trunk is up";
            waits || !world.counts(campaign.id).await.outcomes.is_empty()
        })
        .await;
    for id in &ids {
        assert_eq!(world.contact(*id).await.tries, 0);
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_congested_trunk_is_asked_less_often_and_contacts_are_kept() {
    let world = World::sqlite(World::phones()).await;
    world.phones.set_trunk(TrunkState::Congested(1));
    let (campaign, ids) =
        world.agentless(CampaignInput::default(), Dialling::default(), &one_each(10, 900)).await;
    let running = world.start().await;
    world.run(&campaign).await;
    world
        .until("the trunk refused some", async || {
            let counts = world.counts(campaign.id).await;
            counts.outcomes.get(&CallOutcome::Congestion).is_some_and(|count| *count >= 3)
        })
        .await;
    for id in &ids {
        let contact = world.contact(*id).await;
        assert_eq!((contact.tries, contact.status.is_terminal()), (0, false));
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_die_without_a_word_are_closed() {
    let world = World::sqlite(World::phones()).await;
    // 984 vanishes in the call, 985 never answers BYE, 986 to 989 answer with sound that cannot be used, 960 never
    // says anything, 965 never rings, 967 ignores CANCEL's end, 969 ignores CANCEL.
    let numbers: Vec<_> = [984, 985, 986, 987, 988, 989, 960, 965, 967, 969]
        .into_iter()
        .enumerate()
        .map(|(place, behaviour)| vec![number(place, behaviour)])
        .collect();
    let input = CampaignInput { retry_delay_min: Some(600), ..CampaignInput::default() };
    let (campaign, ids) = world.agentless(input, Dialling::default(), &numbers).await;
    let running = world.start().await;
    world.run(&campaign).await;
    world
        .until("every first call is over", async || {
            for id in &ids {
                if world.calls(*id).await.first().is_none_or(muster_domain::calls::call::Call::is_open) {
                    return false;
                }
            }
            true
        })
        .await;
    running.stop().await;
    assert_eq!(world.counts(campaign.id).await.open_calls, 0);
    assert!(judge::called_twice_at_a_time(&world.phones.calls()).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn d79_whoever_calls_in_is_closed_where_the_campaign_says_so() {
    for closes in [true, false] {
        let world = World::sqlite(World::phones()).await;
        let caller = number(1, 900);
        // Nothing is started: the contacts are only waiting.
        let input = CampaignInput { close_on_incoming: Some(closes), ..CampaignInput::default() };
        let (campaign, ids) =
            world.agentless(input, Dialling::default(), &[vec![caller.clone()], vec![number(2, 900)]]).await;
        let running = world.start().await;
        let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let (ours, theirs) = (socket.local_addr().unwrap(), running.address());
        let invite = format!(
            "INVITE sip:4930990000@{theirs} SIP/2.0\r\nVia: SIP/2.0/UDP {ours};branch=z9hG4bKin1\r\n\
             Max-Forwards: 70\r\nFrom: <sip:+{caller}@{ours}>;tag=in1\r\nTo: <sip:4930990000@{theirs}>\r\n\
             Call-ID: in1@{ours}\r\nCSeq: 1 INVITE\r\nContact: <sip:{ours}>\r\nContent-Length: 0\r\n\r\n"
        );
        socket.send_to(invite.as_bytes(), theirs).await.unwrap();
        let mut buffer = [0; 2048];
        loop {
            let received = tokio::time::timeout(std::time::Duration::from_secs(10), socket.recv(&mut buffer));
            let length = received.await.expect("it is answered").unwrap();
            let answer = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if answer.starts_with("SIP/2.0 486") {
                break;
            }
            assert!(answer.starts_with("SIP/2.0 100"), "{answer}");
        }
        if closes {
            world
                .until("the caller's contact is closed", async || {
                    world.contact(ids[0]).await.status == ParticipantStatus::Completed
                })
                .await;
            assert_eq!(world.contact(ids[0]).await.result_code, campaign.incoming_code);
        } else {
            assert_eq!(world.contact(ids[0]).await.status, ParticipantStatus::Pending);
        }
        assert_eq!(world.contact(ids[1]).await.status, ParticipantStatus::Pending);
        running.stop().await;
    }
}
