//! Dates of the contract (§2.4): `YYYY-MM-DDTHH:mm:ss.SSS`, in UTC.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time, datetime};
use muster_domain::time::UnixMillis;

// Instants of the calendar library end a day before the format does, so dates are counted from here.
const EPOCH: DateTime = datetime(1970, 1, 1, 0, 0, 0, 0);

/// An instant in the contract's format. Instants beyond the format are told as its last one.
pub(crate) fn write(at: UnixMillis) -> String {
    let since = SignedDuration::from_millis(at.min(UnixMillis::MAX_WIRE).0);
    EPOCH.saturating_add(since).strftime("%Y-%m-%dT%H:%M:%S.%3f").to_string()
}

/// Reads the contract's format; also without a fraction or with a longer one, with a blank for `T`, and with a `Z`.
pub(crate) fn read(text: &str) -> Option<UnixMillis> {
    let text = text.strip_suffix('Z').unwrap_or(text);
    let (date, time) = text.split_once(['T', ' '])?;
    let (time, fraction) = match time.split_once('.') {
        Some((time, fraction)) => (time, millis(fraction)?),
        None => (time, 0),
    };
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    let time = Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, i8::try_from(second).ok()?, 0)
        .ok()?;
    let since = date.to_datetime(time).duration_since(EPOCH);
    Some(UnixMillis(i64::try_from(since.as_millis()).ok()? + i64::from(fraction)))
}

/// Numbers of exactly so many digits.
fn numbers(text: &str, separator: char, digits: [usize; 3]) -> Option<[i16; 3]> {
    let mut parts = text.split(separator);
    let mut read = [0; 3];
    for (place, digits) in read.iter_mut().zip(digits) {
        let part = parts.next()?;
        if part.len() != digits || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *place = part.parse().ok()?;
    }
    if parts.next().is_some() { None } else { Some(read) }
}

/// Thousandths out of one to nine digits; what is finer is cut off.
fn millis(fraction: &str) -> Option<u16> {
    if !(1..=9).contains(&fraction.len()) || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = fraction.bytes().chain(*b"00").take(3);
    Some(digits.fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_every_spelling_and_written_in_one() {
        for (text, written) in [
            ("2020-08-09T02:33:50.347", "2020-08-09T02:33:50.347"),
            ("2022-07-08T11:33:18.900977Z", "2022-07-08T11:33:18.900"),
            ("2022-07-08 11:33:18", "2022-07-08T11:33:18.000"),
            ("2022-07-08T11:33:18.5", "2022-07-08T11:33:18.500"),
            ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000"),
            ("1969-12-31T23:59:59.999", "1969-12-31T23:59:59.999"),
            ("9999-12-31 23:59:59", "9999-12-31T23:59:59.000"),
        ] {
            assert_eq!(read(text).map(write).as_deref(), Some(written), "{text}");
        }
        assert_eq!(read("2022-08-22T14:13:59"), Some(UnixMillis(1_661_177_639_000)));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "2022-08-22",
            "2022-08-22T14:13",
            "2022-8-22T14:13:59",
            "2022-02-30T00:00:00",
            "2022-08-22T24:00:00",
            "2022-08-22T14:13:60",
            "2022-08-22T14:13:59.",
            "2022-08-22T14:13:59.0123456789",
            "2022-08-22T14:13:59+02:00",
            "2022-08-22T14:13:59ZZ",
            "-022-08-22T14:13:59",
            "2022-08-22t14:13:59",
            "22.08.2022 14:13:59",
        ] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }
}
