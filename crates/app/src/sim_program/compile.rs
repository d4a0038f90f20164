//! Templates to programs.

use super::{Body, Program, ReadBack, Step, octets};
use muster_codecs::Tar;
use muster_codecs::apdu::Apdu;
use muster_codecs::apdu::ram::{self, Aid, Install, Load};
use muster_codecs::apdu::rfm::{self, Class, Place, SelectAnswer};
use muster_codecs::concat::segments_needed;
use muster_codecs::error::EncodeError;
use muster_codecs::path::FileId;
use muster_domain::sim::{CardProfile, CounterMode, FilePath, Integrity, Operation, ScriptFormat, Template};

/// Octets of a packet in front of its data, with the longest check.
const PACKET_HEAD: usize = 24;
/// The longest block of a cipher: what padding may add.
const BLOCK_MAX: usize = 16;
/// Octets of a script's own tags and lengths, and of those in front of each command.
const EXPANDED_HEAD: usize = 4;
const EXPANDED_EACH: usize = 3;
/// Octets of one block of a load file: with its packet it stays within three messages.
const LOAD_BLOCK: usize = 200;

/// Why a template cannot be made into packets for a make of cards.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// It does nothing.
    #[error("the template has no operations")]
    Empty,
    /// An operation is at fault.
    #[error("operation {number} ({verb}): {reason}")]
    Operation {
        /// From 1.
        number: usize,
        /// Its verb.
        verb: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The card profile contradicts itself.
    #[error("card profile {name:?}: {reason}")]
    Profile {
        /// Its name.
        name: String,
        /// What is wrong.
        reason: String,
    },
}

/// Makes the program of a template for cards of a profile: the same every time.
pub fn compile(template: &Template, profile: &CardProfile) -> Result<Program, CompileError> {
    if template.operations.is_empty() {
        return Err(CompileError::Empty);
    }
    check_profile(profile)?;
    let mut steps = Steps { profile, done: Vec::new(), open: None };
    let last = template.operations.len() - 1;
    for (index, operation) in template.operations.iter().enumerate() {
        steps.add(index, operation, index == last).map_err(|reason| CompileError::Operation {
            number: index + 1,
            verb: operation.verb(),
            reason: reason.0,
        })?;
    }
    let mut steps = steps.finish();
    set_restarts(&mut steps);
    Ok(Program { idempotent: steps.iter().all(|step| step.idempotent), steps })
}

/// Finds out for each step how far back the template begins again when it fails.
fn set_restarts(steps: &mut [Step]) {
    for at in 1..steps.len() {
        let operation = steps[at].body.operation_of(0);
        let harmless = |step: &Step| step.idempotent || step.body.operation_of(usize::MAX) == operation;
        let kept = steps[..at].iter().rposition(|step| !harmless(step)).map_or(0, |last| last + 1);
        steps[at].restart = kept as u32;
    }
}

/// A reason in words.
struct Reason(String);

impl From<EncodeError> for Reason {
    fn from(error: EncodeError) -> Self {
        Self(error.to_string())
    }
}

impl From<&str> for Reason {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// Refuses a card profile that contradicts itself.
pub fn check_profile(profile: &CardProfile) -> Result<(), CompileError> {
    let fault =
        |reason: &str| Err(CompileError::Profile { name: profile.name.clone(), reason: reason.to_owned() });
    if !(1..=15).contains(&profile.kvn) {
        return fault("kvn is 1 to 15");
    }
    if !matches!(profile.cmac_length, 4 | 8) {
        return fault("cmac_length is 4 or 8");
    }
    if profile.segments_max == 0 {
        return fault("segments_max is at least 1");
    }
    if profile.integrity == Integrity::None && profile.ciphered && !profile.allow_weak {
        return fault("ciphering without a check lets anyone change the command; allow_weak allows it");
    }
    if profile.counter_mode == CounterMode::None && !profile.allow_weak {
        return fault("without a counter a packet can be replayed; allow_weak allows it");
    }
    let tars = [&profile.mf_tar, &profile.ram_tar];
    let tars = tars.into_iter().chain(&profile.imsi_tar).chain(profile.adfs.iter().map(|adf| &adf.tar));
    for tar in tars {
        if tar.parse::<Tar>().is_err() {
            return fault(&format!("{tar:?} is not a TAR of six hexadecimal digits"));
        }
    }
    Ok(())
}

/// Where a command is run: the application, and the files to select one after the other before it.
#[derive(Clone, PartialEq, Eq)]
struct Target {
    tar: Tar,
    select: Vec<Vec<FileId>>,
}

/// A step under construction.
struct Open {
    tar: Tar,
    commands: Vec<(Apdu, usize)>,
    selected: Option<Vec<Vec<FileId>>>,
    idempotent: bool,
    read_back: Option<ReadBack>,
}

struct Steps<'a> {
    profile: &'a CardProfile,
    done: Vec<Step>,
    open: Option<Open>,
}

