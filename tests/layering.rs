//! The import rule of `src/lib.rs`, checked by reading the sources: which room may use which, and
//! which names are used in one place only.

use std::collections::{BTreeMap, BTreeSet};

#[path = "layering/import.rs"]
mod import;
#[path = "layering/names.rs"]
mod names;

use import::{File, arrows, circling, code, paths, sources};

/// The rooms in their order. A room may use rooms of its own row and of the rows before it.
const ROWS: [&[&str]; 9] = [
    &["error", "clock", "config", "id"],
    &["event"],
    &["source", "profile", "identity", "matching"],
    &["store"],
    &["ingest"],
    &["steward"],
    &["tool"],
    &["surface"],
    &["cli", "main", "lib"],
];

/// Names that only these rooms may use.
const ONLY_IN: [(&str, &[&str]); 6] = [
    ("sqlx::", &["store", "error"]),
    ("rusqlite::", &["store"]),
    ("axum", &["surface"]),
    ("std::env", &["config"]),
    ("SystemTime", &["clock"]),
    // A transaction begins in the room that decides what it writes.
    (".begin()", &["store", "ingest", "steward"]),
];

/// Names that only these files of a room may use. A tool reads through its `Reach` alone, so that
/// its answer depends on nothing that its cache key leaves out, and never shows another customer.
const WITHIN: [(&str, &str, &[&str]); 2] = [
    ("tool", "Clock", &["tool.rs"]),
    ("tool", "Db", &["tool.rs", "tool/reach.rs"]),
];

/// The folders with the files of one crate each.
const CRATES: [&str; 4] = ["src", "benches/http", "benches/identity", "tests/it"];

/// The most lines of a file.
const MAX_LINES: usize = 400;

/// The rooms that a file uses.
fn used(code: &str) -> BTreeSet<String> {
    let named = paths(code).into_iter().filter(|path| {
        let root = path.first().map(String::as_str);
        matches!(root, Some("crate" | "acquaint"))
    });
    named.filter_map(|path| path.into_iter().nth(1)).collect()
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
            // `Error` and `Result` are at the crate's root, for all rooms; other names there are
            // macros.
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
    let hidden = [
        file("a.rs", "mod b;\nmod c;\npub use b::X;"),
        file("a/b.rs", "use super::c::Y;"),
        file("a/c.rs", "use crate::a::X;"),
    ];
    let found = circling(&arrows(&hidden));
    assert_eq!(
        found.keys().cloned().collect::<Vec<_>>(),
        [names("b"), names("c")]
    );
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
    for File { path, text, .. } in CRATES.into_iter().flat_map(sources) {
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
