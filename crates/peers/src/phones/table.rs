//! Numbers that end in 9 and two more digits do as this table says.

use super::media::Sound;
use super::plan::{AnswerSdp, OnCancel, Plan, Press, PressHow, PressWhen, Reject, Talk, Then, reject};

/// When numbers of the table press their keys.
const PRESS_AFTER_MS: u64 = 2_000;

/// The plan of a number, if its ending is in the table: `…9dd`.
pub(super) fn plan_of(number: &str) -> Option<Plan> {
    if !number.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    let ending: u16 = number.get(number.len().checked_sub(3)?..)?.parse().ok()?;
    let digit = ending % 10;
    let second = u64::from(digit) * 1_000;
    match ending {
        900..=909 => Some(Plan::rings_then_answers("answers", second, Talk::default())),
        910..=919 => {
            let talk = Talk { hang_up_after_ms: Some(second), ..Talk::default() };
            Some(Plan::rings_then_answers("hangs_up", 1_000, talk))
        }
        920..=929 => Some(presses(&digit.to_string(), PressWhen::After(PRESS_AFTER_MS), PressHow::Rtp)),
        930..=939 => keys(digit),
        940..=949 => unanswered(digit),
        950..=959 => not_connected(digit),
        960..=969 => trouble(digit),
        970..=979 => machines(digit),
        980..=989 => answers_badly(digit),
        990..=998 => oddities(digit),
        _ => None,
    }
}

fn presses(keys: &str, when: PressWhen, how: PressHow) -> Plan {
    let talk = Talk { press: Some(Press { keys: keys.to_owned(), when, how }), ..Talk::default() };
    Plan::rings_then_answers("presses", 1_000, talk)
}

fn keys(digit: u16) -> Option<Plan> {
    let after = PressWhen::After(PRESS_AFTER_MS);
    Some(match digit {
        0 => presses("*", after, PressHow::Rtp),
        1 => presses("#", after, PressHow::Rtp),
        2 => presses("12#", after, PressHow::Rtp),
        3 => presses("5", after, PressHow::RtpEndLost),
        4 => presses("7", after, PressHow::Info),
        5 => presses("1", PressWhen::AfterPrompt, PressHow::Rtp),
        6 => presses("2", PressWhen::AfterPrompt, PressHow::Rtp),
        9 => presses("9", PressWhen::AfterPrompt, PressHow::Rtp),
        _ => return None,
    })
}

fn unanswered(digit: u16) -> Option<Plan> {
    let rings = |ring_ms, then| vec![(0, Then::Trying), (50, Then::Ringing), (ring_ms, then)];
    Some(match digit {
        0 => Plan::fails("busy", 486, Some(17)),
        1 => Plan::fails("busy_everywhere", 600, None),
        2 => Plan::of("fast_busy", &[(0, reject(486, None))]),
        3 => Plan::of("no_answer", &[(0, Then::Trying), (50, Then::Ringing)]),
        4 => Plan::of("no_answer_by_network", &rings(25_000, reject(480, Some(19)))),
        5 => Plan::of("declined", &rings(2_000, reject(603, Some(21)))),
        6 => Plan::of("unwanted", &rings(2_000, reject(607, Some(21)))),
        7 => Plan::fails("blocked_on_the_way", 608, Some(21)),
        8 => Plan::of("busy_after_ringing", &rings(2_000, reject(486, Some(17)))),
        9 => Plan::of("timeout_after_ringing", &rings(10_000, reject(408, None))),
        _ => return None,
    })
}

fn not_connected(digit: u16) -> Option<Plan> {
    Some(match digit {
        0 => Plan::fails("invalid", 404, Some(1)),
        1 => Plan::fails("gone", 410, Some(22)),
        2 => Plan::fails("incomplete", 484, Some(28)),
        3 => Plan::fails("exists_nowhere", 604, None),
        4 => Plan::fails("unreachable", 480, Some(20)),
        5 => Plan::fails("no_common_media", 488, Some(88)),
        6 => Plan::fails("forbidden", 403, Some(21)),
        7 => Plan::fails("moved", 302, None),
        8 => Plan::fails("unreachable", 480, None),
        9 => Plan::fails("forbidden", 403, None),
        _ => return None,
    })
}

fn trouble(digit: u16) -> Option<Plan> {
    let busy_trunk = Then::Reject(Reject { status: 503, cause: Some(34), retry_after_s: Some(5) });
    Some(match digit {
        0 => Plan { on_cancel: OnCancel::Ignore, ..Plan::of("silent", &[]) },
        1 => Plan::of("congested", &[(0, busy_trunk)]),
        2 => Plan::fails("server_error", 500, Some(41)),
        3 => Plan::fails("bad_gateway", 502, Some(27)),
        4 => Plan::fails("unavailable", 503, None),
        5 => Plan::of("never_rings", &[(0, Then::Trying)]),
        6 => Plan::of("slow", &[(0, Then::Trying), (5_000, Then::Ringing), (2_000, Then::Answer)]),
        7 => Plan {
            on_cancel: OnCancel::Stall,
            ..Plan::of("stalls", &[(0, Then::Trying), (50, Then::Ringing)])
        },
        8 => Plan::fails("gateway_timeout", 504, None),
        9 => Plan {
            on_cancel: OnCancel::Ignore,
            ..Plan::of("deaf_to_cancel", &[(0, Then::Trying), (50, Then::Ringing)])
        },
        _ => return None,
    })
}

