use super::*;
use muster_storage::{PostgresConfig, SqliteConfig, StoreConfig};
use proptest::prelude::*;
use serde_json::Value as Json;
use std::path::Path;

const DOCUMENTED: &str = include_str!("../../../../config/default.toml");

fn variables(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    pairs.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect()
}

fn with_environment(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::from_layers(&Overrides::default(), variables(pairs))
}

fn with_file(text: &str) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("muster.toml");
    std::fs::write(&path, text).unwrap();
    Config::from_layers(&Overrides { config: Some(path), ..Overrides::default() }, [])
}

/// `(section, setting, default)` of every setting there is.
fn every_setting() -> Vec<(String, String, Json)> {
    let Json::Object(sections) = serde_json::to_value(Config::default()).unwrap() else { unreachable!() };
    let settings = sections.into_iter().flat_map(|(section, settings)| {
        let Json::Object(settings) = settings else { unreachable!("sections are tables") };
        settings.into_iter().map(move |(setting, default)| (section.clone(), setting, default))
    });
    settings.collect()
}

/// The documented file with the settings that have no built-in value switched on, but for `but`.
fn documented_with_examples(but: &[&str]) -> String {
    let switch_on = |line: &str| match line.strip_prefix("# ") {
        Some(rest) if rest.split_once(" = ").is_some_and(|(name, _)| is_setting_name(name)) => {
            let (name, _) = rest.split_once(" = ").unwrap();
            if but.contains(&name) { line.to_owned() } else { rest.to_owned() }
        }
        _ => line.to_owned(),
    };
    DOCUMENTED.lines().map(switch_on).collect::<Vec<_>>().join("\n")
}

fn is_setting_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

#[test]
fn the_documented_file_equals_the_built_in_values() {
    assert_eq!(with_file(DOCUMENTED).unwrap(), Config::default());
}

#[test]
fn the_documented_file_names_every_setting_and_its_variable() {
    let table: toml::Table = documented_with_examples(&[]).parse().unwrap();
    for (section, setting, default) in every_setting() {
        let documented = table.get(&section).and_then(|settings| settings.get(&setting));
        assert!(documented.is_some(), "config/default.toml does not document {section}.{setting}");
        assert!(
            default.is_null()
                || DOCUMENTED
                    .lines()
                    .any(|line| line.split_once(" = ").is_some_and(|(name, _)| name == setting)),
            "{section}.{setting} has a built-in value, so its line is not a comment"
        );
        let variable = variable_name(&section, &setting);
        assert!(
            DOCUMENTED.split_whitespace().any(|word| word == variable),
            "config/default.toml does not name {variable}"
        );
    }
}

#[test]
fn the_examples_in_the_documented_file_are_settings_that_work() {
    let config = with_file(&documented_with_examples(&["card_key_file"])).unwrap();
    assert_eq!(config.server.public_base_url.as_deref(), Some("https://campaigns.example.org"));
    assert!(config.server.uses_tls());
    assert!(config.store.database_url.is_some());
}

#[test]
fn every_setting_is_taken_from_its_variable() {
    for (section, setting, default) in every_setting() {
        let value = match (setting.as_str(), &default) {
            ("listen", _) => "127.0.0.1:9999",
            ("public_base_url", _) => "http://muster.example",
            ("database_url", _) => "postgres://muster@localhost/elsewhere",
            ("synchronous", _) => "normal",
            ("error_code_case", _) => "lower",
            ("format", _) => "json",
            ("filter", _) => "debug",
            ("card_key", _) => "0707070707070707070707070707070707070707070707070707070707070707",
            ("advertise", _) => "192.0.2.10",
            ("rtp_ports", _) => "41000-41999",
            ("allowed_prefixes", _) => r#"["88"]"#,
            ("trunks", _) => r#"[{name="lab", proxy="127.0.0.1:5090", main_number="4930990000"}]"#,
            ("routes", _) => {
                r#"[{name="a", host="127.0.0.1", port=2775, system_id="m", password="p", source_address="4900123"}]"#
            }
            (_, Json::Bool(_)) => "true",
            (_, Json::Number(_)) => "12000",
            (_, Json::String(_) | Json::Null) => "elsewhere",
            other => panic!("no example for {other:?}"),
        };
        // Counts of workers and connections have bounds below 12000, and the certificate wants its key.
        let value = if [
            "readers",
            "postgres_pool",
            "job_workers",
            "batch",
            "ownership_s",
            "setup_timeout_s",
            "agent_ring_s",
        ]
        .contains(&setting.as_str())
        {
            "7"
        } else {
            value
        };
        let mut given = vec![(variable_name(&section, &setting), value)];
        match setting.as_str() {
            "tls_certificate" => given.push((variable_name("server", "tls_key"), "key.pem")),
            "tls_key" => given.push((variable_name("server", "tls_certificate"), "certificate.pem")),
            _ => {}
        }
        let pairs: Vec<(&str, &str)> = given.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        let config = with_environment(&pairs).unwrap_or_else(|error| panic!("{section}.{setting}: {error}"));
        let taken = serde_json::to_value(&config).unwrap()[&section][&setting].clone();
        assert_ne!(taken, default, "{section}.{setting} kept its built-in value");
    }
}

