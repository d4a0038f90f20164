//! Participants of a campaign (rows C18 to C29).

use crate::common::*;
use muster_app::ports::{NewParticipant, StoreError};
use muster_domain::ids::ParticipantId;
use muster_domain::participant::ParticipantStatus;
use muster_domain::sim_campaign::SimCampaignStatus;
use serde_json::{Value, json};

const FIELDS: [&str; 7] = ["id", "iccid", "status", "attempt", "code", "message", "timestamp"];
const LINE: &str = "OK - UPDATE - 3F00/ADF1/6F31 - data: 05 ...";

/// The campaign of the contract's example with its two participants.
async fn samples(world: &World) {
    let mut running = campaign(world.organization, PARENT, 67);
    running.status = SimCampaignStatus::Process;
    world.campaigns([running]).await;
    world.sims(PARENT, [3, 52]).await;
    world
        .enrol_with(67, [3, 52], |participant| {
            let done = participant.iccid.as_str() == iccid(3);
            *participant = NewParticipant {
                id: Some(ParticipantId(if done { 1_030_247 } else { 1_040_348 })),
                status: if done { ParticipantStatus::Completed } else { ParticipantStatus::Retry },
                attempt: if done { 1 } else { 3 },
                code: "200".to_owned(),
                message: LINE.to_owned(),
                updated_at: at(if done { "2022-02-11 14:21:53" } else { "2022-08-22 14:13:59" }),
                ..participant.clone()
            };
        })
        .await;
}

async fn statuses(world: &World, campaign: i64) -> Vec<String> {
    let content = world.get(&format!("parent/campaign/{campaign}/participants")).await.content();
    content.iter().map(|row| row["status"].as_str().expect("a text").to_owned()).collect()
}

