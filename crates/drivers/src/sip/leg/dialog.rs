//! A dialog (RFC 3261 §12) in which we sent the INVITE.

use crate::sip::stack::{Stack, Way};
use crate::sip::wire;
use rsipstack::sip::{Header, Method, Request, Response, Uri};

/// Our side of a dialog.
#[derive(Debug, Clone)]
pub(super) struct Local {
    pub(super) call_id: String,
    /// The value of From, with our tag.
    pub(super) from: String,
    pub(super) tag: String,
    /// The value of Contact.
    pub(super) contact: String,
}

/// A dialog that an answer has made.
#[derive(Debug, Clone)]
pub(super) struct Dialog {
    pub(super) local: Local,
    /// The value of To, with the far side's tag.
    to: String,
    /// The far side's tag.
    pub(super) tag: String,
    target: Uri,
    routes: Vec<String>,
    /// Number of our last request.
    sequence: u32,
    /// Number of the far side's last request.
    far_sequence: Option<u32>,
    way: Way,
}

/// Number in CSeq.
pub(super) fn sequence(request: &Request) -> Option<u32> {
    wire::value(&request.headers, "CSeq")?.split_ascii_whitespace().next()?.parse().ok()
}

impl Dialog {
    /// The dialog that a 2xx to this INVITE has made. Without a Contact in the answer the INVITE's own target stands
    /// in: enough to end what cannot be used.
    pub(super) fn new(local: &Local, invite: &Request, response: &Response, way: &Way) -> Self {
        let to = wire::value(&response.headers, "To").unwrap_or_default().to_owned();
        let contact = wire::values(&response.headers, "Contact").flat_map(wire::entries).find_map(wire::uri);
        let mut routes: Vec<String> = wire::values(&response.headers, "Record-Route")
            .flat_map(wire::entries)
            .filter(|route| wire::uri(route).is_some())
            .map(str::to_owned)
            .collect();
        routes.reverse();
        Self {
            local: local.clone(),
            tag: wire::parameter(&to, "tag").unwrap_or_default().to_owned(),
            to,
            target: contact.unwrap_or_else(|| invite.uri.clone()),
            routes,
            sequence: sequence(invite).unwrap_or(1),
            far_sequence: None,
            way: way.clone(),
        }
    }

    /// Whether this is a newer request than the last one (RFC 3261 §12.2.2); remembers it.
    pub(super) fn follows(&mut self, request: &Request) -> bool {
        let Some(sequence) = sequence(request) else { return false };
        let follows = self.far_sequence.is_none_or(|last| sequence > last);
        if follows {
            self.far_sequence = Some(sequence);
        }
        follows
    }

    /// The far side moved (RFC 3261 §12.2: target refresh).
    pub(super) fn refresh_target(&mut self, contact: Option<&str>) {
        if let Some(uri) = contact.and_then(|contact| wire::entries(contact).into_iter().find_map(wire::uri))
        {
            self.target = uri;
        }
    }

    /// The next request of ours within it, and the way it goes.
    pub(super) async fn request(
        &mut self,
        stack: &Stack,
        method: Method,
        more: Vec<Header>,
    ) -> (Request, Way) {
        self.sequence += 1;
        let hop =
            self.routes.first().and_then(|route| wire::uri(route)).unwrap_or_else(|| self.target.clone());
        let way = stack.way_within(&hop, &self.way).await;
        let mut headers = vec![
            Header::Via(stack.via(&way).into()),
            Header::MaxForwards(70.into()),
            Header::From(self.local.from.as_str().into()),
            Header::To(self.to.as_str().into()),
            Header::CallId(self.local.call_id.as_str().into()),
            Header::CSeq(format!("{} {method}", self.sequence).into()),
            Header::UserAgent("Muster".into()),
        ];
        headers.extend(self.routes.iter().map(|route| Header::Route(route.as_str().into())));
        headers.extend(more);
        (wire::request(method, self.target.clone(), headers), way)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_the_far_side_go_up() {
        let invite = Request::try_from("INVITE sip:a@b SIP/2.0\r\nCSeq: 2 INVITE\r\n\r\n").unwrap();
        assert_eq!(sequence(&invite), Some(2));
        let none = Request::try_from("INVITE sip:a@b SIP/2.0\r\nCSeq: x\r\n\r\n").unwrap();
        assert_eq!(sequence(&none), None);
    }
}
