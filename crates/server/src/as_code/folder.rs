//! The folder: `organization.yaml`, and one campaign a file in `campaigns/`. YAML and JSON are alike.

use crate::failure::{Failure, Outcome};
use muster_api_management::document::{CampaignDocument, DocumentError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_saphyr::budget::BudgetBreach;
use std::fs;
use std::path::Path;
use std::thread;

/// Names that the organization's file may have.
const ORGANIZATION_FILES: [&str; 3] = ["organization.yaml", "organization.yml", "organization.json"];
/// Where campaigns are.
pub(super) const CAMPAIGNS: &str = "campaigns";
/// Longest file that is read, in bytes: far more than the longest campaign that would be accepted.
const FILE_MAX_BYTES: u64 = 16 * 1024 * 1024;
/// Deepest nesting of a file. Targeting goes 64 levels deep (T9) and metadata as deep as JSON is read, 128 levels; the
/// document around them needs less than ten more.
const MAX_DEPTH: usize = 192;
/// Stack for reading a file, in bytes: reading recurses, and unoptimised builds take 20 KiB a level.
const STACK_BYTES: usize = 32 * 1024 * 1024;
/// Longest key of a file, in characters; YAML itself stops at 1024, but metadata may hold longer ones.
const KEY_MAX_CHARS: usize = 1024 * 1024;
/// Most values in a file: one for every four bytes of the longest.
const MAX_NODES: usize = 4 * 1024 * 1024;

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

/// Reads the document in a file, YAML or JSON.
pub(crate) fn read_document<T: DeserializeOwned>(file: &Path) -> Outcome<T> {
    parse(&file.display().to_string(), &read_file(file)?)
}

/// Reads one document. JSON is YAML too, so both are read alike.
fn parse<T: DeserializeOwned>(name: &str, text: &str) -> Outcome<T> {
    let attempted = || format!("read {name}");
    let value = thread::scope(|scope| {
        let read = || serde_saphyr::from_str_with_options::<Value>(text, limits());
        let reader = thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, read);
        let reader = reader.map_err(|error| Failure::new(attempted(), error))?;
        let read = reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        read.map_err(|error| Failure::new(attempted(), unreadable(&error)))
    })?;
    serde_path_to_error::deserialize(value)
        .map_err(|error| Failure::new(attempted(), DocumentError::from(error)))
}

/// Whatever can be exported can be read again; what no export holds, such as piled-up aliases, stays bounded.
fn limits() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            // Out of the way, so that the depth is what gets reported.
            flow_nesting_limit: 4 * MAX_DEPTH,
            simple_key_max_lookahead: KEY_MAX_CHARS,
            max_nodes: MAX_NODES,
            // Each value is at most a start and an end.
            max_events: 2 * MAX_NODES,
        },
    }
}

fn unreadable(error: &serde_saphyr::Error) -> String {
    match error.without_snippet() {
        serde_saphyr::Error::Budget { breach: BudgetBreach::Depth { .. }, .. } => {
            format!("it is nested more than {MAX_DEPTH} levels deep")
        }
        serde_saphyr::Error::Budget { breach, .. } => {
            format!("it holds more than is read of a file: {breach:?}")
        }
        _ => format!("it is not YAML: {error}"),
    }
}
