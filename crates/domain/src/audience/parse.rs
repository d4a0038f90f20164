//! From JSON to a query, or to the reason and the place of the first mistake.

use super::dates::{self, DateOperand, Relative, Span};
use super::error::{Reason, TargetingError};
use super::field::Field;
use super::limits;
use super::query::{Clause, Operand, Operator, Query, Relation, Test, Wording};
use serde_json::{Map, Value};
use std::fmt::Write as _;
use std::sync::Arc;

const QUERY_OPERATORS: &str = "$and, $or, $nor, $not";
const FIELD_OPERATORS: &str = "$eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $not, $exists, $all, $between";
const EVENT_OPERATORS: &str = "$count, $within, $not";

/// Parses a query. An error carries the path, never a position.
pub(super) fn query(source: &Value) -> Result<Query, Failure> {
    let mut parser = Parser { path: Vec::new() };
    match limits::check(source).and_then(|()| parser.query(source)) {
        Ok(query) => Ok(query),
        Err(reason) => {
            Err(Failure { reason, path: parser.path.iter().map(|segment| segment.owned()).collect() })
        }
    }
}

/// What is wrong, and where.
pub(super) struct Failure {
    pub(super) reason: Reason,
    pub(super) path: Vec<OwnedSegment>,
}

/// One step of a path into JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum OwnedSegment {
    Key(String),
    Index(usize),
}

impl From<Failure> for TargetingError {
    fn from(failure: Failure) -> Self {
        let path = render(failure.path.iter().map(|segment| match segment {
            OwnedSegment::Key(key) => Segment::Key(key),
            OwnedSegment::Index(index) => Segment::Index(*index),
        }));
        Self { reason: failure.reason, path, position: None }
    }
}

#[derive(Clone, Copy)]
enum Segment<'a> {
    Key(&'a str),
    Index(usize),
}

impl Segment<'_> {
    fn owned(self) -> OwnedSegment {
        match self {
            Self::Key(key) => OwnedSegment::Key(key.to_owned()),
            Self::Index(index) => OwnedSegment::Index(index),
        }
    }
}

fn render<'a>(path: impl Iterator<Item = Segment<'a>>) -> String {
    let mut rendered = String::new();
    for segment in path {
        match segment {
            Segment::Key(key) => {
                if !rendered.is_empty() {
                    rendered.push('.');
                }
                rendered.push_str(key);
            }
            // Writing to a string cannot fail.
            Segment::Index(index) => drop(write!(rendered, "[{index}]")),
        }
    }
    rendered
}

struct Parser<'a> {
    /// Where the parser stands. On an error it is left standing there.
    path: Vec<Segment<'a>>,
}

impl<'a> Parser<'a> {
    fn at<T>(
        &mut self,
        segment: Segment<'a>,
        parse: impl FnOnce(&mut Self) -> Result<T, Reason>,
    ) -> Result<T, Reason> {
        self.path.push(segment);
        let parsed = parse(self)?;
        self.path.pop();
        Ok(parsed)
    }

    fn query(&mut self, value: &'a Value) -> Result<Query, Reason> {
        let map = object(value)?;
        let mut all = Vec::with_capacity(map.len());
        for (key, value) in map {
            all.push(self.at(Segment::Key(key), |parser| match key.as_str() {
                "$and" => parser.queries("$and", value).map(Query::All),
                "$or" => parser.queries("$or", value).map(Query::Any),
                "$nor" => parser.queries("$nor", value).map(Query::None),
                "$not" if object(value)?.is_empty() => Err(Reason::EmptyOperators),
                "$not" => parser.query(value).map(|query| Query::Not(Box::new(query))),
                _ if key.starts_with('$') => {
                    Err(Reason::UnknownOperator { name: key.clone(), known: QUERY_OPERATORS })
                }
                _ => parser.field(key, value),
            })?);
        }
        Ok(one_or_all(all))
    }

    fn queries(&mut self, operator: &'static str, value: &'a Value) -> Result<Box<[Query]>, Reason> {
        let items = non_empty_array(operator, value)?;
        let parse = |(index, item)| self.at(Segment::Index(index), |parser| parser.query(item));
        items.iter().enumerate().map(parse).collect()
    }

    fn field(&mut self, path: &'a str, value: &'a Value) -> Result<Query, Reason> {
        let attribute = path
            .strip_prefix("user.")
            .filter(|attribute| !attribute.is_empty())
            .ok_or_else(|| Reason::OutsideUser(path.to_owned()))?;
        if let Some(event) = attribute.strip_prefix("events.") {
            if event.is_empty() {
                return Err(Reason::EventNameMissing);
            }
            return self.events(path, event, value);
        }
        self.comparison(path, &Field::resolve(attribute), value)
    }

