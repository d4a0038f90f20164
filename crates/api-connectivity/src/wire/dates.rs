//! Dates of the contract (§2.5): `YYYY-MM-DD HH:MM:SS`, in UTC.

use jiff::SignedDuration;
use jiff::civil::{DateTime, datetime};
use muster_domain::time::UnixMillis;

const FORMAT: &str = "%Y-%m-%d %H:%M:%S";
const LENGTH: usize = "2022-08-22 14:13:59".len();

// Instants of the calendar library end a day before the format does, so dates are counted from here.
const EPOCH: DateTime = datetime(1970, 1, 1, 0, 0, 0, 0);

/// An instant in the contract's format, cut to the second. Instants beyond the format are told as its last one.
pub(crate) fn write(at: UnixMillis) -> String {
    let since = SignedDuration::from_millis(at.min(UnixMillis::MAX_WIRE).0);
    EPOCH.saturating_add(since).strftime(FORMAT).to_string()
}

/// Reads exactly the contract's format.
pub(crate) fn read(text: &str) -> Option<UnixMillis> {
    if text.len() != LENGTH {
        return None;
    }
    let civil = DateTime::strptime(FORMAT, text).ok()?;
    let at = UnixMillis(i64::try_from(civil.duration_since(EPOCH).as_millis()).ok()?);
    // The parser forgives spellings that the contract does not have.
    (write(at) == text).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c17_dates_are_read_as_they_are_written() {
        for text in
            ["2022-08-22 14:13:59", "1970-01-01 00:00:00", "9999-12-31 23:59:59", "2024-02-29 00:00:00"]
        {
            let at = read(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(write(at), text);
        }
        assert_eq!(read("2022-08-22 14:13:59"), Some(UnixMillis(1_661_177_639_000)));
        assert_eq!(
            write(UnixMillis(1_661_177_639_999)),
            "2022-08-22 14:13:59",
            "no fraction, never rounded up"
        );
        assert_eq!(write(UnixMillis(i64::MAX)), "9999-12-31 23:59:59");
    }

    #[test]
    fn what_is_no_date_of_the_contract_is_refused() {
        for text in [
            "",
            "2022-08-22",
            "2022-08-22T14:13:59",
            "2022-08-22 14:13:59Z",
            "2022-08-22 14:13",
            "2022-8-22 14:13:59",
            "2022-02-30 00:00:00",
            "2022-08-22 24:00:00",
            "2022-08-22 14:13:60",
            "2022-08-22  4:13:59",
            "+022-08-22 14:13:59",
        ] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }
}
