//! Writes the INVITE of a call.

use super::dial::{Plan, Target};
use super::dialog::Local;
use crate::sip::hub::Hub;
use crate::sip::sdp::Ours;
use crate::sip::settings::{CodecName, IdentityHeader, TrunkAuth};
use crate::sip::stack::{Credentials, Way};
use crate::sip::trunk::{Line, Trunk};
use crate::sip::wire::{self, ALLOWED};
use rsipstack::sip::{Header, Method, Request, Transport, Uri};
use rsipstack::transaction::random_text;
use std::str::FromStr as _;

/// A datagram that is longer may be cut into pieces on its way and lost (RFC 3261 §18.1.1).
pub(super) const LONGEST_DATAGRAM: usize = 1300;

/// An INVITE, and what has to be remembered of it.
pub(super) struct Invite {
    pub(super) request: Request,
    pub(super) local: Local,
    pub(super) ours: Ours,
    pub(super) way: Way,
    pub(super) credentials: Option<Credentials>,
}

/// Host and port for a URI; an IPv6 address goes into brackets.
fn bracketed(host: &str) -> String {
    if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() }
}

fn parameter_of(transport: Transport) -> &'static str {
    match transport {
        Transport::Tcp => ";transport=tcp",
        Transport::Tls => ";transport=tls",
        _ => "",
    }
}

/// `from`, `to`, the request's URI, and headers that only this kind of call has.
struct Addresses {
    uri: Uri,
    to: String,
    from: String,
    contact_user: String,
    more: Vec<Header>,
    codecs: Vec<CodecName>,
    credentials: Option<Credentials>,
}

fn for_trunk(trunk: &Trunk, to: &str, caller_id: Option<&str>, way: &Way) -> Result<Addresses, String> {
    let settings = &trunk.settings;
    let (host, port) = settings.proxy_parts().ok_or("the trunk's proxy is no host and port")?;
    let host = bracketed(host);
    let domain = settings.domain.as_deref().map_or_else(|| host.clone(), bracketed);
    let number = settings.number_format.write(to);
    let shown = settings.number_format.write(caller_id.unwrap_or(&settings.main_number));
    let uri = format!("sip:{number}@{host}:{port}{}", parameter_of(way.transport()));
    let identity = format!("<sip:{shown}@{domain}>");
    let mut more = Vec::new();
    for header in &settings.identity {
        more.push(match header {
            IdentityHeader::Asserted => Header::PAssertedIdentity(identity.as_str().into()),
            IdentityHeader::Preferred => Header::PPreferredIdentity(identity.as_str().into()),
        });
    }
    Ok(Addresses {
        uri: Uri::from_str(&uri).map_err(|error| error.to_string())?,
        to: format!("<sip:{number}@{host}>"),
        from: identity,
        contact_user: if settings.auth == TrunkAuth::Register {
            settings.username.clone()
        } else {
            "muster".to_owned()
        },
        more,
        codecs: settings.codecs.clone(),
        credentials: credentials(trunk),
    })
}

/// Who we are to a trunk.
pub(crate) fn credentials(trunk: &Trunk) -> Option<Credentials> {
    if trunk.settings.auth == TrunkAuth::None {
        return None;
    }
    let password = trunk.settings.password.clone()?;
    Some(Credentials { username: trunk.settings.username.clone(), password })
}

