//! No statement reads more than it answers: every one that a page, a claim, a timer, a change or a total runs finds
//! its rows by an index, in the order in which they are wanted.

use super::{accounts, answers, campaigns, cards, claims, offers, participants, steps};
use crate::migrations;
use rusqlite::Connection;

fn plan(connection: &Connection, statement: &str) -> Vec<String> {
    let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
    // Parameters left open are NULL, which changes no plan.
    let mut lines = explained.raw_query();
    let mut plan = Vec::new();
    while let Some(line) = lines.next().unwrap() {
        plan.push(line.get(3).unwrap());
    }
    plan
}

fn migrated() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    migrations::sqlite::migrations::runner().run(&mut connection).unwrap();
    connection
}

#[test]
fn nothing_is_scanned_and_nothing_is_sorted() {
    let connection = migrated();
    let pages = [
        accounts::CHILDREN,
        offers::TARIFFS,
        offers::CREATED_BY,
        offers::OPEN_TO,
        offers::ATTACHED_IN,
        campaigns::TEMPLATES,
        campaigns::CAMPAIGNS,
        participants::OF_SIM,
        participants::OF_SIM_IN_CAMPAIGN,
    ];
    let single = [
        accounts::ROOTS,
        cards::PAGE,
        cards::BY_NAME,
        cards::KEY_SETS,
        campaigns::BY_STATUS,
        campaigns::BY_WAVE,
        participants::PAGE,
        participants::SCAN,
        participants::ONE,
        participants::STANDINGS,
        claims::NEVER_SENT,
        claims::TRY_DUE,
        claims::TIMERS,
        claims::ANY_TIMER,
        claims::LEASE,
        claims::LEASE_TIMER,
        steps::IS_RUNNING,
        steps::FIND,
        steps::SWAP,
        steps::CHANGE_KEY_SET,
        steps::WAITING,
    ];
    let statements =
        pages.iter().flat_map(|(count, list)| [count, list]).chain(&single).chain(&answers::SWEEPS);
    for statement in statements {
        let plan = plan(&connection, statement);
        assert!(!plan.is_empty(), "{statement}");
        for line in plan {
            assert!(!line.contains("SCAN") && !line.contains("TEMP B-TREE"), "{line}\n{statement}");
        }
    }
}

#[test]
fn claims_and_timers_seek_in_their_own_indexes() {
    let connection = migrated();
    for (statement, expected) in [
        (
            claims::NEVER_SENT,
            "SEARCH participant USING INDEX participant_due (campaign=? AND due_at=? AND ordinal<?)",
        ),
        (
            claims::TRY_DUE,
            "SEARCH participant USING INDEX participant_due (campaign=? AND due_at>? AND due_at<?)",
        ),
        (claims::TIMERS, "SEARCH participant USING INDEX participant_timer (timer_at>? AND timer_at<?)"),
        (steps::WAITING, "SEARCH participant USING INDEX participant_sim (sim=?)"),
        (participants::PAGE, "SEARCH participant USING PRIMARY KEY (campaign=? AND ordinal>?)"),
        (cards::PAGE, "SEARCH sim USING INDEX sqlite_autoindex_sim_1 (account=? AND ordinal>?)"),
    ] {
        assert_eq!(plan(&connection, statement), [expected], "{statement}");
    }
}

#[test]
fn live_campaigns_are_read_from_an_index_of_them_alone() {
    let plan = plan(&migrated(), campaigns::LIVE);
    assert_eq!(plan, ["SCAN sim_campaign USING INDEX sim_campaign_live"]);
}
