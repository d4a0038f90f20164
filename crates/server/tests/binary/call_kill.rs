//! Killing servers in the middle of a hundred calls: no contact is stuck, nobody is called twice within the redial
//! distance, and what was recorded stays. The telephones' own log decides.

use muster_app::ports::{OsEntropy, SystemClock};
use muster_app::usecases::dialler::CampaignInput;
use muster_app::{Services, Settings};
use muster_domain::calls::call::CallOutcome;
use muster_domain::calls::campaign::{CallCampaign, Dialling, Mode, ScriptStep};
use muster_domain::ids::ContactId;
use muster_domain::participant::ParticipantStatus;
use muster_peers::phones::{Phones, PhonesSettings, judge};
use muster_storage::StoreConfig;
use muster_testkit::{Muster, TestDatabase, calls};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const CONTACTS: usize = 360;
const LINES: u32 = 100;
const KILLS: usize = 5;
/// Longest time for anything. It bounds a hang, it measures nothing.
const PATIENCE: Duration = Duration::from_mins(1);

struct Scene {
    services: Arc<Services>,
    phones: Phones,
    muster: Muster,
    campaign: CallCampaign,
    contacts: Vec<ContactId>,
}

impl Scene {
    async fn over(place: &str, muster: Muster) -> Self {
        let store =
            muster_storage::open(StoreConfig::parse(place).expect("an address")).await.expect("it opens");
        let services =
            Services::start(store, Arc::new(SystemClock), Arc::new(OsEntropy), Settings::default())
                .await
                .expect("starts");
        let client = calls::client(&services, None).await;
        calls::prompt(&services, client, "hello", 300).await;
        let result = |key: &str| vec![ScriptStep::Result { export_key: key.to_owned() }];
        let script = vec![
            ScriptStep::Play { prompt: "hello".to_owned() },
            ScriptStep::Collect {
                timeout_s: 2,
                keys: BTreeMap::from([("1".to_owned(), result("ABG"))]),
                otherwise: result("KI"),
            },
        ];
        let input = CampaignInput {
            mode: Some(Mode::Ivr),
            max_parallel_lines: Some(Some(LINES)),
            retry_delay_min: Some(600),
            busy_tries: Some(0),
            ..CampaignInput::default()
        };
        let dialling = Dialling { script, ..Dialling::default() };
        let campaign = calls::campaign(&services, client, "Campaign", input, dialling).await;
        // Half of them press 1 after the prompt, others say nothing, are busy, or do not answer.
        let behaviours = [935, 901, 935, 940, 935, 943];
        let numbers: Vec<_> = (0..CONTACTS)
            .map(|place| vec![calls::number(place, behaviours[place % behaviours.len()])])
            .collect();
        let contacts = calls::contacts(&services, &campaign, &numbers).await;
        calls::start(&services, client, campaign.id).await;
        let phones = Phones::start(PhonesSettings { speed: 2.0, ..PhonesSettings::default() })
            .await
            .expect("the telephones start");
        let trunk = format!(
            "[{{name=\"lab\", enabled=true, proxy=\"{}\", main_number=\"4930990000\", max_channels=200, cps=100}}]",
            phones.addr()
        );
        let muster = muster
            .setting("calls.enabled", true)
            .setting("calls.listen", "127.0.0.1:0")
            .setting("calls.ownership_s", 2)
            .setting("calls.poll_interval_ms", 50)
            .setting("calls.trunks", trunk);
        Self { services, phones, muster, campaign, contacts }
    }

    async fn until(&self, what: &str, condition: impl AsyncFn() -> bool) {
        let waiting = async {
            while !condition().await {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, waiting).await.is_ok();
        let counts = calls::counts(&self.services, self.campaign.id).await;
        assert!(waited, "in vain waited until {what}: {counts:?}");
    }
}

async fn killed_in_the_middle_of_a_hundred_calls(scene: Scene) {
    let mut server = scene.muster.serve();
    for kill in 1..=KILLS {
        // Far enough that most lines are in use.
        let goal = CONTACTS * kill / (KILLS + 2);
        scene.until("calls last", async || scene.phones.calls().len() >= goal).await;
        server.kill();
        server = scene.muster.serve();
    }
    scene
        .until("every contact was called and no call lasts", async || {
            let counts = calls::counts(&scene.services, scene.campaign.id).await;
            counts.open_calls == 0
                && counts.of(ParticipantStatus::Pending) == 0
                && counts.of(ParticipantStatus::Progress) == 0
        })
        .await;
    assert_eq!(server.stop().code(), Some(0));
    let seen = scene.phones.calls();
    // Whoever was in a call when the server died waits an hour, everybody else for longer.
    assert!(judge::called_more_than(&seen, 1).is_empty(), "{:?}", judge::called_more_than(&seen, 1));
    let (mut unknown, mut recorded) = (0, 0);
    for id in &scene.contacts {
        let contact = calls::contact(&scene.services, *id).await;
        let attempts = calls::calls(&scene.services, *id).await;
        assert!(contact.lease.is_none() && contact.open_call.is_none(), "{contact:?}");
        assert_eq!(attempts.len(), 1, "{attempts:?}");
        let (call, number) = (&attempts[0], &attempts[0].number);
        let at_the_phone = seen.iter().find(|record| record.number == *number);
        match call.outcome {
            Some(CallOutcome::Unknown) => unknown += 1,
            Some(CallOutcome::Answered) => {
                assert!(at_the_phone.is_some(), "it was called: {call:?}");
                // What was heard decides; a telephone left over from before a kill may still be heard on its old port.
                let code = contact.export_key.as_deref().unwrap_or_default();
                // A key may come when the script has gone on without it.
                assert!(code == "KI" || (code == "ABG" && call.digits.contains('1')), "{code}: {call:?}");
                recorded += usize::from(code == "ABG");
            }
            Some(CallOutcome::Busy) => assert!(number.ends_with("940"), "{call:?}"),
            Some(CallOutcome::NoAnswer) => assert!(number.ends_with("943"), "{call:?}"),
            // On a slow machine somebody answers at the last moment, or hears nothing before the kill.
            Some(CallOutcome::LateAnswer | CallOutcome::ShortCall | CallOutcome::NoCapacity) => {}
            other => panic!("{other:?}: {call:?}"),
        }
        let record = scene.services.calls.numbers(scene.campaign.client, std::slice::from_ref(number)).await;
        assert_eq!(record.unwrap()[0].as_ref().unwrap().value.open_call, None);
    }
    assert!(unknown > 0, "no call lasted when a server died: nothing was proved");
    assert!(recorded > 0, "nothing was recorded: nothing was proved");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_calls_through_five_kills_on_the_embedded_store() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let muster = Muster::new(env!("CARGO_BIN_EXE_muster")).on_folder(folder.path());
    let scene = Scene::over(&folder.path().to_string_lossy(), muster).await;
    killed_in_the_middle_of_a_hundred_calls(scene).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_calls_through_five_kills_on_postgres() {
    let database = TestDatabase::create();
    let muster = Muster::new(env!("CARGO_BIN_EXE_muster")).on_database(&database);
    killed_in_the_middle_of_a_hundred_calls(Scene::over(database.url(), muster).await).await;
}