/// Writes the INVITE. `line`: the trunk's, where a trunk is called. `round`: which trunk in succession this is.
pub(super) fn write(
    hub: &Hub,
    plan: &Plan,
    line: Option<&Line>,
    way: &Way,
    session: u64,
    port: u16,
    round: u32,
) -> Result<Invite, String> {
    let Addresses { uri, to, from, contact_user, more, codecs, credentials } = match (&plan.target, line) {
        (Target::Number { to, caller_id, .. }, Some(line)) => {
            for_trunk(line.trunk(), to, caller_id.as_deref(), way)?
        }
        (Target::Number { .. }, None) => return Err("a number is called without a trunk".to_owned()),
        (Target::Phone { binding, username }, _) => Addresses {
            uri: binding.contact.clone(),
            to: format!("<sip:{username}@{}>", bracketed(&hub.stack.advertised.ip().to_string())),
            from: format!("\"Muster\" <sip:muster@{}>", hub.stack.advertised),
            contact_user: "muster".to_owned(),
            // Asks the phone to answer by itself.
            more: vec![Header::CallInfo(format!("<sip:{}>;answer-after=0", hub.stack.advertised).into())],
            codecs: vec![CodecName::Pcma, CodecName::Pcmu],
            credentials: None,
        },
    };
    let host = bracketed(&hub.stack.advertised.ip().to_string());
    let call_id = match round {
        0 => format!("{}@{host}", plan.call_id),
        // Another trunk may send to the same place; its call must not be taken for the first one.
        _ => format!("{}.{round}@{host}", plan.call_id),
    };
    let tag = random_text(16);
    let ours = Ours { address: hub.stack.advertised.ip(), port, session, version: 1, codecs };
    let local = Local {
        call_id,
        from: format!("{from};tag={tag}"),
        tag,
        contact: hub.stack.contact(&contact_user, way),
    };
    let mut headers = vec![
        Header::Via(hub.stack.via(way).into()),
        Header::MaxForwards(70.into()),
        Header::From(local.from.as_str().into()),
        Header::To(to.as_str().into()),
        Header::CallId(local.call_id.as_str().into()),
        Header::CSeq("1 INVITE".into()),
        Header::Contact(local.contact.as_str().into()),
        Header::ContentType("application/sdp".into()),
        Header::Allow(ALLOWED.into()),
        Header::UserAgent("Muster".into()),
    ];
    headers.extend(more);
    let timers = &hub.settings.timers;
    if timers.session_expires_s != 0 {
        headers.push(Header::Supported("timer".into()));
        headers.push(Header::SessionExpires(timers.session_expires_s.to_string().into()));
        headers.push(Header::MinSE(timers.min_session_expires_s.to_string().into()));
    }
    let mut request = wire::request(Method::Invite, uri, headers);
    request.body = ours.offer().into_bytes();
    Ok(Invite { request, local, ours, way: way.clone(), credentials })
}

/// Leaves out what a call does not need, until the request fits into a datagram; `false` where it does not.
pub(super) fn trim(request: &mut Request) -> bool {
    type Dispensable = fn(&Header) -> bool;
    // What matters least goes first.
    let dispensable: [Dispensable; 4] = [
        |header| matches!(header, Header::UserAgent(_)),
        |header| matches!(header, Header::Allow(_)),
        |header| matches!(header, Header::SessionExpires(_) | Header::MinSE(_) | Header::Supported(_)),
        |header| matches!(header, Header::PPreferredIdentity(_)),
    ];
    for drop in dispensable {
        if length(request) <= LONGEST_DATAGRAM {
            break;
        }
        request.headers.retain(|header| !drop(header));
    }
    length(request) <= LONGEST_DATAGRAM
}

/// Octets on the wire. Content-Length is only written when the request is sent.
pub(super) fn length(request: &Request) -> usize {
    request.to_bytes().len() + "Content-Length: 9999\r\n".len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_request_loses_what_matters_least() {
        let write = |user: usize| {
            let uri = Uri::from_str("sip:+4930@127.0.0.1:5060").unwrap();
            let headers = vec![
                Header::From(format!("<sip:{}@h>;tag=1", "1".repeat(user)).into()),
                Header::UserAgent("Muster".into()),
                Header::Allow(ALLOWED.into()),
                Header::Supported("timer".into()),
                Header::SessionExpires("1800".into()),
            ];
            wire::request(Method::Invite, uri, headers)
        };
        let names = |request: &Request| {
            request.headers.iter().map(|header| header.name().to_owned()).collect::<Vec<_>>()
        };
        let mut short = write(100);
        assert!(trim(&mut short));
        assert_eq!(short, write(100), "what fits stays as it is");
        let mut long = write(1150);
        assert!(length(&long) > LONGEST_DATAGRAM);
        assert!(trim(&mut long));
        assert_eq!(names(&long), ["From", "Supported", "Session-Expires"]);
        let mut longer = write(1400);
        assert!(!trim(&mut longer));
        assert_eq!(names(&longer), ["From"]);
    }
}
