//! N1: client tokens (§4.1).

use crate::auth::Access;
use crate::call::{Answer, Call, ok};
use crate::error::Operation;
use crate::face::Face;
use crate::wire::StatusOk;
use crate::wire::dates::D2;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use muster_app::usecases::client_tokens::{MintedToken, mint, mint_anonymous};
use muster_domain::ids::CustomerId;
use serde::Serialize;
use utoipa::ToSchema;

const OPERATION: Operation = Operation::Customers;

/// A client token.
#[derive(Serialize, ToSchema)]
#[schema(as = ClientTokenAnswer)]
struct Body<'a> {
    status: StatusOk,
    user: Authenticated<'a>,
}

/// The customer and the token that speaks for them.
#[derive(Serialize, ToSchema)]
#[schema(as = AuthenticatedUser)]
struct Authenticated<'a> {
    #[schema(value_type = String)]
    id: CustomerId,
    /// Goes into the query of the client plane. It is told this once.
    #[schema(example = "v2--AAECAwQFBgcICQoLDA0ODw==--EBESExQVFhcYGRobHB0eHw==")]
    auth_token: &'a str,
    /// When it ends.
    expires: D2,
}

pub(super) fn mount(face: Face) -> Face {
    face.route::<__path_by_user_id, _, _>(OPERATION, Access::Server, by_user_id)
        .route::<__path_by_external_id, _, _>(OPERATION, Access::Server, by_external_id)
        .route::<__path_anonymous, _, _>(OPERATION, Access::Server, anonymous)
}

/// Makes a client token for a customer.
#[utoipa::path(post, path = "/priv/v1/apps/{api_key}/users/{user_id}/authenticate",
    operation_id = "authenticate_user", tag = "Customers",
    params(("api_key" = String, Path), ("user_id" = String, Path)),
    responses((status = 200, body = Body)))]
async fn by_user_id(call: Call) -> Answer {
    registered(&call).await
}

/// Makes a client token for a customer, by the client's own id.
#[utoipa::path(post, path = "/priv/v1/apps/{api_key}/external/users/{external_id}/authenticate",
    operation_id = "authenticate_user_by_external_id", tag = "Customers",
    params(("api_key" = String, Path), ("external_id" = String, Path)),
    responses((status = 200, body = Body)))]
async fn by_external_id(call: Call) -> Answer {
    registered(&call).await
}

/// Makes a client token for a new anonymous customer.
#[utoipa::path(post, path = "/priv/v1/apps/{api_key}/authenticate",
    operation_id = "authenticate_anonymous_user", tag = "Customers",
    params(("api_key" = String, Path)),
    responses((status = 200, body = Body)))]
async fn anonymous(call: Call) -> Answer {
    answer(&mint_anonymous(call.services(), &call.organization).await?)
}

async fn registered(call: &Call) -> Answer {
    answer(&mint(call.services(), &call.organization, &call.customer()?).await?)
}

fn answer(minted: &MintedToken) -> Answer {
    let user =
        Authenticated { id: minted.customer, auth_token: &minted.token, expires: D2(minted.expires_at) };
    let mut response = ok(&Body { status: StatusOk, user }, 256)?;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
