//! Folders, plans and exports over a real store.

use super::{Fate, Folder, Plan, export};
use muster_app::ports::{FixedClock, SeededEntropy};
use muster_app::{Services, Settings};
use muster_domain::ids::OrganizationId;
use muster_domain::time::UnixMillis;
use muster_storage::StoreConfig;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// 2026-03-10T15:45:30Z.
const NOW: UnixMillis = UnixMillis(1_773_157_530_000);

const ORGANIZATION: &str = "name: Harbour\nmulti_org: true\ntime_zone: Europe/Copenhagen\n\
    divisions:\n  - { id: north, name: The North }\n";

const COFFEE: &str = "
name: Coffee
permalink: coffee
status: live
division: north
starts_at: 3 days ago
ends_at: 30 days from now
behaviors:
  - { name: Five, type: count, event: coffee, total_count: 5, points: 10 }
line_items:
  - groups:
      - name: Tile
        creative: { type: internal_tile, tile: { header: Hello }, delivery: { triggered_by: Five } }
";

struct World {
    services: Arc<Services>,
    clock: Arc<FixedClock>,
    folder: tempfile::TempDir,
    _data: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let config = StoreConfig::parse(&data.path().to_string_lossy()).unwrap();
        let store = muster_storage::open(config).await.unwrap();
        let clock = Arc::new(FixedClock::new(NOW));
        let entropy = Arc::new(SeededEntropy::new(3));
        let services = Services::start(store, Arc::<FixedClock>::clone(&clock), entropy, Settings::default())
            .await
            .unwrap();
        let world = Self { services, clock, folder: tempfile::tempdir().unwrap(), _data: data };
        world.write("organization.yaml", ORGANIZATION);
        world.write("campaigns/coffee.yaml", COFFEE);
        world
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, name: &str, text: &str) {
        let file = self.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    fn plan(&self, prune: bool) -> Plan {
        let folder = Folder::read(self.path()).unwrap();
        Plan::make(&self.services, &folder, prune).unwrap()
    }

    fn refusal(&self) -> String {
        match Folder::read(self.path()).and_then(|folder| Plan::make(&self.services, &folder, false)) {
            Ok(plan) => panic!("nothing was refused:\n{plan}"),
            Err(failure) => failure.to_string(),
        }
    }

    async fn apply(&self, prune: bool) {
        self.plan(prune).apply(&self.services).await.unwrap();
    }

    fn campaigns(&self) -> Vec<String> {
        let snapshot = self.services.catalog.organization(OrganizationId(1)).unwrap();
        snapshot.campaigns.iter().map(|entry| entry.campaign.name.clone()).collect()
    }
}

#[tokio::test]
async fn an_applied_folder_plans_no_change_however_much_later() {
    let world = World::new().await;
    let plan = world.plan(false);
    assert_eq!((plan.fate, plan.campaigns[0].fate), (Fate::Create, Fate::Create));
    assert!(plan.to_string().contains("create  campaign \"Coffee\""), "{plan}");
    world.apply(false).await;
    let plan = world.plan(false);
    assert!(!plan.has_changes(), "{plan}");
    for seconds in [60, 8 * 3600, 16 * 3600, 60 * 86_400] {
        world.clock.advance_s(seconds);
        let plan = world.plan(false);
        assert!(!plan.has_changes(), "{plan}");
    }
}

/// Every place that takes a date.
const DATED: &str = "
name: Dated
permalink: dated
starts_at: 90 minutes ago
ends_at: 45 days from now
reporting_ends_at: 60 days from now
opt_in: { starts_at: 2 hours ago, ends_at: 44 days from now }
offers:
  - name: Cup
    type: deal
    deal: { offer_type_id: percent_discount, percent: 10, start_date: now, end_date: 3 days from now, value_after_end_date: 9 days from now }
line_items:
  - groups:
      - name: Tile
        creative:
          type: internal_tile
          tile: {}
          window: { starts_at: 1 hour ago, ends_at: 2 days from now }
          delivery: { scheduled_at: 5 minutes from now }
";

#[tokio::test]
async fn relative_dates_are_resolved_when_the_campaign_is_created() {
    let world = World::new().await;
    world.write("campaigns/dated.yaml", DATED);
    world.apply(false).await;
    let dated = || {
        let snapshot = world.services.catalog.organization(OrganizationId(1)).unwrap();
        snapshot.campaign_by_permalink("dated").unwrap().campaign.clone()
    };
    let created = dated();
    world.clock.advance_s(86_400 + 61);
    let plan = world.plan(false);
    assert!(!plan.has_changes(), "{plan}");
    world.write("campaigns/dated.yaml", &DATED.replace("name: Dated", "name: Dated\nweight: 7"));
    world.apply(false).await;
    let changed = dated();
    assert_eq!((changed.weight, changed.window), (7, created.window), "a change does not move the dates");
    assert_eq!(changed.offers, created.offers);
    assert_eq!(changed.line_items, created.line_items);
    world.write("campaigns/dated.yaml", &DATED.replace("45 days from now", "2027-01-01"));
    let plan = world.plan(false).to_string();
    assert!(plan.contains("~ ends_at: "), "a date moves it:\n{plan}");
}

