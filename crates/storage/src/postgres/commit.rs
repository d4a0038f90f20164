//! Many customer writes in one transaction, each accepted or refused on its own.
//!
//! The writes are put into rounds in which nothing occurs twice (no customer, no name, no idempotency key). A round
//! looks at what must hold, decides in memory, and writes what was accepted with one statement for each table.
//! Statements that do not need each other's answers travel together. What was looked at without a lock is looked at
//! again by the write itself; when somebody was faster, the whole transaction is repeated and sees them.

use super::error::Fault;
use super::lane::{Culprits, LaneWrite};
use crate::encoding::{counter_to_column, name_key};
use crate::prepared::{Prepared, Results};
use deadpool_postgres::ClientWrapper;
use futures_util::future::try_join4;
use futures_util::try_join;
use muster_app::ports::{CommitRefusal, CustomerName, Expected};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

/// A customer's key.
type Key = (i64, Uuid);

/// A name's key.
type NameKey<'a> = (i64, i16, &'a str);

impl LaneWrite for Prepared {
    type Refusal = CommitRefusal;

    fn lane_key(&self) -> u64 {
        // The last bytes are random in every kind of identifier that is used for customers.
        u64::from(self.id.0.as_bytes()[15])
    }

    fn is_plain(&self) -> bool {
        self.body.is_some()
            && self.add_names.is_empty()
            && self.remove_names.is_empty()
            && self.places.is_empty()
            && self.token.is_none()
            && self.reply.is_none()
    }

    async fn apply(
        client: &ClientWrapper,
        writes: &[Self],
        culprits: &mut Culprits<Self>,
    ) -> Result<Results, Fault> {
        apply(client, writes, culprits).await
    }
}

async fn apply(
    client: &ClientWrapper,
    writes: &[Prepared],
    culprits: &mut Culprits<Prepared>,
) -> Result<Results, Fault> {
    let mut results: Vec<Option<Result<(), CommitRefusal>>> = writes.iter().map(|_| None).collect();
    for (index, refusal) in &*culprits {
        results[*index] = Some(Err(refusal.clone()));
    }
    let mut begin = Some("BEGIN");
    for members in rounds(writes, &results) {
        let mut round = Round { client, writes, members, results: &mut results, culprits };
        round.run(begin.take()).await?;
    }
    if let Some(begin) = begin {
        client.batch_execute(begin).await?;
    }
    let results: Results = results.into_iter().map(|result| result.unwrap_or(Ok(()))).collect();
    hand_to_outbox(client, writes, &results).await?;
    Ok(results)
}

/// Hands the outcomes of the accepted writes to the outbox. It comes last: the organization's sequence is locked from
/// here to the commit, and whoever waits for it holds nothing that others still want.
async fn hand_to_outbox(client: &ClientWrapper, writes: &[Prepared], results: &Results) -> Result<(), Fault> {
    // A customer that is deleted further on takes the outcomes told before along.
    let mut deleted: FxHashMap<Key, usize> = FxHashMap::default();
    let mut counts: BTreeMap<i64, i64> = BTreeMap::new();
    let accepted = || writes.iter().zip(results).enumerate().filter(|(_, (_, result))| result.is_ok());
    for (index, (write, _)) in accepted() {
        if write.body.is_none() {
            deleted.insert(key(write), index);
        }
    }
    let (mut organizations, mut numbers, mut ids) = (Vec::new(), Vec::new(), Vec::new());
    let (mut customers, mut kinds) = (Vec::new(), Vec::new());
    let (mut payloads, mut created_at) = (Vec::new(), Vec::new());
    for (index, (write, _)) in accepted() {
        for (entry, payload) in &write.outcomes {
            let organization = write.organization.0;
            if deleted.get(&(organization, entry.customer.0)).is_some_and(|deleted| *deleted > index) {
                continue;
            }
            let number = counts.entry(organization).or_default();
            *number += 1;
            organizations.push(organization);
            numbers.push(*number);
            ids.push(entry.id);
            customers.push(entry.customer.0);
            kinds.push(entry.kind.as_str());
            payloads.push(payload.as_str());
            created_at.push(entry.created_at.0);
        }
    }
    let (counted, counts): (Vec<i64>, Vec<i64>) = counts.into_iter().unzip();
    execute(
        client,
        "WITH sequence AS (
             INSERT INTO outbox_sequence AS s (organization, last)
             SELECT * FROM unnest($1::bigint[], $2::bigint[])
             ON CONFLICT (organization) DO UPDATE SET last = s.last + excluded.last
             RETURNING organization, last
         )
         INSERT INTO outbox (organization, position, id, customer, kind, payload, created_at)
         SELECT w.organization, sequence.last - counted.count + w.number, w.id, w.customer, w.kind, w.payload,
                w.created_at
         FROM unnest($3::bigint[], $4::bigint[], $5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::bigint[])
              AS w (organization, number, id, customer, kind, payload, created_at)
         JOIN sequence ON sequence.organization = w.organization
         JOIN unnest($1::bigint[], $2::bigint[]) AS counted (organization, count)
              ON counted.organization = w.organization",
        ids.len(),
        &[&counted, &counts, &organizations, &numbers, &ids, &customers, &kinds, &payloads, &created_at],
    )
    .await?;
    Ok(())
}

