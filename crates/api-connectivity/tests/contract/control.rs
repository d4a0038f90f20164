//! Campaigns: made, run, paused, ended, filled and connected (rows C76 to C81).

use crate::common::*;
use muster_app::ports::{Expected, SimWrite};
use muster_domain::ids::{SimCampaignId, TemplateId};
use muster_domain::participant::ParticipantStatus;
use muster_domain::sim_campaign::{Plan, SimCampaignStatus, Wave, WaveCounts, WaveEnd};
use muster_domain::time::Window;
use serde_json::{Value, json};

async fn template_20(world: &World) {
    world.write(vec![SimWrite::Template(Box::new(template(PARENT, 20)))]).await;
}

async fn ask(world: &World, id: i64, status: &str) -> Reply {
    world.put(&format!("parent/campaign/{id}/status"), &json!({ "status": status })).await
}

async fn status(world: &World, id: i64) -> Value {
    world.get(&format!("parent/campaign/{id}")).await.only()["status"].clone()
}

const PARTICIPANTS: &str = "parent/campaign/1/participants";

fn names(numbers: impl IntoIterator<Item = u64>) -> Value {
    bulk(numbers, &json!(null))
}

on_both_stores! {
    async fn c76_a_campaign_is_made_with_its_defaults(world: World) {
        template_20(&world).await;
        world.campaigns([campaign(world.organization, STRANGER, 524)]).await;
        let made = world.post("parent/campaign", &json!({"name": "Add TIS IMSI", "templateId": 20})).await.accepted();
        assert_eq!(made.as_object().expect("an object").keys().collect::<Vec<_>>(), ["campaignId", "requestId"]);
        assert_eq!(made["campaignId"], 525, "numbers go on after the greatest");
        let expected = json!({
            "id": 525, "name": "Add TIS IMSI", "description": "", "templateId": 20, "status": "CREATED",
            "timestamp": "2023-11-14 22:13:20", "effectiveStart": "2023-11-14 22:13:20",
            "effectiveEnd": "2023-11-15 22:13:20", "maxRetries": 3
        });
        assert_eq!(world.get("parent/campaign").await.content(), [expected]);
        // A window that begins before the campaign was made is legal; one half of it gives the other.
        let body = json!({
            "name": "x", "description": "y", "templateId": 20, "effectiveStart": "2022-08-22 13:08:59", "maxRetries": 0
        });
        let id = world.post("parent/campaign", &body).await.accepted()["campaignId"].as_i64().expect("a number");
        let row = world.get(&format!("parent/campaign/{id}")).await.only();
        assert_eq!(
            (&row["effectiveEnd"], &row["maxRetries"], &row["description"]),
            (&json!("2022-08-23 13:08:59"), &json!(0), &json!("y"))
        );
        let body = json!({"name": "x", "templateId": 20, "effectiveEnd": "2023-11-14 22:13:21", "maxRetries": 10});
        let id = world.post("parent/campaign", &body).await.accepted()["campaignId"].as_i64().expect("a number");
        assert_eq!(world.get(&format!("parent/campaign/{id}")).await.only()["effectiveEnd"], "2023-11-14 22:13:21");
        let message = world.post("sub/campaign", &json!({"name": "x", "templateId": 20})).await.nak(403, "AUTH_9002");
        assert_eq!(message, "Operation not permitted");
    }

    async fn c77_what_is_no_campaign_is_refused(world: World) {
        template_20(&world).await;
        let good = json!({"name": "x", "templateId": 20});
        for (member, value) in [
            ("name", json!(null)), ("name", json!("")), ("name", json!("x".repeat(256))), ("templateId", json!(null)), ("templateId", json!("20")),
            ("templateId", json!(20.5)), ("effectiveStart", json!("2022-08-22T13:08:59")), ("effectiveStart", json!("2022-13-22 13:08:59")),
            ("effectiveStart", json!(1)), ("effectiveEnd", json!("2022-08-22")), ("effectiveEnd", json!("2023-11-14 22:13:20")),
            ("effectiveEnd", json!("2022-01-01 00:00:00")), ("maxRetries", json!(11)), ("maxRetries", json!(-1)),
            ("maxRetries", json!("3")), ("maxRetries", json!(1.5)), ("maxRetries", json!(99_999_999_999_u64)), ("description", json!(7)),
        ] {
            let mut body = good.clone();
            body[member] = value.clone();
            let message = world.post("parent/campaign", &body).await.nak(400, "GLOBAL_9001");
            assert!(message.starts_with(&format!("Invalid request parameter: {member} ")), "{value}: {message}");
        }
        world.write(vec![SimWrite::Template(Box::new(template(SUB, 30)))]).await;
        for template in [json!(21), json!(30), json!(0), json!(-1), json!(i64::MAX)] {
            let body = json!({"name": "x", "templateId": template});
            let message = world.post("parent/campaign", &body).await.nak(404, "CUSTOMER_9004");
            assert_eq!(message, "Campaign template does not exist");
        }
        world.post("stranger/campaign", &good).await.nak(404, "CUSTOMER_1002");
        world.post_as("reader", "parent/campaign", &good).await.nak(403, "AUTH_9002");
        assert_eq!(world.get("parent/campaign").await.content(), Vec::<Value>::new());
    }

    async fn c78_every_arrow_leads_where_it_should(world: World) {
        use SimCampaignStatus as S;
        template_20(&world).await;
        let before = Window { starts_at: NOW.plus_seconds(60), ends_at: NOW.plus_seconds(120) };
        let inside = Window { starts_at: NOW, ends_at: NOW.plus_seconds(60) };
        let over = Window { starts_at: NOW.plus_seconds(-60), ends_at: NOW };
        let table = [
            (S::Created, before, "PROCESS", "SCHEDULED"),
            (S::Created, inside, "PROCESS", "PROCESS"),
            (S::Created, over, "PROCESS", "EXPIRED"),
            (S::Suspend, before, "PROCESS", "SCHEDULED"),
            (S::Suspend, inside, "PROCESS", "PROCESS"),
            (S::Suspend, over, "PROCESS", "EXPIRED"),
            (S::Scheduled, before, "SUSPEND", "SUSPEND"),
            (S::Process, inside, "SUSPEND", "SUSPEND"),
            (S::Created, inside, "CANCELED", "CANCELED"),
            (S::Scheduled, before, "CANCELED", "CANCELED"),
            (S::Process, inside, "CANCELED", "CANCELED"),
            (S::Suspend, inside, "CANCELED", "CANCELED"),
        ];
        for (id, (from, window, asked, expected)) in (1..).zip(table) {
            let mut campaign = campaign(world.organization, PARENT, id);
            (campaign.status, campaign.window) = (from, window);
            campaign.status_changed_at = NOW.plus_seconds(-7);
            world.campaigns([campaign]).await;
            ask(&world, id, asked).await.accepted();
            assert_eq!(status(&world, id).await, expected, "{from:?} {asked}");
            assert_eq!(world.stored_campaign(id).await.value.status_changed_at, NOW);
        }
    }

    async fn c79_every_other_pair_is_refused_and_changes_nothing(world: World) {
        use SimCampaignStatus as S;
        template_20(&world).await;
        let legal = |from: S, asked: &str| match asked {
            "PROCESS" => matches!(from, S::Created | S::Suspend),
            "SUSPEND" => matches!(from, S::Scheduled | S::Process),
            _ => !from.is_terminal(),
        };
        let mut refused = 0;
        for (id, from) in (1..).zip(S::ALL) {
            let mut campaign = campaign(world.organization, PARENT, id);
            campaign.status = from;
            world.campaigns([campaign]).await;
            let before = world.stored_campaign(id).await;
            for asked in ["PROCESS", "SUSPEND", "CANCELED"] {
                if !legal(from, asked) {
                    let message = ask(&world, id, asked).await.nak(409, "CUSTOMER_9005");
                    assert_eq!(message, "Campaign status transition not allowed");
                    refused += 1;
                }
            }
            let after = world.stored_campaign(id).await;
            assert_eq!((after.version, after.value), (before.version, before.value), "{from:?}");
        }
        assert_eq!(refused, 24 - 8, "eight pairs are legal");
        for word in ["CREATED", "SCHEDULED", "COMPLETED", "EXPIRED", "EXCEPTION", "process", "", "RUN"] {
            ask(&world, 1, word).await.nak(400, "GLOBAL_9001");
        }
        world.put("parent/campaign/1/status", &json!({})).await.nak(400, "GLOBAL_9001");
        for id in ["999", "x"] {
            world.put(&format!("parent/campaign/{id}/status"), &json!({"status": "PROCESS"})).await.nak(404, "CUSTOMER_1037");
        }
        let body = json!({"status": "PROCESS"});
        world.put("sub/campaign/1/status", &body).await.nak(403, "AUTH_9002");
        world.put("stranger/campaign/1/status", &body).await.nak(404, "CUSTOMER_1002");
        world.put_as("reader", "parent/campaign/1/status", &body).await.nak(403, "AUTH_9002");
        assert_eq!(status(&world, 1).await, "CREATED");
    }

    async fn c78_waves_are_fixed_when_it_first_runs_and_thresholds_count_anew_each_time(world: World) {
        template_20(&world).await;
        let mut planned = campaign(world.organization, PARENT, 1);
        let wave = Wave { cards: None, percent: Some(50), success_percent: 100, then: WaveEnd::Pause };
        planned.plan = Plan { waves: vec![wave], ..Plan::default() };
        world.campaigns([planned]).await;
        world.sims(PARENT, 1..=6).await;
        world.enrol(1, 1..=4).await;
        ask(&world, 1, "PROCESS").await.accepted();
        let runtime = world.stored_campaign(1).await.value.runtime;
        assert_eq!((runtime.limits, runtime.wave, runtime.baseline), (vec![2], 0, Vec::new()));
        // An attempt fails; the campaign is paused and resumed, with more cards than at first.
        let key = [(SimCampaignId(1), 0)];
        let loaded = world.services.sims.load_participants(&key).await.expect("readable").remove(0).expect("it exists");
        let mut participant = loaded.participant;
        participant.status = ParticipantStatus::Retry;
        participant.attempt = 1;
        let counts = WaveCounts { attempts_failed: 1, ..WaveCounts::default() };
        let write = muster_app::ports::ParticipantWrite {
            participant, revision: loaded.revision, from: ParticipantStatus::Pending, wave: 0, counts, key_set: None,
            while_running: true, now: NOW,
        };
        world.services.sims.commit_participants(vec![write]).await.remove(0).expect("written");
        ask(&world, 1, "SUSPEND").await.accepted();
        world.alter_campaign(1, |campaign| "paused by a threshold".clone_into(&mut campaign.reason)).await;
        world.enrol(1, 5..=6).await;
        ask(&world, 1, "PROCESS").await.accepted();
        let campaign = world.stored_campaign(1).await.value;
        assert_eq!(campaign.runtime.limits, [2], "the waves stay");
        assert_eq!(campaign.runtime.baseline, [counts], "what came before does not count");
        assert_eq!(campaign.reason, "", "the reason for the pause is gone with it");
    }

    async fn c78_a_template_that_does_nothing_cannot_run(world: World) {
        let mut empty = template(PARENT, 20);
        empty.operations.clear();
        world.write(vec![SimWrite::Template(Box::new(empty))]).await;
        let body = json!({"name": "Keys", "kind": "KEY_WRITE"});
        let made = world.post("parent/campaign-template", &body).await.accepted()["templateId"].as_i64().expect("a number");
        let mut second = campaign(world.organization, PARENT, 2);
        second.template = TemplateId(made);
        world.campaigns([campaign(world.organization, PARENT, 1), second]).await;
        for id in [1, 2] {
            ask(&world, id, "PROCESS").await.accepted();
            assert_eq!(status(&world, id).await, "EXCEPTION");
            assert!(world.stored_campaign(id).await.value.reason.contains("template"));
            ask(&world, id, "CANCELED").await.nak(409, "CUSTOMER_9005");
        }
    }

    async fn c79_a_command_that_the_engine_overtakes(world: World) {
        template_20(&world).await;
        let mut running = campaign(world.organization, PARENT, 1);
        running.status = SimCampaignStatus::Process;
        world.campaigns([running]).await;
        let stored = world.stored_campaign(1).await;
        let expected = Expected::Version(stored.version);
        let overtake = |status| {
            let mut ended = stored.value.clone();
            ended.status = status;
            vec![SimWrite::Campaign { campaign: Box::new(ended), expected }]
        };
        *world.faults.overtaken_by.lock() = vec![overtake(SimCampaignStatus::Completed)];
        ask(&world, 1, "SUSPEND").await.nak(409, "CUSTOMER_9005");
        assert_eq!(status(&world, 1).await, "COMPLETED");
        // A change that does not stand in the way is kept.
        let mut second = campaign(world.organization, PARENT, 2);
        second.status = SimCampaignStatus::Process;
        world.campaigns([second]).await;
        let stored = world.stored_campaign(2).await;
        let mut moved = stored.value;
        moved.runtime.wave = 1;
        let expected = Expected::Version(stored.version);
        *world.faults.overtaken_by.lock() = vec![vec![SimWrite::Campaign { campaign: Box::new(moved), expected }]];
        ask(&world, 2, "SUSPEND").await.accepted();
        let campaign = world.stored_campaign(2).await.value;
        assert_eq!((campaign.status, campaign.runtime.wave), (SimCampaignStatus::Suspend, 1));
    }

    async fn c80_sims_of_ones_own_tree_are_enrolled(world: World) {
        world.campaigns([campaign(world.organization, PARENT, 1)]).await;
        world.sims(PARENT, [1]).await;
        world.sims(SUB, [2]).await;
        world.sims(OTHER_SUB, 3..=203).await;
        assert_eq!(world.post(PARTICIPANTS, &names([2, 1])).await.accepted_all().len(), 2);
        let rows = world.get(PARTICIPANTS).await.content();
        assert_eq!(rows.iter().map(|row| row["iccid"].clone()).collect::<Vec<_>>(), [iccid(2), iccid(1)], "in order");
        for row in &rows {
            assert_eq!(
                (&row["status"], &row["attempt"], &row["code"], &row["message"]),
                (&json!("PENDING"), &json!(0), &json!(""), &json!(""))
            );
        }
        for status in [SimCampaignStatus::Scheduled, SimCampaignStatus::Process, SimCampaignStatus::Suspend] {
            world.alter_campaign(1, |campaign| campaign.status = status).await;
            let number = 3 + world.get(PARTICIPANTS).await.ack()["pageable"]["totalElements"].as_u64().expect("a number");
            world.post(PARTICIPANTS, &names([number])).await.accepted_all();
        }
        let by_number = json!({"bulk": [{"subscriberIdentifiers": {"type": "MSISDN", "value": "+882285000000100"}}]});
        world.post(PARTICIPANTS, &by_number).await.accepted_all();
        let rest: Vec<u64> = (3..=203).filter(|number| ![5, 6, 7, 100].contains(number)).collect();
        assert_eq!(world.post(PARTICIPANTS, &names(rest.iter().copied().take(200))).await.accepted_all().len(), rest.len().min(200));
        world.post(PARTICIPANTS, &names(1..=201)).await.nak(400, "GLOBAL_9001");
    }

    async fn c81_sims_that_cannot_be_enrolled(world: World) {
        template_20(&world).await;
        world.campaigns([campaign(world.organization, PARENT, 1), campaign(world.organization, STRANGER, 2)]).await;
        world.sims(PARENT, 1..=4).await;
        world.sims(GRANDCHILD, [5]).await;
        world.sims(STRANGER, [6]).await;
        world.post(PARTICIPANTS, &names([1])).await.accepted_all();
        for (numbers, code, failed) in [
            (vec![2, 9], "SUBSCRIBER_1002", vec![1]),
            (vec![2, 5], "SUBSCRIBER_1002", vec![1]),
            (vec![6, 2], "SUBSCRIBER_1002", vec![0]),
            (vec![2, 1], "SUBSCRIBER_9003", vec![1]),
            (vec![2, 2], "SUBSCRIBER_9003", vec![1]),
            (vec![1, 2, 6, 3, 2], "SUBSCRIBER_9003", vec![0, 2, 4]),
            (vec![6, 1], "SUBSCRIBER_1002", vec![0, 1]),
        ] {
            let status = if code == "SUBSCRIBER_1002" { 404 } else { 409 };
            let message = world.post(PARTICIPANTS, &names(numbers.clone())).await.nak(status, code);
            let named: Vec<_> = (0..numbers.len()).filter(|place| message.contains(&format!("[{place}]"))).collect();
            assert_eq!(named, failed, "{numbers:?}: {message}");
        }
        assert_eq!(world.get(PARTICIPANTS).await.content().len(), 1, "all of them or none");
        for status in SimCampaignStatus::ALL.into_iter().filter(|status| status.is_terminal()) {
            world.alter_campaign(1, |campaign| campaign.status = status).await;
            world.post(PARTICIPANTS, &names([2])).await.nak(409, "CUSTOMER_9005");
        }
        for campaign in ["2", "9", "x"] {
            world.post(&format!("parent/campaign/{campaign}/participants"), &names([2])).await.nak(404, "CUSTOMER_1037");
        }
        world.post("sub/campaign/1/participants", &names([2])).await.nak(403, "AUTH_9002");
        world.post("stranger/campaign/2/participants", &names([6])).await.nak(404, "CUSTOMER_1002");
        world.post_as("reader", PARTICIPANTS, &names([2])).await.nak(403, "AUTH_9002");
    }

    async fn a_connected_sub_customer_looks_and_does_not_touch(world: World) {
        template_20(&world).await;
        world.campaigns([campaign(world.organization, PARENT, 1), campaign(world.organization, STRANGER, 2)]).await;
        world.sims(OTHER_SUB, [1]).await;
        world.sims(SUB, [2]).await;
        world.enrol(1, [1]).await;
        world.get_as("sub", "sub/campaign/1").await.nak(404, "CUSTOMER_1037");
        world.put("sub/campaign/1/connect", &json!({})).await.accepted();
        world.put("sub/campaign/1/connect", &json!({})).await.accepted();
        assert_eq!(world.get_as("sub", "sub/campaign").await.content().len(), 1);
        assert_eq!(world.get_as("sub", "sub/campaign/1/participants").await.content()[0]["iccid"], iccid(1));
        world.get_as("other-sub", "other-sub/campaign/1").await.nak(404, "CUSTOMER_1037");
        world.put_as("sub", "sub/campaign/1/status", &json!({"status": "CANCELED"})).await.nak(403, "AUTH_9002");
        world.post_as("sub", "sub/campaign/1/participants", &names([2])).await.nak(403, "AUTH_9002");
        world.put_as("sub", "grandchild/campaign/1/connect", &json!({})).await.nak(403, "AUTH_9002");
        world.put("parent/campaign/1/connect", &json!({})).await.nak(403, "AUTH_9002");
        world.put("sub/campaign/2/connect", &json!({})).await.nak(404, "CUSTOMER_1037");
        world.put("stranger/campaign/1/connect", &json!({})).await.nak(404, "CUSTOMER_1002");
        world.put("grandchild/campaign/1/connect", &json!({})).await.nak(404, "CUSTOMER_1002");
    }
}
