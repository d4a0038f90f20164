//! Sweeping what has expired.

use muster_app::ports::{AnswerPart, CatalogWrite, FixedClock, SeededEntropy, Store, StoredReply};
use muster_app::{Services, Settings};
use muster_domain::ids::OrganizationId;
use muster_engine::sweep_forever;
use muster_storage::StoreConfig;
use muster_testkit::builders::NOW;
use std::sync::Arc;
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

fn reply(key: &str, age_s: i64) -> StoredReply {
    StoredReply {
        key: key.to_owned(),
        fingerprint: "f".to_owned(),
        status: 201,
        body: "{}".to_owned(),
        created_at: NOW.plus_seconds(-age_s),
    }
}

#[tokio::test]
async fn old_replies_go_and_young_ones_stay() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let config = StoreConfig::parse(&folder.path().to_string_lossy()).expect("a data directory");
    let store: Arc<dyn Store> = muster_storage::open(config).await.expect("the store opens");
    let replies = [("old", 86_401), ("edge", 86_399), ("new", 0)];
    let writes = replies.map(|(key, age_s)| CatalogWrite::Reply(reply(key, age_s)));
    store.write_catalog(OrganizationId(0), writes.into()).await.expect("the replies are remembered");
    let part = |reference: u16, age_s: i64| AnswerPart {
        source: "4915100000001".to_owned(),
        reference,
        total: 3,
        sequence: 1,
        user_data: vec![0],
        received_at: NOW.plus_seconds(-age_s),
    };
    let clock = Arc::new(FixedClock::new(NOW));
    let entropy = Arc::new(SeededEntropy::new(1));
    let services =
        Services::start(Arc::clone(&store), clock, entropy, Settings::default()).await.expect("starts");
    for (reference, age_s) in [(1, 3601), (2, 3599)] {
        services.sims.add_answer_part(part(reference, age_s)).await.expect("the part is stored");
    }
    tokio::select! {
        () = sweep_forever(&services, Duration::from_millis(1), DAY) => unreachable!("it goes on for ever"),
        () = async {
            while store.stored_reply("old").await.expect("the store works").is_some() {
                tokio::task::yield_now().await;
            }
            // Asking for the parts adds one to them.
            let next = |reference| AnswerPart { sequence: 2, ..part(reference, 0) };
            while services.sims.add_answer_part(next(1)).await.expect("the store works").len() > 1 {
                tokio::task::yield_now().await;
            }
            assert_eq!(services.sims.add_answer_part(next(2)).await.expect("the store works").len(), 2);
        } => {}
    }
    for key in ["edge", "new"] {
        assert!(store.stored_reply(key).await.expect("the store works").is_some(), "{key} is kept");
    }
}
