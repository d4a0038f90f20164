//! SIM campaigns: made, enrolled, led through their life, and their results.

use crate::campaigns::join_all;
use crate::sims::{ICCIDS, account, card};
use crate::world::{Reply, World, on_both_stores};
use muster_app::ports::{NewParticipant, SimWrite};
use muster_app::usecases::connectivity::NewSim;
use muster_app::usecases::connectivity::operators::{
    self, FromCampaign, IMPORT_SIMS_MAX, Imported, SimQuery,
};
use muster_domain::ids::{AccountId, SimCampaignId};
use muster_domain::participant::ParticipantStatus;
use muster_domain::sim::{Iccid, ImsiMsisdn, SimName};
use serde_json::{Value, json};

on_both_stores! {
    a_campaign_is_made_as_it_is_written,
    steps_lead_through_its_life,
    plans_change_while_it_does_not_run,
    cards_are_enrolled_by_number_and_once,
    cards_are_enrolled_by_what_they_are,
    a_dry_run_tells_what_would_be_sent,
    results_are_paged_and_exported,
    those_who_failed_get_a_second_chance,
    simultaneous_repetitions_make_one_campaign,
    long_lists_go_in_pieces,
}

/// An account with a template and four cards.
struct Scene {
    world: World,
    organization: String,
    account: String,
}

impl Scene {
    async fn of(world: World) -> Self {
        let organization = world.organization("Harbour").await;
        let account = account(&world, &organization).await;
        let template = json!({
            "name": "Clear", "kind": "FILE_UPDATE",
            "operations": [{ "do": "update_binary", "path": "3F00/ADF1/6F7B", "data": "FFFFFF" }],
        });
        world.post(&format!("{account}/sim-templates"), &template).await.expect(201);
        let cards: Vec<Value> = (0..ICCIDS.len()).map(card).collect();
        let taken = world.post(&format!("{account}/sims"), &json!({ "sims": cards })).await.expect(200);
        assert_eq!(taken.body["created"], 4, "{}", taken.body);
        Self { world, organization, account }
    }

    /// Makes a campaign and returns its address.
    async fn campaign(&self, more: Value) -> String {
        let mut body = json!({ "name": "Steering", "template": 1 });
        body.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        let made = self.world.post(&format!("{}/sim-campaigns", self.account), &body).await.expect(201);
        format!("{}/sim-campaigns/{}", self.organization, made.id())
    }

    async fn step(&self, campaign: &str, step: &str) -> Reply {
        self.world.ask("POST", &format!("{campaign}/steps/{step}")).send().await
    }

    async fn enrol(&self, campaign: &str, body: &Value) -> Reply {
        self.world.post(&format!("{campaign}/enrol"), body).await
    }

    /// Enrols cards as they would be after they were sent to.
    async fn enrol_as(&self, campaign: &str, fates: &[ParticipantStatus]) {
        let id = campaign.rsplit('/').next().expect("an address").parse().expect("a number");
        let sims = &self.world.services.sims;
        let names: Vec<_> = ICCIDS.iter().map(|iccid| SimName::Iccid((*iccid).to_owned())).collect();
        let found = sims.sims_by_names(&names).await.expect("the store answers");
        let participants = found.into_iter().zip(fates).map(|(sim, status)| {
            let sim = sim.expect("the card is there").value;
            NewParticipant {
                id: None,
                sim: sim.number,
                iccid: sim.iccid,
                status: *status,
                attempt: 1,
                code: "408".to_owned(),
                message: "=no answer, in time".to_owned(),
                updated_at: self.world.services.clock.now(),
            }
        });
        let write = SimWrite::Enrol { campaign: SimCampaignId(id), participants: participants.collect() };
        sims.write_sims(vec![write]).await.expect("enrolled");
    }
}

