//! Remote file management: the commands of TS 102 221 §11 that scripts may use.

mod administration;
mod binary;
mod objects;
mod pins;
mod records;
mod selecting;

use super::apdu::{Answer, Apdu, Pending, in_old_class, sw};
use super::execution::{Operation, Write};
use super::files::{FileId, FileSystem, MASTER};
pub(super) use pins::Pins;

/// What a script has selected so far.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    directory: FileId,
    file: Option<FileId>,
    /// The directory that `7FFF` names.
    application: Option<FileId>,
    /// Record last touched.
    record: usize,
    pending: Pending,
    /// Blocks of an object that is being written.
    incoming: Vec<u8>,
    /// What is left of an object that is being read.
    outgoing: Vec<u8>,
}

impl Selection {
    pub(super) fn new(application: Option<FileId>, preselected: bool) -> Self {
        let directory = application.filter(|_| preselected).unwrap_or(MASTER);
        Self {
            directory,
            file: None,
            application,
            record: 0,
            pending: Pending::default(),
            incoming: Vec::new(),
            outgoing: Vec::new(),
        }
    }
}

/// Runs commands against the files of a card.
pub(super) struct FileManager<'a> {
    pub(super) files: &'a mut FileSystem,
    pub(super) selection: &'a mut Selection,
    pub(super) pins: &'a mut Pins,
    /// Takes what was written.
    pub(super) writes: &'a mut Vec<Write>,
    /// Number of the command in its script, from 1.
    pub(super) command: u8,
}

type Outcome = Result<Answer, u16>;

impl FileManager<'_> {
    /// Runs one command. Data of a command that also sends some waits for GET RESPONSE.
    pub(super) fn run(&mut self, apdu: &Apdu<'_>) -> Answer {
        let old_class = match (apdu.cla, apdu.ins) {
            (0x00, _) | (0x80, 0x32 | 0xD4 | 0xDB | 0xCB) => false,
            (0xA0, _) => true,
            _ => return sw::CLASS.into(),
        };
        let outcome = match apdu.ins {
            0xA4 => self.select(apdu, old_class),
            0xB0 => self.read_binary(apdu),
            0xD6 => self.update_binary(apdu),
            0xB2 => self.read_record(apdu),
            0xDC => self.update_record(apdu),
            0xA2 if old_class => self.seek(apdu),
            0xA2 => self.search_record(apdu),
            0x32 => self.increase(apdu),
            0x04 => self.set_active(apdu, false),
            0x44 => self.set_active(apdu, true),
            0xE0 => self.create(apdu),
            0xE4 => self.delete(apdu),
            0xD4 => self.resize(apdu),
            0x20 => self.pins.verify(apdu),
            0xDB => self.set_data(apdu),
            0xCB => self.retrieve_data(apdu),
            0xC0 => self.selection.pending.fetch(apdu),
            _ => Err(sw::INSTRUCTION),
        };
        let mut answer = outcome.unwrap_or_else(Answer::from);
        if apdu.ins != 0xC0 {
            answer = self.selection.pending.keep(apdu, answer);
        }
        if old_class {
            answer.sw = in_old_class(answer.sw);
        }
        answer
    }

    fn log(&mut self, operation: Operation, file: FileId, place: u16, data: &[u8]) {
        let file = self.files.path(file);
        self.writes.push(Write { command: self.command, operation, file, place, data: data.to_vec() });
    }

    fn current(&self) -> Result<FileId, u16> {
        self.selection.file.ok_or(sw::NO_FILE_SELECTED)
    }

    fn by_short_id(&mut self, sfi: u8) -> Result<FileId, u16> {
        let file = self.files.short(self.selection.directory, sfi).ok_or(sw::FILE_NOT_FOUND)?;
        self.selection.file = Some(file);
        self.selection.record = 0;
        Ok(file)
    }
}
