//! The few notations that the two engines spell differently.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// Texts with their `rows(…)` spelt out for an engine, by the place and length of the text that was written.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts(Arc<Mutex<Spelt>>);

type Spelt = HashMap<(usize, usize, bool), Arc<str>>;

impl Texts {
    /// The text for SQLite.
    pub(super) fn sqlite(&self, text: &'static str) -> Arc<str> {
        self.spelt(text, false)
    }

    /// The text for PostgreSQL.
    pub(super) fn postgres(&self, text: &'static str) -> Arc<str> {
        self.spelt(text, true)
    }

    fn spelt(&self, text: &'static str, postgres: bool) -> Arc<str> {
        let mut texts = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let key = (text.as_ptr() as usize, text.len(), postgres);
        texts
            .entry(key)
            .or_insert_with(|| spell(text, postgres).into())
            .clone()
    }
}

/// The text in the words of one engine.
fn spell(text: &str, postgres: bool) -> String {
    let spelt = spell_rows(text, postgres);
    if postgres {
        spelt.replace("collate binary", "collate \"C\"")
    } else {
        spelt
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
            spell(text, true),
            "select e.at from json_to_recordset(cast($2 as json)) as r(id text, at bigint) cross join event e where e.id = r.id and e.workspace = $1"
        );
        assert_eq!(
            spell(text, false),
            "select e.at from (select value->>'id' as id, value->>'at' as at from json_each($2)) as r cross join event e where e.id = r.id and e.workspace = $1"
        );
    }

    #[test]
    fn bytewise_order_is_spelt_for_each_engine() {
        let text = "select id from record order by id collate binary desc";
        assert_eq!(spell(text, false), text);
        assert_eq!(
            spell(text, true),
            "select id from record order by id collate \"C\" desc"
        );
    }

    #[test]
    fn joins_name_their_order() {
        let files = [
            include_str!("../access.rs"),
            include_str!("../decided.rs"),
            include_str!("../event.rs"),
            include_str!("../identifier.rs"),
            include_str!("../identity.rs"),
            include_str!("../link.rs"),
            include_str!("../matching.rs"),
            include_str!("../profile.rs"),
            include_str!("../record.rs"),
            include_str!("../reject.rs"),
            include_str!("../suggestion.rs"),
        ];
        for text in files {
            let joins = text.matches(" join ").count();
            assert_eq!(joins, text.matches("cross join ").count(), "{text}");
        }
    }
}
