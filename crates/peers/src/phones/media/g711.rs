//! G.711.

use crate::phones::sip::sdp::Codec;

/// One sample as an octet.
pub(super) fn encode(codec: Codec, sample: i16) -> u8 {
    match codec {
        Codec::Pcmu => encode_mu(sample),
        Codec::Pcma => encode_a(sample),
    }
}

/// An octet as one sample.
pub(super) fn decode(codec: Codec, octet: u8) -> i16 {
    match codec {
        Codec::Pcmu => decode_mu(octet),
        Codec::Pcma => decode_a(octet),
    }
}

fn encode_mu(sample: i16) -> u8 {
    const BIAS: i32 = 0x84;
    let sign = if sample < 0 { 0x80 } else { 0 };
    let magnitude = i32::from(sample).abs().min(32_635) + BIAS;
    // The position of the highest bit, 7 to 14, is the exponent.
    let exponent = (31 - magnitude.leading_zeros()) - 7;
    let mantissa = (magnitude >> (exponent + 3)) & 0x0F;
    !(sign | (exponent as u8) << 4 | mantissa as u8)
}

fn decode_mu(octet: u8) -> i16 {
    let octet = !octet;
    let exponent = (octet >> 4) & 7;
    let magnitude = (((i32::from(octet & 0x0F) << 3) + 0x84) << exponent) - 0x84;
    (if octet & 0x80 != 0 { -magnitude } else { magnitude }) as i16
}

fn encode_a(sample: i16) -> u8 {
    // 13 bits with a sign; negative values one further from zero.
    let (sign, magnitude) =
        if sample >= 0 { (0x80, i32::from(sample) >> 3) } else { (0, -(i32::from(sample) + 1) >> 3) };
    let exponent = (31 - (magnitude | 0x0F).leading_zeros()).saturating_sub(4);
    let mantissa = if exponent == 0 { magnitude >> 1 } else { magnitude >> exponent } & 0x0F;
    (sign | (exponent as u8) << 4 | mantissa as u8) ^ 0x55
}

fn decode_a(octet: u8) -> i16 {
    let octet = octet ^ 0x55;
    let exponent = (octet >> 4) & 7;
    let mantissa = i32::from(octet & 0x0F) << 4;
    let magnitude = match exponent {
        0 => mantissa + 8,
        _ => (mantissa + 0x108) << (exponent - 1),
    };
    (if octet & 0x80 != 0 { magnitude } else { -magnitude }) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        for (sample, mu, a) in
            [(0, 0xFF, 0xD5), (-1, 0x7F, 0x55), (32_767, 0x80, 0xAA), (-32_768, 0x00, 0x2A)]
        {
            assert_eq!((encode_mu(sample), encode_a(sample)), (mu, a), "{sample}");
        }
    }

    #[test]
    fn every_octet_comes_back() {
        for codec in [Codec::Pcmu, Codec::Pcma] {
            for octet in 0..=255 {
                let again = encode(codec, decode(codec, octet));
                // µ-law has two zeroes.
                assert!(again == octet || (codec == Codec::Pcmu && octet == 0x7F), "{codec:?} {octet:02x}");
            }
        }
    }
}
