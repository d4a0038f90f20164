//! Passwords of users: hashed with Argon2id, checked a few at a time and away from the threads that serve requests.
//!
//! A check takes tens of milliseconds and 19 MiB on purpose, so callers without credentials must not be able to
//! start any number of them; and it takes as long for a name that nobody has.

use crate::ports::Entropy;
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use std::sync::{Arc, OnceLock};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Checks that run at once.
const RUNNING_MAX: usize = 2;
/// Checks that run or wait; more are refused.
const WAITING_MAX: usize = 64;
/// Octets of salt, as RFC 9106 §3.1 recommends.
const SALT_OCTETS: usize = 16;

/// Fewest characters of a password.
pub const PASSWORD_MIN_CHARS: usize = 8;
/// Longest password that is hashed, in bytes.
pub const PASSWORD_MAX_BYTES: usize = 1024;

/// A new password: 120 bits in 24 characters that can be read out and typed.
pub fn generate(entropy: &dyn Entropy) -> String {
    // No letters and digits that are taken for one another.
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut octets = [0; 24];
    entropy.fill(&mut octets);
    octets.iter().map(|octet| char::from(LETTERS[usize::from(octet % 32)])).collect()
}

/// Why a password was not hashed or not checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// So many others wait for a check that this one is not taken. Trying again a little later helps.
    #[error("{WAITING_MAX} passwords are being checked, the limit")]
    Busy,
    /// The library refused: for lack of memory, or a stored hash that is none.
    #[error("a password cannot be hashed: {0}")]
    Failed(String),
}

/// Hashes and checks passwords, within bounds.
#[derive(Debug)]
pub struct Passwords {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            running: Arc::new(Semaphore::new(RUNNING_MAX)),
            waiting: Arc::new(Semaphore::new(WAITING_MAX)),
        }
    }
}

impl Passwords {
    /// The hash to store, in PHC form.
    pub async fn hash(&self, entropy: &dyn Entropy, password: &str) -> Result<String, PasswordError> {
        let mut salt = [0; SALT_OCTETS];
        entropy.fill(&mut salt);
        let password = password.to_owned();
        self.run(move || hash(password.as_bytes(), &salt)).await?
    }

    /// Whether `password` is the one behind `stored`. Without a stored hash it is not, which takes as long to say.
    pub async fn verify(&self, password: &str, stored: Option<&str>) -> Result<bool, PasswordError> {
        if password.len() > PASSWORD_MAX_BYTES {
            return Ok(false);
        }
        let (password, stored) = (password.to_owned(), stored.map(str::to_owned));
        self.run(move || {
            let known = stored.is_some();
            let stored = match stored {
                Some(stored) => stored,
                None => decoy()?,
            };
            let parsed = PasswordHash::new(&stored).map_err(|error| failed(&error))?;
            match Argon2::default().verify_password(password.as_bytes(), &parsed) {
                Ok(()) => Ok(known),
                Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
                Err(error) => Err(failed(&error)),
            }
        })
        .await?
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let waiting = Arc::clone(&self.waiting).try_acquire_owned().map_err(|_| PasswordError::Busy)?;
        let running = Arc::clone(&self.running).acquire_owned().await.map_err(|error| failed(&error))?;
        // The places go along: work whose caller went away still takes its time.
        let places: (OwnedSemaphorePermit, OwnedSemaphorePermit) = (waiting, running);
        let work = move || {
            let done = work();
            drop(places);
            done
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| failed(&error))
    }
}

fn failed(error: &dyn std::fmt::Display) -> PasswordError {
    PasswordError::Failed(error.to_string())
}

fn hash(password: &[u8], salt: &[u8]) -> Result<String, PasswordError> {
    let hash = Argon2::default().hash_password_with_salt(password, salt).map_err(|error| failed(&error))?;
    Ok(hash.to_string())
}

/// A hash that no password is accepted for.
fn decoy() -> Result<String, PasswordError> {
    static DECOY: OnceLock<String> = OnceLock::new();
    if let Some(made) = DECOY.get() {
        return Ok(made.clone());
    }
    let made = hash(b"nobody's password", &[0; SALT_OCTETS])?;
    Ok(DECOY.get_or_init(|| made).clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::SeededEntropy;

    #[tokio::test]
    async fn a_hash_verifies_its_password_and_no_other() {
        let passwords = Passwords::default();
        let entropy = SeededEntropy::new(1);
        let stored = passwords.hash(&entropy, "correct horse").await.expect("hashed");
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert_ne!(passwords.hash(&entropy, "correct horse").await.expect("hashed"), stored, "salted");
        assert_eq!(passwords.verify("correct horse", Some(&stored)).await, Ok(true));
        assert_eq!(passwords.verify("correct hors", Some(&stored)).await, Ok(false));
        assert_eq!(passwords.verify("", Some(&stored)).await, Ok(false));
        assert_eq!(passwords.verify("nobody's password", None).await, Ok(false), "the decoy opens nothing");
        assert!(matches!(passwords.verify("x", Some("plain")).await, Err(PasswordError::Failed(_))));
        let long = "x".repeat(PASSWORD_MAX_BYTES + 1);
        assert_eq!(passwords.verify(&long, Some(&stored)).await, Ok(false));
    }

    #[tokio::test]
    async fn more_checks_than_may_wait_are_refused() {
        let passwords = Passwords::default();
        let held = Arc::clone(&passwords.waiting).acquire_many_owned(WAITING_MAX as u32).await.expect("free");
        assert_eq!(passwords.verify("x", None).await, Err(PasswordError::Busy));
        drop(held);
        assert_eq!(passwords.verify("x", None).await, Ok(false));
    }
}
