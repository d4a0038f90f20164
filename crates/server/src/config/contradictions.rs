//! Settings that cannot stand, alone or together. All are found before anything is opened.

use super::Config;
use axum::http::Uri;
use muster_app::card_keys::CardKeys;
use std::ops::RangeInclusive;
use tracing_subscriber::EnvFilter;

/// Every fault, in the order of the sections.
pub(super) fn find(config: &Config) -> Vec<String> {
    let mut faults = Vec::new();
    listener(config, &mut faults);
    limits(config, &mut faults);
    if config.store.database_url.is_none() && config.store.data_dir.as_os_str().is_empty() {
        faults.push("store.data_dir is empty: name a folder, or give store.database_url".to_owned());
    }
    if let Some(url) = &config.store.database_url {
        // The value itself is never repeated: it holds a password.
        if !["postgres://", "postgresql://"].iter().any(|scheme| url.reveal().starts_with(scheme)) {
            faults.push("store.database_url must begin with postgres://".to_owned());
        } else if let Err(error) = config.store.to_open() {
            faults.push(format!("store.database_url: {error}"));
        }
    }
    sim(config, &mut faults);
    calls(config, &mut faults);
    if let Err(error) = EnvFilter::builder().parse(&config.log.filter) {
        faults.push(format!("log.filter {:?} is not a filter: {error}", config.log.filter));
    }
    faults
}

fn sim(config: &Config, faults: &mut Vec<String>) {
    let sim = &config.sim;
    if let Some(key) = &sim.card_key
        && CardKeys::from_hex(key.reveal()).is_err()
    {
        faults.push("sim.card_key must be 64 hexadecimal digits".to_owned());
    }
    if sim.card_key.is_some() && sim.card_key_file.is_some() {
        faults.push("sim.card_key and sim.card_key_file are both given: give one".to_owned());
    }
    for (index, route) in sim.routes.iter().enumerate() {
        faults.extend(route.faults().into_iter().map(|fault| format!("sim.routes: {fault}")));
        if sim.routes[..index].iter().any(|other| other.name == route.name) {
            faults.push(format!("sim.routes: two routes are called {:?}", route.name));
        }
    }
}

fn calls(config: &Config, faults: &mut Vec<String>) {
    let calls = &config.calls;
    let ports = calls.rtp_ports.split_once('-');
    let is_port = |text: &str| text.trim().parse::<u16>().is_ok();
    if !ports.is_some_and(|(first, last)| is_port(first) && is_port(last)) {
        faults.push(format!("calls.rtp_ports {:?} is not two ports such as 40000-49999", calls.rtp_ports));
        return;
    }
    if !(1..=86_400).contains(&calls.phone_expires_s) {
        // Told with the other bounds.
        return;
    }
    faults.extend(calls.sip().faults().into_iter().map(|fault| format!("calls: {fault}")));
    if let Some(prefix) = calls
        .allowed_prefixes
        .iter()
        .find(|prefix| prefix.is_empty() || !prefix.bytes().all(|octet| octet.is_ascii_digit()))
    {
        faults.push(format!("calls.allowed_prefixes: {prefix:?} is not made of digits"));
    }
}

fn listener(config: &Config, faults: &mut Vec<String>) {
    let server = &config.server;
    match (&server.tls_certificate, &server.tls_key) {
        (Some(_), None) => {
            faults
                .push("server.tls_certificate is given without server.tls_key: give both or none".to_owned());
        }
        (None, Some(_)) => {
            faults
                .push("server.tls_key is given without server.tls_certificate: give both or none".to_owned());
        }
        (None, None)
            if !server.listen.ip().to_canonical().is_loopback()
                && !server.allow_plain_http_beyond_loopback =>
        {
            faults.push(format!(
                "server.listen {} can be reached by other machines and would speak plain HTTP, secrets included: \
                 give server.tls_certificate and server.tls_key, or set \
                 server.allow_plain_http_beyond_loopback = true when something in front of it speaks TLS",
                server.listen
            ));
        }
        _ => {}
    }
    if let Some(url) = &server.public_base_url {
        match base_url_fault(url) {
            Some(fault) => faults.push(format!("server.public_base_url {url:?} {fault}")),
            None if server.uses_tls() && url.starts_with("http://") => faults.push(format!(
                "server.public_base_url {url:?} begins with http:// but the listener speaks TLS only"
            )),
            None => {}
        }
    }
}

