//! What a power cut leaves of the files of a database: reads the journal that `journal.c` kept, and
//! undoes what it tells of.
//!
//! A disk writes sectors, in any order. Of the writes to a file since its last sync each is lost,
//! kept, or torn: then it is decided sector by sector. What a sector holds afterwards is what it
//! held after the last write to it that was kept.

use super::dice::Dice;
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

const SECTOR: u64 = 512;
/// Bytes of a record without what follows it: two numbers of 32 bits and five of 64.
const HEAD: usize = 48;
/// The number under which the journal has the folder.
const FOLDER: u32 = 1;

/// What the cut takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// Everything that was not synced.
    Unsynced,
    /// What chance takes of what was not synced.
    Chance,
    /// Everything, as from a disk that ignores syncs. Nothing can survive it.
    All,
}

/// Bytes of a file that were overwritten, added or cut off.
struct Change {
    at: u64,
    file: u32,
    from: u64,
    to: u64,
    before: u64,
    after: u64,
    /// What was in the sectors, from the beginning of the first.
    old: Vec<u8>,
}

/// A file that came or went.
struct Entry {
    at: u64,
    file: u32,
    came: bool,
}

/// What one server process did to its database.
#[derive(Default)]
pub(super) struct Journal {
    names: HashMap<u32, PathBuf>,
    changes: Vec<Change>,
    entries: Vec<Entry>,
    /// By file: changes before this byte of the journal are durable.
    synced: HashMap<u32, u64>,
    /// Syncs that succeeded.
    pub(super) syncs: usize,
}

impl Journal {
    /// Reads a journal. What the kill left of an unfinished record at its end is nothing: its
    /// change never came.
    pub(super) fn read(path: &Path) -> Option<Self> {
        let bytes = fs::read(path).ok()?;
        let (mut journal, mut at) = (Self::default(), 0);
        while let Some(head) = bytes.get(at..at + HEAD) {
            let wide = |offset: usize| {
                let number = head[offset..offset + 8].try_into().expect("eight bytes");
                u64::from_ne_bytes(number)
            };
            let kinds = wide(0).to_ne_bytes();
            let (kind, file) = kinds.split_at(4);
            let narrow = |bytes: &[u8]| u32::from_ne_bytes(bytes.try_into().expect("four bytes"));
            let end = at + HEAD + usize::try_from(wide(40)).expect("a length");
            let Some(follows) = bytes.get(at + HEAD..end) else {
                break;
            };
            let numbers = [wide(8), wide(16), wide(24), wide(32)];
            journal.add(at as u64, narrow(kind), narrow(file), numbers, follows);
            at = end;
        }
        Some(journal)
    }

    fn add(&mut self, at: u64, kind: u32, file: u32, numbers: [u64; 4], follows: &[u8]) {
        let [from, to, before, after] = numbers;
        match kind {
            1 => {
                let name = String::from_utf8(follows.to_vec()).expect("a path");
                self.names.insert(file, PathBuf::from(name));
                if from == 1 {
                    let came = true;
                    self.entries.push(Entry { at, file, came });
                }
            }
            2 => self.changes.push(Change {
                at,
                file,
                from,
                to,
                before,
                after,
                old: follows.to_vec(),
            }),
            3 => {
                self.syncs += 1;
                let upto = self.synced.entry(file).or_default();
                *upto = from.max(*upto);
            }
            4 => {
                let came = false;
                self.entries.push(Entry { at, file, came });
            }
            other => panic!("the journal has a record of kind {other}"),
        }
    }

    /// Writes, and changes of a file's length.
    pub(super) fn writes(&self) -> usize {
        self.changes.len()
    }

    /// Makes of the files in `folder` what the cut leaves.
    pub(super) fn apply(&self, folder: &Path, cut: Cut, dice: &mut Dice) {
        let mut by_file: BTreeMap<u32, Vec<&Change>> = BTreeMap::new();
        for change in &self.changes {
            if self.unsynced(change.file, change.at, cut) {
                by_file.entry(change.file).or_default().push(change);
            }
        }
        for (file, changes) in by_file {
            let (path, kept) = self.places(folder, file);
            let path = if kept.exists() { kept } else { path };
            if path.exists() {
                undo(&path, &changes, cut, dice);
            }
        }
        self.undo_entries(folder, cut, dice);
    }

