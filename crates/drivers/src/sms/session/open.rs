//! From nothing to a bound session.

use super::{Connect, NoSession, READ_BUFFER, Stream};
use crate::sms::pdu::read::{self, BadLength};
use crate::sms::pdu::{HEADER_LEN, Header, id, write};
use crate::sms::route::Route;
use crate::sms::status;
use bytes::{Buf, BytesMut};
use rusmpp_core::CommandStatus;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

/// Connects and binds.
pub(super) async fn open(
    route: &Route,
    connect: &dyn Connect,
) -> Result<(Box<dyn Stream>, BytesMut), NoSession> {
    let settings = &route.settings;
    let patience = Duration::from_secs(settings.bind_timeout_s.into());
    let mut stream = match timeout(patience, connect.connect(&settings.host, settings.port)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(NoSession::new(format!("cannot connect: {error}"))),
        Err(_) => {
            return Err(NoSession::new(format!("cannot connect within {} s", settings.bind_timeout_s)));
        }
    };
    match timeout(patience, bind(route, &mut stream)).await {
        Ok(bound) => bound.map(|heard| (stream, heard)),
        Err(_) => Err(NoSession::new(format!("no answer to the bind within {} s", settings.bind_timeout_s))),
    }
}

/// Binds; gives what came behind the answer.
async fn bind(route: &Route, stream: &mut Box<dyn Stream>) -> Result<BytesMut, NoSession> {
    const SEQUENCE: u32 = 1;
    let lost = |error: io::Error| NoSession::new(format!("lost while binding: {error}"));
    let mut out = zeroize::Zeroizing::new(Vec::new());
    route.writer.bind(SEQUENCE, &mut out).map_err(|error| NoSession::new(error.to_string()))?;
    stream.write_all(&out).await.map_err(lost)?;
    let mut buffer = BytesMut::with_capacity(READ_BUFFER);
    loop {
        match read::frame(&buffer) {
            Err(BadLength { length, .. }) => {
                return Err(NoSession::new(format!("answers the bind with a PDU of {length} octets")));
            }
            Ok(None) => {
                if stream.read_buf(&mut buffer).await.map_err(lost)? == 0 {
                    return Err(NoSession::new("the centre closed the connection while binding"));
                }
            }
            Ok(Some((header, body))) => {
                let length = HEADER_LEN + body.len();
                let Header { id, status, sequence } = header;
                match id {
                    id::BIND_TRANSCEIVER_RESP | id::GENERIC_NACK if status != 0 => {
                        return Err(NoSession {
                            reason: format!("the bind was refused: {}", status::describe(status)),
                            credentials_refused: status::refuses_credentials(status),
                        });
                    }
                    id::BIND_TRANSCEIVER_RESP if sequence == SEQUENCE => {
                        buffer.advance(length);
                        return Ok(buffer);
                    }
                    id::ENQUIRE_LINK => {
                        let mut answer = Vec::new();
                        write::enquire_link_resp(sequence, &mut answer);
                        stream.write_all(&answer).await.map_err(lost)?;
                    }
                    _ if id::is_response(id) || id == id::OUTBIND => {}
                    _ => {
                        let mut answer = Vec::new();
                        write::generic_nack(sequence, CommandStatus::EsmeRinvbndsts, &mut answer);
                        stream.write_all(&answer).await.map_err(lost)?;
                    }
                }
                buffer.advance(length);
            }
        }
    }
}
