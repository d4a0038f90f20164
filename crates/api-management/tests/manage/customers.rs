//! Customers, explanations, replay jobs and outcomes.

use crate::world::{World, on_both_stores};
use muster_app::usecases::ingest::{IncomingEvent, ingest};
use muster_app::usecases::select::CustomerSelector;
use muster_domain::event::Context;
use muster_domain::ids::CustomerId;
use muster_testkit::builders::CustomerBuilder;
use serde_json::{Value, json};
use uuid::Uuid;

on_both_stores! {
    customers_are_paged_and_their_standing_changes,
    an_explanation_names_every_clause,
    what_is_not_found_is_named,
    a_replay_is_a_job_and_outcomes_are_paged,
}

async fn customer(world: &World, organization: &str, builder: CustomerBuilder) -> Uuid {
    let write = builder.into_write(World::id_of(organization));
    let id = write.id;
    world.services.store.commit(vec![write]).await.remove(0).expect("the customer is made");
    id.0
}

async fn buy(world: &World, organization: &str, customer: Uuid, times: usize) {
    world.services.catalog.refresh().await.unwrap();
    let snapshot = world.services.catalog.organization(World::id_of(organization)).unwrap();
    for _ in 0..times {
        let event = IncomingEvent {
            name: "purchase".to_owned(),
            transaction_id: None,
            quantity: 1,
            occurred_at: None,
            context: Context::new(),
            campaign: None,
        };
        let selector = CustomerSelector::Id(CustomerId(customer));
        ingest(&world.services, &snapshot, &selector, &[event]).await.unwrap();
    }
}

async fn customers_are_paged_and_their_standing_changes(world: World) {
    let organization = world.organization("Harbour").await;
    let mut ids = Vec::new();
    for number in 1..=5 {
        let builder = CustomerBuilder::new(number).external_id(&format!("c-{number}")).tag("member");
        ids.push(customer(&world, &organization, builder).await.to_string());
    }
    ids.sort();
    let customers = format!("{organization}/customers");
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = world.get(&format!("{customers}?limit=2{cursor}")).await.expect(200);
        seen.extend(page.body["items"].as_array().unwrap().iter().map(|one| one["id"].clone()));
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(Value::Array(seen), json!(ids));

    let address = format!("{customers}/external:c-1");
    let read = world.get(&address).await.expect(200);
    assert_eq!(read.body["tags"], json!({ "member": { "count": 1 } }));
    let standing = format!("{address}/standing");
    let patch = |body: Value| world.ask("PATCH", &standing).json(&body);
    let changed = patch(json!({ "suspended": true })).send().await.expect(200);
    assert_eq!(changed.body["standing"]["suspended"], true);
    assert_eq!(changed.body["standing"]["activated"], true, "what is left out stays");
    patch(json!({ "suspended": false })).matching(&read.etag()).send().await.problem(412, "stale");
    patch(json!({ "suspended": false })).matching(&changed.etag()).send().await.expect(200);
    patch(json!({ "account_status": "" })).send().await.problem(422, "invalid");
    patch(json!({ "points": 5 })).send().await.problem(422, "invalid");
    world.get(&format!("{customers}/external:nobody")).await.problem(404, "not_found");
    world.get(&format!("{customers}/not-a-guid")).await.problem(404, "not_found");
    let foreign = world.organization("Foreign").await;
    world.get(&format!("{foreign}/customers/{}", ids[0])).await.problem(404, "not_found");
}

async fn an_explanation_names_every_clause(world: World) {
    let organization = world.organization("Harbour").await;
    let document = json!({
        "name": "Coffee", "permalink": "coffee", "status": "live",
        "starts_at": "3 days ago", "ends_at": "30 days from now", "opt_in": { "limit": 1 },
        "targeting": { "$and": [{ "user.tags": { "$in": ["member"] } }, { "user.country": "DNK" }] },
        "behaviors": [{ "name": "Two", "type": "count", "event": "purchase", "total_count": 2,
            "max_times_repeatable": 1 }],
        "line_items": [{ "groups": [
            { "name": "Tile", "creative":
                { "type": "internal_tile", "tile": {}, "delivery": { "triggered_by": "Two" } } },
            { "name": "Always", "creative": { "type": "internal_tile", "tile": {} } },
        ] }],
    });
    let made = world.post(&format!("{organization}/campaigns"), &document).await.expect(201);
    let builder = CustomerBuilder::new(1)
        .tag("member")
        .with(|customer| customer.profile.country = Some("SWE".to_owned()));
    let stranger = customer(&world, &organization, builder).await;
    let builder = CustomerBuilder::new(2)
        .tag("member")
        .chose(made.id(), true)
        .with(|customer| customer.profile.country = Some("DNK".to_owned()));
    let member = customer(&world, &organization, builder).await;
    buy(&world, &organization, member, 3).await;

    let explain = |customer: Uuid| format!("{organization}/customers/{customer}/campaigns/coffee/explain");
    let told = world.get(&explain(stranger)).await.expect(200);
    assert_eq!((&told.body["state"], &told.body["qualified"]), (&json!("not_qualified"), &json!(false)));
    assert_eq!(told.body["opt_in_refusal"], "ineligible");
    assert_eq!(told.body["admits_events"], false);
    let clauses = &told.body["targeting"]["all"];
    assert_eq!((&clauses[0]["verdict"], &clauses[1]["verdict"]), (&json!(true), &json!(false)));
    assert_eq!(clauses[1]["clause"]["actual"], "SWE");
    let always = &told.body["creatives"][1];
    assert_eq!(always["shown"], false, "who is not eligible sees nothing");
    assert_eq!(
        always["checks"][0],
        json!({ "check": "customer is eligible", "actual": "not eligible", "verdict": false })
    );

    let told = world.get(&explain(member)).await.expect(200);
    assert_eq!(told.body["state"], "completed");
    assert_eq!(told.body["behaviors"][0]["achieved"], 1);
    let cap = &told.body["behaviors"][0]["checks"][0];
    assert_eq!((&cap["verdict"], &cap["actual"]), (&json!(false), &json!("1 of 1 achievements")));
    assert_eq!(told.body["creatives"][0]["shown"], true);
    assert_eq!(told.body["creatives"][1]["shown"], true);
    assert_eq!(told.body["opt_in_refusal"], Value::Null, "who has a place needs no other");
    world
        .get(&format!("{organization}/customers/{member}/campaigns/tea/explain"))
        .await
        .problem(404, "not_found");
}

