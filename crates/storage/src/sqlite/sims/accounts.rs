//! Accounts, their users, tokens and requests.

use super::paging;
use super::write::{Stop, check_expected};
use crate::encoding::{counter_from_column, from_json, to_json};
use crate::sqlite::error::Fault;
use muster_app::ports::{Expected, PageOf, Paged, SimRefusal, Versioned};
use muster_domain::account::{Account, ApiToken, ApiUser, Request};
use muster_domain::ids::{AccountId, OrganizationId};
use muster_domain::time::UnixMillis;
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

pub(super) const CHILDREN: (&str, &str) = (
    "SELECT count(*) FROM account WHERE parent = ?1",
    "SELECT body FROM account WHERE parent = ?1 ORDER BY place LIMIT ?2 OFFSET ?3",
);
pub(super) const ROOTS: &str =
    "SELECT body FROM account WHERE organization = ?1 AND parent IS NULL ORDER BY place";

pub(super) fn account(connection: &Connection, id: AccountId) -> Result<Option<Versioned<Account>>, Fault> {
    connection
        .prepare_cached("SELECT version, body FROM account WHERE id = ?1")?
        .query_row(params![id.0.as_bytes()], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))
        .optional()?
        .map(|(version, body)| {
            Ok(Versioned { value: from_json(&body, "account")?, version: counter_from_column(version) })
        })
        .transpose()
}

pub(super) fn children(
    connection: &Connection,
    parent: AccountId,
    page: PageOf,
) -> Result<Paged<Account>, Fault> {
    paging::page(connection, CHILDREN, &[parent.0.as_bytes()], page, |row| paging::json(row, "account"))
}

pub(super) fn roots(connection: &Connection, organization: OrganizationId) -> Result<Vec<Account>, Fault> {
    let mut statement = connection.prepare_cached(ROOTS)?;
    let mut rows = statement.query(params![organization.0])?;
    let mut accounts = Vec::new();
    while let Some(row) = rows.next()? {
        accounts.push(paging::json(row, "account")?);
    }
    Ok(accounts)
}

pub(super) fn user(connection: &Connection, username: &str) -> Result<Option<ApiUser>, Fault> {
    connection
        .prepare_cached("SELECT body FROM api_user WHERE username = ?1")?
        .query_row(params![username], |row| row.get::<_, String>(0))
        .optional()?
        .map(|body| Ok(from_json(&body, "user")?))
        .transpose()
}

pub(super) fn token(connection: &Connection, sha256: &str) -> Result<Option<(ApiToken, ApiUser)>, Fault> {
    connection
        .prepare_cached(
            "SELECT api_token.username, api_token.expires_at, api_user.body
             FROM api_token JOIN api_user ON api_user.username = api_token.username
             WHERE api_token.sha256 = ?1",
        )?
        .query_row(params![sha256], |row| {
            let token = ApiToken {
                sha256: sha256.to_owned(),
                username: row.get(0)?,
                expires_at: UnixMillis(row.get(1)?),
            };
            Ok((token, row.get::<_, String>(2)?))
        })
        .optional()?
        .map(|(token, body)| Ok((token, from_json(&body, "user")?)))
        .transpose()
}

pub(super) fn request(connection: &Connection, id: Uuid) -> Result<Option<Request>, Fault> {
    connection
        .prepare_cached("SELECT body FROM sim_request WHERE id = ?1")?
        .query_row(params![id.as_bytes()], |row| row.get::<_, String>(0))
        .optional()?
        .map(|body| Ok(from_json(&body, "request")?))
        .transpose()
}

pub(super) fn write_account(
    connection: &Connection,
    account: &Account,
    expected: Expected,
) -> Result<(), Stop> {
    let found = connection
        .prepare_cached("SELECT version FROM account WHERE id = ?1")?
        .query_row(params![account.id.0.as_bytes()], |row| row.get(0))
        .optional()?;
    check_expected(found, expected, "account")?;
    connection
        .prepare_cached(
            "INSERT INTO account (id, organization, parent, sims, version, body) VALUES (?1, ?2, ?3, 0, 1, ?4)
             ON CONFLICT (id) DO UPDATE SET organization = excluded.organization, parent = excluded.parent,
             version = version + 1, body = excluded.body",
        )?
        .execute(params![
            account.id.0.as_bytes(),
            account.organization.0,
            account.parent.as_ref().map(|parent| parent.0.as_bytes()),
            to_json(account, "account")?
        ])?;
    Ok(())
}

pub(super) fn write_user(connection: &Connection, user: &ApiUser) -> Result<(), Stop> {
    let written = connection
        .prepare_cached(
            "INSERT INTO api_user (username, account, body) VALUES (?1, ?2, ?3)
             ON CONFLICT (username) DO UPDATE SET body = excluded.body WHERE account = excluded.account",
        )?
        .execute(params![user.username, user.account.0.as_bytes(), to_json(user, "user")?])?;
    if written == 1 {
        return Ok(());
    }
    Err(Stop::Refused(SimRefusal::Duplicate { what: "username", value: user.username.clone(), index: 0 }))
}

pub(super) fn write_token(connection: &Connection, token: &ApiToken) -> Result<(), Stop> {
    connection
        .prepare_cached(
            "INSERT INTO api_token (sha256, username, expires_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (sha256) DO UPDATE SET username = excluded.username, expires_at = excluded.expires_at",
        )?
        .execute(params![token.sha256, token.username, token.expires_at.0])?;
    Ok(())
}

pub(super) fn write_request(connection: &Connection, request: &Request) -> Result<(), Stop> {
    connection
        .prepare_cached(
            "INSERT INTO sim_request (id, created_at, body) VALUES (?1, ?2, ?3)
             ON CONFLICT (id) DO UPDATE SET created_at = excluded.created_at, body = excluded.body",
        )?
        .execute(params![request.id.as_bytes(), request.created_at.0, to_json(request, "request")?])?;
    Ok(())
}
