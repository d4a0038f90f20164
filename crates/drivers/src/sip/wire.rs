//! Headers of SIP as the driver needs them. What comes from outside is read here and nowhere trusted.

use rsipstack::sip::{Header, Headers, Method, Request, Response, StatusCode, Uri, Version};
use std::str::FromStr as _;

/// What we understand, for Allow.
pub(crate) const ALLOWED: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE";
/// The longest URI of the far side that we keep and send back to it.
const LONGEST_URI: usize = 512;

/// Values of a header, in order.
pub(crate) fn values<'a>(headers: &'a Headers, name: &'a str) -> impl Iterator<Item = &'a str> {
    let compact = match name {
        "Session-Expires" => "x",
        "Supported" => "k",
        _ => "",
    };
    headers
        .iter()
        .filter(move |header| {
            header.name().eq_ignore_ascii_case(name)
                || (!compact.is_empty() && header.name().eq_ignore_ascii_case(compact))
        })
        .map(|header| header.value().trim())
}

/// The first value of a header.
pub(crate) fn value<'a>(headers: &'a Headers, name: &'a str) -> Option<&'a str> {
    values(headers, name).next()
}

/// Whether a list of words in a header has this one.
pub(crate) fn lists(headers: &Headers, name: &str, word: &str) -> bool {
    values(headers, name)
        .flat_map(|value| value.split(','))
        .any(|found| found.trim().eq_ignore_ascii_case(word))
}

/// The value of a parameter such as `;tag=x`, outside of `<…>`.
pub(crate) fn parameter<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    let outside = value.rfind('>').map_or(value, |end| &value[end + 1..]);
    outside.split(';').skip(1).find_map(|parameter| {
        let (found, value) = parameter.split_once('=')?;
        found.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
    })
}

/// The URI in a header such as From or Contact: between `<` and `>`, or up to the parameters.
pub(crate) fn uri(value: &str) -> Option<Uri> {
    let text = match value.find('<') {
        Some(begin) => {
            let rest = &value[begin + 1..];
            &rest[..rest.find('>')?]
        }
        None => value.split(';').next().unwrap_or(value),
    };
    if text.len() > LONGEST_URI || text.contains(|character: char| character.is_control() || character == ' ')
    {
        return None;
    }
    let uri = Uri::from_str(text.trim()).ok()?;
    uri.scheme.is_some().then_some(uri)
}

/// Splits a header's value at the commas between entries, not at those within quotes or `<…>`.
pub(crate) fn entries(value: &str) -> Vec<&str> {
    let (mut quoted, mut escaped, mut depth, mut begin) = (false, false, 0_u32, 0);
    let mut found = Vec::new();
    for (at, octet) in value.bytes().enumerate() {
        match octet {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'<' if !quoted => depth += 1,
            b'>' if !quoted => depth = depth.saturating_sub(1),
            b',' if !quoted && depth == 0 => {
                found.push(value[begin..at].trim());
                begin = at + 1;
            }
            _ => {}
        }
    }
    found.push(value[begin..].trim());
    found.retain(|entry| !entry.is_empty());
    found
}

/// The cause of ITU-T Q.850 in a Reason header (RFC 3326).
pub(crate) fn q850(headers: &Headers) -> Option<u8> {
    values(headers, "Reason").flat_map(entries).find_map(|reason| {
        let protocol = reason.split(';').next()?.trim();
        if !protocol.eq_ignore_ascii_case("Q.850") {
            return None;
        }
        parameter(reason, "cause")?.parse().ok().filter(|cause| *cause < 128)
    })
}

/// Seconds of Retry-After (RFC 3261 §20.33), without its comment and parameters.
pub(crate) fn retry_after(headers: &Headers) -> Option<u32> {
    let value = value(headers, "Retry-After")?;
    let digits = value.bytes().take_while(u8::is_ascii_digit).count();
    value[..digits].parse().ok()
}

/// The reason phrase of an answer.
pub(crate) fn phrase(response: &Response) -> String {
    let phrase = match (&response.wire_reason, &response.status_code) {
        (Some(phrase), _) | (None, StatusCode::Other(_, phrase)) => phrase,
        (None, status) => status.text(),
    };
    phrase.chars().filter(|character| !character.is_control()).take(100).collect()
}

/// Who refreshes a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refresher {
    Uac,
    Uas,
}

impl Refresher {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Uac => "uac",
            Self::Uas => "uas",
        }
    }
}

/// Session-Expires (RFC 4028 §4): seconds, and who refreshes where it is said.
pub(crate) fn session_expires(headers: &Headers) -> Option<(u32, Option<Refresher>)> {
    let value = value(headers, "Session-Expires")?;
    let seconds = value.split(';').next()?.trim().parse().ok()?;
    let refresher = match parameter(value, "refresher") {
        Some(who) if who.eq_ignore_ascii_case("uac") => Some(Refresher::Uac),
        Some(who) if who.eq_ignore_ascii_case("uas") => Some(Refresher::Uas),
        _ => None,
    };
    Some((seconds, refresher))
}

/// Min-SE (RFC 4028 §5), in seconds.
pub(crate) fn min_session_expires(headers: &Headers) -> Option<u32> {
    value(headers, "Min-SE")?.split(';').next()?.trim().parse().ok()
}

