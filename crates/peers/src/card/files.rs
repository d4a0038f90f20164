//! A card's file system: the profile's tree, and what was changed on this card.

use super::profile::{CardProfile, Content};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// A file of a card, by its place in the profile's list or behind it among those made later.
pub(super) type FileId = u16;

/// Where `7FFF` leads, whatever the current application is called.
pub(super) const CURRENT_APPLICATION: u16 = 0x7FFF;
/// The master file.
pub(super) const MASTER: FileId = 0;

/// One file as scripts see it.
#[derive(Debug, Clone)]
struct Node {
    /// File identifier; none for an application's directory.
    fid: Option<u16>,
    parent: FileId,
    sfi: Option<u8>,
    /// Path from the master file.
    path: Arc<str>,
    content: Content,
}

/// The tree that all cards of a profile share.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
}

impl Tree {
    /// The tree of a profile. A file whose directory is not listed before it hangs below the master file.
    pub(super) fn of(profile: &CardProfile) -> Self {
        let mut nodes: Vec<Node> = Vec::new();
        for file in &profile.files {
            let (above, name) = file.path.rsplit_once('/').unwrap_or(("", file.path));
            let parent = nodes.iter().position(|node| *node.path == *above).unwrap_or(0) as FileId;
            nodes.push(Node {
                fid: u16::from_str_radix(name, 16)
                    .ok()
                    .filter(|_| name.len() == 4 && !name.starts_with("ADF")),
                parent,
                sfi: file.sfi,
                path: file.path.into(),
                content: file.content.clone(),
            });
        }
        Self { nodes }
    }
}

/// What a file is, for commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Directory,
    Transparent,
    Objects,
    Linear { size: usize },
    Cyclic { size: usize },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Inactive,
    Gone,
}

/// What is this card's alone.
#[derive(Debug, Clone, Default)]
struct Own {
    contents: FxHashMap<FileId, Vec<u8>>,
    standings: FxHashMap<FileId, Standing>,
    created: Vec<Node>,
}

/// The files of one card.
#[derive(Debug, Clone)]
pub(super) struct FileSystem {
    tree: Arc<Tree>,
    own: Option<Box<Own>>,
    identity: Arc<Identity>,
}

/// What a card carries of its own from the start.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) iccid: String,
    pub(super) imsi: String,
}

impl FileSystem {
    pub(super) fn new(tree: Arc<Tree>, identity: Arc<Identity>) -> Self {
        Self { tree, own: None, identity }
    }

    fn node(&self, file: FileId) -> &Node {
        let shared = self.tree.nodes.len();
        match (&self.own, usize::from(file).checked_sub(shared)) {
            (Some(own), Some(at)) if at < own.created.len() => &own.created[at],
            _ => &self.tree.nodes[usize::from(file).min(shared - 1)],
        }
    }

    fn own(&mut self) -> &mut Own {
        self.own.get_or_insert_default()
    }

    fn standing(&self, file: FileId) -> Option<Standing> {
        self.own.as_ref()?.standings.get(&file).copied()
    }

    /// Files that are there, in the order in which they were made.
    fn all(&self) -> impl Iterator<Item = FileId> {
        let count = self.tree.nodes.len() + self.own.as_ref().map_or(0, |own| own.created.len());
        (0..count as FileId).filter(|file| self.standing(*file) != Some(Standing::Gone))
    }

    /// The directory that a file is in; the master file's own for itself.
    pub(super) fn parent(&self, file: FileId) -> FileId {
        self.node(file).parent
    }

    /// The file's path from the master file.
    pub(super) fn path(&self, file: FileId) -> Arc<str> {
        Arc::clone(&self.node(file).path)
    }

    pub(super) fn fid(&self, file: FileId) -> Option<u16> {
        self.node(file).fid
    }

    /// The file of a path, if it is there.
    pub(super) fn find(&self, path: &str) -> Option<FileId> {
        self.all().find(|file| *self.node(*file).path == *path)
    }

    /// A file directly in a directory.
    pub(super) fn child(&self, directory: FileId, fid: u16) -> Option<FileId> {
        self.all().find(|file| {
            let node = self.node(*file);
            *file != MASTER && node.parent == directory && node.fid == Some(fid)
        })
    }

    /// A file directly in a directory, by short identifier.
    pub(super) fn short(&self, directory: FileId, sfi: u8) -> Option<FileId> {
        self.all().find(|file| {
            let node = self.node(*file);
            *file != MASTER && node.parent == directory && node.sfi == Some(sfi)
        })
    }

    pub(super) fn kind(&self, file: FileId) -> Kind {
        match self.node(file).content {
            Content::Directory => Kind::Directory,
            Content::Transparent(_) | Content::Iccid | Content::Imsi => Kind::Transparent,
            Content::Objects => Kind::Objects,
            Content::Linear { size, .. } => Kind::Linear { size },
            Content::Cyclic { size, .. } => Kind::Cyclic { size },
        }
    }

