//! The companding laws of ITU-T G.711: eight bits a sample, near to logarithmic.

/// Which law.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Law {
    /// µ-law: PCMU, payload type 0.
    Mu,
    /// A-law: PCMA, payload type 8.
    A,
}

impl Law {
    /// The code of silence.
    pub const fn silence(self) -> u8 {
        match self {
            Self::Mu => 0xFF,
            Self::A => 0xD5,
        }
    }

    /// The sample that a code stands for, scaled to 16 bits.
    pub const fn decode(self, code: u8) -> i16 {
        match self {
            Self::Mu => MU_TO_LINEAR[code as usize],
            Self::A => A_TO_LINEAR[code as usize],
        }
    }

    /// The code of a sample of 16 bits.
    pub const fn encode(self, sample: i16) -> u8 {
        match self {
            // 14 and 13 significant bits: what lies below them makes no difference to the code.
            Self::Mu => LINEAR_TO_MU[(sample as u16 >> 2) as usize],
            Self::A => LINEAR_TO_A[(sample as u16 >> 3) as usize],
        }
    }

    /// The code of this law for what a code of `from` stands for; the code itself where the laws are the same.
    pub const fn convert(self, from: Self, code: u8) -> u8 {
        match (from, self) {
            (Self::Mu, Self::A) => MU_TO_A[code as usize],
            (Self::A, Self::Mu) => A_TO_MU[code as usize],
            (Self::Mu, Self::Mu) | (Self::A, Self::A) => code,
        }
    }
}

static MU_TO_LINEAR: [i16; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = expand_mu(code as u8);
        code += 1;
    }
    table
};

static A_TO_LINEAR: [i16; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = expand_a(code as u8);
        code += 1;
    }
    table
};

static LINEAR_TO_MU: [u8; 1 << 14] = {
    let mut table = [0; 1 << 14];
    let mut index = 0;
    while index < table.len() {
        table[index] = compress_mu(((index as u16) << 2) as i16);
        index += 1;
    }
    table
};

static LINEAR_TO_A: [u8; 1 << 13] = {
    let mut table = [0; 1 << 13];
    let mut index = 0;
    while index < table.len() {
        table[index] = compress_a(((index as u16) << 3) as i16);
        index += 1;
    }
    table
};

static MU_TO_A: [u8; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = compress_a(expand_mu(code as u8));
        code += 1;
    }
    table
};

static A_TO_MU: [u8; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = compress_mu(expand_a(code as u8));
        code += 1;
    }
    table
};

/// Added to a magnitude before the µ-law takes its logarithm, at 16 bits.
const MU_BIAS: i32 = 33 << 2;

const fn expand_mu(code: u8) -> i16 {
    let code = !code;
    let exponent = (code >> 4) & 0x07;
    let mantissa = (code & 0x0F) as i32;
    let magnitude = (((mantissa << 3) + MU_BIAS) << exponent) - MU_BIAS;
    (if code & 0x80 != 0 { -magnitude } else { magnitude }) as i16
}

const fn compress_mu(sample: i16) -> u8 {
    let wide = sample as i32;
    let mut magnitude = wide.abs();
    // The largest magnitude that has a code: 8,158 at 14 bits (G.711 table 2a).
    if magnitude > (8_158 << 2) {
        magnitude = 8_158 << 2;
    }
    magnitude += MU_BIAS;
    // The bias makes bit 7 the lowest that can be the highest set.
    let exponent = 24 - magnitude.leading_zeros();
    let mantissa = (magnitude >> (exponent + 3)) & 0x0F;
    let sign = if wide < 0 { 0x80 } else { 0 };
    !(sign | ((exponent as u8) << 4) | mantissa as u8)
}

