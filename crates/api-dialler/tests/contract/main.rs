//! The dialler contract, row by row, through the real router over real stores.

mod auth;
mod campaigns;
mod clone;
mod common;
mod contacts;
mod delete;
mod every_route;
mod import;
mod next;
mod openapi;
mod result_codes;
mod results;
mod routing;
mod rows;
mod selection;
mod start_stop;
