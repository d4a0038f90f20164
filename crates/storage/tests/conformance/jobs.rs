//! Background jobs: order, leases, owners.

use crate::fixtures::{ORG, T0, job, organization, uuid};
use crate::harness::Harness;
use muster_app::ports::{CatalogRefusal, CatalogWrite, Job, JobState};
use muster_domain::ids::{CustomerId, OrganizationId};
use muster_domain::time::UnixMillis;
use uuid::Uuid;

const MINUTE: i64 = 60;

fn at(seconds: i64) -> UnixMillis {
    T0.plus_seconds(seconds)
}

fn worker(n: u32) -> Uuid {
    uuid(1000 + n)
}

async fn start(h: &Harness, jobs: Vec<Job>) {
    let mut writes = vec![CatalogWrite::Organization(organization(1, "one"))];
    writes.extend(jobs.into_iter().map(CatalogWrite::Job));
    h.store.write_catalog(ORG, writes).await.unwrap();
}

pub(crate) async fn jobs_are_found_and_listed_newest_first(h: Harness) {
    start(&h, vec![job(1, 10), job(2, 30), job(3, 20)]).await;
    assert_eq!(h.store.job(ORG, uuid(1)).await.unwrap(), Some(job(1, 10)));
    assert!(h.store.job(ORG, uuid(4)).await.unwrap().is_none());
    assert!(h.store.job(OrganizationId(2), uuid(1)).await.unwrap().is_none());
    assert_eq!(h.store.jobs(ORG, 10).await.unwrap(), [job(2, 30), job(3, 20), job(1, 10)]);
    assert_eq!(h.store.jobs(ORG, 2).await.unwrap(), [job(2, 30), job(3, 20)]);
    assert!(h.store.jobs(OrganizationId(2), 2).await.unwrap().is_empty());
    let again = h.store.write_catalog(ORG, vec![CatalogWrite::Job(job(1, 10))]).await;
    assert!(matches!(again, Err(CatalogRefusal::Duplicate { what: "job", .. })), "{again:?}");
}

pub(crate) async fn the_oldest_waiting_job_is_claimed_first(h: Harness) {
    assert!(h.store.claim_job(worker(1), at(100), at(160)).await.unwrap().is_none());
    start(&h, vec![job(1, 30), job(2, 10), job(3, 20)]).await;
    let mut order = Vec::new();
    while let Some(claimed) = h.store.claim_job(worker(1), at(100), at(160)).await.unwrap() {
        assert_eq!((claimed.state, claimed.updated_at), (JobState::Running, at(100)));
        assert_eq!(h.store.job(ORG, claimed.id).await.unwrap(), Some(claimed.clone()));
        order.push(claimed.id);
    }
    assert_eq!(order, [uuid(2), uuid(3), uuid(1)]);
}

pub(crate) async fn a_lease_that_ran_out_is_anybodys(h: Harness) {
    start(&h, vec![job(1, 0)]).await;
    let claimed = h.store.claim_job(worker(1), at(0), at(MINUTE)).await.unwrap().unwrap();
    assert!(h.store.claim_job(worker(2), at(MINUTE - 1), at(2 * MINUTE)).await.unwrap().is_none());

    // Progress renews the lease; somebody else's word does not.
    let half = Job { done: 5, total: Some(10), cursor: Some(CustomerId(uuid(5))), ..claimed.clone() };
    assert!(!h.store.save_job(worker(2), &half, at(9 * MINUTE)).await.unwrap());
    assert_eq!(h.store.job(ORG, uuid(1)).await.unwrap(), Some(claimed));
    assert!(h.store.save_job(worker(1), &half, at(3 * MINUTE)).await.unwrap());
    assert_eq!(h.store.job(ORG, uuid(1)).await.unwrap(), Some(half.clone()));
    assert!(h.store.claim_job(worker(2), at(2 * MINUTE), at(4 * MINUTE)).await.unwrap().is_none());

    // The worker is gone; the next one goes on where it stood, and the first finds out.
    let taken = h.store.claim_job(worker(2), at(3 * MINUTE + 1), at(5 * MINUTE)).await.unwrap().unwrap();
    assert_eq!(taken, Job { updated_at: at(3 * MINUTE + 1), ..half.clone() });
    assert!(!h.store.save_job(worker(1), &half, at(9 * MINUTE)).await.unwrap());

    let done = Job { state: JobState::Completed, done: 10, ..taken };
    assert!(h.store.save_job(worker(2), &done, at(6 * MINUTE)).await.unwrap());
    assert!(h.store.claim_job(worker(3), at(99 * MINUTE), at(100 * MINUTE)).await.unwrap().is_none());
    assert!(
        !h.store.save_job(worker(2), &done, at(7 * MINUTE)).await.unwrap(),
        "what is finished has no owner"
    );
    assert_eq!(h.store.job(ORG, uuid(1)).await.unwrap(), Some(done));
}

pub(crate) async fn a_job_given_back_waits_again_and_one_given_up_does_not(h: Harness) {
    start(&h, vec![job(1, 0), job(2, 1)]).await;
    let first = h.store.claim_job(worker(1), at(10), at(MINUTE)).await.unwrap().unwrap();
    let back = Job { state: JobState::Pending, ..first };
    assert!(h.store.save_job(worker(1), &back, at(MINUTE)).await.unwrap());
    let again = h.store.claim_job(worker(2), at(11), at(MINUTE)).await.unwrap().unwrap();
    assert_eq!(again.id, uuid(1));
    let failed = Job { state: JobState::Failed, error: Some("no such campaign".to_owned()), ..again };
    assert!(h.store.save_job(worker(2), &failed, at(MINUTE)).await.unwrap());
    assert_eq!(
        h.store.claim_job(worker(2), at(99 * MINUTE), at(100 * MINUTE)).await.unwrap().unwrap().id,
        uuid(2)
    );
    assert!(h.store.claim_job(worker(2), at(99 * MINUTE), at(100 * MINUTE)).await.unwrap().is_none());
    assert_eq!(h.store.job(ORG, uuid(1)).await.unwrap(), Some(failed));
}

pub(crate) async fn of_many_workers_each_claims_another_job(h: Harness) {
    start(&h, (1..=20).map(|n| job(n, i64::from(n))).collect()).await;
    let tasks = (0..8).map(|n| {
        let store = h.store.clone();
        tokio::spawn(async move {
            let mut claimed = Vec::new();
            while let Some(job) = store.claim_job(worker(n), at(100), at(160)).await.unwrap() {
                claimed.push(job.id);
            }
            claimed
        })
    });
    let mut all = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        all.extend(task.await.unwrap());
    }
    all.sort_unstable();
    assert_eq!(all, (1..=20).map(uuid).collect::<Vec<_>>());
}
