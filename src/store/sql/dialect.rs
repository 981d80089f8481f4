//! One text in the dialects of both engines: the notations that are translated.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Translated texts. The key is the address and length of the static text, and the dialect.
#[derive(Clone, Debug, Default)]
pub(super) struct TextCache(Arc<Mutex<Translations>>);

type Translations = HashMap<(usize, usize, Dialect), Arc<str>>;

/// What a text is translated for. SQLite's text of an insert depends on how many rows it inserts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Dialect {
    Sqlite { rows: usize },
    Postgres,
}

impl TextCache {
    /// The text for SQLite.
    pub(super) fn sqlite(&self, text: &'static str) -> Arc<str> {
        self.translated(text, Dialect::Sqlite { rows: 0 })
    }

    /// The text for SQLite, to insert so many rows.
    pub(super) fn sqlite_rows(&self, text: &'static str, rows: usize) -> Arc<str> {
        self.translated(text, Dialect::Sqlite { rows })
    }

    /// The text for PostgreSQL.
    pub(super) fn postgres(&self, text: &'static str) -> Arc<str> {
        self.translated(text, Dialect::Postgres)
    }

    fn translated(&self, text: &'static str, dialect: Dialect) -> Arc<str> {
        let mut texts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (text.as_ptr() as usize, text.len(), dialect);
        texts
            .entry(key)
            .or_insert_with(|| translate(text, dialect).into())
            .clone()
    }
}

/// A migration in the dialect of one engine. It is translated as any text is; besides, the comments
/// `/* sqlite: … */` and `/* postgres: … */` become text for their engine.
pub(in crate::store) fn translate_migration(text: &str, postgres: bool) -> String {
    let (dialect, own) = if postgres {
        (Dialect::Postgres, "/* postgres: ")
    } else {
        (Dialect::Sqlite { rows: 0 }, "/* sqlite: ")
    };
    let mut parts = text.split(own);
    let mut uncommented = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        uncommented.push_str(&part.replacen(" */", "", 1));
    }
    translate(&uncommented, dialect)
}

fn translate(text: &str, dialect: Dialect) -> String {
    let postgres = dialect == Dialect::Postgres;
    let translated = translate_rows(&translate_values(text, dialect), postgres);
    if postgres {
        translated.replace("collate binary", "collate \"C\"")
    } else {
        translated
    }
}

/// Translates `values rows(type, …)`: `values rows(text, bigint)` is
/// `select $1, r.* from unnest($2::text[], $3::bigint[]) as r where true` on PostgreSQL, and
/// `values (?, ?, ?), (?, ?, ?)` for two rows on SQLite. The first column is the workspace.
fn translate_values(text: &str, dialect: Dialect) -> String {
    let parts = text.split_once("values rows(");
    let Some((head, (types, tail))) =
        parts.and_then(|(head, rest)| Some((head, rest.split_once(')')?)))
    else {
        return text.to_owned();
    };
    let types: Vec<&str> = types.split(", ").collect();
    match dialect {
        Dialect::Postgres => {
            let arrays: Vec<String> = types
                .iter()
                .enumerate()
                .map(|(at, kind)| format!("${}::{kind}[]", at + 2))
                .collect();
            format!(
                "{head}select $1, r.* from unnest({}) as r where true{tail}",
                arrays.join(", ")
            )
        }
        Dialect::Sqlite { rows } => {
            // A failed statement ends the transaction. So SQLite need not be able to undo the
            // statement alone, for which it would copy every page that it changes.
            let head = head.replacen("insert into", "insert or fail into", 1);
            let row = format!("(?{})", ", ?".repeat(types.len()));
            format!("{head}values {}{tail}", vec![row; rows].join(", "))
        }
    }
}

/// Translates each `rows($n, alias: column type, …)`: `rows($2, r: id text)` is
/// `json_to_recordset(cast($2 as json)) as r(id text)` on PostgreSQL, and
/// `(select value->>'id' as id from json_each($2)) as r` on SQLite.
fn translate_rows(text: &str, postgres: bool) -> String {
    let Some((head, rest)) = text.split_once("rows(") else {
        return text.to_owned();
    };
    let parts = rest.split_once(')').and_then(|(inside, tail)| {
        let (parameter, inside) = inside.split_once(", ")?;
        let (alias, columns) = inside.split_once(": ")?;
        Some((parameter, alias, columns, tail))
    });
    let (parameter, alias, columns, tail) =
        parts.expect("rows($n, alias: column type, …) is well-formed");
    let source = if postgres {
        format!("json_to_recordset(cast({parameter} as json)) as {alias}({columns})")
    } else {
        let column = |column: &str| {
            let name = column.split(' ').next().unwrap_or(column);
            format!("value->>'{name}' as {name}")
        };
        let columns: Vec<String> = columns.split(", ").map(column).collect();
        format!(
            "(select {} from json_each({parameter})) as {alias}",
            columns.join(", ")
        )
    };
    format!("{head}{source}{}", translate_rows(tail, postgres))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_translated_for_each_engine() {
        let text = "select e.at from rows($2, r: id text, at bigint) cross join event e where e.id = r.id and e.workspace = $1";
        assert_eq!(
            translate(text, Dialect::Postgres),
            "select e.at from json_to_recordset(cast($2 as json)) as r(id text, at bigint) cross join event e where e.id = r.id and e.workspace = $1"
        );
        assert_eq!(
            translate(text, Dialect::Sqlite { rows: 0 }),
            "select e.at from (select value->>'id' as id, value->>'at' as at from json_each($2)) as r cross join event e where e.id = r.id and e.workspace = $1"
        );
    }

    #[test]
    fn bytewise_order_is_translated_for_each_engine() {
        let text = "select id from record order by id collate binary desc";
        assert_eq!(translate(text, Dialect::Sqlite { rows: 0 }), text);
        assert_eq!(
            translate(text, Dialect::Postgres),
            "select id from record order by id collate \"C\" desc"
        );
    }

    #[test]
    fn migrations_are_translated_for_each_engine() {
        let text = "create table t (id text collate binary) /* sqlite: without rowid *//* postgres: with (fillfactor = 70) */;";
        assert_eq!(
            translate_migration(text, true),
            "create table t (id text collate \"C\") /* sqlite: without rowid */with (fillfactor = 70);"
        );
        assert_eq!(
            translate_migration(text, false),
            "create table t (id text collate binary) without rowid/* postgres: with (fillfactor = 70) */;"
        );
    }

    #[test]
    fn rows_to_be_inserted_are_translated_for_each_engine() {
        let text =
            "insert into t (workspace, id, at) values rows(text, bigint) on conflict do nothing";
        assert_eq!(
            translate(text, Dialect::Postgres),
            "insert into t (workspace, id, at) select $1, r.* from unnest($2::text[], $3::bigint[]) as r where true on conflict do nothing"
        );
        assert_eq!(
            translate(text, Dialect::Sqlite { rows: 2 }),
            "insert or fail into t (workspace, id, at) values (?, ?, ?), (?, ?, ?) on conflict do nothing"
        );
    }
}
