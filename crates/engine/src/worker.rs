//! Claims background jobs and carries them out page by page.
//!
//! A claim is a lease: it is renewed with every page, and a worker that dies leaves its job to whoever claims it
//! after the lease. Two workers that hold the same job for a moment do no harm, since every change is
//! compare-and-swap and says what has been issued; the one that lost the lease stops.

use crate::replay;
use muster_app::ports::{Job, JobState, StoreError, StoreResult};
use muster_app::usecases::authoring::replay::REPLAY_JOB;
use muster_app::{AppError, Services};
use muster_domain::time::UnixMillis;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// How a worker works.
#[derive(Debug, Clone, Copy)]
pub struct WorkerSettings {
    /// How long a claim holds without being renewed.
    pub lease: Duration,
    /// How often to look for work while there is none.
    pub poll: Duration,
    /// Customers of one page; progress is saved after each page.
    pub page_size: u32,
}

impl Default for WorkerSettings {
    fn default() -> Self {
        Self { lease: Duration::from_secs(30), poll: Duration::from_secs(1), page_size: 100 }
    }
}

/// Why a page was not finished.
#[derive(Debug)]
pub enum JobError {
    /// Trying again can help: the job stays claimable.
    Retry(AppError),
    /// Trying again cannot help: the job has failed, and this is what its readers see.
    GiveUp(String),
}

impl From<AppError> for JobError {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Store(
                StoreError::Corrupt(_) | StoreError::NewerSchema { .. } | StoreError::Internal(_),
            ) => Self::GiveUp(error.to_string()),
            other => Self::Retry(other),
        }
    }
}

impl From<StoreError> for JobError {
    fn from(error: StoreError) -> Self {
        Self::from(AppError::Store(error))
    }
}

/// How a job stands after a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// There is more to do.
    More,
    /// It is completed, or has failed.
    Ended,
    /// Somebody else has claimed it.
    Lost,
}

/// Carries out jobs. Any number of workers can share a store.
pub struct Worker {
    services: Arc<Services>,
    owner: Uuid,
    settings: WorkerSettings,
}

impl Worker {
    /// A worker under a name of its own.
    pub fn new(services: Arc<Services>, settings: WorkerSettings) -> Self {
        let owner = services.entropy.uuid();
        Self { services, owner, settings }
    }

    /// Works until the future is dropped.
    pub async fn run(&self) {
        loop {
            match self.run_one().await {
                Ok(true) => {}
                Ok(false) => tokio::time::sleep(self.settings.poll).await,
                Err(error) => {
                    tracing::warn!(%error, "a background job stopped; it goes on when its lease has run out");
                    tokio::time::sleep(self.settings.poll).await;
                }
            }
        }
    }

    /// Claims one job and carries it to its end; `false` if there was none.
    pub async fn run_one(&self) -> StoreResult<bool> {
        let Some(mut claimed) = self.claim().await? else { return Ok(false) };
        loop {
            match claimed.advance().await? {
                Progress::More => {}
                Progress::Ended => return Ok(true),
                Progress::Lost => {
                    tracing::info!(job = %claimed.job.id, "another worker has taken over the job");
                    return Ok(true);
                }
            }
        }
    }

    /// Claims the oldest job that nobody holds.
    pub async fn claim(&self) -> StoreResult<Option<Claimed<'_>>> {
        let now = self.services.clock.now();
        let job = self.services.store.claim_job(self.owner, now, self.lease_until(now)).await?;
        if let Some(job) = &job {
            tracing::info!(job = %job.id, kind = job.kind, done = job.done, "claimed a background job");
        }
        Ok(job.map(|job| Claimed { worker: self, job }))
    }

    fn lease_until(&self, now: UnixMillis) -> UnixMillis {
        let lease_ms = i64::try_from(self.settings.lease.as_millis()).unwrap_or(i64::MAX);
        UnixMillis(now.0.saturating_add(lease_ms))
    }
}

/// A job under this worker's lease. Dropping it leaves the job to whoever claims it after the lease.
pub struct Claimed<'a> {
    worker: &'a Worker,
    job: Job,
}

impl Claimed<'_> {
    /// The job as last saved.
    pub fn job(&self) -> &Job {
        &self.job
    }

    /// Does one page of it and saves how far it is.
    pub async fn advance(&mut self) -> StoreResult<Progress> {
        let services = &*self.worker.services;
        let mut job = self.job.clone();
        let page_size = self.worker.settings.page_size;
        let page = match job.kind.as_str() {
            REPLAY_JOB => replay::page(services, &mut job, page_size).await,
            other => Err(JobError::GiveUp(format!("this version does not know jobs of kind {other:?}"))),
        };
        match page {
            Ok(more) => job.state = if more { JobState::Running } else { JobState::Completed },
            Err(JobError::GiveUp(reason)) => {
                tracing::error!(job = %job.id, reason, "a background job failed");
                job.state = JobState::Failed;
                job.error = Some(reason);
            }
            Err(JobError::Retry(AppError::Store(error))) => return Err(error),
            Err(JobError::Retry(error)) => {
                // Somebody writes to the same customer again and again: the page is done anew.
                tracing::warn!(job = %job.id, %error, "a page of a background job is done again");
                job = self.job.clone();
            }
        }
        let now = services.clock.now();
        job.updated_at = now;
        let kept = services.store.save_job(self.worker.owner, &job, self.worker.lease_until(now)).await?;
        if !kept {
            return Ok(Progress::Lost);
        }
        self.job = job;
        Ok(if self.job.state == JobState::Running { Progress::More } else { Progress::Ended })
    }
}
