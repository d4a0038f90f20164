//! A behavior published after the events, replayed by the server's own workers.

use crate::scene::Scene;
use serde_json::{Value, json};

#[tokio::test]
async fn a_replay_asked_for_through_the_api_is_carried_out() {
    for scene in [Scene::embedded(), Scene::postgres()] {
        let server = scene.muster().serve();
        let client = &scene.client;
        let manage =
            |path: &str| server.at(&format!("/manage/v1/organizations/{}{path}", scene.app.organization_id));
        let token = &scene.app.management_token;
        let document = json!({
            "name": "Replayed", "status": "live", "starts_at": "1 day ago", "ends_at": "1 day from now",
        });
        let made = client.post(manage("/campaigns")).bearer_auth(token).json(&document).send().await.unwrap();
        assert_eq!(made.status(), 201);
        let campaign: Value = made.json().await.unwrap();
        let campaign = format!("/campaigns/{}", campaign["id"]);

        let key = &scene.app.api_key;
        let users = server.at(&format!("/priv/v1/apps/{key}/users"));
        let user = json!({ "user": { "external_id": "ann" } });
        let signed = |request: reqwest::RequestBuilder| request.basic_auth(key, Some(&scene.app.secret));
        assert_eq!(signed(client.post(users)).json(&user).send().await.unwrap().status(), 200);
        let events = server.at(&format!("/priv/v1/apps/{key}/external/users/ann/events"));
        let event = json!({ "events": { "coffee": { "qty": 3 } } });
        assert_eq!(signed(client.post(events)).json(&event).send().await.unwrap().status(), 200);

        let behavior =
            json!({ "name": "Three", "type": "count", "event": "coffee", "total_count": 3, "points": 7 });
        let behaviors = manage(&format!("{campaign}/behaviors"));
        let made = client.post(&behaviors).bearer_auth(token).json(&behavior).send().await.unwrap();
        assert_eq!(made.status(), 201);
        let behavior: Value = made.json().await.unwrap();
        let replay = format!("{behaviors}/{}/replay", behavior["id"]);
        let started = client.post(replay).bearer_auth(token).send().await.unwrap();
        assert_eq!(started.status(), 202);
        let job = server.at(started.headers()["location"].to_str().unwrap());
        loop {
            let job: Value = client.get(&job).bearer_auth(token).send().await.unwrap().json().await.unwrap();
            match job["state"].as_str().unwrap() {
                "completed" => break assert_eq!((&job["done"], &job["total"]), (&json!(1), &json!(1))),
                "failed" => panic!("{job}"),
                _ => tokio::task::yield_now().await,
            }
        }
        let customer = manage("/customers/external:ann");
        let customer: Value =
            client.get(customer).bearer_auth(token).send().await.unwrap().json().await.unwrap();
        assert_eq!(customer["points"], 7);
        assert_eq!(server.stop().code(), Some(0));
    }
}