/// Splits the writes into rounds, each in the order given: a write comes after every earlier one that it shares a
/// customer, a name or a key with.
fn rounds(writes: &[Prepared], results: &[Option<Result<(), CommitRefusal>>]) -> Vec<Vec<usize>> {
    let mut customers: FxHashMap<Key, usize> = FxHashMap::default();
    let mut names: FxHashMap<NameKey<'_>, usize> = FxHashMap::default();
    let mut replies: FxHashMap<&str, usize> = FxHashMap::default();
    let mut rounds: Vec<Vec<usize>> = Vec::new();
    for (index, write) in writes.iter().enumerate() {
        if results[index].is_some() {
            continue;
        }
        let touched = || write.add_names.iter().chain(&write.remove_names);
        let round = [
            customers.get(&key(write)).copied(),
            touched().filter_map(|name| names.get(&full_name(write, name)).copied()).max(),
            write.reply.as_ref().and_then(|reply| replies.get(reply.key.as_str()).copied()),
        ]
        .into_iter()
        .flatten()
        .max()
        .map_or(0, |last| last + 1);
        customers.insert(key(write), round);
        names.extend(touched().map(|name| (full_name(write, name), round)));
        replies.extend(write.reply.iter().map(|reply| (reply.key.as_str(), round)));
        if rounds.len() <= round {
            rounds.resize_with(round + 1, Vec::new);
        }
        rounds[round].push(index);
    }
    rounds
}

fn key(write: &Prepared) -> Key {
    (write.organization.0, write.id.0)
}

fn full_name<'a>(write: &Prepared, name: &'a CustomerName) -> NameKey<'a> {
    let (kind, text) = name_key(name);
    (write.organization.0, kind, text)
}

/// Whether the version is looked at, and the row locked, before anything is decided: a refusal about names or
/// places would mislead a caller that decided on an old state.
fn is_guarded(write: &Prepared) -> bool {
    !write.add_names.is_empty() || !write.places.is_empty()
}

/// One round of a transaction.
struct Round<'a> {
    client: &'a ClientWrapper,
    writes: &'a [Prepared],
    members: Vec<usize>,
    results: &'a mut [Option<Result<(), CommitRefusal>>],
    culprits: &'a mut Culprits<Prepared>,
}

/// Places taken in the campaigns of a round, as decided so far.
type Places = BTreeMap<(i64, i64), i64>;

