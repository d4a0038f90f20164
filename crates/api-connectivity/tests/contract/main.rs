//! The connectivity contract, row by row, through the real router over real stores.

mod bulk;
mod campaigns;
mod common;
mod control;
mod created_packages;
mod customers;
mod every_route;
mod offers_and_templates;
mod openapi;
mod packages;
mod paging;
mod participants;
mod rows;
mod sims;
mod tokens_and_requests;
