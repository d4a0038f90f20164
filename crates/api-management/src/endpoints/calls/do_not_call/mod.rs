//! `/manage/v1/organizations/{organization}/call-clients/{client}/do-not-call`

mod add;
mod list;
mod remove;

use crate::call::App;
use crate::error::ApiError;
use muster_app::usecases::dialler::{DiallerError, SUPPRESSION_MAX, read_number};
use muster_domain::calls::client::Client;
use muster_domain::calls::number::E164;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_do_not_call, add::add_do_not_call))
        .routes(routes!(remove::remove_do_not_call))
}

/// Numbers whose entry is as was asked for now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DoNotCallChanged)]
pub(super) struct Changed {
    /// Digits of the E.164 numbers, in the order of the request.
    numbers: Vec<String>,
}

impl Changed {
    fn of(numbers: &[E164]) -> Self {
        Self { numbers: numbers.iter().map(|number| number.as_str().to_owned()).collect() }
    }
}

/// Reads the numbers of a request. None is changed where one cannot be read.
fn read(texts: &[String], client: &Client) -> Result<Vec<E164>, ApiError> {
    if texts.len() > SUPPRESSION_MAX {
        return Err(DiallerError::invalid("numbers", format!("at most {SUPPRESSION_MAX} at once")).into());
    }
    let read = |(place, text): (usize, &String)| {
        read_number(text, &client.region)
            .map_err(|reason| DiallerError::invalid(format!("numbers[{place}]"), reason).into())
    };
    texts.iter().enumerate().map(read).collect()
}
