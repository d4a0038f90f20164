//! Routes and their documentation, declared once.

use crate::call::{Call, Pattern};
use crate::envelope::{Answer, Failure};
use crate::error::{self, Fault};
use crate::state::DiallerState;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::routing::{MethodFilter, any, on};
use muster_app::ports::StoreError;
use muster_app::usecases::dialler::DiallerError;
use muster_web::Guard;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
// The macro's own way of handing out the schemas that a path refers to, and its tags; utoipa-axum uses them too.
use utoipa::__dev::{SchemaReferences, Tags};
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::path::{HttpMethod, Operation as Documented};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, Info, License, OpenApi, OpenApiBuilder, Paths, Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

const JSON: &str = "application/json";

/// Below which every address is the face's.
const ROOT: &str = "/rest/v1.0";
const SLASHED_ROOT: &str = "/rest/v1.0/";
/// The same as routes.
pub(crate) const CATCH_ALL: [&str; 3] = [ROOT, SLASHED_ROOT, "/rest/v1.0/{*rest}"];

/// A face under construction.
pub(crate) struct Face {
    router: Router<DiallerState>,
    paths: Paths,
    schemas: Vec<(String, RefOr<Schema>)>,
}

impl Face {
    pub(crate) fn new() -> Self {
        let schemas = vec![(Failure::name().into_owned(), Failure::schema())];
        Self { router: Router::new(), paths: Paths::new(), schemas }
    }

    /// Adds what the annotation `P` declares, under the method and the path that it names. The request is let in with a
    /// token only, and whatever goes wrong is answered in the envelope: no handler can forget either. `errors` are those
    /// that callers should be ready for, beside the general ones.
    pub(crate) fn route<P, H, F>(mut self, errors: &[DiallerError], handler: H) -> Self
    where
        P: utoipa::Path + SchemaReferences + for<'t> Tags<'t>,
        H: Fn(Call) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Answer> + Send + 'static,
    {
        let path = P::path();
        let pattern = Arc::new(Pattern::of(&path));
        for method in P::methods() {
            let (handler, pattern) = (handler.clone(), Arc::clone(&pattern));
            let endpoint = async move |State(state): State<DiallerState>, request: Request| {
                let answer = match Call::admit(&state, &pattern, request).await {
                    Ok(call) => handler(call).await,
                    Err(fault) => Err(fault),
                };
                answer.unwrap_or_else(Fault::into_response)
            };
            self.router = self.router.route(&path, on(filter(&method), endpoint));
            let mut documented = P::operation();
            documented.tags = Some(P::tags().into_iter().map(str::to_owned).collect());
            document(&mut documented, errors);
            self.paths.add_path_operation(&path, vec![method], documented);
        }
        P::schemas(&mut self.schemas);
        self
    }

    pub(crate) fn into_router(self, state: &DiallerState) -> Router {
        let services = state.services();
        let guard = Guard::new("dialler", *state.limits(), services.entropy.as_ref(), error::refuse);
        let no_route = async || Fault::NoRoute.into_response();
        // Where a parameter may stand, a route cannot catch all; the fallback of a router below the face's root can.
        self.router
            .route(SLASHED_ROOT, any(no_route))
            .nest(ROOT, Router::new().fallback(no_route))
            .method_not_allowed_fallback(async || Fault::NoMethod.into_response())
            .with_state(state.clone())
            .layer(guard)
    }

    pub(crate) fn into_openapi(self) -> OpenApi {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("Token of the client account"))
            .build();
        let components = ComponentsBuilder::new()
            .schemas_from_iter(self.schemas)
            .security_scheme("bearer", SecurityScheme::Http(bearer))
            .build();
        let mut info = Info::new("Muster dialler API", env!("CARGO_PKG_VERSION"));
        info.license = Some(License::builder().name("Apache-2.0").identifier(Some("Apache-2.0")).build());
        info.description = Some(
            "Call campaigns: make, clone, start, stop and delete them, import contacts, ask for the next one, record \
             results. Times are UTC, active times and time windows in the client account's zone."
                .to_owned(),
        );
        OpenApiBuilder::new().info(info).paths(self.paths).components(Some(components)).build()
    }
}

/// What the contract has a use for.
fn filter(method: &HttpMethod) -> MethodFilter {
    match method {
        HttpMethod::Get => MethodFilter::GET,
        HttpMethod::Post => MethodFilter::POST,
        HttpMethod::Put => MethodFilter::PUT,
        HttpMethod::Delete => MethodFilter::DELETE,
        HttpMethod::Options => MethodFilter::OPTIONS,
        HttpMethod::Head => MethodFilter::HEAD,
        HttpMethod::Patch => MethodFilter::PATCH,
        HttpMethod::Trace => MethodFilter::TRACE,
    }
}

/// Adds security and error answers; the examples are made by the mapping itself and cannot drift from it.
fn document(documented: &mut Documented, own: &[DiallerError]) {
    let none: [&str; 0] = [];
    documented.security = Some(vec![SecurityRequirement::new("bearer", none)]);
    let general = [DiallerError::Unauthorized, StoreError::Unreachable(String::new()).into()];
    let mut examples: Vec<_> = own.iter().cloned().chain(general).map(error::example).collect();
    if documented.request_body.is_some() {
        examples.extend(error::body_examples());
    }
    let mut by_status: BTreeMap<StatusCode, Vec<Value>> = BTreeMap::new();
    for (status, example) in examples {
        by_status.entry(status).or_default().push(example);
    }
    for (status, values) in by_status {
        let examples = values.into_iter().enumerate().map(|(place, value)| {
            let text = value["error"].as_str().unwrap_or_default().to_owned();
            (format!("{}", place + 1), ExampleBuilder::new().summary(text).value(Some(value)).build())
        });
        let schema = RefOr::<Schema>::Ref(Ref::from_schema_name(Failure::name()));
        let content = ContentBuilder::new().schema(Some(schema)).examples_from_iter(examples).build();
        let description = format!("Refused: {}", status.canonical_reason().unwrap_or_default());
        let response = ResponseBuilder::new().description(description).content(JSON, content).build();
        documented.responses.responses.insert(status.as_str().to_owned(), RefOr::T(response));
    }
}
