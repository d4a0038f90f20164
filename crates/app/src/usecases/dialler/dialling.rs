//! Settings of a campaign beyond the contract's record: pacing, policy, message, script.

use super::change_campaign::alter_version;
use super::prompts::named_prompts;
use super::result_codes::named_keys;
use super::{DiallerError, DiallerResult, LABEL_MAX_CHARS, check_text, policies, prompts, result_codes};
use crate::Services;
use muster_domain::calls::campaign::{CallCampaign, Dialling, Pacing, ScriptStep};
use muster_domain::ids::{CallCampaignId, ClientId};
use std::ops::RangeInclusive;

/// Most steps of a script, and how deep they nest.
const SCRIPT_MAX_STEPS: usize = 200;
const SCRIPT_MAX_DEPTH: usize = 8;
/// Most trunks that can be named.
const TRUNKS_MAX: usize = 50;
/// Keys of a telephone.
const KEYS: &str = "0123456789*#ABCD";

/// Replaces the settings. A campaign that runs goes on with them only if it might be started with them.
pub async fn put_dialling(
    services: &Services,
    of: ClientId,
    id: CallCampaignId,
    dialling: &Dialling,
) -> DiallerResult<CallCampaign> {
    put_dialling_if(services, of, id, None, dialling).await
}

/// As [`put_dialling`]; with a `version` only while the campaign has it, or [`DiallerError::Stale`].
pub async fn put_dialling_if(
    services: &Services,
    of: ClientId,
    id: CallCampaignId,
    version: Option<u64>,
    dialling: &Dialling,
) -> DiallerResult<CallCampaign> {
    check(services, of, id, dialling).await?;
    alter_version(services, of, id, version, |campaign, _| {
        campaign.dialling = dialling.clone();
        Ok(())
    })
    .await
}

async fn check(
    services: &Services,
    of: ClientId,
    id: CallCampaignId,
    dialling: &Dialling,
) -> DiallerResult<()> {
    let codes = result_codes(services, of, id).await?;
    if let Some(Pacing::Power { ratio }) = dialling.pacing
        && !(1.0..=10.0).contains(&ratio)
    {
        return Err(DiallerError::invalid("pacing.ratio", "1.0 to 10.0"));
    }
    if let Some(policy) = &dialling.policy {
        policies::check_known(services, of, policy).await?;
    }
    if dialling.trunks.len() > TRUNKS_MAX {
        return Err(DiallerError::invalid("trunks", format!("at most {TRUNKS_MAX}")));
    }
    for trunk in &dialling.trunks {
        check_text("trunks", trunk, LABEL_MAX_CHARS)?;
    }
    let ranges: [(&str, u32, RangeInclusive<u32>); 4] = [
        ("max_tries_per_number", dialling.max_tries_per_number, 0..=1000),
        ("wrap_s", dialling.wrap_s, 0..=3600),
        ("expected_handle_s", dialling.expected_handle_s, 1..=3600),
        ("predictive_min_agents", dialling.predictive_min_agents, 1..=1000),
    ];
    for (parameter, value, range) in ranges {
        if !range.contains(&value) {
            return Err(DiallerError::invalid(parameter, format!("{} to {}", range.start(), range.end())));
        }
    }
    check_script(&dialling.script)?;
    for key in named_keys(dialling) {
        if !codes.iter().any(|code| code.export_key == key) {
            return Err(DiallerError::invalid("export_key", format!("no result code has the key {key:?}")));
        }
    }
    let there = prompts(services, of).await?;
    for name in named_prompts(dialling) {
        if !there.iter().any(|(known, _)| known == name) {
            return Err(DiallerError::invalid("prompt", format!("no prompt is named {name:?}")));
        }
    }
    Ok(())
}

fn check_script(script: &[ScriptStep]) -> DiallerResult<()> {
    let mut steps = 0;
    let mut left: Vec<(usize, &ScriptStep)> = script.iter().map(|step| (1, step)).collect();
    while let Some((depth, step)) = left.pop() {
        steps += 1;
        if steps > SCRIPT_MAX_STEPS || depth > SCRIPT_MAX_DEPTH {
            let rule = format!("at most {SCRIPT_MAX_STEPS} steps, {SCRIPT_MAX_DEPTH} levels deep");
            return Err(DiallerError::invalid("script", rule));
        }
        let ScriptStep::Collect { timeout_s, keys, otherwise } = step else { continue };
        if !(1..=60).contains(timeout_s) {
            return Err(DiallerError::invalid("script.timeout_s", "1 to 60 seconds"));
        }
        for key in keys.keys() {
            if key.chars().count() != 1 || !KEYS.contains(key.as_str()) {
                return Err(DiallerError::invalid("script.keys", format!("each one of {KEYS}")));
            }
        }
        left.extend(keys.values().flatten().chain(otherwise).map(|step| (depth + 1, step)));
    }
    Ok(())
}