impl Round<'_> {
    async fn run(&mut self, begin: Option<&str>) -> Result<(), Fault> {
        for &index in &self.members {
            let write = &self.writes[index];
            if matches!((write.expected, &write.body), (Expected::Any, _) | (Expected::Absent, None)) {
                self.results[index] = Some(Err(CommitRefusal::Stale));
            }
        }
        let looked = self.standing().any(|(_, write)| is_guarded(write) || write.reply.is_some());
        let mut begin = begin;
        let mut places = Places::new();
        if looked {
            if let Some(begin) = begin.take() {
                self.client.batch_execute(begin).await?;
            }
            let (replies, versions, owners) =
                try_join!(self.known_replies(), self.lock_versions(), self.name_owners())?;
            self.decide(&replies, &versions, &owners);
            places = self.lock_places().await?;
            self.decide_places(&mut places);
        }
        self.swap_aggregates(begin).await?;
        self.erase_deleted().await?;
        let client = self.client;
        let (names, events, replies, ..) = try_join!(
            self.change_names(),
            self.append_events(),
            self.remember_replies(),
            self.add_tokens(),
            self.count_impressions(),
            save_places(client, &places),
        )?;
        if !events.is_empty() {
            // A key that is there already: decided on an older log than the version said, so load again.
            self.culprits.extend(events.into_iter().map(|index| (index, CommitRefusal::Stale)));
            return Err(Fault::Overtaken);
        }
        if names && replies { Ok(()) } else { Err(Fault::Overtaken) }
    }

    /// The writes that have not been refused.
    fn standing(&self) -> impl Iterator<Item = (usize, &Prepared)> {
        self.members
            .iter()
            .filter(|index| self.results[**index].is_none())
            .map(|index| (*index, &self.writes[*index]))
    }

    /// The same without deletions.
    fn living(&self) -> impl Iterator<Item = (usize, &Prepared)> {
        self.standing().filter(|(_, write)| write.body.is_some())
    }

    async fn known_replies(&self) -> Result<FxHashSet<String>, Fault> {
        let keys: Vec<&str> = self
            .standing()
            .filter_map(|(_, write)| write.reply.as_ref())
            .map(|reply| reply.key.as_str())
            .collect();
        let rows =
            query(self.client, "SELECT key FROM stored_reply WHERE key = ANY($1)", keys.len(), &[&keys])
                .await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    /// Locks the customers of guarded writes, in order, and tells their versions.
    async fn lock_versions(&self) -> Result<FxHashMap<Key, i64>, Fault> {
        let mut keys: Vec<Key> =
            self.standing().filter(|(_, write)| is_guarded(write)).map(|(_, write)| key(write)).collect();
        keys.sort_unstable();
        let (organizations, ids): (Vec<i64>, Vec<Uuid>) = keys.into_iter().unzip();
        let rows = query(
            self.client,
            "SELECT c.organization, c.id, c.version
             FROM unnest($1::bigint[], $2::uuid[]) AS w (organization, id)
             JOIN customer c ON c.organization = w.organization AND c.id = w.id
             ORDER BY c.organization, c.id FOR UPDATE OF c",
            ids.len(),
            &[&organizations, &ids],
        )
        .await?;
        rows.iter().map(|row| Ok(((row.try_get(0)?, row.try_get(1)?), row.try_get(2)?))).collect()
    }

    /// Who has the names that are asked for.
    async fn name_owners(&self) -> Result<FxHashMap<(i64, i16, String), Uuid>, Fault> {
        let (mut organizations, mut kinds, mut texts) = (Vec::new(), Vec::new(), Vec::new());
        for (_, write) in self.standing() {
            for name in &write.add_names {
                let (organization, kind, text) = full_name(write, name);
                organizations.push(organization);
                kinds.push(kind);
                texts.push(text);
            }
        }
        let rows = query(
            self.client,
            "SELECT n.organization, n.kind, n.name, n.customer
             FROM unnest($1::bigint[], $2::smallint[], $3::text[]) AS w (organization, kind, name)
             JOIN customer_name n ON n.organization = w.organization AND n.kind = w.kind AND n.name = w.name",
            kinds.len(),
            &[&organizations, &kinds, &texts],
        )
        .await?;
        rows.iter()
            .map(|row| Ok(((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?), row.try_get(3)?)))
            .collect()
    }

    /// Refuses in memory, in the order of reasons that the port names.
    fn decide(
        &mut self,
        replies: &FxHashSet<String>,
        versions: &FxHashMap<Key, i64>,
        owners: &FxHashMap<(i64, i16, String), Uuid>,
    ) {
        for &index in &self.members {
            let write = &self.writes[index];
            if self.results[index].is_some() {
                continue;
            }
            let expected = match write.expected {
                Expected::Version(version) => Some(counter_to_column(version)),
                Expected::Absent | Expected::Any => None,
            };
            let taken = || {
                write.add_names.iter().find(|name| {
                    let (organization, kind, text) = full_name(write, name);
                    owners
                        .get(&(organization, kind, text.to_owned()))
                        .is_some_and(|owner| *owner != write.id.0)
                })
            };
            let refusal = if write.reply.as_ref().is_some_and(|reply| replies.contains(&reply.key)) {
                Some(CommitRefusal::ReplyExists)
            } else if is_guarded(write) && versions.get(&key(write)).copied() != expected {
                Some(CommitRefusal::Stale)
            } else {
                taken().map(|name| CommitRefusal::NameTaken(name.clone()))
            };
            self.results[index] = refusal.map(Err);
        }
    }

    /// Locks the counters of the campaigns in question, in order, making those that are missing.
    async fn lock_places(&self) -> Result<Places, Fault> {
        let mut campaigns: Vec<(i64, i64)> = self
            .standing()
            .flat_map(|(_, write)| write.places.iter().map(|place| (write.organization.0, place.campaign.0)))
            .collect();
        campaigns.sort_unstable();
        campaigns.dedup();
        let (organizations, ids): (Vec<i64>, Vec<i64>) = campaigns.into_iter().unzip();
        let rows = query(
            self.client,
            "INSERT INTO campaign_place AS p (organization, campaign, taken)
             SELECT w.organization, w.campaign, 0
             FROM unnest($1::bigint[], $2::bigint[]) AS w (organization, campaign)
             ON CONFLICT (organization, campaign) DO UPDATE SET taken = p.taken
             RETURNING p.organization, p.campaign, p.taken",
            ids.len(),
            &[&organizations, &ids],
        )
        .await?;
        rows.iter().map(|row| Ok(((row.try_get(0)?, row.try_get(1)?), row.try_get(2)?))).collect()
    }

    /// Takes places in the order of the writes; a write gets all it asks for or is refused.
    fn decide_places(&mut self, places: &mut Places) {
        for &index in &self.members {
            let write = &self.writes[index];
            if self.results[index].is_some() || write.places.is_empty() {
                continue;
            }
            let mut wanted: Vec<((i64, i64), i64)> = Vec::with_capacity(write.places.len());
            let refused = write.places.iter().find(|place| {
                let campaign = (write.organization.0, place.campaign.0);
                let earlier =
                    wanted.iter().rev().find(|(other, _)| *other == campaign).map(|(_, taken)| *taken);
                let before = earlier.or_else(|| places.get(&campaign).copied()).unwrap_or(0);
                let after = (before + i64::from(place.delta)).max(0);
                wanted.push((campaign, after));
                place.delta > 0 && place.limit.is_some_and(|limit| after > i64::from(limit))
            });
            match refused {
                Some(place) => self.results[index] = Some(Err(CommitRefusal::LimitReached(place.campaign))),
                None => places.extend(wanted),
            }
        }
    }

    /// Compare-and-swap of the aggregates.
    async fn swap_aggregates(&mut self, begin: Option<&str>) -> Result<(), Fault> {
        let (mut created, mut updated, mut deleted) = (Swaps::default(), Swaps::default(), Swaps::default());
        let mut ordered: Vec<&Prepared> = self.standing().map(|(_, write)| write).collect();
        ordered.sort_unstable_by_key(|write| key(write));
        for write in ordered {
            match (write.expected, write.body.as_deref()) {
                (Expected::Version(version), Some(body)) => updated.push(write, version, body),
                (Expected::Version(version), None) => deleted.push(write, version, &[]),
                (_, body) => created.push(write, 0, body.unwrap_or_default()),
            }
        }
        let client = self.client;
        let begun = async {
            match begin {
                Some(begin) => client.batch_execute(begin).await.map_err(Fault::from),
                None => Ok(()),
            }
        };
        let ((), created, updated, deleted) = try_join4(
            begun,
            query(
                client,
                "INSERT INTO customer (organization, id, version, body)
                 SELECT w.organization, w.id, 1, w.body
                 FROM unnest($1::bigint[], $2::uuid[], $3::bytea[]) AS w (organization, id, body)
                 ON CONFLICT (organization, id) DO NOTHING RETURNING organization, id",
                created.ids.len(),
                &[&created.organizations, &created.ids, &created.bodies],
            ),
            query(
                client,
                "UPDATE customer c SET version = c.version + 1, body = w.body
                 FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::bytea[])
                      AS w (organization, id, version, body)
                 WHERE c.organization = w.organization AND c.id = w.id AND c.version = w.version
                 RETURNING c.organization, c.id",
                updated.ids.len(),
                &[&updated.organizations, &updated.ids, &updated.versions, &updated.bodies],
            ),
            query(
                client,
                "DELETE FROM customer c
                 USING unnest($1::bigint[], $2::uuid[], $3::bigint[]) AS w (organization, id, version)
                 WHERE c.organization = w.organization AND c.id = w.id AND c.version = w.version
                 RETURNING c.organization, c.id",
                deleted.ids.len(),
                &[&deleted.organizations, &deleted.ids, &deleted.versions],
            ),
        )
        .await?;
        let mut swapped: FxHashSet<Key> = FxHashSet::default();
        for row in created.iter().chain(&updated).chain(&deleted) {
            swapped.insert((row.try_get(0)?, row.try_get(1)?));
        }
        for &index in &self.members {
            let write = &self.writes[index];
            if self.results[index].is_some() || swapped.contains(&key(write)) {
                continue;
            }
            if is_guarded(write) {
                // It was as expected a moment ago, and decisions rest on that.
                return Err(Fault::Overtaken);
            }
            self.results[index] = Some(Err(CommitRefusal::Stale));
        }
        Ok(())
    }

    /// Removes everything that belonged to deleted customers.
    async fn erase_deleted(&self) -> Result<(), Fault> {
        let (organizations, ids): (Vec<i64>, Vec<Uuid>) =
            self.standing().filter(|(_, write)| write.body.is_none()).map(|(_, write)| key(write)).unzip();
        for statement in [
            "DELETE FROM customer_name t USING unnest($1::bigint[], $2::uuid[]) AS w (organization, id)
             WHERE t.organization = w.organization AND t.customer = w.id",
            "DELETE FROM event t USING unnest($1::bigint[], $2::uuid[]) AS w (organization, id)
             WHERE t.organization = w.organization AND t.customer = w.id",
            "UPDATE outbox t SET customer = NULL, kind = '', payload = ''
             FROM unnest($1::bigint[], $2::uuid[]) AS w (organization, id)
             WHERE t.organization = w.organization AND t.customer = w.id",
            "DELETE FROM client_token t USING unnest($1::bigint[], $2::uuid[]) AS w (organization, id)
             WHERE t.organization = w.organization AND t.customer = w.id",
        ] {
            execute(self.client, statement, ids.len(), &[&organizations, &ids]).await?;
        }
        Ok(())
    }

    /// Removes and adds names; `false` if somebody else took one in the meantime.
    async fn change_names(&self) -> Result<bool, Fault> {
        let (mut removed, mut added) = (Names::default(), Names::default());
        for (_, write) in self.living() {
            removed.extend(write, &write.remove_names);
            added.extend(write, &write.add_names);
        }
        execute(
            self.client,
            "DELETE FROM customer_name n
             USING unnest($1::bigint[], $2::smallint[], $3::text[], $4::uuid[])
                   AS w (organization, kind, name, customer)
             WHERE n.organization = w.organization AND n.kind = w.kind AND n.name = w.name
               AND n.customer = w.customer",
            removed.texts.len(),
            &[&removed.organizations, &removed.kinds, &removed.texts, &removed.owners],
        )
        .await?;
        // A name that is the customer's own already is updated to itself, so that every name comes back.
        let written = execute(
            self.client,
            "INSERT INTO customer_name AS n (organization, kind, name, customer)
             SELECT DISTINCT w.organization, w.kind, w.name COLLATE \"C\", w.customer
             FROM unnest($1::bigint[], $2::smallint[], $3::text[], $4::uuid[])
                  AS w (organization, kind, name, customer)
             ON CONFLICT (organization, kind, name) DO UPDATE SET customer = excluded.customer
             WHERE n.customer = excluded.customer",
            added.texts.len(),
            &[&added.organizations, &added.kinds, &added.texts, &added.owners],
        )
        .await?;
        Ok(written == added.distinct() as u64)
    }

    /// Appends the events; tells the writes whose keys were there already.
    async fn append_events(&self) -> Result<Vec<usize>, Fault> {
        let (mut organizations, mut customers, mut keys) = (Vec::new(), Vec::new(), Vec::new());
        let (mut sequences, mut names, mut bodies) = (Vec::new(), Vec::new(), Vec::new());
        let mut ordered: Vec<&Prepared> =
            self.living().map(|(_, write)| write).filter(|write| !write.events.is_empty()).collect();
        ordered.sort_unstable_by_key(|write| key(write));
        for write in ordered {
            for event in &write.events {
                organizations.push(write.organization.0);
                customers.push(write.id.0);
                keys.push(Uuid::from_bytes(event.key));
                sequences.push(event.sequence);
                names.push(event.name.as_str());
                bodies.push(event.body.as_slice());
            }
        }
        let rows = query(
            self.client,
            "INSERT INTO event (organization, customer, key, sequence, name, body)
             SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::bigint[], $5::text[], $6::bytea[])
             ON CONFLICT (organization, customer, key) DO NOTHING RETURNING customer, key",
            keys.len(),
            &[&organizations, &customers, &keys, &sequences, &names, &bodies],
        )
        .await?;
        if rows.len() == keys.len() {
            return Ok(Vec::new());
        }
        let mut appended: FxHashSet<(Uuid, Uuid)> = FxHashSet::default();
        for row in &rows {
            appended.insert((row.try_get(0)?, row.try_get(1)?));
        }
        let is_whole = |write: &Prepared, appended: &mut FxHashSet<(Uuid, Uuid)>| {
            write.events.iter().all(|event| appended.remove(&(write.id.0, Uuid::from_bytes(event.key))))
        };
        Ok(self
            .living()
            .filter(|(_, write)| !is_whole(write, &mut appended))
            .map(|(index, _)| index)
            .collect())
    }

    async fn add_tokens(&self) -> Result<(), Fault> {
        let (mut organizations, mut digests) = (Vec::new(), Vec::new());
        let (mut customers, mut expires_at) = (Vec::new(), Vec::new());
        for (_, write) in self.living() {
            if let Some(token) = &write.token {
                organizations.push(write.organization.0);
                digests.push(token.sha256.as_str());
                customers.push(token.customer.0);
                expires_at.push(token.expires_at.0);
            }
        }
        execute(
            self.client,
            "INSERT INTO client_token (organization, sha256, customer, expires_at)
             SELECT * FROM unnest($1::bigint[], $2::text[], $3::uuid[], $4::bigint[])",
            digests.len(),
            &[&organizations, &digests, &customers, &expires_at],
        )
        .await?;
        Ok(())
    }

    /// Remembers the answers; `false` if somebody else remembered one under the same key in the meantime.
    async fn remember_replies(&self) -> Result<bool, Fault> {
        let (mut keys, mut fingerprints, mut statuses) = (Vec::new(), Vec::new(), Vec::new());
        let (mut bodies, mut created_at) = (Vec::new(), Vec::new());
        for (_, write) in self.standing() {
            if let Some(reply) = &write.reply {
                keys.push(reply.key.as_str());
                fingerprints.push(reply.fingerprint.as_str());
                statuses.push(i32::from(reply.status));
                bodies.push(reply.body.as_str());
                created_at.push(reply.created_at.0);
            }
        }
        let written = execute(
            self.client,
            "INSERT INTO stored_reply (key, fingerprint, status, body, created_at)
             SELECT * FROM unnest($1::text[], $2::text[], $3::integer[], $4::text[], $5::bigint[])
             ON CONFLICT (key) DO NOTHING",
            keys.len(),
            &[&keys, &fingerprints, &statuses, &bodies, &created_at],
        )
        .await?;
        Ok(written == keys.len() as u64)
    }

    /// Adds up first, so that a creative's row is touched once, and in order, so that nodes do not lock each other.
    async fn count_impressions(&self) -> Result<(), Fault> {
        let mut totals: BTreeMap<(i64, i64, i64), (i64, i64)> = BTreeMap::new();
        for (_, write) in self.standing() {
            for count in &write.counts {
                let total =
                    totals.entry((write.organization.0, count.campaign.0, count.creative.0)).or_default();
                total.0 = total.0.saturating_add(counter_to_column(count.seen));
                total.1 = total.1.saturating_add(counter_to_column(count.clicked));
            }
        }
        let (mut organizations, mut campaigns, mut creatives) = (Vec::new(), Vec::new(), Vec::new());
        let (mut seen, mut clicked) = (Vec::new(), Vec::new());
        for ((organization, campaign, creative), total) in totals {
            organizations.push(organization);
            campaigns.push(campaign);
            creatives.push(creative);
            seen.push(total.0);
            clicked.push(total.1);
        }
        execute(
            self.client,
            "INSERT INTO creative_total AS t (organization, campaign, creative, seen, clicked)
             SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
             ON CONFLICT (organization, campaign, creative)
             DO UPDATE SET seen = t.seen + excluded.seen, clicked = t.clicked + excluded.clicked",
            creatives.len(),
            &[&organizations, &campaigns, &creatives, &seen, &clicked],
        )
        .await?;
        Ok(())
    }
}

