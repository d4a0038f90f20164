//! The headline benchmarks: what they share. Each benchmark is a binary of this package and prints a table with
//! ratios against a named peer that ran in the same minute on the same machine.

pub mod bare_postgres;
pub mod claims;
pub mod fixture;
pub mod generator;
pub mod journal;
pub mod load;
pub mod process;
pub mod stopwatch;
pub mod table;
