//! Campaigns, their behaviors and offers, and their life cycle.

use crate::world::{Reply, World, on_both_stores};
use serde_json::{Value, json};

on_both_stores! {
    a_campaign_is_created_with_its_whole_hierarchy,
    a_replaced_campaign_keeps_its_ids,
    what_cannot_stand_is_refused_with_its_place_and_changes_nothing,
    of_simultaneous_changes_one_wins,
    behaviors_and_offers_are_changed_one_by_one,
    ids_from_elsewhere_are_kept_and_never_given_again,
}

fn coffee() -> Value {
    json!({
        "name": "Coffee", "permalink": "coffee", "status": "live",
        "starts_at": "3 days ago", "ends_at": "30 days from now",
        "opt_in": { "limit": 10 },
        "targeting": { "user.tags": { "$in": ["member"] } },
        "metadata": { "owner": "loyalty" },
        "behaviors": [
            { "name": "Grand tour", "type": "composite", "points": 50, "goals": [
                { "event": "coffee", "total_count": 3, "points": 5 },
                { "event": "visit", "type": "unique", "context_key": "store", "total_count": 2, "group": "1",
                  "conditions": [{ "key": "country", "operator": "in", "values": ["DK", "SE"] }] },
            ], "max_times_repeatable": 2 },
        ],
        "offers": [
            { "name": "Ten percent", "type": "deal", "total_available": 5,
              "deal": { "offer_type_id": "percent_discount", "percent": 10.0, "texts": [{ "title": "Ten" }] } },
        ],
        "line_items": [{ "groups": [
            { "name": "Tile", "creative": { "type": "internal_tile", "tile": { "header": "Hello" },
              "action": { "type": "external_link", "url": "https://shop.example/" },
              "frequency_cap": { "max_views": 3, "period": "1 day" } } },
            { "name": "Done", "targeting": { "user.country": "DNK" }, "creative": { "type": "push",
              "message": { "provider": "push", "template": "done" },
              "delivery": { "triggered_by": "Grand tour" } } },
        ] }],
    })
}

fn with(mut document: Value, pointer: &str, value: Value) -> Value {
    *document.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} is there")) = value;
    document
}

async fn create(world: &World, organization: &str, document: &Value) -> Reply {
    world.post(&format!("{organization}/campaigns"), document).await
}

async fn a_campaign_is_created_with_its_whole_hierarchy(world: World) {
    let organization = world.organization("Harbour").await;
    let made = create(&world, &organization, &coffee()).await.expect(201);
    let address = format!("{organization}/campaigns/{}", made.id());
    assert_eq!(made.header("location"), format!("/manage/v1{address}"));
    assert_eq!(made.etag(), "\"v1\"");
    let document = &made.body["campaign"];
    assert_eq!(document["starts_at"], "2023-11-11T00:00:00Z", "relative dates are stored as moments");
    assert_eq!(document["opt_in"], json!({ "required": true, "limit": 10 }));
    assert_eq!(document["behaviors"][0]["goals"][1]["conditions"][0]["values"], json!(["DK", "SE"]));
    assert_eq!(document["line_items"][0]["groups"][1]["creative"]["delivery"]["triggered_by"], "Grand tour");
    assert!(document["behaviors"][0]["external_id"].as_str().unwrap().len() == 36);
    let read = world.get(&address).await.expect(200);
    assert_eq!(read.body, made.body);

    // What is shown can be written back, and says the same.
    let again = world.ask("PUT", &address).json(document).matching("\"v1\"").send().await.expect(200);
    assert_eq!(&again.body["campaign"], document);
    assert_eq!(again.etag(), "\"v2\"");

    for query in ["status=live", "permalink=coffee", ""] {
        let listed = world.get(&format!("{organization}/campaigns?{query}")).await.expect(200);
        assert_eq!(listed.body["items"][0]["id"], made.id(), "{query}");
    }
    for query in ["status=draft", "permalink=tea", "division=north"] {
        let listed = world.get(&format!("{organization}/campaigns?{query}")).await.expect(200);
        assert_eq!(listed.body["items"], json!([]), "{query}");
    }
    world.get(&format!("{organization}/campaigns?status=alive")).await.problem(400, "bad_parameter");
    let totals = world.get(&format!("{address}/totals")).await.expect(200);
    assert_eq!((&totals.body["places_taken"], &totals.body["places_limit"]), (&json!(0), &json!(10)));
    assert_eq!(totals.body["creatives"].as_array().unwrap().len(), 2);

    let delete = || world.ask("DELETE", &address);
    delete().send().await.problem(428, "match_required");
    delete().matching("\"v1\"").send().await.problem(412, "stale");
    delete().matching("\"v2\"").send().await.expect(204);
    world.get(&address).await.problem(404, "not_found");
    delete().matching("*").send().await.problem(404, "not_found");
}

