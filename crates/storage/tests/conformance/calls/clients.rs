//! Client accounts, agents, documents, prompts, and the numbers that are handed out.

use super::world::{CLIENT, World, client, put_client};
use crate::fixtures::{ORG, T0};
use crate::harness::Harness;
use muster_app::ports::{CallRefusal, CallSequence, CallWrite, DocumentKind, Expected, StoredReply};
use muster_domain::calls::client::{Agent, Client};
use muster_domain::ids::{ClientId, OrganizationId};
use serde_json::json;

pub(crate) async fn a_client_account_is_written_in_the_expected_version_only(h: Harness) {
    let w = World::new(h).await;
    let table = [
        // (client, expected, version afterwards or refused)
        (1, Expected::Absent, None),
        (1, Expected::Version(2), None),
        (1, Expected::Version(1), Some(2)),
        (1, Expected::Version(1), None),
        (1, Expected::Any, Some(3)),
        (2, Expected::Version(1), None),
        (2, Expected::Absent, Some(1)),
        (3, Expected::Any, Some(1)),
    ];
    for (step, (n, expected, version)) in table.into_iter().enumerate() {
        let changed = Client { name: format!("step {step}"), ..client(n) };
        let write = put_client(changed.clone(), expected);
        let Some(version) = version else {
            let refusal = w.refused(vec![write]).await;
            assert!(matches!(refusal, CallRefusal::Stale { what: "client" }), "step {step}: {refusal:?}");
            continue;
        };
        w.write(write).await;
        let stored = w.calls.client(ClientId(n)).await.unwrap().unwrap();
        assert_eq!((stored.value, stored.version), (changed, version), "step {step}");
    }
    assert!(w.calls.client(ClientId(9)).await.unwrap().is_none());
}

pub(crate) async fn a_call_token_leads_to_one_client_account(h: Harness) {
    let w = World::new(h).await;
    let with = |n, token: Option<&str>| {
        put_client(Client { token_sha256: token.map(str::to_owned), ..client(n) }, Expected::Any)
    };
    w.commit(vec![with(1, Some("aa")), with(2, None), with(3, None)]).await;
    assert_eq!(w.calls.client_by_token("aa").await.unwrap().unwrap().id, CLIENT);
    assert!(w.calls.client_by_token("bb").await.unwrap().is_none());
    let refusal = w.refused(vec![with(2, Some("aa"))]).await;
    let CallRefusal::Duplicate { what: "token", value } = refusal else { panic!("{refusal:?}") };
    assert_eq!(value, "aa");
    // It keeps its own, changes it, and then the old one is free.
    w.write(with(1, Some("aa"))).await;
    w.write(with(1, Some("bb"))).await;
    assert!(w.calls.client_by_token("aa").await.unwrap().is_none());
    w.write(with(2, Some("aa"))).await;
    assert_eq!(w.calls.client_by_token("aa").await.unwrap().unwrap().id, ClientId(2));
}

pub(crate) async fn client_accounts_are_listed_by_organization(h: Harness) {
    let w = World::new(h).await;
    let other = OrganizationId(2);
    for client in [client(5), Client { organization: other, ..client(4) }, client(3)] {
        w.write(put_client(client, Expected::Absent)).await;
    }
    for (organization, expected) in [
        (Some(ORG), vec![1, 3, 5]),
        (Some(other), vec![4]),
        (None, vec![1, 3, 4, 5]),
        (Some(OrganizationId(3)), vec![]),
    ] {
        let listed = w.calls.clients(organization).await.unwrap();
        let ids: Vec<_> = listed.iter().map(|client| client.id.0).collect();
        assert_eq!(ids, expected, "{organization:?}");
    }
}

fn agent(client: i64, uid: &str, name: &str) -> Agent {
    Agent {
        client: ClientId(client),
        uid: uid.to_owned(),
        name: name.to_owned(),
        digest_md5: "d5".to_owned(),
        digest_sha256: "d256".to_owned(),
    }
}

pub(crate) async fn agents_are_of_their_client_account(h: Harness) {
    let w = World::new(h).await;
    let writes =
        [agent(1, "zoe", "Zoe"), agent(1, "ann", "Ann"), agent(2, "ann", "Other"), agent(1, "Ann", "A")];
    w.commit(writes.map(|agent| CallWrite::Agent(Box::new(agent))).into()).await;
    let uids: Vec<_> = w.calls.agents(CLIENT).await.unwrap().into_iter().map(|agent| agent.uid).collect();
    assert_eq!(uids, ["Ann", "ann", "zoe"], "by the bytes of their uids");
    w.write(CallWrite::Agent(Box::new(agent(1, "ann", "Anna")))).await;
    assert_eq!(w.calls.agent(CLIENT, "ann").await.unwrap(), Some(agent(1, "ann", "Anna")));
    assert_eq!(w.calls.agent(ClientId(2), "ann").await.unwrap(), Some(agent(2, "ann", "Other")));
    let remove = |uid: &str| CallWrite::RemoveAgent { client: CLIENT, uid: uid.to_owned() };
    w.commit(vec![remove("ann"), remove("nobody")]).await;
    assert_eq!(w.calls.agent(CLIENT, "ann").await.unwrap(), None);
    assert_eq!(w.calls.agents(ClientId(2)).await.unwrap().len(), 1);
}

