//! Addresses of SIP.

use super::message::parameter;
use std::net::{IpAddr, SocketAddr};

/// What is needed of `sip:user@host:port;parameters`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Uri {
    /// Empty where there is none.
    pub(crate) user: String,
    host: String,
    port: Option<u16>,
    secure: bool,
}

impl Uri {
    /// Reads a URI, with or without a name and angle brackets around it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = inner(text);
        // A blank would end the first line of a request to it.
        if text.contains(|character: char| character.is_whitespace() || character.is_control()) {
            return None;
        }
        let (scheme, rest) = text.split_once(':')?;
        let secure = scheme.eq_ignore_ascii_case("sips");
        if !secure && !scheme.eq_ignore_ascii_case("sip") {
            return None;
        }
        let rest = rest.split(['?', '>']).next().unwrap_or_default();
        let (user, host) = rest.rsplit_once('@').unwrap_or(("", rest));
        let host = host.split(';').next().unwrap_or_default();
        let (host, port) = match host.strip_prefix('[') {
            Some(six) => {
                let (host, behind) = six.split_once(']')?;
                (host, behind.strip_prefix(':'))
            }
            None => match host.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (host, None),
            },
        };
        let port = port.map(str::parse).transpose().ok()?;
        let user = user.split([';', ':']).next().unwrap_or_default();
        (!host.is_empty()).then(|| Self { user: user.to_owned(), host: host.to_owned(), port, secure })
    }

    /// The number in the user part: its digits, where it is made of them, with a `+` or without, and of the dashes,
    /// dots and parentheses that people put between (RFC 3966 §3). The whole user part otherwise.
    pub(crate) fn number(&self) -> String {
        let plain: String =
            self.user.chars().filter(|character| !matches!(character, '-' | '.' | '(' | ')')).collect();
        let digits = plain.strip_prefix('+').unwrap_or(&plain);
        if !digits.is_empty() && digits.bytes().all(|octet| octet.is_ascii_digit()) {
            digits.to_owned()
        } else {
            self.user.clone()
        }
    }

    /// Where to send to, if the host is an address. Names are not looked up.
    pub(crate) fn socket_address(&self) -> Option<SocketAddr> {
        let ip: IpAddr = self.host.parse().ok()?;
        Some(SocketAddr::new(ip, self.port.unwrap_or(if self.secure { 5061 } else { 5060 })))
    }
}

/// What is between the angle brackets, or all of it before the parameters.
pub(crate) fn inner(text: &str) -> &str {
    if let Some((_, behind)) = text.split_once('<') {
        return behind.split('>').next().unwrap_or_default();
    }
    // What stands before the `@` may hold a semicolon of its own.
    let from = text.rfind('@').unwrap_or(0);
    let end = text[from..].find(';').map_or(text.len(), |at| from + at);
    text[..end].trim()
}

/// Seconds of the `expires` parameter of a Contact.
pub(crate) fn contact_expires(contact: &str) -> Option<u64> {
    parameter(contact, "expires")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, number, address) in [
            ("sip:+4930123901@127.0.0.1:5090;transport=udp", "4930123901", Some("127.0.0.1:5090")),
            ("\"A\" <sip:(030)12-3.9@127.0.0.1>;tag=x", "0301239", Some("127.0.0.1:5060")),
            ("<sips:acme-7@[::1]:9>", "acme-7", Some("[::1]:9")),
            ("sip:4930;phone-context=x@pbx.example", "4930", None),
            ("sip:127.0.0.1", "", Some("127.0.0.1:5060")),
        ] {
            let uri = Uri::parse(text).unwrap();
            assert_eq!(uri.number(), number, "{text}");
            assert_eq!(uri.socket_address(), address.map(|address| address.parse().unwrap()), "{text}");
        }
        for text in ["", "tel:+49", "sip:", "sip:a@", "sip:a@h:99999", "sip:a@[::1", "<>"] {
            assert_eq!(Uri::parse(text), None, "{text}");
        }
    }
}
