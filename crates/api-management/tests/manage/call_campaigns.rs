//! Call campaigns: settings, starting and stopping, contacts in, results out, and a desk without an engine.

use crate::call_clients::{client, wav};
use crate::world::{Reply, World, on_both_stores};
use muster_app::usecases::dialler::{self, CampaignInput};
use muster_domain::calls::campaign::Mode;
use muster_domain::ids::ClientId;
use serde_json::{Value, json};

on_both_stores! {
    dialling_settings_are_replaced_as_a_whole,
    settings_that_break_a_rule_are_told,
    a_campaign_starts_and_stops,
    contacts_are_imported_and_refusals_told_by_place,
    results_are_paged_and_exported,
    without_an_engine_the_desk_refuses,
    of_another_client_account_nothing_is_found,
}

/// A client account with a campaign.
struct Set {
    client: String,
    campaign: String,
}

async fn set(world: &World) -> Set {
    let organization = world.organization("Harbour").await;
    let client = client(world, &organization, &json!({ "policy": "DE" })).await;
    let campaign = campaign(world, &client, "Calls", Mode::Preview).await;
    Set { client, campaign }
}

async fn campaign(world: &World, client: &str, name: &str, mode: Mode) -> String {
    let id = ClientId(client.rsplit('/').next().expect("an address").parse().expect("a number"));
    let input = CampaignInput {
        name: Some(name.to_owned()),
        mode: Some(mode),
        // No policy lets a campaign start that hides its number.
        caller_id: Some(Some("+4930901800".to_owned())),
        caller_id_active: Some(true),
        ..CampaignInput::default()
    };
    let made = dialler::create_campaign(&world.services, id, input).await.expect("it is made");
    format!("{client}/call-campaigns/{}", made.id)
}

fn items(reply: &Reply) -> &[Value] {
    reply.body["items"].as_array().expect("items")
}

async fn dialling_settings_are_replaced_as_a_whole(world: World) {
    let Set { client, campaign } = set(&world).await;
    let file = world.ask("PUT", &format!("{client}/prompts/sorry")).octets(wav(8000, 800));
    file.send().await.expect(200);
    let read = world.get(&campaign).await.expect(200);
    assert_eq!((&read.body["mode"], &read.body["is_active"]), (&json!("preview"), &json!(false)));
    assert_eq!(read.body["dialling"]["wrap_s"], 15);
    let dialling = format!("{campaign}/dialling");
    let settings = json!({
        "pacing": { "mode": "power", "ratio": 1.5 },
        "message": "sorry",
        "script": [
            { "step": "play", "prompt": "sorry" },
            { "step": "collect", "timeout_s": 5, "keys": {
                "1": [{ "step": "result", "export_key": "DONE" }, { "step": "hang_up" }],
                "9": [{ "step": "suppress" }],
            }, "otherwise": [{ "step": "transfer" }] },
        ],
        "trunks": ["north"],
        "number_strategy": "exhaust_first",
        "max_tries_per_number": 3,
        "wrap_s": 30,
        "outcomes": { "machine": "DONE" },
    });
    let keys = dialler::result_codes(&world.services, ClientId(1), muster_domain::ids::CallCampaignId(1))
        .await
        .expect("the campaign has codes");
    let key = &keys[0].export_key;
    let settings: Value =
        serde_json::from_str(&settings.to_string().replace("DONE", key)).expect("still JSON");
    let put = |body: &Value| world.ask("PUT", &dialling).json(body);
    put(&settings).send().await.problem(428, "match_required");
    let changed = put(&settings).matching(&read.etag()).send().await.expect(200);
    assert_eq!(changed.body["dialling"]["script"], settings["script"]);
    assert_eq!(changed.body["dialling"]["pacing"], settings["pacing"]);
    assert_eq!(changed.body["dialling"]["expected_handle_s"], 140, "what is left out has its default");
    assert_eq!(world.get(&campaign).await.body, changed.body);
    put(&json!({})).matching(&read.etag()).send().await.problem(412, "stale");

    world.ask("DELETE", &format!("{client}/prompts/sorry")).send().await.problem(409, "conflict");
    let plain = put(&json!({})).matching(&changed.etag()).send().await.expect(200);
    assert_eq!(plain.body["dialling"]["pacing"], json!(null));
    world.ask("DELETE", &format!("{client}/prompts/sorry")).send().await.expect(204);
    let known = world.ask("GET", &campaign).header("if-none-match", &plain.etag()).send().await;
    assert_eq!(known.status, 304);
}

