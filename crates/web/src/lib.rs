//! What every HTTP face needs and none should write twice: credentials, bodies, query strings, paging, and the
//! guard that stands in front of the handlers with limits, request ids, spans and metrics.
//!
//! Nothing here knows an envelope. Where this crate refuses a request it says so by type, and the face turns the
//! refusal into an answer of its own contract.

pub mod body;
pub mod credentials;
pub mod guard;
pub mod json;
pub mod metrics;
pub mod paging;
pub mod query;
pub mod request_id;

pub use body::{BodyError, Payload, read_body};
pub use credentials::{Credentials, CredentialsError, Secret};
pub use guard::{Guard, Limits, Refusal};
pub use paging::{Paging, PagingError};
pub use query::{Query, QueryError, QueryString};
pub use request_id::RequestId;
