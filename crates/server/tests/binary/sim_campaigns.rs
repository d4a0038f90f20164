//! SIM campaigns from the command line, beside a server that runs them against a message centre with cards.

use crate::common::{assert_one_clear_line, muster, new_app};
use muster_peers::provision::generate_cards;
use muster_peers::scenario::Scenario;
use muster_peers::smsc::{CoreSettings, Smsc, SmscSettings};
use muster_testkit::{Finished, Muster};
use serde_json::Value;
use std::path::Path;

const CARDS: usize = 50;

const TEMPLATE: &str = "\
name: Clear the forbidden networks
kind: FILE_UPDATE
operations:
  - {do: update_binary, path: 3F00/ADF1/6F7B, data: FFFFFFFFFFFFFFFFFFFFFFFF}
  - {do: update_binary, path: 3F00/ADF1/6F31, data: '05'}
";
const CAMPAIGN: &str = "\
name: Steering
template: 1
max_retries: 0
plan:
  waves: [{cards: 5, success_percent: 60}, {percent: 50, success_percent: 60}]
  thresholds: {error_percent: 90}
  por_timeout_s: 30
";

/// A store with an organization, an account, a template and fifty cards.
fn store(folder: &Path) -> Muster {
    let store = muster().on_folder(&folder.join("data"));
    new_app(&store, "Acme", "Ops");
    let words = ["account", "create", "--organization", "Acme", "--name", "Meters"];
    store.clone().args(words).run().expect_success();
    let cards = muster().args(["sim", "cards", "--count", &CARDS.to_string(), "--seed", "7"]).run();
    std::fs::write(folder.join("cards.csv"), cards.expect_success()).unwrap();
    std::fs::write(folder.join("template.yaml"), TEMPLATE).unwrap();
    std::fs::write(folder.join("campaign.yaml"), CAMPAIGN).unwrap();
    for (command, file) in [(["import", "sims"], "cards.csv"), (["sim-template", "create"], "template.yaml")]
    {
        in_account(&store, &command, &folder.join(file)).expect_success();
    }
    store
}

fn in_account(store: &Muster, command: &[&str], file: &Path) -> Finished {
    let file = file.to_string_lossy();
    let words = [&*file, "--organization", "Acme", "--account", "Meters"];
    store.clone().args(command.iter().copied()).args(words).run()
}