on_both_stores! {
    async fn c18_c19_c20_the_sample_participants(world: World) {
        samples(&world).await;
        let expected: Vec<Value> =
            serde_json::from_str(include_str!("fixtures/participants.json")).expect("a fixture");
        let reply = world.get("parent/campaign/67/participants").await;
        assert_eq!(reply.content(), expected);
        for row in reply.content() {
            assert_eq!(row.as_object().expect("an object").keys().map(String::as_str).collect::<Vec<_>>(), FIELDS);
        }
        assert!(reply.body.contains(r#""attempt":1,"code":"200","message":"OK - UPDATE"#), "{}", reply.body);
        assert_eq!(world.get("parent/campaign/67/participants/").await.body, reply.body);
    }

    async fn c21_every_status_has_its_word(world: World) {
        use ParticipantStatus as P;
        use SimCampaignStatus as C;
        // Stored status, the campaign's status, and what a reader is shown.
        let table = [
            (P::Pending, C::Process, "PENDING"),
            (P::Completed, C::Process, "COMPLETED"),
            (P::Pending, C::Suspend, "SUSPENDED"),
            (P::Retry, C::Suspend, "SUSPENDED"),
            (P::Progress, C::Process, "PROGRESS"),
            (P::Wait, C::Suspend, "WAIT"),
            (P::Retry, C::Process, "RETRY"),
            (P::Retry, C::Canceled, "CANCELED"),
            (P::Pending, C::Expired, "CANCELED"),
            (P::Wait, C::Canceled, "CANCELING"),
            (P::Exception, C::Completed, "EXCEPTION"),
            (P::Wait, C::Exception, "EXCEPTION"),
        ];
        world.sims(PARENT, [1]).await;
        for (id, (stored, status, _)) in (1..).zip(table) {
            let mut running = campaign(world.organization, PARENT, id);
            running.status = SimCampaignStatus::Process;
            world.campaigns([running]).await;
            world.enrol_with(id, [1], |participant| participant.status = stored).await;
            world.alter_campaign(id, |campaign| campaign.status = status).await;
        }
        for (id, (stored, status, shown)) in (1..).zip(table) {
            assert_eq!(statuses(&world, id).await, [shown], "{stored:?} in {status:?}");
        }
        let words: std::collections::BTreeSet<_> = table.iter().map(|(_, _, shown)| *shown).collect();
        assert_eq!(words.len(), 9, "{words:?}");
    }

    async fn c21_what_a_campaign_does_to_its_participants_is_shown_with_its_time(world: World) {
        samples(&world).await;
        let later = at("2023-01-01 00:00:00");
        world
            .alter_campaign(67, |campaign| {
                campaign.status = SimCampaignStatus::Expired;
                campaign.status_changed_at = later;
            })
            .await;
        let content = world.get("parent/campaign/67/participants").await.content();
        // The one with an outcome keeps it, and its time.
        assert_eq!((&content[0]["status"], &content[0]["timestamp"]), (&json!("COMPLETED"), &json!("2022-02-11 14:21:53")));
        // The other one was overtaken; its code stays that of its last message.
        assert_eq!(
            content[1],
            json!({
                "id": 1_040_348, "iccid": iccid(52), "status": "CANCELED", "attempt": 3, "code": "200",
                "message": "Campaign expired", "timestamp": "2023-01-01 00:00:00"
            })
        );
        world.alter_campaign(67, |campaign| campaign.status = SimCampaignStatus::Canceled).await;
        let content = world.get("parent/campaign/67/participants").await.content();
        assert_eq!((&content[1]["status"], &content[1]["message"]), (&json!("CANCELED"), &json!(LINE)));
    }

    async fn c22_before_the_first_send(world: World) {
        world.campaigns([campaign(world.organization, PARENT, 1)]).await;
        world.sims(PARENT, [1]).await;
        world.enrol(1, [1]).await;
        let reply = world.get("parent/campaign/1/participants").await;
        let row = &reply.content()[0];
        assert_eq!(
            (&row["status"], &row["attempt"], &row["code"], &row["message"]),
            (&json!("PENDING"), &json!(0), &json!(""), &json!(""))
        );
        assert_eq!(row["timestamp"], "2023-11-14 22:13:20", "the enrolment is the first change");
    }

    async fn c23_c24_c25_what_is_not_seen_does_not_exist(world: World) {
        samples(&world).await;
        world.campaigns([campaign(world.organization, STRANGER, 600)]).await;
        world.get(&format!("customer/{NOBODY}/campaign/67/participants")).await.nak(404, "CUSTOMER_1002");
        world.get("customer/x/campaign/67/participants").await.nak(404, "CUSTOMER_1002");
        let unknown = world.get("parent/campaign/68/participants").await;
        unknown.nak(404, "CUSTOMER_1037");
        for id in ["600", "abc", "0"] {
            let reply = world.get(&format!("parent/campaign/{id}/participants")).await;
            assert_eq!((reply.status, &reply.body), (unknown.status, &unknown.body), "{id}");
        }
        world.get("sub/campaign/67/participants").await.nak(404, "CUSTOMER_1037");
    }

    async fn c26_a_store_that_does_not_answer(world: World) {
        samples(&world).await;
        *world.faults.reads.lock() = Some(StoreError::Unreachable("secret-host".to_owned()));
        let message = world.get("parent/campaign/67/participants").await.nak(503, "GLOBAL_1001");
        assert_eq!(message, "Service unavailable. Please try again");
    }

    async fn c27_a_campaign_without_participants(world: World) {
        world.campaigns([campaign(world.organization, PARENT, 1)]).await;
        let reply = world.get("parent/campaign/1/participants").await.ack();
        assert_eq!(reply["content"], json!([]));
        assert_eq!(reply["pageable"], json!({"page": 1, "size": 10, "totalPages": 0, "totalElements": 0}));
    }

    async fn c29_the_timestamp_moves_with_the_status(world: World) {
        world.write(vec![muster_app::ports::SimWrite::Template(Box::new(template(PARENT, 20)))]).await;
        world.campaigns([campaign(world.organization, PARENT, 1)]).await;
        world.sims(PARENT, [1]).await;
        world.enrol(1, [1]).await;
        let timestamp = async || world.get("parent/campaign/1/participants").await.content()[0]["timestamp"].clone();
        let made = world.get("parent/campaign/1").await.only()["timestamp"].clone();
        assert_eq!(timestamp().await, "2023-11-14 22:13:20");
        world.clock.advance_s(60);
        world.put("parent/campaign/1/status", &json!({"status": "PROCESS"})).await.accepted();
        assert_eq!(timestamp().await, "2023-11-14 22:13:20", "running the campaign changes nothing of the SIM");
        world.clock.advance_s(60);
        world.put("parent/campaign/1/status", &json!({"status": "SUSPEND"})).await.accepted();
        assert_eq!(statuses(&world, 1).await, ["SUSPENDED"]);
        assert_eq!(timestamp().await, "2023-11-14 22:15:20");
        assert_eq!(world.get("parent/campaign/1").await.only()["timestamp"], made, "a campaign's stays");
    }
}
