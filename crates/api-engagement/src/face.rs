//! Routes and their documentation, declared once.

use crate::auth::Access;
use crate::call::{Answer, Call, Pattern};
use crate::error::{self, ErrorBody, ErrorCodeCase, Fault, Operation};
use crate::state::EngagementState;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::routing::{MethodFilter, on};
use muster_web::Guard;
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::path::{HttpMethod, Operation as Documented};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    ComponentsBuilder, Info, License, OneOfBuilder, OpenApi, OpenApiBuilder, Paths, Ref, RefOr, Schema,
};
// The macro's own way of handing out the schemas that a path refers to, and its tags; utoipa-axum uses them too.
use utoipa::__dev::{SchemaReferences, Tags};
use utoipa::{PartialSchema, ToSchema};

const JSON: &str = "application/json";

/// A face under construction.
pub(crate) struct Face {
    router: Router<EngagementState>,
    paths: Paths,
    schemas: Vec<(String, RefOr<Schema>)>,
}

impl Face {
    pub(crate) fn new() -> Self {
        let schemas = vec![(ErrorBody::name().into_owned(), ErrorBody::schema())];
        let mut face = Self { router: Router::new(), paths: Paths::new(), schemas };
        <ErrorBody as ToSchema>::schemas(&mut face.schemas);
        face
    }

    /// Adds what the annotation `P` declares, under the methods and the path that it names. The request is let in
    /// as `access` asks, and whatever goes wrong is answered as `operation` spells it: no handler can forget either.
    pub(crate) fn route<P, H, F>(mut self, operation: Operation, access: Access, handler: H) -> Self
    where
        P: utoipa::Path + SchemaReferences + for<'t> Tags<'t>,
        H: Fn(Call) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Answer> + Send + 'static,
    {
        let path = P::path();
        let pattern = Arc::new(Pattern::of(&path));
        let methods = P::methods();
        for method in &methods {
            let (handler, pattern) = (handler.clone(), Arc::clone(&pattern));
            let endpoint = async move |State(state): State<EngagementState>, request: Request| {
                let answer = match Call::admit(&state, access, &pattern, request).await {
                    Ok(call) => handler(call).await,
                    Err(fault) => Err(fault),
                };
                answer.unwrap_or_else(|fault| fault.into_response(operation, state.error_code_case()))
            };
            self.router = self.router.route(&path, on(filter(method), endpoint));
        }
        let mut documented = P::operation();
        documented.tags = Some(P::tags().into_iter().map(str::to_owned).collect());
        document(&mut documented, operation, access);
        for (place, method) in methods.into_iter().enumerate() {
            let mut documented = documented.clone();
            // Generated clients make a function of each operation id, so methods must not share one.
            if let Some(id) = documented.operation_id.as_mut().filter(|_| place > 0) {
                id.push_str("_by_");
                id.push_str(method_name(&method));
            }
            self.paths.add_path_operation(&path, vec![method], documented);
        }
        P::schemas(&mut self.schemas);
        self
    }

    pub(crate) fn into_router(self, state: &EngagementState) -> Router {
        let render = match state.error_code_case() {
            ErrorCodeCase::Documented => error::refuse,
            ErrorCodeCase::Lower => error::refuse_lower,
        };
        let guard = Guard::new("engagement", *state.limits(), state.services().entropy.as_ref(), render);
        let fallback = |fault: fn() -> Fault| {
            let case = state.error_code_case();
            move || async move { fault().into_response(Operation::None, case) }
        };
        self.router
            .fallback(fallback(|| Fault::NoRoute))
            .method_not_allowed_fallback(fallback(|| Fault::NoMethod))
            .with_state(state.clone())
            .layer(guard)
    }

