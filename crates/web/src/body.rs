//! Request bodies: whole, or refused for a reason that has a type.

use crate::guard::{Limits, RequestContext};
use axum::body::{Body, HttpBody};
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::EXPECT;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use std::convert::Infallible;
use std::time::Duration;

/// How many bytes beyond the limit are read and thrown away, so that a caller that is still sending gets to read
/// the refusal instead of a reset connection.
const DRAIN_MAX_BYTES: u64 = 8 * 1024 * 1024;
/// How long that may take.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It is larger than allowed, by its own declaration or by count (engagement row H6).
    #[error("the body is larger than {limit_bytes} bytes")]
    TooLarge {
        /// The limit.
        limit_bytes: usize,
    },
    /// It did not arrive in time.
    #[error("the body did not arrive within {} seconds", .limit.as_secs_f32())]
    Timeout {
        /// The limit.
        limit: Duration,
    },
    /// The connection ended or the framing broke before the end of the body.
    #[error("the body ended before it was complete")]
    Broken,
}

/// Reads a body to its end, within size and time.
///
/// Dropped without harm: nothing but memory is held.
pub async fn read_body(headers: &HeaderMap, body: Body, limits: &Limits) -> Result<Bytes, BodyError> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    let limit = limits.body_timeout;
    tokio::time::timeout(limit, collect(headers, body, limits.body_max_bytes))
        .await
        .unwrap_or(Err(BodyError::Timeout { limit }))
}

async fn collect(headers: &HeaderMap, mut body: Body, limit_bytes: usize) -> Result<Bytes, BodyError> {
    let too_large = BodyError::TooLarge { limit_bytes };
    let declared = body.size_hint().lower();
    if declared > limit_bytes as u64 {
        // A caller that waits for `100 Continue` has sent nothing yet and needs no draining.
        if !headers.contains_key(EXPECT) {
            drain(&mut body).await;
        }
        return Err(too_large);
    }
    let mut first: Option<Bytes> = None;
    let mut gathered = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| BodyError::Broken)?.into_data() else {
            continue;
        };
        let have = first.as_ref().map_or(gathered.len(), Bytes::len);
        if data.len() > limit_bytes - have {
            drop((first, gathered));
            drain(&mut body).await;
            return Err(too_large);
        }
        // Most bodies come in one piece; those are handed on without a copy.
        match first.take() {
            None if gathered.is_empty() => first = Some(data),
            None => gathered.extend_from_slice(&data),
            Some(before) => {
                gathered.reserve((declared as usize).max(before.len() + data.len()));
                gathered.extend_from_slice(&before);
                gathered.extend_from_slice(&data);
            }
        }
    }
    Ok(first.unwrap_or_else(|| gathered.freeze()))
}

async fn drain(body: &mut Body) {
    let reading = async {
        let mut drained = 0;
        while let Some(Ok(frame)) = body.frame().await {
            drained += frame.data_ref().map_or(0, |data| data.len() as u64);
            if drained > DRAIN_MAX_BYTES {
                return;
            }
        }
    };
    // Whether it ended, broke or took too long, the answer is the same refusal.
    let _: Result<(), _> = tokio::time::timeout(DRAIN_TIMEOUT, reading).await;
}

/// Extractor of a whole body under the limits of the face's guard. It never rejects: the face answers a
/// [`BodyError`] in its own envelope. Put it behind the extractor that authenticates, so that strangers send
/// nothing that is kept.
#[derive(Debug)]
pub struct Payload(pub Result<Bytes, BodyError>);

impl<S: Sync> FromRequest<S> for Payload {
    type Rejection = Infallible;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Infallible> {
        let (parts, body) = request.into_parts();
        let limits = parts.extensions.get::<RequestContext>().map_or_else(Limits::default, |c| c.limits);
        Ok(Self(read_body(&parts.headers, body, &limits).await))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use futures_util::stream;
    use std::io;

    fn limits(body_max_bytes: usize) -> Limits {
        Limits { body_max_bytes, body_timeout: Duration::from_secs(5), ..Limits::default() }
    }

    fn streamed(pieces: Vec<Result<&'static str, io::Error>>) -> Body {
        Body::from_stream(stream::iter(pieces))
    }

    async fn read(body: Body, limits: &Limits) -> Result<Bytes, BodyError> {
        read_body(&HeaderMap::new(), body, limits).await
    }

    #[tokio::test]
    async fn h6_the_limit_holds_at_its_edge_with_and_without_a_declared_length() {
        let too_large = Err(BodyError::TooLarge { limit_bytes: 8 });
        let cases: Vec<(&str, Body, Result<&str, BodyError>)> = vec![
            ("empty", Body::empty(), Ok("")),
            ("declared, at the limit", Body::from("12345678"), Ok("12345678")),
            ("declared, one beyond", Body::from("123456789"), too_large),
            ("streamed, at the limit", streamed(vec![Ok("1234"), Ok("56"), Ok("78")]), Ok("12345678")),
            ("streamed, one beyond", streamed(vec![Ok("1234"), Ok("5678"), Ok("9")]), too_large),
            ("streamed, in one piece", streamed(vec![Ok("123456789")]), too_large),
            (
                "streamed, beyond with an error to come",
                streamed(vec![Ok("123456789"), Err(io::Error::other("cut"))]),
                too_large,
            ),
            ("streamed, empty pieces", streamed(vec![Ok(""), Ok("12"), Ok(""), Ok("3")]), Ok("123")),
            ("cut off", streamed(vec![Ok("12"), Err(io::Error::other("cut"))]), Err(BodyError::Broken)),
        ];
        for (name, body, expected) in cases {
            assert_eq!(read(body, &limits(8)).await, expected.map(Bytes::from), "{name}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_ends_times_out() {
        let body = Body::from_stream(stream::pending::<Result<Bytes, io::Error>>());
        let limit = Duration::from_secs(5);
        assert_eq!(read(body, &limits(8)).await, Err(BodyError::Timeout { limit }));
    }

    #[tokio::test(start_paused = true)]
    async fn an_oversized_body_that_never_ends_is_still_answered_as_too_large() {
        use futures_util::StreamExt;
        let body = Body::from_stream(
            stream::iter(vec![Ok::<_, io::Error>(Bytes::from_static(b"123456789"))]).chain(stream::pending()),
        );
        assert_eq!(read(body, &limits(8)).await, Err(BodyError::TooLarge { limit_bytes: 8 }));
    }
}