/// Saves the counters that this transaction has locked.
async fn save_places(client: &ClientWrapper, places: &Places) -> Result<(), Fault> {
    let (mut organizations, mut campaigns, mut taken) = (Vec::new(), Vec::new(), Vec::new());
    for ((organization, campaign), count) in places {
        organizations.push(*organization);
        campaigns.push(*campaign);
        taken.push(*count);
    }
    execute(
        client,
        "UPDATE campaign_place p SET taken = w.taken
         FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS w (organization, campaign, taken)
         WHERE p.organization = w.organization AND p.campaign = w.campaign",
        campaigns.len(),
        &[&organizations, &campaigns, &taken],
    )
    .await?;
    Ok(())
}

/// Columns of aggregates to swap.
#[derive(Default)]
struct Swaps<'a> {
    organizations: Vec<i64>,
    ids: Vec<Uuid>,
    versions: Vec<i64>,
    bodies: Vec<&'a [u8]>,
}

impl<'a> Swaps<'a> {
    fn push(&mut self, write: &Prepared, version: u64, body: &'a [u8]) {
        self.organizations.push(write.organization.0);
        self.ids.push(write.id.0);
        self.versions.push(counter_to_column(version));
        self.bodies.push(body);
    }
}

/// Columns of names to remove or add.
#[derive(Default)]
struct Names<'a> {
    organizations: Vec<i64>,
    kinds: Vec<i16>,
    texts: Vec<&'a str>,
    owners: Vec<Uuid>,
}

