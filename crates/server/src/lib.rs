//! The server: settings, commands and the assembly of every part into one process.

pub mod config;
