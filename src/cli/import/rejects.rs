//! The file of refused records, which is created with the first one.

use crate::Result;
use serde_json::Value;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

#[derive(Debug, Default)]
pub(super) struct Rejects {
    path: PathBuf,
    append: bool,
    file: Option<File>,
}

impl Rejects {
    /// A file at this path. `append` keeps the records of an interrupted import.
    pub fn new(path: PathBuf, append: bool) -> Self {
        Self {
            path,
            append,
            file: None,
        }
    }

    pub fn write(&mut self, entry: &Value) -> Result<()> {
        if self.file.is_none() {
            let mut options = File::options();
            options
                .create(true)
                .write(true)
                .append(self.append)
                .truncate(!self.append);
            self.file = Some(options.open(&self.path)?);
        }
        if let Some(file) = &mut self.file {
            writeln!(file, "{entry}")?;
        }
        Ok(())
    }
}