async fn settings_that_break_a_rule_are_told(world: World) {
    let Set { campaign, .. } = set(&world).await;
    let dialling = format!("{campaign}/dialling");
    for (body, place) in [
        (json!({ "pacing": { "mode": "power", "ratio": 0.5 } }), "pacing.ratio"),
        (json!({ "pacing": { "mode": "reckless" } }), "pacing"),
        (json!({ "policy": "NOWHERE" }), "policy"),
        (json!({ "message": "none" }), "prompt"),
        (json!({ "outcomes": { "busy": "NO-SUCH-KEY" } }), "export_key"),
        (json!({ "outcomes": { "eaten": "X" } }), "outcomes"),
        (json!({ "wrap_s": 4000 }), "wrap_s"),
        (json!({ "script": [{ "step": "collect", "timeout_s": 5, "keys": { "x": [] } }] }), "script.keys"),
        (json!({ "no_such_setting": 1 }), "no_such_setting"),
    ] {
        let refused = world.ask("PUT", &dialling).json(&body).matching("*").send().await;
        let refused = refused.problem(422, "invalid");
        assert!(refused.body["detail"].as_str().expect("text").contains(place), "{}", refused.body);
    }
    assert_eq!(world.get(&campaign).await.body["version"], 1, "nothing was changed");
}

async fn a_campaign_starts_and_stops(world: World) {
    let Set { client, campaign } = set(&world).await;
    let take = |step: &str| world.ask("POST", &format!("{campaign}/steps/{step}")).send();
    let started = take("start").await.expect(200);
    assert_eq!(started.body["is_active"], true);
    assert!(started.body["started_at"].is_string());
    assert_eq!(take("start").await.expect(200).body, started.body);
    take("launch").await.problem(404, "not_found");

    let status = world.get(&format!("{campaign}/status")).await.expect(200);
    assert_eq!((&status.body["is_active"], &status.body["live"]), (&json!(true), &json!(null)));
    assert!(status.body["not_live"].as_str().expect("text").contains("places no calls"), "{}", status.body);
    let stale = world.ask("POST", &format!("{campaign}/steps/stop")).matching("\"v1\"").send().await;
    stale.problem(412, "stale");
    assert_eq!(take("stop").await.expect(200).body["is_active"], false);

    // Ahead of agents only with a policy that says how many may be abandoned.
    let etag = world.get(&campaign).await.etag();
    let power = json!({ "pacing": { "mode": "power", "ratio": 2.0 } });
    let put = world.ask("PUT", &format!("{campaign}/dialling")).json(&power).matching(&etag);
    put.send().await.expect(200);
    world.ask("PATCH", &client).json(&json!({ "policy": null })).send().await.expect(200);
    let refused = take("start").await.problem(409, "conflict");
    assert!(refused.body["detail"].as_str().expect("text").contains("policy"), "{}", refused.body);

    let etag = world.get(&campaign).await.etag();
    let put = world.ask("PUT", &format!("{campaign}/dialling")).json(&json!({})).matching(&etag);
    put.send().await.expect(200);
    take("start").await.expect(200);
    let stop = format!("{campaign}/emergency-stop");
    world.ask("POST", &format!("{stop}?cancel_ringing=maybe")).send().await.problem(400, "bad_parameter");
    assert_eq!(world.get(&campaign).await.body["is_active"], true);
    let stopped = world.ask("POST", &format!("{stop}?cancel_ringing=true")).send().await.expect(200);
    assert_eq!(stopped.body["campaign"]["is_active"], false);
    assert_eq!(stopped.body["at_once"], false, "this server places no calls");
    assert!(stopped.body["reason"].as_str().expect("text").contains("places no calls"));
    assert_eq!(world.get(&campaign).await.body["is_active"], false);
}

