//! The server: settings, commands and the assembly of every part into one process.

pub mod as_code;
mod card_key;
pub mod cli;
pub mod commands;
pub mod config;
pub mod demo;
pub mod failure;
pub mod logging;
pub mod open_files;
pub mod output;
pub mod serve;
pub mod services;
pub mod store;
