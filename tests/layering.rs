//! The import rule of `src/lib.rs`, held by reading the sources: who may use whom, and what is named only in one place.

use std::collections::{BTreeMap, BTreeSet};
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

/// What only these files of a room may name. A tool reads what its reach gives it, so that no answer depends on anything that the
/// key it is remembered under leaves out, and none is another customer's.
const WITHIN: [(&str, &str, &[&str]); 2] = [
    ("tool", "Clock", &["tool.rs"]),
    ("tool", "Db", &["tool.rs", "tool/reach.rs"]),
];

/// The folders that are a crate each.
const CRATES: [&str; 4] = ["src", "benches/http", "benches/identity", "tests/it"];

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

/// The files of a folder of the repository.
fn sources(folder: &str) -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
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

/// The paths that a file names from `crate::`, `acquaint::`, `super::` or `self::` on, each in its parts, also within groups.
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for root in ["crate", "acquaint", "super", "self"] {
        for (at, _) in code.match_indices(&format!("{root}::")) {
            let inside = |c: char| c.is_alphanumeric() || c == '_' || c == ':' || c == '$';
            if !code[..at].ends_with(inside) {
                let rest = &code[at + root.len() + 2..];
                tree(rest, vec![root.to_owned()], &mut found);
            }
        }
    }
    found
}

/// Reads one path, or a group of them, and says what is left of the text.
fn tree<'a>(text: &'a str, mut path: Vec<String>, found: &mut Vec<Vec<String>>) -> &'a str {
    let mut rest = text.trim_start();
    loop {
        if let Some(group) = rest.strip_prefix('{') {
            rest = group.trim_start();
            while !rest.is_empty() && !rest.starts_with('}') {
                let after = tree(rest, path.clone(), found);
                // What is no path of a group ends it, so that nothing is read for ever.
                if after.len() == rest.len() {
                    return after;
                }
                rest = after.trim_start_matches([',', ' ', '\n']);
            }
            return rest.strip_prefix('}').unwrap_or(rest);
        }
        let Some(word) = word(rest) else {
            found.push(path);
            return rest;
        };
        rest = &rest[word.len()..];
        path.push(word);
        match rest.strip_prefix("::") {
            Some(further) => rest = further,
            None => {
                found.push(path);
                let named = rest.strip_prefix(" as ").map(str::trim_start);
                return named.map_or(rest, |rest| {
                    rest.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_')
                });
            }
        }
    }
}

/// The rooms that a file names.
fn used(code: &str) -> BTreeSet<String> {
    let named = paths(code).into_iter().filter(|path| {
        let root = path.first().map(String::as_str);
        matches!(root, Some("crate" | "acquaint"))
    });
    named.filter_map(|path| path.into_iter().nth(1)).collect()
}

fn word(text: &str) -> Option<String> {
    let word: String = text
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    (!word.is_empty()).then_some(word)
}

/// The modules of a file: `surface/auth.rs` is `surface::auth`, and the crate's root is none.
fn module(path: &str) -> Vec<String> {
    let stem = path.trim_end_matches(".rs");
    let parts = stem
        .split('/')
        .filter(|part| !matches!(*part, "lib" | "main"));
    parts.map(str::to_owned).collect()
}

/// Which files each file takes something from, by their modules. What is between a module and those within it does not
/// count: a parent is the face of its children, and they know where they live.
fn arrows(files: &[File]) -> BTreeMap<Vec<String>, BTreeSet<Vec<String>>> {
    let modules: BTreeSet<Vec<String>> = files.iter().map(|file| module(&file.path)).collect();
    let mut arrows: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for file in files {
        let own = module(&file.path);
        for path in paths(&file.code) {
            let mut from = own.clone();
            let mut parts = path.as_slice();
            match parts[0].as_str() {
                // Benches and tests use the library, which knows nothing of them.
                "acquaint" => continue,
                "super" => {
                    while parts.first().is_some_and(|part| part == "super") {
                        from.pop();
                        parts = &parts[1..];
                    }
                }
                root => {
                    if root != "self" {
                        from.clear();
                    }
                    parts = &parts[1..];
                }
            }
            let full = [from.as_slice(), parts].concat();
            let to = (1..=full.len()).rev().map(|length| &full[..length]);
            let Some(to) = to.into_iter().find(|to| modules.contains(*to)) else {
                continue;
            };
            if !own.starts_with(to) && !to.starts_with(&own) {
                arrows.entry(own.clone()).or_default().insert(to.to_vec());
            }
        }
    }
    arrows
}

