//! `muster serve --demo`.

use crate::common::{assert_one_clear_line, muster, new_app};
use serde_json::Value;

/// The words of a printed command line, as a POSIX shell would part them.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in command.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            _ => words.last_mut().unwrap().push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Does what a printed `curl` command does.
async fn paste(command: &str) -> Value {
    let words = words(command);
    assert_eq!(words[0], "curl", "{command}");
    let after = |flag: &str| words.iter().position(|word| word == flag).map(|at| words[at + 1].as_str());
    let url = words.last().unwrap();
    let client = reqwest::Client::new();
    let typed = after("-H").is_some_and(|header| header.starts_with("Content-Type"));
    let mut request = match after("-d") {
        Some(body) if typed => client.post(url).body(body.to_owned()),
        // What curl sends by itself: the engagement contract reads bodies whatever their type.
        Some(body) => {
            client.post(url).header("content-type", "application/x-www-form-urlencoded").body(body.to_owned())
        }
        None => client.get(url),
    };
    if let Some((key, secret)) = after("-u").and_then(|pair| pair.split_once(':')) {
        request = request.basic_auth(key, Some(secret));
    }
    if let Some((name, value)) = after("-H").and_then(|header| header.split_once(": ")) {
        request = request.header(name, value);
    }
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let body = answer.json().await.unwrap();
    assert_eq!(status, 200, "{command}: {body}");
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn the_printed_calls_work_when_pasted() {
    let server = muster().args(["--demo"]).serve();
    let said = server.process().stdout.wait_for("/explain\n", server.process()).replace("\\\n", " ");
    let commands: Vec<&str> = said.lines().map(str::trim).filter(|line| line.starts_with("curl ")).collect();
    assert_eq!(commands.len(), 6, "{said}");
    let seen = paste(commands[0]).await;
    assert!(seen["campaigns"].as_array().is_some_and(|campaigns| campaigns.len() >= 3), "{seen}");
    let told = paste(commands[1]).await;
    assert!(told["behaviors"].as_object().is_some_and(|behaviors| !behaviors.is_empty()), "{told}");
    for command in &commands[2..] {
        paste(command).await;
    }
    let signed_in = commands.iter().find(|command| command.ends_with("/auth/token")).unwrap();
    let token = paste(signed_in).await["content"][0]["token"].clone();
    let customer = said.lines().find_map(|line| line.trim().strip_prefix("customer ")).unwrap();
    let host = signed_in.split_whitespace().last().unwrap().strip_suffix("/auth/token").unwrap();
    let token = token.as_str().unwrap();
    let campaigns =
        paste(&format!("curl -H 'Authorization: Bearer {token}' {host}/customer/{customer}/campaign")).await;
    assert_eq!(campaigns["content"][0]["id"], 67, "{campaigns}");
    assert_eq!(server.stop().code(), Some(0));
}

#[test]
fn a_demo_on_a_named_folder_is_loaded_once() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let server = muster().on_folder(folder.path()).args(["--demo"]).serve();
        assert_eq!(server.stop().code(), Some(0));
    }
}

#[test]
fn a_demo_is_refused_where_its_public_credentials_would_do_harm() {
    let folder = tempfile::tempdir().unwrap();
    let everywhere = muster()
        .on_folder(&folder.path().join("a"))
        .setting("server.allow_plain_http_beyond_loopback", true)
        .args(["serve", "--demo", "--listen", "0.0.0.0:0"])
        .run();
    assert_one_clear_line(&everywhere, &["cannot serve the demo", "0.0.0.0", "127.0.0.1"]);
    let data = folder.path().join("b");
    new_app(&muster().on_folder(&data), "Acme", "Shop");
    let among_others = muster().on_folder(&data).args(["serve", "--demo", "--listen", "127.0.0.1:0"]).run();
    assert_one_clear_line(&among_others, &["cannot load the demo", "Acme", "--data-dir"]);
}
