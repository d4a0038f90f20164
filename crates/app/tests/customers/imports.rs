//! Many customers at once.

use crate::world::patch;
use crate::{World, on_both_stores};
use muster_app::usecases::customers::{
    IMPORT_BATCH_MAX, ImportRow, StandingPatch, UpsertKind, Upserted, upsert_customers,
};
use muster_app::{AppError, AppResult};
use muster_domain::customer::Tag;
use muster_domain::ids::CustomerId;
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

fn row(user: Value) -> ImportRow {
    ImportRow { patch: patch(user), ..ImportRow::default() }
}

fn kinds(answers: &[AppResult<Upserted>]) -> Vec<UpsertKind> {
    answers.iter().map(|answer| answer.as_ref().expect("taken").kind).collect()
}

impl World {
    async fn import(&self, rows: Vec<ImportRow>) -> Vec<AppResult<Upserted>> {
        upsert_customers(&self.services, &self.snapshot(), rows).await
    }
}

on_both_stores! {
    async fn rows_find_their_customers_by_id_external_id_and_email(world: World) {
        let id = CustomerId(Uuid::from_u128(7));
        let first = world
            .import(vec![
                ImportRow { id: Some(id), ..row(json!({"external_id": "c-1"})) },
                row(json!({"external_id": "c-2", "email": "Bob@example.org"})),
                row(json!({"email": "eve@example.org"})),
            ])
            .await;
        assert_eq!(kinds(&first), [UpsertKind::Created; 3]);
        assert_eq!(first[0].as_ref().expect("taken").id, id, "who moves in keeps the id");
        let second = world
            .import(vec![
                ImportRow { id: Some(id), ..row(json!({"first_name": "Ada"})) },
                row(json!({"external_id": "c-2", "first_name": "Bob"})),
                row(json!({"email": "EVE@example.org", "first_name": "Eve"})),
                row(json!({"external_id": "c-2"})),
                // Eve was known by e-mail alone and gets an external id.
                row(json!({"external_id": "c-3", "email": "eve@example.org"})),
            ])
            .await;
        let updated = UpsertKind::Updated;
        assert_eq!(kinds(&second), [updated, updated, updated, UpsertKind::Unchanged, updated]);
        let ids = |answers: &[AppResult<Upserted>]| {
            answers.iter().take(3).map(|answer| answer.as_ref().expect("taken").id).collect::<Vec<_>>()
        };
        assert_eq!(ids(&first), ids(&second));
        assert_eq!(world.count().await, 3);
    }

    async fn each_row_succeeds_or_fails_on_its_own(world: World) {
        let answers = world
            .import(vec![
                row(json!({"external_id": "c-1", "email": "ada@example.org"})),
                row(json!({"first_name": "nobody"})),
                row(json!({"external_id": "c-2", "email": "ADA@example.org"})),
                row(json!({"external_id": "c-3", "country": "Atlantis"})),
                ImportRow { tags: vec![String::new()], ..row(json!({"external_id": "c-4"})) },
                row(json!({"external_id": "c\u{0}5"})),
                row(json!({"external_id": "c-6"})),
            ])
            .await;
        let verdicts: Vec<_> = answers
            .iter()
            .map(|answer| match answer {
                Ok(upserted) => format!("{:?}", upserted.kind),
                Err(AppError::Missing(_)) => "missing".to_owned(),
                Err(AppError::Duplicate { what, .. }) => format!("duplicate {what}"),
                Err(AppError::Invalid(_)) => "invalid".to_owned(),
                Err(other) => panic!("{other:?}"),
            })
            .collect();
        let expected = ["Created", "missing", "duplicate email", "invalid", "invalid", "invalid", "Created"];
        assert_eq!(verdicts, expected);
        assert_eq!(world.count().await, 2);
    }

    async fn rows_about_one_customer_follow_each_other(world: World) {
        let answers = world
            .import(vec![
                row(json!({"external_id": "c-1", "city": "Rome"})),
                row(json!({"external_id": "c-1", "email": "ada@example.org", "city": "Oslo"})),
                row(json!({"email": "ada@example.org", "city": "Bern"})),
                // One row that names its customer twice over.
                row(json!({"external_id": "c-2", "identifiers": [{"external_id": "c-2"}]})),
            ])
            .await;
        let (created, updated) = (UpsertKind::Created, UpsertKind::Updated);
        assert_eq!(kinds(&answers), [created, updated, updated, created]);
        let ada = world.external("c-1").await.expect("there");
        let profile = world.stored(ada).await.expect("stored").customer.profile;
        assert_eq!(profile.city.as_deref(), Some("Bern"));
        assert_eq!(profile.email.as_deref(), Some("ada@example.org"));
    }

    async fn an_import_repeated_changes_nothing(world: World) {
        let rows: Vec<_> = (0..2 * IMPORT_BATCH_MAX + 17)
            .map(|number| ImportRow {
                tags: vec!["moved in".to_owned()],
                points: Some(5),
                standing: StandingPatch { test_account: Some(number % 2 == 0), ..StandingPatch::default() },
                ..row(json!({"external_id": format!("c-{number}"), "user_profile": {"number": number}}))
            })
            .collect();
        let first = world.import(rows.clone()).await;
        assert!(first.iter().all(|answer| answer.as_ref().is_ok_and(|row| row.kind == UpsertKind::Created)));
        let total = rows.len() as u64;
        assert_eq!(world.count().await, total);
        world.clock.advance_s(60);
        let second = world.import(rows).await;
        assert!(second.iter().all(|answer| answer.as_ref().is_ok_and(|row| row.kind == UpsertKind::Unchanged)));
        let last = world.external("c-1016").await.expect("the last one is there");
        let customer = world.stored(last).await.expect("stored").customer;
        assert_eq!(customer.tags["moved in"], Tag::Counter { count: 1 });
        assert_eq!((customer.points.available, customer.standing.test_account), (5, true));
        assert_eq!(world.count().await, total);
    }

    async fn who_moves_in_is_welcomed_only_if_asked_for(world: World) {
        let answers = world
            .import(vec![
                row(json!({"external_id": "c-1"})),
                ImportRow { announce: true, ..row(json!({"external_id": "c-2"})) },
            ])
            .await;
        let mut logged = Vec::new();
        for answer in answers {
            logged.push(world.log(answer.expect("taken").id).await.len());
        }
        assert_eq!(logged, [0, 1]);
    }

    async fn imports_at_once_create_nobody_twice(world: World) {
        let world = Arc::new(world);
        let tries: Vec<_> = (0..4)
            .map(|number| {
                let world = Arc::clone(&world);
                let rows: Vec<_> = (0..50)
                    .map(|at| {
                        row(json!({"external_id": format!("c-{at}"), "user_profile": {format!("n{number}"): true}}))
                    })
                    .collect();
                tokio::spawn(async move { world.import(rows).await })
            })
            .collect();
        let mut created = 0;
        for attempt in tries {
            for answer in attempt.await.expect("no panic") {
                created += usize::from(answer.expect("taken").kind == UpsertKind::Created);
            }
        }
        assert_eq!((created, world.count().await), (50, 50));
        for at in 0..50 {
            let id = world.external(&format!("c-{at}")).await.expect("there");
            let profile = world.stored(id).await.expect("stored").customer.profile;
            assert_eq!(profile.user_profile.len(), 4, "nobody's change is lost");
        }
    }
}
