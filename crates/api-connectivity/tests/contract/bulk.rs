//! What holds for every bulk call (§2.6): all entries or none, and the failed ones are named.

use crate::common::*;
use serde_json::json;

on_both_stores! {
    async fn c58_c72_entries_that_fail_are_named_and_nothing_is_done(world: World) {
        world.sims(PARENT, [1, 2]).await;
        world.sims(STRANGER, [3]).await;
        let body = bulk([1, 3, 2, 4], &json!({"status": "SUSPEND"}));
        let message = world.put("bulk/subscriber/status", &body).await.nak(404, "SUBSCRIBER_1002");
        assert_eq!(
            message,
            format!(
                "Subscriber does not exist. Nothing was done; failed entries: [1] ICCID {}: SUBSCRIBER_1002; \
                 [3] ICCID {}: SUBSCRIBER_1002",
                iccid(3), iccid(4)
            )
        );
        assert_eq!(world.get(&format!("subscriber/iccid/{}", iccid(1))).await.only()["subsStatus"], "ACTIVE");
        // The first failed entry decides about the code.
        let mut body = bulk([1, 2, 3], &json!({"status": "SUSPEND"}));
        body["bulk"][1]["content"]["status"] = json!("suspend");
        body["bulk"][2]["subscriberIdentifiers"]["type"] = json!("EID");
        let message = world.put("bulk/subscriber/status", &body).await.nak(400, "GLOBAL_9001");
        assert!(message.contains("[1]") && message.contains("status (") && message.contains("[2] EID"), "{message}");
        assert_eq!(world.get(&format!("subscriber/iccid/{}", iccid(1))).await.only()["subsStatus"], "ACTIVE");
    }

    async fn c58_names_of_each_kind_and_one_sim_twice(world: World) {
        world.sims(PARENT, [1, 2]).await;
        let node = |kind: &str, value: &str, status: &str| {
            json!({"subscriberIdentifiers": {"type": kind, "value": value}, "content": {"status": status}})
        };
        let body = json!({"bulk": [
            node("IMSI", "901405000000001", "INACTIVE"), node("MSISDN", "+882285000000002", "INACTIVE"),
            node("IMEI", "350000000000001", "TERMINATED"),
        ]});
        assert_eq!(world.put("bulk/subscriber/status", &body).await.accepted_all().len(), 3);
        let status = async |number| {
            world.get(&format!("subscriber/iccid/{}", iccid(number))).await.only()["subsStatus"].clone()
        };
        assert_eq!(status(1).await, "TERMINATED", "the last entry counts");
        assert_eq!(status(2).await, "INACTIVE");
        for (kind, value) in [("imsi", "901405000000001"), ("IMEISV", "3500000000000017"), ("", "1"), ("IMSI", "")] {
            let body = json!({"bulk": [node(kind, value, "ACTIVE")]});
            world.put("bulk/subscriber/status", &body).await.nak(400, "GLOBAL_9001");
        }
        for body in [
            json!({"bulk": [{"content": {"status": "ACTIVE"}}]}), json!({"bulk": [{}]}), json!({"bulk": [1]}),
            json!({"bulk": [{"subscriberIdentifiers": "x", "content": {"status": "ACTIVE"}}]}),
            json!({"bulk": [{"subscriberIdentifiers": {"type": "IMSI", "value": 901_405_000_000_001_u64}, "content": {}}]}),
            bulk([1], &json!("x")), bulk([1], &json!(null)), bulk(1..=201, &json!({"status": "ACTIVE"})),
        ] {
            world.put("bulk/subscriber/status", &body).await.nak(400, "GLOBAL_9001");
        }
        assert_eq!(status(1).await, "TERMINATED");
    }
}
