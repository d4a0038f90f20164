//! What can be computed instead of simulated.

/// The utilisation of `agents` when calls reach them at random moments, whatever the agents are doing, at the rate at
/// which the share `loss` finds no agent (Erlang B). It is what a dialler can reach that looks at averages only.
pub fn state_blind_utilisation(agents: u32, loss: f64) -> f64 {
    if agents == 0 {
        return 0.0;
    }
    // The loss grows with the load, so the load is found by halving.
    let (mut low, mut high) = (0.0, f64::from(agents) * (1.0 + 1.0 / (1.0 - loss).max(1e-6)));
    for _ in 0..100 {
        let load = f64::midpoint(low, high);
        if blocking(agents, load) > loss { high = load } else { low = load }
    }
    low * (1.0 - loss) / f64::from(agents)
}

/// The share of calls that find all of `agents` busy at `load` Erlang.
fn blocking(agents: u32, load: f64) -> f64 {
    (1..=agents).fold(1.0, |blocked, n| load * blocked / (f64::from(n) + load * blocked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_printed_table_of_the_formula() {
        // Loads in Erlang at a loss of 3 %, as tables of the formula print them.
        for (agents, load) in
            [(1, 0.0309), (3, 0.715), (5, 1.88), (10, 5.53), (20, 14.0), (50, 41.9), (100, 90.8)]
        {
            let expected = load * 0.97 / f64::from(agents);
            let found = state_blind_utilisation(agents, 0.03);
            assert!((found / expected - 1.0).abs() < 0.01, "{agents}: {found} instead of {expected}");
        }
        assert!(state_blind_utilisation(0, 0.03).abs() < 1e-12);
    }
}
