//! What a SIM campaign would send.

use muster_app::usecases::connectivity::operators::DryRun;
use serde::Serialize;
use utoipa::ToSchema;

/// What a SIM campaign would send.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DryRun)]
pub struct DryRunOutput {
    /// Cards enrolled.
    participants: u64,
    /// How many of them were looked at, in order of enrolment.
    examined: u64,
    /// Of these, cards that have their outcome already.
    ended: u64,
    /// Of these, cards that can be sent to.
    ready: u64,
    /// Packets for the cards that are ready, when each first try succeeds.
    packets: u64,
    /// Messages that these packets are cut into.
    segments: u64,
    /// What keeps the others from being sent to, the most frequent first.
    obstacles: Vec<ObstacleOutput>,
    /// Seconds that the whole campaign takes, when each first try succeeds; `null` without a route.
    duration_s: Option<u64>,
    /// Whether that ends within the campaign's window.
    fits_window: Option<bool>,
}

/// Something that keeps cards from being sent to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DryRunObstacle)]
struct ObstacleOutput {
    /// `no_number`, `no_key_set`, `key_set_blocked`, `key_set_unusable`, `no_profile` or `template_unfit`.
    kind: &'static str,
    /// In words.
    reason: String,
    /// How many cards.
    cards: u64,
    /// The first of them.
    examples: Vec<String>,
}

impl DryRunOutput {
    /// The report as it is shown.
    pub fn of(report: DryRun) -> Self {
        let obstacles = report.obstacles.into_iter().map(|obstacle| ObstacleOutput {
            kind: obstacle.kind,
            reason: obstacle.reason,
            cards: obstacle.cards,
            examples: obstacle.examples,
        });
        Self {
            participants: report.participants,
            examined: report.examined,
            ended: report.ended,
            ready: report.ready,
            packets: report.packets,
            segments: report.segments,
            obstacles: obstacles.collect(),
            duration_s: report.duration_s,
            fits_window: report.fits_window,
        }
    }
}
