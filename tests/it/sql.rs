//! The law of joins, held by reading every SQL text in `src/store`: tables are joined in the order in which they are written,
//! so `cross join … where` and nothing else. Why, says `src/store/sql.rs`.

use std::path::Path;

/// Words that end the list of tables behind a `from`.
const ENDS: [&str; 11] = [
    "where",
    "group",
    "order",
    "having",
    "limit",
    "union",
    "except",
    "on",
    "returning",
    "set",
    "for",
];

#[test]
fn every_join_names_its_order() {
    let (mut texts, mut joins, mut broken) = (0, 0, Vec::new());
    each_file(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store"),
        &mut |path, source| {
            for text in literals(source) {
                let words = words(&text);
                texts += usize::from(words.iter().any(|word| word == "from"));
                joins += words.iter().filter(|word| *word == "join").count();
                if let Some(why) = unordered(&words) {
                    broken.push(format!("{}: {why} in\n  {text}", path.display()));
                }
            }
        },
    );
    assert!(
        broken.is_empty(),
        "write `cross join … where`; SQLite walks whole tables otherwise:\n{}",
        broken.join("\n")
    );
    assert!(
        texts > 60 && joins > 30,
        "{texts} texts and {joins} joins were found"
    );
}

#[test]
fn joins_without_an_order_are_found() {
    let why = |text: &str| unordered(&words(text)).is_some();
    for text in [
        "select 1 from a join b on a.id = b.id",
        "select 1 from a left join b on a.id = b.id",
        "select 1 from a\n cross join b inner join c on true",
        "select 1 from a, b where a.id = b.id",
        "select 1 from rows($2, r: id text) cross join a, b",
        "select (select 1 from a x, b y) from c",
        "update a set n = 1 from b, c where a.id = b.id",
        "delete from a using b where a.id = b.id",
    ] {
        assert!(why(text), "{text}");
    }
    for text in [
        "select a, b from a cross join b where a.id in (select c, d from c)",
        "select 1 from rows($2, r: id text, at bigint) cross join a where a.id = r.id order by a.id, a.at",
        "select coalesce((select max(n) from a), 0), 1 from b",
        "with recursive c (x, y) as (select 1, 2 from a), d as (select 3 from c) select x, y from d",
        "insert into a (b, c) select $1, r.c from rows($2, r: c text) where true on conflict (b, c) do nothing",
        "nothing is read from here, and no join of threads",
    ] {
        assert!(!why(text), "{text}");
    }
}

#[test]
fn literals_are_read_whole() {
    let source = "// \"no\"\nlet a = \"one \\\n   two\"; let q = '\"'; let b = r#\"three \"x\"\"#; f(\"a \\\" b\");";
    assert_eq!(
        literals(source),
        ["one \\\n   two", "three \"x\"", "a \\\" b"]
    );
}

/// What is wrong with a statement, if it joins tables and leaves their order to the engine.
fn unordered(words: &[String]) -> Option<&'static str> {
    let is_sql = words.first().is_some_and(|word| {
        ["select", "insert", "update", "delete", "with"].contains(&word.as_str())
    });
    if !is_sql {
        return None;
    }
    let mut before = "";
    for (at, word) in words.iter().enumerate() {
        match word.as_str() {
            "join" if before != "cross" => return Some("a join without an order"),
            "using" => return Some("tables behind `using`"),
            "from" if lists_tables(&words[at + 1..]) => {
                return Some("tables with commas between them");
            }
            _ => {}
        }
        before = word;
    }
    None
}

/// Whether a comma stands between tables: behind a `from`, in its own brackets, before the list ends.
fn lists_tables(rest: &[String]) -> bool {
    let mut depth = 0;
    for word in rest {
        match word.as_str() {
            "(" => depth += 1,
            ")" if depth == 0 => return false,
            ")" => depth -= 1,
            "," if depth == 0 => return true,
            word if depth == 0 && ENDS.contains(&word) => return false,
            _ => {}
        }
    }
    false
}

/// The words of a text, its brackets and its commas.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in text.chars() {
        if c.is_alphanumeric() || "_$.".contains(c) {
            words.last_mut().expect("one").extend(c.to_lowercase());
        } else {
            let mark = if "(),".contains(c) {
                c.to_string()
            } else {
                String::new()
            };
            words.extend([mark, String::new()]);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The string literals of a source, as they are written.
fn literals(source: &str) -> Vec<String> {
    let (mut found, mut rest) = (Vec::new(), source);
    while let Some(at) = rest.find(['"', '/', '\'']) {
        let (before, from) = rest.split_at(at);
        rest = if from.starts_with("//") {
            from.split_once('\n').map_or("", |(_, after)| after)
        } else if let Some(after) = from.strip_prefix("'\"'") {
            after
        } else if let Some(inside) = from.strip_prefix('"') {
            let hashes = before.len() - before.trim_end_matches('#').len();
            let raw = before.trim_end_matches('#').ends_with('r');
            let length = if raw {
                inside.find(&format!("\"{}", "#".repeat(hashes)))
            } else {
                closing(inside)
            };
            let length = length.unwrap_or(inside.len());
            found.push(inside[..length].to_owned());
            inside.get(length + 1..).unwrap_or_default()
        } else {
            &from[1..]
        };
    }
    found
}

/// Where the quote is that no backslash stands before.
fn closing(inside: &str) -> Option<usize> {
    let mut escaped = false;
    inside.find(|c| {
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes
    })
}

fn each_file(folder: &Path, read: &mut impl FnMut(&Path, &str)) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            each_file(&path, read);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            read(
                &path,
                &std::fs::read_to_string(&path).expect("a source file"),
            );
        }
    }
}
