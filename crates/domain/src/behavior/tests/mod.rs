//! The rules of §2.10 and §2.11, by table and by property.

mod fixtures;
mod rules;