#[test]
fn later_layers_win() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("muster.toml");
    std::fs::write(
        &path,
        "[server]\nlisten = \"127.0.0.1:1\"\nrequest_timeout_ms = 11000\nshutdown_grace_ms = 12\n",
    )
    .unwrap();
    let overrides = Overrides {
        config: Some(path),
        listen: Some("127.0.0.1:3".parse().unwrap()),
        data_dir: Some("flag".into()),
        public_base_url: Some("https://flag.example".to_owned()),
        tls_certificate: Some("flag.pem".into()),
        tls_key: Some("flag-key.pem".into()),
        database_url: Some(Secret::new("postgres://flag/muster")),
    };
    let environment = variables(&[
        ("MUSTER_SERVER__LISTEN", "127.0.0.1:2"),
        ("MUSTER_SERVER__PUBLIC_BASE_URL", "https://variable.example"),
        ("MUSTER_SERVER__TLS_CERTIFICATE", "variable.pem"),
        ("MUSTER_SERVER__TLS_KEY", "variable-key.pem"),
        ("MUSTER_STORE__DATABASE_URL", "postgres://variable/muster"),
        ("MUSTER_SERVER__REQUEST_TIMEOUT_MS", "21000"),
        ("MUSTER_STORE__DATA_DIR", "variable"),
    ]);
    let config = Config::from_layers(&overrides, environment).unwrap();
    assert_eq!(config.server.listen.port(), 3, "a flag wins over a variable");
    assert_eq!(config.store.data_dir, Path::new("flag"));
    assert_eq!(config.server.public_base_url.as_deref(), Some("https://flag.example"));
    assert_eq!(config.server.tls_certificate.as_deref(), Some(Path::new("flag.pem")));
    assert_eq!(config.server.tls_key.as_deref(), Some(Path::new("flag-key.pem")));
    assert_eq!(config.store.database_url, Some(Secret::new("postgres://flag/muster")));
    assert_eq!(config.server.request_timeout_ms, 21_000, "a variable wins over the file");
    assert_eq!(config.server.shutdown_grace_ms, 12, "the file wins over the built-in value");
    assert_eq!(config.server.max_concurrent_requests, 4096, "what nobody gives keeps its built-in value");
}

#[test]
fn variables_of_others_are_left_alone() {
    let others = [
        ("MUSTER_SERVICE_HOST", "10.0.0.1"),
        ("MUSTER_SERVER_PORT", "tcp://10.0.0.1:80"),
        ("MUSTER_TEST_DATABASE_URL", "postgres://elsewhere"),
        ("MUSTER_CONFIG", "elsewhere"),
        ("PATH", "/bin"),
    ];
    assert_eq!(with_environment(&others).unwrap(), Config::default());
}

#[test]
fn texts_are_taken_as_they_are_and_numbers_are_numbers() {
    let config = with_environment(&[
        ("MUSTER_STORE__DATA_DIR", "1"),
        ("MUSTER_LOG__FILTER", "true"),
        ("MUSTER_STORE__READERS", "9"),
    ])
    .unwrap();
    assert_eq!(config.store.data_dir, Path::new("1"));
    assert_eq!(config.log.filter, "true");
    assert_eq!(config.store.readers, 9);
}

