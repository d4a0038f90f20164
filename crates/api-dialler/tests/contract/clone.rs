//! Cloning (rows D23 to D38).

use crate::common::*;
use axum::http::Method;
use axum::http::header::CONTENT_TYPE;
use muster_app::usecases::dialler::suppress;
use muster_domain::calls::campaign::{CallCampaign, Mode, Pacing};
use muster_domain::calls::hours::{NumberWindow, WeekSpan};
use muster_domain::calls::number::E164;
use muster_domain::ids::CallCampaignId;
use muster_domain::time::UnixMillis;

fn order(source: &str, destination: &str) -> Value {
    json!({"source": source, "destination": destination})
}

fn rich(campaign: &mut CallCampaign) {
    let span = WeekSpan { weekday: 3, from: "09:00".to_owned(), to: "24:00".to_owned() };
    campaign.user_data = Some("source's".to_owned());
    campaign.preview_s = 7;
    campaign.max_parallel_lines = Some(4);
    campaign.close_on_incoming = true;
    campaign.valid_from = Some(NOW);
    campaign.valid_to = Some(UnixMillis(NOW.0 + 86_400_000));
    campaign.caller_id_active = true;
    campaign.caller_id = Some("4930123456".to_owned());
    campaign.max_ring_s = 21;
    campaign.max_tries = 9;
    campaign.mailbox_detection = true;
    campaign.mode = Mode::Preview;
    campaign.active_times = vec![span.clone()];
    campaign.time_windows = vec![NumberWindow { number: 6, span }];
    campaign.dialling.pacing = Some(Pacing::Progressive);
    campaign.dialling.wrap_s = 77;
}

