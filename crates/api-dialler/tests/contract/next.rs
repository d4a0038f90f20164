//! Who may be given a contact, and for how long (rows D69 and D70).

use crate::common::*;
use muster_app::usecases::dialler::{ClientChange, MANUAL_LEASE_S, PREVIEW_MARGIN_S, change_client};
use muster_domain::calls::campaign::Mode;
use muster_domain::calls::hours::WeekSpan;
use std::collections::BTreeSet;

fn span(weekday: u8, from: &str, to: &str) -> WeekSpan {
    WeekSpan { weekday, from: from.to_owned(), to: to.to_owned() }
}

on_both_stores! {
    World;

    async fn d69_only_campaigns_that_may_dial_now_are_asked(world: World) {
        // Tuesday, 22:13:20 in UTC.
        let campaign = world.campaign("A", |_| {}).await;
        world.contact(&campaign, "Anna", |_| {}).await;
        let day = 24 * 3600;
        let nobody = async |what: &str| {
            let reply = world.next("agent1", &campaign).await;
            assert_eq!(reply.status.as_u16(), 404, "{what}");
        };
        world.alter_campaign(campaign.id, |campaign| campaign.active = false).await;
        nobody("not active").await;
        world.alter_campaign(campaign.id, |campaign| {
            campaign.active = true;
            campaign.valid_from = Some(NOW.plus_seconds(1));
        }).await;
        nobody("not yet valid").await;
        world.alter_campaign(campaign.id, |campaign| {
            campaign.valid_from = Some(NOW.plus_seconds(-day));
            campaign.valid_to = Some(NOW);
        }).await;
        nobody("no longer valid").await;
        world.alter_campaign(campaign.id, |campaign| {
            campaign.valid_to = Some(NOW.plus_seconds(day));
            campaign.active_times = vec![span(1, "00:00", "24:00"), span(2, "08:00", "22:13")];
        }).await;
        nobody("outside its active times").await;
        // The same hours in the client's zone: 23:13 in Berlin.
        world.alter_campaign(campaign.id, |campaign| campaign.active_times = vec![span(2, "23:00", "24:00")]).await;
        nobody("22:13 in UTC").await;
        let berlin = ClientChange { zone: Some("Europe/Berlin".to_owned()), ..ClientChange::default() };
        change_client(&world.services, CLIENT, &berlin).await.expect("it is changed");
        world.next("agent1", &campaign).await.only();
    }

    async fn d70_never_the_same_contact_to_two_agents(world: World) {
        let campaign = world.campaign("A", |_| {}).await;
        for number in 0..24 {
            world.contact(&campaign, &format!("Contact {number}"), |_| {}).await;
        }
        let work = async |agent: &str| {
            let mut mine = Vec::new();
            loop {
                let reply = world.next(agent, &campaign).await;
                if reply.status.as_u16() == 404 {
                    return mine;
                }
                mine.push(reply.only()["ID"].as_i64().expect("an id"));
            }
        };
        let (a, b, c, d) = tokio::join!(work("a"), work("b"), work("c"), work("d"));
        let all: Vec<i64> = [a, b, c, d].concat();
        assert_eq!(all.len(), 24);
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 24);
    }

    async fn a_contact_is_in_hand_for_as_long_as_the_mode_needs(world: World) {
        for (mode, seconds) in [(Mode::Preview, 5 + PREVIEW_MARGIN_S), (Mode::Manual, MANUAL_LEASE_S)] {
            let campaign = world.campaign(mode.name(), |campaign| campaign.mode = mode).await;
            let id = world.contact(&campaign, "Anna", |_| {}).await;
            world.next("agent1", &campaign).await.only();
            let lease = world.stored_contact(id).await.value.lease.expect("it is in hand");
            assert_eq!((lease.agent.as_deref(), lease.until), (Some("agent1"), NOW.plus_seconds(seconds)));
        }
    }

    async fn a_question_that_breaks_a_rule_is_refused(world: World) {
        let campaign = world.campaign("A", |_| {}).await;
        let theirs = world.campaign_of(OTHER, "Theirs", |_| {}).await;
        let entry = json!({"DiallerCampaignsID": campaign.id});
        for (body, status) in [
            (json!({"campaigns": [entry]}), 400),
            (json!({"UsersUID": "", "campaigns": [entry]}), 400),
            (json!({"UsersUID": "x".repeat(33), "campaigns": [entry]}), 400),
            (json!({"UsersUID": "a"}), 400),
            (json!({"UsersUID": "a", "campaigns": []}), 400),
            (json!({"UsersUID": "a", "campaigns": [5]}), 400),
            (json!({"UsersUID": "a", "campaigns": [{}]}), 400),
            (json!({"UsersUID": "a", "campaigns": [entry, entry]}), 400),
            (json!({"UsersUID": "a", "campaigns": [{"DiallerCampaignsID": campaign.id, "weight": -1}]}), 400),
            (json!({"UsersUID": "a", "campaigns": [{"DiallerCampaignsID": campaign.id, "weight": 1.5}]}), 400),
            (json!({"UsersUID": "a", "campaigns": [{"DiallerCampaignsID": 999}]}), 404),
            (json!({"UsersUID": "a", "campaigns": [{"DiallerCampaignsID": theirs.id}]}), 404),
        ] {
            world.post("agents/next", &body).await.error(status);
        }
        world.contact(&campaign, "Anna", |_| {}).await;
        world.post("agents/next", &json!({"UsersUID": "a", "campaigns": [entry]})).await.only();
    }
}
