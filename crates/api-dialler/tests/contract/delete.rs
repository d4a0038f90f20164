//! Deleting campaigns (rows D39 to D45).

use crate::common::*;
use muster_domain::ids::{CallCampaignId, ContactId};

on_both_stores! {
    World;

    async fn d39_a_deleted_campaign_is_gone(world: World) {
        let campaign = world.campaign("A", |_| {}).await;
        world.delete(&campaign.path()).await.done();
        assert_eq!(world.delete(&campaign.path()).await.error(404), "Dialler campaign not found");
        world.get(&campaign.path()).await.error(404);
        assert_eq!(world.get("campaigns").await.list().len(), 0);
    }

    async fn d40_related_data_goes_and_other_campaigns_stay(world: World) {
        let gone = world.campaign("Gone", |_| {}).await;
        let kept = world.campaign("Kept", |_| {}).await;
        let lost = world.contact(&gone, "Lost", |contact| contact.details.user_data = Some("key".to_owned())).await;
        let stays = world.contact(&kept, "Stays", |contact| contact.details.user_data = Some("key".to_owned())).await;
        world.call(lost, |_| {}).await;
        world.call(stays, |_| {}).await;
        world.delete(&gone.path()).await.done();
        // Nothing of it is shown from now on, before its rows are removed and after.
        for purged in [false, true] {
            if purged {
                while world.services.calls.purge(100).await.expect("the store works") > 0 {}
            }
            world.get(&format!("contacts/{lost}")).await.error(404);
            world.get(&format!("contacts/contact/{lost}/attempts")).await.error(404);
            world.get(&format!("{}/resultCodes?languagesID=1", gone.path())).await.error(404);
            world.get(&format!("contacts?diallerCampaignsID={}", gone.id)).await.error(404);
            world.put(&gone.path(), &json!({"Name": "Back"})).await.error(404);
            world.touch(&format!("{}/start", gone.path())).await.error(404);
            world.next("agent1", &gone).await.error(404);
            let body = json!({"Name": "N", "DiallerCampaignsID": gone.id, "PhoneNumber1": "4930123456"});
            world.post("contacts/import", &body).await.error(404);
            assert_eq!(texts(&world.get("contacts").await.list(), "Name"), ["Stays"]);
            assert_eq!(texts(&world.get("contacts/contact?userData=key").await.records(), "Name"), ["Stays"]);
            assert_eq!(world.get(&format!("contacts/contact/{stays}/attempts")).await.records().len(), 1);
            let codes = world.get(&format!("{}/resultCodes?languagesID=1", kept.path())).await;
            assert_eq!(codes.records().len(), 7);
        }
        let calls = &world.services.calls;
        assert!(calls.contact(ContactId(lost)).await.expect("readable").is_none());
        assert!(calls.calls(ContactId(lost)).await.expect("readable").is_empty());
        assert!(calls.result_codes(CallCampaignId(gone.id)).await.expect("readable").is_empty());
        // Its name is free again.
        world.post("campaigns", &json!({"Name": "Gone"})).await.only();
    }

    async fn d41_an_unknown_campaign_cannot_be_deleted(world: World) {
        let theirs = world.campaign_of(OTHER, "Theirs", |_| {}).await;
        for id in [999, theirs.id] {
            let reply = world.delete(&format!("campaigns/campaign/{id}")).await;
            assert_eq!(reply.error(404), "Dialler campaign not found");
        }
        world.delete("campaigns/campaign/x").await.error(400);
        let found = world.services.calls.campaign(CallCampaignId(theirs.id)).await.expect("readable");
        assert!(found.is_some());
    }

    async fn d42_d43_d44_only_the_exact_name_deletes(world: World) {
        world.campaign("Campaign 1000", |_| {}).await;
        world.campaign("Campaign 1001", |_| {}).await;
        world.campaign_of(OTHER, "Theirs", |_| {}).await;
        for name in ["Campaign", "campaign 1000", "Campaign 100%", "Campaign 100_", "Theirs", "Nobody"] {
            let reply = world.delete(&format!("campaigns/campaign?name={}", encoded(name))).await;
            assert_eq!(reply.error(404), "Dialler campaign not found", "{name}");
        }
        assert_eq!(world.get("campaigns").await.list().len(), 2);
        world.delete("campaigns/campaign?name=Campaign%201000").await.done();
        assert_eq!(texts(&world.get("campaigns").await.list(), "Name"), ["Campaign 1001"]);
    }

    async fn d45_without_a_name_nothing_is_deleted(world: World) {
        world.campaign("A", |_| {}).await;
        for path in ["campaigns/campaign", "campaigns/campaign?name="] {
            assert_eq!(world.delete(path).await.error(400), "Missing parameter: name");
        }
        assert_eq!(world.get("campaigns").await.list().len(), 1);
    }
}
