//! No statement reads more than it answers: every one that a question, a list, a page, a change or the purge runs finds
//! its rows by an index, in the order in which they are wanted.

use super::{attempts, campaigns, clients, contacts, numbers, purge, selection};
use crate::migrations;
use muster_domain::calls::selection::Queue;
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
    let statements = [
        clients::CLIENT,
        clients::BY_TOKEN,
        clients::OF_ORGANIZATION,
        clients::AGENTS,
        clients::DOCUMENTS,
        clients::PROMPTS,
        campaigns::CAMPAIGN,
        campaigns::OF_CLIENT,
        campaigns::NAMED,
        campaigns::RESULT_CODES,
        campaigns::COUNTS,
        campaigns::LEDGER,
        contacts::CONTACT,
        contacts::PAGE,
        contacts::CAMPAIGNS,
        contacts::KEYS,
        contacts::USER_DATA,
        contacts::WITH_NUMBER,
        selection::WAITING,
        selection::PROMOTE,
        selection::NEXT_DUE,
        selection::RUN_OUT,
        attempts::CALL,
        attempts::OF_CONTACT,
        attempts::OPEN,
        attempts::PAGE,
        numbers::NUMBER,
        numbers::SUPPRESSED,
        purge::CONTACTS,
    ];
    let ways = [selection::BOUND, selection::BOUND_DUE, selection::ANYBODY, selection::ANYBODY_DUE];
    let of_ways = ways.iter().flat_map(|way| [way.next_mask, way.keys]);
    for statement in statements.into_iter().chain(of_ways).chain(selection::AGENTS).chain(purge::OTHERS) {
        let plan = plan(&connection, statement);
        assert!(!plan.is_empty(), "{statement}");
        for line in plan {
            let reads_constant_rows = line == "SCAN CONSTANT ROW";
            assert!(
                reads_constant_rows || (!line.contains("SCAN") && !line.contains("TEMP B-TREE")),
                "{line}\n{statement}"
            );
        }
    }
}

#[test]
fn questions_seek_in_their_own_indexes() {
    let connection = migrated();
    for (queue, is_bound, index, keys) in [
        (Queue::Appointment, true, "next", "campaign=? AND queue=? AND bound=? AND mask=? AND first<?"),
        (Queue::Delay, true, "next", "campaign=? AND queue=? AND bound=? AND mask=? AND first<?"),
        (Queue::Busy, true, "next", "campaign=? AND queue=? AND bound=? AND mask=?"),
        (Queue::Ready, true, "next", "campaign=? AND queue=? AND bound=? AND mask=?"),
        (Queue::Appointment, false, "follow_up", "campaign=? AND queue=? AND mask=? AND first<?"),
        (Queue::Delay, false, "follow_up", "campaign=? AND queue=? AND mask=? AND first<?"),
        (Queue::Busy, false, "follow_up", "campaign=? AND queue=? AND mask=?"),
    ] {
        let way = selection::way(queue, is_bound);
        let search = format!("SEARCH call_contact USING COVERING INDEX call_contact_{index}");
        assert_eq!(plan(&connection, way.keys), [format!("{search} ({keys})")], "{queue:?}");
        let bound = if is_bound { " AND bound=?" } else { "" };
        let next = format!("{search} (campaign=? AND queue=?{bound} AND mask>?)");
        assert_eq!(plan(&connection, way.next_mask), [next], "{queue:?}");
    }
}

#[test]
fn what_is_common_to_all_campaigns_is_read_from_its_own_index() {
    let connection = migrated();
    for (statement, expected) in [
        (campaigns::ACTIVE, "SCAN call_campaign USING INDEX call_campaign_active"),
        (purge::DELETED, "SCAN call_campaign USING COVERING INDEX call_campaign_deleted"),
    ] {
        assert_eq!(plan(&connection, statement), [expected], "{statement}");
    }
}
