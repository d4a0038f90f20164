//! How long this thread has worked.

use std::time::Duration;

/// Processor time of this thread since it was started: what else runs on the machine takes its turns and does not
/// lengthen it.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Duration);

impl Stopwatch {
    /// Starts at zero.
    pub fn start() -> Self {
        Self(Self::now())
    }

    /// Processor time since the start; asked from the thread that started it.
    pub fn elapsed(&self) -> Duration {
        Self::now().saturating_sub(self.0)
    }

    fn now() -> Duration {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
    }
}
