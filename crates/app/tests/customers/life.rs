//! From creation to deletion.

use crate::world::{by_id, patch};
use crate::{World, on_both_stores};
use muster_app::AppError;
use muster_app::ports::CustomerName;
use muster_app::usecases::authoring::{forget, standing};
use muster_app::usecases::client_tokens::{mint, mint_anonymous};
use muster_app::usecases::customers::{
    CREATED_EVENT, ImportRow, StandingPatch, delete_customer, update_customer, upsert_customers,
};
use muster_app::usecases::ingest::{IncomingEvent, ingest};
use muster_app::usecases::opt_in::{Choice, choose};
use muster_app::usecases::select::{CampaignSelector, CustomerSelector, customer_of_token};
use muster_app::usecases::tags::{MAX_TAGS_PER_REQUEST, tag_customer};
use muster_domain::behavior::Outcome;
use muster_domain::customer::limits::TAGS_MAX;
use muster_domain::customer::{Standing, Tag};
use muster_domain::event::Context;
use muster_domain::ids::CampaignId;
use muster_testkit::builders::{BehaviorBuilder, CampaignBuilder, NOW};
use serde_json::json;
use std::sync::Arc;

fn buy() -> IncomingEvent {
    IncomingEvent {
        name: "buy".to_owned(),
        transaction_id: None,
        quantity: 1,
        occurred_at: None,
        context: Context::new(),
        campaign: None,
    }
}

fn duplicate<T: std::fmt::Debug>(result: Result<T, AppError>) -> &'static str {
    match result {
        Err(AppError::Duplicate { what, .. }) => what,
        other => panic!("not refused as a duplicate: {other:?}"),
    }
}

