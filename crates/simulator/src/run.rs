//! Many shifts, on as many threads as there are.

use crate::policy::Policy;
use crate::report::ShiftReport;
use crate::scenario::Scenario;
use crate::shift::run_shift;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// One shift to be simulated.
#[derive(Debug, Clone)]
pub struct Job<'a> {
    /// What happens.
    pub scenario: &'a Scenario,
    /// The seed.
    pub seed: u64,
}

/// Simulates all jobs, the policy of each made by `policy`, and returns the reports in their order, whatever the
/// number of threads. `on_done` is called after each shift, from any of the threads.
pub fn run_all<E: Send>(
    jobs: &[Job<'_>],
    threads: usize,
    policy: impl Fn(&Scenario) -> Result<Box<dyn Policy>, E> + Sync,
    on_done: impl Fn() + Sync,
) -> Result<Vec<ShiftReport>, E> {
    let next = AtomicUsize::new(0);
    let reports = Mutex::new(Vec::with_capacity(jobs.len()));
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, jobs.len().max(1)) {
            scope.spawn(|| {
                while let Some((index, job)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    jobs.get(index).map(|job| (index, job))
                } {
                    let report = policy(job.scenario)
                        .map(|mut policy| run_shift(job.scenario, policy.as_mut(), job.seed));
                    reports.lock().unwrap_or_else(PoisonError::into_inner).push((index, report));
                    on_done();
                }
            });
        }
    });
    let mut reports = reports.into_inner().unwrap_or_else(PoisonError::into_inner);
    reports.sort_by_key(|(index, _)| *index);
    reports.into_iter().map(|(_, report)| report).collect()
}