async fn a_campaign_is_made_as_it_is_written(world: World) {
    let scene = Scene::of(world).await;
    let campaigns = format!("{}/sim-campaigns", scene.account);
    let body = json!({
        "name": "Steering", "description": "All of it", "template": 1, "starts_at": "2026-03-01",
        "ends_at": "2026-04-01T12:00:00Z", "max_retries": 5,
        "plan": { "waves": [{ "cards": 2, "then": "pause" }], "pace_per_s": 10 },
    });
    let ask = || scene.world.ask("POST", &campaigns).json(&body).key("c");
    let made = ask().send().await.expect(201);
    assert_eq!(ask().send().await.expect(201).body, made.body);
    let address = made.header("location").strip_prefix("/manage/v1").expect("the prefix").to_owned();
    let read = scene.world.get(&address).await.expect(200);
    assert_eq!((&read.body, read.etag()), (&made.body, made.etag()));
    assert_eq!((&read.body["status"], &read.body["participants"]), (&json!("CREATED"), &json!(0)));
    assert_eq!(read.body["starts_at"], "2026-03-01T00:00:00Z");
    assert_eq!(read.body["plan"]["waves"][0]["then"], "pause");
    let listed = scene.world.get(&campaigns).await.expect(200).body;
    assert_eq!(listed["items"], json!([read.body]));
    let foreign = scene.world.organization("Foreign").await;
    let theirs = address.replace(&scene.organization, &foreign);
    scene.world.get(&theirs).await.problem(404, "not_found");
    scene.world.ask("POST", &format!("{theirs}/steps/start")).send().await.problem(404, "not_found");

    for (member, value, place) in [
        ("name", json!(""), "name"),
        ("ends_at", json!("2026-02-01"), "ends_at"),
        ("starts_at", json!("soon"), "starts_at"),
        ("max_retries", json!(11), "max_retries"),
        ("plan", json!({ "waves": [{ "cards": 1, "percent": 5 }] }), "plan.waves[0]"),
        ("plan", json!({ "waves": [{ "cards": -1 }] }), "plan.waves[0].cards"),
        ("plan", json!({ "hours": { "from": "8", "to": "20:00", "zone": "card" } }), "plan.hours"),
        ("plan", json!({ "speed": 5 }), "plan.speed"),
    ] {
        let mut bad = body.clone();
        bad[member] = value;
        let refused = scene.world.post(&campaigns, &bad).await.problem(422, "invalid");
        assert_eq!(refused.place(), place, "{}", refused.body);
    }
    let mut bad = body.clone();
    bad["template"] = json!(99);
    scene.world.post(&campaigns, &bad).await.problem(404, "not_found");
}

async fn steps_lead_through_its_life(world: World) {
    let scene = Scene::of(world).await;
    let campaign = scene.campaign(json!({ "plan": { "waves": [{ "cards": 1 }, { "percent": 50 }] } })).await;
    let all = json!({ "sims": ICCIDS.map(|iccid| json!({ "iccid": iccid })) });
    scene.enrol(&campaign, &all).await.expect(200);
    for step in ["resume", "suspend"] {
        scene.step(&campaign, step).await.problem(409, "conflict");
    }
    scene.step(&campaign, "restart").await.problem(404, "not_found");
    let before = scene.world.get(&campaign).await;
    assert_eq!(before.body["by_status"], json!({ "PENDING": 4 }));
    scene
        .world
        .ask("POST", &format!("{campaign}/steps/start"))
        .matching("\"v9\"")
        .send()
        .await
        .problem(412, "stale");
    let ask =
        || scene.world.ask("POST", &format!("{campaign}/steps/start")).matching(&before.etag()).key("s");
    let started = ask().send().await.expect(200);
    assert_eq!(started.body["status"], "PROCESS");
    let waves = started.body["waves"].as_array().expect("waves").clone();
    let sizes: Vec<_> = waves.iter().map(|wave| (&wave["cards"], &wave["is_open"])).collect();
    assert_eq!(sizes, [(&json!(1), &json!(true)), (&json!(2), &json!(false)), (&json!(1), &json!(false))]);
    assert_eq!(ask().send().await.expect(200).body["version"], started.body["version"], "remembered");
    let again = scene.step(&campaign, "start").await.expect(200);
    assert_eq!(again.body, started.body, "it leads where the campaign is");

    let paused = scene.step(&campaign, "suspend").await.expect(200);
    assert_eq!(
        (&paused.body["status"], &paused.body["by_status"]),
        (&json!("SUSPEND"), &json!({ "SUSPENDED": 4 }))
    );
    scene.step(&campaign, "start").await.problem(409, "conflict");
    assert_eq!(scene.step(&campaign, "resume").await.expect(200).body["by_status"], json!({ "PENDING": 4 }));
    let ended = scene.step(&campaign, "cancel").await.expect(200);
    assert_eq!(
        (&ended.body["status"], &ended.body["by_status"]),
        (&json!("CANCELED"), &json!({ "CANCELED": 4 }))
    );
    assert_eq!(scene.step(&campaign, "cancel").await.expect(200).body["version"], ended.body["version"]);
    for step in ["start", "resume", "suspend"] {
        scene.step(&campaign, step).await.problem(409, "conflict");
    }
    scene.enrol(&campaign, &all).await.problem(409, "conflict");
}