const fn expand_a(code: u8) -> i16 {
    // Even bits are inverted on the line (G.711 table 1a, note 2).
    let code = code ^ 0x55;
    let exponent = (code >> 4) & 0x07;
    let mantissa = (code & 0x0F) as i32;
    let magnitude =
        if exponent == 0 { (mantissa << 4) + 8 } else { ((mantissa << 4) + 0x108) << (exponent - 1) };
    (if code & 0x80 != 0 { magnitude } else { -magnitude }) as i16
}

const fn compress_a(sample: i16) -> u8 {
    // At 13 bits; a negative sample takes the code of its complement, so that −1 lies next to 0.
    let wide = (sample as i32) >> 3;
    let (sign, magnitude) = if wide < 0 { (0, -wide - 1) } else { (0x80, wide) };
    let exponent = if magnitude < 32 { 0 } else { 27 - magnitude.leading_zeros() };
    let mantissa = (if exponent == 0 { magnitude >> 1 } else { magnitude >> exponent }) & 0x0F;
    (sign | ((exponent as u8) << 4) | mantissa as u8) ^ 0x55
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_of_the_recommendation() {
        // G.711 tables 1 and 2, scaled to 16 bits: decoder outputs at the ends of the range and around zero.
        for (law, code, sample) in [
            (Law::Mu, 0x80, 32_124),
            (Law::Mu, 0x00, -32_124),
            (Law::Mu, 0xFF, 0),
            (Law::Mu, 0x7F, 0),
            (Law::Mu, 0xFE, 8),
            (Law::Mu, 0xEF, 132),
            (Law::A, 0xAA, 32_256),
            (Law::A, 0x2A, -32_256),
            (Law::A, 0xD5, 8),
            (Law::A, 0x55, -8),
            (Law::A, 0xD4, 24),
        ] {
            assert_eq!(law.decode(code), sample, "{law:?} {code:02X}");
        }
        assert_eq!((Law::Mu.encode(0), Law::A.encode(0)), (Law::Mu.silence(), Law::A.silence()));
        assert_eq!((Law::Mu.encode(i16::MAX), Law::Mu.encode(i16::MIN)), (0x80, 0x00));
        assert_eq!((Law::A.encode(i16::MAX), Law::A.encode(i16::MIN)), (0xAA, 0x2A));
        assert_eq!(Law::A.convert(Law::Mu, 0xFF), 0xD5);
        assert_eq!(Law::Mu.convert(Law::A, 0xD5), 0xFE);
    }

    #[test]
    fn a_code_survives_its_sample() {
        for code in 0..=u8::MAX {
            assert_eq!(Law::A.encode(Law::A.decode(code)), code);
            // µ-law has two zeros.
            let again = Law::Mu.encode(Law::Mu.decode(code));
            assert_eq!(again, if code == 0x7F { 0xFF } else { code });
            assert_eq!(Law::A.convert(Law::A, code), code);
            // There and back moves a sample by no more than the steps of both laws.
            let there = Law::A.convert(Law::Mu, code);
            let (before, after) = (i32::from(Law::Mu.decode(code)), i32::from(Law::A.decode(there)));
            assert!((before - after).abs() <= 8 + before.abs() / 16, "{code:02X}: {before} {after}");
        }
    }

    proptest! {
        #[test]
        fn no_sample_moves_by_more_than_a_step(sample: i16) {
            for law in [Law::Mu, Law::A] {
                let error = (i32::from(law.decode(law.encode(sample))) - i32::from(sample)).abs();
                // Half a step is a 32nd of the value at most, and no less than half of the smallest step; the
                // largest magnitudes have no code of their own.
                prop_assert!(error <= 8 + i32::from(sample).abs() / 32 + 4, "{law:?} {sample} {error}");
            }
        }

        #[test]
        fn louder_is_never_decoded_quieter(a: i16, b: i16) {
            let (low, high) = (a.min(b), a.max(b));
            for law in [Law::Mu, Law::A] {
                prop_assert!(law.decode(law.encode(low)) <= law.decode(law.encode(high)));
            }
        }
    }
}
