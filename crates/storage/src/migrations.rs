//! Which schema versions there are, and what a found one means. See `migrations/README.md` for the rules.

use muster_app::ports::{StoreError, StoreResult};

/// The migrations of the embedded store.
pub(crate) mod sqlite {
    refinery::embed_migrations!("migrations/sqlite");
}

/// The migrations of PostgreSQL.
pub(crate) mod postgres {
    refinery::embed_migrations!("migrations/postgres");
}

/// The newest schema version that this program knows; the same number for both databases.
pub fn newest_schema() -> i64 {
    newest(&sqlite::migrations::runner())
}

/// The newest version of a set of migrations.
pub(crate) fn newest(known: &refinery::Runner) -> i64 {
    known.get_migrations().iter().map(|migration| i64::from(migration.version())).max().unwrap_or(0)
}

/// What a store's history, as pairs of version and checksum, asks for: `true` when migrations are missing. A
/// version above the known ones is of a newer program; a checksum that differs means that an applied file was
/// changed.
pub(crate) fn is_behind(applied: &[(i64, String)], known: &refinery::Runner) -> StoreResult<bool> {
    let newest = newest(known);
    let found = applied.iter().map(|(version, _)| *version).max().unwrap_or(0);
    if found > newest {
        return Err(StoreError::NewerSchema { found, known: newest });
    }
    for (version, checksum) in applied {
        let same = known.get_migrations().iter().any(|migration| {
            i64::from(migration.version()) == *version && migration.checksum().to_string() == *checksum
        });
        if !same {
            return Err(StoreError::Corrupt(format!(
                "migration {version} was applied from a file that this program does not have; \
                 run the version of Muster that wrote the store"
            )));
        }
    }
    Ok(found < newest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_databases_have_the_same_migrations() {
        let list = |runner: refinery::Runner| -> Vec<(i64, String)> {
            runner.get_migrations().iter().map(|m| (i64::from(m.version()), m.name().to_owned())).collect()
        };
        assert_eq!(list(sqlite::migrations::runner()), list(postgres::migrations::runner()));
    }

    /// Everything that a file's schema consists of, as it was written.
    fn schema(connection: &rusqlite::Connection) -> Vec<(String, String, Option<String>)> {
        connection
            .prepare("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name")
            .unwrap()
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .unwrap()
            .collect::<rusqlite::Result<_>>()
            .unwrap()
    }

    #[test]
    fn a_file_that_grew_step_by_step_equals_a_fresh_one() {
        let mut fresh = rusqlite::Connection::open_in_memory().unwrap();
        sqlite::migrations::runner().set_grouped(true).run(&mut fresh).unwrap();
        let mut grown = rusqlite::Connection::open_in_memory().unwrap();
        for version in 1..=newest_schema() {
            let target = refinery::Target::Version(version.try_into().unwrap());
            sqlite::migrations::runner().set_target(target).run(&mut grown).unwrap();
        }
        assert_eq!(schema(&grown), schema(&fresh));
        assert!(schema(&fresh).len() > 40);
    }

    #[test]
    fn a_history_is_judged() {
        let known = sqlite::migrations::runner();
        let newest = newest(&known);
        let good: Vec<(i64, String)> = known
            .get_migrations()
            .iter()
            .map(|m| (i64::from(m.version()), m.checksum().to_string()))
            .collect();
        assert!(is_behind(&[], &known).unwrap());
        assert!(!is_behind(&good, &known).unwrap());
        let mut later = good.clone();
        later.push((newest + 1, "1".to_owned()));
        assert!(matches!(is_behind(&later, &known), Err(StoreError::NewerSchema { found, known })
            if found == newest + 1 && known == newest));
        let mut edited = good;
        edited[0].1.push('0');
        assert!(matches!(is_behind(&edited, &known), Err(StoreError::Corrupt(_))));
    }
}