/// Keys pressed, as told by an INFO.
pub(crate) fn info_digit(request: &Request) -> Option<char> {
    let kind = value(&request.headers, "Content-Type")?.split(';').next()?.trim().to_ascii_lowercase();
    let body = std::str::from_utf8(&request.body).ok()?;
    let text = match kind.as_str() {
        "application/dtmf" => body.trim(),
        "application/dtmf-relay" => body.lines().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            name.trim().eq_ignore_ascii_case("Signal").then(|| value.trim())
        })?,
        _ => return None,
    };
    digit(text)
}

fn digit(text: &str) -> Option<char> {
    let mut characters = text.chars();
    let character = match (characters.next()?, characters.next()) {
        (character, None) => character.to_ascii_uppercase(),
        // The numbers of RFC 4733 §3.2.
        ('1', Some('0')) => '*',
        ('1', Some('1')) => '#',
        _ => return None,
    };
    matches!(character, '0'..='9' | '*' | '#' | 'A'..='D').then_some(character)
}

/// Digits of a caller's number, as far as the name in its URI is one.
pub(crate) fn number(user: &str) -> String {
    let user = user.split(';').next().unwrap_or(user);
    let digits = user.strip_prefix('+').unwrap_or(user);
    let digits: String = digits.chars().filter(|character| !"-.() ".contains(*character)).collect();
    if digits.bytes().all(|octet| octet.is_ascii_digit()) { digits } else { String::new() }
}

/// A request without a body.
pub(crate) fn request(method: Method, uri: Uri, headers: Vec<Header>) -> Request {
    Request { method, uri, version: Version::V2, headers: Headers(headers), body: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    fn headers(list: &[(&str, &str)]) -> Headers {
        let mut text = "OPTIONS sip:a@b SIP/2.0\r\n".to_owned();
        for (name, value) in list {
            let _ = write!(text, "{name}: {value}\r\n");
        }
        text.push_str("\r\n");
        Request::try_from(text.as_str()).unwrap().headers
    }

    #[test]
    fn the_cause_is_found_wherever_it_stands() {
        for (reasons, expected) in [
            (vec!["Q.850;cause=17;text=\"User busy\""], Some(17)),
            (vec!["SIP;cause=486;text=\"a, b\", q.850 ;cause=21"], Some(21)),
            (vec!["SIP;cause=200", "Q.850;cause=16"], Some(16)),
            (vec!["SIP;cause=486"], None),
            (vec!["Q.850;cause=999"], None),
            (vec!["Q.850"], None),
            (vec![], None),
        ] {
            let list: Vec<_> = reasons.iter().map(|reason| ("Reason", *reason)).collect();
            assert_eq!(q850(&headers(&list)), expected, "{reasons:?}");
        }
    }

    #[test]
    fn intervals_are_read() {
        for (name, value, expected) in [
            ("Session-Expires", "1800;refresher=uas", Some((1800, Some(Refresher::Uas)))),
            ("x", "90", Some((90, None))),
            ("Session-Expires", "many", None),
        ] {
            assert_eq!(session_expires(&headers(&[(name, value)])), expected, "{value}");
        }
        for (value, expected) in
            [("5", Some(5)), ("120 (in a meeting)", Some(120)), ("3;duration=3", Some(3)), ("x", None)]
        {
            assert_eq!(retry_after(&headers(&[("Retry-After", value)])), expected, "{value}");
        }
        assert_eq!(min_session_expires(&headers(&[("Min-SE", "120")])), Some(120));
    }

    #[test]
    fn uris_are_found_in_their_headers() {
        for (value, expected) in [
            ("\"A <x>\" <sip:a@h:5070;transport=tcp>;tag=1", None),
            ("<sip:a@h:5070;transport=tcp>;tag=1", Some("sip:a@h:5070;transport=TCP")),
            ("sip:a@h;tag=1", Some("sip:a@h")),
            ("<sip:a@h", None),
            ("*", None),
            ("", None),
        ] {
            assert_eq!(uri(value).map(|uri| uri.to_string()).as_deref(), expected, "{value}");
        }
        assert_eq!(parameter("<sip:a@h;tag=no>;tag=yes;q=1", "tag"), Some("yes"));
        assert_eq!(entries("<sip:a,b@h>;x=\"1,2\", <sip:c@h>"), ["<sip:a,b@h>;x=\"1,2\"", "<sip:c@h>"]);
    }

    #[test]
    fn digits_of_info_are_told() {
        for (kind, body, expected) in [
            ("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", Some('5')),
            ("application/dtmf-relay", "Signal= #", Some('#')),
            ("application/dtmf-relay; x=y", "signal=11", Some('#')),
            ("application/dtmf", "*", Some('*')),
            ("application/dtmf", "d", Some('D')),
            ("application/dtmf", "E", None),
            ("application/dtmf", "12", None),
            ("text/plain", "5", None),
        ] {
            let mut request =
                Request::try_from(format!("INFO sip:a@b SIP/2.0\r\nContent-Type: {kind}\r\n\r\n").as_str())
                    .unwrap();
            request.body = body.as_bytes().to_vec();
            assert_eq!(info_digit(&request), expected, "{kind} {body:?}");
        }
        for (user, expected) in [("+49-30 1", "49301"), ("030;phone-context=x", "030"), ("anonymous", "")] {
            assert_eq!(number(user), expected);
        }
    }
}
