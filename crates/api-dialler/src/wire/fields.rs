//! Members of a body, read by type. Unknown members are passed over.

use super::dates;
use muster_app::usecases::dialler::{DiallerError, DiallerResult};
use muster_domain::time::UnixMillis;
use serde_json::{Map, Value};

/// An object of a body.
pub(crate) struct Fields<'a> {
    members: &'a Map<String, Value>,
    /// What errors put in front of names, as `ActiveTimes[0].`.
    prefix: String,
}

#[expect(clippy::option_option, reason = "left out, `null` and a value are three things in a change")]
impl<'a> Fields<'a> {
    pub(crate) fn new(members: &'a Map<String, Value>) -> Self {
        Self { members, prefix: String::new() }
    }

    /// An error about a member.
    pub(crate) fn wrong(&self, name: &str, rule: &str) -> DiallerError {
        DiallerError::invalid(format!("{}{name}", self.prefix), rule)
    }

    /// What a mandatory member holds.
    pub(crate) fn required<T>(&self, name: &str, value: Option<T>) -> DiallerResult<T> {
        value.ok_or_else(|| DiallerError::missing(format!("{}{name}", self.prefix)))
    }

    /// The member, whether or not it is `null`.
    fn sent(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name)
    }

    /// A member that can be unset: `Some(None)` is `null`, `None` is not there.
    fn nullable<T>(
        &self,
        name: &str,
        rule: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> DiallerResult<Option<Option<T>>> {
        match self.sent(name) {
            None => Ok(None),
            Some(Value::Null) => Ok(Some(None)),
            Some(value) => read(value).map(|value| Some(Some(value))).ok_or_else(|| self.wrong(name, rule)),
        }
    }

    pub(crate) fn nullable_text(&self, name: &str) -> DiallerResult<Option<Option<String>>> {
        self.nullable(name, "a text", |value| value.as_str().map(str::to_owned))
    }

    pub(crate) fn nullable_flag(&self, name: &str) -> DiallerResult<Option<Option<bool>>> {
        self.nullable(name, "true or false", Value::as_bool)
    }

    pub(crate) fn nullable_whole<T: TryFrom<i64>>(&self, name: &str) -> DiallerResult<Option<Option<T>>> {
        self.nullable(name, "a whole number in range", |value| T::try_from(value.as_i64()?).ok())
    }

    pub(crate) fn nullable_date(&self, name: &str) -> DiallerResult<Option<Option<UnixMillis>>> {
        let rule = "a date YYYY-MM-DDTHH:mm:ss.SSS in UTC";
        self.nullable(name, rule, |value| value.as_str().and_then(dates::read))
    }

    pub(crate) fn nullable_number(&self, name: &str) -> DiallerResult<Option<Option<serde_json::Number>>> {
        self.nullable(name, "a number", |value| value.as_number().cloned())
    }

    /// A text; `null` counts as left out.
    pub(crate) fn text(&self, name: &str) -> DiallerResult<Option<String>> {
        Ok(self.nullable_text(name)?.flatten())
    }

    /// A text that is there and not empty.
    pub(crate) fn required_text(&self, name: &str) -> DiallerResult<String> {
        let text = self.text(name)?.filter(|text| !text.is_empty());
        self.required(name, text)
    }

    /// A switch; `null` counts as left out.
    pub(crate) fn flag(&self, name: &str) -> DiallerResult<Option<bool>> {
        Ok(self.nullable_flag(name)?.flatten())
    }

    /// A whole number; `null` counts as left out.
    pub(crate) fn whole<T: TryFrom<i64>>(&self, name: &str) -> DiallerResult<Option<T>> {
        Ok(self.nullable_whole(name)?.flatten())
    }

    /// A date; `null` counts as left out.
    pub(crate) fn date(&self, name: &str) -> DiallerResult<Option<UnixMillis>> {
        Ok(self.nullable_date(name)?.flatten())
    }

    /// What one of a few values stands for; `null` counts as left out.
    pub(crate) fn one_of<T>(
        &self,
        name: &str,
        rule: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> DiallerResult<Option<T>> {
        Ok(self.nullable(name, rule, read)?.flatten())
    }

    /// An object; `null` counts as left out.
    pub(crate) fn object(&self, name: &str) -> DiallerResult<Option<Fields<'a>>> {
        match self.sent(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(members)) => {
                Ok(Some(Fields { members, prefix: format!("{}{name}.", self.prefix) }))
            }
            Some(_) => Err(self.wrong(name, "an object")),
        }
    }

    /// A list of objects; `null` counts as left out.
    pub(crate) fn objects<T>(
        &self,
        name: &str,
        read: impl Fn(&Fields<'a>) -> DiallerResult<T>,
    ) -> DiallerResult<Option<Vec<T>>> {
        let items = match self.sent(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Array(items)) => items,
            Some(_) => return Err(self.wrong(name, "an array")),
        };
        let entry = |(place, item): (usize, &'a Value)| match item {
            Value::Object(members) => {
                read(&Fields { members, prefix: format!("{}{name}[{place}].", self.prefix) })
            }
            _ => Err(self.wrong(&format!("{name}[{place}]"), "an object")),
        };
        items.iter().enumerate().map(entry).collect::<DiallerResult<Vec<T>>>().map(Some)
    }
}