async fn a_replaced_campaign_keeps_its_ids(world: World) {
    let organization = world.organization("Harbour").await;
    let made = create(&world, &organization, &coffee()).await.expect(201);
    let address = format!("{organization}/campaigns/{}", made.id());
    let mut document = with(coffee(), "/behaviors/0/points", json!(60));
    document["line_items"][0]["groups"].as_array_mut().unwrap().reverse();
    document.as_object_mut().unwrap().remove("permalink");
    document.as_object_mut().unwrap().remove("status");
    let put = world.ask("PUT", &address).json(&document).matching(&made.etag()).send().await.expect(200);
    let (before, after) = (&made.body["campaign"], &put.body["campaign"]);
    assert_eq!(after["permalink"], "coffee");
    assert_eq!(after["status"], "live");
    assert_eq!(after["behaviors"][0]["points"], 60);
    for pointer in ["/id", "/behaviors/0/id", "/behaviors/0/external_id", "/offers/0/id", "/offers/0/deal/id"]
    {
        assert_eq!(after.pointer(pointer), before.pointer(pointer), "{pointer}");
    }
    let groups = "/line_items/0/groups";
    for (now, then) in [(0, 1), (1, 0)] {
        for field in ["id", "creative/id", "name"] {
            let at =
                |document: &Value, index| document.pointer(&format!("{groups}/{index}/{field}")).cloned();
            assert_eq!(at(after, now), at(before, then), "{field} of group {now}");
        }
    }
    let other_id = with(put.body["campaign"].clone(), "/id", json!(999));
    let refused = world.ask("PUT", &address).json(&other_id).matching("*").send().await;
    assert_eq!(refused.problem(422, "invalid").place(), "id");
    // Under another id the behavior would be a new one, and everybody's progress would be gone.
    let other_behavior = with(put.body["campaign"].clone(), "/behaviors/0/id", json!(999));
    let refused = world.ask("PUT", &address).json(&other_behavior).matching("*").send().await;
    assert_eq!(refused.problem(422, "invalid").place(), "behaviors[0].id");
}

