//! What lies outside of the tests: the environment, standard error, and files of data.

use serde_json::Value;
use std::path::Path;

/// A variable of the environment.
#[expect(
    clippy::disallowed_methods,
    reason = "the tests' own settings, which are no part of the program's"
)]
pub fn env(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether a part of the suite that cannot run is a failure.
pub fn in_ci() -> bool {
    env("CI").is_some_and(|value| value == "true")
}

/// Prints past the test runner's capture, so that a skipped part is always seen.
pub fn say(line: &str) {
    use std::io::Write;
    // Nothing is lost if standard error is closed.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// The JSON files of a folder by name, each with its name.
pub fn json_files(folder: &Path) -> Vec<(String, Value)> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut files: Vec<(String, Value)> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("a file");
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            (
                name.into_owned(),
                serde_json::from_str(&text).expect("JSON"),
            )
        })
        .collect();
    files.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    files
}