async fn plans_change_while_it_does_not_run(world: World) {
    let scene = Scene::of(world).await;
    let campaign = scene.campaign(json!({ "plan": { "waves": [{ "cards": 1 }] } })).await;
    let path = format!("{campaign}/plan");
    let put = async |plan: Value| {
        let etag = scene.world.get(&campaign).await.etag();
        scene.world.ask("PUT", &path).json(&plan).matching(&etag).send().await
    };
    scene.world.ask("PUT", &path).json(&json!({})).send().await.problem(428, "match_required");
    scene.world.ask("PUT", &path).json(&json!({})).matching("\"v7\"").send().await.problem(412, "stale");
    let changed = put(json!({ "waves": [{ "cards": 2 }], "pace_per_s": 5 })).await.expect(200);
    assert_eq!((&changed.body["version"], &changed.body["plan"]["pace_per_s"]), (&json!(2), &json!(5)));
    let refused = put(json!({ "pace_per_s": 0 })).await.problem(422, "invalid");
    assert_eq!(refused.place(), "plan.pace_per_s");
    let all = json!({ "sims": [{ "iccid": ICCIDS[0] }] });
    scene.enrol(&campaign, &all).await.expect(200);
    scene.step(&campaign, "start").await.expect(200);
    put(json!({})).await.problem(409, "conflict");
    scene.step(&campaign, "suspend").await.expect(200);
    let refused = put(json!({ "waves": [{ "cards": 3 }] })).await.problem(422, "invalid");
    assert_eq!(refused.place(), "plan.waves");
    let changed =
        put(json!({ "waves": [{ "cards": 2 }], "thresholds": { "error_percent": 5 } })).await.expect(200);
    assert_eq!(changed.body["plan"]["thresholds"]["error_percent"], 5);
    assert_eq!(changed.body["plan"]["pace_per_s"], json!(null), "what is left out has its default");
    scene.step(&campaign, "cancel").await.expect(200);
    put(json!({ "waves": [{ "cards": 2 }] })).await.problem(409, "conflict");
}

