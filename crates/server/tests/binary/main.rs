//! Tests of the real binary, each with a process and a store of its own.

mod apps;
mod as_code;
mod call_campaigns;
mod call_kill;
mod common;
mod connections;
mod contact_imports;
mod demo;
mod imports;
mod kill;
mod nodes;
mod ota;
mod replay;
mod requests;
mod scene;
mod sim;
mod sim_campaigns;
mod sim_imports;
mod sim_kill;
mod start;
