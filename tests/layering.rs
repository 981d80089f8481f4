//! The import rule of `src/lib.rs`, held by reading the sources: who may use whom, and what is named only in one place.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The rooms in their order. One may use those of its own row and of the rows before it.
const ROWS: [&[&str]; 9] = [
    &["error", "clock", "config"],
    &["event"],
    &["source", "profile", "identity", "matching"],
    &["store"],
    &["ingest"],
    &["steward"],
    &["tool"],
    &["surface"],
    &["cli", "main", "lib"],
];

/// What may be named only in these rooms.
const ONLY_IN: [(&str, &[&str]); 6] = [
    ("sqlx::", &["store", "error"]),
    ("rusqlite::", &["store"]),
    ("axum", &["surface"]),
    ("std::env", &["config"]),
    ("SystemTime", &["clock"]),
    // A transaction that writes is begun where what it writes is decided.
    (".begin()", &["store", "ingest", "steward"]),
];

/// Most lines of a file.
const MAX_LINES: usize = 400;

/// One file of the sources, without its comments and strings.
struct File {
    /// `surface/auth.rs`.
    path: String,
    /// `surface`.
    room: String,
    text: String,
    code: String,
}

fn sources() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    walk(&root, &mut paths);
    paths.sort_unstable();
    let files = paths.into_iter().map(|path| {
        let text = std::fs::read_to_string(&path).expect("a source file");
        let inside = path.strip_prefix(&root).expect("in src");
        let first = inside.components().next().expect("a name");
        let first = first.as_os_str().to_string_lossy();
        File {
            path: inside.to_string_lossy().replace('\\', "/"),
            room: first.trim_end_matches(".rs").to_owned(),
            code: code(&text),
            text,
        }
    });
    files.collect()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// The text without line comments and the insides of strings, so that words in them count for nothing.
fn code(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '/' if chars.peek() == Some(&'/') => while chars.next_if(|c| *c != '\n').is_some() {},
            '"' => {
                while let Some(inside) = chars.next() {
                    match inside {
                        '\\' => drop(chars.next()),
                        '"' => break,
                        _ => {}
                    }
                }
                kept.push_str("\"\"");
            }
            // A quote as a character literal opens no string.
            '\'' if chars.peek() == Some(&'"') => {
                chars.next();
                kept.push(c);
            }
            c => kept.push(c),
        }
    }
    kept
}

/// The rooms that a file names as `crate::room` or `acquaint::room`, also within `use crate::{room, …}`.
fn used(code: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for root in ["crate::", "acquaint::"] {
        for (at, _) in code.match_indices(root) {
            if code[..at]
                .ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':' || c == '$')
            {
                continue;
            }
            let rest = &code[at + root.len()..];
            match rest.strip_prefix('{') {
                Some(group) => rooms.extend(group_heads(group)),
                None => rooms.extend(word(rest)),
            }
        }
    }
    rooms
}

/// The first word of each member of a group, up to the brace that ends it.
fn group_heads(group: &str) -> Vec<String> {
    let (mut heads, mut depth, mut fresh) = (Vec::new(), 0, true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => fresh = true,
            c if fresh && c.is_alphabetic() => {
                heads.extend(word(&group[at..]));
                fresh = false;
            }
            _ => {}
        }
    }
    heads
}

fn word(text: &str) -> Option<String> {
    let word: String = text
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    (!word.is_empty()).then_some(word)
}

fn row(room: &str) -> Option<usize> {
    ROWS.iter().position(|row| row.contains(&room))
}

#[test]
fn a_room_uses_only_those_before_it() {
    let mut broken = Vec::new();
    for file in sources() {
        let own = row(&file.room).unwrap_or_else(|| {
            panic!("{}: no room `{}`; add it to the rule", file.path, file.room)
        });
        for used in used(&file.code) {
            // `Error` and `Result` are at the crate's root and for all; other words there are macros and the like.
            let Some(row) = row(&used) else { continue };
            if row > own {
                broken.push(format!("{} uses `{used}`", file.path));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn some_things_are_named_in_one_room_only() {
    let mut broken = Vec::new();
    for file in sources() {
        for (name, rooms) in ONLY_IN {
            if file.code.contains(name) && !rooms.contains(&file.room.as_str()) {
                broken.push(format!("{} names `{name}`", file.path));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn files_are_small_and_say_what_they_are_for() {
    let mut broken = Vec::new();
    for File { path, text, .. } in sources() {
        let lines = text.lines().count();
        if lines > MAX_LINES {
            broken.push(format!("{path} has {lines} lines"));
        }
        if path.ends_with("mod.rs") {
            broken.push(format!("{path}: a room's file is beside its folder"));
        }
        if !text.starts_with("//!") {
            broken.push(format!("{path} does not begin with what it is for"));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_reader_of_imports_finds_them() {
    let found = |text: &str| used(&code(text)).into_iter().collect::<Vec<_>>();
    assert_eq!(
        found("use crate::{Error, store::{self, Db}, tool};"),
        ["Error", "store", "tool"]
    );
    assert_eq!(found("let x = crate::ingest::take();"), ["ingest"]);
    assert_eq!(found("use acquaint::cli;"), ["cli"]);
    assert!(found("// crate::store\nlet x = \"crate::store \\\" crate::tool\";").is_empty());
    assert!(found("pub(crate) fn x() {} mod acquaintance; $crate::x!()").is_empty());
}
