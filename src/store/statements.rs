//! Tests that read every statement of the room in its source files.
//!
//! Joins must be written in their order. Each statement must name the workspace for every table
//! that is sharded by it, in a form that Citus can send to the one node that has the rows
//! (docs.citusdata.com, "SQL Support and Workarounds").

use super::table::TABLES;
use std::path::Path;

/// The first words of statements.
const VERBS: [&str; 5] = ["select", "insert", "update", "delete", "with"];
/// Words after a table that are no alias of it.
const NO_ALIAS: [&str; 10] = [
    "where", "cross", "set", "order", "group", "limit", "union", "on", ")", "(",
];

/// Words that end the list of tables after a `from`.
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

/// The words of every statement of the room.
fn statements() -> Vec<Vec<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut texts = vec![read(&root.join("store.rs"))];
    walk(&root.join("store"), &mut texts);
    let mut all = Vec::new();
    for text in texts {
        let code = text.split("#[cfg(test)]\nmod tests").next();
        let literals = literals(code.unwrap_or_default());
        let words = literals.iter().map(|literal| words(literal));
        all.extend(words.filter(|words| {
            let first = words.first();
            words.len() > 1 && first.is_some_and(|first| VERBS.contains(&first.as_str()))
        }));
    }
    all
}

fn walk(folder: &Path, texts: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            walk(&path, texts);
        } else if !path.ends_with("statements.rs") {
            texts.push(read(&path));
        }
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a source file")
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
            // A backslash at the end of a line continues the literal in the next one.
            found.push(inside[..length].replace("\\\n", " "));
            inside.get(length + 1..).unwrap_or_default()
        } else {
            &from[1..]
        };
    }
    found
}

/// The position of the closing quote, which has no backslash before it.
fn closing(inside: &str) -> Option<usize> {
    let mut escaped = false;
    inside.find(|c| {
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes
    })
}

/// A statement's words. Brackets and punctuation are words of their own.
fn words(text: &str) -> Vec<String> {
    let mut spaced = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        match c {
            '(' | ')' | ',' | '=' | ';' => spaced.extend([' ', c, ' ']),
            c => spaced.push(c),
        }
    }
    spaced.split_whitespace().map(str::to_owned).collect()
}

/// A table in a statement.
#[derive(Debug, PartialEq, Eq)]
struct TableMention<'a> {
    table: &'static str,
    alias: Option<&'a str>,
    inserted: bool,
    at: usize,
}

/// The tables in a statement that are sharded by workspace.
fn mentions(words: &[String]) -> Vec<TableMention<'_>> {
    let word = |at: usize| words.get(at).map(String::as_str);
    let mut found = Vec::new();
    for (at, before) in words.iter().enumerate() {
        if !["from", "join", "into", "update"].contains(&before.as_str()) {
            continue;
        }
        let named = word(at + 1);
        let table = TABLES.iter().find(|table| Some(table.name) == named);
        let Some(table) = table.filter(|table| !table.everywhere) else {
            continue;
        };
        found.push(TableMention {
            table: table.name,
            alias: word(at + 2).filter(|word| !NO_ALIAS.contains(word)),
            inserted: before == "into",
            at: at + 1,
        });
    }
    found
}

/// How often this sequence of words occurs in a statement.
fn times(words: &[String], sequence: &[&str]) -> usize {
    words
        .windows(sequence.len())
        .filter(|it| *it == sequence)
        .count()
}

/// The reason for which a sharded database would refuse a statement.
fn refused(words: &[String]) -> Option<String> {
    let has = |word: &str| words.iter().any(|it| it == word);
    let mentioned = mentions(words);
    if words[0] == "with" && ["insert", "update", "delete"].iter().any(|verb| has(verb)) {
        return Some("writes within a `with`".to_owned());
    }
    if words[0] == "insert" {
        let given = words
            .iter()
            .position(|it| it == "values" || it == "returning");
        let select = words.iter().rposition(|it| it == "select");
        if has("with") || matches!((given, select), (Some(given), Some(select)) if given < select) {
            return Some("a subquery beside an insert".to_owned());
        }
    }
    let bare = mentioned
        .iter()
        .filter(|it| it.alias.is_none() && !it.inserted);
    if bare.count() > bound_alone(words) {
        return Some("a table without its workspace".to_owned());
    }
    let of_workspace = |it: &TableMention<'_>| match it.alias {
        _ if it.inserted => inserts_workspace(&words[it.at + 1..]),
        Some(alias) => bound(words, alias),
        None => true,
    };
    let missing = mentioned.iter().find(|it| !of_workspace(it));
    missing.map(|it| format!("`{}` without its workspace", it.table))
}