    pub(crate) fn into_openapi(self) -> OpenApi {
        let components = ComponentsBuilder::new()
            .schemas_from_iter(self.schemas)
            .security_scheme(
                "basic",
                http(HttpAuthScheme::Basic, "API key and API secret of the application"),
            )
            .security_scheme("bearer", http(HttpAuthScheme::Bearer, "Bearer token of the application"))
            .security_scheme(
                "auth_token",
                SecurityScheme::ApiKey(ApiKey::Query(ApiKeyValue::with_description(
                    "auth_token",
                    "Client token of one customer",
                ))),
            )
            .build();
        let mut info = Info::new("Muster engagement API", env!("CARGO_PKG_VERSION"));
        info.license = Some(License::builder().name("Apache-2.0").identifier(Some("Apache-2.0")).build());
        info.description = Some(
            "Campaigns for customers: create, opt in, list with each customer's state, track, report events."
                .to_owned(),
        );
        OpenApiBuilder::new().info(info).paths(self.paths).components(Some(components)).build()
    }
}

fn http(scheme: HttpAuthScheme, description: &str) -> SecurityScheme {
    SecurityScheme::Http(HttpBuilder::new().scheme(scheme).description(Some(description)).build())
}

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

fn method_name(method: &HttpMethod) -> &'static str {
    match method {
        HttpMethod::Get => "get",
        HttpMethod::Post => "post",
        HttpMethod::Put => "put",
        HttpMethod::Delete => "delete",
        HttpMethod::Options => "options",
        HttpMethod::Head => "head",
        HttpMethod::Patch => "patch",
        HttpMethod::Trace => "trace",
    }
}

/// Adds security and error answers; the examples are made by the mapping itself and cannot drift from it.
fn document(documented: &mut Documented, operation: Operation, access: Access) {
    let none: [&str; 0] = [];
    documented.security = match access {
        Access::Server => {
            Some(vec![SecurityRequirement::new("basic", none), SecurityRequirement::new("bearer", none)])
        }
        Access::Client => Some(vec![SecurityRequirement::new("auth_token", none)]),
        Access::Link => {
            Some(vec![SecurityRequirement::new("auth_token", none), SecurityRequirement::default()])
        }
        Access::Address => None,
    };
    let mut examples: BTreeMap<StatusCode, Vec<(String, serde_json::Value)>> = BTreeMap::new();
    for fault in error::documented(operation, access) {
        let (status, value) = fault.example(operation);
        let same_status = examples.entry(status).or_default();
        let code = value["errors"]["code"].as_str().unwrap_or_default();
        let repeated = same_status.iter().filter(|(name, _)| name.starts_with(code)).count();
        let name = if repeated == 0 { code.to_owned() } else { format!("{code}_{}", repeated + 1) };
        same_status.push((name, value));
    }
    for (status, examples) in examples {
        let examples = examples.into_iter().map(|(name, value)| {
            let summary = value["errors"]["message"].as_str().unwrap_or_default().to_owned();
            (name, ExampleBuilder::new().summary(summary).value(Some(value)).build())
        });
        let error = RefOr::<Schema>::Ref(Ref::from_schema_name(ErrorBody::name()));
        let answers = &mut documented.responses.responses;
        // Refusals with status 200 share it with the answer, so its body is one of two.
        if let Some(RefOr::T(answer)) = answers.get_mut(status.as_str())
            && let Some(RefOr::T(content)) = answer.content.get_mut(JSON)
        {
            let own = content.schema.take().unwrap_or_else(|| error.clone());
            let either = OneOfBuilder::new().item(own).item(error).build();
            content.schema = Some(RefOr::T(Schema::OneOf(either)));
            content.examples.extend(examples.map(|(name, example)| (name, RefOr::T(example))));
            continue;
        }
        let content = ContentBuilder::new().schema(Some(error)).examples_from_iter(examples).build();
        let description = format!("Refused: {}", status.canonical_reason().unwrap_or_default());
        let response = ResponseBuilder::new().description(description).content(JSON, content).build();
        answers.insert(status.as_str().to_owned(), RefOr::T(response));
    }
}
