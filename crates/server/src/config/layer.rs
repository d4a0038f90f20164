//! One source of settings, and what is said when a source is wrong.

use super::{ConfigError, environment};
use figment::error::Kind;
use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};

/// Settings by section and name, from one named source.
pub(super) struct Layer {
    source: &'static str,
    sections: Dict,
}

impl Layer {
    pub(super) fn new(source: &'static str) -> Self {
        Self { source, sections: Dict::new() }
    }

    /// Puts one setting.
    pub(super) fn set(&mut self, section: &str, setting: &str, value: impl Into<Value>) {
        let entry = self.sections.entry(section.to_owned()).or_insert_with(|| Value::from(Dict::new()));
        if let Value::Dict(_, settings) = entry {
            settings.insert(setting.to_owned(), value.into());
        }
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.source)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Map::from([(Profile::Default, self.sections.clone())]))
    }
}

/// Puts the fault into the words of the settings: which one, from where, and what would be right.
pub(super) fn explain(error: &figment::Error) -> ConfigError {
    let faults = error.clone().into_iter().map(|fault| {
        let source = fault.metadata.as_ref().map_or_else(
            || "the settings".to_owned(),
            |metadata| match &metadata.source {
                Some(figment::Source::File(path)) => path.display().to_string(),
                _ => metadata.name.clone().into_owned(),
            },
        );
        let name = fault.path.join(".");
        match &fault.kind {
            Kind::UnknownField(field, known) => {
                let (what, within) = match fault.path.as_slice() {
                    [] => ("section", String::new()),
                    [single] if single == field => ("section", String::new()),
                    [section, ..] => ("setting", format!("{section}.")),
                };
                format!("{source}: there is no {what} {within}{field}; known are {}", known.join(", "))
            }
            _ if name.is_empty() => format!("{source}: {}", fault.kind),
            kind => {
                let variable = match fault.path.as_slice() {
                    [section, setting] if source == environment::SOURCE => {
                        format!(" ({})", environment::variable_name(section, setting))
                    }
                    _ => String::new(),
                };
                format!("{source}: {name}{variable}: {kind}")
            }
        }
    });
    ConfigError { faults: faults.collect() }
}
