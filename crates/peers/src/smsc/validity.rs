//! Times as SMPP writes them (SMPP 3.4 §7.1.1).

use jiff::{Timestamp, tz::Offset};

/// When a message stops waiting, in milliseconds since 1970, from `validity_period`. `None` for a text that is no
/// time.
pub(super) fn end_ms(text: &str, now_ms: u64, default_ms: u64) -> Option<u64> {
    if text.is_empty() {
        return Some(now_ms.saturating_add(default_ms));
    }
    if !text.is_ascii() || text.len() != 16 || !text.as_bytes()[..15].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let two = |at: usize| text[at..at + 2].parse::<i8>().ok();
    let (years, months, days) = (two(0)?, two(2)?, two(4)?);
    let (hours, minutes, seconds) = (two(6)?, two(8)?, two(10)?);
    if text.ends_with('R') {
        // Months and years have the length of these, as good as any for a simulator.
        let days = i64::from(years) * 365 + i64::from(months) * 30 + i64::from(days);
        let total = ((days * 24 + i64::from(hours)) * 60 + i64::from(minutes)) * 60 + i64::from(seconds);
        return Some(now_ms.saturating_add(total as u64 * 1_000));
    }
    let quarters = i32::from(two(13)?);
    let sign = match text.as_bytes()[15] {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let tenths = i32::from(text.as_bytes()[12] - b'0');
    let local = jiff::civil::DateTime::new(
        2000 + i16::from(years),
        months,
        days,
        hours,
        minutes,
        seconds,
        tenths * 100_000_000,
    )
    .ok()?;
    let offset = Offset::from_seconds(sign * quarters * 15 * 60).ok()?;
    u64::try_from(offset.to_timestamp(local).ok()?.as_millisecond()).ok()
}

/// A time as receipts write it: `YYMMDDhhmm`, in UTC.
pub(super) fn short_date(at_ms: u64) -> String {
    let at =
        i64::try_from(at_ms).ok().and_then(|at| Timestamp::from_millisecond(at).ok()).unwrap_or_default();
    at.strftime("%y%m%d%H%M").to_string()
}

/// A time as SMPP writes absolute ones: `YYMMDDhhmmsstnnp`, in UTC.
pub(super) fn absolute(at_ms: u64) -> String {
    let at =
        i64::try_from(at_ms).ok().and_then(|at| Timestamp::from_millisecond(at).ok()).unwrap_or_default();
    at.strftime("%y%m%d%H%M%S000+").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends() {
        const NOW: u64 = 1_767_225_600_000;
        for (text, end) in [
            ("", Some(NOW + 5)),
            ("000001000000000R", Some(NOW + 86_400_000)),
            ("000000000130000R", Some(NOW + 90_000)),
            ("260101000100000+", Some(NOW + 60_000)),
            ("260101010100004+", Some(NOW + 60_000)),
            ("260101000000500+", Some(NOW + 500)),
            ("000001000000000X", None),
            ("0000010000000R", None),
            ("00000100000000éR", None),
            ("269901000000000+", None),
        ] {
            assert_eq!(end_ms(text, NOW, 5), end, "{text}");
        }
        assert_eq!(short_date(NOW), "2601010000");
        assert_eq!(absolute(NOW), "260101000000000+");
    }
}