#[test]
fn what_cannot_stand_is_refused_by_name() {
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "unknown section",
            "[serverr]\nlisten = \"127.0.0.1:1\"",
            &["muster.toml", "section serverr", "store"],
        ),
        ("unknown setting", "[store]\nreader = 4", &["muster.toml", "setting store.reader", "readers"]),
        ("setting outside a section", "listen = \"127.0.0.1:1\"", &["section listen"]),
        ("wrong type", "[store]\nreaders = \"four\"", &["muster.toml", "store.readers", "four"]),
        ("negative", "[store]\nreaders = -1", &["store.readers", "-1"]),
        ("not TOML", "[store\n", &["muster.toml"]),
        ("unknown choice", "[log]\nformat = \"xml\"", &["log.format", "xml", "json"]),
        ("not an address", "[server]\nlisten = \"localhost\"", &["server.listen"]),
        (
            "plain HTTP for everyone",
            "[server]\nlisten = \"0.0.0.0:80\"",
            &["server.listen 0.0.0.0:80", "tls_key"],
        ),
        ("the same over IPv6", "[server]\nlisten = \"[::]:80\"", &["server.listen [::]:80", "plain HTTP"]),
        (
            "certificate alone",
            "[server]\ntls_certificate = \"a\"",
            &["server.tls_certificate", "server.tls_key"],
        ),
        ("key alone", "[server]\ntls_key = \"a\"", &["server.tls_certificate", "server.tls_key"]),
        ("base URL with slash", "[server]\npublic_base_url = \"http://a/\"", &["public_base_url", "slash"]),
        (
            "base URL without scheme",
            "[server]\npublic_base_url = \"a.example\"",
            &["public_base_url", "http://"],
        ),
        (
            "base URL with query",
            "[server]\npublic_base_url = \"http://a/b?c\"",
            &["public_base_url", "query"],
        ),
        (
            "base URL with password",
            "[server]\npublic_base_url = \"http://u:p@a\"",
            &["public_base_url", "password"],
        ),
        (
            "plain links to a TLS listener",
            "[server]\npublic_base_url = \"http://a\"\ntls_certificate = \"a\"\ntls_key = \"b\"",
            &["public_base_url", "TLS"],
        ),
        ("another database", "[store]\ndatabase_url = \"mysql://a\"", &["store.database_url", "postgres://"]),
        (
            "a URL without a host",
            "[store]\ndatabase_url = \"postgres:///db\"",
            &["store.database_url", "host"],
        ),
        ("no folder", "[store]\ndata_dir = \"\"", &["store.data_dir"]),
        ("not a filter", "[log]\nfilter = \"a=loudest\"", &["log.filter", "loudest"]),
        ("no readers", "[store]\nreaders = 0", &["store.readers is 0", "1 to 256"]),
    ];
    for (name, text, expected) in cases {
        let message = with_file(text).expect_err(name).to_string();
        for part in *expected {
            assert!(message.contains(part), "{name}: {part:?} is missing from: {message}");
        }
    }
}

#[test]
fn a_variable_that_is_wrong_is_named() {
    let unknown = with_environment(&[("MUSTER_STORE__READER", "4")]).unwrap_err().to_string();
    assert!(unknown.contains("MUSTER_STORE__READER"), "{unknown}");
    let wrong = with_environment(&[("MUSTER_STORE__READERS", "many")]).unwrap_err().to_string();
    assert!(wrong.contains("MUSTER_STORE__READERS") && wrong.contains("many"), "{wrong}");
}

#[test]
fn every_fault_is_told_at_once() {
    let faults = with_file("[server]\nrequest_timeout_ms = 0\n[store]\nreaders = 0").unwrap_err().faults;
    assert_eq!(faults.len(), 2, "{faults:?}");
}

#[test]
fn a_named_file_must_exist() {
    let overrides = Overrides { config: Some("nowhere.toml".into()), ..Overrides::default() };
    let message = Config::from_layers(&overrides, []).unwrap_err().to_string();
    assert!(message.contains("nowhere.toml"), "{message}");
}

#[test]
fn plain_http_beyond_loopback_is_a_written_permission() {
    let allowed = "[server]\nlisten = \"0.0.0.0:80\"\nallow_plain_http_beyond_loopback = true";
    assert!(with_file(allowed).is_ok());
    let encrypted = "[server]\nlisten = \"0.0.0.0:443\"\ntls_certificate = \"a\"\ntls_key = \"b\"";
    assert!(with_file(encrypted).is_ok());
    assert!(with_file("[server]\nlisten = \"[::ffff:127.0.0.1]:80\"").is_ok(), "mapped loopback is loopback");
}

#[test]
fn every_number_has_bounds_that_hold_at_their_edges() {
    for (section, setting, default) in every_setting() {
        if !default.is_number() {
            continue;
        }
        let message = with_file(&format!("[{section}]\n{setting} = {}", i64::MAX)).unwrap_err().to_string();
        let (low, high) = message
            .split_once("it must be ")
            .and_then(|(_, rest)| rest.lines().next()?.split_once(" to "))
            .map_or_else(
                || panic!("{section}.{setting} has no bounds: {message}"),
                |(low, high)| (low.parse::<u64>().unwrap(), high.parse::<u64>().unwrap()),
            );
        let accepted = |value: u64| with_file(&format!("[{section}]\n{setting} = {value}")).is_ok();
        assert!(accepted(low), "{section}.{setting} = {low}");
        assert!(accepted(high), "{section}.{setting} = {high}");
        assert!(!accepted(high + 1), "{section}.{setting} = {}", high + 1);
        assert!(low == 0 || !accepted(low - 1), "{section}.{setting} = {low} - 1");
    }
}

