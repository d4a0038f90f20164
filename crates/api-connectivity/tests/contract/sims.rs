//! SIMs: read, loaded, put to another status, and their campaigns (rows C57 to C61).

use crate::common::*;
use axum::http::Method;
use muster_app::ports::{SimWrite, StoreError};
use muster_domain::participant::ParticipantStatus;
use muster_domain::sim_campaign::SimCampaignStatus;
use serde_json::{Value, json};

fn node(number: u64) -> Value {
    json!({ "content": {
        "iccid": iccid(number),
        "imsiMsisdnPairs": [{ "imsi": format!("901405{number:09}"), "msisdn": format!("+882285{number:09}") }],
    } })
}

fn nodes(numbers: impl IntoIterator<Item = u64>) -> Value {
    json!({ "bulk": numbers.into_iter().map(node).collect::<Vec<_>>() })
}

async fn total(world: &World, path: &str) -> u64 {
    world.get(path).await.ack()["pageable"]["totalElements"].as_u64().expect("a number")
}

on_both_stores! {
    async fn c57_sims_of_a_customer(world: World) {
        world.sims(PARENT, [1]).await;
        world.sims(SUB, [2]).await;
        world.sims(GRANDCHILD, [3]).await;
        let listed = world.get("parent/subscriber").await.content();
        assert_eq!(
            listed,
            [json!({
                "subscriberId": "dddddddd-0000-4000-8000-000000000001",
                "imsiMsisdnPairs": [{"imsi": "901405000000001", "msisdn": "882285000000001", "isLastActive": true}],
                "iccid": iccid(1), "status": "ACTIVE", "imei": "350000000000001", "imeisv": "",
                "customerId": PARENT.to_string(), "customerName": "Parent"
            })]
        );
        assert_eq!(world.get("sub/subscriber").await.content()[0]["customerName"], "Sub");
        world.get("grandchild/subscriber").await.nak(404, "CUSTOMER_1002");

        let expected = json!({
            "subscriberIdentifiers": {
                "subscriberId": "dddddddd-0000-4000-8000-000000000001",
                "imsiMsisdnPairs": [{"imsi": "901405000000001", "msisdn": "882285000000001", "isLastActive": true}],
                "iccid": iccid(1), "imei": "350000000000001", "imeisv": ""
            },
            "customerId": PARENT.to_string(), "customerName": "Parent", "subsStatus": "ACTIVE", "tags": [],
            "systemLabels": [], "userLabels": [], "alias": ""
        });
        for name in [
            &format!("iccid/{}", iccid(1)), "imsi/901405000000001", "msisdn/882285000000001", "msisdn/+882285000000001",
            "msisdn/%2B882285000000001", "imei/350000000000001",
        ] {
            assert_eq!(world.get(&format!("subscriber/{name}")).await.only(), expected, "{name}");
        }
        assert_eq!(world.get(&format!("subscriber/iccid/{}", iccid(2))).await.only()["customerName"], "Sub");
        let unseen = [
            format!("iccid/{}", iccid(3)), format!("iccid/{}", iccid(9)), "iccid/x".to_owned(), "imsi/1".to_owned(),
            "imsi/%00".to_owned(), "imsi/%FF".to_owned(), format!("imsi/{}", iccid(1)), "imei/0".to_owned(),
            format!("msisdn/{}", "9".repeat(200)), "msisdn/++882285000000001".to_owned(),
        ];
        for name in unseen {
            let message = world.get(&format!("subscriber/{name}")).await.nak(404, "SUBSCRIBER_1002");
            assert_eq!(message, "Subscriber does not exist");
        }
        for kind in ["ICCID", "eid", "subscriberId", "x", "imeisv", "%00"] {
            let message = world.get(&format!("subscriber/{kind}/1")).await.nak(400, "GLOBAL_9001");
            assert!(message.starts_with("Invalid request parameter: type"), "{message}");
        }
        world.get_as("stranger", &format!("subscriber/iccid/{}", iccid(1))).await.nak(404, "SUBSCRIBER_1002");
        world.get_as("sub", &format!("subscriber/iccid/{}", iccid(1))).await.nak(404, "SUBSCRIBER_1002");
    }

    async fn c58_four_statuses(world: World) {
        world.sims(SUB, [1]).await;
        world.sims(STRANGER, [2]).await;
        let path = format!("subscriber/iccid/{}", iccid(1));
        for status in ["SUSPEND", "INACTIVE", "TERMINATED", "ACTIVE", "ACTIVE"] {
            let accepted = world.put(&format!("{path}/status"), &json!({"status": status})).await.accepted();
            assert_eq!(world.get(&path).await.only()["subsStatus"], status);
            let request = accepted["requestId"].as_str().expect("an id");
            assert_eq!(world.get(&format!("global/call/{request}")).await.only()["status"], "SUCCESS");
        }
        for body in [json!({}), json!({"status": "active"}), json!({"status": ""}), json!({"status": null}), json!({"status": 1})] {
            let message = world.put(&format!("{path}/status"), &body).await.nak(400, "GLOBAL_9001");
            assert!(message.starts_with("Invalid request parameter: status"), "{message}");
        }
        let suspend = json!({"status": "SUSPEND"});
        for other in [iccid(2), iccid(9)] {
            world.put(&format!("subscriber/iccid/{other}/status"), &suspend).await.nak(404, "SUBSCRIBER_1002");
        }
        world.put("subscriber/eid/1/status", &suspend).await.nak(400, "GLOBAL_9001");
        *world.faults.writes.lock() = Some(StoreError::Internal("secret".to_owned()));
        let message = world.put(&format!("{path}/status"), &suspend).await.nak(500, "SUBSCRIBER_1008");
        assert_eq!(message, "Failed to update subscriber status");
        *world.faults.writes.lock() = Some(StoreError::Unreachable(String::new()));
        world.put(&format!("{path}/status"), &suspend).await.nak(503, "GLOBAL_1001");
        *world.faults.writes.lock() = None;
        // Somebody else changed the SIM between reading and writing.
        let stored = world.stored_sim(1).await;
        let mut renamed = stored.value;
        renamed.alias = Some("mine".to_owned());
        *world.faults.overtaken_by.lock() = vec![vec![SimWrite::Sim { sim: Box::new(renamed), version: stored.version }]];
        world.put(&format!("{path}/status"), &suspend).await.accepted();
        let row = world.get(&path).await.only();
        assert_eq!((&row["alias"], &row["subsStatus"]), (&json!("mine"), &json!("SUSPEND")), "both changes are there");
    }

    async fn c59_sims_are_loaded(world: World) {
        let mut body = nodes([1]);
        body["bulk"][0]["content"]["imsiMsisdnPairs"] = json!([
            {"imsi": "901405000000001", "msisdn": "+882285000000001"},
            {"imsi": "262011234567890", "isLastActive": true}, {"imsi": "262011234567891", "msisdn": ""}
        ]);
        body["bulk"][0]["content"]["imei"] = json!("352099001761481");
        body["bulk"][0]["content"]["imeisv"] = json!("3520990017614823");
        body["bulk"][0]["content"]["alias"] = json!("pump 7");
        assert_eq!(world.post("parent/subscriber", &body).await.accepted_all().len(), 1);
        let row = world.get("subscriber/imsi/262011234567890").await.only();
        assert_eq!(
            row["subscriberIdentifiers"]["imsiMsisdnPairs"],
            json!([
                {"imsi": "901405000000001", "msisdn": "882285000000001", "isLastActive": false},
                {"imsi": "262011234567890", "msisdn": "", "isLastActive": true},
                {"imsi": "262011234567891", "msisdn": "", "isLastActive": false}
            ])
        );
        assert_eq!((&row["alias"], &row["subsStatus"]), (&json!("pump 7"), &json!("ACTIVE")));
        assert_eq!(row["subscriberIdentifiers"]["imeisv"], "3520990017614823");

        let ids = world.post("sub/subscriber", &nodes(1001..=1200)).await.accepted_all();
        assert_eq!(ids.len(), 200, "an acknowledgement for each");
        assert_eq!(total(&world, "sub/subscriber").await, 200, "a parent loads SIMs for its sub-customer");
        let message = world.post("parent/subscriber", &nodes(2001..=2201)).await.nak(400, "GLOBAL_9001");
        assert!(message.starts_with("Invalid request parameter: bulk"), "{message}");
        for body in [json!({}), json!({"bulk": []}), json!({"bulk": {}}), json!({"bulk": null})] {
            world.post("parent/subscriber", &body).await.nak(400, "GLOBAL_9001");
        }
        world.post("grandchild/subscriber", &nodes([5])).await.nak(404, "CUSTOMER_1002");
        world.post("stranger/subscriber", &nodes([5])).await.nak(404, "CUSTOMER_1002");
        world.post_as("reader", "parent/subscriber", &nodes([5])).await.nak(403, "AUTH_9002");
        assert_eq!(total(&world, "parent/subscriber").await, 1);
    }

    async fn c59_one_bad_node_and_nothing_is_stored(world: World) {
        world.sims(STRANGER, [7]).await;
        let iccid_of = |number: u64| json!(iccid(number));
        let pairs = |imsi: &str, msisdn: &str| json!([{"imsi": imsi, "msisdn": msisdn}]);
        let bad = [
            ("iccid", json!("123")), ("iccid", json!(null)), ("iccid", json!(8_935_771_600_000_000_003_u64)),
            ("iccid", iccid_of(1)), ("iccid", iccid_of(7)),
            ("imsiMsisdnPairs", json!(null)), ("imsiMsisdnPairs", json!([])), ("imsiMsisdnPairs", json!([7])),
            ("imsiMsisdnPairs", pairs("12345", "1")), ("imsiMsisdnPairs", pairs("1234567890123456", "1")),
            ("imsiMsisdnPairs", pairs("26201x", "1")), ("imsiMsisdnPairs", pairs("262019", "+1x")),
            ("imsiMsisdnPairs", pairs("262019", "1234567890123456")),
            // Taken by the first node, by a foreign SIM, and twice in itself.
            ("imsiMsisdnPairs", pairs("901405000000001", "49")), ("imsiMsisdnPairs", pairs("901405000000007", "49")),
            ("imsiMsisdnPairs", pairs("262019", "882285000000007")),
            ("imsiMsisdnPairs", json!([{"imsi": "262019"}, {"imsi": "262019"}])),
            ("imsiMsisdnPairs", json!([{"imsi": "262018", "isLastActive": true}, {"imsi": "262019", "isLastActive": true}])),
            ("imsiMsisdnPairs", json!((0..11).map(|slot| json!({"imsi": format!("26201{slot:02}")})).collect::<Vec<_>>())),
            ("imei", json!("1")), ("imei", json!(350_000_000_000_009_u64)), ("imei", json!("350000000000007")),
            ("imeisv", json!("1")), ("alias", json!("x".repeat(256))),
        ];
        for (member, value) in bad {
            let mut body = nodes(1..=3);
            body["bulk"][1]["content"][member] = value.clone();
            let message = world.post("parent/subscriber", &body).await.nak(400, "GLOBAL_9001");
            assert!(message.contains("[1]") && !message.contains("[0]") && !message.contains("[2]"), "{member} {value}: {message}");
            assert_eq!(total(&world, "parent/subscriber").await, 0, "{member} {value}");
        }
        let mut body = nodes(1..=4);
        body["bulk"][1] = json!("x");
        body["bulk"][3]["content"]["iccid"] = json!("x");
        let message = world.post("parent/subscriber", &body).await.nak(400, "GLOBAL_9001");
        assert!(message.contains("[1]") && message.contains("[3] ICCID x: GLOBAL_9001"), "{message}");
        assert!(!message.contains("[0]") && !message.contains("[2]"), "{message}");
        world.post("parent/subscriber", &nodes(1..=3)).await.accepted_all();
        let again = world.post("parent/subscriber", &nodes(3..=4)).await.nak(400, "GLOBAL_9001");
        assert!(again.contains(&format!("[0] ICCID {}", iccid(3))) && !again.contains("[1]"), "{again}");
        assert_eq!(total(&world, "parent/subscriber").await, 3);
    }

    async fn c59_a_sim_that_somebody_else_loads_in_the_same_moment(world: World) {
        let sim = sim(world.organization, STRANGER, 2);
        *world.faults.overtaken_by.lock() = vec![vec![SimWrite::LoadSims(vec![(sim, Vec::new())])]];
        let message = world.post("parent/subscriber", &nodes(1..=3)).await.nak(400, "GLOBAL_9001");
        assert!(message.contains(&format!("[1] ICCID {}", iccid(2))), "{message}");
        assert_eq!(total(&world, "parent/subscriber").await, 0);
    }

    async fn c60_campaigns_of_a_sim(world: World) {
        world.sims(SUB, [1]).await;
        world.sims(GRANDCHILD, [2]).await;
        for id in [9, 4, 7] {
            let mut running = campaign(world.organization, PARENT, id);
            running.status = SimCampaignStatus::Process;
            world.campaigns([running]).await;
        }
        for id in [9, 4] {
            world
                .enrol_with(id, [1], |participant| {
                    participant.status = ParticipantStatus::Retry;
                    participant.attempt = 2;
                })
                .await;
        }
        let path = format!("subscriber/iccid/{}/campaign", iccid(1));
        let rows = world.get(&path).await.content();
        assert_eq!(rows.iter().map(|row| row["campaignId"].as_i64()).collect::<Vec<_>>(), [Some(4), Some(9)]);
        for row in &rows {
            let keys: Vec<_> = row.as_object().expect("an object").keys().map(String::as_str).collect();
            assert_eq!(keys, ["id", "campaignId", "status", "attempts", "timestamp"]);
            let campaign = &row["campaignId"];
            let listed = world.get(&format!("parent/campaign/{campaign}/participants")).await.content();
            assert_eq!((&row["id"], &row["attempts"]), (&listed[0]["id"], &listed[0]["attempt"]));
            assert_eq!((&row["status"], &row["timestamp"]), (&listed[0]["status"], &listed[0]["timestamp"]));
            assert_eq!(&world.get(&format!("{path}/{campaign}")).await.only(), row);
        }
        world.alter_campaign(4, |campaign| campaign.status = SimCampaignStatus::Suspend).await;
        let rows = world.get(&path).await.content();
        assert_eq!([&rows[0]["status"], &rows[1]["status"]], [&json!("SUSPENDED"), &json!("RETRY")]);
        // The SIM's own customer sees what its parent does to it; a SIM deeper down is still one's own.
        assert_eq!(world.get_as("sub", &path).await.content().len(), 2);
        let deep = format!("subscriber/iccid/{}/campaign", iccid(2));
        assert_eq!(world.get(&deep).await.content(), Vec::<Value>::new());
        world.get_as("other-sub", &path).await.nak(404, "SUBSCRIBER_1002");
        let second = world.get(&format!("{path}?page=2&size=1")).await.ack();
        assert_eq!(second["content"][0]["campaignId"], 9);
        assert_eq!(second["pageable"], json!({"page": 2, "size": 1, "totalPages": 2, "totalElements": 2}));
    }

    async fn c61_unknown_sims_and_campaigns_of_a_sim(world: World) {
        world.sims(PARENT, [1]).await;
        world.sims(STRANGER, [2]).await;
        world.campaigns([campaign(world.organization, PARENT, 4)]).await;
        for number in [2, 3] {
            for campaign in ["", "/4", "/x"] {
                let path = format!("subscriber/iccid/{}/campaign{campaign}", iccid(number));
                world.get(&path).await.nak(404, "SUBSCRIBER_1002");
            }
        }
        for campaign in ["4", "5", "x", "0"] {
            let path = format!("subscriber/iccid/{}/campaign/{campaign}", iccid(1));
            world.get(&path).await.nak(404, "CUSTOMER_1037");
        }
        world.get("subscriber/x/1/campaign").await.nak(400, "GLOBAL_9001");
        let head = World::request("parent", Method::HEAD, &format!("subscriber/iccid/{}/campaign", iccid(1)), None);
        let reply = world.send(head).await;
        assert_eq!((reply.status.as_u16(), reply.body.as_str()), (200, ""));
    }
}
