//! Query parameters that several methods share.

use crate::call::Call;
use crate::error::Fault;
use muster_app::AppError;
use muster_domain::ids::DivisionId;

/// `division_ids`: `None` if it was not sent or sent blank. A nested or unclosed name is malformed.
pub(crate) fn division_ids(call: &Call) -> Result<Option<Vec<DivisionId>>, Fault> {
    const NAME: &str = "division_ids";
    let plain = |name: &str| {
        let Some(index) = name.strip_prefix(NAME) else { return true };
        let Some(index) = index.strip_prefix('[') else { return true };
        index.strip_suffix(']').is_some_and(|index| index.bytes().all(|byte| byte.is_ascii_digit()))
    };
    if let Some((name, _)) = call.query.pairs().find(|(name, _)| !plain(name)) {
        return Err(AppError::invalid(format!("{name:.40} is not a list of division ids")).into());
    }
    let listed = call.query.list(NAME).filter(|ids| !ids.is_empty());
    Ok(listed.map(|ids| ids.into_iter().map(|id| DivisionId(id.to_owned())).collect()))
}

/// `locale`: `None` if it was not sent or sent blank.
pub(crate) fn locale(call: &Call) -> Option<&str> {
    call.query.get("locale").filter(|locale| !locale.is_empty())
}