fn campaign(store: &Muster, words: &[&str]) -> Finished {
    store.clone().args(["sim-campaign"]).args(words.iter().copied()).run()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_runs_beside_the_server_from_the_making_to_the_second_try() {
    let folder = tempfile::tempdir().unwrap();
    let specs = generate_cards(7, CARDS);
    // Two cards lost the file.
    let bad = [specs[1].iccid.clone(), specs[30].iccid.clone()];
    let scenario = Scenario::parse(&format!(
        "[[rule]]\niccid = \"{}\"\nsw = \"6A82\"\n[[rule]]\niccid = \"{}\"\nsw = \"6A82\"\n",
        bad[0], bad[1]
    ));
    let core = CoreSettings { scenario: scenario.unwrap(), ..CoreSettings::default() };
    let smsc = Smsc::start(SmscSettings { core, ..SmscSettings::default() }, specs).await.unwrap();
    let route = format!(
        "[{{name=\"a\", host=\"127.0.0.1\", port={}, system_id=\"m\", password=\"p\", source_address=\"4900123\"}}]",
        smsc.address().port()
    );
    let store = store(folder.path()).setting("sim.routes", route).setting("sim.poll_interval_ms", 20);
    let server = store.serve();

    let made = in_account(&store, &["sim-campaign", "create"], &folder.path().join("campaign.yaml"));
    assert_eq!(made.expect_success(), "SIM campaign  Steering (id 1), CREATED\n");
    let cards = folder.path().join("cards.csv").to_string_lossy().into_owned();
    let enrol = || campaign(&store, &["enrol", "1", "--file", &cards]).expect_success();
    assert!(enrol().contains("50 cards enrolled, 0 took part already, 0 refused"));
    assert!(enrol().contains("0 cards enrolled, 50 took part already, 0 refused"));
    let trial = campaign(&store, &["dry-run", "1"]).expect_success();
    for words in ["50 enrolled, 50 would be sent to", "50 in 50 messages", "about 1 s"] {
        assert!(trial.contains(words), "{words} is missing: {trial}");
    }

    let said = campaign(&store, &["start", "1"]).expect_success();
    assert_eq!(said, "SIM campaign 1 is in status PROCESS\n");
    let watched = campaign(&store, &["status", "1", "--watch"]);
    assert!(watched.stderr.contains("COMPLETED: 48 COMPLETED, 2 EXCEPTION"), "{}", watched.stderr);
    let said = watched.expect_success();
    for words in ["Status        COMPLETED", "Wave 1        5 cards, 4 succeeded, 1 failed", "Wave 3"] {
        assert!(said.contains(words), "{words} is missing: {said}");
    }

    let table = campaign(&store, &["export", "1"]).expect_success();
    assert_eq!(table.lines().count(), CARDS + 1);
    let failed: Vec<_> = table.lines().filter(|line| line.contains(",EXCEPTION,")).collect();
    assert_eq!(failed.len(), 2, "{table}");
    for (line, iccid) in failed.iter().zip(&bad) {
        assert!(
            line.contains(iccid.as_str()) && line.contains(",card_error,") && line.contains(",6A82,"),
            "{line}"
        );
    }

    let again = campaign(&store, &["retry-failed", "1", "--json"]).expect_success();
    let again: Value = serde_json::from_str(&again).unwrap();
    assert_eq!((&again["id"], &again["enrolled"]), (&2.into(), &2.into()));
    let shown = campaign(&store, &["status", "2", "--json"]).expect_success();
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((&shown["status"], &shown["by_status"]["PENDING"]), (&"CREATED".into(), &2.into()));
    assert_eq!(shown["plan"]["waves"][0]["cards"], 5);
    assert_eq!(server.stop().code(), Some(0));
}

#[test]
fn a_campaign_is_led_through_its_life_without_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    in_account(&store, &["sim-campaign", "create"], &folder.path().join("campaign.yaml")).expect_success();
    let list = folder.path().join("list.csv");
    let cards = std::fs::read_to_string(folder.path().join("cards.csv")).unwrap();
    let numbers: Vec<_> = cards.lines().skip(1).take(3).map(|line| line.split(',').nth(2).unwrap()).collect();
    std::fs::write(&list, format!("msisdn\n{}\n\"\"\n{}\n4900\n+{}\n", numbers[0], numbers[1], numbers[2]))
        .unwrap();
    let finished = campaign(&store, &["enrol", "1", "--file", &list.to_string_lossy()]);
    assert_eq!(finished.code(), Some(1));
    assert!(
        finished.stdout.contains("3 cards enrolled, 0 took part already, 2 refused"),
        "{}",
        finished.stdout
    );
    assert!(finished.stderr.contains("line 3: has no msisdn"), "{}", finished.stderr);
    assert!(finished.stderr.contains("line 5: MSISDN 4900: the SIM does not exist"), "{}", finished.stderr);
    let by_query =
        campaign(&store, &["enrol", "1", "--account", "Meters", "--status", "ACTIVE"]).expect_success();
    assert!(by_query.contains("47 cards enrolled, 3 took part already"), "{by_query}");
    let nobody = campaign(&store, &["enrol", "1", "--account", "Meters", "--label", "x"]).expect_success();
    assert!(nobody.contains("0 cards enrolled, 0 took part already"), "{nobody}");

    for (step, status) in [
        ("start", "PROCESS"),
        ("start", "PROCESS"),
        ("suspend", "SUSPEND"),
        ("resume", "PROCESS"),
        ("cancel", "CANCELED"),
    ] {
        let said = campaign(&store, &[step, "1"]).expect_success();
        assert_eq!(said, format!("SIM campaign 1 is in status {status}\n"), "{step}");
    }
    assert_one_clear_line(&campaign(&store, &["resume", "1"]), &["cannot resume", "in status CANCELED"]);
    let retried =
        campaign(&store, &["retry-failed", "1", "--participant-status", "CANCELED"]).expect_success();
    assert_eq!(retried, "SIM campaign  Steering (retry) (id 2), 50 cards enrolled\n");
    let listed =
        campaign(&store, &["list", "--organization", "Acme", "--account", "Meters"]).expect_success();
    assert_eq!(listed, "     1  CANCELED   Steering\n     2  CREATED    Steering (retry)\n");
}

#[test]
fn what_cannot_be_done_with_a_campaign_is_told_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    assert_one_clear_line(&campaign(&store, &["start", "7"]), &["find the SIM campaign 7"]);
    let file = folder.path().join("bad.yaml");
    for (text, words) in [
        ("name: x\n", ["missing field `template`", "bad.yaml"]),
        ("name: x\ntemplate: 9\n", ["template does not exist", "bad.yaml"]),
        ("name: x\ntemplate: 1\nplan: {waves: [{}]}\n", ["plan.waves[0]", "bad.yaml"]),
        ("name: x\ntemplate: 1\nstarts_at: soon\n", ["starts_at", "\"soon\""]),
        ("name: x\ntemplate: 1\nends_at: 2020-01-01\n", ["ends_at", "later than starts_at"]),
    ] {
        std::fs::write(&file, text).unwrap();
        assert_one_clear_line(&in_account(&store, &["sim-campaign", "create"], &file), &words);
    }
    std::fs::write(
        &file,
        "name: x\nkind: FILE_UPDATE\noperations: [{do: update_binary, path: 3F00/6F07, data: '0'}]\n",
    )
    .unwrap();
    assert_one_clear_line(
        &in_account(&store, &["sim-template", "create"], &file),
        &["operations[0]", "operation 1 (UPDATE)"],
    );
}
