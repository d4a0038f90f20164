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
pub use sections::{
    Calls, Engagement, Engine, ErrorCodeCase, Log, LogFormat, Server, Sim, Store, Synchronous,
};

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
    /// SIM campaigns.
    pub sim: Sim,
    /// Call campaigns.
    pub calls: Calls,
    /// What the server says about itself.
    pub log: Log,
}

/// Settings given on the command line; they win over every other layer.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// File with settings.
    pub config: Option<PathBuf>,
    /// `server.listen`.
    pub listen: Option<SocketAddr>,
    /// `server.public_base_url`.
    pub public_base_url: Option<String>,
    /// `server.tls_certificate`.
    pub tls_certificate: Option<PathBuf>,
    /// `server.tls_key`.
    pub tls_key: Option<PathBuf>,
    /// `store.data_dir`.
    pub data_dir: Option<PathBuf>,
    /// `store.database_url`.
    pub database_url: Option<Secret>,
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
    let path = |path: &PathBuf| path.to_string_lossy().into_owned();
    let given = [
        ("server", "listen", overrides.listen.map(|address| address.to_string())),
        ("server", "public_base_url", overrides.public_base_url.clone()),
        ("server", "tls_certificate", overrides.tls_certificate.as_ref().map(path)),
        ("server", "tls_key", overrides.tls_key.as_ref().map(path)),
        ("store", "data_dir", overrides.data_dir.as_ref().map(path)),
        ("store", "database_url", overrides.database_url.as_ref().map(|url| url.reveal().to_owned())),
    ];
    let mut layer = Layer::new("the command line");
    for (section, setting, value) in given {
        if let Some(value) = value {
            layer.set(section, setting, value);
        }
    }
    layer
}

#[cfg(test)]
mod tests;