async fn contacts_are_imported_and_refusals_told_by_place(world: World) {
    let Set { client, campaign } = set(&world).await;
    let list = json!({ "numbers": ["030 901829"], "reason": "asked" });
    world.post(&format!("{client}/do-not-call"), &list).await.expect(200);
    let contacts = format!("{campaign}/contacts");
    let body = json!({ "contacts": [
        { "Name": "Ann", "UserData": "crm-1", "PhoneNumber1": "030 901820" },
        { "Name": "Bob", "PhoneNumber1": "nobody" },
        { "Name": "", "PhoneNumber1": "030 901821" },
        { "Name": "Cem", "Phone": "030 901821" },
        { "Name": "Dan", "PhoneNumber1": "030 901829" },
        5,
    ] });
    let made = world.post(&contacts, &body).await.expect(200);
    assert_eq!((&made.body["imported"], &made.body["refused"]), (&json!(2), &json!(4)));
    let errors = made.body["errors"].as_array().expect("errors");
    let places: Vec<_> = errors.iter().map(|error| (&error["index"], &error["place"])).collect();
    let expected = [
        (json!(1), json!("PhoneNumber1")),
        (json!(2), json!("Name")),
        (json!(3), json!("Phone")),
        (json!(5), json!(".")),
    ];
    assert_eq!(places, expected.iter().map(|(index, place)| (index, place)).collect::<Vec<_>>());
    let ids = made.body["ids"].as_array().expect("ids");
    assert_eq!(ids.iter().map(Value::is_null).collect::<Vec<_>>(), [false, true, true, true, false, true]);

    let lines = |overwrite: &str, text: &str| {
        let ask = world.ask("POST", &format!("{contacts}{overwrite}")).text(text);
        ask.header("content-type", "application/x-ndjson; charset=utf-8").send()
    };
    let text = "{\"Name\":\"Ann B.\",\"UserData\":\"crm-1\",\"PhoneNumber1\":\"030 901820\"}\n\n{\"Name\":\n\
                {\"Name\":\"Eve\",\"PhoneNumber1\":\"+49 30 901825\"}\r\n";
    let again = lines("?overwrite=true", text).await.expect(200);
    assert_eq!(again.body["ids"][0], ids[0], "the contact of the same user data is replaced");
    assert_eq!((&again.body["imported"], &again.body["errors"][0]["index"]), (&json!(2), &json!(1)));
    lines("?overwrite=perhaps", "").await.problem(400, "bad_parameter");
    assert_eq!(lines("", "").await.expect(200).body["imported"], 0);

    let status = world.get(&format!("{campaign}/status")).await.expect(200);
    assert_eq!(status.body["contacts"], 3);
    let closed: u64 = status.body["results"]
        .as_array()
        .expect("results")
        .iter()
        .filter_map(|one| one["contacts"].as_u64())
        .sum();
    assert_eq!(closed, 1, "whose only number must not be called is closed: {}", status.body);

    let row = json!({ "Name": "N", "PhoneNumber1": "030 901820" });
    let many = json!({ "contacts": vec![row.clone(); 501] });
    assert_eq!(world.post(&contacts, &many).await.problem(422, "invalid").place(), "contacts");
    lines("", &format!("{row}\n").repeat(501)).await.problem(422, "invalid");
    assert_eq!(world.get(&format!("{campaign}/status")).await.body["contacts"], 3);
    let edge = lines("", &format!("{row}\n").repeat(500)).await.expect(200);
    assert_eq!(edge.body["imported"], 500);
}

async fn results_are_paged_and_exported(world: World) {
    let Set { campaign, .. } = set(&world).await;
    let names = ["Zoe", "ann", "Bob, the \"tall\" one", "Ann"];
    let rows: Vec<Value> = names
        .iter()
        .map(|name| json!({ "Name": name, "UserData": "k", "PhoneNumber1": "030 901820" }))
        .collect();
    world.post(&format!("{campaign}/contacts"), &json!({ "contacts": rows })).await.expect(200);
    let results = format!("{campaign}/results");
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    for limit in [1, 1, 2] {
        let page = world.get(&format!("{results}?limit={limit}{cursor}")).await.expect(200);
        seen.extend(items(&page).iter().map(|row| row["name"].as_str().expect("a name").to_owned()));
        cursor = page.body["next_cursor"].as_str().map_or(String::new(), |next| format!("&cursor={next}"));
    }
    assert_eq!(cursor, "");
    assert_eq!(seen, ["ann", "Ann", "Bob, the \"tall\" one", "Zoe"]);

    let (status, headers, text) = world.ask("GET", &format!("{results}.csv")).send_text().await;
    assert_eq!(
        (status.as_u16(), &headers["content-type"]),
        (200, &"text/csv; charset=utf-8".parse().unwrap())
    );
    let mut lines = text.lines();
    let columns = lines.next().expect("column names");
    assert!(columns.starts_with("id,name,user_data,status,result,tries,phone_number1,"), "{columns}");
    assert_eq!(lines.clone().count(), 4);
    assert!(text.contains("\"Bob, the \"\"tall\"\" one\""), "{text}");
    let first = lines.next().expect("a row");
    assert_eq!(first.split(',').count(), columns.split(',').count());

    let (_, _, text) = world.ask("GET", &format!("{results}.ndjson")).send_text().await;
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(rows.len(), 4);
    // The columns are the members, in their order.
    let page = world.get(&results).await.expect(200);
    assert_eq!(items(&page), rows);
    let members = text.lines().next().expect("a row");
    let mut at = 0;
    for column in columns.split(',') {
        let found = members[at..].find(&format!("\"{column}\":"));
        at += found.unwrap_or_else(|| panic!("{column} is not a member, or not in its order: {members}"));
    }
    assert_eq!(rows[0].as_object().expect("members").len(), columns.split(',').count());

    let (_, _, text) = world.ask("GET", &format!("{results}.csv?rows=calls")).send_text().await;
    assert!(text.starts_with("id,contact,number,") && text.lines().count() == 1, "{text}");
    assert!(items(&world.get(&format!("{campaign}/calls")).await.expect(200)).is_empty());
    world.get(&format!("{results}.csv?rows=lines")).await.problem(400, "bad_parameter");
}

