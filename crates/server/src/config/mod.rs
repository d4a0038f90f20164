//! The settings of the server: one struct a section, filled from four layers.
//!
//! Later layers win: built-in defaults, the file, environment variables, command-line flags. A setting nobody
//! knows is refused by name in every layer, and so are settings that contradict each other, before anything is
//! opened. `config/default.toml` documents every setting and a test keeps it equal to the defaults.

mod contradictions;
mod environment;
mod layer;
mod secret;
mod sections;

pub use environment::variable_name;
pub use secret::Secret;
pub use sections::{Engagement, Engine, ErrorCodeCase, Log, LogFormat, Server, Store, Synchronous};

use clap::Args;
use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use layer::Layer;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Every setting.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How the server is reached and what it accepts.
    pub server: Server,
    /// Where everything that must survive is kept.
    pub store: Store,
    /// The engagement face.
    pub engagement: Engagement,
    /// Work that happens by itself.
    pub engine: Engine,
    /// What the server says about itself.
    pub log: Log,
}

/// Settings given on the command line; they win over every other layer.
#[derive(Debug, Clone, Default, Args)]
pub struct Overrides {
    /// File with settings; `config/default.toml` is the commented model
    #[arg(long, value_name = "FILE", env = "MUSTER_CONFIG")]
    pub config: Option<PathBuf>,
    /// Address and port to listen on
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// Folder of the embedded store
    #[arg(long, value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
}

/// Why the settings cannot be used. The message lists every fault found, one a line.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the settings cannot be used:\n  - {}", .faults.join("\n  - "))]
pub struct ConfigError {
    /// What is wrong and how to put it right, each naming its setting.
    pub faults: Vec<String>,
}

impl Config {
    /// Reads the settings of this process: file, environment variables and flags over the defaults.
    pub fn load(overrides: &Overrides) -> Result<Self, ConfigError> {
        Self::from_layers(overrides, std::env::vars_os())
    }

    /// Like [`Config::load`], with the environment handed in.
    pub fn from_layers(
        overrides: &Overrides,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(path) = &overrides.config {
            if !path.is_file() {
                return Err(ConfigError { faults: vec![format!("there is no file {}", path.display())] });
            }
            figment = figment.merge(Toml::file_exact(path));
        }
        let config: Self = figment
            .merge(environment::layer(environment)?)
            .merge(flags(overrides))
            .extract()
            .map_err(|error| layer::explain(&error))?;
        let faults = contradictions::find(&config);
        if faults.is_empty() { Ok(config) } else { Err(ConfigError { faults }) }
    }
}

fn flags(overrides: &Overrides) -> Layer {
    let mut layer = Layer::new("the command line");
    if let Some(listen) = overrides.listen {
        layer.set("server", "listen", listen.to_string());
    }
    if let Some(data_dir) = &overrides.data_dir {
        layer.set("store", "data_dir", data_dir.to_string_lossy().into_owned());
    }
    layer
}

#[cfg(test)]
mod tests;
