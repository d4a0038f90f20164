//! Accounts, users, tokens, requests.

use super::world::{World, account, account_id, at, guid, make_account, page};
use crate::fixtures::{ORG, T0};
use crate::harness::Harness;
use muster_app::ports::{Expected, SimRefusal, SimWrite};
use muster_domain::account::{Account, ApiToken, ApiUser, Request, RequestOutcome, Role};
use muster_domain::ids::{OrganizationId, SimCampaignId};

pub(crate) async fn an_account_is_written_in_the_expected_version_only(h: Harness) {
    let w = World::new(h).await;
    let stored = w.sims.account(account_id(1)).await.unwrap().unwrap();
    assert_eq!((stored.value, stored.version), (account(1), 1));
    assert!(w.sims.account(account_id(9)).await.unwrap().is_none());
    let table = [
        // (account, expected, version afterwards or refused)
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
        let changed = Account { name: format!("step {step}"), ..account(n) };
        let write = SimWrite::Account { account: Box::new(changed.clone()), expected };
        let Some(version) = version else {
            let refusal = w.refused(vec![write]).await;
            assert!(matches!(refusal, SimRefusal::Stale { what: "account" }), "step {step}: {refusal:?}");
            continue;
        };
        w.write(write).await;
        let stored = w.sims.account(account_id(n)).await.unwrap().unwrap();
        assert_eq!((stored.value, stored.version), (changed, version), "step {step}");
    }
}

pub(crate) async fn accounts_are_listed_below_their_parent_in_order_of_making(h: Harness) {
    let w = World::new(h).await;
    // Made in an order that is not that of their ids, with another parent's in between.
    for n in [107, 103, 201, 105, 101, 202, 109] {
        w.write(make_account(Account { parent: Some(account_id(n / 100)), ..account(n) })).await;
    }
    w.write(make_account(Account { parent: Some(account_id(103)), ..account(300) })).await;
    // Writing one again does not move it.
    let again = Account { name: "again".to_owned(), parent: Some(account_id(1)), ..account(107) };
    w.write(SimWrite::Account { account: Box::new(again), expected: Expected::Any }).await;
    let table: [(u128, u64, u32, &[u128], u64); 8] = [
        (1, 1, 2, &[107, 103], 5),
        (1, 2, 2, &[105, 101], 5),
        (1, 3, 2, &[109], 5),
        (1, 4, 2, &[], 5),
        (1, u64::MAX, u32::MAX, &[], 5),
        (1, 1, u32::MAX, &[107, 103, 105, 101, 109], 5),
        (2, 1, 5, &[201, 202], 2),
        (9, 1, 5, &[], 0),
    ];
    for (parent, number, size, expected, total) in table {
        let told = w.sims.child_accounts(account_id(parent), page(number, size)).await.unwrap();
        let ids: Vec<_> = told.rows.iter().map(|account| account.id.0.as_u128()).collect();
        assert_eq!((&*ids, told.total), (expected, total), "page {number} of {size} below {parent}");
    }
}

pub(crate) async fn roots_are_listed_by_organization(h: Harness) {
    let w = World::new(h).await;
    let other = OrganizationId(2);
    w.write(make_account(Account { organization: other, ..account(5) })).await;
    w.write(make_account(account(3))).await;
    w.write(make_account(Account { parent: Some(account_id(1)), ..account(2) })).await;
    for (organization, expected) in [(ORG, vec![1, 3]), (other, vec![5]), (OrganizationId(3), vec![])] {
        let roots = w.sims.root_accounts(organization).await.unwrap();
        let ids: Vec<_> = roots.iter().map(|account| account.id.0.as_u128()).collect();
        assert_eq!(ids, expected, "{organization}");
    }
}

fn user(username: &str, account: u128, role: Role) -> ApiUser {
    ApiUser {
        username: username.to_owned(),
        account: account_id(account),
        password_hash: "$argon2id$v=19$...".to_owned(),
        role,
        created_at: T0,
    }
}

