//! Customers over real stores: creating, changing, deleting, importing, tokens, tags, models.

mod imports;
mod life;
mod models;
mod world;

use world::{World, on_both_stores};