on_both_stores! {
    async fn e131_creation_is_one_commit_with_the_platform_event_and_its_effects(world: World) {
        let welcome = BehaviorBuilder::count(10, CREATED_EVENT, 1)
            .points(100)
            .outcome(Outcome::Tag { name: "welcomed".to_owned(), ttl_s: None });
        world.put(CampaignBuilder::new(1).behavior(welcome)).await;
        let created = world.create(json!({"external_id": "c-1"})).await.expect("created");
        let stored = world.stored(created.id).await.expect("stored");
        assert_eq!(stored.customer, created.customer);
        assert_eq!((stored.version, created.version), (1, 1));
        assert_eq!(stored.customer.points.available, 100);
        assert_eq!(stored.customer.tags["welcomed"], Tag::Counter { count: 1 });
        let log = world.log(created.id).await;
        assert_eq!(log.len(), 1);
        assert_eq!((log[0].name.as_str(), log[0].sequence, log[0].occurred_at), (CREATED_EVENT, 1, NOW));
        let outbox = world.services.store.page_outbox(world.organization, None, 10).await.expect("readable");
        assert_eq!(outbox.len(), 1, "the achievement is told");
    }

    async fn h11_who_exists_is_not_created_again_and_nothing_is_left(world: World) {
        let phone = json!([{"phone_number": "+49 30 901820"}]);
        world.create(json!({"external_id": "c-1", "email": "Ada@Example.org", "phone_numbers": phone}))
            .await
            .expect("created");
        assert_eq!(duplicate(world.create(json!({"external_id": "c-1"})).await), "external_id");
        let second = json!({"external_id": "c-2", "email": "ADA@example.ORG"});
        assert_eq!(duplicate(world.create(second).await), "email");
        let third = json!({"external_id": "c-3", "phone_numbers": [{"phone_number": "+49-30-901-820"}]});
        assert_eq!(duplicate(world.create(third).await), "phone_number");
        let fourth = json!({"external_id": "c-4", "identifiers": [{"external_id": "c-1"}]});
        assert_eq!(duplicate(world.create(fourth).await), "external_id");
        assert_eq!(world.count().await, 1);
        assert_eq!(world.external("c-2").await, None, "a refused creation reserves no name");
    }

    async fn of_creations_at_once_one_wins(world: World) {
        let world = Arc::new(world);
        let tries: Vec<_> = (0..8)
            .map(|_| {
                let world = Arc::clone(&world);
                tokio::spawn(async move { world.create(json!({"external_id": "c-1"})).await.is_ok() })
            })
            .collect();
        let mut won = 0;
        for attempt in tries {
            won += usize::from(attempt.await.expect("no panic"));
        }
        assert_eq!((won, world.count().await), (1, 1));
    }

    async fn a_change_takes_its_names_along(world: World) {
        let ada = world.create(json!({"external_id": "old", "email": "ada@example.org"})).await.expect("created");
        let bob = world.create(json!({"external_id": "bob"})).await.expect("created");
        let organization = world.snapshot();
        let change = patch(json!({
            "external_id": "new", "identifiers": [{"external_id": "card", "external_id_type": "card"}], "email": null,
        }));
        update_customer(&world.services, &organization, &by_id(ada.id), &change).await.expect("changed");
        assert_eq!(world.external("new").await, Some(ada.id));
        assert_eq!(world.external("card").await, Some(ada.id));
        assert_eq!(world.external("old").await, None);
        assert_eq!(world.named(&CustomerName::Email("ada@example.org".to_owned())).await, None);
        let greedy = patch(json!({"external_id": "card", "first_name": "Bob"}));
        let refused = update_customer(&world.services, &organization, &by_id(bob.id), &greedy).await;
        assert_eq!(duplicate(refused), "external_id");
        assert_eq!(world.stored(bob.id).await.expect("stored").customer, bob.customer);
        assert_eq!(world.external("bob").await, Some(bob.id));
        let freed = patch(json!({"external_id": "old"}));
        update_customer(&world.services, &organization, &by_id(bob.id), &freed).await.expect("the name is free");
        assert_eq!(world.external("old").await, Some(bob.id));
    }

    async fn changes_at_once_are_all_kept(world: World) {
        let ada = world.create(json!({"external_id": "c-1"})).await.expect("created");
        let nodes = [Arc::clone(&world.services), world.another_node().await];
        let organization = world.snapshot();
        let tries: Vec<_> = (0..16)
            .map(|number| {
                let services = Arc::clone(&nodes[number % 2]);
                let organization = Arc::clone(&organization);
                let change = patch(json!({"user_profile": {format!("a{number}"): number}}));
                tokio::spawn(async move {
                    update_customer(&services, &organization, &by_id(ada.id), &change).await.map(drop)
                })
            })
            .collect();
        for attempt in tries {
            attempt.await.expect("no panic").expect("changed");
        }
        let stored = world.stored(ada.id).await.expect("stored").customer;
        assert_eq!(stored.profile.user_profile.len(), 16);
        assert_eq!(stored.profile.user_profile_version, 16);
    }

    async fn operators_change_standing_and_nothing_else(world: World) {
        let ada = world.create(json!({"external_id": "c-1"})).await.expect("created");
        let set = async |patch: StandingPatch| {
            standing::change(&world.services, world.organization, &by_id(ada.id), None, &patch, &forget).await
        };
        let account_status = Some("warned".to_owned());
        let suspend =
            StandingPatch { suspended: Some(true), account_status, ..StandingPatch::default() };
        let after = set(suspend).await.expect("set").customer;
        let expected =
            Standing { suspended: true, account_status: "warned".to_owned(), ..ada.customer.standing.clone() };
        assert_eq!(after.standing, expected);
        assert_eq!(after.profile, ada.customer.profile);
        for status in [String::new(), "x".repeat(65), "a\0".to_owned()] {
            let refused = set(StandingPatch { account_status: Some(status), ..StandingPatch::default() }).await;
            assert!(refused.is_err());
        }
        assert_eq!(world.stored(ada.id).await.expect("stored").customer, after);
    }

    async fn a_deletion_among_events_is_final(world: World) {
        world.put(CampaignBuilder::new(1).behavior(BehaviorBuilder::count(10, "buy", 3))).await;
        let ada = world.create(json!({"external_id": "c-1"})).await.expect("created");
        let nodes = [Arc::clone(&world.services), world.another_node().await];
        let organization = world.snapshot();
        let writers: Vec<_> = (0..12)
            .map(|number| {
                let services = Arc::clone(&nodes[number % 2]);
                let organization = Arc::clone(&organization);
                tokio::spawn(async move {
                    let customer = by_id(ada.id);
                    if number == 5 {
                        delete_customer(&services, &organization, &customer).await.map(drop)
                    } else {
                        ingest(&services, &organization, &customer, &[buy()]).await.map(drop)
                    }
                })
            })
            .collect();
        for (number, writer) in writers.into_iter().enumerate() {
            match writer.await.expect("no panic") {
                Ok(()) => {}
                Err(AppError::CustomerNotFound) if number != 5 => {}
                Err(other) => panic!("{number}: {other}"),
            }
        }
        assert!(world.stored(ada.id).await.is_none());
        assert!(world.log(ada.id).await.is_empty(), "no event outlives its customer");
        assert_eq!(world.external("c-1").await, None);
    }

    async fn deleting_gives_back_the_place_the_names_and_the_token(world: World) {
        world.put(CampaignBuilder::new(1).opt_in_limit(1)).await;
        let organization = world.snapshot();
        let ada = world.create(json!({"external_id": "c-1", "email": "ada@example.org"})).await.expect("created");
        let campaign = CampaignSelector::Id(CampaignId(1));
        choose(&world.services, &organization, &by_id(ada.id), &campaign, Choice::In).await.expect("opted in");
        let token = mint(&world.services, &organization, &by_id(ada.id)).await.expect("minted").token;
        assert_eq!(world.places(1).await, 1);

        let deleted =
            delete_customer(&world.services, &organization, &by_id(ada.id)).await.expect("deleted");
        assert_eq!(deleted.customer.profile, ada.customer.profile, "the answer is the customer as it last was");
        assert!(world.stored(ada.id).await.is_none());
        assert_eq!((world.places(1).await, world.count().await), (0, 0));
        assert!(world.log(ada.id).await.is_empty());
        assert_eq!(world.external("c-1").await, None);
        let gone = customer_of_token(&world.services, &organization, &token).await;
        assert!(matches!(gone, Err(AppError::InvalidAuthToken)));
        let again = delete_customer(&world.services, &organization, &by_id(ada.id)).await;
        assert!(matches!(again, Err(AppError::CustomerNotFound)));

        let next = world.create(json!({"external_id": "c-1"})).await.expect("the id is free");
        choose(&world.services, &organization, &by_id(next.id), &campaign, Choice::In).await.expect("a place");
    }

    async fn who_opted_out_or_of_a_campaign_that_is_gone_gives_no_place_back(world: World) {
        world.put(CampaignBuilder::new(1).opt_in_limit(5)).await;
        let organization = world.snapshot();
        let campaign = CampaignSelector::Id(CampaignId(1));
        let ada = world.create(json!({"external_id": "c-1"})).await.expect("created");
        let bob = world.create(json!({"external_id": "c-2"})).await.expect("created");
        for (customer, choice) in [(ada.id, Choice::In), (bob.id, Choice::In), (bob.id, Choice::Out)] {
            choose(&world.services, &organization, &by_id(customer), &campaign, choice).await.expect("chosen");
        }
        delete_customer(&world.services, &organization, &by_id(bob.id)).await.expect("deleted");
        assert_eq!(world.places(1).await, 1);
    }

    async fn e133_a_token_speaks_for_its_customer_until_it_expires(world: World) {
        let organization = world.snapshot();
        let ada = world.create(json!({"external_id": "c-1"})).await.expect("created");
        let by_name = CustomerSelector::External("c-1".to_owned());
        let minted = mint(&world.services, &organization, &by_name).await.expect("minted");
        assert_eq!(minted.customer, ada.id);
        let ttl_s = i64::from(world.services.settings.client_token_ttl_s);
        assert_eq!(minted.expires_at, NOW.plus_seconds(ttl_s));
        world.clock.advance_s(ttl_s - 1);
        let speaker = customer_of_token(&world.services, &organization, &minted.token).await;
        assert_eq!(speaker.expect("valid"), ada.id);
        let second = mint(&world.services, &organization, &by_name).await.expect("minted").token;
        world.clock.advance_s(1);
        let expired = customer_of_token(&world.services, &organization, &minted.token).await;
        assert!(matches!(expired, Err(AppError::InvalidAuthToken)));
        assert!(customer_of_token(&world.services, &organization, &second).await.is_ok());
        assert!(matches!(
            mint(&world.services, &organization, &CustomerSelector::External("c-9".to_owned())).await,
            Err(AppError::CustomerNotFound)
        ));
    }

    async fn e133_an_anonymous_customer_comes_with_its_token(world: World) {
        let organization = world.snapshot();
        let minted = mint_anonymous(&world.services, &organization).await.expect("minted");
        let stored = world.stored(minted.customer).await.expect("stored").customer;
        assert!(stored.is_anonymous());
        assert_eq!(stored.tracking_id.as_bytes()[..12], minted.customer.0.as_bytes()[..12]);
        let speaker = customer_of_token(&world.services, &organization, &minted.token).await;
        assert_eq!(speaker.expect("valid"), minted.customer);
        let known = patch(json!({"email": "ada@example.org"}));
        let registered =
            update_customer(&world.services, &organization, &by_id(minted.customer), &known).await.expect("known");
        assert_eq!(registered.customer.registered_at, Some(NOW));
    }

    async fn e143_all_tags_of_a_call_are_given_or_none(world: World) {
        let organization = world.snapshot();
        let ada = world.create(json!({"external_id": "c-1"})).await.expect("created");
        let tag = async |names: &[&str], ttl_s| {
            let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
            tag_customer(&world.services, &organization, &by_id(ada.id), &names, ttl_s).await
        };
        let tagged = tag(&["a", "b", "a"], None).await.expect("tagged").customer;
        assert_eq!(tagged.tags["a"], Tag::Counter { count: 1 }, "a call counts once");
        assert!(matches!(tag(&["c", ""], None).await, Err(AppError::Invalid(_))));
        assert!(matches!(tag(&["c"], Some(0)).await, Err(AppError::Invalid(_))));
        assert!(matches!(tag(&[], None).await, Err(AppError::Missing(_))));
        let many: Vec<_> = (0..=MAX_TAGS_PER_REQUEST).map(|number| number.to_string()).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        assert!(matches!(tag(&many, None).await, Err(AppError::Invalid(_))));
        assert_eq!(world.stored(ada.id).await.expect("stored").customer.tags, tagged.tags);
        tag(&many[1..], None).await.expect("as many as a call may name");
    }

    async fn a_customer_full_of_tags_keeps_them_and_the_event_stands(world: World) {
        let rewarding = BehaviorBuilder::count(10, "buy", 1)
            .points(5)
            .outcome(Outcome::Tag { name: "one more".to_owned(), ttl_s: None });
        world.put(CampaignBuilder::new(1).behavior(rewarding)).await;
        let tags = (0..TAGS_MAX).map(|number| number.to_string()).collect();
        let user = patch(json!({"external_id": "c-1"}));
        let row = ImportRow { patch: user, tags, ..ImportRow::default() };
        let ada = upsert_customers(&world.services, &world.snapshot(), vec![row]).await.remove(0).expect("taken").id;
        ingest(&world.services, &world.snapshot(), &by_id(ada), &[buy()]).await.expect("taken in");
        let customer = world.stored(ada).await.expect("stored").customer;
        assert_eq!((customer.tags.len(), customer.points.available), (TAGS_MAX, 5));
        assert!(!customer.tags.contains_key("one more"));
        let outbox = world.services.store.page_outbox(world.organization, None, 10).await.expect("readable");
        assert!(outbox.iter().any(|entry| entry.kind == "tag.refused" && entry.payload["tag"] == "one more"));
    }
}