pub(crate) async fn a_username_is_of_one_account(h: Harness) {
    let w = World::new(h).await;
    w.write(SimWrite::User(user("ann", 1, Role::User))).await;
    w.write(SimWrite::User(user("ann", 1, Role::ReadOnly))).await;
    assert_eq!(w.sims.api_user("ann").await.unwrap(), Some(user("ann", 1, Role::ReadOnly)));
    assert_eq!(w.sims.api_user("Ann").await.unwrap(), None, "names are compared as they are written");
    let refusal = w.refused(vec![SimWrite::User(user("ann", 2, Role::User))]).await;
    let SimRefusal::Duplicate { what: "username", value, index: 0 } = refusal else { panic!("{refusal:?}") };
    assert_eq!(value, "ann");
    assert_eq!(w.sims.api_user("ann").await.unwrap(), Some(user("ann", 1, Role::ReadOnly)));
}

fn token(sha256: &str, username: &str, expires_s: i64) -> ApiToken {
    ApiToken { sha256: sha256.repeat(32), username: username.to_owned(), expires_at: at(expires_s) }
}

pub(crate) async fn a_token_leads_to_its_user_expired_or_not(h: Harness) {
    let w = World::new(h).await;
    w.write(SimWrite::User(user("ann", 1, Role::User))).await;
    for token in [token("aa", "ann", -1000), token("bb", "ann", 1000), token("cc", "nobody", 1000)] {
        w.write(SimWrite::Token(token)).await;
    }
    for (sha256, expires_s) in [("aa", -1000), ("bb", 1000)] {
        let found = w.sims.api_token(&sha256.repeat(32)).await.unwrap();
        assert_eq!(found, Some((token(sha256, "ann", expires_s), user("ann", 1, Role::User))));
    }
    for unknown in ["cc", "dd"] {
        assert_eq!(w.sims.api_token(&unknown.repeat(32)).await.unwrap(), None, "{unknown}");
    }
}

fn request(n: u128, created_s: i64, outcome: RequestOutcome) -> Request {
    Request { id: guid(n), count: 3, account: account_id(1), outcome, created_at: at(created_s) }
}

pub(crate) async fn a_request_is_remembered(h: Harness) {
    let w = World::new(h).await;
    let outcomes = [
        RequestOutcome::Done,
        RequestOutcome::Run(SimCampaignId(4)),
        RequestOutcome::Settle(SimCampaignId(5)),
    ];
    for (n, outcome) in (1..).zip(outcomes) {
        w.write(SimWrite::Request(request(n, 0, outcome))).await;
        assert_eq!(w.sims.request(guid(n)).await.unwrap(), Some(request(n, 0, outcome)));
    }
    assert_eq!(w.sims.request(guid(9)).await.unwrap(), None);
}

pub(crate) async fn expired_tokens_requests_and_parts_are_swept(h: Harness) {
    let w = World::new(h).await;
    w.write(SimWrite::User(user("ann", 1, Role::User))).await;
    for (n, at_s) in [(1, -1), (2, 0), (3, 1)] {
        w.write(SimWrite::Token(token(&format!("0{n}"), "ann", at_s))).await;
        w.write(SimWrite::Request(request(n, at_s, RequestOutcome::Done))).await;
        w.sims.add_answer_part(super::answers::part(n as u16, 2, 1, at_s)).await.unwrap();
    }
    assert_eq!(w.sims.sweep_sims(T0, T0, T0).await.unwrap(), 4);
    assert_eq!(w.sims.sweep_sims(T0, T0, T0).await.unwrap(), 0);
    for (n, token_stays, others_stay) in [(1, false, false), (2, false, true), (3, true, true)] {
        let token = w.sims.api_token(&format!("0{n}").repeat(32)).await.unwrap();
        assert_eq!(token.is_some(), token_stays, "token {n}");
        assert_eq!(w.sims.request(guid(n)).await.unwrap().is_some(), others_stay, "request {n}");
        let parts = w.sims.add_answer_part(super::answers::part(n as u16, 2, 2, 5)).await.unwrap();
        assert_eq!(parts.len() == 2, others_stay, "part {n}");
    }
}

pub(crate) async fn a_sweep_of_requests_goes_on_until_none_is_left(h: Harness) {
    let w = World::new(h).await;
    let writes = (0..2500).map(|n| SimWrite::Request(request(n, 0, RequestOutcome::Done))).collect();
    w.sims.write_sims(writes).await.unwrap();
    assert_eq!(w.sims.sweep_sims(T0, T0, at(1)).await.unwrap(), 2500);
}
