//! SELECT (TS 102 221 §11.1.1).

use super::super::apdu::{Answer, Apdu, sw};
use super::super::files::{CURRENT_APPLICATION, FileId, Kind, MASTER};
use super::super::tlv;
use super::{FileManager, Outcome};

impl FileManager<'_> {
    pub(super) fn select(&mut self, apdu: &Apdu<'_>, old_class: bool) -> Outcome {
        let ids: Vec<u16> = apdu.data.as_chunks().0.iter().map(|fid| u16::from_be_bytes(*fid)).collect();
        let whole = apdu.data.len().is_multiple_of(2);
        let found = match (apdu.p1, &ids[..]) {
            (0x00, [fid]) if whole => self.reach(self.selection.directory, *fid),
            (0x03, []) if !old_class => Some(self.files.parent(self.selection.directory)),
            (0x08, ids @ [_, ..]) if whole && !old_class => self.follow(MASTER, ids),
            (0x09, ids @ [_, ..]) if whole && !old_class => self.follow(self.selection.directory, ids),
            (0x00 | 0x03 | 0x08 | 0x09, _) => return Err(sw::LENGTH),
            _ => return Err(sw::P1_P2),
        };
        let wants_data = match apdu.p2 {
            0x0C => false,
            0x04 => true,
            0x00 => old_class,
            _ => return Err(sw::P1_P2),
        };
        let file = found.ok_or(sw::FILE_NOT_FOUND)?;
        self.selection.record = 0;
        if self.files.kind(file) == Kind::Directory {
            self.selection.directory = file;
            self.selection.file = None;
        } else {
            self.selection.directory = self.files.parent(file);
            self.selection.file = Some(file);
        }
        let data = if wants_data { self.description(file) } else { Vec::new() };
        Ok(Answer { sw: if self.files.active(file) { sw::OK } else { sw::DEACTIVATED }, data })
    }

    /// A file by identifier as seen from a directory: below it, beside it, above it, the master file, or the
    /// application's directory.
    fn reach(&self, from: FileId, fid: u16) -> Option<FileId> {
        if fid == CURRENT_APPLICATION {
            return self.selection.application;
        }
        if fid == 0x3F00 {
            return Some(MASTER);
        }
        let above = self.files.parent(from);
        // An application's directory has no neighbours.
        let beside = || {
            self.files.fid(from)?;
            self.files.child(above, fid).filter(|file| self.files.kind(*file) == Kind::Directory)
        };
        self.files
            .child(from, fid)
            .or_else(|| [from, above].into_iter().find(|file| self.files.fid(*file) == Some(fid)))
            .or_else(beside)
    }

    fn follow(&self, from: FileId, ids: &[u16]) -> Option<FileId> {
        ids.iter().enumerate().try_fold(from, |directory, (at, fid)| match fid {
            &CURRENT_APPLICATION if at == 0 => self.selection.application,
            fid => self.files.child(directory, *fid),
        })
    }

    /// A short file control template (TS 102 221 §11.1.1.3).
    fn description(&self, file: FileId) -> Vec<u8> {
        let kind = self.files.kind(file);
        let content = self.files.content(file);
        let mut inner = match kind {
            Kind::Directory => vec![0x82, 2, 0x78, 0x21],
            Kind::Transparent => vec![0x82, 2, 0x41, 0x21],
            Kind::Objects => vec![0x82, 2, 0x39, 0x21],
            Kind::Linear { size } | Kind::Cyclic { size } => {
                let shape = if matches!(kind, Kind::Linear { .. }) { 0x42 } else { 0x46 };
                vec![0x82, 5, shape, 0x21, (size >> 8) as u8, size as u8, (content.len() / size.max(1)) as u8]
            }
        };
        if let Some(fid) = self.files.fid(file) {
            inner.extend([0x83, 2, (fid >> 8) as u8, fid as u8]);
        }
        inner.extend([0x8A, 1, if self.files.active(file) { 5 } else { 4 }]);
        if kind != Kind::Directory {
            inner.extend([0x80, 2, (content.len() >> 8) as u8, content.len() as u8]);
        }
        tlv::object(0x62, &inner)
    }
}
