//! The status octet of a proof of receipt (ETSI TS 102 225 §5.2, 3GPP TS 31.115 §7).

/// What the card says about the packet as a whole; about its commands, only the data says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PorStatus {
    /// 00: the packet was accepted and the script ran.
    Ok,
    /// 01: the check did not verify: wrong key or algorithm.
    CheckFailed,
    /// 02: the counter is not higher than the stored one.
    CounterLow,
    /// 03: the counter is not the next one.
    CounterHigh,
    /// 04: the stored counter is at its maximum; the key set is dead until its keys are replaced.
    CounterBlocked,
    /// 05: deciphering failed.
    CipheringError,
    /// 06: some other security error; at least one card answers a replay with it.
    SecurityError,
    /// 07: the message is too long for the card.
    InsufficientMemory,
    /// 08: the card is busy.
    MoreTime,
    /// 09: no application has this address.
    TarUnknown,
    /// 0A: the application demands more protection.
    InsufficientSecurity,
    /// 0B: the answer itself follows by a short message.
    FollowsBySubmit,
    /// 0C: the answer itself follows by USSD.
    FollowsByUssd,
    /// 0D to BF, and FF: no meaning yet.
    Reserved(u8),
    /// C0 to FE: the card maker's own.
    Proprietary(u8),
}

/// What a status means for the work that was ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PorClass {
    /// The script ran; its data say how it went.
    Result,
    /// Keys, addresses or card type are wrong, or the status is unknown: trying again changes nothing.
    Config,
    /// The counters of server and card have parted.
    Counter,
    /// Nothing can be sent under this key set any more.
    Fatal,
    /// The same packet may succeed later.
    Transient,
    /// Not the answer yet.
    Interim,
}

impl PorStatus {
    /// Every octet is some status.
    pub fn from_octet(octet: u8) -> Self {
        match octet {
            0x00 => Self::Ok,
            0x01 => Self::CheckFailed,
            0x02 => Self::CounterLow,
            0x03 => Self::CounterHigh,
            0x04 => Self::CounterBlocked,
            0x05 => Self::CipheringError,
            0x06 => Self::SecurityError,
            0x07 => Self::InsufficientMemory,
            0x08 => Self::MoreTime,
            0x09 => Self::TarUnknown,
            0x0A => Self::InsufficientSecurity,
            0x0B => Self::FollowsBySubmit,
            0x0C => Self::FollowsByUssd,
            0xC0..=0xFE => Self::Proprietary(octet),
            0x0D..=0xBF | 0xFF => Self::Reserved(octet),
        }
    }

    /// As on the wire.
    pub fn octet(self) -> u8 {
        match self {
            Self::Ok => 0x00,
            Self::CheckFailed => 0x01,
            Self::CounterLow => 0x02,
            Self::CounterHigh => 0x03,
            Self::CounterBlocked => 0x04,
            Self::CipheringError => 0x05,
            Self::SecurityError => 0x06,
            Self::InsufficientMemory => 0x07,
            Self::MoreTime => 0x08,
            Self::TarUnknown => 0x09,
            Self::InsufficientSecurity => 0x0A,
            Self::FollowsBySubmit => 0x0B,
            Self::FollowsByUssd => 0x0C,
            Self::Reserved(octet) | Self::Proprietary(octet) => octet,
        }
    }

    /// A word for logs, metrics and results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "por_ok",
            Self::CheckFailed => "rc_cc_ds_failed",
            Self::CounterLow => "cntr_low",
            Self::CounterHigh => "cntr_high",
            Self::CounterBlocked => "cntr_blocked",
            Self::CipheringError => "ciphering_error",
            Self::SecurityError => "undefined_security_error",
            Self::InsufficientMemory => "insufficient_memory",
            Self::MoreTime => "more_time_needed",
            Self::TarUnknown => "tar_unknown",
            Self::InsufficientSecurity => "insufficient_security_level",
            Self::FollowsBySubmit => "actual_response_sms_submit",
            Self::FollowsByUssd => "actual_response_ussd",
            Self::Reserved(_) => "reserved",
            Self::Proprietary(_) => "proprietary",
        }
    }

    /// What to do about it.
    pub fn class(self) -> PorClass {
        match self {
            Self::Ok => PorClass::Result,
            Self::CounterLow | Self::CounterHigh => PorClass::Counter,
            Self::CounterBlocked => PorClass::Fatal,
            Self::MoreTime => PorClass::Transient,
            Self::FollowsBySubmit | Self::FollowsByUssd => PorClass::Interim,
            Self::CheckFailed
            | Self::CipheringError
            | Self::SecurityError
            | Self::InsufficientMemory
            | Self::TarUnknown
            | Self::InsufficientSecurity
            | Self::Reserved(_)
            | Self::Proprietary(_) => PorClass::Config,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_octet_comes_back_and_has_its_class() {
        for octet in 0..=u8::MAX {
            let status = PorStatus::from_octet(octet);
            assert_eq!(status.octet(), octet);
            let expected = match octet {
                0x00 => PorClass::Result,
                0x02 | 0x03 => PorClass::Counter,
                0x04 => PorClass::Fatal,
                0x08 => PorClass::Transient,
                0x0B | 0x0C => PorClass::Interim,
                _ => PorClass::Config,
            };
            assert_eq!(status.class(), expected, "{octet:02X}");
        }
        assert_eq!(PorStatus::from_octet(0xFF), PorStatus::Reserved(0xFF));
        assert_eq!(PorStatus::from_octet(0xFE), PorStatus::Proprietary(0xFE));
    }
}