#[tokio::test]
async fn a_change_is_told_field_by_field_and_keeps_ids() {
    let world = World::new().await;
    world.apply(false).await;
    let before = world.services.catalog.organization(OrganizationId(1)).unwrap();
    let before = &before.campaigns[0].campaign;
    world.write("campaigns/coffee.yaml", &COFFEE.replace("points: 10", "points: 12"));
    let plan = world.plan(false);
    assert_eq!(plan.fate, Fate::Keep);
    let lines: Vec<String> = plan.campaigns[0].differences.iter().map(ToString::to_string).collect();
    assert_eq!(lines, ["~ behaviors[Five].points: 10 -> 12"]);
    world.apply(false).await;
    let after = world.services.catalog.organization(OrganizationId(1)).unwrap();
    let after = &after.campaigns[0].campaign;
    assert_eq!(after.behaviors[0].points, 12);
    assert_eq!(after.behaviors[0].id, before.behaviors[0].id);
    assert_eq!(after.behaviors[0].published_at, before.behaviors[0].published_at, "the rules are the same");
    assert_eq!(after.line_items, before.line_items);
}

#[tokio::test]
async fn a_campaign_is_found_again_by_permalink_or_by_name() {
    let world = World::new().await;
    world.apply(false).await;
    for (from, to, told) in [
        ("permalink: coffee", "permalink: kaffe", "~ permalink: \"coffee\" -> \"kaffe\""),
        ("name: Coffee", "name: Kaffe", "~ name: \"Coffee\" -> \"Kaffe\""),
    ] {
        world.write("campaigns/coffee.yaml", &COFFEE.replace(from, to));
        let plan = world.plan(true);
        assert_eq!(plan.campaigns.len(), 1, "{plan}");
        assert_eq!(plan.campaigns[0].fate, Fate::Update);
        assert!(plan.to_string().contains(told), "{plan}");
    }
    world.write("campaigns/twin.yaml", COFFEE);
    world.write("campaigns/coffee.yaml", &COFFEE.replace("permalink: coffee", "permalink: kaffe"));
    assert!(world.refusal().contains("another file means campaign"), "two files cannot mean one campaign");
}

#[tokio::test]
async fn what_the_folder_does_not_mention_goes_only_with_prune() {
    let world = World::new().await;
    world.write("campaigns/tea.yaml", "name: Tea\nstarts_at: today\nends_at: 1 day from now\n");
    world.apply(false).await;
    fs::remove_file(world.path().join("campaigns/tea.yaml")).unwrap();
    let plan = world.plan(false);
    assert!(!plan.has_changes());
    assert!(plan.to_string().contains("ignore  campaign \"Tea\""), "{plan}");
    assert!(world.plan(true).to_string().contains("delete  campaign \"Tea\""));
    world.apply(true).await;
    assert_eq!(world.campaigns(), ["Coffee"]);
}