    fn unsynced(&self, file: u32, at: u64, cut: Cut) -> bool {
        let upto = self.synced.get(&file).copied().unwrap_or_default();
        at >= upto || cut == Cut::All
    }

    /// Where a file is, and where it is once it was unlinked.
    fn places(&self, folder: &Path, file: u32) -> (PathBuf, PathBuf) {
        let name = self.names[&file].file_name().expect("a name");
        let mut kept = name.to_owned();
        kept.push(format!(".gone.{file}"));
        (folder.join(name), folder.join(kept))
    }

    /// Files come and go in order: the cut takes the last of these changes, however many.
    fn undo_entries(&self, folder: &Path, cut: Cut, dice: &mut Dice) {
        let open = self.entries.iter();
        let open: Vec<&Entry> = open
            .filter(|entry| self.unsynced(FOLDER, entry.at, cut))
            .collect();
        let stays = match cut {
            Cut::Chance => dice.below(open.len() as u64 + 1) as usize,
            Cut::Unsynced | Cut::All => 0,
        };
        for entry in open[stays..].iter().rev() {
            let (path, kept) = self.places(folder, entry.file);
            if !entry.came && kept.exists() {
                fs::rename(kept, path).expect("put back");
            } else if entry.came && path.exists() {
                fs::remove_file(path).expect("removed");
            }
        }
        for file in self.names.keys() {
            let (_, kept) = self.places(folder, *file);
            if kept.exists() {
                fs::remove_file(kept).expect("removed");
            }
        }
    }
}

/// What becomes of a write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Lost,
    Kept,
    Torn,
}

impl Fate {
    fn keeps(self, dice: &mut Dice) -> bool {
        match self {
            Self::Lost => false,
            Self::Kept => true,
            Self::Torn => dice.chance(50),
        }
    }
}

/// Decides for each of a file's writes.
fn fates(count: usize, cut: Cut, dice: &mut Dice) -> Vec<Fate> {
    // All, none, or some; then how many differs from file to file.
    let style = dice.below(4);
    let (kept, torn) = (dice.below(101), dice.below(51));
    let fate = |dice: &mut Dice| match (cut, style) {
        (Cut::Unsynced | Cut::All, _) | (Cut::Chance, 0) => Fate::Lost,
        (Cut::Chance, 1) => Fate::Kept,
        _ if dice.chance(torn) => Fate::Torn,
        _ if dice.chance(kept) => Fate::Kept,
        _ => Fate::Lost,
    };
    (0..count).map(|_| fate(dice)).collect()
}

/// Undoes what is lost of the writes to one file, which are given in their order.
fn undo(path: &Path, changes: &[&Change], cut: Cut, dice: &mut Dice) {
    let fates = fates(changes.len(), cut, dice);
    if fates.iter().all(|fate| *fate == Fate::Kept) {
        return;
    }
    let mut length = changes.first().map_or(0, |change| change.before);
    // Of each sector the first write that is lost and has none after it that is kept: what was
    // there before it is there again.
    let mut lost: BTreeMap<u64, &Change> = BTreeMap::new();
    for (change, fate) in changes.iter().zip(fates) {
        for sector in change.from / SECTOR..change.to.div_ceil(SECTOR) {
            if fate.keeps(dice) {
                lost.remove(&sector);
            } else {
                lost.entry(sector).or_insert(change);
            }
        }
        if change.before != change.after && fate.keeps(dice) {
            length = change.after;
        }
    }
    let file = OpenOptions::new().write(true).open(path).expect("opened");
    file.set_len(length).expect("a length");
    for (sector, change) in lost {
        restore(&file, sector, change, length);
    }
}

/// Puts back what was in a sector before a change; zeros where the file did not reach.
fn restore(file: &File, sector: u64, change: &Change, length: u64) {
    let begin = sector * SECTOR;
    let end = (begin + SECTOR).min(length);
    let size = end.saturating_sub(begin) as usize;
    let skipped = (begin - change.from / SECTOR * SECTOR) as usize;
    let old = change.old.get(skipped..).unwrap_or_default();
    let mut bytes = old[..old.len().min(size)].to_vec();
    bytes.resize(size, 0);
    file.write_all_at(&bytes, begin).expect("written");
}
