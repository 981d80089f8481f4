//! The tables: one row for each, so that whatever concerns all of them, or all of a sort, loops over this list and forgets none.
//!
//! To add a table is its SQL in the migration, a row here, and a file with its statements. Tests compare the list with both
//! engines' catalogues, and hold every table and every statement to what a PostgreSQL that is sharded by workspace can do.

use super::{Db, Tx};
use crate::{Error, Result};

/// What the rows of a table are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// The truth: what was set up, sent or said. It is kept for good.
    Log,
    /// Folded from the log; a rebuild empties it and folds the log again.
    Derived,
    /// What matching has learnt; its next run makes it anew.
    Index,
    /// What processes leave for each other and for their next run. Losing it costs time only.
    Passing,
}

/// What ties a row to a customer, by the columns that say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Personal {
    /// Nothing: no row is about a customer.
    No,
    /// Ids of links.
    Link(&'static [&'static str]),
    /// The id of a profile.
    Profile(&'static str),
    /// The kind and value of an identifier; a link's id counts as one of the kind `link`.
    Identifier([&'static str; 2]),
    /// The source and id of a message.
    Message([&'static str; 2]),
    /// A list in the column names customers among others, so that the row outlives one of them.
    List(&'static str),
}

impl Personal {
    /// The columns that say so.
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
    /// What its rows are.
    pub sort: Sort,
    /// What ties a row to a customer.
    pub personal: Personal,
    /// Whether it is small and found by more than the workspace, so that every node of a distributed database has to hold it.
    pub everywhere: bool,
    clear: &'static str,
    count: &'static str,
}

/// A table that is sharded by workspace. A macro, because a statement is a static text.
macro_rules! table {
    ($name:literal, $sort:ident, $personal:expr) => {
        Table {
            name: $name,
            sort: Sort::$sort,
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
        // It holds frequencies of what several people share.
        table!("match_model", Index, No),
        table!("match_person", Index, Link(&["profile"])),
        table!("match_bucket", Index, List("entries")),
        table!("match_key", Index, Link(&["profile"])),
        table!("import_progress", Passing, No),
        table!("change", Passing, List("profiles")),
    ]
};

/// Empties every table of a sort of the workspace's rows.
///
/// # Errors
/// When the database refuses.
pub(super) async fn clear(tx: &mut Tx, workspace: &str, sort: Sort) -> Result<()> {
    for table in TABLES.iter().filter(|table| table.sort == sort) {
        tx.sql(table.clear).bind(workspace).execute().await?;
    }
    Ok(())
}

/// How many rows of the workspace a table has.
///
/// # Errors
/// When there is no such table or the database refuses.
pub async fn count(db: &Db, name: &str, workspace: &str) -> Result<i64> {
    let table = TABLES.iter().find(|table| table.name == name);
    let table = table.ok_or_else(|| Error::internal(format!("no table `{name}`")))?;
    let (count,): (i64,) = db.sql(table.count).bind(workspace).one().await?;
    Ok(count)
}

/// What has PostgreSQL look at what its tables hold, but for those that are small or written as a whole.
pub(super) fn analyze() -> String {
    let grown = TABLES
        .iter()
        .filter(|table| !table.everywhere && table.sort != Sort::Index);
    let names: Vec<&str> = grown.map(|table| table.name).collect();
    format!("analyze {}", names.join(", "))
}
