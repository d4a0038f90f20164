//! The engagement contract, row by row, through the real router over real stores.

mod c1_create;
mod c2_opt_in;
mod c3_list;
mod c4_progress;
mod c5_list_v2;
mod c6_c7_show;
mod c8_active;
mod c9_info;
mod common;
mod engine;
mod every_method;
mod n1_customers;
mod n2_attributes;
mod n3_events;
mod n5_tags;
mod n8_tracking;
mod openapi;
mod rows;
mod samples;
mod socket;
mod targeting_and_state;