impl Steps<'_> {
    fn add(&mut self, index: usize, operation: &Operation, last: bool) -> Result<(), Reason> {
        let idempotent = operation.is_idempotent();
        match operation {
            Operation::UpdateBinary { path, offset, data } => {
                let data = data_of(data)?;
                let target = self.target(path)?;
                let mut at = *offset;
                for chunk in data.chunks(255) {
                    let place = Place::Offset(at);
                    let commands = rfm::update_binary(Class::Uicc, place, chunk)?;
                    let read = rfm::read_binary(Class::Uicc, place, chunk.len() as u8)?;
                    self.command(&target, commands, index, idempotent, Some((read, chunk)))?;
                    at = at.checked_add(chunk.len() as u16).ok_or("the data reach beyond offset 65535")?;
                }
                Ok(())
            }
            Operation::UpdateRecord { path, record, data } => {
                let data = data_of(data)?;
                if *record == 0 {
                    return Err("records are counted from 1".into());
                }
                let target = self.target(path)?;
                let command = rfm::update_record(Class::Uicc, *record, &data)?;
                let read = rfm::read_record(Class::Uicc, *record, data.len() as u8);
                self.command(&target, vec![command], index, idempotent, Some((read, &data)))
            }
            Operation::ReadBinary { path, offset, length } => {
                self.check_reading(*length, last)?;
                let command = rfm::read_binary(Class::Uicc, Place::Offset(*offset), *length)?;
                self.command(&self.target(path)?, vec![command], index, idempotent, None)
            }
            Operation::ReadRecord { path, record, length } => {
                self.check_reading(*length, last)?;
                if *record == 0 {
                    return Err("records are counted from 1".into());
                }
                let command = rfm::read_record(Class::Uicc, *record, *length);
                self.command(&self.target(path)?, vec![command], index, idempotent, None)
            }
            Operation::DeactivateFile { path } => {
                let command = rfm::deactivate_file(Class::Uicc);
                self.command(&self.target(path)?, vec![command], index, idempotent, None)
            }
            Operation::ActivateFile { path } => {
                let command = rfm::activate_file(Class::Uicc);
                self.command(&self.target(path)?, vec![command], index, idempotent, None)
            }
            Operation::Increase { path, data } => {
                let command = rfm::increase(Class::Uicc, &data_of(data)?)?;
                self.command(&self.target(path)?, vec![command], index, idempotent, None)?;
                // Last in its packet: what fails behind it must not make it run again.
                self.close();
                Ok(())
            }
            Operation::Application { tar, data } => {
                let tar = match (tar.as_str(), &self.profile.imsi_tar) {
                    ("", Some(imsi_tar)) => tar_of(imsi_tar)?,
                    ("", None) => return Err("the card profile names no applet that manages IMSIs".into()),
                    (tar, _) => tar_of(tar)?,
                };
                let data = data_of(data)?;
                self.check_length(data.len())?;
                self.close();
                let body = Body::Raw(data, index);
                self.done.push(Step { tar, body, idempotent, read_back: None, restart: 0 });
                Ok(())
            }
            Operation::Apdus { tar, commands, .. } => {
                let target = Target { tar: tar_of(tar)?, select: Vec::new() };
                if commands.is_empty() {
                    return Err("no commands".into());
                }
                for command in commands {
                    let octets = data_of(command)?;
                    let apdu = Apdu::from_bytes(&octets).ok_or("a command has at least four octets")?;
                    self.command(&target, vec![apdu], index, idempotent, None)?;
                }
                Ok(())
            }
            Operation::LoadApplet { load_file, package_aid, module_aid, instance_aid, parameters } => {
                let file = data_of(load_file)?;
                let (package, module) = (aid_of(package_aid)?, aid_of(module_aid)?);
                let instance = aid_of(instance_aid)?;
                let parameters = octets(parameters).ok_or("parameters are not hexadecimal octets")?;
                let begin = ram::install_for_load(&Load {
                    package: &package,
                    security_domain: None,
                    hash: &[],
                    parameters: &[],
                    token: &[],
                })?;
                let end = ram::install_and_make_selectable(&Install {
                    package: &package,
                    module: &module,
                    instance: &instance,
                    privileges: &[0],
                    parameters: &parameters,
                    token: &[],
                })?;
                let blocks = ram::load(&file, LOAD_BLOCK)?;
                // Each in a packet of its own: the next one goes only after the answer to the one before.
                for command in std::iter::once(begin).chain(blocks).chain([end]) {
                    self.close();
                    self.management(command, index, idempotent)?;
                }
                self.close();
                Ok(())
            }
            Operation::DeleteApplet { aid, dependants } => {
                self.management(ram::delete(&aid_of(aid)?, *dependants), index, idempotent)
            }
            Operation::PutKey { key_version, key_index, data } => {
                let data = data_of(data)?;
                if *key_version > 0x7F || *key_index > 0x7F {
                    return Err("key_version and key_index are 0 to 127".into());
                }
                let header = [0x80, 0xD8, *key_version, 0x80 | *key_index];
                self.management(Apdu::writing(header, &data)?, index, idempotent)?;
                self.close();
                Ok(())
            }
        }
    }

    fn management(&mut self, command: Apdu, index: usize, idempotent: bool) -> Result<(), Reason> {
        let target = Target { tar: tar_of(&self.profile.ram_tar)?, select: Vec::new() };
        self.command(&target, vec![command], index, idempotent, None)
    }

    fn check_reading(&self, length: u8, last: bool) -> Result<(), Reason> {
        if length == 0 {
            return Err("length is 1 to 255".into());
        }
        if self.profile.format == ScriptFormat::Compact && !last {
            return Err("a card gives back only what its last command read: reading comes last".into());
        }
        Ok(())
    }

    /// Where a file is reached: an application directory by its own TAR, everything else from the master file.
    fn target(&self, path: &FilePath) -> Result<Target, Reason> {
        let files: Vec<_> = path.file_ids().map(FileId).collect();
        match path.adf() {
            None => Ok(Target { tar: tar_of(&self.profile.mf_tar)?, select: vec![files] }),
            Some(number) => {
                let adf = self.profile.adfs.get(number.wrapping_sub(1)).ok_or_else(|| {
                    Reason(format!("card profile {:?} has no ADF{number}", self.profile.name))
                })?;
                let mut select = Vec::new();
                if !adf.preselected {
                    select.push(vec![FileId::CURRENT_ADF]);
                }
                select.extend(files.into_iter().map(|file| vec![file]));
                Ok(Target { tar: tar_of(&adf.tar)?, select })
            }
        }
    }

    /// Adds commands that stay together, behind the selection of their file, to the open step or to a new one.
    fn command(
        &mut self,
        target: &Target,
        commands: Vec<Apdu>,
        index: usize,
        idempotent: bool,
        read_back: Option<(Apdu, &[u8])>,
    ) -> Result<(), Reason> {
        let fits_open = self.open.as_ref().is_some_and(|open| open.tar == target.tar);
        if !fits_open {
            self.close();
        }
        let selection = select_commands(target)?;
        let selected = self.open.as_ref().is_some_and(|open| open.selected.as_ref() == Some(&target.select));
        let mut added = if selected { Vec::new() } else { selection.clone() };
        added.extend(commands.clone());
        let open_length = self.open.as_ref().map_or(0, |open| self.length(&open.commands));
        let added_length: usize = added.iter().map(|apdu| self.length_of(apdu)).sum();
        if self.check_length(open_length + added_length).is_err() {
            // A step of its own, which selects anew.
            self.close();
            added.clone_from(&selection);
            added.extend(commands);
            self.check_length(added.iter().map(|apdu| self.length_of(apdu)).sum())?;
        }
        let read_back = match read_back {
            Some((read, expected)) => {
                let mut commands: Vec<_> = selection.into_iter().map(|apdu| (apdu, index)).collect();
                commands.push((read, index));
                Some(ReadBack {
                    body: Body::Script { format: self.profile.format, commands },
                    expected: expected.to_vec(),
                })
            }
            None => None,
        };
        let alone = self.open.is_none();
        let open = self.open.get_or_insert_with(|| Open {
            tar: target.tar,
            commands: Vec::new(),
            selected: None,
            idempotent: true,
            read_back: None,
        });
        open.commands.extend(added.into_iter().map(|apdu| (apdu, index)));
        open.selected = (!target.select.is_empty()).then(|| target.select.clone());
        open.idempotent &= idempotent;
        // What holds the value wanted may have held it before: it proves nothing about other commands of the packet.
        open.read_back = read_back.filter(|_| alone);
        Ok(())
    }

    fn length_of(&self, apdu: &Apdu) -> usize {
        let own = apdu.as_bytes().len();
        match self.profile.format {
            ScriptFormat::Compact => own,
            ScriptFormat::Expanded => own + EXPANDED_EACH,
        }
    }

    fn length(&self, commands: &[(Apdu, usize)]) -> usize {
        commands.iter().map(|(apdu, _)| self.length_of(apdu)).sum()
    }

    /// Whether so much secured data fits into the messages that the card takes.
    fn check_length(&self, data: usize) -> Result<(), Reason> {
        let head = match self.profile.format {
            ScriptFormat::Compact => 0,
            ScriptFormat::Expanded => EXPANDED_HEAD,
        };
        let padding = if self.profile.ciphered { BLOCK_MAX - 1 } else { 0 };
        let needed = segments_needed(PACKET_HEAD + head + data + padding);
        let max = usize::from(self.profile.segments_max);
        if needed > max {
            return Err(Reason(format!(
                "needs {needed} messages, cards of profile {:?} put together {max}",
                self.profile.name
            )));
        }
        Ok(())
    }

    fn close(&mut self) {
        if let Some(open) = self.open.take() {
            self.done.push(Step {
                tar: open.tar,
                body: Body::Script { format: self.profile.format, commands: open.commands },
                idempotent: open.idempotent,
                read_back: open.read_back,
                restart: 0,
            });
        }
    }

    fn finish(mut self) -> Vec<Step> {
        self.close();
        self.done
    }
}

fn select_commands(target: &Target) -> Result<Vec<Apdu>, Reason> {
    target
        .select
        .iter()
        .map(|files| match files.as_slice() {
            [file] => Ok(rfm::select(Class::Uicc, *file, SelectAnswer::Nothing)),
            files => Ok(rfm::select_path_from_master(files, SelectAnswer::Nothing)?),
        })
        .collect()
}

fn data_of(text: &str) -> Result<Vec<u8>, Reason> {
    match octets(text) {
        Some(octets) if !octets.is_empty() => Ok(octets),
        _ => Err("data are an even number of hexadecimal digits, at least two".into()),
    }
}

fn tar_of(text: &str) -> Result<Tar, Reason> {
    text.parse().map_err(|_| Reason(format!("{text:?} is not a TAR of six hexadecimal digits")))
}

fn aid_of(text: &str) -> Result<Aid, Reason> {
    Ok(Aid::new(&data_of(text)?)?)
}
