//! Importing contacts (rows D57 to D64).

use crate::common::*;
use muster_app::usecases::dialler::{suppress, unsuppress};
use muster_domain::calls::contact::Due;
use muster_domain::calls::number::E164;
use muster_domain::participant::ParticipantStatus;

fn minimal(campaign: &CampaignAt) -> Value {
    json!({"Name": "Anna", "DiallerCampaignsID": campaign.id, "PhoneNumber3": "+4930123456"})
}

fn with(mut body: Value, more: &Value) -> Value {
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    body
}

on_both_stores! {
    World;

    async fn d57_the_least_that_makes_a_contact(world: World) {
        let campaign = world.campaign("A", |_| {}).await;
        let record = world.post("contacts/import", &minimal(&campaign)).await.only();
        assert_eq!((&record["Name"], &record["PhoneNumber3"]), (&json!("Anna"), &json!("4930123456")));
        for number in 1..=6 {
            assert_eq!(record[format!("nTriesPhoneNumber{number}")], json!(0));
            assert_eq!(record[format!("bPhoneNumber{number}Invalid")], json!(null));
        }
        for key in ["PhoneNumber1", "UserData", "Email", "Amount", "dtNextTry", "FollowUpDateTime", "ResultCodesExportKey"] {
            assert_eq!(record[key], json!(null), "{key}");
        }
        assert_eq!(record["dtImported"], "2023-11-14T22:13:20.000");
        assert!(record["RandomSortOrder"].is_u64(), "the server draws one");
        assert_eq!(world.get(&format!("contacts/{}", record["ID"])).await.only(), record);
        assert_eq!(world.next("agent1", &campaign).await.only()["ID"], record["ID"]);
    }

    async fn d58_a_campaign_by_its_name(world: World) {
        let campaign = world.campaign("Campaign 1000", |_| {}).await;
        let other = world.campaign("Other", |_| {}).await;
        let by_name = json!({"Name": "Anna", "DiallerCampaignsName": "Campaign 1000", "PhoneNumber1": "112233"});
        let record = world.post("contacts/import", &by_name).await.only();
        assert_eq!(record["DiallerCampaignsID"], json!(campaign.id));
        let both = with(by_name.clone(), &json!({"DiallerCampaignsID": campaign.id}));
        world.post("contacts/import", &both).await.only();
        let conflict = with(by_name, &json!({"DiallerCampaignsID": other.id}));
        world.post("contacts/import", &conflict).await.error(400);
    }

    async fn d59_what_is_mandatory(world: World) {
        let campaign = world.campaign("A", |_| {}).await;
        for (change, parameter) in [
            (json!({"Name": null}), "Name"),
            (json!({"Name": ""}), "Name"),
            (json!({"DiallerCampaignsID": null}), "DiallerCampaignsID"),
            (json!({"DiallerCampaignsID": null, "DiallerCampaignsName": ""}), "DiallerCampaignsID"),
            (json!({"PhoneNumber3": null}), "PhoneNumber1"),
            (json!({"PhoneNumber3": ""}), "PhoneNumber1"),
        ] {
            let text = world.post("contacts/import", &with(minimal(&campaign), &change)).await.error(400);
            assert_eq!(text, format!("Missing parameter: {parameter}"));
        }
        assert_eq!(world.get("contacts").await.list().len(), 0);
    }

    async fn limits_of_every_field_hold_at_their_edge(world: World) {
        let campaign = world.campaign("A", |_| {}).await;
        for (field, longest) in [
            ("Name", 64), ("UserData", 64), ("Client", 64), ("Service", 64), ("ReferenceNumber", 64),
            ("FirstName", 64), ("Salutation", 16), ("Title", 16), ("Company", 64), ("Address", 64),
            ("PostalCode", 10), ("City", 64), ("Country", 64), ("Region", 256), ("AccountOwner", 64),
            ("AccountBank", 32), ("AccountNationalBankCode", 10), ("AccountBIC", 11), ("AccountNumber", 20),
            ("AccountIBAN", 34), ("FaxNumber", 32), ("Email", 256), ("ReservedUsersUID", 32),
            ("FollowUpUsersUID", 32),
        ] {
            let fits = with(minimal(&campaign), &json!({field: "ü".repeat(longest)}));
            let record = world.post("contacts/import", &fits).await.only();
            assert_eq!(record[field], "ü".repeat(longest), "{field}");
            let too_long = with(minimal(&campaign), &json!({field: "ü".repeat(longest + 1)}));
            let text = world.post("contacts/import", &too_long).await.error(400);
            assert!(text.starts_with(&format!("Invalid parameter: {field}")), "{text}");
        }
        for (field, value) in [
            ("PhoneNumber1", json!("12")),
            ("PhoneNumber6", json!("1234567890123456")),
            ("PhoneNumber2", json!("030/123")),
            ("PhoneNumber2", json!(4930)),
            ("Amount", json!("1")),
            ("RandomSortOrder", json!("x")),
            ("nTriesPhoneNumber1", json!(-1)),
            ("nPhoneNumber6LastCause", json!(128)),
            ("bPhoneNumber1Invalid", json!(1)),
            ("FollowUpDateTime", json!("soon")),
            ("dtNextTry", json!(0)),
            ("ResultCodesExportKey", json!("nobody's")),
            ("ResultCodesExportKey", json!("TER")),
            ("ResetContact", json!("true")),
            ("Email", json!(["a@b"])),
            ("DiallerCampaignsID", json!("x")),
        ] {
            let text = world.post("contacts/import", &with(minimal(&campaign), &json!({field: value}))).await.error(400);
            assert!(text.starts_with(&format!("Invalid parameter: {field}")), "{field}: {text}");
        }
        let path = "contacts/import?overwriteDuplicates=perhaps";
        world.post(path, &minimal(&campaign)).await.error(400);
    }

    async fn d60_an_unknown_campaign_is_not_found(world: World) {
        let theirs = world.campaign_of(OTHER, "Theirs", |_| {}).await;
        for id in [999, theirs.id] {
            let body = json!({"Name": "Anna", "DiallerCampaignsID": id, "PhoneNumber1": "112233"});
            assert_eq!(world.post("contacts/import", &body).await.error(404), "Dialler campaign not found");
        }
        let body = json!({"Name": "Anna", "DiallerCampaignsName": "Theirs", "PhoneNumber1": "112233"});
        world.post("contacts/import", &body).await.error(404);
    }

    async fn d61_d62_the_same_user_data_overwrites_or_not(world: World) {
        let campaign = world.campaign("A", |_| {}).await;
        let other = world.campaign("B", |_| {}).await;
        let first = with(minimal(&campaign), &json!({"UserData": "key", "City": "Bonn", "FirstName": "A"}));
        let made = world.post("contacts/import", &first).await.only();
        for path in ["contacts/import", "contacts/import?overwriteDuplicates=false"] {
            let second = world.post(path, &first).await.only();
            assert_ne!(second["ID"], made["ID"]);
        }
        assert_eq!(world.get("contacts").await.list().len(), 3);
        let change = with(minimal(&campaign), &json!({"UserData": "key", "Name": "Berta", "City": null}));
        let path = "contacts/import?overwriteDuplicates=true";
        let changed = world.post(path, &change).await.only();
        assert_eq!(changed["ID"], made["ID"], "the lowest id");
        assert_eq!((&changed["Name"], &changed["City"], &changed["FirstName"]), (&json!("Berta"), &json!(null), &json!("A")));
        assert_eq!(world.get("contacts").await.list().len(), 3);
        // Only inside the campaign, and only by user data that is there.
        let elsewhere = with(minimal(&other), &json!({"UserData": "key"}));
        world.post(path, &elsewhere).await.only();
        world.post(path, &minimal(&campaign)).await.only();
        world.post(path, &with(minimal(&campaign), &json!({"UserData": ""}))).await.only();
        assert_eq!(world.get("contacts").await.list().len(), 6);
    }

    async fn d61_of_two_equal_imports_at_once_one_overwrites_the_other(world: World) {
        let campaign = world.campaign("A", |_| {}).await;
        let body = with(minimal(&campaign), &json!({"UserData": "key"}));
        let ask = || world.post("contacts/import?overwriteDuplicates=true", &body);
        let replies = tokio::join!(ask(), ask(), ask(), ask());
        for reply in [replies.0, replies.1, replies.2, replies.3] {
            reply.only();
        }
        assert_eq!(world.get("contacts").await.list().len(), 1);
    }

    async fn d63_counters_are_kept_unless_they_are_reset(world: World) {
        let campaign = world.campaign("A", |_| {}).await;
        let body = with(minimal(&campaign), &json!({"UserData": "key"}));
        let made = world.post("contacts/import", &body).await.only();
        let id = made["ID"].as_i64().expect("an id");
        world.alter_contact(id, |contact| {
            contact.tries = 4;
            contact.numbers[2].tries = 4;
            contact.numbers[2].last_cause = Some(17);
            contact.due = Due::Retry;
            contact.status = ParticipantStatus::Exception;
            contact.last_result_mailbox = Some(true);
        }).await;
        let path = "contacts/import?overwriteDuplicates=true";
        let kept = world.post(path, &with(body.clone(), &json!({"City": "Bonn"}))).await.only();
        assert_eq!((&kept["nTriesPhoneNumber3"], &kept["nPhoneNumber3LastCause"]), (&json!(4), &json!(17)));
        assert_eq!((&kept["City"], &kept["bLastResultMailbox"]), (&json!("Bonn"), &json!(true)));
        world.next("agent1", &campaign).await.error(404);
        let reset = world.post(path, &with(body.clone(), &json!({"ResetContact": true}))).await.only();
        assert_eq!((&reset["nTriesPhoneNumber3"], &reset["nPhoneNumber3LastCause"]), (&json!(0), &json!(null)));
        assert_eq!((&reset["City"], &reset["bLastResultMailbox"]), (&json!("Bonn"), &json!(null)));
        assert_eq!(world.stored_contact(id).await.value.tries, 0);
        assert_eq!(world.next("agent1", &campaign).await.only()["ID"], made["ID"]);
        // What is remembered of the number itself is no part of the contact.
        let number = E164::parse("4930123456").expect("a number");
        suppress(&world.services, CLIENT, std::slice::from_ref(&number), "asked").await.expect("it is stored");
        let suppressed = world.post(path, &with(body.clone(), &json!({"ResetContact": true}))).await.only();
        assert_eq!((&suppressed["bPhoneNumber3Invalid"], &suppressed["ResultCodesExportKey"]), (&json!(true), &json!("KNR")));
        unsuppress(&world.services, CLIENT, &[number]).await.expect("it is stored");
        let open = world.post(path, &with(body, &json!({"ResetContact": true}))).await.only();
        assert_eq!((&open["bPhoneNumber3Invalid"], &open["ResultCodesExportKey"]), (&json!(null), &json!(null)));
    }

    async fn d64_all_fields_come_back_unchanged(world: World) {
        let campaign = world.campaign("A", |_| {}).await;
        let blank = world.post("contacts/import", &minimal(&campaign)).await.only();
        let mut body = json!({});
        for (place, key) in blank.as_object().expect("an object").keys().enumerate() {
            let digit = key.bytes().find(u8::is_ascii_digit).map_or(0, |digit| u64::from(digit - b'0'));
            body[key] = match key.as_str() {
                "ID" => continue,
                "DiallerCampaignsID" => json!(campaign.id),
                "Amount" => json!(12.5),
                "ResultCodesExportKey" => json!("ABG"),
                "RandomSortOrder" => json!(42),
                "bLastResultMailbox" => json!(true),
                "LastAcdAgentEndReasonsID" => json!(7),
                _ if key.starts_with("dt") || key.ends_with("DateTime") => json!("2026-02-03T04:05:06.789"),
                _ if key.starts_with("PhoneNumber") && key.ends_with("ReasonsID") => json!(digit),
                _ if key.starts_with("PhoneNumber") => json!(format!("4930000000{digit}")),
                _ if key.starts_with("bPhoneNumber") => json!(digit % 2 == 0),
                _ if key.starts_with("nTries") => json!(digit),
                _ if key.ends_with("LastCause") => json!(16 + digit),
                _ => json!(format!("Text {place}")),
            };
        }
        let imported = world.post("contacts/import", &body).await.only();
        assert!(imported.as_object().expect("an object").values().all(|value| !value.is_null()));
        for (key, value) in body.as_object().expect("an object") {
            assert_eq!(&imported[key], value, "{key}");
        }
        assert_eq!(world.get(&format!("contacts/{}", imported["ID"])).await.only(), imported);
        world.next("agent1", &campaign).await.only();
        // The closed one is never chosen.
        world.next("agent1", &campaign).await.error(404);
    }

    async fn suppressed_numbers_are_flagged_and_the_others_stay(world: World) {
        let campaign = world.campaign("A", |_| {}).await;
        let numbers = ["4930000001", "4930000002"].map(|number| E164::parse(number).expect("a number"));
        suppress(&world.services, CLIENT, &numbers, "asked").await.expect("it is stored");
        let some = json!({"Name": "Some", "DiallerCampaignsID": campaign.id, "PhoneNumber1": "+4930000001",
            "PhoneNumber2": "4930000003"});
        let record = world.post("contacts/import", &some).await.only();
        assert_eq!((&record["bPhoneNumber1Invalid"], &record["bPhoneNumber2Invalid"]), (&json!(true), &json!(null)));
        assert_eq!(record["ResultCodesExportKey"], json!(null));
        let none = json!({"Name": "None", "DiallerCampaignsID": campaign.id, "PhoneNumber1": "4930000001",
            "PhoneNumber6": "4930000002"});
        let record = world.post("contacts/import", &none).await.only();
        assert_eq!(record["ResultCodesExportKey"], "KNR");
        assert_eq!(world.next("agent1", &campaign).await.only()["Name"], "Some");
        world.next("agent1", &campaign).await.error(404);
        let bare = world.campaign("B", |campaign| campaign.no_number_code = None).await;
        let record = world.post("contacts/import", &with(none, &json!({"DiallerCampaignsID": bare.id}))).await.only();
        assert_eq!(record["ResultCodesExportKey"], json!(null));
        world.next("agent1", &bare).await.error(404);
    }
}
