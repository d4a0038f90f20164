//! What happened so far, in numbers.

use serde::Serialize;

/// Numbers since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Binds accepted.
    pub binds: u64,
    /// Binds refused.
    pub binds_refused: u64,
    /// Links that ended without an unbind, for whatever reason.
    pub links_lost: u64,
    /// Short messages taken.
    pub submits: u64,
    /// Short messages refused with status 58 (throttled).
    pub throttled: u64,
    /// Short messages refused with another status.
    pub refused: u64,
    /// Most submissions that one link had without an answer at a time.
    pub window_max: u64,
    /// Short messages that reached a phone.
    pub delivered: u64,
    /// Short messages that ended undelivered.
    pub undelivered: u64,
    /// Secured packets that cards looked at.
    pub packets: u64,
    /// Packets of those that were answered with status 00 or would have been.
    pub packets_run: u64,
    /// Changes that scripts made to cards.
    pub writes: u64,
    /// Delivery receipts sent, copies included.
    pub receipts: u64,
    /// User data of cards sent, copies included.
    pub answers: u64,
    /// deliver_sm acknowledged.
    pub deliveries_acknowledged: u64,
    /// deliver_sm sent again because it was refused or its link was lost.
    pub deliveries_repeated: u64,
    /// deliver_sm refused for good.
    pub deliveries_refused: u64,
}
