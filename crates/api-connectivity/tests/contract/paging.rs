//! Pages of every list (rows C43 to C48).

use crate::common::*;
use muster_domain::sim_campaign::SimCampaignStatus;
use muster_domain::tariff::Package;
use serde_json::{Value, json};

/// Rows of the contract's example.
const ROWS: u64 = 988;

/// As many of everything, and where it is listed.
async fn many(world: &World) -> [&'static str; 5] {
    let mut campaigns: Vec<_> =
        (1..=ROWS as i64).map(|id| campaign(world.organization, PARENT, id)).collect();
    campaigns[0].status = SimCampaignStatus::Process;
    world.campaigns(campaigns).await;
    world.sims(PARENT, 1..=ROWS).await;
    enrol_all(world).await;
    world
        .packages((1..=u128::from(ROWS)).map(|number| package(PARENT, number)).collect::<Vec<Package>>())
        .await;
    world.tariffs((1..=u128::from(ROWS)).map(|number| tariff(PARENT, number)).collect::<Vec<_>>()).await;
    [
        "parent/campaign",
        "parent/campaign/1/participants",
        "parent/package/created-packages",
        "parent/subscriber",
        "parent/offer/created-offers",
    ]
}

async fn enrol_all(world: &World) {
    let names: Vec<_> = (1..=ROWS).map(|number| muster_domain::sim::SimName::Iccid(iccid(number))).collect();
    let sims = world.services.sims.sims_by_names(&names).await.expect("readable");
    let participants = sims.iter().flatten().map(|sim| participant(&sim.value)).collect();
    let campaign = muster_domain::ids::SimCampaignId(1);
    world.write(vec![muster_app::ports::SimWrite::Enrol { campaign, participants }]).await;
}

/// What tells the rows of a list apart.
fn key(row: &Value) -> Value {
    row.get("id").or_else(|| row.get("iccid")).expect("a key").clone()
}

on_both_stores! {
    async fn c43_paging_defaults(world: World) {
        for path in many(&world).await {
            let reply = world.get(path).await.ack();
            assert_eq!(
                reply["pageable"],
                json!({"page": 1, "size": 10, "totalPages": 99, "totalElements": 988}),
                "{path}"
            );
            assert_eq!(reply["content"].as_array().map(Vec::len), Some(10), "{path}");
        }
    }

    async fn c44_c45_c47_last_page_past_the_end_and_largest_size(world: World) {
        for path in many(&world).await {
            let table = [
                ("page=99&size=10", 8, json!({"page": 99, "size": 10, "totalPages": 99, "totalElements": 988})),
                ("page=100", 0, json!({"page": 100, "size": 10, "totalPages": 99, "totalElements": 988})),
                ("page=2&size=1000", 0, json!({"page": 2, "size": 1000, "totalPages": 1, "totalElements": 988})),
                ("size=5000", 988, json!({"page": 1, "size": 1000, "totalPages": 1, "totalElements": 988})),
                ("page=2&size=987", 1, json!({"page": 2, "size": 987, "totalPages": 2, "totalElements": 988})),
                (
                    "page=99999999999999999999&size=7",
                    0,
                    json!({"page": u64::MAX, "size": 7, "totalPages": 142, "totalElements": 988}),
                ),
            ];
            for (query, rows, pageable) in table {
                let reply = world.get(&format!("{path}?{query}")).await.ack();
                assert_eq!(reply["pageable"], pageable, "{path}?{query}");
                assert_eq!(reply["content"].as_array().map(Vec::len), Some(rows), "{path}?{query}");
            }
        }
    }

    async fn c46_what_is_no_page_is_refused(world: World) {
        let paths = [
            "parent/campaign", "parent/campaign/1/participants", "parent/package/created-packages",
            "parent/subscriber", "parent/offer/created-offers", "parent/child-customers", "parent/campaign-template",
            "parent/package/my-eligible-packages", "parent/package/my-packages", "subscriber/iccid/1/campaign",
            // Paging parameters are looked at before the customer.
            "stranger/campaign",
        ];
        for path in paths {
            for query in ["size=0", "page=0", "page=x", "size=-1", "page=1.5", "size=", "page=%00"] {
                let message = world.get(&format!("{path}?{query}")).await.nak(400, "GLOBAL_9001");
                let name = query.split('=').next().expect("a name");
                assert!(message.starts_with(&format!("Invalid request parameter: {name}")), "{message}");
            }
        }
        // The token comes before them.
        world.get_as("nobody", "parent/campaign?page=x").await.nak(401, "AUTH_9001");
    }

    async fn c48_all_pages_joined_are_the_list(world: World) {
        for path in many(&world).await {
            let whole: Vec<_> = world.get(&format!("{path}?size=1000")).await.content().iter().map(key).collect();
            assert_eq!(whole.len() as u64, ROWS);
            let mut distinct: Vec<_> = whole.iter().map(Value::to_string).collect();
            distinct.sort();
            distinct.dedup();
            assert_eq!(distinct.len() as u64, ROWS, "{path} repeats a row");
            for size in [10, 37, 400] {
                let mut joined = Vec::new();
                for page in 1..=ROWS.div_ceil(size) {
                    let content = world.get(&format!("{path}?page={page}&size={size}")).await.content();
                    joined.extend(content.iter().map(key));
                }
                assert_eq!(joined, whole, "{path} by {size}");
            }
        }
        let ids = |rows: Vec<Value>| rows.iter().map(|row| row["id"].as_i64().expect("a number")).collect::<Vec<_>>();
        for path in ["parent/campaign?size=1000", "parent/campaign/1/participants?size=1000"] {
            let ids = ids(world.get(path).await.content());
            assert!(ids.is_sorted(), "{path} is in order of id");
        }
    }
}