pub(crate) async fn documents_are_kept_by_name(h: Harness) {
    let w = World::new(h).await;
    let write = |client, name: &str, body| CallWrite::Document {
        client: ClientId(client),
        kind: DocumentKind::Policy,
        name: name.to_owned(),
        body,
    };
    let (first, second) = (json!({"cap": 0.03, "days": ["mon", null]}), json!([1, 2.5, "ü"]));
    w.commit(vec![
        write(1, "us", Some(json!(1))),
        write(1, "de", Some(first.clone())),
        write(2, "fr", Some(json!(2))),
        write(1, "us", Some(second.clone())),
        write(1, "uk", None),
    ])
    .await;
    let listed = w.calls.documents(CLIENT, DocumentKind::Policy).await.unwrap();
    assert_eq!(listed, [("de".to_owned(), first.clone()), ("us".to_owned(), second)]);
    w.write(write(1, "us", None)).await;
    let listed = w.calls.documents(CLIENT, DocumentKind::Policy).await.unwrap();
    assert_eq!(listed, [("de".to_owned(), first)]);
}

pub(crate) async fn prompts_are_told_with_the_number_of_their_samples(h: Harness) {
    let w = World::new(h).await;
    let write = |client, name: &str, samples| CallWrite::Prompt {
        client: ClientId(client),
        name: name.to_owned(),
        samples,
    };
    let sound: Vec<u8> = (0..160_000u32).map(|n| n as u8).collect();
    w.commit(vec![
        write(1, "welcome", Some(sound.clone())),
        write(1, "bye", Some(vec![1, 0])),
        write(2, "bye", Some(vec![])),
    ])
    .await;
    let told = w.calls.prompts(CLIENT).await.unwrap();
    assert_eq!(told, [("bye".to_owned(), 1), ("welcome".to_owned(), 80_000)]);
    assert_eq!(w.calls.prompt(CLIENT, "welcome").await.unwrap(), Some(sound));
    assert_eq!(w.calls.prompt(ClientId(2), "bye").await.unwrap(), Some(vec![]));
    w.commit(vec![write(1, "bye", Some(vec![0; 8])), write(1, "welcome", None), write(1, "none", None)])
        .await;
    assert_eq!(w.calls.prompts(CLIENT).await.unwrap(), [("bye".to_owned(), 4)]);
    assert_eq!(w.calls.prompt(CLIENT, "welcome").await.unwrap(), None);
}

pub(crate) async fn call_ids_never_repeat(h: Harness) {
    let mut w = World::new(h).await;
    let kinds = [
        CallSequence::Client,
        CallSequence::Campaign,
        CallSequence::ResultCode,
        CallSequence::Contact,
        CallSequence::Call,
    ];
    for (n, kind) in (1i64..).zip(kinds) {
        assert_eq!(w.calls.take_ids(kind, 3).await.unwrap(), 1, "{kind:?} begins with 1");
        assert_eq!(w.calls.take_ids(kind, 1).await.unwrap(), 4, "{kind:?}");
        w.calls.raise_ids(kind, 100 * n).await.unwrap();
        w.calls.raise_ids(kind, 7).await.unwrap();
    }
    w.reopen().await;
    for (n, kind) in (1i64..).zip(kinds) {
        assert_eq!(w.calls.take_ids(kind, 5000).await.unwrap(), 100 * n + 1, "{kind:?}");
        assert_eq!(w.calls.take_ids(kind, 1).await.unwrap(), 100 * n + 5001, "{kind:?}");
    }
}

pub(crate) async fn a_refused_call_write_leaves_nothing_of_its_transaction(h: Harness) {
    let w = World::new(h).await;
    let reply = |key: &str| {
        CallWrite::Reply(StoredReply {
            key: key.to_owned(),
            fingerprint: "f".to_owned(),
            status: 201,
            body: "{}".to_owned(),
            created_at: T0,
        })
    };
    w.commit(vec![put_client(client(2), Expected::Absent), reply("k")]).await;
    assert_eq!(w.harness.store.stored_reply("k").await.unwrap().unwrap().status, 201);
    let refusal = w.refused(vec![put_client(client(3), Expected::Absent), reply("k")]).await;
    assert!(matches!(refusal, CallRefusal::ReplyExists), "{refusal:?}");
    assert!(w.calls.client(ClientId(3)).await.unwrap().is_none());
    let refusal = w.refused(vec![reply("l"), put_client(client(2), Expected::Absent)]).await;
    assert!(matches!(refusal, CallRefusal::Stale { what: "client" }), "{refusal:?}");
    assert!(w.harness.store.stored_reply("l").await.unwrap().is_none());
    w.commit(vec![]).await;
}