async fn what_cannot_stand_is_refused_with_its_place_and_changes_nothing(world: World) {
    let organization = world.organization("Harbour").await;
    create(&world, &organization, &coffee()).await.expect(201);
    let base = with(with(coffee(), "/name", json!("Tea")), "/permalink", json!("tea"));
    let table = [
        ("/ends_at", json!("4 days ago"), "ends_at"),
        ("/ends_at", json!("10000-01-01T00:00:00Z"), "ends_at"),
        ("/starts_at", json!(5), "starts_at"),
        ("/status", json!("alive"), "status"),
        ("/name", json!(""), "name"),
        ("/opt_in", json!({ "starts_at": "1 day ago" }), "opt_in.starts_at"),
        ("/opt_in", json!({ "ends_at": "31 days from now" }), "opt_in.ends_at"),
        ("/opt_in", json!({ "limit": 0 }), "opt_in.limit"),
        ("/targeting", json!({ "user.tags": { "$near": 1 } }), "targeting"),
        ("/behaviors/0/goals/0/event", json!(""), "behaviors[0]"),
        ("/behaviors/0/type", json!("count"), "behaviors[0].goals"),
        ("/behaviors/0/nonsense", json!(1), ""),
        (
            "/line_items/0/groups/0/creative/type",
            json!("internal_full_page"),
            "line_items[0].groups[0].creative.tile",
        ),
        ("/line_items/0/groups/1/creative/delivery", json!({}), "line_items[0].groups[1].creative.delivery"),
        (
            "/line_items/0/groups/1/creative/delivery",
            json!({ "triggered_by": "Grand tour", "scheduled_at": "today" }),
            "line_items[0].groups[1].creative.delivery",
        ),
        (
            "/line_items/0/groups/1/creative/delivery/triggered_by",
            json!("Nothing"),
            "line_items[0].groups[1].creative.delivery.triggered_by",
        ),
        (
            "/line_items/0/groups/0/creative/action/url",
            json!("javascript:alert(1)"),
            "line_items[0].groups[0].creative.action.url",
        ),
        (
            "/line_items/0/groups/0/creative/frequency_cap/period",
            json!("2 fortnights"),
            "line_items[0].groups[0].creative.frequency_cap.period",
        ),
        ("/offers/0/deal/percent", json!(101.0), "offers[0].deal.percent"),
        ("/offers/0/type", json!("trigger"), "offers[0].deal"),
    ];
    for (pointer, value, place) in table {
        let document = if pointer.ends_with("nonsense") {
            let mut document = base.clone();
            document["behaviors"][0]["nonsense"] = value;
            document
        } else {
            with(base.clone(), pointer, value)
        };
        let refused = create(&world, &organization, &document).await.problem(422, "invalid");
        let expected = if place.is_empty() { "behaviors[0].nonsense" } else { place };
        assert_eq!(refused.place(), expected, "{pointer}: {}", refused.body);
    }
    let mut with_division = base.clone();
    with_division["division"] = json!("north");
    let refused = create(&world, &organization, &with_division).await.problem(422, "invalid");
    assert_eq!(refused.place(), "division");
    for (field, document) in [
        ("name", with(coffee(), "/permalink", json!("x"))),
        ("permalink", with(coffee(), "/name", json!("x"))),
    ] {
        let refused = create(&world, &organization, &document).await.problem(409, "duplicate");
        assert_eq!(refused.place(), field);
    }
    let address = format!("{organization}/campaigns");
    world.ask("POST", &address).text("{\"name\": ").send().await.problem(400, "malformed_json");
    world.ask("POST", &address).send().await.problem(400, "malformed_json");
    for text in ["[]", "[\"a\"]", "7", "null"] {
        let refused = world.ask("POST", &address).text(text).send().await.problem(422, "invalid");
        assert_eq!(refused.body["detail"], ".: the body must be a JSON object", "{text}");
    }
    let nameless = with(base.clone(), "/permalink", json!(""));
    let refused = create(&world, &organization, &nameless).await.problem(422, "invalid");
    assert_eq!(refused.place(), "permalink");
    let twice = "{\"name\":\"a\",\"name\":\"b\",\"starts_at\":\"now\",\"ends_at\":\"1 day from now\"}";
    let refused = world.ask("POST", &address).text(twice).send().await.problem(422, "invalid");
    assert!(refused.body["detail"].as_str().unwrap().contains("duplicate field"), "{}", refused.body);
    let huge = with(base, "/name", json!("x".repeat(2 * 1024 * 1024)));
    create(&world, &organization, &huge).await.problem(413, "body_too_large");
    let listed = world.get(&address).await.expect(200);
    assert_eq!(listed.body["items"].as_array().unwrap().len(), 1, "nothing was added");
    assert_eq!(listed.body["items"][0]["version"], 1, "nothing was changed");

    // Another organization's ids name nothing here.
    let foreign = world.organization("Foreign").await;
    let id = listed.body["items"][0]["id"].as_i64().unwrap();
    world.get(&format!("{foreign}/campaigns/{id}")).await.problem(404, "not_found");
}

async fn of_simultaneous_changes_one_wins(world: World) {
    let organization = world.organization("Harbour").await;
    let made = create(&world, &organization, &coffee()).await.expect(201);
    let address = format!("{organization}/campaigns/{}", made.id());
    let requests = (0..8).map(|weight| {
        let mut document = coffee();
        document["weight"] = json!(weight);
        let (world, address) = (&world, &address);
        async move { world.ask("PUT", address).json(&document).matching("\"v1\"").send().await }
    });
    let mut won = Vec::new();
    for reply in join_all(requests).await {
        match reply.status.as_u16() {
            200 => won.push(reply.body["campaign"].clone()),
            _ => drop(reply.problem(412, "stale")),
        }
    }
    assert_eq!(won.len(), 1);
    assert_eq!(world.get(&address).await.body["campaign"], won[0]);

    // Nobody is sent away because others write too.
    let requests = (0..40).map(|number| {
        let document =
            json!({ "name": format!("Campaign {number}"), "starts_at": "now", "ends_at": "1 day from now" });
        let (world, organization) = (&world, &organization);
        async move { create(world, organization, &document).await.expect(201).id() }
    });
    let ids: std::collections::BTreeSet<i64> = join_all(requests).await.into_iter().collect();
    assert_eq!(ids.len(), 40, "each has its own id");

    // Creations under one name: one wins, and the others are told why they did not.
    let requests = (0..8).map(|_| async {
        create(
            &world,
            &organization,
            &json!({ "name": "Tea", "starts_at": "now", "ends_at": "1 day from now" }),
        )
        .await
    });
    let replies = join_all(requests).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
    for reply in replies.into_iter().filter(|reply| reply.status != 201) {
        reply.problem(409, "duplicate");
    }
}

