//! Routes and their documentation, declared once.

use crate::call::{Access, Call, Pattern};
use crate::envelope::{Answer, Nak};
use crate::error::codes::{self, Code};
use crate::error::{self, Fault};
use crate::state::ConnectivityState;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::routing::{MethodFilter, any, on};
use muster_web::Guard;
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

/// Every address that is the face's.
pub(crate) const CATCH_ALL: [&str; 6] =
    ["/api/v2", "/api/v2/", "/api/v2/{*rest}", "/api/v3", "/api/v3/", "/api/v3/{*rest}"];

/// A face under construction.
pub(crate) struct Face {
    router: Router<ConnectivityState>,
    paths: Paths,
    schemas: Vec<(String, RefOr<Schema>)>,
}

impl Face {
    pub(crate) fn new() -> Self {
        let schemas = vec![(Nak::name().into_owned(), Nak::schema())];
        let mut face = Self { router: Router::new(), paths: Paths::new(), schemas };
        <Nak as ToSchema>::schemas(&mut face.schemas);
        face
    }

    /// Adds what the annotation `P` declares, under the method and the path that it names, with and without a slash at
    /// the end (row C2). The request is let in as `access` asks, and whatever goes wrong is answered in the envelope:
    /// no handler can forget either. `codes` are those that callers should be ready for, beside the general ones.
    pub(crate) fn route<P, H, F>(mut self, access: Access, codes: &[Code], handler: H) -> Self
    where
        P: utoipa::Path + SchemaReferences + for<'t> Tags<'t>,
        H: Fn(Call) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Answer> + Send + 'static,
    {
        let path = P::path();
        let pattern = Arc::new(Pattern::of(&path));
        for method in P::methods() {
            let (handler, pattern) = (handler.clone(), Arc::clone(&pattern));
            let endpoint = async move |State(state): State<ConnectivityState>, request: Request| {
                let answer = match Call::admit(&state, access, &pattern, request).await {
                    Ok(call) => handler(call).await,
                    Err(fault) => Err(fault),
                };
                answer.unwrap_or_else(Fault::into_response)
            };
            let slashed = format!("{path}/");
            self.router = self
                .router
                .route(&path, on(filter(&method), endpoint.clone()))
                .route(&slashed, on(filter(&method), endpoint));
            let mut documented = P::operation();
            documented.tags = Some(P::tags().into_iter().map(str::to_owned).collect());
            document(&mut documented, &method, access, codes);
            self.paths.add_path_operation(&path, vec![method], documented);
        }
        P::schemas(&mut self.schemas);
        self
    }

    pub(crate) fn into_router(self, state: &ConnectivityState) -> Router {
        let services = state.services();
        let guard = Guard::new("connectivity", *state.limits(), services.entropy.as_ref(), error::refuse);
        let mut router = self.router;
        for path in CATCH_ALL {
            router = router.route(path, any(async || Fault::NoRoute.into_response()));
        }
        router
            .method_not_allowed_fallback(async || Fault::NoMethod.into_response())
            .with_state(state.clone())
            .layer(guard)
    }

    pub(crate) fn into_openapi(self) -> OpenApi {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("Token of a user, from /api/v2/auth/token"))
            .build();
        let components = ComponentsBuilder::new()
            .schemas_from_iter(self.schemas)
            .security_scheme("bearer", SecurityScheme::Http(bearer))
            .build();
        let mut info = Info::new("Muster connectivity API", env!("CARGO_PKG_VERSION"));
        info.license = Some(License::builder().name("Apache-2.0").identifier(Some("Apache-2.0")).build());
        info.description = Some(
            "SIM campaigns: load SIMs, write templates, enrol, run, pause and end campaigns, and read what became of \
             each SIM. Customers with sub-customers, offers and packages. Times are UTC."
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
fn document(documented: &mut Documented, method: &HttpMethod, access: Access, own: &[Code]) {
    let none: [&str; 0] = [];
    let mut all = own.to_vec();
    if access != Access::Anyone {
        documented.security = Some(vec![SecurityRequirement::new("bearer", none)]);
        all.push(codes::AUTH_9001);
    }
    if access == Access::Write && !all.contains(&codes::AUTH_9002) {
        all.push(codes::AUTH_9002);
    }
    if matches!(method, HttpMethod::Post | HttpMethod::Put | HttpMethod::Patch) {
        all.push(codes::GLOBAL_9002);
    }
    all.push(codes::GLOBAL_1001);
    let mut by_status: BTreeMap<StatusCode, Vec<Code>> = BTreeMap::new();
    for code in all {
        by_status.entry(code.status).or_default().push(code);
    }
    for (status, codes) in by_status {
        let examples = codes.into_iter().map(|code| {
            let value = error::example(code);
            (code.text, ExampleBuilder::new().summary(code.message).value(Some(value)).build())
        });
        let schema = RefOr::<Schema>::Ref(Ref::from_schema_name(Nak::name()));
        let content = ContentBuilder::new().schema(Some(schema)).examples_from_iter(examples).build();
        let description = format!("Refused: {}", status.canonical_reason().unwrap_or_default());
        let response = ResponseBuilder::new().description(description).content(JSON, content).build();
        documented.responses.responses.insert(status.as_str().to_owned(), RefOr::T(response));
    }
}
