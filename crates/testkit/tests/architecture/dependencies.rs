//! `domain ← app ← {storage, engine, drivers → codecs, web ← api-*, console} ← server`, over `cargo metadata`.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Which of our crates a crate may use in what ships. A crate that is not in this table may not exist.
const ARROWS: &[(&str, &[&str])] = &[
    ("muster-domain", &[]),
    // Octets to values and back, like the domain free of everything else: a packet is stored before it is sent, so
    // use cases and the engine encode by themselves.
    ("muster-codecs", &[]),
    ("muster-app", &["muster-domain", "muster-codecs"]),
    ("muster-storage", &["muster-domain", "muster-app"]),
    ("muster-engine", &["muster-domain", "muster-app", "muster-codecs"]),
    ("muster-drivers", &["muster-domain", "muster-app", "muster-codecs"]),
    // Shifts in virtual time around the rules that pace real ones.
    ("muster-simulator", &["muster-domain"]),
    // Simulated peers share no code with what they test.
    ("muster-peers", &[]),
    ("muster-web", &["muster-domain", "muster-app"]),
    ("muster-api-engagement", &["muster-domain", "muster-app", "muster-web"]),
    ("muster-api-management", &["muster-domain", "muster-app", "muster-web"]),
    ("muster-api-connectivity", &["muster-domain", "muster-app", "muster-web"]),
    ("muster-api-dialler", &["muster-domain", "muster-app", "muster-web"]),
    (
        "muster-server",
        &[
            "muster-domain",
            "muster-app",
            "muster-storage",
            "muster-engine",
            "muster-web",
            "muster-api-engagement",
            "muster-api-management",
            "muster-api-connectivity",
            "muster-api-dialler",
            "muster-codecs",
            "muster-drivers",
            "muster-peers",
            "muster-simulator",
        ],
    ),
    // Tools of development. They may reach everywhere because nothing that ships may reach them.
    ("muster-testkit", ANY),
    ("muster-bench", ANY),
];

const ANY: &[&str] = &["*"];

/// What tests may use on top of the arrows: the test kit, and a real store instead of an imitation of one.
const FOR_TESTS: &[&str] = &["muster-testkit", "muster-storage", "muster-peers", "muster-drivers"];

/// A library that has its place.
struct Place {
    libraries: &'static [&'static str],
    /// The crates that may name it. The tools of development always may: the test kit plays the client and
    /// makes databases, the benchmarks measure against the bare libraries.
    only_in: &'static [&'static str],
    rule: &'static str,
}

const PLACES: &[Place] = &[
    Place {
        libraries: &["axum", "axum-server", "http-body-util", "hyper", "hyper-util", "tower"],
        only_in: &[
            "muster-web",
            "muster-api-engagement",
            "muster-api-management",
            "muster-api-connectivity",
            "muster-api-dialler",
            "muster-server",
        ],
        rule: "HTTP is known only to web, the faces and the server",
    },
    Place {
        libraries: &["rusqlite", "tokio-postgres", "deadpool-postgres", "refinery"],
        only_in: &["muster-storage"],
        rule: "SQL is known only to storage",
    },
    Place {
        libraries: &["clap", "figment", "indicatif", "tracing-subscriber"],
        only_in: &["muster-server"],
        rule: "the command line, the settings and the log's form are the server's",
    },
    Place {
        libraries: &["rand"],
        only_in: &["muster-app", "muster-server"],
        rule: "randomness is handed in through the port in app",
    },
];

/// What may not come in by any road, third parties included.
const NEVER_BELOW: &[(&str, &[&str], &str)] = &[
    (
        "muster-domain",
        &["tokio", "axum", "hyper", "tower", "rusqlite", "tokio-postgres", "reqwest", "tracing"],
        "the domain is rules only: no runtime, no network, no SQL, no log",
    ),
    (
        "muster-app",
        &["axum", "hyper", "tower", "rusqlite", "tokio-postgres", "reqwest"],
        "use cases speak through ports, never to a network or a database",
    ),
];

/// One edge of the graph.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    from: String,
    to: String,
    for_tests: bool,
}

fn is_tool(name: &str) -> bool {
    ARROWS.iter().any(|(crate_name, allowed)| *crate_name == name && *allowed == ANY)
}

/// Every breach of the tables, in words that say which rule.
fn breaches(crates: &BTreeSet<String>, edges: &[Edge]) -> Vec<String> {
    let mut found = Vec::new();
    for name in crates {
        if !ARROWS.iter().any(|(known, _)| known == name) {
            found.push(format!("{name} is not in the table of arrows: decide whom it may use, then add it"));
        }
    }
    for (known, _) in ARROWS {
        if !crates.contains(*known) {
            found.push(format!("{known} is in the table of arrows but not in the workspace"));
        }
    }
    for Edge { from, to, for_tests } in edges {
        if is_tool(from) {
            continue;
        }
        if crates.contains(to) {
            let allowed =
                ARROWS.iter().find(|(name, _)| name == from).map_or(&[][..], |(_, allowed)| allowed);
            let ours_in_tests = *for_tests && from != "muster-domain" && FOR_TESTS.contains(&to.as_str());
            if !allowed.contains(&to.as_str()) && !ours_in_tests {
                found.push(format!(
                    "{from} uses {to}, which the arrows forbid: \
                     domain ← app ← {{storage, engine, web ← faces}} ← server"
                ));
            }
        }
        for Place { libraries, only_in, rule } in PLACES {
            if libraries.contains(&to.as_str()) && !only_in.contains(&from.as_str()) && !for_tests {
                found.push(format!("{from} uses {to}: {rule}"));
            }
        }
    }
    found
}