/// Runs futures side by side on this task.
pub(crate) async fn join_all<T>(futures: impl IntoIterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut pending: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        let mut done = true;
        for (future, output) in &mut pending {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(value) => *output = Some(value),
                    std::task::Poll::Pending => done = false,
                }
            }
        }
        if done { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    pending.into_iter().filter_map(|(_, output)| output).collect()
}

async fn behaviors_and_offers_are_changed_one_by_one(world: World) {
    let organization = world.organization("Harbour").await;
    let made = create(&world, &organization, &coffee()).await.expect(201);
    let address = format!("{organization}/campaigns/{}", made.id());
    let behaviors = format!("{address}/behaviors");
    let streak =
        json!({ "name": "Streak", "type": "count", "event": "visit", "total_count": 3, "consecutive": true });
    let added = world.post(&behaviors, &streak).await.expect(201);
    assert_eq!(added.etag(), "\"v2\"");
    assert_eq!(added.header("location"), format!("/manage/v1{behaviors}/{}", added.id()));
    let one = format!("{behaviors}/{}", added.id());
    assert_eq!(world.get(&one).await.expect(200).body["behavior"]["name"], "Streak");
    let listed = world.get(&format!("{behaviors}?limit=1")).await.expect(200);
    assert!(listed.body["next_cursor"].is_string());

    let put = |body: &Value| world.ask("PUT", &one).json(body);
    let longer = with(streak.clone(), "/total_count", json!(5));
    put(&longer).send().await.problem(428, "match_required");
    put(&longer).matching("\"v1\"").send().await.problem(412, "stale");
    let changed = put(&longer).matching("\"v2\"").send().await.expect(200);
    assert_eq!(changed.body["behavior"]["total_count"], 5);
    assert_eq!(changed.body["behavior"]["external_id"], added.body["behavior"]["external_id"]);
    let bad = with(streak.clone(), "/total_count", json!(0));
    put(&bad).matching("*").send().await.problem(422, "invalid");
    let stale = world.ask("POST", &behaviors).json(&streak).matching("\"v1\"").send().await;
    stale.problem(412, "stale");

    // The behavior that a message waits for cannot go.
    let tour = made.body["campaign"]["behaviors"][0]["id"].as_i64().unwrap();
    let delete = |id| world.ask("DELETE", &format!("{behaviors}/{id}")).matching("*");
    let refused = delete(tour).send().await.problem(422, "invalid");
    assert_eq!(refused.place(), "line_items[0].groups[1].creative.delivery");
    delete(added.id()).send().await.expect(204);
    world.get(&one).await.problem(404, "not_found");

    let offers = format!("{address}/offers");
    let bonus = json!({ "name": "Bonus", "type": "trigger", "total_available": 10 });
    let added = world.post(&offers, &bonus).await.expect(201);
    let one = format!("{offers}/{}", added.id());
    let more = with(bonus, "/total_available", json!(20));
    let changed = world.ask("PUT", &one).json(&more).matching(&added.etag()).send().await.expect(200);
    assert_eq!(changed.body["offer"]["total_available"], 20);
    world.ask("DELETE", &one).matching(&added.etag()).send().await.problem(412, "stale");
    world.ask("DELETE", &one).matching(&changed.etag()).send().await.expect(204);
    assert_eq!(world.get(&offers).await.body["items"].as_array().unwrap().len(), 1);
}

