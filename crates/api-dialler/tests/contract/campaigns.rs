//! Campaigns, read (rows D1 to D15).

use crate::common::*;
use muster_domain::calls::hours::{NumberWindow, WeekSpan};

/// Every field of the record.
pub(crate) const FIELDS: [&str; 24] = [
    "ID",
    "ClientsID",
    "Name",
    "UserData",
    "Mode",
    "LanguagesID",
    "bActive",
    "dtFrom",
    "dtTo",
    "ContactPreviewTime",
    "nMaxParallelLines",
    "nMaxRingTime",
    "nMaxTries",
    "nRetryDelay",
    "nBusyTries",
    "nBusyRetryDelay",
    "bMailboxDetection",
    "bCallerIDActive",
    "CallerID",
    "bCloseContactsOnIncomingCallsMatchCallerID",
    "AbortOnNoTelNumberResultCodesID",
    "IncomingCallResultCodesID",
    "ActiveTimes",
    "TimeWindows",
];

on_both_stores! {
    World;

    async fn d1_d3_all_campaigns_in_the_list_envelope(world: World) {
        assert_eq!(world.get("campaigns").await.list(), Vec::<Value>::new());
        world.campaign("A", |_| {}).await;
        world.campaign("B", |_| {}).await;
        let reply = world.get("campaigns?limitStart=1&filter=x").await;
        assert_eq!(texts(&reply.list(), "Name"), ["A", "B"]);
        let head = r#"{"filter":"","limitStart":0,"limitPageSize":-1,"records":[{"ID":"#;
        assert!(reply.body.starts_with(head), "{}", reply.body);
        assert!(
            reply.body.ends_with(r#"],"count":2,"orderBy":"Name","ascending":true,"status":200}"#),
            "{}",
            reply.body
        );
    }

    async fn d2_sorted_by_name_whatever_the_case_then_by_id(world: World) {
        for name in ["beta", "Alpha", "Gamma", "alpha"] {
            world.campaign(name, |_| {}).await;
        }
        assert_eq!(texts(&world.get("campaigns").await.list(), "Name"), ["Alpha", "alpha", "beta", "Gamma"]);
    }

    async fn d4_campaigns_of_another_client_are_not_shown(world: World) {
        world.campaign_of(OTHER, "Theirs", |_| {}).await;
        world.campaign("Ours", |_| {}).await;
        assert_eq!(texts(&world.get("campaigns").await.list(), "Name"), ["Ours"]);
        world.get("campaigns/campaign?name=Theirs").await.error(404);
    }

    async fn d5_d50_one_campaign_at_both_addresses(world: World) {
        let campaign = world.campaign("Campaign 1000", |_| {}).await;
        for path in [format!("campaigns/{}", campaign.id), campaign.path()] {
            let record = world.get(&path).await.only();
            assert_eq!((&record["ID"], &record["Name"]), (&json!(campaign.id), &json!("Campaign 1000")));
        }
    }

    async fn d6_an_unknown_campaign_is_not_found(world: World) {
        for path in ["campaigns/999", "campaigns/campaign/999", "campaigns/-1", "campaigns/99999999999999999999"] {
            let reply = world.get(path).await;
            assert_eq!(reply.error(404), "Dialler campaign not found", "{path}");
            assert_eq!(reply.body, r#"{"status":404,"error":"Dialler campaign not found"}"#);
        }
    }

    async fn d7_another_clients_campaign_is_not_found(world: World) {
        let theirs = world.campaign_of(OTHER, "Theirs", |_| {}).await;
        let reply = world.get(&format!("campaigns/{}", theirs.id)).await;
        assert_eq!(reply.error(404), "Dialler campaign not found");
    }

    async fn d8_what_is_no_integer_is_refused(world: World) {
        for path in ["campaigns/abc", "campaigns/1.0", "campaigns/+1", "campaigns/%20", "campaigns/campaign/x"] {
            assert!(world.get(path).await.error(400).starts_with("Invalid parameter: DiallerCampaignsID"));
        }
    }

    async fn d9_every_field_is_there_and_null_where_unset(world: World) {
        let bare = world.campaign("Bare", |campaign| {
            campaign.no_number_code = None;
            campaign.incoming_code = None;
        }).await;
        let record = world.get(&bare.path()).await.only();
        let keys: Vec<_> = record.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(keys, FIELDS);
        for (key, expected) in [
            ("UserData", json!(null)),
            ("dtFrom", json!(null)),
            ("dtTo", json!(null)),
            ("nMaxParallelLines", json!(null)),
            ("CallerID", json!(null)),
            ("AbortOnNoTelNumberResultCodesID", json!(null)),
            ("IncomingCallResultCodesID", json!(null)),
            ("ClientsID", json!(1)),
            ("Mode", json!("manual")),
            ("nMaxRingTime", json!(30)),
            ("nMaxTries", json!(5)),
            ("nRetryDelay", json!(60)),
            ("nBusyTries", json!(3)),
            ("nBusyRetryDelay", json!(5)),
            ("bMailboxDetection", json!(false)),
            ("ActiveTimes", json!([])),
            ("TimeWindows", json!([])),
        ] {
            assert_eq!(record[key], expected, "{key}");
        }
        let full = world.campaign("Full", |campaign| {
            let span = WeekSpan { weekday: 1, from: "09:00".to_owned(), to: "17:00".to_owned() };
            campaign.valid_to = Some(NOW);
            campaign.active_times = vec![span.clone()];
            campaign.time_windows = vec![NumberWindow { number: 2, span }];
        }).await;
        let record = world.get(&full.path()).await.only();
        let span = json!({"Weekday": 1, "From": "09:00", "To": "17:00"});
        let window = json!({"PhoneNumber": 2, "Weekday": 1, "From": "09:00", "To": "17:00"});
        assert_eq!((&record["ActiveTimes"][0], &record["TimeWindows"][0]), (&span, &window));
        assert_eq!(record["dtTo"], "2023-11-14T22:13:20.000");
    }

    async fn d10_d11_d12_a_part_of_a_name_finds_all_that_hold_it(world: World) {
        for name in ["Spring 2026", "spring sale", "Autumn 100%", "Under_score"] {
            world.campaign(name, |_| {}).await;
        }
        for (part, expected) in [
            ("2026", vec!["Spring 2026"]),
            ("spring", vec!["Spring 2026", "spring sale"]),
            ("SPRING%20S", vec!["spring sale"]),
            ("%25", vec!["Autumn 100%"]),
            ("_", vec!["Under_score"]),
            ("r%20100%25", vec![]),
            ("Spring%202026", vec!["Spring 2026"]),
        ] {
            let reply = world.get(&format!("campaigns/campaign?name={part}")).await;
            if expected.is_empty() {
                reply.error(404);
            } else {
                assert_eq!(texts(&reply.records(), "Name"), expected, "{part}");
            }
        }
    }

    async fn d13_a_name_without_a_hit_is_not_found(world: World) {
        world.campaign("A", |_| {}).await;
        let reply = world.get("campaigns/campaign?name=B").await;
        assert_eq!(reply.error(404), "Dialler campaign not found");
    }

    async fn d14_a_name_is_required(world: World) {
        for path in ["campaigns/campaign", "campaigns/campaign?name=", "campaigns/campaign?Name=A"] {
            assert_eq!(world.get(path).await.error(400), "Missing parameter: name");
        }
        world.get("campaigns/campaign?name=%00").await.error(400);
    }

    async fn d15_umlauts_and_blanks_are_found(world: World) {
        world.campaign("Über München", |_| {}).await;
        for part in ["Über M", "über münchen", "MÜNCHEN"] {
            let reply = world.get(&format!("campaigns/campaign?name={}", encoded(part))).await;
            assert_eq!(texts(&reply.records(), "Name"), ["Über München"], "{part}");
        }
        assert_eq!(world.get("campaigns/campaign?name=%C3%BCber+M%C3%BC").await.records().len(), 1);
    }
}
