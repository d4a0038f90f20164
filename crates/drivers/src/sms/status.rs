//! What a `command_status` means for a segment.

use super::settings::StatusRange;
use muster_app::ports::RefusalClass;
use rusmpp_core::CommandStatus;

/// The centre's answer to a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It has the segment.
    Accepted,
    /// Too fast: the segment is sent again, later.
    Throttled,
    /// The session is not what the centre thinks it is: the segment is sent again over another one.
    Session,
    /// Refused.
    Refused(RefusalClass),
}

/// Statuses by number (SMPP 3.4 §5.1.3, SMPP 5.0 §4.7.6) and what can be done about them.
/// `delivery_failure_reason` explains `ESME_RDELIVERYFAILURE` where the centre gives it.
pub(crate) fn answer(status: u32, failure_reason: Option<u8>, transient: &[StatusRange]) -> Answer {
    use RefusalClass::{Address, QueueFull, Refused, Request, Transient, Unknown};
    Answer::Refused(match status {
        0x00 => return Answer::Accepted,
        0x58 => return Answer::Throttled,
        0x04 | 0x05 | 0x0D | 0x0E | 0x0F => return Answer::Session,
        0x14 => QueueFull,
        0x08 | 0x45 | 0x64 => Transient,
        0xFE => match failure_reason {
            Some(1) => Address,
            Some(2) => Refused,
            Some(0 | 3) => Transient,
            _ => Unknown,
        },
        0x400..=0x4FF if transient.iter().any(|StatusRange(range)| range.contains(&status)) => Transient,
        0x0A | 0x0B | 0x48..=0x51 => Address,
        0x01..=0x03 | 0x06 | 0x07 | 0x15 | 0x43 | 0x61 | 0x62 | 0xC0..=0xC4 | 0x104 => Request,
        0x65 | 0x66 | 0x100 | 0x101 | 0x103 => Refused,
        _ => Unknown,
    })
}

/// Whether a bind was refused for its credentials, which time does not mend.
pub(crate) fn refuses_credentials(status: u32) -> bool {
    // ESME_RINVPASWD, ESME_RINVSYSID, ESME_RINVSYSTYP
    matches!(status, 0x0E | 0x0F | 0x53)
}

/// A status in words.
pub(crate) fn describe(status: u32) -> String {
    match CommandStatus::from(status) {
        CommandStatus::Other(_) => format!("status {status:08X}"),
        known => format!(
            "status {status:08X} ({})",
            format!("{known:?}").replacen("Esme", "ESME_", 1).to_uppercase()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c73_statuses_fall_into_their_classes() {
        use RefusalClass::{Address, QueueFull, Refused, Request, Transient, Unknown};
        let mapped = [StatusRange(0x400..=0x40F)];
        let refused = [
            (QueueFull, &[0x14][..]),
            (Transient, &[0x08, 0x45, 0x64, 0x400, 0x40F]),
            (Address, &[0x0A, 0x0B, 0x48, 0x49, 0x50, 0x51]),
            (
                Request,
                &[0x01, 0x02, 0x03, 0x06, 0x07, 0x15, 0x43, 0x61, 0x62, 0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0x104],
            ),
            (Refused, &[0x101, 0x100, 0x103, 0x65, 0x66]),
            (Unknown, &[0xFF, 0xFE, 0x09, 0x410, 0x4FF, 0x3FF, 0x500, 0x102, 0xFFFF_FFFF]),
        ];
        for (class, statuses) in refused {
            for status in statuses {
                assert_eq!(answer(*status, None, &mapped), Answer::Refused(class), "{status:X}");
            }
        }
        assert_eq!(answer(0, None, &[]), Answer::Accepted);
        assert_eq!(answer(0x58, None, &[]), Answer::Throttled);
        for status in [0x04, 0x05, 0x0D, 0x0E, 0x0F] {
            assert_eq!(answer(status, None, &[]), Answer::Session, "{status:X}");
        }
        assert_eq!(answer(0x400, None, &[]), Answer::Refused(Unknown), "not mapped");
    }

    #[test]
    fn c73_a_delivery_failure_is_judged_by_its_reason() {
        use RefusalClass::{Address, Refused, Transient, Unknown};
        for (reason, class) in [
            (None, Unknown),
            (Some(0), Transient),
            (Some(1), Address),
            (Some(2), Refused),
            (Some(3), Transient),
            (Some(4), Unknown),
        ] {
            assert_eq!(answer(0xFE, reason, &[]), Answer::Refused(class), "{reason:?}");
        }
    }

    #[test]
    fn statuses_have_their_names() {
        assert_eq!(describe(0x0E), "status 0000000E (ESME_RINVPASWD)");
        assert_eq!(describe(0x4AB), "status 000004AB");
    }
}