async fn without_an_engine_the_desk_refuses(world: World) {
    let Set { client, campaign } = set(&world).await;
    let contact = json!({ "contacts": [{ "Name": "Ann", "PhoneNumber1": "030 901820" }] });
    let made = world.post(&format!("{campaign}/contacts"), &contact).await.expect(200);
    let id: i64 = campaign.rsplit('/').next().expect("an id").parse().expect("a number");
    let desk = format!("{client}/desk");
    let anna = format!("{desk}/anna");
    let work = json!({ "campaigns": [{ "campaign": id, "weight": 2 }] });
    let dial = json!({ "contact": made.body["ids"][0] });
    for (method, path, body) in [
        ("GET", desk.clone(), json!({})),
        ("PUT", anna.clone(), work),
        ("DELETE", anna.clone(), json!({})),
        ("POST", format!("{anna}/steps/pause"), json!({})),
        ("POST", format!("{anna}/steps/ready"), json!({})),
        ("POST", format!("{anna}/steps/hang-up"), json!({})),
        ("POST", format!("{anna}/calls"), dial),
    ] {
        let refused = world.ask(method, &path).json(&body).send().await.problem(503, "not_dialling");
        assert!(refused.body["detail"].as_str().expect("text").contains("calls.enabled"), "{}", refused.body);
        assert_eq!(refused.header("retry-after"), "", "trying again does not help");
    }
    world.ask("POST", &format!("{anna}/steps/dance")).send().await.problem(404, "not_found");
    for (body, place) in [
        (json!({ "campaigns": [] }), "campaigns"),
        (json!({ "campaigns": [{ "campaign": id, "weight": 0 }] }), "campaigns[0].weight"),
        (json!({ "campaigns": [{ "campaign": id }, { "campaign": id }] }), "campaigns[1].campaign"),
    ] {
        let refused = world.ask("PUT", &anna).json(&body).send().await.problem(422, "invalid");
        assert_eq!(refused.place(), place);
    }
}

async fn of_another_client_account_nothing_is_found(world: World) {
    let Set { client: own, campaign } = set(&world).await;
    let organization = own.split("/call-clients").next().expect("an organization");
    let other = client(&world, organization, &json!({ "name": "Other" })).await;
    let there = campaign.replace(&own, &other);
    assert_ne!(there, campaign);
    for (method, path, body) in [
        ("GET", String::new(), json!({})),
        ("GET", "/status".to_owned(), json!({})),
        ("GET", "/results".to_owned(), json!({})),
        ("GET", "/results.csv".to_owned(), json!({})),
        ("GET", "/calls".to_owned(), json!({})),
        ("PUT", "/dialling".to_owned(), json!({})),
        ("POST", "/steps/start".to_owned(), json!({})),
        ("POST", "/emergency-stop".to_owned(), json!({})),
        ("POST", "/contacts".to_owned(), json!({ "contacts": [] })),
    ] {
        let ask = world.ask(method, &format!("{there}{path}")).json(&body).matching("*");
        ask.send().await.problem(404, "not_found");
    }
    assert_eq!(world.get(&campaign).await.body["version"], 1);
    assert!(items(&world.get(&format!("{other}/call-campaigns")).await.expect(200)).is_empty());
    assert_eq!(items(&world.get(&format!("{own}/call-campaigns")).await.expect(200)).len(), 1);
}
