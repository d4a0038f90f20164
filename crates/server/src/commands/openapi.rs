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
}

impl Openapi {
    /// Prints the document as JSON, with the line end that files have.
    pub fn run(self) -> Outcome<ExitCode> {
        let document = match self.face {
            Face::Engagement => muster_api_engagement::openapi(),
        };
        let text = document
            .to_pretty_json()
            .map_err(|error| Failure::new("write the OpenAPI document as JSON", error))?;
        print(&format!("{text}\n"));
        Ok(ExitCode::SUCCESS)
    }
}
