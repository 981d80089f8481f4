//! No type name is defined in two files of `src`: a name has one meaning in the whole crate.

use std::collections::{BTreeMap, BTreeSet};

use super::import::{File, code, sources};

/// Names that parallel files may each define, and the folder of these files.
const PARALLEL: [(&str, &str); 3] = [
    // The typed arguments of each tool.
    ("Arguments", "tool/"),
    // One webhook delivery, and the mapping of a topic, of each system.
    ("Hook", "source/"),
    ("Mapping", "source/"),
];

/// The code of a file without its module of tests, nothing for a file of tests.
fn without_tests(file: &File) -> &str {
    if file.path.ends_with("tests.rs") || file.path.contains("/tests/") {
        return "";
    }
    let end = file.code.find("#[cfg(test)]\nmod tests {");
    &file.code[..end.unwrap_or(file.code.len())]
}

/// The names of the types that a text defines. An indented `type` is an associated one, which is
/// named by its trait.
fn defined(code: &str) -> BTreeSet<&str> {
    let lines = code.lines().filter_map(|line| {
        let start = line.trim_start();
        let item = match start.strip_prefix("pub") {
            Some(rest) if rest.starts_with('(') => rest.split_once(") ")?.1,
            Some(rest) => rest.trim_start(),
            None => start,
        };
        let (keyword, rest) = item.split_once(' ')?;
        let is_type = matches!(keyword, "struct" | "enum" | "trait")
            || (keyword == "type" && start.len() == line.len());
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
        is_type.then(|| &rest[..end.unwrap_or(rest.len())])
    });
    lines.collect()
}

/// Every name that is defined in several files, with their paths.
fn repeated(files: &[File]) -> BTreeMap<&str, Vec<&str>> {
    let mut places: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for file in files {
        for name in defined(without_tests(file)) {
            places.entry(name).or_default().push(&file.path);
        }
    }
    places.retain(|name, paths| {
        let parallel = PARALLEL.iter().find(|(parallel, _)| parallel == name);
        let inside = |path: &&str| parallel.is_some_and(|(_, folder)| path.starts_with(folder));
        paths.len() > 1 && !paths.iter().all(inside)
    });
    places
}

#[test]
fn no_type_name_is_defined_twice() {
    let files = sources("src");
    let broken: Vec<String> = repeated(&files)
        .into_iter()
        .map(|(name, paths)| format!("`{name}` is defined in {}", paths.join(", ")))
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn definitions_are_found() {
    let text = "pub(super) struct A;\nimpl X for A {\n    type Target = B;\n}\npub enum C {}\n\
        type D = A;\ntrait E {}\nfn f() {\n    struct G<'a>(&'a str);\n}\nuse a::H;";
    let names = defined(text).into_iter().collect::<Vec<_>>();
    assert_eq!(names, ["A", "C", "D", "E", "G"]);
    let file = |path: &str, text: &str| File {
        path: path.to_owned(),
        room: String::new(),
        code: code(text),
        text: String::new(),
    };
    let files = [
        file(
            "a.rs",
            "struct One;\n#[cfg(test)]\nmod tests {\n    struct Two;\n}",
        ),
        file("b.rs", "enum One {}\nstruct Two;\nstruct Arguments;"),
        file("tool/c.rs", "struct Arguments;"),
        file("tests.rs", "struct Two;"),
    ];
    let found = repeated(&files).into_iter().collect::<Vec<_>>();
    assert_eq!(
        found,
        [
            ("Arguments", vec!["b.rs", "tool/c.rs"]),
            ("One", vec!["a.rs", "b.rs"])
        ]
    );
}
