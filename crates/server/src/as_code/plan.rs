//! The difference between what a folder says and what the store holds, and how to close it.

use super::diff::{Difference, differences};
use super::folder::{DivisionDocument, Folder, OrganizationDocument};
use crate::failure::{Failure, Outcome};
use muster_api_management::document::CampaignDocument;
use muster_app::Services;
use muster_app::catalog::OrganizationSnapshot;
use muster_app::usecases::authoring::batch::{self, Batch, CampaignChange};
use muster_app::usecases::authoring::campaigns::preview;
use muster_app::usecases::authoring::organizations::{self, OrganizationDraft};
use muster_domain::campaign::Campaign;
use muster_domain::ids::{CampaignId, DivisionId};
use muster_domain::organization::{Division, Organization};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// What becomes of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is made.
    Create,
    /// It is changed.
    Update,
    /// It stays as it is.
    Keep,
    /// It is deleted.
    Delete,
    /// The folder does not mention it, and nothing is done about that.
    Ignore,
}

/// What becomes of one campaign.
#[derive(Debug)]
pub struct CampaignPlan {
    /// Its name.
    pub name: String,
    /// What becomes of it.
    pub fate: Fate,
    /// Field by field.
    pub differences: Vec<Difference>,
    change: Option<CampaignChange>,
}

/// What a folder would change.
#[derive(Debug)]
pub struct Plan {
    /// The organization's name.
    pub organization: String,
    /// What becomes of the organization itself.
    pub fate: Fate,
    /// Field by field, divisions included.
    pub differences: Vec<Difference>,
    /// The campaigns, those of the folder first.
    pub campaigns: Vec<CampaignPlan>,
    draft: OrganizationDraft,
    stored: Option<Arc<OrganizationSnapshot>>,
    divisions: Vec<Division>,
}

impl Plan {
    /// Compares. Whatever applying would refuse for the folder's own sake is refused here. With `prune`, campaigns
    /// that the folder does not mention are deleted.
    pub fn make(services: &Services, folder: &Folder, prune: bool) -> Outcome<Self> {
        let document = &folder.organization;
        let attempted = |error: &dyn fmt::Display| {
            Failure::new(format!("plan the organization {:?}", document.name), error)
        };
        let draft = draft_of(document);
        draft.check().map_err(|error| attempted(&error))?;
        let organizations = services.catalog.organizations();
        let stored =
            organizations.iter().find(|snapshot| snapshot.organization.name == document.name).map(Arc::clone);
        let before = stored.as_ref().map(|stored| to_value(&document_of(stored, document)));
        let found = differences(&before.unwrap_or(Value::Null), &to_value(document));
        let fate = match (&stored, found.is_empty()) {
            (None, _) => Fate::Create,
            (Some(_), false) => Fate::Update,
            (Some(_), true) => Fate::Keep,
        };
        let mut plan = Self {
            organization: document.name.clone(),
            fate,
            differences: if stored.is_some() { found } else { Vec::new() },
            campaigns: Vec::new(),
            draft,
            divisions: document.divisions.iter().map(division).collect(),
            stored,
        };
        plan.add_campaigns(services, folder)?;
        plan.add_unmentioned(prune);
        Ok(plan)
    }

    fn add_campaigns(&mut self, services: &Services, folder: &Folder) -> Outcome<()> {
        let now = services.clock.now();
        let mut used: BTreeSet<CampaignId> = BTreeSet::new();
        for (file, document) in &folder.campaigns {
            let stored = self.stored.as_deref().and_then(|stored| find(stored, document));
            if let Some(stored) = stored
                && !used.insert(stored.id)
            {
                return Err(Failure::new(
                    format!("plan {file}"),
                    format!("another file means campaign {} too", stored.id),
                ));
            }
            let refused = |error: &dyn fmt::Display| Failure::new(format!("plan {file}"), error);
            let draft = document.read_settled(stored, now).map_err(|error| refused(&error))?;
            let draft = preview(draft, stored, now).map_err(|error| refused(&error))?;
            let after = to_value(&CampaignDocument::of(&draft));
            let before = stored.map(|stored| to_value(&CampaignDocument::of(stored)));
            let found = before.map(|before| differences(&before, &after));
            let (fate, found, change) = match (stored, found) {
                (Some(_), Some(found)) if found.is_empty() => (Fate::Keep, found, None),
                (Some(_), Some(found)) => {
                    (Fate::Update, found, Some(CampaignChange::Replace(Box::new(draft))))
                }
                _ => (Fate::Create, Vec::new(), Some(CampaignChange::Create(Box::new(draft)))),
            };
            let name = document.name.clone();
            self.campaigns.push(CampaignPlan { name, fate, differences: found, change });
        }
        self.refuse_twins()
    }

    fn refuse_twins(&self) -> Outcome<()> {
        let mut names = BTreeSet::new();
        for campaign in &self.campaigns {
            if !names.insert(campaign.name.as_str()) {
                return Err(Failure::new(
                    format!("plan the organization {:?}", self.organization),
                    format!("two files hold a campaign named {:?}", campaign.name),
                ));
            }
        }
        Ok(())
    }

