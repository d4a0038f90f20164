//! Many changes of one organization in one transaction: what campaigns-as-code applies.

use super::{AuthoringError, AuthoringResult, campaigns, commit, current, divisions};
use crate::catalog::OrganizationSnapshot;
use crate::ports::{CatalogWrite, Expected, ManagementToken, OrganizationCatalog};
use crate::{AppError, Services};
use muster_domain::campaign::Campaign;
use muster_domain::ids::CampaignId;
use muster_domain::organization::{App, Division, Organization};
use std::sync::Arc;

/// What shall be true of an organization.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The organization itself. A new one comes from [`super::organizations::prepare`].
    pub organization: Organization,
    /// The version of its configuration that the changes were planned against, which must still be in force; `None`
    /// for a new organization.
    pub planned: Option<u64>,
    /// Divisions to create or replace.
    pub divisions: Vec<Division>,
    /// Apps to create.
    pub apps: Vec<App>,
    /// Management tokens to add.
    pub tokens: Vec<ManagementToken>,
    /// What happens to campaigns.
    pub campaigns: Vec<CampaignChange>,
}

/// What happens to one campaign.
#[derive(Debug, Clone)]
pub enum CampaignChange {
    /// Creates it.
    Create(Box<Campaign>),
    /// Replaces the one of the same id.
    Replace(Box<Campaign>),
    /// Deletes it.
    Delete(CampaignId),
}

/// Applies everything or nothing.
pub async fn apply(services: &Services, batch: Batch) -> AuthoringResult<Arc<OrganizationSnapshot>> {
    let id = batch.organization.id;
    let _turn = services.authoring.lock().await;
    let mut before = match batch.planned {
        None => empty(batch.organization.clone()),
        Some(planned) => {
            let snapshot = current(services, id).await?;
            if snapshot.version != planned {
                return Err(AuthoringError::stale("organization"));
            }
            OrganizationSnapshot::compile(catalog_of(&snapshot))
        }
    };
    let mut writes: Vec<CatalogWrite> = batch.planned.map(CatalogWrite::IfVersion).into_iter().collect();
    writes.push(CatalogWrite::Organization(batch.organization));
    for division in batch.divisions {
        divisions::check(&division)?;
        // Campaigns of the same batch may belong to it.
        before.divisions.insert(division.id.clone(), division.clone());
        writes.push(CatalogWrite::Division(division));
    }
    writes.extend(batch.apps.into_iter().map(CatalogWrite::App));
    writes.extend(batch.tokens.into_iter().map(CatalogWrite::Token));
    // Deletions come first: they free names and permalinks.
    let (deletions, rest): (Vec<_>, Vec<_>) =
        batch.campaigns.into_iter().partition(|change| matches!(change, CampaignChange::Delete(_)));
    for change in deletions.into_iter().chain(rest) {
        writes.push(write_of(services, &before, change).await?);
    }
    commit(services, id, None, writes).await?;
    current(services, id).await
}

async fn write_of(
    services: &Services,
    before: &OrganizationSnapshot,
    change: CampaignChange,
) -> AuthoringResult<CatalogWrite> {
    let find = |id: CampaignId| before.campaign(id).ok_or(AppError::CampaignNotFound);
    Ok(match change {
        CampaignChange::Create(draft) => CatalogWrite::Campaign {
            campaign: Box::new(campaigns::prepare(services, before, *draft, None).await?),
            expected: Expected::Absent,
        },
        CampaignChange::Replace(draft) => {
            let stored = find(draft.id)?;
            let campaign = campaigns::prepare(services, before, *draft, Some(&stored.campaign)).await?;
            CatalogWrite::Campaign {
                campaign: Box::new(campaign),
                expected: Expected::Version(stored.version),
            }
        }
        CampaignChange::Delete(id) => {
            CatalogWrite::DeleteCampaign { id, expected: Expected::Version(find(id)?.version) }
        }
    })
}

fn empty(organization: Organization) -> OrganizationSnapshot {
    OrganizationSnapshot::compile(OrganizationCatalog {
        organization,
        version: 0,
        divisions: Vec::new(),
        apps: Vec::new(),
        campaigns: Vec::new(),
        models: Vec::new(),
    })
}

/// The parts of a snapshot that preparing campaigns looks at.
fn catalog_of(snapshot: &OrganizationSnapshot) -> OrganizationCatalog {
    OrganizationCatalog {
        organization: snapshot.organization.clone(),
        version: snapshot.version,
        divisions: snapshot.divisions.values().cloned().collect(),
        apps: snapshot.apps.clone(),
        campaigns: snapshot
            .campaigns
            .iter()
            .map(|entry| (Arc::clone(&entry.campaign), entry.version))
            .collect(),
        models: snapshot.models.clone(),
    }
}