async fn cards_are_enrolled_by_number_and_once(world: World) {
    let scene = Scene::of(world).await;
    let campaign = scene.campaign(json!({})).await;
    let named = json!({ "sims": [
        { "iccid": ICCIDS[0] }, { "msisdn": "+491550001" }, { "iccid": "8949990000000099999" },
        { "iccid": ICCIDS[0] }, { "imsi": "x" },
    ] });
    let done = scene.enrol(&campaign, &named).await.expect(200).body;
    assert_eq!(
        (&done["enrolled"], &done["already_enrolled"], &done["refused"]),
        (&json!(2), &json!(1), &json!(2))
    );
    assert_eq!(done["errors"][0]["place"], "sims[2]");
    assert_eq!(done["errors"][0]["name"], "ICCID 8949990000000099999");
    assert_eq!(done["errors"][1]["place"], "sims[4]");
    assert_eq!(done["next_cursor"], json!(null));

    let table = format!("label,iccid\na,{}\nb,\nc,{}\nd,8949990000000099999\n", ICCIDS[1], ICCIDS[2]);
    let ask = || {
        let path = format!("{campaign}/enrol");
        scene.world.ask("POST", &path).header("content-type", "text/csv; charset=utf-8").text(&table)
    };
    let done = ask().send().await.expect(200).body;
    assert_eq!(
        (&done["enrolled"], &done["already_enrolled"], &done["refused"]),
        (&json!(1), &json!(1), &json!(2))
    );
    let places: Vec<_> = done["errors"].as_array().expect("errors").iter().map(|one| &one["place"]).collect();
    assert_eq!(places, ["line 5", "line 3"]);
    let again = ask().send().await.expect(200).body;
    assert_eq!((&again["enrolled"], &again["already_enrolled"]), (&json!(0), &json!(2)), "{again}");
    assert_eq!(scene.world.get(&campaign).await.body["participants"], 3);

    let bad = scene
        .world
        .ask("POST", &format!("{campaign}/enrol"))
        .header("content-type", "text/csv")
        .text("a,b\n");
    assert_eq!(bad.send().await.problem(422, "invalid").place(), "line 1");
    for body in [json!({}), json!({ "sims": [], "query": { "account": "x" } })] {
        scene.enrol(&campaign, &body).await.problem(422, "invalid");
    }
    // A card of somebody else does not exist.
    let other = account(&scene.world, &scene.organization).await;
    let mut theirs = card(0);
    theirs["iccid"] = json!("8949990000000000044");
    theirs["imsi_msisdn_pairs"] = json!([{ "imsi": "262990000000077" }]);
    let taken =
        scene.world.post(&format!("{other}/sims"), &json!({ "sims": [theirs] })).await.expect(200).body;
    assert_eq!(taken["created"], 1, "{taken}");
    let foreign = json!({ "sims": [{ "iccid": "8949990000000000044" }] });
    assert_eq!(scene.enrol(&campaign, &foreign).await.expect(200).body["refused"], 1);
}

async fn cards_are_enrolled_by_what_they_are(world: World) {
    let scene = Scene::of(world).await;
    let own = scene.account.rsplit('/').next().expect("an id").to_owned();
    let below = json!({ "name": "Below", "parent": own });
    let below = scene.world.post(&format!("{}/accounts", scene.organization), &below).await.expect(201).body;
    let mut labelled = card(0);
    labelled["iccid"] = json!("8949990000000000044");
    labelled["imsi_msisdn_pairs"] = json!([{ "imsi": "262990000000077" }]);
    labelled["labels"] = json!(["north", "pilot"]);
    let sims = format!("{}/accounts/{}/sims", scene.organization, below["id"].as_str().expect("an id"));
    scene.world.post(&sims, &json!({ "sims": [labelled] })).await.expect(200);
    let campaign = scene.campaign(json!({})).await;
    let ask = async |query: Value| scene.enrol(&campaign, &json!({ "query": query })).await;
    for (query, enrolled, already) in [
        (json!({ "account": below["id"], "label": "south" }), 0, 0),
        (json!({ "account": below["id"], "profile": "other" }), 0, 0),
        (json!({ "account": below["id"], "status": "SUSPEND" }), 0, 0),
        (json!({ "account": below["id"], "label": "pilot", "profile": "default", "status": "ACTIVE" }), 1, 0),
        (json!({ "account": own }), 4, 0),
        (json!({ "account": own }), 0, 4),
    ] {
        let done = ask(query.clone()).await.expect(200).body;
        assert_eq!(
            (&done["enrolled"], &done["already_enrolled"]),
            (&json!(enrolled), &json!(already)),
            "{query}"
        );
        assert_eq!(done["next_cursor"], json!(null));
    }
    let elsewhere = account(&scene.world, &scene.organization).await;
    let elsewhere = elsewhere.rsplit('/').next().expect("an id");
    let refused = ask(json!({ "account": elsewhere })).await.problem(422, "invalid");
    assert_eq!(refused.place(), "account");
    ask(json!({ "account": "nobody" })).await.problem(404, "not_found");
}

