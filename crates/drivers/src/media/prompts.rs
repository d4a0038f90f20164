//! Prompts, encoded once for each codec.

use super::settings::Codec;
use muster_app::ports::Prompt;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use std::sync::{Arc, OnceLock, Weak};

/// A prompt in the form in which it is sent.
#[derive(Debug)]
pub(super) struct Encoded {
    prompt: Weak<Prompt>,
    pcmu: OnceLock<Box<[u8]>>,
    pcma: OnceLock<Box<[u8]>>,
}

impl Encoded {
    /// One octet a sample.
    pub(super) fn octets(&self, prompt: &Prompt, codec: Codec) -> &[u8] {
        let slot = match codec {
            Codec::Pcmu => &self.pcmu,
            Codec::Pcma => &self.pcma,
        };
        slot.get_or_init(|| prompt.samples.iter().map(|&sample| codec.law().encode(sample)).collect())
    }
}

/// What was encoded of the prompts that somebody still holds.
#[derive(Debug, Default)]
pub(super) struct Prompts(Mutex<FxHashMap<usize, Arc<Encoded>>>);

impl Prompts {
    pub(super) fn encoded(&self, prompt: &Arc<Prompt>) -> Arc<Encoded> {
        // Entries keep the allocation, though not the samples, so no other prompt can come to lie at its address.
        let address = Arc::as_ptr(prompt).addr();
        let mut all = self.0.lock();
        if let Some(known) = all.get(&address) {
            return Arc::clone(known);
        }
        all.retain(|_, known| known.prompt.strong_count() > 0);
        let new = Arc::new(Encoded {
            prompt: Arc::downgrade(prompt),
            pcmu: OnceLock::new(),
            pcma: OnceLock::new(),
        });
        all.insert(address, Arc::clone(&new));
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_is_encoded_once_and_forgotten_with_its_last_holder() {
        let prompts = Prompts::default();
        let prompt = |sample| Arc::new(Prompt { name: "p".into(), samples: vec![sample; 4] });
        let (one, two) = (prompt(0), prompt(-32_124));
        let first = prompts.encoded(&one);
        assert_eq!(first.octets(&one, Codec::Pcmu), [0xFF; 4]);
        assert_eq!(first.octets(&one, Codec::Pcma), [0xD5; 4]);
        assert!(Arc::ptr_eq(&first, &prompts.encoded(&one)));
        assert_eq!(prompts.encoded(&two).octets(&two, Codec::Pcmu), [0; 4]);
        drop((one, two));
        prompts.encoded(&prompt(1));
        assert_eq!(prompts.0.lock().len(), 1);
    }
}
