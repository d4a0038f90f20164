//! Contacts, read, deleted and locked (rows D53 to D56, D65, D66).

use crate::common::*;

on_both_stores! {
    World;

    async fn d53_d54_contacts_of_the_client_or_of_one_campaign(world: World) {
        assert_eq!(world.get("contacts").await.list(), Vec::<Value>::new());
        let (first, second) = (world.campaign("A", |_| {}).await, world.campaign("B", |_| {}).await);
        let theirs = world.campaign_of(OTHER, "Theirs", |_| {}).await;
        world.contact(&theirs, "Stranger", |_| {}).await;
        for (campaign, name) in [(&first, "Zoe"), (&first, "anna"), (&second, "Bert"), (&second, "Anna")] {
            world.contact(campaign, name, |_| {}).await;
        }
        let all = world.get("contacts").await.list();
        assert_eq!(texts(&all, "Name"), ["anna", "Anna", "Bert", "Zoe"]);
        let some = world.get(&format!("contacts?diallerCampaignsID={}", first.id)).await.list();
        assert_eq!(texts(&some, "Name"), ["anna", "Zoe"]);
        for id in [999, theirs.id] {
            world.get(&format!("contacts?diallerCampaignsID={id}")).await.error(404);
        }
        world.get("contacts?diallerCampaignsID=x").await.error(400);
        world.get("contacts?diallerCampaignsID=").await.error(400);
    }

    async fn d54_a_list_of_many_pages_holds_everybody_once(world: World) {
        let campaign = world.campaign("A", |_| {}).await;
        let inputs = (0..1203).map(|number: u64| {
            let mut input = muster_app::usecases::dialler::ContactInput {
                // Many share a name, so that pages end between them.
                name: Some(format!("Name {:02}", number % 7)),
                ..Default::default()
            };
            input.numbers[0].number = Some(Some(format!("4930{number:07}")));
            input
        });
        let inputs: Vec<_> = inputs.collect();
        let target = muster_app::usecases::dialler::campaign(
            &world.services,
            CLIENT,
            muster_domain::ids::CallCampaignId(campaign.id),
        );
        let target = target.await.expect("it is there").value;
        for chunk in inputs.chunks(500) {
            let overwrite = muster_app::usecases::dialler::Overwrite::Never;
            let imported = muster_app::usecases::dialler::import_contacts(&world.services, &target, chunk.to_vec(), overwrite);
            assert!(imported.await.expect("they are stored").iter().all(Result::is_ok));
        }
        for path in ["contacts".to_owned(), format!("contacts?diallerCampaignsID={}", campaign.id)] {
            let records = world.get(&path).await.list();
            let mut ids: Vec<_> = records.iter().map(|record| record["ID"].as_i64().expect("an id")).collect();
            let names = texts(&records, "Name");
            assert!(names.is_sorted(), "by name");
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), 1203);
        }
    }

    async fn d55_one_contact(world: World) {
        let campaign = world.campaign("A", |_| {}).await;
        let id = world.contact(&campaign, "Anna", |_| {}).await;
        let theirs = world.campaign_of(OTHER, "Theirs", |_| {}).await;
        let stranger = world.contact(&theirs, "Stranger", |_| {}).await;
        let record = world.get(&format!("contacts/{id}")).await.only();
        assert_eq!((&record["ID"], &record["Name"]), (&json!(id), &json!("Anna")));
        assert_eq!(record["dtImported"], "2023-11-14T22:13:20.000");
        for unknown in [999, stranger] {
            let reply = world.get(&format!("contacts/{unknown}")).await;
            assert_eq!(reply.error(404), "Dialler contact not found");
        }
        world.get("contacts/x").await.error(400);
    }

    async fn d56_contacts_by_user_data(world: World) {
        let campaign = world.campaign("A", |_| {}).await;
        let other = world.campaign("B", |_| {}).await;
        for (campaign, name, key) in [(&campaign, "Zoe", "k 1"), (&other, "Anna", "k 1"), (&campaign, "Bert", "k 11")] {
            world.contact(campaign, name, |contact| contact.details.user_data = Some(key.to_owned())).await;
        }
        let found = world.get("contacts/contact?userData=k%201").await.records();
        assert_eq!(texts(&found, "Name"), ["Zoe", "Anna"], "by id");
        assert_eq!(world.get("contacts/contact?userData=k").await.error(404), "Dialler contact not found");
        world.get("contacts/contact?userData=K%201").await.error(404);
        assert_eq!(world.get("contacts/contact").await.error(400), "Missing parameter: userData");
    }

    async fn d65_contacts_are_deleted_by_id_or_one_by_user_data(world: World) {
        let campaign = world.campaign("A", |_| {}).await;
        let mut ids = Vec::new();
        for name in ["One", "Two", "Three"] {
            ids.push(world.contact(&campaign, name, |contact| contact.details.user_data = Some("k".to_owned())).await);
        }
        world.call(ids[1], |_| {}).await;
        world.delete(&format!("contacts/contact/{}", ids[1])).await.done();
        world.get(&format!("contacts/contact/{}/attempts", ids[1])).await.error(404);
        world.delete(&format!("contacts/contact/{}", ids[1])).await.error(404);
        world.delete("contacts/contact?userData=k").await.done();
        assert_eq!(texts(&world.get("contacts").await.list(), "Name"), ["Three"], "the lowest id went");
        world.delete("contacts/contact?userData=other").await.error(404);
        assert_eq!(world.delete("contacts/contact").await.error(400), "Missing parameter: userData");
        world.delete("contacts/contact/x").await.error(400);
        let theirs = world.campaign_of(OTHER, "Theirs", |_| {}).await;
        let stranger =
            world.contact(&theirs, "Stranger", |contact| contact.details.user_data = Some("s".to_owned())).await;
        world.delete(&format!("contacts/contact/{stranger}")).await.error(404);
        world.delete("contacts/contact?userData=s").await.error(404);
        world.stored_contact(stranger).await;
    }

    async fn d66_a_locked_contact_is_not_chosen(world: World) {
        let campaign = world.campaign("A", |_| {}).await;
        let id = world.contact(&campaign, "Anna", |_| {}).await;
        let path = format!("contacts/contact/{id}");
        assert_eq!(world.touch(&format!("{path}/lock")).await.only()["ID"], json!(id));
        assert_eq!(world.touch(&format!("{path}/lock")).await.error(409), "Dialler contact is locked");
        world.next("agent1", &campaign).await.error(404);
        for _ in 0..2 {
            world.touch(&format!("{path}/unlock")).await.only();
        }
        assert_eq!(world.next("agent1", &campaign).await.only()["ID"], json!(id));
        // Whoever has it in hand has locked it.
        world.touch(&format!("{path}/lock")).await.error(409);
        world.next("agent2", &campaign).await.error(404);
        world.touch(&format!("{path}/unlock")).await.only();
        assert_eq!(world.next("agent2", &campaign).await.only()["ID"], json!(id));
        for unknown in ["contacts/contact/999/lock", "contacts/contact/999/unlock"] {
            world.touch(unknown).await.error(404);
        }
    }
}