    fn add_unmentioned(&mut self, prune: bool) {
        let Some(stored) = &self.stored else { return };
        let replaced: BTreeSet<CampaignId> = self
            .campaigns
            .iter()
            .filter_map(|campaign| match &campaign.change {
                Some(CampaignChange::Replace(draft)) => Some(draft.id),
                _ => None,
            })
            .collect();
        let kept: BTreeSet<&str> = self
            .campaigns
            .iter()
            .filter(|campaign| campaign.fate == Fate::Keep)
            .map(|campaign| campaign.name.as_str())
            .collect();
        let unmentioned: Vec<_> = stored
            .campaigns
            .iter()
            .map(|entry| &entry.campaign)
            .filter(|campaign| !replaced.contains(&campaign.id) && !kept.contains(campaign.name.as_str()))
            .map(|campaign| CampaignPlan {
                name: campaign.name.clone(),
                fate: if prune { Fate::Delete } else { Fate::Ignore },
                differences: Vec::new(),
                change: prune.then_some(CampaignChange::Delete(campaign.id)),
            })
            .collect();
        self.campaigns.extend(unmentioned);
    }

    /// Whether applying it would change anything.
    pub fn has_changes(&self) -> bool {
        self.fate != Fate::Keep || self.campaigns.iter().any(|campaign| campaign.change.is_some())
    }

    /// Carries it out in one transaction. Refused when the organization has been changed since the plan was made.
    pub async fn apply(self, services: &Services) -> Outcome<Arc<OrganizationSnapshot>> {
        let name = self.organization.clone();
        let refused =
            |error: &dyn fmt::Display| Failure::new(format!("apply to the organization {name:?}"), error);
        let batch = self.into_batch(services).await.map_err(|error| refused(&error))?;
        batch::apply(services, batch).await.map_err(|error| refused(&error))
    }

    /// The changes as one batch.
    pub async fn into_batch(
        self,
        services: &Services,
    ) -> Result<Batch, muster_app::usecases::authoring::AuthoringError> {
        let (organization, planned) = match &self.stored {
            None => (organizations::prepare(services, self.draft).await?, None),
            Some(stored) => {
                let organization = Organization {
                    multi_org: self.draft.multi_org,
                    time_zone: self.draft.time_zone,
                    public_base_url: self.draft.public_base_url,
                    ..stored.organization.clone()
                };
                (organization, Some(stored.version))
            }
        };
        Ok(Batch {
            organization,
            planned,
            divisions: self.divisions,
            apps: Vec::new(),
            tokens: Vec::new(),
            campaigns: self.campaigns.into_iter().filter_map(|campaign| campaign.change).collect(),
        })
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_line(f, self.fate, "organization", &self.organization, &self.differences)?;
        for campaign in &self.campaigns {
            write_line(f, campaign.fate, "campaign", &campaign.name, &campaign.differences)?;
        }
        let count = |fate| {
            let own = usize::from(self.fate == fate);
            own + self.campaigns.iter().filter(|campaign| campaign.fate == fate).count()
        };
        writeln!(
            f,
            "{} to create, {} to update, {} to delete, {} unchanged",
            count(Fate::Create),
            count(Fate::Update),
            count(Fate::Delete),
            count(Fate::Keep)
        )?;
        match count(Fate::Ignore) {
            0 => Ok(()),
            ignored => writeln!(
                f,
                "{ignored} not in the folder and left alone; --prune deletes what is not in the folder"
            ),
        }
    }
}

fn write_line(
    f: &mut fmt::Formatter<'_>,
    fate: Fate,
    what: &str,
    name: &str,
    differences: &[Difference],
) -> fmt::Result {
    let verb = match fate {
        Fate::Create => "create",
        Fate::Update => "update",
        Fate::Keep => "keep  ",
        Fate::Delete => "delete",
        Fate::Ignore => "ignore",
    };
    writeln!(f, "{verb}  {what} {name:?}")?;
    differences.iter().try_for_each(|difference| writeln!(f, "          {difference}"))
}

fn draft_of(document: &OrganizationDocument) -> OrganizationDraft {
    OrganizationDraft {
        name: document.name.clone(),
        multi_org: document.multi_org,
        time_zone: document.time_zone.clone(),
        public_base_url: document.public_base_url.clone(),
    }
}

fn division(document: &DivisionDocument) -> Division {
    Division { id: DivisionId(document.id.clone()), name: document.name.clone() }
}

/// The stored organization as a document. Divisions that the folder does not mention are left out: they may hold
/// campaigns and are never deleted.
fn document_of(stored: &OrganizationSnapshot, wanted: &OrganizationDocument) -> OrganizationDocument {
    let mut document = super::export::organization_document(stored);
    let order = |id: &str| wanted.divisions.iter().position(|division| division.id == id);
    document.divisions.retain(|division| order(&division.id).is_some());
    document.divisions.sort_by_key(|division| order(&division.id));
    document
}

/// The stored campaign that a document means: by id, else by permalink, else by name.
fn find<'a>(stored: &'a OrganizationSnapshot, document: &CampaignDocument) -> Option<&'a Campaign> {
    let found = match document.id {
        Some(id) => stored.campaign(CampaignId(id)),
        None => document
            .permalink
            .as_deref()
            .and_then(|permalink| stored.campaign_by_permalink(permalink))
            .or_else(|| stored.campaigns.iter().find(|entry| entry.campaign.name == document.name)),
    };
    found.map(|entry| &*entry.campaign)
}

fn to_value(document: &impl Serialize) -> Value {
    // Documents are plain data; one that cannot be written as JSON would differ from everything and be seen.
    serde_json::to_value(document).unwrap_or_default()
}