fn machines(digit: u16) -> Option<Plan> {
    let sounds = |sound, hang_up_after_ms| Talk { sound, hang_up_after_ms, ..Talk::default() };
    Some(match digit {
        0 => Plan::rings_then_answers("mailbox", 3_000, sounds(Sound::Mailbox, Some(40_000))),
        1 => Plan::rings_then_answers("fax", 1_000, sounds(Sound::FaxAnswer, Some(10_000))),
        2 => Plan::rings_then_answers("fax_calling", 1_000, sounds(Sound::FaxCalling, Some(15_000))),
        3 => Plan::of(
            "announcement",
            &[(0, Then::Trying), (50, Then::EarlyMedia(Sound::Announcement)), (6_000, reject(404, Some(1)))],
        ),
        4 => {
            Plan::rings_then_answers("announcement_answered", 1_000, sounds(Sound::Announcement, Some(8_000)))
        }
        _ => return None,
    })
}

fn answers_badly(digit: u16) -> Option<Plan> {
    let answers = |name: &str, talk| Plan::rings_then_answers(name, 1_000, talk);
    let describes = |name: &str, sdp| answers(name, Talk { sdp, ..Talk::default() });
    Some(match digit {
        0 => Plan {
            on_cancel: OnCancel::Cross,
            ..Plan::of("crossing", &[(0, Then::Trying), (50, Then::Ringing)])
        },
        1 => Plan::of(
            "early_media",
            &[(0, Then::Trying), (50, Then::EarlyMedia(Sound::Tone)), (2_000, Then::Answer)],
        ),
        2 => answers("mute", Talk { mute: true, ..Talk::default() }),
        3 => answers("falls_mute", Talk { mute_after_ms: Some(3_000), ..Talk::default() }),
        4 => answers("vanishes", Talk { vanish_after_ms: Some(3_000), ..Talk::default() }),
        5 => answers("deaf_to_bye", Talk { deaf_to_bye: true, ..Talk::default() }),
        6 => describes("port_zero", AnswerSdp::PortZero),
        7 => describes("other_codec", AnswerSdp::OtherCodec),
        8 => describes("no_description", AnswerSdp::Missing),
        9 => describes("no_address", AnswerSdp::NoAddress),
        _ => return None,
    })
}

fn oddities(digit: u16) -> Option<Plan> {
    let answers = |name: &str, talk| Plan::rings_then_answers(name, 1_000, talk);
    Some(match digit {
        0 => answers("holds", Talk { hold_after_ms: Some(2_000), ..Talk::default() }),
        1 => answers("moves", Talk { move_after_ms: Some(2_000), ..Talk::default() }),
        2 => answers("repeats_its_answer", Talk { repeat_answer: 3, ..Talk::default() }),
        3 => answers("forks", Talk { fork: true, ..Talk::default() }),
        4 => Plan::of(
            "forwarded",
            &[
                (0, Then::Trying),
                (50, Then::Forwarded),
                (200, Then::Ringing),
                (50, Then::Ringing),
                (1_000, Then::Answer),
            ],
        ),
        5 => answers("impatient", Talk { patience_ms: Some(4_000), ..Talk::default() }),
        6 => answers("tone", Talk { sound: Sound::Tone, ..Talk::default() }),
        7 => answers("says_nothing", Talk { sound: Sound::Silence, ..Talk::default() }),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_digits_that_end_in_nine_and_two_more_are_in_the_table() {
        for (number, name) in [
            ("4930123905", Some("answers")),
            ("4930123940", Some("busy")),
            ("943", Some("no_answer")),
            ("4930123840", None),
            ("4930123999", None),
            ("43", None),
            ("", None),
            ("acme-900", None),
            ("ä00", None),
        ] {
            assert_eq!(plan_of(number).map(|plan| plan.name).as_deref(), name, "{number}");
        }
    }

    #[test]
    fn the_last_digit_chooses_seconds_and_keys() {
        assert_eq!(plan_of("1907").unwrap().steps[2].after_ms, 7_000);
        assert_eq!(plan_of("1911").unwrap().talk.hang_up_after_ms, Some(1_000));
        assert_eq!(plan_of("1924").unwrap().talk.press.unwrap().keys, "4");
    }

    #[test]
    fn failures_have_failing_statuses() {
        for number in 900..1_000 {
            for step in plan_of(&number.to_string()).map(|plan| plan.steps).unwrap_or_default() {
                if let Then::Reject(reject) = step.then {
                    assert!((300..700).contains(&reject.status), "{number}");
                }
            }
        }
    }
}
