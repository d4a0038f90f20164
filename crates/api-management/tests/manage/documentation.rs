//! What docs/dialling.md shows is taken as it stands there.

use crate::call_clients::wav;
use crate::world::World;
use muster_app::usecases::dialler::{CampaignInput, create_campaign};
use muster_domain::ids::ClientId;
use serde_json::Value;

const PAGE: &str = include_str!("../../../../docs/dialling.md");

#[tokio::test]
async fn samples_of_dialling_are_accepted() {
    let world = World::sqlite().await;
    let organization = world.organization("Harbour").await;
    let client = format!("{organization}/call-clients/1");
    let campaign = format!("{client}/call-campaigns/1");
    let mut seen = Vec::new();
    for block in PAGE.split("\n```json ").skip(1) {
        let (kind, rest) = block.split_once('\n').expect("a block has lines");
        let text = rest.split("\n```").next().expect("a block has an end");
        let sample: Value =
            serde_json::from_str(text).unwrap_or_else(|error| panic!("{kind}: {error}: {text}"));
        let ask = |method: &str, path: &str| world.ask(method, path).json(&sample);
        match kind {
            "client" => {
                ask("POST", &format!("{organization}/call-clients")).send().await.expect(201);
                for name in ["Spring", "Autumn"] {
                    let input = CampaignInput { name: Some(name.to_owned()), ..CampaignInput::default() };
                    create_campaign(&world.services, ClientId(1), input).await.expect("it is made");
                }
                for prompt in ["sorry", "reminder"] {
                    let file = world.ask("PUT", &format!("{client}/prompts/{prompt}")).octets(wav(8000, 80));
                    file.send().await.expect(200);
                }
            }
            "dialling" => {
                let changed =
                    ask("PUT", &format!("{campaign}/dialling")).matching("*").send().await.expect(200);
                for (name, value) in sample.as_object().expect("members") {
                    assert_eq!(&changed.body["dialling"][name], value, "{name}");
                }
            }
            "policy" => drop(ask("PUT", &format!("{client}/call-policies/own")).send().await.expect(200)),
            "agent" => {
                let made = ask("PUT", &format!("{client}/agents/anna")).send().await.expect(200);
                assert_eq!(made.body["phone_username"], "1-anna");
            }
            "desk" => {
                let refused = ask("PUT", &format!("{client}/desk/anna")).send().await;
                refused.problem(503, "not_dialling");
            }
            "contacts" => {
                let made = ask("POST", &format!("{campaign}/contacts")).send().await.expect(200);
                assert_eq!(made.body["imported"], 2, "{}", made.body);
            }
            "do-not-call" => drop(ask("POST", &format!("{client}/do-not-call")).send().await.expect(200)),
            other => panic!("{other}: tell this test what it is"),
        }
        seen.push(kind);
    }
    let expected = ["client", "dialling", "dialling", "policy", "agent", "desk", "contacts", "do-not-call"];
    assert_eq!(seen, expected);
}