/// What is wrong with the address that links begin with.
fn base_url_fault(url: &str) -> Option<&'static str> {
    let Ok(uri) = url.parse::<Uri>() else { return Some("is not an address") };
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Some("must begin with http:// or https://");
    }
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Some("must not hold a user or password");
    }
    if uri.query().is_some() || url.contains('#') {
        return Some("must not have a query or fragment");
    }
    url.ends_with('/').then_some("must not end with a slash")
}

/// Bounds of every number: below, nothing would work; above, the limit would protect nothing.
fn limits(config: &Config, faults: &mut Vec<String>) {
    const HOUR_MS: u64 = 3_600_000;
    const DAY_S: u64 = 86_400;
    const YEAR_S: u64 = 366 * DAY_S;
    let Config { server, store, engagement, engine, sim, calls, log: _ } = config;
    let bounds: [(&str, u64, RangeInclusive<u64>); 37] = [
        ("server.request_body_limit_bytes", server.request_body_limit_bytes, 1024..=1 << 30),
        ("server.request_body_timeout_ms", server.request_body_timeout_ms, 1..=HOUR_MS),
        ("server.request_timeout_ms", server.request_timeout_ms, 1..=HOUR_MS),
        ("server.header_timeout_ms", server.header_timeout_ms, 1..=HOUR_MS),
        ("server.max_connections", server.max_connections, 1..=1_000_000),
        ("server.max_concurrent_requests", server.max_concurrent_requests, 1..=1_000_000),
        ("server.shutdown_grace_ms", server.shutdown_grace_ms, 0..=HOUR_MS),
        ("store.readers", store.readers, 1..=256),
        ("store.writer_queue", store.writer_queue, 1..=1_000_000),
        ("store.busy_timeout_ms", store.busy_timeout_ms, 0..=HOUR_MS),
        ("store.postgres_pool", store.postgres_pool, 1..=1024),
        ("store.postgres_connect_timeout_ms", store.postgres_connect_timeout_ms, 1..=HOUR_MS),
        ("store.cache_mib", store.cache_mib, 1..=65_536),
        ("store.mmap_mib", store.mmap_mib, 0..=1 << 20),
        ("store.size_max_mib", store.size_max_mib, 0..=1 << 24),
        ("store.postgres_statement_timeout_ms", store.postgres_statement_timeout_ms, 1..=HOUR_MS),
        ("store.postgres_lock_timeout_ms", store.postgres_lock_timeout_ms, 1..=HOUR_MS),
        ("engagement.client_token_ttl_s", engagement.client_token_ttl_s, 1..=YEAR_S),
        ("engine.job_workers", engine.job_workers, 0..=256),
        ("engine.job_lease_ms", engine.job_lease_ms, 1_000..=HOUR_MS),
        ("engine.poll_interval_ms", engine.poll_interval_ms, 10..=HOUR_MS),
        ("engine.sweep_interval_s", engine.sweep_interval_s, 1..=86_400),
        ("engine.reply_retention_s", engine.reply_retention_s, 60..=YEAR_S),
        ("sim.poll_interval_ms", sim.poll_interval_ms, 10..=60_000),
        ("sim.batch", sim.batch, 1..=10_000),
        ("sim.lease_ms", sim.lease_ms, 1_000..=HOUR_MS),
        ("sim.response_timeout_s", sim.response_timeout_s, 1..=DAY_S),
        ("sim.not_sent_wait_s", sim.not_sent_wait_s, 1..=DAY_S),
        ("sim.transient_wait_s", sim.transient_wait_s, 1..=DAY_S),
        ("sim.queue_full_wait_s", sim.queue_full_wait_s, 1..=DAY_S),
        ("sim.busy_wait_s", sim.busy_wait_s, 1..=DAY_S),
        ("calls.poll_interval_ms", calls.poll_interval_ms, 10..=60_000),
        ("calls.ownership_s", calls.ownership_s, 2..=300),
        ("calls.setup_timeout_s", calls.setup_timeout_s, 1..=60),
        ("calls.agent_ring_s", calls.agent_ring_s, 1..=300),
        ("calls.connect_limit_ms", calls.connect_limit_ms, 100..=20_000),
        ("calls.phone_expires_s", calls.phone_expires_s, 1..=DAY_S),
    ];
    for (name, value, bound) in bounds {
        if !bound.contains(&value) {
            faults.push(format!("{name} is {value}, it must be {} to {}", bound.start(), bound.end()));
        }
    }
}
