//! Commands, each a process of its own, as a user runs them.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs the binary on a file in this folder.
fn run(folder: &Path, arguments: &[&str]) -> Output {
    let url = format!("sqlite://{}", folder.join("shop.db").display());
    let mut command = Command::new(env!("CARGO_BIN_EXE_acquaint"));
    command
        .args(arguments)
        .args(["--database", &url, "--log", "error"]);
    command.stdin(Stdio::null()).output().expect("it runs")
}

#[test]
fn a_command_leaves_nothing_beside_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let commands: [(&[&str], i32); 4] = [
        (&["source", "add", "web", "--kind", "segment"], 0),
        (&["key", "list"], 0),
        (&["profile", "show", "--customer", "user_id:nobody"], 1),
        (&["store", "rebuild"], 0),
    ];
    for (arguments, code) in commands {
        let output = run(folder.path(), arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        let files = std::fs::read_dir(folder.path()).expect("a folder");
        let files: Vec<_> = files
            .map(|file| file.expect("a file").file_name())
            .collect();
        assert_eq!(files, ["shop.db"], "{arguments:?}");
    }
}
