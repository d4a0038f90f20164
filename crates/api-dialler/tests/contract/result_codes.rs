//! Result codes (rows D16 to D22), and making, changing and deleting them (contract §4.3).

use crate::common::*;

const KEYS: [&str; 15] = [
    "ID",
    "DiallerCampaignsID",
    "ShortText",
    "Content",
    "ExportKey",
    "DiallerResultCodesTypesID",
    "DiallerResultCodesTypesShortText",
    "DiallerResultCodesTypesContent",
    "bDone",
    "bAborted",
    "bDelay",
    "bAppointment",
    "bAgentBound",
    "TimeOffset",
    "bAllowDelete",
];

fn codes_of(campaign: &CampaignAt, language: u8) -> String {
    format!("{}/resultCodes?languagesID={language}", campaign.path())
}

on_both_stores! {
    World;

    async fn d16_d17_fifteen_keys_in_two_languages(world: World) {
        let campaign = world.campaign("A", |_| {}).await;
        let german = world.get(&codes_of(&campaign, 2)).await.records();
        let english = world.get(&codes_of(&campaign, 1)).await.records();
        for record in german.iter().chain(&english) {
            let keys: Vec<_> = record.as_object().expect("an object").keys().map(String::as_str).collect();
            assert_eq!(keys, KEYS);
            let id = &record["ID"];
            assert_eq!(record["ShortText"], format!("DiallerCampaignsResultCodes.{id}"));
            let kind = &record["DiallerResultCodesTypesID"];
            assert_eq!(record["DiallerResultCodesTypesShortText"], format!("DiallerResultCodesTypes.{kind}"));
            assert_eq!(record["DiallerCampaignsID"], campaign.id);
        }
        assert_eq!(
            texts(&german, "Content"),
            [
                "Abgeschlossen",
                "Aufleger",
                "Kein Interesse",
                "Keine gültige Nummer",
                "Kunde hat angerufen",
                "Später (2 Std.)",
                "Termin"
            ]
        );
        assert_eq!(texts(&english, "Content")[..2], ["Completed", "Hung up"]);
        assert_eq!(texts(&german, "DiallerResultCodesTypesContent")[..2], ["Abschluss", "Abbruch"]);
        assert_eq!(texts(&english, "DiallerResultCodesTypesContent")[..2], ["Done", "Abort"]);
        for key in ["ID", "ShortText", "ExportKey"] {
            let of = |records: &[Value]| records.iter().map(|record| record[key].clone()).collect::<Vec<_>>();
            assert_eq!(of(&german), of(&english));
        }
    }

    async fn d18_the_language_must_be_one_that_is_there(world: World) {
        let campaign = world.campaign("A", |_| {}).await;
        let path = format!("{}/resultCodes", campaign.path());
        for query in ["", "?languagesID="] {
            assert_eq!(world.get(&format!("{path}{query}")).await.error(400), "Missing parameter: languagesID");
        }
        for query in ["?languagesID=3", "?languagesID=0", "?languagesID=x", "?languagesID=2.0"] {
            let text = world.get(&format!("{path}{query}")).await.error(400);
            assert!(text.starts_with("Invalid parameter: languagesID"), "{text}");
        }
    }

    async fn d19_codes_of_an_unknown_campaign_are_not_found(world: World) {
        let theirs = world.campaign_of(OTHER, "Theirs", |_| {}).await;
        for id in [999, theirs.id] {
            let reply = world.get(&format!("campaigns/campaign/{id}/resultCodes?languagesID=1")).await;
            assert_eq!(reply.error(404), "Dialler campaign not found");
        }
    }

    async fn d20_d21_d22_flags_and_fields_follow_the_type(world: World) {
        let campaign = world.campaign("A", |_| {}).await;
        for record in world.get(&codes_of(&campaign, 1)).await.records() {
            let kind = record["DiallerResultCodesTypesID"].as_u64().expect("a type");
            let flags = ["bDone", "bAborted", "bDelay", "bAppointment"].map(|flag| record[flag] == json!(true));
            let expected: [bool; 4] = std::array::from_fn(|place| place as u64 + 1 == kind);
            assert_eq!(flags, expected);
            match kind {
                1 | 2 => assert_eq!((&record["bAgentBound"], &record["TimeOffset"]), (&json!(null), &json!(null))),
                3 => assert_eq!((&record["bAgentBound"], &record["TimeOffset"]), (&json!(false), &json!(120))),
                _ => assert_eq!((&record["bAgentBound"], &record["TimeOffset"]), (&json!(true), &json!(null))),
            }
        }
    }

    async fn a_code_without_a_text_in_the_language_shows_the_other_one(world: World) {
        let campaign = world.campaign("A", |_| {}).await;
        let path = format!("{}/resultCodes", campaign.path());
        let body = json!({"ExportKey": "RUF", "Contents": {"2": "Rückruf"}, "DiallerResultCodesTypesID": 3,
            "TimeOffset": 0});
        let made = world.post(&format!("{path}?languagesID=1"), &body).await.only();
        assert_eq!((&made["Content"], &made["bAgentBound"]), (&json!("Rückruf"), &json!(false)));
        assert_eq!((&made["TimeOffset"], &made["bAllowDelete"]), (&json!(0), &json!(true)));
        assert_eq!(world.get(&codes_of(&campaign, 1)).await.records().len(), 8);
        let code = format!("{path}/{}", made["ID"]);
        let changed = world.put(&code, &json!({"DiallerResultCodesTypesID": 1, "Contents": {"1": "Call"}})).await.only();
        assert_eq!((&changed["Content"], &changed["TimeOffset"]), (&json!("Call"), &json!(null)));
        world.delete(&code).await.done();
        assert_eq!(world.delete(&code).await.error(404), "Dialler result code not found");
    }

    async fn codes_that_break_a_rule_are_refused(world: World) {
        let campaign = world.campaign("A", |_| {}).await;
        let path = format!("{}/resultCodes", campaign.path());
        let texts = json!({"1": "x"});
        for (body, status) in [
            (json!({"Contents": texts, "DiallerResultCodesTypesID": 1}), 400),
            (json!({"ExportKey": "", "Contents": texts, "DiallerResultCodesTypesID": 1}), 400),
            (json!({"ExportKey": "X", "DiallerResultCodesTypesID": 1}), 400),
            (json!({"ExportKey": "X", "Contents": texts}), 400),
            (json!({"ExportKey": "X", "Contents": texts, "DiallerResultCodesTypesID": 5}), 400),
            (json!({"ExportKey": "X", "Contents": texts, "DiallerResultCodesTypesID": 3}), 400),
            (json!({"ExportKey": "X", "Contents": texts, "DiallerResultCodesTypesID": 1, "TimeOffset": 1}), 400),
            (json!({"ExportKey": "X", "Contents": texts, "DiallerResultCodesTypesID": 2, "bAgentBound": true}), 400),
            (json!({"ExportKey": "X".repeat(33), "Contents": texts, "DiallerResultCodesTypesID": 1}), 400),
            (json!({"ExportKey": "X", "Contents": "x", "DiallerResultCodesTypesID": 1}), 400),
            (json!({"ExportKey": "ABG", "Contents": texts, "DiallerResultCodesTypesID": 1}), 409),
        ] {
            world.post(&path, &body).await.error(status);
        }
        assert_eq!(world.get(&codes_of(&campaign, 1)).await.records().len(), 7);
    }

    async fn codes_that_are_needed_are_not_deleted(world: World) {
        let campaign = world.campaign("A", |_| {}).await;
        let path = |key: &str| format!("{}/resultCodes/{}", campaign.path(), campaign.code(key));
        for key in ["KNR", "EIN"] {
            world.delete(&path(key)).await.error(409);
        }
        let contact = world.contact(&campaign, "Used", |_| {}).await;
        let result = json!({"DiallerCampaignsResultCodesID": campaign.code("ABG")});
        world.put(&format!("contacts/contact/{contact}/result"), &result).await.only();
        world.delete(&path("ABG")).await.error(409);
        world.delete(&path("KI")).await.done();
        // A code that the campaign comes to refer to is not deleted either, whatever its own flag says.
        world.put(&campaign.path(), &json!({"AbortOnNoTelNumberResultCodesID": campaign.code("Aufleger")})).await.only();
        world.delete(&path("Aufleger")).await.error(409);
        let shown = world.get(&codes_of(&campaign, 1)).await.records();
        let shown = shown.iter().find(|code| code["ExportKey"] == "Aufleger").expect("it is there");
        assert_eq!(shown["bAllowDelete"], json!(false));
    }
}