async fn a_dry_run_tells_what_would_be_sent(world: World) {
    let scene = Scene::of(world).await;
    let mut bare = card(0);
    bare["iccid"] = json!("8949990000000000044");
    bare["imsi_msisdn_pairs"] = json!([{ "imsi": "262990000000077", "msisdn": "491550077" }]);
    bare["key_sets"] = json!([]);
    let mut silent = card(0);
    silent["iccid"] = json!("8949990000000000051");
    silent["imsi_msisdn_pairs"] = json!([{ "imsi": "262990000000078" }]);
    let taken =
        scene.world.post(&format!("{}/sims", scene.account), &json!({ "sims": [bare, silent] })).await;
    assert_eq!(taken.body["created"], 2, "{}", taken.body);
    let campaign = scene.campaign(json!({ "plan": { "pace_per_s": 1 } })).await;
    let own = scene.account.rsplit('/').next().expect("an id");
    scene.enrol(&campaign, &json!({ "query": { "account": own } })).await.expect(200);
    let report = scene.world.get(&format!("{campaign}/dry-run")).await.expect(200).body;
    let counts = ["participants", "examined", "ended", "ready", "packets", "segments"]
        .map(|name| report[name].clone());
    assert_eq!(counts, [6, 6, 0, 4, 4, 4].map(|count| json!(count)), "{report}");
    let obstacles: Vec<_> = report["obstacles"]
        .as_array()
        .expect("obstacles")
        .iter()
        .map(|one| (one["kind"].as_str().expect("a kind"), one["cards"].clone(), one["examples"][0].clone()))
        .collect();
    assert_eq!(
        obstacles,
        [
            ("no_key_set", json!(1), json!("8949990000000000044")),
            ("no_number", json!(1), json!("8949990000000000051"))
        ]
    );
    // Four messages take two seconds over the route, and four cards four at the campaign's own pace.
    assert_eq!((&report["duration_s"], &report["fits_window"]), (&json!(4), &json!(true)));

    let elsewhere = scene.campaign(json!({ "plan": { "route": "south" } })).await;
    let report = scene.world.get(&format!("{elsewhere}/dry-run")).await.expect(200).body;
    assert_eq!((&report["duration_s"], &report["participants"]), (&json!(null), &json!(0)), "no such route");
}

async fn results_are_paged_and_exported(world: World) {
    use ParticipantStatus::{Completed, Exception, Pending};
    let scene = Scene::of(world).await;
    let campaign = scene.campaign(json!({})).await;
    scene.enrol_as(&campaign, &[Completed, Exception, Pending, Exception]).await;
    let read = scene.world.get(&campaign).await.expect(200).body;
    assert_eq!(read["by_status"], json!({ "COMPLETED": 1, "EXCEPTION": 2, "PENDING": 1 }));
    let path = format!("{campaign}/participants");
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = scene.world.get(&format!("{path}?limit=3{cursor}")).await.expect(200).body;
        seen.extend(page["items"].as_array().expect("items").clone());
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let iccids: Vec<_> = seen.iter().map(|one| one["iccid"].as_str().expect("an ICCID")).collect();
    assert_eq!(iccids, ICCIDS);
    assert_eq!(
        (&seen[1]["status"], &seen[1]["code"], &seen[1]["attempts"]),
        (&json!("EXCEPTION"), &json!("408"), &json!([]))
    );

    let (status, headers, text) =
        scene.world.ask("GET", &format!("{campaign}/results.csv")).send_text().await;
    assert_eq!(
        (status.as_u16(), headers["content-type"].to_str().expect("text")),
        (200, "text/csv; charset=utf-8")
    );
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 5, "{text}");
    assert!(lines[0].starts_with("id,iccid,msisdn,status,attempts,code,message,changed_at,attempt,outcome,"));
    assert!(
        lines[2].contains(&format!("{},491550001,EXCEPTION,1,408,\"=no answer, in time\",", ICCIDS[1])),
        "{text}"
    );
    let all = scene.world.ask("GET", &format!("{campaign}/results.csv?attempts=all")).send_text().await;
    assert_eq!(all.2, text, "nobody has more than one");
    scene.world.get(&format!("{campaign}/results.csv?attempts=some")).await.problem(400, "bad_parameter");
}