/// What lies on a circle: whatever is left once all that nothing leads to, or that leads nowhere, is taken away.
fn circling<T: Ord + Clone>(arrows: &BTreeMap<T, BTreeSet<T>>) -> BTreeMap<T, BTreeSet<T>> {
    let mut left = arrows.clone();
    loop {
        let led_to: BTreeSet<T> = left.values().flatten().cloned().collect();
        let leading: BTreeSet<T> = left.keys().cloned().collect();
        let before = left.values().map(BTreeSet::len).sum::<usize>();
        left.retain(|from, _| led_to.contains(from));
        for to in left.values_mut() {
            to.retain(|to| leading.contains(to));
        }
        left.retain(|_, to| !to.is_empty());
        if left.values().map(BTreeSet::len).sum::<usize>() == before {
            return left;
        }
    }
}

fn row(room: &str) -> Option<usize> {
    ROWS.iter().position(|row| row.contains(&room))
}

#[test]
fn a_room_uses_only_those_before_it() {
    let mut broken = Vec::new();
    for file in sources("src") {
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
fn no_files_import_each_other_in_a_circle() {
    let mut shown = Vec::new();
    for folder in CRATES {
        for (from, to) in circling(&arrows(&sources(folder))) {
            let to = to.iter().map(|to| to.join("::")).collect::<Vec<_>>();
            shown.push(format!(
                "{folder}: {} uses {}",
                from.join("::"),
                to.join(", ")
            ));
        }
    }
    assert!(shown.is_empty(), "{}", shown.join("\n"));
}

#[test]
fn a_circle_is_found() {
    let file = |path: &str, text: &str| File {
        path: path.to_owned(),
        room: String::new(),
        code: code(text),
        text: String::new(),
    };
    let circle = [
        file("a.rs", "mod b;\nmod c;\nuse b::x;"),
        file("a/b.rs", "use super::{c::{self, Y}, own};"),
        file("a/c.rs", "fn y() -> crate::a::b::X { self::z() }"),
    ];
    let names = |from: &str| vec!["a".to_owned(), from.to_owned()];
    let found = circling(&arrows(&circle));
    assert_eq!(
        found.keys().cloned().collect::<Vec<_>>(),
        [names("b"), names("c")]
    );
    assert_eq!(circling(&arrows(&circle[..2])), BTreeMap::new());
}

/// Rooms of one row may use each other one way only.
#[test]
fn no_rooms_use_each_other_in_a_circle() {
    let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in sources("src") {
        let others = used(&file.code).into_iter();
        let others = others.filter(|used| row(used).is_some() && *used != file.room);
        arrows.entry(file.room.clone()).or_default().extend(others);
    }
    assert_eq!(circling(&arrows), BTreeMap::new());
}

#[test]
fn some_things_are_named_in_one_room_only() {
    let mut broken = Vec::new();
    for file in sources("src") {
        for (name, rooms) in ONLY_IN {
            if file.code.contains(name) && !rooms.contains(&file.room.as_str()) {
                broken.push(format!("{} names `{name}`", file.path));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn some_things_are_named_in_a_few_files_of_a_room_only() {
    let mut broken = Vec::new();
    for file in sources("src") {
        let words = |text: &str| {
            let split = text.split(|c: char| !c.is_alphanumeric() && c != '_');
            split.map(str::to_owned).collect::<BTreeSet<_>>()
        };
        for (room, name, files) in WITHIN {
            let may = file.room != room
                || file.path.ends_with("tests.rs")
                || files.contains(&file.path.as_str());
            if !may && words(&file.code).contains(name) {
                broken.push(format!("{} names `{name}`", file.path));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn files_are_small_and_say_what_they_are_for() {
    let mut broken = Vec::new();
    for File { path, text, .. } in sources("src") {
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
