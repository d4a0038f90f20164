//! Making, changing, starting and stopping campaigns (rows D80 and D81, contract §4.3).

use crate::common::*;
use muster_app::usecases::dialler::{DiallerError, put_dialling, put_policy, put_prompt};
use muster_domain::calls::campaign::{Dialling, Pacing};
use muster_domain::ids::CallCampaignId;

on_both_stores! {
    World;

    async fn d80_a_new_campaign_has_the_general_codes_and_its_name_is_unique(world: World) {
        let made = world.post("campaigns", &json!({"Name": "New"})).await.only();
        assert_eq!((&made["bActive"], &made["Mode"], &made["LanguagesID"]), (&json!(false), &json!("manual"), &json!(1)));
        let path = format!("campaigns/campaign/{}/resultCodes?languagesID=2", made["ID"]);
        let codes = world.get(&path).await.records();
        assert_eq!(texts(&codes, "ExportKey"), ["ABG", "Aufleger", "KI", "KNR", "EIN", "SP", "TER"]);
        let id_of = |key: &str| codes.iter().find(|code| code["ExportKey"] == key).map(|code| code["ID"].clone());
        assert_eq!(Some(made["AbortOnNoTelNumberResultCodesID"].clone()), id_of("KNR"));
        assert_eq!(Some(made["IncomingCallResultCodesID"].clone()), id_of("EIN"));
        let reply = world.post("campaigns", &json!({"Name": "New"})).await;
        assert_eq!(reply.error(409), "Dialler campaign already exists");
        for body in [json!({}), json!({"Name": ""}), json!({"Name": null})] {
            assert_eq!(world.post("campaigns", &body).await.error(400), "Missing parameter: Name");
        }
        assert_eq!(world.get("campaigns").await.list().len(), 1);
        world.campaign_of(OTHER, "Theirs", |_| {}).await;
        world.post("campaigns", &json!({"Name": "Theirs"})).await.only();
    }

    async fn a_whole_record_comes_back_as_it_was_sent(world: World) {
        let body = json!({
            "Name": "All", "UserData": "key", "Mode": "ivr", "LanguagesID": 2, "bActive": true,
            "dtFrom": "2026-01-01T00:00:00.000", "dtTo": "2027-01-01T00:00:00.000", "ContactPreviewTime": 9,
            "nMaxParallelLines": 3, "nMaxRingTime": 25, "nMaxTries": 7, "nRetryDelay": 90, "nBusyTries": 2,
            "nBusyRetryDelay": 4, "bMailboxDetection": true, "bCallerIDActive": true, "CallerID": "4930123456",
            "bCloseContactsOnIncomingCallsMatchCallerID": true,
            "ActiveTimes": [{"Weekday": 7, "From": "09:00", "To": "24:00"}],
            "TimeWindows": [{"PhoneNumber": 6, "Weekday": 1, "From": "00:00", "To": "09:30"}],
        });
        let made = world.post("campaigns", &body).await.only();
        for (key, value) in body.as_object().expect("an object") {
            assert_eq!(&made[key], value, "{key}");
        }
        let mut copied = made.clone();
        copied["ID"] = json!(7);
        copied["ClientsID"] = json!(2);
        copied["UserData"] = json!(null);
        let path = format!("campaigns/campaign/{}", made["ID"]);
        let changed = world.put(&path, &copied).await.only();
        assert_eq!((&changed["ID"], &changed["ClientsID"], &changed["UserData"]), (&made["ID"], &json!(1), &json!(null)));
        let changed = world.put(&path, &json!({"nMaxTries": 8, "Unknown": 1})).await.only();
        assert_eq!((&changed["nMaxTries"], &changed["nRetryDelay"]), (&json!(8), &json!(90)));
    }

    async fn fields_that_break_a_rule_are_refused_by_name(world: World) {
        let campaign = world.campaign("A", |_| {}).await;
        let other = world.campaign("B", |_| {}).await;
        for (field, value) in [
            ("Name", json!("x".repeat(65))),
            ("Name", json!(5)),
            ("UserData", json!("x".repeat(65))),
            ("Mode", json!("predictive")),
            ("LanguagesID", json!(3)),
            ("bActive", json!("true")),
            ("dtFrom", json!("soon")),
            ("ContactPreviewTime", json!(-1)),
            ("ContactPreviewTime", json!(3601)),
            ("nMaxParallelLines", json!(0)),
            ("nMaxRingTime", json!(0)),
            ("nMaxTries", json!(0)),
            ("nMaxTries", json!(1.5)),
            ("nRetryDelay", json!(10_000_000)),
            ("CallerID", json!("12")),
            ("CallerID", json!("+49 30 1")),
            ("bCallerIDActive", json!(true)),
            ("AbortOnNoTelNumberResultCodesID", json!(other.code("KNR"))),
            ("AbortOnNoTelNumberResultCodesID", json!(campaign.code("ABG"))),
            ("IncomingCallResultCodesID", json!(campaign.code("TER"))),
            ("ActiveTimes", json!({})),
            ("ActiveTimes[0]", json!(null)),
            ("TimeWindows", json!(1)),
        ] {
            let name = field.split('[').next().expect("a name");
            let value = if field == name { value } else { json!([value]) };
            let text = world.put(&campaign.path(), &json!({name: value})).await.error(400);
            assert!(text.starts_with(&format!("Invalid parameter: {field}")), "{field}: {text}");
        }
        for (list, entry, field) in [
            ("ActiveTimes", json!({"Weekday": 8, "From": "09:00", "To": "10:00"}), "ActiveTimes[0]"),
            ("ActiveTimes", json!({"Weekday": 1, "From": "10:00", "To": "09:00"}), "ActiveTimes[0]"),
            ("ActiveTimes", json!({"Weekday": 1, "From": "9", "To": "10:00"}), "ActiveTimes[0]"),
            ("ActiveTimes", json!({"Weekday": 1, "To": "10:00"}), "ActiveTimes[0].From"),
            ("TimeWindows", json!({"PhoneNumber": 7, "Weekday": 1, "From": "09:00", "To": "10:00"}), "TimeWindows[0]"),
            ("TimeWindows", json!({"Weekday": 1, "From": "09:00", "To": "10:00"}), "TimeWindows[0].PhoneNumber"),
        ] {
            let text = world.put(&campaign.path(), &json!({list: [entry]})).await.error(400);
            assert!(text.contains(&format!("parameter: {field}")), "{field}: {text}");
        }
        let text = world.put(&campaign.path(), &json!({"dtFrom": "2026-01-02T00:00:00", "dtTo": "2026-01-01T00:00:00"})).await;
        assert!(text.error(400).starts_with("Invalid parameter: dtTo"));
        assert_eq!(world.put(&campaign.path(), &json!({"Name": ""})).await.error(400), "Missing parameter: Name");
        world.put(&campaign.path(), &json!({"Name": "B"})).await.error(409);
        world.put("campaigns/campaign/999", &json!({"nMaxTries": 2})).await.error(404);
    }

    async fn d81_starting_and_stopping_twice_changes_nothing(world: World) {
        let campaign = world.campaign("A", |campaign| campaign.active = false).await;
        world.contact(&campaign, "Anna", |_| {}).await;
        let (start, stop) = (format!("{}/start", campaign.path()), format!("{}/stop", campaign.path()));
        world.next("agent1", &campaign).await.error(404);
        assert_eq!(world.touch(&stop).await.only()["bActive"], json!(false));
        for _ in 0..2 {
            assert_eq!(world.touch(&start).await.only()["bActive"], json!(true));
        }
        let found = world.services.calls.campaign(CallCampaignId(campaign.id)).await.expect("readable");
        let found = found.expect("it is there");
        assert_eq!((found.version, found.value.started_at), (2, Some(NOW)), "the second start wrote nothing");
        for _ in 0..2 {
            assert_eq!(world.touch(&stop).await.only()["bActive"], json!(false));
        }
        world.next("agent1", &campaign).await.error(404);
        world.touch(&start).await.only();
        world.next("agent1", &campaign).await.only();
        world.touch("campaigns/campaign/999/start").await.error(404);
        world.touch("campaigns/campaign/999/stop").await.error(404);
    }

    async fn no_policy_no_calls_ahead_of_agents(world: World) {
        let campaign = world.campaign("A", |campaign| campaign.active = false).await;
        let id = CallCampaignId(campaign.id);
        let start = format!("{}/start", campaign.path());
        put_prompt(&world.services, CLIENT, "sorry", &[0; 8000]).await.expect("it is stored");
        let settings = async |pacing, policy: Option<&str>, message: Option<&str>| {
            let dialling = Dialling {
                pacing: Some(pacing),
                policy: policy.map(str::to_owned),
                message: message.map(str::to_owned),
                ..Dialling::default()
            };
            put_dialling(&world.services, CLIENT, id, &dialling).await.map(drop)
        };
        let ahead = [Pacing::Predictive, Pacing::Power { ratio: 1.5 }];
        for pacing in ahead {
            settings(pacing, None, Some("sorry")).await.expect("it may be set");
            let text = world.touch(&start).await.error(409);
            assert!(text.contains("no policy rules it"), "{text}");
            world.put(&campaign.path(), &json!({"bActive": true})).await.error(409);
        }
        let forbids = json!({"preset": "UK", "abandon": {"forbid": true}, "caller_id": {"required": false}});
        put_policy(&world.services, CLIENT, "none ahead", forbids).await.expect("it is stored");
        let permits = json!({"preset": "US-TSR", "caller_id": {"required": false}});
        put_policy(&world.services, CLIENT, "ours", permits).await.expect("it is stored");
        for pacing in ahead {
            settings(pacing, Some("none ahead"), Some("sorry")).await.expect("it may be set");
            world.touch(&start).await.error(409);
            settings(pacing, Some("ours"), None).await.expect("it may be set");
            world.touch(&start).await.error(409);
            settings(pacing, Some("ours"), Some("sorry")).await.expect("it may be set");
            world.touch(&start).await.only();
            // What runs cannot be changed into what may not be started.
            let refused = settings(pacing, None, Some("sorry")).await.expect_err("it runs");
            assert!(matches!(refused, DiallerError::StartForbidden(_)), "{refused}");
            world.touch(&format!("{}/stop", campaign.path())).await.only();
        }
        settings(Pacing::Progressive, None, None).await.expect("it may be set");
        world.touch(&start).await.only();
        for wrong in [
            settings(Pacing::Power { ratio: 11.0 }, Some("ours"), None).await,
            settings(Pacing::Power { ratio: f64::NAN }, Some("ours"), None).await,
            settings(Pacing::Predictive, Some("nobody's"), None).await,
            settings(Pacing::Predictive, Some("ours"), Some("unheard")).await,
        ] {
            assert!(matches!(wrong, Err(DiallerError::Invalid { .. })), "{wrong:?}");
        }
    }
}