    /// Everything that the file holds; records one after the other.
    pub(super) fn content(&self, file: FileId) -> Vec<u8> {
        if let Some(changed) = self.own.as_ref().and_then(|own| own.contents.get(&file)) {
            return changed.clone();
        }
        match &self.node(file).content {
            Content::Directory | Content::Objects => Vec::new(),
            Content::Transparent(octets) => octets.clone(),
            Content::Iccid => swapped_digits(&self.identity.iccid, 10),
            Content::Imsi => imsi_octets(&self.identity.imsi),
            Content::Linear { size, count } => vec![0xFF; size * count],
            Content::Cyclic { size, count } => vec![0x00; size * count],
        }
    }

    /// Replaces what the file holds.
    pub(super) fn write(&mut self, file: FileId, content: Vec<u8>) {
        self.own().contents.insert(file, content);
    }

    pub(super) fn active(&self, file: FileId) -> bool {
        self.standing(file).is_none()
    }

    pub(super) fn set_active(&mut self, file: FileId, active: bool) {
        if active {
            self.own().standings.remove(&file);
        } else {
            self.own().standings.insert(file, Standing::Inactive);
        }
    }

    /// Removes a file, and all that is below it.
    pub(super) fn remove(&mut self, file: FileId) {
        let below = format!("{}/", self.node(file).path);
        let gone: Vec<FileId> =
            self.all().filter(|other| *other == file || self.node(*other).path.starts_with(&below)).collect();
        let own = self.own();
        for file in gone {
            own.contents.remove(&file);
            own.standings.insert(file, Standing::Gone);
        }
    }

    /// Makes a file in a directory. The caller has seen that there is none of this identifier.
    pub(super) fn create(
        &mut self,
        directory: FileId,
        fid: u16,
        sfi: Option<u8>,
        content: Content,
    ) -> FileId {
        let path = format!("{}/{fid:04X}", self.node(directory).path).into();
        let shared = self.tree.nodes.len();
        let own = self.own();
        own.created.push(Node { fid: Some(fid), parent: directory, sfi, path, content });
        (shared + own.created.len() - 1) as FileId
    }

    /// How many files were made on this card, those removed again included.
    pub(super) fn created(&self) -> usize {
        self.own.as_ref().map_or(0, |own| own.created.len())
    }
}

/// Digits with the nibbles of each octet swapped, filled with F.
fn swapped_digits(digits: &str, length: usize) -> Vec<u8> {
    let nibbles: Vec<u8> = digits.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
    let nibble = |at: usize| nibbles.get(at).copied().unwrap_or(0x0F);
    (0..length).map(|at| nibble(at * 2 + 1) << 4 | nibble(at * 2)).collect()
}

/// EF_IMSI (TS 31.102 §4.2.2): length, then parity and digits.
fn imsi_octets(imsi: &str) -> Vec<u8> {
    let digits: String = imsi.chars().filter(char::is_ascii_digit).take(15).collect();
    if digits.is_empty() {
        return vec![0xFF; 9];
    }
    let parity = if digits.len() % 2 == 1 { 9 } else { 1 };
    let mut octets = vec![(digits.len() / 2 + 1) as u8];
    octets.extend(swapped_digits(&format!("{parity}{digits}"), 8));
    octets
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hex;

    fn card() -> FileSystem {
        let tree = Arc::new(Tree::of(&CardProfile::usim()));
        let identity = Identity { iccid: "8949000000000000017".into(), imsi: "262011234567890".into() };
        FileSystem::new(tree, Arc::new(identity))
    }

    #[test]
    fn identities_are_in_their_files() {
        let files = card();
        let of = |path| hex::encode(&files.content(files.find(path).unwrap()));
        assert_eq!(of("3F00/2FE2"), "989400000000000010F7");
        assert_eq!(of("3F00/ADF1/6F07"), "082926102143658709");
    }

    #[test]
    fn what_is_changed_is_this_cards_alone() {
        let (mut one, other) = (card(), card());
        let file = one.find("3F00/ADF1/6F31").unwrap();
        one.write(file, vec![5]);
        assert_eq!(one.content(file), [5]);
        assert_eq!(other.content(file), [0x0A]);
    }

    #[test]
    fn a_directory_goes_with_all_that_is_in_it() {
        let mut files = card();
        let directory = files.find("3F00/7F10").unwrap();
        files.remove(directory);
        assert_eq!(files.find("3F00/7F10/5F3A/4F3A"), None);
        assert!(files.find("3F00/7F20/6F31").is_some());
        let again = files.create(MASTER, 0x7F10, None, Content::Directory);
        assert_eq!(files.child(MASTER, 0x7F10), Some(again));
    }
}
