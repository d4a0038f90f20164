//! One file an operation.

pub mod authoring;
pub mod campaign_info;
pub mod change_customer;
pub mod client_tokens;
pub mod connectivity;
pub mod create_campaign;
pub mod customers;
pub mod decide;
pub mod dialler;
pub mod explain;
pub mod ingest;
pub mod opt_in;
pub mod render_creative;
pub mod select;
pub mod tags;
pub mod track;
