//! What `muster serve` prints when it is ready: where it is, and what to do first.

use crate::config::Config;
use crate::demo::{DemoCredentials, connectivity, dialler};
use muster_app::Services;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The address under which a program on the same machine reaches the listener.
pub(super) fn local_url(config: &Config, bound: SocketAddr) -> String {
    let mut address = bound;
    match bound.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    let scheme = if config.server.uses_tls() { "https" } else { "http" };
    format!("{scheme}://{address}")
}

/// The greeting of a server that is not a demonstration.
pub(super) fn text(config: &Config, bound: SocketAddr, services: &Services) -> String {
    let url = local_url(config, bound);
    let mut text = format!("Muster {} is ready at {url}\n\n", env!("CARGO_PKG_VERSION"));
    // Writing to a String cannot fail.
    let _ = writeln!(text, "  reference   {url}/docs");
    let _ = writeln!(text, "  operations  {url}/healthz  {url}/readyz  {url}/metrics");
    if services.catalog.organizations().iter().all(|organization| organization.apps.is_empty()) {
        let _ = write!(
            text,
            "\nThere is no app yet. Make one, with its key and secret, from another terminal:\n\n"
        );
        let _ = writeln!(
            text,
            "  muster app create --organization \"My company\" --name \"My shop\" --management-token{}",
            store_flags(config)
        );
    }
    text
}

/// The greeting of a demonstration: what is there, and calls to begin with.
pub(super) fn demo(config: &Config, bound: SocketAddr, demo: &DemoCredentials) -> String {
    let url = local_url(config, bound);
    let DemoCredentials {
        organization,
        organization_id,
        api_key,
        secret,
        bearer,
        management_token,
        customer,
    } = demo;
    let mut text = format!("Muster {} is ready at {url} with the demo\n\n", env!("CARGO_PKG_VERSION"));
    // Writing to a String cannot fail.
    let _ = writeln!(text, "  organization      {organization} (id {organization_id})");
    let _ = writeln!(text, "  API key           {api_key}");
    let _ = writeln!(text, "  secret            {secret}");
    let _ = writeln!(text, "  bearer token      {bearer}");
    let _ = writeln!(text, "  management token  {management_token}");
    let _ = writeln!(text, "  connectivity      {} / {}", connectivity::PARENT_USER, connectivity::PASSWORD);
    let _ = writeln!(text, "                    customer {}", connectivity::PARENT);
    let _ =
        writeln!(text, "                    a SIM campaign runs for its sub-customer {}", connectivity::SUB);
    let _ = writeln!(text, "  dialler           client {}, token {}", dialler::FIRST, dialler::FIRST_TOKEN);
    let _ = writeln!(text, "                    client {}, token {}", dialler::SECOND, dialler::SECOND_TOKEN);
    let _ = writeln!(text, "  reference         {url}/docs\n");
    let _ =
        writeln!(text, "Everybody knows these credentials: never serve the demo to others. To begin with:\n");
    let _ = writeln!(
        text,
        "  curl -g -u {api_key}:{secret} \\\n    \
         '{url}/priv/v2/apps/{api_key}/external/users/{customer}/campaigns?sections[]=progress&creatives[]=tile'"
    );
    let _ = writeln!(
        text,
        "  curl -g -u {api_key}:{secret} -d '{{\"events\":{{\"purchase\":{{\"transaction_id\":\"first\"}}}}}}' \\\n    \
         {url}/priv/v1/apps/{api_key}/external/users/{customer}/events"
    );
    let _ = writeln!(
        text,
        "  curl -g -H 'Authorization: Bearer {management_token}' \\\n    {url}/manage/v1/organizations/{organization_id}/campaigns"
    );
    let _ = writeln!(
        text,
        "  curl -g -H 'Content-Type: application/json' \\\n    \
         -d '{{\"username\":\"{}\",\"password\":\"{}\"}}' \\\n    \
         {url}/api/v2/auth/token",
        connectivity::PARENT_USER,
        connectivity::PASSWORD
    );
    let _ = writeln!(
        text,
        "  curl -g -H 'Authorization: Bearer {}' \\\n    {url}/rest/v1.0/{}/dialler/campaigns",
        dialler::FIRST_TOKEN,
        dialler::FIRST
    );
    let _ = writeln!(
        text,
        "  curl -g -H 'Authorization: Bearer {management_token}' \\\n    \
         {url}/manage/v1/organizations/{organization_id}/customers/external:{customer}/campaigns/trail-challenge/explain"
    );
    text
}

/// The flags by which another command finds the same store. The database URL is never printed.
fn store_flags(config: &Config) -> String {
    if config.store.database_url.is_some() {
        " --database-url \"$DATABASE_URL\"".to_owned()
    } else if config.store == crate::config::Store::default() {
        String::new()
    } else {
        format!(" --data-dir {}", quoted(&config.store.data_dir.to_string_lossy()))
    }
}

/// A word as a POSIX shell takes it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_the_shell() {
        for (word, expected) in [
            ("muster-data", "muster-data"),
            ("/srv/muster/data", "/srv/muster/data"),
            ("", "''"),
            ("my data", "'my data'"),
            ("it's", r"'it'\''s'"),
            ("$HOME", "'$HOME'"),
        ] {
            assert_eq!(quoted(word), expected);
        }
    }

    #[test]
    fn a_wildcard_address_is_shown_as_loopback() {
        let config = Config::default();
        for (bound, expected) in [
            ("127.0.0.1:1", "http://127.0.0.1:1"),
            ("0.0.0.0:1", "http://127.0.0.1:1"),
            ("[::]:1", "http://[::1]:1"),
            ("192.0.2.7:1", "http://192.0.2.7:1"),
        ] {
            assert_eq!(local_url(&config, bound.parse().unwrap()), expected);
        }
    }
}
