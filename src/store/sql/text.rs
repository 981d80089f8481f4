//! The few notations that the two engines spell differently.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// Texts with their `rows(…)` spelt out for an engine, by the place and length of the text that was written and, for SQLite,
/// the number of rows that are written.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts(Arc<Mutex<Spelt>>);

type Spelt = HashMap<(usize, usize, For), Arc<str>>;

/// What a text is spelt for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum For {
    Sqlite { rows: usize },
    Postgres,
}

impl Texts {
    /// The text for SQLite.
    pub(super) fn sqlite(&self, text: &'static str) -> Arc<str> {
        self.spelt(text, For::Sqlite { rows: 0 })
    }

    /// The text for SQLite, to write so many rows.
    pub(super) fn sqlite_rows(&self, text: &'static str, rows: usize) -> Arc<str> {
        self.spelt(text, For::Sqlite { rows })
    }

    /// The text for PostgreSQL.
    pub(super) fn postgres(&self, text: &'static str) -> Arc<str> {
        self.spelt(text, For::Postgres)
    }

    fn spelt(&self, text: &'static str, engine: For) -> Arc<str> {
        let mut texts = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let key = (text.as_ptr() as usize, text.len(), engine);
        texts
            .entry(key)
            .or_insert_with(|| spell(text, engine).into())
            .clone()
    }
}

/// A migration in the words of one engine: as any text, and `/* sqlite: … */` or `/* postgres: … */` is no comment to it.
pub(in crate::store) fn spell_migration(text: &str, postgres: bool) -> String {
    let (engine, own) = if postgres {
        (For::Postgres, "/* postgres: ")
    } else {
        (For::Sqlite { rows: 0 }, "/* sqlite: ")
    };
    let mut parts = text.split(own);
    let mut spelt = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        spelt.push_str(&part.replacen(" */", "", 1));
    }
    spell(&spelt, engine)
}

/// The text in the words of one engine.
fn spell(text: &str, engine: For) -> String {
    let text = spell_values(text, engine);
    let postgres = engine == For::Postgres;
    let spelt = spell_rows(&text, postgres);
    if postgres {
        spelt.replace("collate binary", "collate \"C\"")
    } else {
        spelt
    }
}

/// The text with its `values rows(type, …)` as an engine is given rows.
fn spell_values(text: &str, engine: For) -> String {
    let parts = text.split_once("values rows(");
    let Some((head, (types, tail))) =
        parts.and_then(|(head, rest)| Some((head, rest.split_once(')')?)))
    else {
        return text.to_owned();
    };
    let types: Vec<&str> = types.split(", ").collect();
    match engine {
        For::Postgres => {
            let arrays = types.iter().enumerate();
            let arrays: Vec<String> = arrays
                .map(|(at, kind)| format!("${}::{kind}[]", at + 2))
                .collect();
            format!(
                "{head}select $1, r.* from unnest({}) as r where true{tail}",
                arrays.join(", ")
            )
        }
        For::Sqlite { rows } => {
            // What fails ends the transaction anyway, so SQLite need not copy every page to take the statement alone back.
            let head = head.replacen("insert into", "insert or fail into", 1);
            let row = format!("(?{})", ", ?".repeat(types.len()));
            format!("{head}values {}{tail}", vec![row; rows].join(", "))
        }
    }
}

/// The text with each `rows($n, alias: column type, …)` in the words of one engine.
fn spell_rows(text: &str, postgres: bool) -> String {
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
    format!("{head}{source}{}", spell_rows(tail, postgres))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_spelt_for_each_engine() {
        let text = "select e.at from rows($2, r: id text, at bigint) cross join event e where e.id = r.id and e.workspace = $1";
        assert_eq!(
            spell(text, For::Postgres),
            "select e.at from json_to_recordset(cast($2 as json)) as r(id text, at bigint) cross join event e where e.id = r.id and e.workspace = $1"
        );
        assert_eq!(
            spell(text, For::Sqlite { rows: 0 }),
            "select e.at from (select value->>'id' as id, value->>'at' as at from json_each($2)) as r cross join event e where e.id = r.id and e.workspace = $1"
        );
    }

    #[test]
    fn bytewise_order_is_spelt_for_each_engine() {
        let text = "select id from record order by id collate binary desc";
        assert_eq!(spell(text, For::Sqlite { rows: 0 }), text);
        assert_eq!(
            spell(text, For::Postgres),
            "select id from record order by id collate \"C\" desc"
        );
    }

    #[test]
    fn migrations_are_spelt_for_each_engine() {
        let text = "create table t (id text collate binary) /* sqlite: without rowid *//* postgres: with (fillfactor = 70) */;";
        assert_eq!(
            spell_migration(text, true),
            "create table t (id text collate \"C\") /* sqlite: without rowid */with (fillfactor = 70);"
        );
        assert_eq!(
            spell_migration(text, false),
            "create table t (id text collate binary) without rowid/* postgres: with (fillfactor = 70) */;"
        );
    }

    #[test]
    fn rows_to_be_written_are_spelt_for_each_engine() {
        let text =
            "insert into t (workspace, id, at) values rows(text, bigint) on conflict do nothing";
        assert_eq!(
            spell(text, For::Postgres),
            "insert into t (workspace, id, at) select $1, r.* from unnest($2::text[], $3::bigint[]) as r where true on conflict do nothing"
        );
        assert_eq!(
            spell(text, For::Sqlite { rows: 2 }),
            "insert or fail into t (workspace, id, at) values (?, ?, ?), (?, ?, ?) on conflict do nothing"
        );
    }
}
