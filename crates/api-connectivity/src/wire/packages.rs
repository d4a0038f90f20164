//! Packages as they are read and written.

use super::fields::{Fields, uuid};
use muster_app::usecases::connectivity::{ConnectivityError, ConnectivityResult};
use muster_domain::ids::{AccountId, TariffId};
use muster_domain::tariff::{Eligibility, Package};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// Every direct sub-account, also those to come.
const ALL: &str = "ALL";

/// A package as whoever may use it sees it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Package)]
pub(crate) struct PackageRow {
    #[schema(example = "e7fcef24-5c03-41dd-9e33-995b7d6f47a7")]
    id: Uuid,
    #[schema(example = "roaming")]
    name: String,
    /// Empty if there is none.
    #[schema(example = "roaming bundle")]
    description: String,
    /// In order of consumption.
    nested_offers: Vec<Uuid>,
}

impl From<Package> for PackageRow {
    fn from(package: Package) -> Self {
        Self {
            id: package.id.0,
            name: package.name,
            description: package.description.unwrap_or_default(),
            nested_offers: package.nested_offers.into_iter().map(|id| id.0).collect(),
        }
    }
}

/// A package as its creator sees it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CreatedPackage)]
pub(crate) struct CreatedPackageRow {
    #[serde(flatten)]
    package: PackageRow,
    /// Sub-customers that may attach it themselves: their ids, none, or `ALL` alone.
    #[schema(example = json!(["ff74dca6-8e7f-4b85-a42b-13860913b370"]))]
    eligible_sub_account_ids: Vec<String>,
    /// Whether it was attached to any SIM, ever. Its offers cannot change from then on.
    is_ever_used: bool,
}

impl From<Package> for CreatedPackageRow {
    fn from(package: Package) -> Self {
        let eligible_sub_account_ids = match &package.eligibility {
            Eligibility::All => vec![ALL.to_owned()],
            Eligibility::These(ids) => ids.iter().map(ToString::to_string).collect(),
        };
        let is_ever_used = package.is_ever_used;
        Self { package: package.into(), eligible_sub_account_ids, is_ever_used }
    }
}

/// `nestedOffers` of a body; empty if it holds nothing.
pub(crate) fn nested_offers(body: &Fields<'_>) -> ConnectivityResult<Vec<TariffId>> {
    const NAME: &str = "nestedOffers";
    match body.get(NAME) {
        None => Ok(Vec::new()),
        Some(Value::String(text)) if text.is_empty() => Ok(Vec::new()),
        Some(Value::Array(ids)) => ids.iter().map(|id| uuid(NAME, id).map(TariffId)).collect(),
        Some(_) => Err(ConnectivityError::invalid(NAME, "an array of UUIDs")),
    }
}

/// `eligibleSubAccountIds` of a body: an array of UUIDs, `ALL` alone or in an array, or nothing (Q5).
pub(crate) fn eligibility(body: &Fields<'_>) -> ConnectivityResult<Eligibility> {
    const NAME: &str = "eligibleSubAccountIds";
    let wrong = || ConnectivityError::invalid(NAME, "an array of UUIDs, or ALL alone");
    match body.get(NAME) {
        None => Ok(Eligibility::These(Vec::new())),
        Some(Value::String(text)) if text.is_empty() => Ok(Eligibility::These(Vec::new())),
        Some(Value::String(text)) if text == ALL => Ok(Eligibility::All),
        Some(Value::Array(ids)) if matches!(ids.as_slice(), [Value::String(only)] if only == ALL) => {
            Ok(Eligibility::All)
        }
        Some(Value::Array(ids)) => {
            let mut read: Vec<AccountId> = Vec::with_capacity(ids.len());
            for id in ids {
                let id = AccountId(uuid(NAME, id).map_err(|_| wrong())?);
                if !read.contains(&id) {
                    read.push(id);
                }
            }
            Ok(Eligibility::These(read))
        }
        Some(_) => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn q5_eligibility_is_read_in_every_spelling() {
        let one = "ff74dca6-8e7f-4b85-a42b-13860913b370";
        let these = |ids: &[&str]| {
            Eligibility::These(ids.iter().map(|id| AccountId(id.parse().expect("a UUID"))).collect())
        };
        let table = [
            (json!(""), Some(these(&[]))),
            (json!([]), Some(these(&[]))),
            (json!(null), Some(these(&[]))),
            (json!("ALL"), Some(Eligibility::All)),
            (json!(["ALL"]), Some(Eligibility::All)),
            (json!([one]), Some(these(&[one]))),
            (json!([one, one]), Some(these(&[one]))),
            (json!(["ALL", one]), None),
            (json!([one, "ALL"]), None),
            (json!("all"), None),
            (json!(one), None),
            (json!([7]), None),
            (json!(true), None),
        ];
        for (value, expected) in table {
            let body = json!({ "eligibleSubAccountIds": value });
            let read = eligibility(&Fields::new(body.as_object().expect("an object")));
            assert_eq!(read.ok(), expected, "{body}");
        }
    }
}
