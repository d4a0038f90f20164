//! What SIP over TLS needs.

use super::server::StartError;
use super::settings::TlsSettings;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// Reads certificate and key.
pub(super) fn acceptor(settings: &TlsSettings) -> Result<TlsAcceptor, StartError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| StartError::Pem { path, source }
    };
    let chain = CertificateDer::pem_file_iter(&settings.certificates)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(unreadable(&settings.certificates))?;
    let key = PrivateKeyDer::from_pem_file(&settings.key).map_err(unreadable(&settings.key))?;
    // The provider is named: a process has one default at most, and it is not ours to choose.
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(StartError::Certificate)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
