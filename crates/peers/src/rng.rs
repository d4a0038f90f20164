//! Chance that a seed repeats.

/// SplitMix64: small, fast, good enough to decide who misbehaves. Not for keys that protect anything.
#[derive(Debug, Clone)]
pub struct SplitMix64(u64);

impl SplitMix64 {
    /// The sequence of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A draw that depends on nothing but its name, so that the order in which things happen does not matter.
    pub fn draw(seed: u64, name: &[u64]) -> u64 {
        let mut state = Self(seed);
        for part in name {
            state.0 ^= part.wrapping_mul(0x2545_F491_4F6C_DD1D);
            state.0 = state.next_u64();
        }
        state.next_u64()
    }

    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`, or 0 when the bound is 0. The bias of at most `bound` in 2^64 does not matter here.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.next_u64() % bound }
    }

    /// Fills octets.
    pub fn fill(&mut self, octets: &mut [u8]) {
        for chunk in octets.chunks_mut(8) {
            let next = self.next_u64().to_be_bytes();
            chunk.copy_from_slice(&next[..chunk.len()]);
        }
    }
}

/// Whether something that happens in `share` of all cases (0 to 1) happens for this draw.
pub fn happens(draw: u64, share: f64) -> bool {
    // 53 bits are what a float can hold without rounding.
    ((draw >> 11) as f64) < share * (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_the_published_one() {
        let mut rng = SplitMix64::new(1_234_567);
        assert_eq!(rng.next_u64(), 6_457_827_717_110_365_317);
        assert_eq!(rng.next_u64(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn shares() {
        assert!(!happens(0, 0.0));
        assert!(happens(u64::MAX, 1.0));
        let hits = (0..10_000).filter(|n| happens(SplitMix64::draw(1, &[*n]), 0.25)).count();
        assert!((2_300..2_700).contains(&hits), "{hits}");
    }
}
