//! What may be asked of Muster: ports to the outside, and one file for each operation.
//!
//! Use cases load, let the domain decide, and save. They know no HTTP, no SQL and no wall clock.

pub mod card_keys;
pub mod catalog;
pub mod error;
mod locks;
pub mod passwords;
pub mod phone_numbers;
pub mod ports;
pub mod secrets;
mod services;
pub mod sim_program;
pub mod tracking;
pub mod usecases;

pub use error::{AppError, AppResult};
pub use services::{RouteRate, Services, Settings};
