//! The list of tables. What is done to all tables, or to all of one kind, loops over this list.
//!
//! A new table is its SQL in the migration, a row here, and a file with its statements. Tests
//! compare the list with the catalogues of both engines, and check that every table and every
//! statement fits a PostgreSQL that is sharded by workspace.

use super::{Db, Tx};
use crate::id::WorkspaceId;
use crate::{Error, Result};

/// The kind of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableKind {
    /// What was set up, sent or decided. It is the truth and is kept for good.
    Log,
    /// Folded from the log. A rebuild empties it and folds the log again.
    Derived,
    /// The model of matching and its index. The next run of matching writes it anew.
    Index,
    /// Notes of processes for each other and for their next run. Losing them costs only time.
    Transient,
}

/// The columns that tie a row to a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Personal {
    /// None: no row is about a customer.
    No,
    /// Ids of links.
    Link(&'static [&'static str]),
    /// The id of a profile.
    Profile(&'static str),
    /// The kind and value of an identifier; a link's id counts as one of the kind `link`.
    Identifier([&'static str; 2]),
    /// The source and id of a message.
    Message([&'static str; 2]),
    /// A list that may name several customers, so the row stays when one of them is erased.
    List(&'static str),
}

impl Personal {
    /// The names of the columns.
    #[must_use]
    pub fn columns(&self) -> &[&'static str] {
        match self {
            Self::No => &[],
            Self::Link(columns) => columns,
            Self::Identifier(columns) | Self::Message(columns) => columns,
            Self::Profile(column) | Self::List(column) => std::slice::from_ref(column),
        }
    }
}

/// A table.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its kind.
    pub kind: TableKind,
    /// The columns that tie a row to a customer.
    pub personal: Personal,
    /// Whether every node of a distributed database has to hold it, because its rows are looked up
    /// without a workspace. Such a table is small.
    pub everywhere: bool,
    clear: &'static str,
    count: &'static str,
}

/// A table that is sharded by workspace. A macro, because statements are static texts.
macro_rules! table {
    ($name:literal, $kind:ident, $personal:expr) => {
        Table {
            name: $name,
            kind: TableKind::$kind,
            personal: $personal,
            everywhere: false,
            clear: concat!("delete from ", $name, " where workspace = $1"),
            count: concat!("select count(*) from ", $name, " where workspace = $1"),
        }
    };
}

/// Every table, in the order of the migration.
pub const TABLES: &[Table] = {
    use Personal::{Identifier, Link, List, Message, No, Profile};
    &[
        Table {
            everywhere: true,
            clear: "delete from workspace where id = $1",
            count: "select count(*) from workspace where id = $1",
            ..table!("workspace", Log, No)
        },
        Table {
            everywhere: true,
            ..table!("source", Log, No)
        },
        Table {
            everywhere: true,
            ..table!("api_key", Log, No)
        },
        table!("event", Log, Link(&["link"])),
        table!("reject", Log, Message(["source", "message_id"])),
        table!("identity_rules", Log, No),
        table!("decision", Log, List("body")),
        table!("decision_subject", Log, Identifier(["kind", "value"])),
        table!("suggestion", Log, Link(&["one", "other"])),
        table!("link", Derived, Link(&["id"])),
        table!("link_identifier", Derived, Link(&["link"])),
        table!("identifier", Derived, Identifier(["kind", "value"])),
        table!("profile", Derived, Profile("id")),
        table!("unmatched", Derived, Profile("profile")),
        table!("record", Derived, Link(&["link"])),
        // It holds the frequencies of values that several people share.
        table!("match_model", Index, No),
        table!("match_person", Index, Link(&["profile"])),
        table!("match_bucket", Index, List("entries")),
        table!("match_key", Index, Link(&["profile"])),
        table!("import_progress", Transient, No),
        table!("change", Transient, List("profiles")),
    ]
};

/// Deletes a workspace's rows from every table of a kind.
pub(super) async fn clear(tx: &mut Tx, workspace: &WorkspaceId, kind: TableKind) -> Result<()> {
    for table in TABLES.iter().filter(|table| table.kind == kind) {
        tx.sql(table.clear).bind(workspace).execute().await?;
    }
    Ok(())
}

/// How many rows of the workspace a table has.
///
/// # Errors
/// [`Error::Internal`] when there is no such table.
pub async fn count(db: &Db, name: &str, workspace: &WorkspaceId) -> Result<i64> {
    let table = TABLES
        .iter()
        .find(|table| table.name == name)
        .ok_or_else(|| Error::internal(format!("no table `{name}`")))?;
    let (count,): (i64,) = db.sql(table.count).bind(workspace).one().await?;
    Ok(count)
}

/// The statement that analyses PostgreSQL's tables, except small ones and those that are written as
/// a whole.
pub(super) fn analyze() -> String {
    let names: Vec<&str> = TABLES
        .iter()
        .filter(|table| !table.everywhere && table.kind != TableKind::Index)
        .map(|table| table.name)
        .collect();
    format!("analyze {}", names.join(", "))
}
