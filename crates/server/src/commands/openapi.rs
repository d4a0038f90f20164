//! `muster openapi`: the reference of a face, generated from its code.

use crate::failure::{Failure, Outcome};
use crate::output::print;
use clap::{Args, ValueEnum};
use std::process::ExitCode;

/// Arguments of `muster openapi`.
#[derive(Debug, Args)]
pub struct Openapi {
    /// Which face to document
    #[arg(long, value_enum, default_value = "engagement")]
    face: Face,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Face {
    /// Campaigns, customers and events, for the clients' own systems
    Engagement,
    /// SIM campaigns, SIMs and packages, for the customers' own systems
    Connectivity,
    /// Call campaigns, result codes and contacts, for contact centres' own systems
    Dialler,
    /// Organizations, apps, campaigns and jobs, for authors and operators
    Management,
}

impl Openapi {
    /// Prints the document.
    pub fn run(self) -> Outcome<ExitCode> {
        print(&self.face.document()?);
        Ok(ExitCode::SUCCESS)
    }
}

impl Face {
    /// The document as JSON, with the line end that files have.
    fn document(self) -> Outcome<String> {
        let document = match self {
            Self::Engagement => muster_api_engagement::openapi(),
            Self::Connectivity => muster_api_connectivity::openapi(),
            Self::Dialler => muster_api_dialler::openapi(),
            Self::Management => muster_api_management::openapi(),
        };
        document
            .to_pretty_json()
            .map(|text| format!("{text}\n"))
            .map_err(|error| Failure::new("write the OpenAPI document as JSON", error))
    }
}

#[cfg(test)]
mod tests;
