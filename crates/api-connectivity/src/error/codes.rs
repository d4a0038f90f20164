//! The contract's codes with their messages and HTTP statuses (§2.7). Numbers from 9001 up are of this project: where
//! the vendor's own lists are not public, an invented code must not be taken for one of theirs.

use axum::http::StatusCode;

/// A code with what goes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// `errorCode`.
    pub text: &'static str,
    /// `errorMessage`, or how it begins.
    pub message: &'static str,
    /// HTTP status.
    pub status: StatusCode,
}

const fn code(text: &'static str, message: &'static str, status: StatusCode) -> Code {
    Code { text, message, status }
}

/// The store does not answer, or too much is asked of the server at once.
pub const GLOBAL_1001: Code =
    code("GLOBAL_1001", "Service unavailable. Please try again", StatusCode::SERVICE_UNAVAILABLE);
/// No request of that id by the account.
pub const GLOBAL_1003: Code =
    code("GLOBAL_1003", "Provided request ID does not exist for your account", StatusCode::NOT_FOUND);
/// A parameter breaks a rule; its name follows.
pub const GLOBAL_9001: Code = code("GLOBAL_9001", "Invalid request parameter", StatusCode::BAD_REQUEST);
/// The body is no JSON object, or cannot be read.
pub const GLOBAL_9002: Code = code("GLOBAL_9002", "Malformed request body", StatusCode::BAD_REQUEST);
/// No such address.
pub const GLOBAL_9003: Code = code("GLOBAL_9003", "Unknown resource", StatusCode::NOT_FOUND);
/// The address does not take the method.
pub const GLOBAL_9004: Code = code("GLOBAL_9004", "Method not allowed", StatusCode::METHOD_NOT_ALLOWED);

/// No token, or one that is unknown or has expired.
pub const AUTH_9001: Code = code("AUTH_9001", "Authentication required", StatusCode::UNAUTHORIZED);
/// The requestor sees the object and may not do this to it.
pub const AUTH_9002: Code = code("AUTH_9002", "Operation not permitted", StatusCode::FORBIDDEN);
/// Wrong user name or password.
pub const AUTH_9003: Code = code("AUTH_9003", "Invalid credentials", StatusCode::UNAUTHORIZED);

/// No account of that id, or none that the requestor sees.
pub const CUSTOMER_1002: Code = code("CUSTOMER_1002", "Customer does not exist", StatusCode::NOT_FOUND);
/// The account is known and its data cannot be read.
pub const CUSTOMER_1006: Code =
    code("CUSTOMER_1006", "Failed to retrieve customer details", StatusCode::INTERNAL_SERVER_ERROR);
/// No campaign of that id, or none connected to the account.
pub const CUSTOMER_1037: Code = code("CUSTOMER_1037", "Campaign does not exist", StatusCode::NOT_FOUND);
/// No package of that id that the requestor may know of.
pub const CUSTOMER_1051: Code = code("CUSTOMER_1051", "Unknown package id.", StatusCode::NOT_FOUND);
/// A SIM has the package.
pub const CUSTOMER_1053: Code = code(
    "CUSTOMER_1053",
    "Package deletion failure. It is not allowed to delete a package in use by subscribers.",
    StatusCode::CONFLICT,
);
/// The account has another package of that name.
pub const CUSTOMER_9001: Code = code("CUSTOMER_9001", "Package name already exists", StatusCode::CONFLICT);
/// The package was attached once.
pub const CUSTOMER_9002: Code =
    code("CUSTOMER_9002", "Nested offers cannot be modified", StatusCode::CONFLICT);
/// No such offer in the account.
pub const CUSTOMER_9003: Code = code("CUSTOMER_9003", "Unknown offer id", StatusCode::NOT_FOUND);
/// No such template in the account.
pub const CUSTOMER_9004: Code =
    code("CUSTOMER_9004", "Campaign template does not exist", StatusCode::NOT_FOUND);
/// The campaign cannot do that in its status.
pub const CUSTOMER_9005: Code =
    code("CUSTOMER_9005", "Campaign status transition not allowed", StatusCode::CONFLICT);
/// No such direct sub-account.
pub const CUSTOMER_9006: Code = code("CUSTOMER_9006", "Unknown sub-account id", StatusCode::NOT_FOUND);

/// No SIM of that name, or none that the requestor sees.
pub const SUBSCRIBER_1002: Code = code("SUBSCRIBER_1002", "Subscriber does not exist", StatusCode::NOT_FOUND);
/// The SIM is known and its status could not be changed.
pub const SUBSCRIBER_1008: Code =
    code("SUBSCRIBER_1008", "Failed to update subscriber status", StatusCode::INTERNAL_SERVER_ERROR);
/// The SIM does not have the package.
pub const SUBSCRIBER_9001: Code = code("SUBSCRIBER_9001", "Package is not attached", StatusCode::CONFLICT);
/// The SIM has a package already.
pub const SUBSCRIBER_9002: Code =
    code("SUBSCRIBER_9002", "Another package is attached", StatusCode::CONFLICT);
/// The SIM takes part in the campaign already.
pub const SUBSCRIBER_9003: Code =
    code("SUBSCRIBER_9003", "Subscriber already participates", StatusCode::CONFLICT);
