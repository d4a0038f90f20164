//! The rules of §2.10 and §2.11, by table and by property.

mod admission;
mod composite;
mod days;
mod definitions;
mod fixtures;
mod keys;
mod late;
mod matching;
mod properties;
mod reference;
mod rules;
