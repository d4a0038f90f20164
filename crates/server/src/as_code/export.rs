//! Writes what the store holds as a folder: planning it again shows no change.

use super::folder::{CAMPAIGNS, DivisionDocument, OrganizationDocument};
use crate::failure::{Failure, Outcome};
use muster_api_management::document::CampaignDocument;
use muster_app::catalog::OrganizationSnapshot;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Longest file name made from a permalink, in characters.
const NAME_MAX_CHARS: usize = 80;

/// Writes the folder, which must be empty or not exist, and says which files it wrote.
pub fn export(snapshot: &OrganizationSnapshot, folder: &Path) -> Outcome<Vec<PathBuf>> {
    let failed =
        |error: std::io::Error| Failure::new(format!("write the folder {}", folder.display()), error);
    let campaigns = folder.join(CAMPAIGNS);
    fs::create_dir_all(&campaigns).map_err(failed)?;
    for place in [folder, &campaigns] {
        for entry in fs::read_dir(place).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path != campaigns {
                return Err(Failure::new(
                    format!("write the folder {}", folder.display()),
                    format!("{} is there already", path.display()),
                )
                .advise(
                    "name an empty folder; files of campaigns that no longer exist would be left behind",
                ));
            }
        }
    }
    let mut written = Vec::new();
    let file = folder.join("organization.yaml");
    write(&file, &organization_document(snapshot))?;
    written.push(file);
    let mut names = BTreeSet::new();
    for entry in &snapshot.campaigns {
        let campaign = &entry.campaign;
        let mut name = file_name(&campaign.permalink);
        if !names.insert(name.clone()) {
            name = format!("{name}-{}", campaign.id);
            names.insert(name.clone());
        }
        let file = campaigns.join(format!("{name}.yaml"));
        write(&file, &CampaignDocument::of(campaign))?;
        written.push(file);
    }
    Ok(written)
}

/// The organization as a document.
pub(super) fn organization_document(snapshot: &OrganizationSnapshot) -> OrganizationDocument {
    let organization = &snapshot.organization;
    let mut divisions: Vec<_> = snapshot
        .divisions
        .values()
        .map(|division| DivisionDocument { id: division.id.0.clone(), name: division.name.clone() })
        .collect();
    divisions.sort_by(|a, b| a.id.cmp(&b.id));
    OrganizationDocument {
        name: organization.name.clone(),
        time_zone: organization.time_zone.clone(),
        multi_org: organization.multi_org,
        public_base_url: organization.public_base_url.clone(),
        divisions,
    }
}

fn write(file: &Path, document: &impl Serialize) -> Outcome<()> {
    let text = serde_saphyr::to_string(document)
        .map_err(|error| Failure::new(format!("write {} as YAML", file.display()), error))?;
    fs::write(file, text).map_err(|error| Failure::new(format!("write {}", file.display()), error))
}

/// A permalink as a file name that every system takes.
fn file_name(permalink: &str) -> String {
    let name: String = permalink
        .chars()
        .take(NAME_MAX_CHARS)
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c.to_ascii_lowercase() } else { '-' })
        .collect();
    if name.chars().any(|c| c.is_ascii_alphanumeric()) { name } else { "campaign".to_owned() }
}
