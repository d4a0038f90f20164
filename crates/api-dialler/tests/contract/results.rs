//! Results, attempts and incoming calls (rows D71 to D75, D79).

use crate::common::*;
use muster_app::ports::CallWrite;
use muster_app::usecases::dialler::incoming_call;
use muster_domain::calls::call::CallOutcome;
use muster_domain::ids::CallId;
use muster_domain::participant::ParticipantStatus;

async fn record(world: &World, contact: i64, code: i64, more: Value) -> Reply {
    let mut body =
        json!({"DiallerCampaignsResultCodesID": code, "FollowUpDateTime": null, "UsersUID": "agent1"});
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    world.put(&format!("contacts/contact/{contact}/result"), &body).await
}

on_both_stores! {
    World;

    async fn d71_done_and_abort_close_the_contact(world: World) {
        let campaign = world.campaign("A", |_| {}).await;
        for (key, status) in [("ABG", ParticipantStatus::Completed), ("KI", ParticipantStatus::Exception)] {
            let id = world.contact(&campaign, key, |_| {}).await;
            assert_eq!(world.next("agent1", &campaign).await.only()["ID"], json!(id));
            let closed = record(&world, id, campaign.code(key), json!({})).await.only();
            assert_eq!((&closed["ResultCodesExportKey"], &closed["dtNextTry"]), (&json!(key), &json!(null)));
            assert_eq!(world.stored_contact(id).await.value.status, status);
        }
        world.clock.advance_s(400 * 24 * 3600);
        world.next("agent1", &campaign).await.error(404);
    }

    async fn d72_a_delay_is_due_after_its_time(world: World) {
        let campaign = world.campaign("A", |_| {}).await;
        let id = world.contact(&campaign, "Anna", |_| {}).await;
        world.next("agent1", &campaign).await.only();
        let delayed = record(&world, id, campaign.code("SP"), json!({})).await.only();
        assert_eq!(delayed["dtNextTry"], "2023-11-15T00:13:20.000");
        assert_eq!((&delayed["FollowUpUsersUID"], &delayed["ResultCodesExportKey"]), (&json!(null), &json!(null)));
        world.clock.advance_s(120 * 60 - 1);
        world.next("agent2", &campaign).await.error(404);
        world.clock.advance_s(1);
        assert_eq!(world.next("agent2", &campaign).await.only()["ID"], json!(id));
    }

    async fn d73_an_appointment_needs_a_time_to_come(world: World) {
        let campaign = world.campaign("A", |_| {}).await;
        let id = world.contact(&campaign, "Anna", |_| {}).await;
        let code = campaign.code("TER");
        let text = record(&world, id, code, json!({})).await.error(400);
        assert_eq!(text, "Missing parameter: FollowUpDateTime");
        for past in ["2023-11-14T22:13:20.000", "2020-01-01 00:00:00"] {
            let text = record(&world, id, code, json!({"FollowUpDateTime": past})).await.error(400);
            assert!(text.starts_with("Invalid parameter: FollowUpDateTime"), "{text}");
        }
        record(&world, id, code, json!({"FollowUpDateTime": "tomorrow"})).await.error(400);
        let at = "2023-11-14T23:00:00.000";
        let made = record(&world, id, code, json!({"FollowUpDateTime": at})).await.only();
        assert_eq!((&made["FollowUpDateTime"], &made["dtNextTry"]), (&json!(at), &json!(at)));
        world.next("agent1", &campaign).await.error(404);
        world.clock.advance_s(3600);
        assert_eq!(world.next("agent1", &campaign).await.only()["ID"], json!(id));
    }

    async fn d74_a_bound_follow_up_is_for_its_agent_alone(world: World) {
        let campaign = world.campaign("A", |_| {}).await;
        let delay = json!({"ExportKey": "MINE", "Contents": {"1": "Mine"}, "DiallerResultCodesTypesID": 3,
            "TimeOffset": 10, "bAgentBound": true});
        let bound = world.post(&format!("{}/resultCodes", campaign.path()), &delay).await.only();
        for (name, code, more) in [
            ("appointment", campaign.code("TER"), json!({"FollowUpDateTime": "2023-11-14T22:14:00"})),
            ("delay", bound["ID"].as_i64().expect("an id"), json!({})),
        ] {
            let id = world.contact(&campaign, name, |_| {}).await;
            let nobody = json!({"UsersUID": null});
            let mut without = more.clone();
            without.as_object_mut().expect("an object").extend(nobody.as_object().expect("an object").clone());
            assert_eq!(record(&world, id, code, without).await.error(400), "Missing parameter: UsersUID");
            let made = record(&world, id, code, more).await.only();
            assert_eq!(made["FollowUpUsersUID"], "agent1");
        }
        world.clock.advance_s(3600);
        world.next("agent2", &campaign).await.error(404);
        for expected in ["appointment", "delay"] {
            assert_eq!(world.next("agent1", &campaign).await.only()["Name"], expected);
        }
    }

    async fn d75_the_code_is_one_of_the_contacts_campaign(world: World) {
        let campaign = world.campaign("A", |_| {}).await;
        let other = world.campaign("B", |_| {}).await;
        let id = world.contact(&campaign, "Anna", |_| {}).await;
        for code in [other.code("ABG"), 999] {
            let text = record(&world, id, code, json!({})).await.error(400);
            assert!(text.starts_with("Invalid parameter: DiallerCampaignsResultCodesID"), "{text}");
        }
        let text = world.put(&format!("contacts/contact/{id}/result"), &json!({})).await.error(400);
        assert_eq!(text, "Missing parameter: DiallerCampaignsResultCodesID");
        record(&world, 999, campaign.code("ABG"), json!({})).await.error(404);
        assert_eq!(world.stored_contact(id).await.value.status, ParticipantStatus::Pending);
    }

    async fn attempts_show_the_calls_and_the_last_one_gets_the_result(world: World) {
        let campaign = world.campaign("A", |_| {}).await;
        let id = world.contact(&campaign, "Anna", |_| {}).await;
        let path = format!("contacts/contact/{id}/attempts");
        assert_eq!(world.get(&path).await.records(), Vec::<Value>::new());
        let busy = world.call(id, |call| {
            call.outcome = Some(CallOutcome::Busy);
            call.cause = Some(17);
            call.ended_at = Some(NOW);
        }).await;
        world.clock.advance_s(300);
        let talk = world.call(id, |call| {
            call.agent = Some("agent1".to_owned());
            call.outcome = Some(CallOutcome::Answered);
            call.cause = Some(16);
            call.answered_at = Some(NOW.plus_seconds(310));
            call.ended_at = Some(NOW.plus_seconds(352));
        }).await;
        record(&world, id, campaign.code("ABG"), json!({})).await.only();
        let number = world.stored_contact(id).await.value.numbers[0].number.clone();
        assert_eq!(world.get(&path).await.records(), [
            json!({"ID": busy, "dtStart": "2023-11-14T22:13:20.000", "PhoneNumber": number, "nPhoneNumberIndex": 1,
                "nCause": 17, "bMailbox": false, "DurationSeconds": 0, "DiallerCampaignsResultCodesID": null,
                "UsersUID": null}),
            json!({"ID": talk, "dtStart": "2023-11-14T22:18:20.000", "PhoneNumber": number, "nPhoneNumberIndex": 1,
                "nCause": 16, "bMailbox": false, "DurationSeconds": 42,
                "DiallerCampaignsResultCodesID": campaign.code("ABG"), "UsersUID": "agent1"}),
        ]);
        world.get("contacts/contact/999/attempts").await.error(404);
        // A call that is under way is left to whoever places it.
        let other = world.contact(&campaign, "Bert", |_| {}).await;
        let open = world.call(other, |_| {}).await;
        record(&world, other, campaign.code("ABG"), json!({})).await.only();
        let stored = world.services.calls.call(CallId(open)).await.expect("readable").expect("it is there");
        assert_eq!((stored.result_code, stored.outcome), (None, None));
    }

    async fn a_code_that_suppresses_puts_the_number_on_the_list(world: World) {
        let campaign = world.campaign("A", |_| {}).await;
        let mut code = campaign.codes[2].clone();
        code.suppresses = true;
        world.write(vec![CallWrite::ResultCode(Box::new(code.clone()))]).await;
        let id = world.contact(&campaign, "Anna", |_| {}).await;
        world.call(id, |call| {
            call.outcome = Some(CallOutcome::Answered);
            call.ended_at = Some(NOW);
        }).await;
        record(&world, id, code.id.0, json!({})).await.only();
        let number = world.stored_contact(id).await.value.numbers[0].number.clone();
        let body = json!({"Name": "Again", "DiallerCampaignsID": campaign.id, "PhoneNumber1": number});
        let again = world.post("contacts/import", &body).await.only();
        assert_eq!(again["bPhoneNumber1Invalid"], json!(true));
    }

    async fn d79_who_calls_in_is_closed_where_the_campaign_wants_it(world: World) {
        let wants = world.campaign("Wants", |campaign| campaign.close_on_incoming = true).await;
        let bare = world.campaign("Bare", |campaign| campaign.close_on_incoming = false).await;
        let theirs = world.campaign_of(OTHER, "Theirs", |campaign| campaign.close_on_incoming = true).await;
        let same = |contact: &mut muster_domain::calls::contact::Contact| {
            contact.numbers[4].number = Some("4930777".to_owned());
        };
        let closes = world.contact(&wants, "Closes", same).await;
        let in_hand = world.contact(&wants, "In hand", |contact| {
            same(contact);
            contact.take(Some("agent1"), NOW.plus_seconds(60), NOW);
        }).await;
        let done = world.contact(&wants, "Done", |contact| {
            same(contact);
            contact.status = ParticipantStatus::Exception;
        }).await;
        let other_number = world.contact(&wants, "Other number", |_| {}).await;
        let unwanted = world.contact(&bare, "Unwanted", same).await;
        let stranger = world.contact(&theirs, "Stranger", same).await;
        let closed = incoming_call(&world.services, CLIENT, "+4930777").await.expect("it is done");
        assert_eq!(closed.iter().map(|id| id.0).collect::<Vec<_>>(), [closes, in_hand]);
        for id in [closes, in_hand] {
            let record = world.get(&format!("contacts/{id}")).await.only();
            assert_eq!(record["ResultCodesExportKey"], "EIN");
        }
        for id in [other_number, unwanted] {
            assert_eq!(world.stored_contact(id).await.version, 1, "untouched");
        }
        assert_eq!(world.stored_contact(stranger).await.value.status, ParticipantStatus::Pending);
        assert_eq!(world.stored_contact(done).await.value.status, ParticipantStatus::Exception);
        for nobody in ["", "anonymous", "4930778", "12"] {
            assert!(incoming_call(&world.services, CLIENT, nobody).await.expect("it is done").is_empty());
        }
    }
}