/// In how many places a statement names the workspace of a table that has no alias.
fn bound_alone(words: &[String]) -> usize {
    times(words, &["workspace", "=", "$1"]) + times(words, &["workspace", "=", "'{workspace}'"])
}

/// Whether a statement names the workspace of the table with this alias, directly or by another
/// table's: `p.workspace = l.workspace` with `l.workspace = $1`.
fn bound(words: &[String], alias: &str) -> bool {
    let own = format!("{alias}.workspace");
    let to = words
        .windows(3)
        .filter(|it| it[0] == own && it[1] == "=")
        .map(|it| it[2].as_str());
    to.into_iter().any(|to| {
        let other = to.strip_suffix(".workspace").is_some();
        to == "$1" || (other && times(words, &[to, "=", "$1"]) > 0)
    })
}

/// Whether the workspace is the first column and the first value of an insert, given the words
/// after the table's name.
fn inserts_workspace(words: &[String]) -> bool {
    let closed = words.iter().position(|it| it == ")").unwrap_or(words.len());
    let rows: Vec<&str> = words[closed..]
        .iter()
        .skip(1)
        .take(3)
        .map(String::as_str)
        .collect();
    let given = matches!(
        rows.as_slice(),
        ["select", "$1", ","] | ["values", "(", "$1"] | ["values", "rows", "("]
    );
    words.len() > 1 && words[1] == "workspace" && given
}

/// The reason for which the engine would choose the order of a statement's joins.
fn unordered(words: &[String]) -> Option<&'static str> {
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

/// Whether tables are separated by commas, given the words after a `from`.
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

#[test]
fn joins_name_their_order() {
    let (mut joins, mut broken) = (0, Vec::new());
    for words in statements() {
        joins += words.iter().filter(|word| *word == "join").count();
        let why = unordered(&words);
        broken.extend(why.map(|why| format!("{why}: {}", words.join(" "))));
    }
    assert!(
        broken.is_empty(),
        "write `cross join … where`; SQLite walks whole tables otherwise:\n{}",
        broken.join("\n")
    );
    assert!(joins > 30, "only {joins} joins were found");
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
    ] {
        assert!(!why(text), "{text}");
    }
}

#[test]
fn literals_are_read_whole() {
    let source = "// \"no\"\nlet a = \"one \\\n   two\"; let q = '\"'; let b = r#\"three \"x\"\"#; f(\"a \\\" b\");";
    assert_eq!(literals(source), ["one     two", "three \"x\"", "a \\\" b"]);
}

#[test]
fn every_statement_asks_one_workspace() {
    let all = statements();
    assert!(all.len() > 80, "only {} statements were found", all.len());
    for table in TABLES.iter().filter(|table| !table.everywhere) {
        let named = |words: &Vec<String>| mentions(words).iter().any(|it| it.table == table.name);
        assert!(all.iter().any(named), "no statement of `{}`", table.name);
    }
    let broken = all.iter().filter_map(|words| {
        let why = refused(words)?;
        Some(format!("{why}: {}", words.join(" ")))
    });
    let broken: Vec<String> = broken.collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn what_a_sharded_database_refuses_is_found() {
    for (text, fine) in [
        ("select id from link where workspace = $1", true),
        ("select id from link", false),
        ("select source.name from source where write_key = $1", true),
        (
            "select p.doc from link l cross join profile p where l.workspace = $1 and p.workspace = l.workspace",
            true,
        ),
        (
            "select p.doc from link l cross join profile p where l.workspace = $1 and p.id = l.profile",
            false,
        ),
        (
            "select p.doc from link l cross join profile p where p.workspace = l.workspace",
            false,
        ),
        (
            "delete from link where workspace = $1 and id in (select link from record)",
            false,
        ),
        (
            "insert into change (workspace, number) select $1, max(c.number) from change c where c.workspace = $1 returning number",
            true,
        ),
        (
            "insert into change (workspace, number) select $1, 1 returning number, (select k.id from link k where k.workspace = $1)",
            false,
        ),
        (
            "insert into change (workspace, number) values ($1, (select 1))",
            false,
        ),
        (
            "insert into change (number, workspace) values ($1, $2)",
            false,
        ),
        (
            "insert into link (workspace, id) values rows(text) on conflict do nothing",
            true,
        ),
        (
            "with gone as (delete from link where workspace = $1 returning id) select id from gone",
            false,
        ),
        ("update link set whole = true where id = $2", false),
    ] {
        assert_eq!(refused(&words(text)).is_none(), fine, "{text}");
    }
}