on_both_stores! {
    World;

    async fn d23_d24_a_clone_has_everything_but_what_is_its_own(world: World) {
        let source = world.campaign("Campaign 1000", rich).await;
        let made = world.post("campaigns/clone", &order("Campaign 1000", "My New Campaign")).await.only();
        assert_eq!(made["Name"], "My New Campaign");
        assert_ne!(made["ID"], json!(source.id));
        assert_eq!(made["bActive"], json!(false));
        let original = world.get(&source.path()).await.only();
        for (key, value) in original.as_object().expect("an object") {
            let own = ["ID", "Name", "UserData", "bActive", "AbortOnNoTelNumberResultCodesID", "IncomingCallResultCodesID"];
            if !own.contains(&key.as_str()) {
                assert_eq!(&made[key], value, "{key}");
            }
        }
        assert_eq!(world.get(&format!("campaigns/{}", made["ID"])).await.only(), made);
        // What the contract's record does not show is cloned too.
        let id = CallCampaignId(made["ID"].as_i64().expect("an id"));
        let stored = world.services.calls.campaign(id).await.expect("readable").expect("it is there").value;
        assert_eq!((stored.dialling.pacing, stored.dialling.wrap_s), (Some(Pacing::Progressive), 77));
    }

    async fn d25_contacts_stay_with_the_source(world: World) {
        let source = world.campaign("A", |_| {}).await;
        world.contact(&source, "Anna", |_| {}).await;
        let made = world.post("campaigns/clone", &order("A", "B")).await.only();
        let contacts_of = async |id: &Value| {
            world.get(&format!("contacts?diallerCampaignsID={id}")).await.list().len()
        };
        assert_eq!(contacts_of(&made["ID"]).await, 0);
        assert_eq!(contacts_of(&json!(source.id)).await, 1);
    }

    async fn d26_d27_a_clone_has_codes_of_its_own_and_refers_to_them(world: World) {
        let source = world.campaign("A", |_| {}).await;
        let made = world.post("campaigns/clone", &order("A", "B")).await.only();
        for language in [1, 2] {
            let codes_of = async |id: &Value| {
                let path = format!("campaigns/campaign/{id}/resultCodes?languagesID={language}");
                world.get(&path).await.records()
            };
            let (theirs, own) = (codes_of(&json!(source.id)).await, codes_of(&made["ID"]).await);
            assert_eq!(texts(&theirs, "ExportKey"), texts(&own, "ExportKey"));
            assert_eq!(texts(&theirs, "Content"), texts(&own, "Content"));
            for (theirs, own) in theirs.iter().zip(&own) {
                assert_ne!(theirs["ID"], own["ID"]);
                assert_eq!(own["ShortText"], format!("DiallerCampaignsResultCodes.{}", own["ID"]));
                assert_eq!(own["DiallerCampaignsID"], made["ID"]);
                for key in ["bAgentBound", "TimeOffset", "DiallerResultCodesTypesID", "bAllowDelete"] {
                    assert_eq!(theirs[key], own[key], "{key}");
                }
            }
            let id_of = |export_key| {
                own.iter().find(|code| code["ExportKey"] == export_key).map(|code| code["ID"].clone())
            };
            assert_eq!(Some(made["AbortOnNoTelNumberResultCodesID"].clone()), id_of("KNR"));
            assert_eq!(Some(made["IncomingCallResultCodesID"].clone()), id_of("EIN"));
        }
    }

    async fn d28_user_data_is_the_clones_own(world: World) {
        world.campaign("A", rich).await;
        let mut body = order("A", "B");
        assert_eq!(world.post("campaigns/clone", &body).await.only()["UserData"], json!(null));
        body["destination"] = json!("C");
        body["userData"] = json!("UserData Field Contents");
        assert_eq!(world.post("campaigns/clone", &body).await.only()["UserData"], "UserData Field Contents");
    }

    async fn d29_d30_dates_are_copied_or_overridden(world: World) {
        let source = world.campaign("A", rich).await;
        let (from, to) = ("2023-11-14T22:13:20.000", "2023-11-15T22:13:20.000");
        for (name, dates, expected) in [
            ("B", json!({}), (json!(from), json!(to))),
            ("C", json!({"dtFrom": "2023-11-15 00:00:00"}), (json!("2023-11-15T00:00:00.000"), json!(to))),
            ("D", json!({"dtTo": "2030-01-01T00:00:00.5Z"}), (json!(from), json!("2030-01-01T00:00:00.500"))),
            ("E", json!({"dtFrom": null, "dtTo": null}), (json!(null), json!(null))),
        ] {
            let mut body = order("A", name);
            body.as_object_mut().expect("an object").extend(dates.as_object().expect("an object").clone());
            let made = world.post("campaigns/clone", &body).await.only();
            assert_eq!((made["dtFrom"].clone(), made["dtTo"].clone()), expected, "{name}");
        }
        let original = world.get(&source.path()).await.only();
        assert_eq!((&original["dtFrom"], &original["dtTo"]), (&json!(from), &json!(to)));
    }

    async fn d31_d33_d35_an_unknown_source_makes_nothing(world: World) {
        world.campaign("Campaign 1000", |_| {}).await;
        world.campaign("Taken", |_| {}).await;
        world.campaign_of(OTHER, "Theirs", |_| {}).await;
        for (source, destination) in [
            ("Nobody", "New"),
            ("Nobody", "Taken"),
            ("Campaign", "New"),
            ("campaign 1000", "New"),
            ("Theirs", "New"),
        ] {
            let reply = world.post("campaigns/clone", &order(source, destination)).await;
            assert_eq!(reply.error(404), "Dialler campaign not found", "{source}");
        }
        assert_eq!(world.get("campaigns").await.list().len(), 2);
    }

    async fn d32_a_taken_name_makes_nothing(world: World) {
        world.campaign("A", |_| {}).await;
        world.campaign("B", |_| {}).await;
        for destination in ["A", "B"] {
            let reply = world.post("campaigns/clone", &order("A", destination)).await;
            assert_eq!(reply.error(409), "Destination campaign already exists");
        }
        assert_eq!(world.get("campaigns").await.list().len(), 2);
        // Another client's names are its own.
        world.campaign_of(OTHER, "C", |_| {}).await;
        world.post("campaigns/clone", &order("A", "C")).await.only();
        world.post("campaigns/clone", &order("A", "a")).await.only();
    }

    async fn d34_source_and_destination_are_required(world: World) {
        world.campaign("A", |_| {}).await;
        for (body, parameter) in [
            (json!({"destination": "B"}), "source"),
            (json!({"source": "", "destination": "B"}), "source"),
            (json!({"source": "A"}), "destination"),
            (json!({"source": "A", "destination": ""}), "destination"),
            (json!({"source": "A", "destination": null}), "destination"),
            (json!({"Source": "A", "destination": "B"}), "source"),
        ] {
            let text = world.post("campaigns/clone", &body).await.error(400);
            assert_eq!(text, format!("Missing parameter: {parameter}"));
        }
        world.post("campaigns/clone", &json!({"source": 1, "destination": "B"})).await.error(400);
        world.post("campaigns/clone", &order("A", &"x".repeat(65))).await.error(400);
        world.post("campaigns/clone", &order("A", &"ü".repeat(64))).await.only();
    }

    async fn d36_bad_dates_are_refused(world: World) {
        world.campaign("A", rich).await;
        for dates in [
            json!({"dtFrom": "yesterday"}),
            json!({"dtTo": "2030-01-01"}),
            json!({"dtTo": 5}),
            json!({"dtFrom": "2030-01-01T00:00:00", "dtTo": "2030-01-01T00:00:00"}),
            json!({"dtFrom": "2031-01-01T00:00:00", "dtTo": "2030-01-01T00:00:00"}),
            // Against the copied end.
            json!({"dtFrom": "2029-01-01T00:00:00"}),
        ] {
            let mut body = order("A", "B");
            body.as_object_mut().expect("an object").extend(dates.as_object().expect("an object").clone());
            world.post("campaigns/clone", &body).await.error(400);
        }
        assert_eq!(world.get("campaigns").await.list().len(), 1);
    }

    async fn d37_the_body_must_be_json(world: World) {
        world.campaign("A", |_| {}).await;
        let text = order("A", "B").to_string();
        for kind in [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("")] {
            let mut request = World::request(TOKEN, Method::POST, "campaigns/clone", Some(&text));
            request.headers_mut().remove(CONTENT_TYPE);
            if let Some(kind) = kind {
                request.headers_mut().insert(CONTENT_TYPE, kind.parse().expect("a header"));
            }
            world.send(request).await.error(415);
        }
        for broken in ["", "{", "[]", "\"A\"", "{\"source\":\"A\"", "{} {}"] {
            world.send(World::request(TOKEN, Method::POST, "campaigns/clone", Some(broken))).await.error(400);
        }
        assert_eq!(world.get("campaigns").await.list().len(), 1);
        let mut request = World::request(TOKEN, Method::POST, "campaigns/clone", Some(&text));
        request.headers_mut().insert(CONTENT_TYPE, "Application/JSON; charset=utf-8".parse().expect("a header"));
        world.send(request).await.only();
    }

    async fn d38_of_two_equal_clones_at_once_one_is_made(world: World) {
        world.campaign("A", |_| {}).await;
        let body = order("A", "B");
        let ask = || world.post("campaigns/clone", &body);
        let replies = tokio::join!(ask(), ask(), ask());
        let mut statuses = [replies.0, replies.1, replies.2].map(|reply| reply.json()["status"].clone());
        statuses.sort_by_key(serde_json::Value::as_u64);
        assert_eq!(statuses, [json!(200), json!(409), json!(409)]);
        assert_eq!(texts(&world.get("campaigns").await.list(), "Name"), ["A", "B"]);
    }

    async fn cloning_makes_no_suppressed_number_callable(world: World) {
        world.campaign("A", |_| {}).await;
        let number = E164::parse("4930123456").expect("a number");
        suppress(&world.services, CLIENT, &[number], "asked").await.expect("it is stored");
        let made = world.post("campaigns/clone", &order("A", "B")).await.only();
        let body = json!({"Name": "N", "DiallerCampaignsID": made["ID"], "PhoneNumber1": "+4930123456"});
        let record = world.post("contacts/import", &body).await.only();
        assert_eq!(record["ResultCodesExportKey"], "KNR");
    }
}
