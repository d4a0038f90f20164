//! Tokens (§4.1).

use crate::call::{Access, Call};
use crate::envelope::{self, Ack, Answer};
use crate::error::codes;
use crate::face::Face;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(super) fn mount(face: Face) -> Face {
    face.route::<__path_sign_in, _, _>(Access::Anyone, &[codes::AUTH_9003, codes::GLOBAL_9001], sign_in)
}

/// A user's credentials.
#[derive(Deserialize, ToSchema)]
#[expect(
    dead_code,
    reason = "only its schema is used; bodies are read member by member to name what is wrong"
)]
struct SignIn {
    #[schema(example = "demo-parent")]
    username: String,
    password: String,
}

/// A token.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Token)]
struct TokenRow {
    /// For the header `Authorization: Bearer`.
    token: String,
    /// Seconds that it is valid.
    #[schema(example = 3600)]
    expires_in: u32,
}

/// Gives a token for a user name and a password.
#[utoipa::path(post, path = "/api/v2/auth/token", operation_id = "sign_in", tag = "Access",
    request_body = SignIn, responses((status = 200, body = Ack<TokenRow>)))]
async fn sign_in(call: Call) -> Answer {
    let (username, password) = call.read(|body| {
        Ok((body.required_text("username")?.to_owned(), body.required_text("password")?.to_owned()))
    })?;
    let given = muster_app::usecases::connectivity::sign_in(call.services(), &username, &password).await?;
    envelope::one(TokenRow { token: given.token, expires_in: given.expires_in_s })
}
