//! The engagement contract, row by row, through the real router over real stores.

mod c1_create;
mod common;
