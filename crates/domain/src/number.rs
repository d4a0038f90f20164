//! JSON numbers with an exact total order: integers are never rounded to compare them with fractions.

use std::cmp::Ordering;

const TWO_POW_63: f64 = 9_223_372_036_854_775_808.0;
const TWO_POW_64: f64 = 18_446_744_073_709_551_616.0;

/// A number in its one canonical form, so that `1` and `1.0` are the same value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Number {
    /// Any integer of this range, however it was spelled.
    Int(i64),
    /// An integer above `i64::MAX`.
    Large(u64),
    /// A number with a fraction, or an integer beyond 64 bits; never NaN.
    Float(f64),
}

impl Number {
    pub(crate) fn from_json(number: &serde_json::Number) -> Self {
        if let Some(int) = number.as_i64() {
            Self::Int(int)
        } else if let Some(large) = number.as_u64() {
            Self::Large(large)
        } else {
            // JSON has neither NaN nor infinities, and every other number has this form.
            Self::from_f64(number.as_f64().unwrap_or(0.0))
        }
    }

    /// The canonical form of a float that is not NaN.
    pub(crate) fn from_f64(float: f64) -> Self {
        if float.fract() == 0.0 {
            if (-TWO_POW_63..TWO_POW_63).contains(&float) {
                return Self::Int(float as i64);
            }
            if (TWO_POW_63..TWO_POW_64).contains(&float) {
                return Self::Large(float as u64);
            }
        }
        Self::Float(float)
    }

    /// A count, which may exceed `i64::MAX`.
    pub(crate) fn from_u64(count: u64) -> Self {
        i64::try_from(count).map_or(Self::Large(count), Self::Int)
    }
}

impl Eq for Number {}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        use Number::{Float, Int, Large};
        match (*self, *other) {
            (Int(a), Int(b)) => a.cmp(&b),
            (Large(a), Large(b)) => a.cmp(&b),
            (Float(a), Float(b)) => a.total_cmp(&b),
            (Int(_), Large(_)) => Ordering::Less,
            (Large(_), Int(_)) => Ordering::Greater,
            (Int(a), Float(b)) => int_against_float(a, b),
            (Float(a), Int(b)) => int_against_float(b, a).reverse(),
            (Large(_), Float(b)) => large_against_float(b),
            (Float(a), Large(_)) => large_against_float(a).reverse(),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Never equal: a canonical float is no integer of this range.
fn int_against_float(int: i64, float: f64) -> Ordering {
    if float >= TWO_POW_63 {
        Ordering::Less
    } else if float < -TWO_POW_63 {
        Ordering::Greater
    } else if int <= float.floor() as i64 {
        Ordering::Less
    } else {
        Ordering::Greater
    }
}

/// A canonical float below 2⁶⁴ has a fraction and is therefore far below any large integer.
fn large_against_float(float: f64) -> Ordering {
    if float >= TWO_POW_64 { Ordering::Less } else { Ordering::Greater }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(json: &str) -> Number {
        Number::from_json(&serde_json::from_str(json).expect("test data is JSON"))
    }

    #[test]
    fn numbers_are_ordered_exactly_whatever_their_spelling() {
        let ascending = [
            "-1e300",
            "-9223372036854775808",
            "-1.5",
            "-1",
            "0",
            "0.5",
            "1",
            "1.25",
            "9007199254740992",
            "9007199254740993",
            "9223372036854775807",
            "9223372036854775808",
            "18446744073709551615",
            "18446744073709551616",
            "1e300",
        ];
        for (i, a) in ascending.iter().enumerate() {
            for (j, b) in ascending.iter().enumerate() {
                assert_eq!(number(a).cmp(&number(b)), i.cmp(&j), "{a} against {b}");
            }
        }
        assert_eq!(number("1"), number("1.0"));
        assert_eq!(number("0"), number("-0.0"));
        assert_eq!(number("9223372036854775808"), number("9223372036854775808.0"));
    }
}
