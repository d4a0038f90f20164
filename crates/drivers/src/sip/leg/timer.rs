//! Session timers (RFC 4028): an answered call is confirmed again and again, so that neither side keeps one that the
//! other has lost.

use crate::sip::wire::{self, Refresher};
use rsipstack::sip::Headers;
use std::time::Duration;
use tokio::time::Instant;

/// How long before the end the one who waits for a refresh gives up: a third, at most 32 seconds (RFC 4028 §10).
const MARGIN: Duration = Duration::from_secs(32);

/// What is to be done next for the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// Refresh it.
    Refresh,
    /// It was not refreshed: end the call.
    Expired,
}

/// The timer of a session; idle where none was agreed.
#[derive(Debug, Default)]
pub(super) struct SessionTimer {
    agreed: Option<Agreed>,
}

#[derive(Debug)]
struct Agreed {
    seconds: u32,
    we_refresh: bool,
    refresh_at: Option<Instant>,
    expires_at: Instant,
}

impl SessionTimer {
    /// Takes what an answer to a request of ours says. An answer that says nothing turns the timer off.
    pub(super) fn answered(&mut self, headers: &Headers, now: Instant) {
        self.agreed = None;
        if let Some((seconds, refresher)) = wire::session_expires(headers) {
            self.agree(seconds, refresher != Some(Refresher::Uas), now);
        }
    }

    /// Takes what a request of the far side says, and gives the values of Session-Expires and, where needed, of
    /// Require for our answer.
    pub(super) fn asked(&mut self, headers: &Headers, now: Instant) -> Option<(String, bool)> {
        let Some((seconds, refresher)) = wire::session_expires(headers) else {
            self.agreed = None;
            return None;
        };
        let knows = wire::lists(headers, "Supported", "timer");
        // One that does not know the timer itself (its proxy asked for it) leaves the refreshing to us.
        let refresher = if knows { refresher.unwrap_or(Refresher::Uac) } else { Refresher::Uas };
        self.agree(seconds, refresher == Refresher::Uas, now);
        Some((format!("{seconds};refresher={}", refresher.word()), refresher == Refresher::Uac))
    }

    fn agree(&mut self, seconds: u32, we_refresh: bool, now: Instant) {
        // Nobody can be held to keep up with less than that.
        let seconds = seconds.clamp(2, 86_400);
        let whole = Duration::from_secs(seconds.into());
        self.agreed = Some(Agreed {
            seconds,
            we_refresh,
            refresh_at: we_refresh.then(|| now + whole / 2),
            expires_at: now + whole - (whole / 3).min(MARGIN),
        });
    }

    /// Values of Session-Expires for a refresh of ours.
    pub(super) fn refresh_value(&self) -> Option<String> {
        let agreed = self.agreed.as_ref()?;
        Some(format!("{};refresher=uac", agreed.seconds))
    }

    /// We have begun to refresh it.
    pub(super) fn refreshing(&mut self) {
        if let Some(agreed) = &mut self.agreed {
            agreed.refresh_at = None;
        }
    }

    /// The refresh was put off by the far side: try again soon.
    pub(super) fn retry(&mut self, now: Instant) {
        if let Some(agreed) = &mut self.agreed
            && agreed.we_refresh
        {
            agreed.refresh_at = Some(now + Duration::from_secs(2));
        }
    }

    /// What is due next, and when.
    pub(super) fn next(&self) -> Option<(Instant, Due)> {
        let agreed = self.agreed.as_ref()?;
        Some(match agreed.refresh_at {
            Some(at) if at < agreed.expires_at => (at, Due::Refresh),
            _ => (agreed.expires_at, Due::Expired),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rsipstack::sip::Request;

    fn headers(text: &str) -> Headers {
        Request::try_from(format!("UPDATE sip:a@b SIP/2.0\r\n{text}\r\n").as_str()).unwrap().headers
    }

    #[test]
    fn who_refreshes_does_so_at_half_and_who_waits_gives_up_before_the_end() {
        let now = Instant::now();
        let after = |seconds| now + Duration::from_secs(seconds);
        let mut timer = SessionTimer::default();
        assert_eq!(timer.next(), None);
        for (answer, expected) in [
            ("Session-Expires: 90;refresher=uac\r\n", Some((after(45), Due::Refresh))),
            ("Session-Expires: 90\r\n", Some((after(45), Due::Refresh))),
            ("Session-Expires: 90;refresher=uas\r\n", Some((after(60), Due::Expired))),
            ("Session-Expires: 1800;refresher=uas\r\n", Some((after(1768), Due::Expired))),
            ("", None),
        ] {
            timer.answered(&headers(answer), now);
            assert_eq!(timer.next(), expected, "{answer}");
        }
        timer.answered(&headers("Session-Expires: 90\r\n"), now);
        timer.refreshing();
        assert_eq!(timer.next(), Some((after(60), Due::Expired)), "until the refresh is answered");
        timer.retry(now);
        assert_eq!(timer.next(), Some((after(2), Due::Refresh)));
    }

    #[test]
    fn a_request_that_asks_is_answered() {
        let now = Instant::now();
        let mut timer = SessionTimer::default();
        for (asked, answer, we_refresh) in [
            (
                "Session-Expires: 90;refresher=uac\r\nSupported: timer\r\n",
                Some(("90;refresher=uac", true)),
                false,
            ),
            ("Session-Expires: 90;refresher=uas\r\nk: timer\r\n", Some(("90;refresher=uas", false)), true),
            ("Session-Expires: 90\r\nSupported: 100rel, timer\r\n", Some(("90;refresher=uac", true)), false),
            ("Session-Expires: 90\r\n", Some(("90;refresher=uas", false)), true),
            ("", None, false),
        ] {
            let told = timer.asked(&headers(asked), now);
            assert_eq!(told, answer.map(|(value, require)| (value.to_owned(), require)), "{asked}");
            assert_eq!(matches!(timer.next(), Some((_, Due::Refresh))), we_refresh, "{asked}");
        }
    }
}