#[tokio::test]
async fn an_export_plans_no_change_and_rebuilds_the_organization_elsewhere() {
    let world = World::new().await;
    world.write("campaigns/tea.yaml", "name: Tea\nstarts_at: today\nends_at: 1 day from now\n");
    world.apply(false).await;
    let target = tempfile::tempdir().unwrap();
    let snapshot = world.services.catalog.organization(OrganizationId(1)).unwrap();
    let files = export(&snapshot, target.path()).unwrap();
    assert_eq!(files.len(), 3);
    let exported = Folder::read(target.path()).unwrap();
    let plan = Plan::make(&world.services, &exported, true).unwrap();
    assert!(!plan.has_changes(), "{plan}");
    let refused = export(&snapshot, target.path()).unwrap_err().to_string();
    assert!(refused.contains("is there already"), "{refused}");

    let elsewhere = World::new().await;
    let plan = Plan::make(&elsewhere.services, &exported, true).unwrap();
    plan.apply(&elsewhere.services).await.unwrap();
    let copy = elsewhere.services.catalog.organization(OrganizationId(1)).unwrap();
    let ids = |snapshot: &muster_app::catalog::OrganizationSnapshot| {
        snapshot.campaigns.iter().map(|entry| entry.campaign.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(&copy), ids(&snapshot), "ids move along");
}

#[tokio::test]
async fn a_plan_that_somebody_overtook_is_not_applied() {
    let world = World::new().await;
    world.apply(false).await;
    world.write("campaigns/coffee.yaml", &COFFEE.replace("points: 10", "points: 12"));
    let plan = world.plan(false);
    world.write("campaigns/tea.yaml", "name: Tea\nstarts_at: today\nends_at: 1 day from now\n");
    world.apply(false).await;
    let refused = plan.apply(&world.services).await.unwrap_err().to_string();
    assert!(refused.contains("changed in the meantime"), "{refused}");
}

#[tokio::test]
async fn one_bad_campaign_stops_everything_and_is_named_with_its_place() {
    let world = World::new().await;
    let table = [
        ("name: Bad\nstarts_at: today\nends_at: soon\n", "ends_at: \"soon\" is not a date"),
        ("name: Bad\nstarts_at: today\nends_at: 1 day ago\n", "ends_at: must lie after `starts_at`"),
        ("name: Bad\nstarts_at: today\nends_at: 1 day from now\ncolour: red\n", "unknown field `colour`"),
        ("name: [Bad\n", "it is not YAML"),
        ("name: Coffee\nstarts_at: today\nends_at: 1 day from now\n", "two files hold a campaign named"),
        (
            "name: Bad\nstarts_at: today\nends_at: 1 day from now\ntargeting: { user.tags: { $near: a } }\n",
            "targeting: ",
        ),
        (
            "name: Bad\nstarts_at: today\nends_at: 1 day from now\nline_items:\n  - groups:\n      - name: G\n        \
             creative: { type: internal_tile, tile: {}, delivery: { triggered_by: Nothing } }\n",
            "line_items[0].groups[0].creative.delivery.triggered_by: the campaign has no behavior named",
        ),
        (
            "name: Bad\nstarts_at: today\nends_at: 1 day from now\nbehaviors:\n  - { name: B, type: unique, \
             event: e, total_count: 1 }\n",
            "behaviors[0].context_key: a behavior of type `unique` needs `context_key`",
        ),
    ];
    for (text, expected) in table {
        world.write("campaigns/bad.yaml", text);
        let refusal = world.refusal();
        assert!(refusal.contains(expected), "expected {expected:?} in {refusal:?}");
        assert!(expected.contains("two files") || refusal.contains("bad.yaml"), "{refusal}");
    }
    world.write(
        "campaigns/bad.yaml",
        "name: Bad\ndivision: south\nstarts_at: today\nends_at: 1 day from now\n",
    );
    let refused = world.plan(false).apply(&world.services).await.unwrap_err().to_string();
    assert!(refused.contains("no division \"south\""), "{refused}");
    assert!(world.services.catalog.organizations().is_empty(), "all or nothing");
    fs::remove_file(world.path().join("organization.yaml")).unwrap();
    assert!(world.refusal().contains("no organization.yaml"));
}

#[tokio::test]
async fn the_deepest_campaign_that_is_accepted_is_exported_and_planned_again() {
    let world = World::new().await;
    let nested = |levels: usize, open: &str, innermost: &str, close: &str| {
        format!("{}{innermost}{}", open.repeat(levels), close.repeat(levels))
    };
    let not = nested(62, "{\"$not\":", r#"{"user.country":"DNK"}"#, "}");
    let and = nested(30, "{\"$and\":[", r#"{"user.country":"DNK"}"#, "]}");
    let metadata = nested(100, "{\"a\":", "1", "}");
    let key = "k".repeat(3000);
    let campaign = format!(
        "{{ \"name\": \"Deep\", \"starts_at\": \"today\", \"ends_at\": \"1 day from now\", \"targeting\": {not}, \
         \"metadata\": {{\"m\": {metadata}, \"{key}\": 1}}, \"line_items\": [{{\"groups\": [{{\"name\": \"G\", \
         \"targeting\": {and}, \"creative\": {{\"type\": \"internal_tile\", \"tile\": {{}}}}}}]}}] }}"
    );
    world.write("campaigns/deep.json", &campaign);
    world.apply(false).await;
    let target = tempfile::tempdir().unwrap();
    let snapshot = world.services.catalog.organization(OrganizationId(1)).unwrap();
    export(&snapshot, target.path()).unwrap();
    let plan = Plan::make(&world.services, &Folder::read(target.path()).unwrap(), true).unwrap();
    assert!(!plan.has_changes(), "{plan}");

    let deeper = nested(200, "{\"a\":", "1", "}");
    world.write("campaigns/deep.json", &deeper);
    let refusal = world.refusal();
    assert!(refusal.contains("nested more than 192 levels deep"), "{refusal}");
}