async fn those_who_failed_get_a_second_chance(world: World) {
    use ParticipantStatus::{Canceled, Completed, Exception};
    let scene = Scene::of(world).await;
    let campaign = scene.campaign(json!({ "plan": { "pace_per_s": 3 }, "max_retries": 1 })).await;
    scene.enrol_as(&campaign, &[Completed, Exception, Canceled, Exception]).await;
    let path = format!("{campaign}/retry-failed");
    let ask = |body: Value| scene.world.ask("POST", &path).json(&body).key("again");
    let made = ask(json!({})).send().await.expect(201);
    let second = &made.body["campaign"];
    assert_eq!((&second["name"], &second["status"]), (&json!("Steering (retry)"), &json!("CREATED")));
    assert_eq!((&second["plan"]["pace_per_s"], &second["max_retries"]), (&json!(3), &json!(1)));
    assert_eq!((&second["participants"], &made.body["enrolment"]["enrolled"]), (&json!(2), &json!(2)));
    let again = ask(json!({})).send().await.expect(201);
    assert_eq!(again.body["campaign"]["id"], second["id"], "the same request makes one campaign");
    assert_eq!(again.body["enrolment"]["already_enrolled"], 2);
    ask(json!({ "name": "Other" })).send().await.problem(422, "idempotency_key_reused");

    let address = made.header("location").strip_prefix("/manage/v1").expect("the prefix");
    let page = scene.world.get(&format!("{address}/participants")).await.expect(200).body;
    let iccids: Vec<_> = page["items"].as_array().expect("items").iter().map(|one| &one["iccid"]).collect();
    assert_eq!(iccids, [ICCIDS[1], ICCIDS[3]]);
    let canceled =
        scene.world.post(&path, &json!({ "name": "Rest", "statuses": ["CANCELED"] })).await.expect(201);
    assert_eq!(
        (&canceled.body["campaign"]["name"], &canceled.body["enrolment"]["enrolled"]),
        (&json!("Rest"), &json!(1))
    );
    let nobody = scene.world.post(&path, &json!({ "outcomes": ["no_answer"] })).await.expect(201);
    assert_eq!(nobody.body["enrolment"]["enrolled"], 0, "none of them has an attempt");
    let refused = scene.world.post(&path, &json!({ "statuses": ["FAILED"] })).await.problem(422, "invalid");
    assert_eq!(refused.place(), "statuses[0]");
    // A third one by the general way.
    let third = scene.campaign(json!({})).await;
    let id: i64 = campaign.rsplit('/').next().expect("an address").parse().expect("a number");
    let done = scene.enrol(&third, &json!({ "from_campaign": { "campaign": id } })).await.expect(200).body;
    assert_eq!(done["enrolled"], 2);
    let unknown = json!({ "from_campaign": { "campaign": 99 } });
    scene.enrol(&third, &unknown).await.problem(404, "not_found");
}

async fn simultaneous_repetitions_make_one_campaign(world: World) {
    let scene = Scene::of(world).await;
    let campaigns = format!("{}/sim-campaigns", scene.account);
    let body = json!({ "name": "Steering", "template": 1 });
    let asks = (0..8).map(|_| scene.world.ask("POST", &campaigns).json(&body).key("same").send());
    let replies: Vec<_> = join_all(asks).await.into_iter().map(|reply| reply.expect(201).body).collect();
    assert!(replies.iter().all(|reply| *reply == replies[0]), "everybody gets the same answer");
    assert_eq!(scene.world.get(&campaigns).await.body["items"].as_array().expect("items").len(), 1);
}

