//! Bodies of bulk calls (§2.6): up to 200 entries of which all are done, or none.

use super::fields::{Fields, required};
use muster_app::usecases::connectivity::{ConnectivityError, ConnectivityResult, EntryFault, SimIdentifier};
use serde_json::{Map, Value};

/// Most entries of a call.
pub(crate) const BULK_MAX: usize = 200;

/// Which names of SIMs an operation takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Identifiers {
    /// `ICCID`, `IMSI`, `MSISDN` and `IMEI`.
    OfSims,
    /// Those, and `IMEISV`.
    OfSimsOrDevices,
}

/// Reads each entry with `read`. Entries that cannot be read are told, all of them.
pub(crate) fn entries<T>(
    body: &Fields<'_>,
    name: impl Fn(&Fields<'_>) -> String,
    read: impl Fn(&Fields<'_>) -> ConnectivityResult<T>,
) -> ConnectivityResult<Vec<T>> {
    let nodes = required("bulk", body.list("bulk"))?;
    if nodes.is_empty() || nodes.len() > BULK_MAX {
        return Err(ConnectivityError::invalid("bulk", format!("1 to {BULK_MAX} entries")));
    }
    let (mut values, mut faults) = (Vec::with_capacity(nodes.len()), Vec::new());
    for (place, node) in nodes.iter().enumerate() {
        let Value::Object(node) = node else {
            let error = ConnectivityError::invalid("bulk", "an array of objects");
            faults.push(EntryFault { place, name: "entry".to_owned(), error });
            continue;
        };
        let node = Fields::new(node);
        match read(&node) {
            Ok(value) => values.push(value),
            Err(error) => faults.push(EntryFault { place, name: name(&node), error }),
        }
    }
    if faults.is_empty() { Ok(values) } else { Err(ConnectivityError::Bulk(faults)) }
}

/// Reads entries that name a SIM in `subscriberIdentifiers`, and have a `content` if the operation needs one.
pub(crate) fn of_sims<T>(
    body: &Fields<'_>,
    identifiers: Identifiers,
    read: impl Fn(&Fields<'_>) -> ConnectivityResult<T>,
) -> ConnectivityResult<Vec<(SimIdentifier, T)>> {
    let none = Map::new();
    entries(body, named, |node| {
        let identifier = identifier(node, identifiers)?;
        let content = node.object("content")?;
        let value = read(&content.unwrap_or(Fields::new(&none)))?;
        Ok((identifier, value))
    })
}

fn identifier(node: &Fields<'_>, identifiers: Identifiers) -> ConnectivityResult<SimIdentifier> {
    let named = required("subscriberIdentifiers", node.object("subscriberIdentifiers"))?;
    let kind = named.required_text("type")?;
    let value = named.required_text("value")?;
    let known = SimIdentifier::parse(kind, value).filter(|identifier| {
        identifiers == Identifiers::OfSimsOrDevices || matches!(identifier, SimIdentifier::Name(_))
    });
    known.ok_or_else(|| {
        let rule = match identifiers {
            Identifiers::OfSims => "one of ICCID, IMSI, MSISDN, IMEI",
            Identifiers::OfSimsOrDevices => "one of ICCID, IMSI, MSISDN, IMEI, IMEISV",
        };
        ConnectivityError::invalid("type", rule)
    })
}

/// What an entry names, for messages, as far as it can be read.
fn named(node: &Fields<'_>) -> String {
    let read = || {
        let named = node.object("subscriberIdentifiers").ok()??;
        Some(format!("{} {}", named.text("type").ok()??, named.text("value").ok()??))
    };
    read().map_or_else(|| "entry".to_owned(), |name| short(&name))
}

/// At most so much of what a caller sent is sent back.
pub(crate) fn short(text: &str) -> String {
    text.chars().take(64).collect()
}
