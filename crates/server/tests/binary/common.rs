//! What the tests of the binary share.

use muster_testkit::{Finished, Muster};

/// The binary under test.
pub(crate) fn muster() -> Muster {
    Muster::new(env!("CARGO_BIN_EXE_muster"))
}

/// A command failed with exit code 1 and one line on standard error that holds all `words`; no backtrace.
pub(crate) fn assert_one_clear_line(finished: &Finished, words: &[&str]) {
    assert_eq!(finished.code(), Some(1), "{}\n{}", finished.stdout, finished.stderr);
    let errors: Vec<&str> = finished.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 1, "{}", finished.stderr);
    for word in words {
        assert!(errors[0].contains(word), "{word:?} is missing from {:?}", errors[0]);
    }
    for noise in ["panic", "backtrace", "at src/"] {
        assert!(!finished.stderr.contains(noise), "{}", finished.stderr);
    }
    assert!(
        finished.stderr.ends_with(&format!("{}\n", errors[0])),
        "the error comes last: {}",
        finished.stderr
    );
}

/// A self-signed certificate for `localhost` and its key.
pub(crate) struct Certificate {
    pub(crate) pem: String,
    pub(crate) der: Vec<u8>,
    pub(crate) key_pem: String,
}

/// Makes a new one.
pub(crate) fn certificate() -> Certificate {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    Certificate {
        pem: made.cert.pem(),
        der: made.cert.der().to_vec(),
        key_pem: made.signing_key.serialize_pem(),
    }
}

/// What `muster app create --json` prints.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct NewApp {
    pub(crate) organization_id: i64,
    pub(crate) api_key: String,
    pub(crate) secret: String,
    pub(crate) bearer_token: String,
    pub(crate) management_token: String,
}

/// Makes an app on the store of `muster`.
pub(crate) fn new_app(muster: &Muster, organization: &str, name: &str) -> NewApp {
    let said = muster
        .clone()
        .args([
            "app",
            "create",
            "--organization",
            organization,
            "--name",
            name,
            "--management-token",
            "--json",
        ])
        .run()
        .expect_success();
    serde_json::from_str(&said).expect("one JSON object")
}
