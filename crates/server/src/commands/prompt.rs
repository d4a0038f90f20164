//! `muster prompt`: sounds that calls play.

use super::client::ClientFlag;
use crate::cli::StoreFlags;
use crate::failure::{Failure, Outcome};
use crate::output::print;
use crate::services::{dialler_refused, while_open};
use clap::{Args, Subcommand};
use muster_app::usecases::dialler::{self, PROMPT_MAX_S, SAMPLES_PER_S};
use muster_codecs::voice::{tone, wav};
use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Largest file that is looked at: the longest prompt in 16 bits, with a megabyte for whatever else a file holds.
const FILE_MAX_BYTES: u64 = (PROMPT_MAX_S * SAMPLES_PER_S * 2 + 1024 * 1024) as u64;
/// Loud enough for every telephone, and far from distortion.
const AMPLITUDE: i16 = 8_000;

/// Arguments of `muster prompt`.
#[derive(Debug, Args)]
pub struct PromptArgs {
    #[command(subcommand)]
    command: PromptCommand,
}

#[derive(Debug, Subcommand)]
enum PromptCommand {
    /// Take a prompt from a WAV file, in place of the one of that name
    Put(Put),
    /// Make a prompt that is a plain tone, to try things out
    Tone(Tone),
    /// List the prompts of a client account with their lengths
    List(List),
    /// Remove a prompt that no campaign plays
    Remove(Named),
}

#[derive(Debug, Args)]
struct Named {
    #[command(flatten)]
    store: StoreFlags,
    #[command(flatten)]
    client: ClientFlag,
    /// Name of the prompt
    #[arg(value_name = "NAME")]
    name: String,
}

#[derive(Debug, Args)]
struct Put {
    #[command(flatten)]
    name: Named,
    /// A WAV file of one channel at 8000 samples a second, in PCM of 16 bits, A-law or µ-law
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

#[derive(Debug, Args)]
struct Tone {
    #[command(flatten)]
    name: Named,
    /// How long it sounds
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=PROMPT_MAX_S as i64))]
    seconds: u32,
    /// Its pitch in Hz
    #[arg(long, value_name = "HERTZ", default_value_t = 440, value_parser = clap::value_parser!(u16).range(100..=3400))]
    pitch: u16,
}

#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    store: StoreFlags,
    #[command(flatten)]
    client: ClientFlag,
}

impl PromptArgs {
    /// Does what was asked.
    pub async fn run(self) -> Outcome<ExitCode> {
        match self.command {
            PromptCommand::Put(put) => {
                let samples = read(&put.file)?;
                put.name.put(&samples).await?;
            }
            PromptCommand::Tone(made) => {
                let samples =
                    tone::sines(&[f32::from(made.pitch)], AMPLITUDE, made.seconds as usize * SAMPLES_PER_S);
                made.name.put(&samples).await?;
            }
            PromptCommand::List(list) => list.run().await?,
            PromptCommand::Remove(name) => name.remove().await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Named {
    async fn put(&self, samples: &[i16]) -> Outcome<()> {
        while_open(&self.store, async |services| {
            dialler::put_prompt(services, self.client.id(), &self.name, samples)
                .await
                .map_err(|error| dialler_refused(format!("put the prompt {:?}", self.name), &error))
        })
        .await?;
        print(&format!("Prompt  {} ({})\n", self.name, seconds(samples.len() as u64)));
        Ok(())
    }

    async fn remove(&self) -> Outcome<()> {
        while_open(&self.store, async |services| {
            dialler::remove_prompt(services, self.client.id(), &self.name)
                .await
                .map_err(|error| dialler_refused(format!("remove the prompt {:?}", self.name), &error))
        })
        .await?;
        print(&format!("Prompt  {} removed\n", self.name));
        Ok(())
    }
}

impl List {
    async fn run(self) -> Outcome<()> {
        let prompts = while_open(&self.store, async |services| {
            dialler::prompts(services, self.client.id())
                .await
                .map_err(|error| dialler_refused("list prompts", &error))
        })
        .await?;
        let mut text = String::new();
        for (name, samples) in prompts {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{:>8}  {name}", seconds(samples));
        }
        print(&text);
        Ok(())
    }
}

/// The sound of a file.
fn read(path: &Path) -> Outcome<Vec<i16>> {
    let attempted = || format!("read {}", path.display());
    let file = File::open(path).map_err(|error| Failure::new(attempted(), error))?;
    let mut octets = Vec::new();
    file.take(FILE_MAX_BYTES + 1)
        .read_to_end(&mut octets)
        .map_err(|error| Failure::new(attempted(), error))?;
    if octets.len() as u64 > FILE_MAX_BYTES {
        return Err(Failure::new(attempted(), format!("it is longer than {FILE_MAX_BYTES} bytes"))
            .advise(format!("a prompt has at most {PROMPT_MAX_S} seconds")));
    }
    wav::read(&octets).map_err(|error| {
        Failure::new(attempted(), error).advise(
            "`sox IN.wav -r 8000 -c 1 -b 16 OUT.wav` converts it, and so does ffmpeg with -ar 8000 -ac 1",
        )
    })
}

fn seconds(samples: u64) -> String {
    let tenths = samples * 10 / SAMPLES_PER_S as u64;
    format!("{}.{} s", tenths / 10, tenths % 10)
}