    /// A literal or an operator object.
    fn comparison(&mut self, path: &'a str, field: &Field, value: &'a Value) -> Result<Query, Reason> {
        match value {
            Value::Object(operators) => self.operators(path, field, operators),
            literal => {
                let test = Test::Equals(operand(field, literal)?);
                Ok(self.clause(path, field, Operator::Eq, literal, test, false))
            }
        }
    }

    fn operators(
        &mut self,
        path: &'a str,
        field: &Field,
        operators: &'a Map<String, Value>,
    ) -> Result<Query, Reason> {
        if operators.is_empty() {
            return Err(Reason::EmptyOperators);
        }
        let mut all = Vec::with_capacity(operators.len());
        for (key, value) in operators {
            all.push(self.at(Segment::Key(key), |parser| {
                if key == "$not" {
                    let negated = parser.operators(path, field, object(value)?)?;
                    return Ok(Query::Not(Box::new(negated)));
                }
                parser.operator(path, field, key, value)
            })?);
        }
        Ok(one_or_all(all))
    }

    fn operator(
        &mut self,
        path: &'a str,
        field: &Field,
        name: &str,
        value: &'a Value,
    ) -> Result<Query, Reason> {
        let ordered = |operator: &'static str| match field {
            Field::Set(_) => Err(Reason::OrderOnSet { operator }),
            _ => Ok(()),
        };
        let order = |operator: Operator, relation| {
            ordered(operator.as_str())?;
            Ok((operator, Test::Order(relation, operand(field, value)?), false))
        };
        let (operator, test, negated) = match name {
            "$eq" => (Operator::Eq, Test::Equals(operand(field, value)?), false),
            "$ne" => (Operator::Ne, Test::Equals(operand(field, value)?), true),
            "$gt" => order(Operator::Gt, Relation::Greater)?,
            "$gte" => order(Operator::Gte, Relation::GreaterOrEqual)?,
            "$lt" => order(Operator::Lt, Relation::Less)?,
            "$lte" => order(Operator::Lte, Relation::LessOrEqual)?,
            "$in" => {
                (Operator::In, Test::OneOf(self.operands("$in", field, value)?.into_iter().collect()), false)
            }
            "$nin" => {
                (Operator::Nin, Test::OneOf(self.operands("$nin", field, value)?.into_iter().collect()), true)
            }
            "$all" => {
                non_empty_array("$all", value)?;
                (Operator::All, Test::AllOf(self.operands("$all", field, value)?.into()), false)
            }
            "$between" => {
                ordered("$between")?;
                (Operator::Between, self.between(field, value)?, false)
            }
            "$exists" => {
                let expected =
                    value.as_bool().ok_or_else(|| Reason::BooleanExpected { found: type_name(value) })?;
                (Operator::Exists, Test::Exists(expected), false)
            }
            _ if name.starts_with('$') => {
                return Err(Reason::UnknownOperator { name: name.to_owned(), known: FIELD_OPERATORS });
            }
            _ => return Err(Reason::NotAnOperator(name.to_owned())),
        };
        Ok(self.clause(path, field, operator, value, test, negated))
    }

    fn operands(
        &mut self,
        operator: &'static str,
        field: &Field,
        value: &'a Value,
    ) -> Result<Vec<Operand>, Reason> {
        let parse = |(index, item)| self.at(Segment::Index(index), |_| operand(field, item));
        array(operator, value)?.iter().enumerate().map(parse).collect()
    }

    fn between(&mut self, field: &Field, value: &'a Value) -> Result<Test, Reason> {
        let bounds = self.operands("$between", field, value)?;
        let [low, high] =
            <[Operand; 2]>::try_from(bounds).map_err(|bounds| Reason::BoundsExpected(bounds.len()))?;
        let reversed = match (&low, &high) {
            (Operand::Bool(low), Operand::Bool(high)) => low > high,
            (Operand::Number(low), Operand::Number(high)) => low > high,
            (Operand::Text(low), Operand::Text(high)) => low > high,
            (Operand::Date(DateOperand::Absolute(low)), Operand::Date(DateOperand::Absolute(high))) => {
                low.start >= high.end
            }
            _ => false,
        };
        if reversed { Err(Reason::BoundsReversed) } else { Ok(Test::Between(low, high)) }
    }

    fn events(&mut self, path: &'a str, event: &str, value: &'a Value) -> Result<Query, Reason> {
        let operators = object(value)?;
        if operators.is_empty() {
            return Err(Reason::EmptyOperators);
        }
        if let Some(unknown) =
            operators.keys().find(|key| !["$count", "$within", "$not"].contains(&key.as_str()))
        {
            self.path.push(Segment::Key(unknown));
            return Err(Reason::UnknownOperator { name: unknown.clone(), known: EVENT_OPERATORS });
        }
        let within = operators
            .get("$within")
            .map(|value| self.at(Segment::Key("$within"), |_| span(value)))
            .transpose()?;
        if within.is_some() && !operators.contains_key("$count") {
            return Err(Reason::CountMissing);
        }
        let mut all = Vec::with_capacity(operators.len());
        for (key, value) in operators {
            match key.as_str() {
                "$count" => {
                    let field = Field::Events(event.into(), within);
                    all.push(self.at(Segment::Key(key), |parser| parser.comparison(path, &field, value))?);
                }
                "$not" => all.push(self.at(Segment::Key(key), |parser| {
                    parser.events(path, event, value).map(|query| Query::Not(Box::new(query)))
                })?),
                _ => {}
            }
        }
        Ok(one_or_all(all))
    }

    fn clause(
        &self,
        field_name: &str,
        field: &Field,
        operator: Operator,
        operand: &Value,
        test: Test,
        negated: bool,
    ) -> Query {
        let wording = Wording {
            path: render(self.path.iter().copied()).into(),
            field: field_name.into(),
            operator,
            operand: operand.clone(),
        };
        Query::Clause(Arc::new(Clause { field: field.clone(), test, negated, wording: Box::new(wording) }))
    }
}