/// As many cards as do not go into two transactions, asked for as few at a time as can be.
async fn long_lists_go_in_pieces(world: World) {
    const CARDS: usize = 1_201;
    let scene = Scene::of(world).await;
    let services = &scene.world.services;
    let organization = World::id_of(&scene.organization);
    let account = scene.account.rsplit('/').next().expect("an id").parse().expect("a GUID");
    let account =
        operators::account(services, organization, AccountId(account)).await.expect("it is there").value;
    let bare = |number: usize| {
        let iccid = format!("89498880000000{number:05}").parse().expect("19 digits");
        let imsi = format!("26288000000{number:04}");
        NewSim::new(iccid, vec![ImsiMsisdn { imsi, msisdn: None, is_last_active: true }])
    };
    let cards: Vec<NewSim> = (0..CARDS - ICCIDS.len()).map(bare).collect();
    for chunk in cards.chunks(IMPORT_SIMS_MAX) {
        let answers = operators::import_sims(services, &account, chunk).await.expect("taken in");
        assert!(answers.iter().all(|answer| matches!(answer, Ok(Imported::Created))));
    }
    let campaign = scene.campaign(json!({})).await;
    let id =
        |address: &str| SimCampaignId(address.rsplit('/').next().expect("an id").parse().expect("a number"));
    let query = SimQuery { account: account.id, label: None, profile: None, status: None };
    let mut steps = Vec::new();
    let mut from = Some(0);
    while let Some(at) = from {
        let (done, next) = operators::enrol_matching(services, organization, id(&campaign), &query, at, 1)
            .await
            .expect("enrolled");
        steps.push((done.enrolled, next));
        from = next;
    }
    assert_eq!(steps, [(500, Some(500)), (500, Some(1000)), (201, None)]);

    let second = scene.campaign(json!({})).await;
    let source = FromCampaign {
        campaign: id(&campaign),
        statuses: vec![ParticipantStatus::Pending],
        outcomes: Vec::new(),
    };
    let mut steps = Vec::new();
    let mut from = Some(0);
    while let Some(at) = from {
        let (done, next) = operators::enrol_from(services, organization, id(&second), &source, at, 1)
            .await
            .expect("enrolled");
        steps.push((done.enrolled, next));
        from = next;
    }
    assert_eq!(steps, [(500, Some(500)), (500, Some(1000)), (201, None)]);
    // An enrolment that was interrupted is completed by another one.
    let (again, _) = operators::enrol_from(services, organization, id(&second), &source, 0, u64::MAX)
        .await
        .expect("enrolled");
    assert_eq!((again.enrolled, again.already), (0, CARDS as u64));

    let (_, _, table) = scene.world.ask("GET", &format!("{second}/results.csv")).send_text().await;
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(lines.len(), CARDS + 1);
    assert_eq!(lines.iter().filter(|line| line.starts_with("id,")).count(), 1, "one header");
    let ids: Vec<u64> = lines[1..]
        .iter()
        .map(|line| line.split(',').next().expect("an id").parse().expect("a number"))
        .collect();
    assert!(ids.is_sorted() && ids.windows(2).all(|pair| pair[0] != pair[1]));
    let report = scene.world.get(&format!("{second}/dry-run")).await.expect(200).body;
    assert_eq!((&report["examined"], &report["ready"]), (&json!(CARDS), &json!(ICCIDS.len())), "{report}");
    assert_eq!(report["obstacles"][0]["examples"].as_array().expect("examples").len(), 10);
}

#[test]
fn the_serial_numbers_have_their_check_digit() {
    for iccid in ICCIDS {
        Iccid::with_check_digit(iccid).expect("the last digit fits");
    }
}