async fn ids_from_elsewhere_are_kept_and_never_given_again(world: World) {
    let organization = world.organization("Harbour").await;
    let mut document = coffee();
    document["id"] = json!(1443);
    document["behaviors"][0]["id"] = json!(1444);
    document["behaviors"][0]["external_id"] = json!("86d77299-ed18-49ba-8fef-f8cb2241faac");
    document["line_items"][0]["groups"][0]["id"] = json!(3232);
    document["line_items"][0]["groups"][0]["creative"]["id"] = json!(3364);
    let made = create(&world, &organization, &document).await.expect(201);
    assert_eq!(made.id(), 1443);
    let stored = &made.body["campaign"];
    assert_eq!(stored["line_items"][0]["groups"][0]["creative"]["id"], 3364);
    let next = stored["line_items"][0]["groups"][1]["id"].as_i64().unwrap();
    assert!(next > 3364, "made ids come after those given: {next}");

    let tea = |id: i64, behavior: i64| {
        json!({ "id": id, "name": "Tea", "starts_at": "now", "ends_at": "1 day from now", "behaviors": [
            { "id": behavior, "name": "One", "type": "count", "event": "tea", "total_count": 1 },
        ] })
    };
    create(&world, &organization, &tea(1443, 7)).await.problem(409, "duplicate");
    let refused = create(&world, &organization, &tea(7, 1444)).await.problem(409, "duplicate");
    assert_eq!(refused.place(), "behavior id");
    create(&world, &organization, &tea(0, 7)).await.problem(422, "invalid");
    create(&world, &organization, &tea(2_000_000_000_000, 7)).await.problem(422, "invalid");
    // Different kinds may share a number, and another organization is another matter.
    create(&world, &organization, &tea(1444, 1443)).await.expect(201);
    let other = world.organization("Other").await;
    create(&world, &other, &tea(1443, 1444)).await.expect(201);
}

#[tokio::test]
async fn the_life_cycle_has_steps_and_refuses_the_others() {
    let world = World::sqlite().await;
    let organization = world.organization("Harbour").await;
    let mut number = 0;
    let table = [
        ("draft", "submit", Some("inreview")),
        ("draft", "launch", Some("live")),
        ("draft", "pause", None),
        ("draft", "resume", None),
        ("draft", "withdraw", Some("draft")),
        ("inreview", "withdraw", Some("draft")),
        ("inreview", "launch", Some("live")),
        ("live", "pause", Some("paused")),
        ("live", "launch", Some("live")),
        ("live", "submit", None),
        ("live", "withdraw", None),
        ("paused", "resume", Some("live")),
        ("paused", "launch", None),
        ("paused", "complete", Some("completed")),
        ("completed", "complete", Some("completed")),
        ("completed", "launch", None),
        ("completed", "resume", None),
    ];
    for (from, step, to) in table {
        number += 1;
        let document = json!({
            "name": format!("Campaign {number}"), "status": from,
            "starts_at": "1 day ago", "ends_at": "1 day from now",
            "line_items": [{ "groups": [{ "name": "G", "creative":
                { "type": "internal_tile", "status": "draft", "tile": {} } }] }],
        });
        let made = create(&world, &organization, &document).await.expect(201);
        let address = format!("{organization}/campaigns/{}", made.id());
        let reply = world.ask("POST", &format!("{address}/steps/{step}")).send().await;
        let Some(to) = to else {
            reply.problem(409, "conflict");
            assert_eq!(world.get(&address).await.body["campaign"]["status"], from);
            continue;
        };
        let reply = reply.expect(200);
        assert_eq!(reply.body["campaign"]["status"], to, "{from} {step}");
        let version = if to == from { 1 } else { 2 };
        assert_eq!(reply.body["version"], version, "{from} {step}");
        let message = &reply.body["campaign"]["line_items"][0]["groups"][0]["creative"]["status"];
        let launched = from == "live" || to == "live" && from != "paused";
        let expected = if launched { Value::Null } else { json!("draft") };
        assert_eq!(*message, expected, "{from} {step}");
    }
    let address = format!("{organization}/campaigns/1/steps");
    world.ask("POST", &format!("{address}/dance")).send().await.problem(404, "not_found");
    world.ask("POST", &format!("{address}/complete")).matching("\"v99\"").send().await.problem(412, "stale");

    let over = json!({ "name": "Over", "starts_at": "5 days ago", "ends_at": "1 day ago" });
    let made = create(&world, &organization, &over).await.expect(201);
    let launch = format!("{organization}/campaigns/{}/steps/launch", made.id());
    let refused = world.ask("POST", &launch).send().await.problem(409, "conflict");
    assert!(refused.body["detail"].as_str().unwrap().contains("run window has passed"));
    // Nothing that has been live goes back to draft, by whatever way.
    let mut live = coffee();
    let made = create(&world, &organization, &live).await.expect(201);
    live["status"] = json!("draft");
    let address = format!("{organization}/campaigns/{}", made.id());
    world.ask("PUT", &address).json(&live).matching("*").send().await.problem(409, "conflict");
}