/// Every forbidden library that a crate reaches, with the road.
fn forbidden_roads(uses: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut found = Vec::new();
    for (start, forbidden, rule) in NEVER_BELOW {
        let mut roads = vec![vec![(*start).to_owned()]];
        let mut seen = BTreeSet::new();
        while let Some(road) = roads.pop() {
            let here = road.last().expect("a road has a beginning");
            if forbidden.contains(&here.as_str()) {
                found.push(format!("{}: {rule}", road.join(" → ")));
                continue;
            }
            for next in uses.get(here).into_iter().flatten() {
                if seen.insert(next.clone()) {
                    roads.push(road.iter().chain([next]).cloned().collect());
                }
            }
        }
    }
    found
}

/// The names of our crates, their direct edges, and everybody's edges in what ships.
fn workspace() -> (BTreeSet<String>, Vec<Edge>, BTreeMap<String, BTreeSet<String>>) {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(super::root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo answers in JSON");
    let list = |value: &Value| value.as_array().expect("cargo gives a list").clone();
    let text = |value: &Value| value.as_str().expect("cargo gives a text").to_owned();

    let packages = list(&metadata["packages"]);
    let names: BTreeMap<String, String> =
        packages.iter().map(|package| (text(&package["id"]), text(&package["name"]))).collect();
    let members: BTreeSet<String> = list(&metadata["workspace_members"]).iter().map(text).collect();
    let crates = members.iter().map(|id| names[id].clone()).collect();
    let mut edges = Vec::new();
    for package in packages.iter().filter(|package| members.contains(&text(&package["id"]))) {
        edges.extend(list(&package["dependencies"]).iter().map(|dependency| Edge {
            from: text(&package["name"]),
            to: text(&dependency["name"]),
            for_tests: dependency["kind"] == "dev",
        }));
    }
    let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for node in list(&metadata["resolve"]["nodes"]) {
        let dependencies = list(&node["deps"]);
        let shipped = dependencies
            .iter()
            .filter(|dependency| list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"] != "dev"));
        uses.entry(names[&text(&node["id"])].clone())
            .or_default()
            .extend(shipped.map(|dependency| names[&text(&dependency["pkg"])].clone()));
    }
    (crates, edges, uses)
}

#[test]
fn the_arrows_hold_in_this_workspace() {
    let (crates, edges, uses) = workspace();
    let mut found = breaches(&crates, &edges);
    found.extend(forbidden_roads(&uses));
    assert!(found.is_empty(), "\n{}", found.join("\n"));
    // The tables speak about something: each library that has a place is used there.
    for library in PLACES.iter().flat_map(|place| place.libraries) {
        assert!(
            edges.iter().any(|edge| edge.to == *library),
            "nobody uses {library}: take it out of the table"
        );
    }
}

#[test]
fn a_forbidden_edge_is_told_with_its_rule() {
    let crates: BTreeSet<String> = ARROWS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let cases = [
        ("muster-domain", "muster-app", false, Some("arrows")),
        ("muster-domain", "muster-testkit", true, Some("arrows")),
        ("muster-app", "muster-storage", false, Some("arrows")),
        ("muster-app", "muster-storage", true, None),
        ("muster-storage", "muster-web", false, Some("arrows")),
        ("muster-engine", "muster-storage", false, Some("arrows")),
        ("muster-api-engagement", "muster-api-management", false, Some("arrows")),
        ("muster-api-engagement", "muster-storage", false, Some("arrows")),
        ("muster-server", "muster-testkit", false, Some("arrows")),
        ("muster-server", "muster-testkit", true, None),
        ("muster-server", "muster-storage", false, None),
        ("muster-app", "axum", false, Some("HTTP")),
        ("muster-engine", "hyper", false, Some("HTTP")),
        ("muster-web", "axum", false, None),
        ("muster-server", "rusqlite", false, Some("SQL")),
        ("muster-storage", "rusqlite", false, None),
        ("muster-testkit", "tokio-postgres", false, None),
        ("muster-web", "clap", false, Some("command line")),
        ("muster-domain", "rand", false, Some("randomness")),
    ];
    for (from, to, for_tests, expected) in cases {
        let edge = Edge { from: from.to_owned(), to: to.to_owned(), for_tests };
        let found = breaches(&crates, std::slice::from_ref(&edge));
        match expected {
            None => assert_eq!(found, Vec::<String>::new(), "{edge:?}"),
            Some(rule) => {
                assert!(found.iter().any(|breach| breach.contains(rule)), "{edge:?}: {found:?}");
            }
        }
    }
}

#[test]
fn a_crate_outside_the_table_is_told() {
    let mut crates: BTreeSet<String> = ARROWS.iter().map(|(name, _)| (*name).to_owned()).collect();
    crates.insert("muster-attic".to_owned());
    crates.remove("muster-web");
    let found = breaches(&crates, &[]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("muster-attic is not in the table"), "{found:?}");
    assert!(found[1].starts_with("muster-web is in the table"), "{found:?}");
}

#[test]
fn a_forbidden_library_is_found_behind_others() {
    let edge = |from: &str, to: &str| (from.to_owned(), BTreeSet::from([to.to_owned()]));
    let uses =
        BTreeMap::from([edge("muster-domain", "helper"), edge("helper", "deeper"), edge("deeper", "tokio")]);
    let found = forbidden_roads(&uses);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("muster-domain → helper → deeper → tokio: "), "{found:?}");
}