#[test]
fn links_begin_with_the_public_address_or_the_bound_one() {
    let bound = "127.0.0.1:4711".parse().unwrap();
    let plain = Server::default();
    assert_eq!(plain.base_url(bound), "http://127.0.0.1:4711");
    let tls = Server { tls_certificate: Some("a".into()), tls_key: Some("b".into()), ..Server::default() };
    assert_eq!(tls.base_url(bound), "https://127.0.0.1:4711");
    let public = Server { public_base_url: Some("https://a.example/m".to_owned()), ..tls };
    assert_eq!(public.base_url(bound), "https://a.example/m");
}

#[test]
fn the_limits_of_the_faces_are_those_of_the_settings() {
    let limits = Server { request_body_limit_bytes: 2048, ..Server::default() }.limits();
    assert_eq!(limits.body_max_bytes, 2048);
    let (built_in, faces) = (Server::default().limits(), muster_web::Limits::default());
    assert_eq!(
        (built_in.body_max_bytes, built_in.body_timeout, built_in.request_timeout, built_in.in_flight_max),
        (faces.body_max_bytes, faces.body_timeout, faces.request_timeout, faces.in_flight_max),
        "a face started without settings behaves like a server started without settings"
    );
}

#[test]
fn the_store_to_open_is_that_of_the_settings() {
    let opened = |store: &Store| format!("{:?}", store.to_open().unwrap());
    let built_in = Store { data_dir: "data".into(), ..Store::default() };
    let embedded = StoreConfig::Sqlite(SqliteConfig::new("data"));
    assert_eq!(
        opened(&built_in),
        format!("{embedded:?}"),
        "the settings' built-in values are the store's own"
    );
    let url = "postgres://muster@localhost/muster";
    let shared = Store { database_url: Some(Secret::new(url)), ..Store::default() };
    let postgres = StoreConfig::Postgres(PostgresConfig::new(url).unwrap());
    assert_eq!(opened(&shared), format!("{postgres:?}"), "the settings' built-in values are the store's own");

    let changed = Store {
        synchronous: Synchronous::Normal,
        readers: 3,
        busy_timeout_ms: 17,
        writer_queue: 19,
        cache_mib: 23,
        mmap_mib: 29,
        size_max_mib: 31,
        ..built_in
    };
    let StoreConfig::Sqlite(embedded) = changed.to_open().unwrap() else {
        panic!("no URL is the embedded store")
    };
    assert_eq!(embedded.synchronous, muster_storage::Synchronous::Normal);
    assert_eq!((embedded.readers, embedded.queue_max), (3, 19));
    assert_eq!((embedded.busy_timeout.as_millis(), embedded.cache_mib, embedded.mmap_mib), (17, 23, 29));
    assert_eq!(embedded.size_max_mib, Some(31));
    let changed = Store {
        writer_queue: 19,
        postgres_pool: 31,
        postgres_connect_timeout_ms: 37,
        postgres_statement_timeout_ms: 41,
        postgres_lock_timeout_ms: 43,
        ..shared
    };
    let StoreConfig::Postgres(postgres) = changed.to_open().unwrap() else { panic!("a URL is PostgreSQL") };
    assert_eq!((postgres.queue_max, postgres.pool_max), (19, 31));
    assert_eq!(
        (
            postgres.connect_timeout.as_millis(),
            postgres.statement_timeout.as_millis(),
            postgres.lock_timeout.as_millis()
        ),
        (37, 41, 43)
    );
}

proptest! {
    #[test]
    fn the_database_password_is_never_shown(password in "[A-Za-z0-9]{12,24}", scheme in "postgres|mysql") {
        let url = format!("{scheme}://muster:{password}@localhost/muster");
        let shown = match with_environment(&[("MUSTER_STORE__DATABASE_URL", &url)]) {
            Ok(config) => {
                prop_assert_eq!(config.store.database_url.as_ref().map(Secret::reveal), Some(url.as_str()));
                format!("{config:?} {}", serde_json::to_string(&config).unwrap())
            }
            Err(error) => format!("{error} {error:?}"),
        };
        prop_assert!(!shown.contains(&password), "{}", shown);
    }

    #[test]
    fn no_file_panics(text in ".{0,200}") {
        let _ = with_file(&text);
    }
}