impl<'a> Names<'a> {
    fn extend(&mut self, write: &'a Prepared, names: &'a [CustomerName]) {
        for name in names {
            let (organization, kind, text) = full_name(write, name);
            self.organizations.push(organization);
            self.kinds.push(kind);
            self.texts.push(text);
            self.owners.push(write.id.0);
        }
    }

    fn distinct(&self) -> usize {
        let names: FxHashSet<NameKey<'_>> = self
            .organizations
            .iter()
            .zip(&self.kinds)
            .zip(&self.texts)
            .map(|((organization, kind), text)| (*organization, *kind, *text))
            .collect();
        names.len()
    }
}

/// Runs a query over `rows` rows of parameters; none means that there is nothing to ask.
pub(super) async fn query(
    client: &ClientWrapper,
    statement: &str,
    rows: usize,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Vec<tokio_postgres::Row>, Fault> {
    if rows == 0 {
        return Ok(Vec::new());
    }
    let statement = client.prepare_cached(statement).await?;
    Ok(client.query(&statement, parameters).await?)
}

/// Runs a statement over `rows` rows of parameters; none means that there is nothing to do.
pub(super) async fn execute(
    client: &ClientWrapper,
    statement: &str,
    rows: usize,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<u64, Fault> {
    if rows == 0 {
        return Ok(0);
    }
    let statement = client.prepare_cached(statement).await?;
    Ok(client.execute(&statement, parameters).await?)
}
