//! Documents as this process wrote them last. Whoever sent events just now will often send more, and then the document need not
//! be read and parsed again.
//!
//! They serve only a transaction that holds its workspace's lock, after what others committed meanwhile has been dropped, so
//! that they are what the database would give.

use super::change::{self, Profiles};
use super::{Db, Tx};
use crate::Result;
use crate::profile::Profile;
use lru::LruCache;
use std::collections::HashMap;

/// About how many bytes of documents are held in memory.
const MAX_BYTES: usize = 32 * 1024 * 1024;
/// What a parsed document takes for each byte of its text, about.
const EXPANSION: usize = 3;

/// Profiles by workspace and id, the ones used longest ago dropped first.
#[derive(Debug)]
pub(super) struct Drafts {
    profiles: LruCache<String, (Profile, usize)>,
    bytes: usize,
}

impl Default for Drafts {
    fn default() -> Self {
        Self {
            profiles: LruCache::unbounded(),
            bytes: 0,
        }
    }
}

fn key(workspace: &str, id: &str) -> String {
    format!("{workspace}\0{id}")
}

impl Drafts {
    /// Takes a profile out.
    pub(super) fn take(&mut self, workspace: &str, id: &str) -> Option<Profile> {
        let (profile, bytes) = self.profiles.pop(&key(workspace, id))?;
        self.bytes -= bytes;
        Some(profile)
    }

    /// Puts in a profile whose document has this length.
    pub(super) fn put(&mut self, workspace: &str, profile: Profile, length: usize) {
        let key = key(workspace, &profile.id);
        self.put_sized(key, profile, length * EXPANSION);
    }

    fn put_sized(&mut self, key: String, profile: Profile, bytes: usize) {
        self.bytes += bytes;
        if let Some((_, (_, replaced))) = self.profiles.push(key, (profile, bytes)) {
            self.bytes -= replaced;
        }
        while self.bytes > MAX_BYTES
            && let Some((_, (_, dropped))) = self.profiles.pop_lru()
        {
            self.bytes -= dropped;
        }
    }

    fn absorb(&mut self, mut other: Self) {
        while let Some((key, (profile, bytes))) = other.profiles.pop_lru() {
            self.put_sized(key, profile, bytes);
        }
    }

    fn clear(&mut self, workspace: &str) {
        let prefix = key(workspace, "");
        let held = self.profiles.iter().map(|(key, _)| key);
        let held: Vec<String> = held
            .filter(|key| key.starts_with(&prefix))
            .cloned()
            .collect();
        for key in held {
            if let Some((_, bytes)) = self.profiles.pop(&key) {
                self.bytes -= bytes;
            }
        }
    }
}

/// The documents that a process wrote, and up to which change of each workspace they are good.
#[derive(Debug, Default)]
pub(super) struct Desk {
    drafts: Drafts,
    known: HashMap<String, i64>,
}

impl Desk {
    fn drop_changed(&mut self, workspace: &str, changed: &Profiles) {
        match changed {
            Profiles::These(ids) => {
                for id in ids {
                    self.drafts.take(workspace, id);
                }
            }
            Profiles::All => self.drafts.clear(workspace),
        }
    }
}

impl Tx {
    /// Makes the workspace's drafts ready: what others changed since they were written is dropped. The lock must be held.
    pub(super) async fn open_drafts(&mut self, workspace: &str) -> Result<()> {
        let known = self.desk().known.get(workspace).copied();
        let now = match known {
            Some(known) => {
                let (now, changed) = change::since_in(self, workspace, known).await?;
                self.desk().drop_changed(workspace, &changed);
                now
            }
            None => change::last_in(self, workspace).await?,
        };
        self.desk().known.insert(workspace.to_owned(), now);
        self.locked = Some((workspace.to_owned(), now));
        Ok(())
    }

    /// A profile as it was written last, if it is at hand; it is gone then.
    pub(super) fn draft(&mut self, workspace: &str, id: &str) -> Option<Profile> {
        let own = self.drafts.take(workspace, id);
        let (locked, _) = self.locked.as_ref()?;
        if locked != workspace {
            return None;
        }
        // Both, so that an older one does not come up later.
        let older = self.desk().drafts.take(workspace, id);
        own.or(older)
    }

    /// Holds on to a profile that was written.
    pub(super) fn keep_draft(&mut self, workspace: &str, profile: Profile, length: usize) {
        self.drafts.put(workspace, profile, length);
    }

    /// Drops all drafts of a workspace.
    pub(super) fn clear_drafts(&mut self, workspace: &str) {
        self.drafts.clear(workspace);
        self.desk().drafts.clear(workspace);
    }
}

/// Hands over what a transaction wrote, now that it is committed as change `number` of the workspace.
pub(super) fn hand_over(db: &Db, locked: &(String, i64), number: i64, written: Drafts) {
    let (workspace, before) = locked;
    let mut desk = db.desk();
    let known = desk.known.get(workspace).copied();
    if number == before + 1 && known == Some(*before) {
        desk.drafts.absorb(written);
        desk.known.insert(workspace.clone(), number);
    } else {
        desk.drafts.clear(workspace);
        desk.known.remove(workspace);
    }
}
