//! The files of an SQLite database whose power can fail: a server that is started with
//! `environment` keeps a journal of what it has not synced, and `fail` takes that back.

use super::Files;
use super::dice::Dice;
use super::undo::{Cut, Journal};
use crate::app::TestApp;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/power/journal.c");

/// The files, and the library that watches them.
#[derive(Debug)]
pub(super) struct Disk {
    database: PathBuf,
    library: PathBuf,
    _built: tempfile::TempDir,
}

impl Disk {
    /// Watches the database of a test, and compiles what it takes.
    pub(super) fn new(app: &TestApp) -> Self {
        let path = app.url.strip_prefix("sqlite://").expect("a file");
        // SQLite asks the kernel for the path without links in it.
        let database = fs::canonicalize(path).expect("the database");
        let built = tempfile::tempdir().expect("a temporary folder");
        let library = built.path().join("journal.so");
        let compiled = Command::new("cc")
            .args([
                "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-pthread", "-o",
            ])
            .args([library.as_os_str(), OsStr::new(SOURCE)])
            .status()
            .expect("a C compiler, which SQLite needs as well");
        assert!(compiled.success(), "{SOURCE} does not compile");
        Self {
            database,
            library,
            _built: built,
        }
    }

    /// What a server must be started with.
    pub(super) fn environment(&self) -> Vec<(&'static str, OsString)> {
        vec![
            ("LD_PRELOAD", self.library.clone().into()),
            ("POWER_DATABASE", self.database.clone().into()),
        ]
    }

    /// Where it is, and where a server notes its writes.
    pub(super) fn files(&self) -> Files {
        Files {
            journal: self.beside(".undo"),
            database: self.database.clone(),
        }
    }

    /// What the server that was killed has noted.
    pub(super) fn journal(&self) -> Journal {
        let journal = Journal::read(&self.beside(".undo"));
        let journal = journal.filter(|journal| journal.writes() > 0);
        journal.expect(
            "the server's writes went past tests/it/power/journal.c: is its C library linked statically, or does SQLite write by \
             other functions than those that are watched there?",
        )
    }

    /// A copy of the files as the cut would leave them, its folder and its URL.
    pub(super) fn copy(
        &self,
        journal: &Journal,
        cut: Cut,
        dice: &mut Dice,
    ) -> (tempfile::TempDir, String) {
        let copy = tempfile::tempdir().expect("a temporary folder");
        for path in self.kept() {
            let name = path.file_name().expect("a name");
            fs::copy(&path, copy.path().join(name)).expect("copied");
        }
        journal.apply(copy.path(), cut, dice);
        let name = self.database.file_name().expect("a name");
        let url = format!("sqlite://{}", copy.path().join(name).display());
        (copy, url)
    }

    /// The power fails: leaves the files as the cut does.
    pub(super) fn fail(&self, journal: &Journal, cut: Cut, dice: &mut Dice) {
        journal.apply(self.folder(), cut, dice);
        fs::remove_file(self.beside(".undo")).expect("removed");
        // It is memory. After a clean end it is gone already.
        drop(fs::remove_file(self.beside("-shm")));
    }

    /// The files that a disk keeps.
    fn kept(&self) -> Vec<PathBuf> {
        let database = self.database.as_os_str().as_encoded_bytes();
        let entries = fs::read_dir(self.folder()).expect("a folder");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        paths
            .filter(|path| {
                let path = path.as_os_str().as_encoded_bytes();
                let rest = path.strip_prefix(database);
                rest.is_some_and(|rest| rest != b"-shm" && rest != b".undo")
            })
            .collect()
    }

    fn folder(&self) -> &Path {
        self.database.parent().expect("a folder")
    }

    fn beside(&self, ending: &str) -> PathBuf {
        let mut path = self.database.clone().into_os_string();
        path.push(ending);
        path.into()
    }
}
