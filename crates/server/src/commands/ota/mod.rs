//! `muster ota encode` and `muster ota decode`: secured packets of SIM cards outside of any campaign, to look at what a
//! card said, to compare with another implementation, or to try keys.
//!
//! One JSON object a line comes in, one goes out. Keys come in and never go out.

mod decode;
mod encode;
mod input;
mod protection;
mod refusal;
mod sequence;
mod vector;

use crate::failure::{Failure, Outcome};
use crate::output::tell;
use clap::{Args, Subcommand};
use refusal::Refusal;
use serde_json::{Map, Value};
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use vector::Vector;

/// Arguments of `muster ota`.
#[derive(Debug, Args)]
pub struct Ota {
    #[command(subcommand)]
    command: OtaCommand,
}

#[derive(Debug, Subcommand)]
enum OtaCommand {
    /// Make command packets, and the short messages that carry them
    Encode(Source),
    /// Read command packets and proofs of receipt
    Decode(Source),
}

#[derive(Debug, Args)]
struct Source {
    /// JSON objects, one a line, or one document with a list named vectors; standard input when absent or -
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

/// A JSON object of an answer, without the identifier of its question.
type Answer = Map<String, Value>;

/// What became of one object.
#[derive(Debug)]
struct Report {
    answer: Answer,
    /// Nothing went wrong that should not have.
    as_expected: bool,
}

impl Report {
    fn good(answer: Answer) -> Self {
        Self { answer, as_expected: true }
    }

    fn bad(refusal: &Refusal) -> Self {
        Self { answer: refusal.to_answer(), as_expected: false }
    }

    /// There is nothing to do for this kind of object.
    fn skipped(reason: &str) -> Self {
        Self::good(Answer::from_iter([("skipped".to_owned(), reason.into())]))
    }

    fn of(result: Result<Answer, Refusal>) -> Self {
        match result {
            Ok(answer) => Self::good(answer),
            Err(refusal) => Self::bad(&refusal),
        }
    }

    /// For objects that say of themselves that they must be refused.
    fn of_reject(result: Result<Answer, Refusal>) -> Self {
        match result {
            Err(refusal) if refusal.is_about_input() => Self::bad(&refusal),
            Err(refusal) => Self::good(refusal.to_answer()),
            Ok(mut answer) => {
                answer.insert("unexpected".to_owned(), "this was to be refused".into());
                Self { answer, as_expected: false }
            }
        }
    }
}

impl Ota {
    /// Answers every object; exit code 1 when one of them failed that should not have.
    pub fn run(self) -> Outcome<ExitCode> {
        let (source, work): (_, fn(&Vector) -> Report) = match self.command {
            OtaCommand::Encode(source) => (source, encode::encode),
            OtaCommand::Decode(source) => (source, decode::decode),
        };
        let tally = match source.file.as_deref().filter(|path| *path != Path::new("-")) {
            None => answer_all(BufReader::new(std::io::stdin().lock()), work),
            Some(path) => {
                let failed = |error| Failure::new(format!("read {}", path.display()), error);
                answer_all(BufReader::new(File::open(path).map_err(failed)?), work)
            }
        }
        .map_err(|error| Failure::new("read all objects", error))?;
        if tally.failed == 0 {
            return Ok(ExitCode::SUCCESS);
        }
        tell(&format!("{} of {} objects failed", tally.failed, tally.all));
        Ok(ExitCode::FAILURE)
    }
}

#[derive(Debug, Default)]
struct Tally {
    all: u64,
    failed: u64,
}

/// Writes a line for every object, as soon as no other object waits to be read.
fn answer_all<R: Read>(mut reader: BufReader<R>, work: fn(&Vector) -> Report) -> std::io::Result<Tally> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut tally = Tally::default();
    let done = input::for_each(&mut reader, |object, more_waits| {
        let (id, report) = match &object.vector {
            Ok(vector) => (vector.id.clone(), work(vector)),
            Err(refusal) => (None, Report::bad(refusal)),
        };
        tally.all += 1;
        tally.failed += u64::from(!report.as_expected);
        let mut line = Answer::new();
        match id {
            Some(id) => line.insert("id".to_owned(), id),
            None => line.insert(object.counted_in.to_owned(), object.number.into()),
        };
        line.extend(report.answer);
        serde_json::to_writer(&mut out, &line)?;
        out.write_all(b"\n")?;
        if more_waits { Ok(()) } else { out.flush() }
    })
    .and_then(|()| out.flush());
    match done {
        // Whoever closed the output does not want to know more.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(tally),
        result => result.map(|()| tally),
    }
}
