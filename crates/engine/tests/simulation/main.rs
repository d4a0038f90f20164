//! Weeks of SIM campaigns in virtual time, by seed: answers get lost, come twice or damaged, cards are away for hours,
//! clocks jump, the engine dies between any two steps, users pause and resume. After every step the promises of the
//! OTA rules (§10) are looked at, with the cards' own log as the witness.
//!
//! One seed is one life: the same seed gives the same weather. `MUSTER_SIMULATION_SEEDS=1000` runs more of them,
//! `MUSTER_SIMULATION_SEED=17` that one alone.

mod air;
mod promises;
mod world;

use world::World;

/// Lives of an ordinary run.
const SEEDS: u64 = 12;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[tokio::test]
async fn promises_hold_in_any_weather() {
    let seeds = match number("MUSTER_SIMULATION_SEED") {
        Some(seed) => vec![seed],
        None => (1..=number("MUSTER_SIMULATION_SEEDS").unwrap_or(SEEDS)).collect(),
    };
    let mut sends = 0;
    for seed in seeds {
        // The seed is in front of whatever a failure says.
        eprintln!("seed {seed}");
        let mut world = World::new(seed).await;
        world.live().await;
        sends += world.promises.packets();
    }
    assert!(sends > 100, "hardly anything was sent ({sends} packets): nothing was proved");
}
