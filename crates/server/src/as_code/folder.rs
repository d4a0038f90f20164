//! The folder: `organization.yaml`, and one campaign a file in `campaigns/`. YAML and JSON are alike.

use crate::failure::{Failure, Outcome};
use muster_api_management::document::{CampaignDocument, DocumentError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// Names that the organization's file may have.
const ORGANIZATION_FILES: [&str; 3] = ["organization.yaml", "organization.yml", "organization.json"];
/// Where campaigns are.
pub(super) const CAMPAIGNS: &str = "campaigns";
/// Longest file that is read, in bytes: far more than the longest campaign that would be accepted.
const FILE_MAX_BYTES: u64 = 16 * 1024 * 1024;

/// What a folder says.
#[derive(Debug, Clone, PartialEq)]
pub struct Folder {
    /// The organization.
    pub organization: OrganizationDocument,
    /// Each campaign with the name of its file.
    pub campaigns: Vec<(String, CampaignDocument)>,
}

/// An organization in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrganizationDocument {
    /// Unique name; by it the organization is found again.
    pub name: String,
    /// IANA zone of calendar-day rules.
    #[serde(default = "utc")]
    pub time_zone: String,
    /// Whether divisions are in use.
    #[serde(default)]
    pub multi_org: bool,
    /// Scheme and host in front of emitted addresses; left out, the server's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_base_url: Option<String>,
    /// Its divisions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub divisions: Vec<DivisionDocument>,
}

fn utc() -> String {
    "UTC".to_owned()
}

/// A division in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DivisionDocument {
    /// Its identifier.
    pub id: String,
    /// Display name.
    pub name: String,
}

impl Folder {
    /// Reads a folder. Every fault names the file and the place in it.
    pub fn read(path: &Path) -> Outcome<Self> {
        let found: Vec<_> =
            ORGANIZATION_FILES.iter().map(|name| path.join(name)).filter(|file| file.is_file()).collect();
        let organization = match found.as_slice() {
            [file] => file,
            [] => {
                return Err(Failure::new(
                    format!("read the folder {}", path.display()),
                    "it holds no organization.yaml (or .yml, .json)",
                )
                .advise("`muster export` writes a folder to begin with"));
            }
            several => {
                return Err(Failure::new(
                    format!("read the folder {}", path.display()),
                    format!("it holds {} files for the organization; keep one", several.len()),
                ));
            }
        };
        let mut files = vec![(ORGANIZATION_FILES[0].to_owned(), read_file(organization)?)];
        let campaigns = path.join(CAMPAIGNS);
        if campaigns.is_dir() {
            let unreadable = |error| Failure::new(format!("list {}", campaigns.display()), error);
            for entry in fs::read_dir(&campaigns).map_err(unreadable)? {
                let file = entry.map_err(unreadable)?.path();
                if !file.is_file() || !is_document(&file) {
                    continue;
                }
                files.push((file.display().to_string(), read_file(&file)?));
            }
        }
        let texts: Vec<(&str, &str)> =
            files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        Self::parse(&texts)
    }

    /// Reads the texts of a folder: the organization first, then the campaigns, each with its file's name.
    pub fn parse(files: &[(&str, &str)]) -> Outcome<Self> {
        let Some(((name, text), campaigns)) = files.split_first() else {
            return Err(Failure::new("read a folder", "it is empty"));
        };
        let organization = parse(name, text)?;
        let mut campaigns: Vec<(String, CampaignDocument)> = campaigns
            .iter()
            .map(|(name, text)| Ok(((*name).to_owned(), parse(name, text)?)))
            .collect::<Outcome<_>>()?;
        // The order of a directory listing is nobody's intention.
        campaigns.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(Self { organization, campaigns })
    }
}

fn is_document(file: &Path) -> bool {
    let extension = file.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| ["yaml", "yml", "json"].contains(&extension))
}

fn read_file(file: &Path) -> Outcome<String> {
    let attempted = || format!("read {}", file.display());
    let size = fs::metadata(file).map_err(|error| Failure::new(attempted(), error))?.len();
    if size > FILE_MAX_BYTES {
        return Err(Failure::new(attempted(), format!("it is larger than {FILE_MAX_BYTES} bytes")));
    }
    fs::read_to_string(file).map_err(|error| Failure::new(attempted(), error))
}

/// Reads one document. JSON is YAML too, so both are read alike.
fn parse<T: DeserializeOwned>(name: &str, text: &str) -> Outcome<T> {
    let value: Value = serde_saphyr::from_str(text)
        .map_err(|error| Failure::new(format!("read {name}"), format!("it is not YAML: {error}")))?;
    serde_path_to_error::deserialize(value)
        .map_err(|error| Failure::new(format!("read {name}"), DocumentError::from(error)))
}
