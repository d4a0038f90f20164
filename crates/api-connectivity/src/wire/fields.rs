//! Members of a body, read by type. Unknown members are passed over; `null` counts as left out.

use super::{dates, words::Words};
use crate::call;
use muster_app::usecases::connectivity::{ConnectivityError, ConnectivityResult};
use muster_domain::time::UnixMillis;
use serde_json::{Map, Value};
use uuid::Uuid;

/// An object of a body.
pub(crate) struct Fields<'a>(&'a Map<String, Value>);

fn wrong(name: &str, rule: impl Into<String>) -> ConnectivityError {
    ConnectivityError::invalid(name, rule)
}

/// What a mandatory member holds.
pub(crate) fn required<T>(name: &str, read: ConnectivityResult<Option<T>>) -> ConnectivityResult<T> {
    read?.ok_or_else(|| wrong(name, "is required"))
}

impl<'a> Fields<'a> {
    pub(crate) fn new(members: &'a Map<String, Value>) -> Self {
        Self(members)
    }

    /// The member, unless it was left out.
    pub(crate) fn get(&self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// Whether the member was sent, with whatever value.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// All members.
    pub(crate) fn members(&self) -> &'a Map<String, Value> {
        self.0
    }

    pub(crate) fn text(&self, name: &str) -> ConnectivityResult<Option<&'a str>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(wrong(name, "a text")),
        }
    }

    /// A text that is there and not empty.
    pub(crate) fn required_text(&self, name: &str) -> ConnectivityResult<&'a str> {
        required(name, self.text(name).map(|text| text.filter(|text| !text.is_empty())))
    }

    /// A text that may be left out.
    pub(crate) fn optional_text(&self, name: &str) -> ConnectivityResult<String> {
        Ok(self.text(name)?.unwrap_or_default().to_owned())
    }

    pub(crate) fn flag(&self, name: &str) -> ConnectivityResult<Option<bool>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(wrong(name, "true or false")),
        }
    }

    pub(crate) fn whole(&self, name: &str) -> ConnectivityResult<Option<i64>> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => value.as_i64().map(Some).ok_or_else(|| wrong(name, "a whole number")),
        }
    }

    pub(crate) fn list(&self, name: &str) -> ConnectivityResult<Option<&'a [Value]>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Array(items)) => Ok(Some(items)),
            Some(_) => Err(wrong(name, "an array")),
        }
    }

    pub(crate) fn object(&self, name: &str) -> ConnectivityResult<Option<Fields<'a>>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Object(members)) => Ok(Some(Fields(members))),
            Some(_) => Err(wrong(name, "an object")),
        }
    }

    /// A word of an enumeration.
    pub(crate) fn word<T: Copy + PartialEq>(
        &self,
        name: &str,
        words: &Words<T>,
    ) -> ConnectivityResult<Option<T>> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => {
                let read = value.as_str().and_then(|word| words.read(word));
                read.map(Some).ok_or_else(|| wrong(name, format!("one of {}", words.all())))
            }
        }
    }

    pub(crate) fn date(&self, name: &str) -> ConnectivityResult<Option<UnixMillis>> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => {
                let read = value.as_str().and_then(dates::read);
                read.map(Some).ok_or_else(|| wrong(name, "a date YYYY-MM-DD HH:MM:SS"))
            }
        }
    }
}

/// A UUID of a body.
pub(crate) fn uuid(name: &str, value: &Value) -> ConnectivityResult<Uuid> {
    value.as_str().and_then(call::uuid).ok_or_else(|| wrong(name, "a UUID"))
}
