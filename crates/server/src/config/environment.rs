//! The environment variables that carry settings: `MUSTER_` + section + `__` + setting, in capitals.
//!
//! Two underscores part section and setting, so variables that a container platform sets for a service named
//! `muster` (`MUSTER_SERVICE_HOST`, `MUSTER_PORT`) are never taken for settings, while a mistyped setting is
//! still refused instead of being ignored.

use super::layer::Layer;
use super::{Config, ConfigError};
use figment::value::Value;
use std::ffi::OsString;

/// How the layer is called in messages.
pub(super) const SOURCE: &str = "environment";

const PREFIX: &str = "MUSTER_";
const SEPARATOR: &str = "__";

/// The variable that carries `section.setting`.
pub fn variable_name(section: &str, setting: &str) -> String {
    format!("{PREFIX}{}{SEPARATOR}{}", section.to_ascii_uppercase(), setting.to_ascii_uppercase())
}

/// Collects the settings among the variables.
pub(super) fn layer(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Result<Layer, ConfigError> {
    let known = serde_json::to_value(Config::default()).expect("the defaults are plain values");
    let mut layer = Layer::new(SOURCE);
    let mut faults = Vec::new();
    for (variable, value) in variables {
        let Some(variable) = variable.to_str() else { continue };
        let Some((section, setting)) =
            variable.strip_prefix(PREFIX).and_then(|name| name.split_once(SEPARATOR))
        else {
            continue;
        };
        let (section, setting) = (section.to_ascii_lowercase(), setting.to_ascii_lowercase());
        let Some(default) = known.get(&section).and_then(|settings| settings.get(&setting)) else {
            faults.push(format!("{SOURCE}: {variable} names no setting ({section}.{setting})"));
            continue;
        };
        let Ok(text) = value.into_string() else {
            faults.push(format!("{SOURCE}: {variable} is not valid UTF-8"));
            continue;
        };
        // Texts are taken as they are: a folder called `1` is not a number.
        if default.is_string() || default.is_null() {
            layer.set(&section, &setting, text);
        } else {
            let value: Value = text.parse().unwrap_or_else(|never| match never {});
            layer.set(&section, &setting, value);
        }
    }
    if faults.is_empty() { Ok(layer) } else { Err(ConfigError { faults }) }
}
