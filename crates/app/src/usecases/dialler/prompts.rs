//! Prompts: sounds that calls play.

use super::{DiallerError, DiallerResult, LABEL_MAX_CHARS, campaigns, check_text, client};
use crate::Services;
use crate::ports::CallWrite;
use muster_codecs::voice::wav;
use muster_domain::calls::campaign::{Dialling, ScriptStep};
use muster_domain::ids::ClientId;

/// Samples of a second.
pub const SAMPLES_PER_S: usize = 8000;
/// Longest prompt, in seconds.
pub const PROMPT_MAX_S: usize = 600;

/// Makes a prompt, or replaces the one of that name: samples of [`SAMPLES_PER_S`].
pub async fn put_prompt(services: &Services, of: ClientId, name: &str, samples: &[i16]) -> DiallerResult<()> {
    client(services, of).await?;
    check_text("name", name, LABEL_MAX_CHARS)?;
    if samples.is_empty() || samples.len() > PROMPT_MAX_S * SAMPLES_PER_S {
        return Err(DiallerError::invalid("prompt", format!("sound of at most {PROMPT_MAX_S} seconds")));
    }
    let samples = Some(samples.iter().flat_map(|sample| sample.to_le_bytes()).collect());
    services.calls.commit(vec![CallWrite::Prompt { client: of, name: name.to_owned(), samples }]).await?;
    Ok(())
}

/// As [`put_prompt`], from a WAV file of one channel at 8,000 samples a second, in PCM of 16 bits or G.711. How many
/// samples it has.
pub async fn put_prompt_file(
    services: &Services,
    of: ClientId,
    name: &str,
    file: &[u8],
) -> DiallerResult<usize> {
    let samples = wav::read(file).map_err(|error| DiallerError::invalid("prompt", error.to_string()))?;
    put_prompt(services, of, name, &samples).await?;
    Ok(samples.len())
}

/// Removes a prompt that no campaign plays.
pub async fn remove_prompt(services: &Services, of: ClientId, name: &str) -> DiallerResult<()> {
    let there = prompts(services, of).await?;
    if !there.iter().any(|(known, _)| known == name) {
        return Err(DiallerError::PromptNotFound);
    }
    for campaign in campaigns(services, of).await? {
        if plays(&campaign.dialling, name) {
            return Err(DiallerError::InUse(format!("the prompt {name:?}")));
        }
    }
    let write = CallWrite::Prompt { client: of, name: name.to_owned(), samples: None };
    services.calls.commit(vec![write]).await?;
    Ok(())
}

/// Names of the prompts with the number of their samples, by name.
pub async fn prompts(services: &Services, of: ClientId) -> DiallerResult<Vec<(String, u64)>> {
    client(services, of).await?;
    Ok(services.calls.prompts(of).await?)
}

/// The samples of a prompt.
pub async fn prompt(services: &Services, of: ClientId, name: &str) -> DiallerResult<Vec<i16>> {
    let octets = services.calls.prompt(of, name).await?.ok_or(DiallerError::PromptNotFound)?;
    Ok(octets.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect())
}

/// Every prompt that the settings name.
pub(super) fn named_prompts(dialling: &Dialling) -> Vec<&str> {
    let mut names: Vec<&str> = dialling.message.as_deref().into_iter().collect();
    let mut left: Vec<&ScriptStep> = dialling.script.iter().collect();
    while let Some(step) = left.pop() {
        match step {
            ScriptStep::Play { prompt } => names.push(prompt),
            ScriptStep::Collect { keys, otherwise, .. } => {
                left.extend(keys.values().flatten().chain(otherwise));
            }
            _ => {}
        }
    }
    names
}

fn plays(dialling: &Dialling, name: &str) -> bool {
    named_prompts(dialling).contains(&name)
}
