//! The sources as files that import each other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// How many modules may re-export a name one after the other.
const REEXPORTS: usize = 4;

/// One file of the sources, without its comments and strings.
pub struct File {
    /// `surface/auth.rs`.
    pub path: String,
    /// `surface`.
    pub room: String,
    pub text: String,
    pub code: String,
}

/// The files of a folder of the repository.
pub fn sources(folder: &str) -> Vec<File> {
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

/// The text without line comments and the contents of strings, so that words in them do not count.
pub fn code(text: &str) -> String {
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
            // A character literal with a quote opens no string.
            '\'' if chars.peek() == Some(&'"') => {
                chars.next();
                kept.push(c);
            }
            c => kept.push(c),
        }
    }
    kept
}

/// The paths in a file that begin with `crate::`, `acquaint::`, `super::` or `self::`, each in its
/// parts, also within groups.
pub fn paths(code: &str) -> Vec<Vec<String>> {
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

/// Reads one path or a group of paths, and returns the rest of the text.
fn tree<'a>(text: &'a str, mut path: Vec<String>, found: &mut Vec<Vec<String>>) -> &'a str {
    let mut rest = text.trim_start();
    loop {
        if let Some(group) = rest.strip_prefix('{') {
            rest = group.trim_start();
            while !rest.is_empty() && !rest.starts_with('}') {
                let after = tree(rest, path.clone(), found);
                // Text that is no path ends the group, so that the loop ends.
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

fn word(text: &str) -> Option<String> {
    let word: String = text
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    (!word.is_empty()).then_some(word)
}

/// The module path of a file: `surface/auth.rs` is `surface::auth`, and the crate's root is empty.
fn module(path: &str) -> Vec<String> {
    let stem = path.trim_end_matches(".rs");
    let parts = stem
        .split('/')
        .filter(|part| !matches!(*part, "lib" | "main"));
    parts.map(str::to_owned).collect()
}

/// A path from the crate's root on; `None` for a path of another crate.
fn absolute(own: &[String], path: &[String]) -> Option<Vec<String>> {
    let ups = path.iter().take_while(|part| *part == "super").count();
    let (from, rest) = match path[0].as_str() {
        // Benches and tests use the library, which never uses them.
        "acquaint" => return None,
        "super" => (&own[..own.len().saturating_sub(ups)], &path[ups..]),
        "self" => (own, &path[1..]),
        _ => (&[][..], &path[1..]),
    };
    Some([from, rest].concat())
}

/// The re-exports: the path under which a module re-exports a name, and the path of its origin.
fn reexports(files: &[File]) -> BTreeMap<Vec<String>, Vec<String>> {
    let mut from = BTreeMap::new();
    for file in files {
        let own = module(&file.path);
        for (at, _) in file.code.match_indices("pub use ") {
            let mut found = Vec::new();
            tree(&file.code[at + "pub use ".len()..], Vec::new(), &mut found);
            for path in found.iter().filter(|path| path.len() > 1) {
                let target = match path[0].as_str() {
                    "crate" | "super" | "self" => absolute(&own, path),
                    // A child of this module, or another crate, whose name no module has.
                    _ => Some([own.as_slice(), path].concat()),
                };
                let name = path.last().cloned().into_iter();
                let name = own.iter().cloned().chain(name).collect::<Vec<_>>();
                // A function with the name of its module: the other items of the module are not in
                // the function.
                let target = target.filter(|target| !target.starts_with(&name));
                from.extend(target.map(|target| (name, target)));
            }
        }
    }
    from
}

/// The files that each file uses, by their modules; a re-exported name is used from its origin.
/// Uses between a module and its descendants do not count: a parent re-exports its children, and
/// children use their parent.
pub fn arrows(files: &[File]) -> BTreeMap<Vec<String>, BTreeSet<Vec<String>>> {
    let modules: BTreeSet<Vec<String>> = files.iter().map(|file| module(&file.path)).collect();
    let reexports = reexports(files);
    let mut arrows: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for file in files {
        let own = module(&file.path);
        for path in paths(&file.code) {
            let Some(mut full) = absolute(&own, &path) else {
                continue;
            };
            let starts = |full: &Vec<String>| {
                let start = (1..=full.len()).find_map(|at| reexports.get_key_value(&full[..at]));
                start.map(|(name, target)| [target.as_slice(), &full[name.len()..]].concat())
            };
            // A name is re-exported a few times at most.
            for _ in 0..REEXPORTS {
                full = starts(&full).unwrap_or(full);
            }
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

/// The circles: the arrows that are left when files that nothing uses, or that use nothing, are
/// removed again and again.
pub fn circling<T: Ord + Clone>(arrows: &BTreeMap<T, BTreeSet<T>>) -> BTreeMap<T, BTreeSet<T>> {
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