fn one_or_all(mut queries: Vec<Query>) -> Query {
    if queries.len() == 1 { queries.swap_remove(0) } else { Query::All(queries.into()) }
}

fn operand(field: &Field, value: &Value) -> Result<Operand, Reason> {
    match value {
        Value::Null => Err(Reason::NullOperand),
        Value::Bool(value) => Ok(Operand::Bool(*value)),
        Value::Number(number) => Ok(Operand::Number(crate::number::Number::from_json(number))),
        Value::String(text) if field.is_date() => {
            DateOperand::parse(text).map(Operand::Date).ok_or_else(|| Reason::BadDate(text.clone()))
        }
        Value::String(text) => Ok(Operand::Text(text.as_str().into())),
        Value::Object(map) => {
            let mut entries = map.iter();
            match (entries.next(), entries.next()) {
                (Some((key, value)), None) if key == "$date" => date(value, |text| {
                    dates::parse_literal(text)
                        .map(DateOperand::Absolute)
                        .ok_or(Reason::BadDate(text.to_owned()))
                }),
                (Some((key, value)), None) if key == "$relative" => date(value, |text| {
                    Relative::parse(text)
                        .map(DateOperand::Relative)
                        .ok_or(Reason::BadRelative(text.to_owned()))
                }),
                _ => Err(Reason::LiteralExpected { found: type_name(value) }),
            }
        }
        Value::Array(_) => Err(Reason::LiteralExpected { found: type_name(value) }),
    }
}

fn date(value: &Value, parse: impl Fn(&str) -> Result<DateOperand, Reason>) -> Result<Operand, Reason> {
    match value {
        Value::String(text) => parse(text).map(Operand::Date),
        Value::Null => Err(Reason::NullOperand),
        other => parse(type_name(other)).map(Operand::Date),
    }
}

fn span(value: &Value) -> Result<Span, Reason> {
    match value {
        Value::String(text) => Span::parse(text).ok_or_else(|| Reason::BadSpan(text.clone())),
        Value::Null => Err(Reason::NullOperand),
        other => Err(Reason::BadSpan(type_name(other).to_owned())),
    }
}

fn object(value: &Value) -> Result<&Map<String, Value>, Reason> {
    value.as_object().ok_or_else(|| match value {
        Value::Null => Reason::NullOperand,
        other => Reason::ObjectExpected { found: type_name(other) },
    })
}

fn array<'a>(operator: &'static str, value: &'a Value) -> Result<&'a [Value], Reason> {
    match value {
        Value::Array(items) => Ok(items),
        Value::Null => Err(Reason::NullOperand),
        other => Err(Reason::ArrayExpected { operator, found: type_name(other) }),
    }
}

fn non_empty_array<'a>(operator: &'static str, value: &'a Value) -> Result<&'a [Value], Reason> {
    let items = array(operator, value)?;
    if items.is_empty() { Err(Reason::EmptyArray(operator)) } else { Ok(items) }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
