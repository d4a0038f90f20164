//! The handle of a leg.

use super::engine::Shared;
use super::settings::{Codec, Remote};
use super::worker::{Command, Counters};
use muster_app::ports::{MediaStats, Prompt};
use parking_lot::Mutex;
use std::fmt;
use std::sync::Arc;

/// One stream of sound each way with one far side. Nothing here waits: the engine's thread is told, and does what it
/// is told in order. Whatever is asked of a leg that is closed does nothing.
pub struct MediaLeg {
    shared: Arc<Shared>,
    id: u64,
    port: u16,
    counters: Arc<Counters>,
    /// What was agreed last, for encoding prompts ahead.
    codec: Mutex<Option<Codec>>,
}

impl MediaLeg {
    pub(super) fn new(shared: Arc<Shared>, id: u64, port: u16, counters: Arc<Counters>) -> Self {
        Self { shared, id, port, counters, codec: Mutex::new(None) }
    }

    /// The port for media to be named in the session description; reports go to the next one.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What was agreed with the far side, for the first time or anew. With `send` silence begins at once, unless the
    /// leg is bridged or plays.
    ///
    /// Packets go to the address that was agreed until two in succession have come from another one; from then on they
    /// go there, and nobody else is listened to (symmetric RTP, RFC 4961). Agreeing on another address begins that
    /// anew.
    pub fn set_remote(&self, remote: Remote) {
        *self.codec.lock() = Some(remote.codec);
        self.shared.send(Command::SetRemote(self.id, remote));
    }

    /// Lets two legs of one engine hear each other. Prompts on either are stopped, and bridges that either is in end.
    pub fn bridge(&self, other: &Self) {
        if Arc::ptr_eq(&self.shared, &other.shared) && self.id != other.id {
            self.shared.send(Command::Bridge(self.id, other.id));
        } else {
            tracing::error!(leg = self.id, "a leg can only be bridged to another one of the same engine");
        }
    }

    /// Takes the leg out of its bridge; both sides hear silence.
    pub fn unbridge(&self) {
        self.shared.send(Command::Unbridge(self.id));
    }

    /// Plays a prompt instead of whatever the leg hears, from the next tick on. Gives the number under which
    /// [`super::MediaEvent::PlayDone`] tells its end. A prompt that was playing is stopped. While the far side holds us
    /// time passes and nothing is sent; before anything was agreed with it, the prompt waits.
    pub fn play(&self, prompt: Arc<Prompt>) -> u64 {
        let play = self.shared.number();
        let encoded = self.shared.prompts.encoded(&prompt);
        // Here rather than on the thread, where every call would wait for it.
        if let Some(codec) = *self.codec.lock() {
            encoded.octets(&prompt, codec);
        }
        self.shared.send(Command::Play { leg: self.id, play, prompt, encoded });
        play
    }

    /// Stops the prompt, if one is played.
    pub fn stop_playing(&self) {
        self.shared.send(Command::StopPlaying(self.id));
    }

    /// Finds out from the sound who is there, from now on; [`super::MediaEvent::Heard`] tells it, within some four
    /// seconds. Asked again, it begins anew. Such verdicts are wrong for one call in five or so
    /// ([`muster_codecs::voice::classify`]), so nobody listens unless asked.
    pub fn listen(&self) {
        self.shared.send(Command::Listen(self.id));
    }

    /// Counts up to now; of a leg that is closed, up to its end.
    pub fn stats(&self) -> MediaStats {
        self.counters.read()
    }

    /// Closes the leg and gives its ports back. Dropping it does the same.
    pub fn close(&self) {
        self.shared.send(Command::Close(self.id));
    }
}

impl Drop for MediaLeg {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for MediaLeg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaLeg").field("id", &self.id).field("port", &self.port).finish_non_exhaustive()
    }
}