async fn what_is_not_found_is_named(world: World) {
    let organization = world.organization("Harbour").await;
    customer(&world, &organization, CustomerBuilder::new(1).external_id("y")).await;
    let stranger = Uuid::from_u128(9);
    let table = [
        ("external:nope".to_owned(), r#"customer "external:nope""#.to_owned()),
        ("external:nope/campaigns/1/explain".to_owned(), r#"customer "external:nope""#.to_owned()),
        (format!("{stranger}"), format!("customer \"{stranger}\"")),
        ("external:y/campaigns/9999/explain".to_owned(), r#"campaign "9999""#.to_owned()),
    ];
    for (address, named) in table {
        let told = world.get(&format!("{organization}/customers/{address}")).await.problem(404, "not_found");
        let expected = format!("there is no {named} for this token");
        assert_eq!(told.body["detail"], expected, "{address}");
    }
    let standing = format!("{organization}/customers/external:nope/standing");
    let told = world.ask("PATCH", &standing).json(&json!({})).send().await.problem(404, "not_found");
    assert_eq!(told.body["detail"], r#"there is no customer "external:nope" for this token"#);
}

async fn a_replay_is_a_job_and_outcomes_are_paged(world: World) {
    let organization = world.organization("Harbour").await;
    let document = json!({
        "name": "Coffee", "status": "live", "starts_at": "3 days ago", "ends_at": "30 days from now",
        "behaviors": [{ "name": "One", "type": "count", "event": "purchase", "total_count": 1 }],
    });
    let made = world.post(&format!("{organization}/campaigns"), &document).await.expect(201);
    let behavior = made.body["campaign"]["behaviors"][0]["id"].as_i64().unwrap();
    let replay = format!("{organization}/campaigns/{}/behaviors/{behavior}/replay", made.id());
    let started = world.ask("POST", &replay).send().await.expect(202);
    assert_eq!((&started.body["state"], &started.body["done"]), (&json!("pending"), &json!(0)));
    let address = started.header("location").strip_prefix("/manage/v1").unwrap().to_owned();
    assert_eq!(world.get(&address).await.expect(200).body, started.body);
    let busy = world.ask("POST", &replay).send().await.problem(409, "conflict");
    assert!(busy.body["detail"].as_str().unwrap().contains(started.body["id"].as_str().unwrap()));
    let jobs = world.get(&format!("{organization}/jobs")).await.expect(200);
    assert_eq!(jobs.body["items"], json!([started.body]));
    world.get(&format!("{organization}/jobs/nonsense")).await.problem(404, "not_found");
    let foreign = world.organization("Foreign").await;
    let id = started.body["id"].as_str().unwrap();
    world.get(&format!("{foreign}/jobs/{id}")).await.problem(404, "not_found");
    let nothing = format!("{organization}/campaigns/{}/behaviors/999/replay", made.id());
    world.ask("POST", &nothing).send().await.problem(404, "not_found");

    let buyer = customer(&world, &organization, CustomerBuilder::new(1)).await;
    buy(&world, &organization, buyer, 3).await;
    let first = world.get(&format!("{organization}/outcomes?limit=2")).await.expect(200);
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let second = world.get(&format!("{organization}/outcomes?limit=2&cursor={cursor}")).await.expect(200);
    let kinds: Vec<_> = [first.body["items"].clone(), second.body["items"].clone()]
        .iter()
        .flat_map(|items| items.as_array().unwrap().clone())
        .map(|entry| (entry["kind"].clone(), entry["customer"].clone()))
        .collect();
    assert_eq!(kinds, vec![(json!("behavior.achieved"), json!(buyer.to_string())); 3]);
}
