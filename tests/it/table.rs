//! The list of tables and what the databases say that there is; and rows of any table as text, for
//! tests that compare them.

use crate::app::TestApp;
use acquaint::id::WorkspaceId;
use acquaint::profile::Profile;
use acquaint::profile::packed::{Packed, unpack};
use acquaint::profile::record::Record;
use acquaint::store::Db;
use acquaint::store::access::Workspace;
use acquaint::store::table::{Personal, TABLES, TableKind};
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;

both!(
    the_list_has_every_table_and_no_other,
    workspaces_are_compared_alike_everywhere,
    what_is_unique_is_unique_within_a_workspace,
    what_ties_rows_to_customers_is_there,
    every_table_is_cleared_and_counted_by_workspace,
);

/// A column as the catalogue has it.
struct Column {
    table: String,
    name: String,
    kind: String,
}

async fn columns(db: &Db) -> Vec<Column> {
    let text = match db.engine_name() {
        "sqlite" => {
            "select m.name, c.name, lower(c.type) from sqlite_master m cross join pragma_table_info(m.name) c
             where m.type = 'table' and m.name not like '\\_%' escape '\\' order by m.name, c.cid"
        }
        _ => {
            "select cast(c.table_name as text), cast(c.column_name as text), cast(c.data_type as text)
             from information_schema.columns c
             where c.table_schema = current_schema() and c.table_name not like '\\_%' order by c.table_name, c.ordinal_position"
        }
    };
    let rows: Vec<(String, String, String)> = db.sql(text).all().await.expect("columns");
    let column = |(table, name, kind)| Column { table, name, kind };
    rows.into_iter().map(column).collect()
}

/// The first column of every key and index: its table, whether it is unique, and the column.
async fn indexes(db: &Db) -> Vec<(String, bool, String)> {
    let text = match db.engine_name() {
        "sqlite" => {
            "select m.name, cast(l.\"unique\" as boolean), i.name
             from sqlite_master m cross join pragma_index_list(m.name) l cross join pragma_index_info(l.name) i
             where m.type = 'table' and m.name not like '\\_%' escape '\\' and i.seqno = 0"
        }
        _ => {
            "select cast(c.relname as text), x.indisunique, cast(a.attname as text)
             from pg_class c cross join pg_index x cross join pg_attribute a
             where c.relnamespace = to_regnamespace(current_schema()) and c.relname not like '\\_%'
               and x.indrelid = c.oid and a.attrelid = x.indexrelid and a.attnum = 1"
        }
    };
    db.sql(text).all().await.expect("indexes")
}

/// What a table says of whose rows it has.
fn workspace_column(table: &str) -> &'static str {
    if table == "workspace" {
        "id"
    } else {
        "workspace"
    }
}

async fn the_list_has_every_table_and_no_other(app: &TestApp) {
    let there = columns(&app.db)
        .await
        .into_iter()
        .map(|column| column.table);
    let there: BTreeSet<String> = there.collect();
    let listed: BTreeSet<String> = TABLES.iter().map(|table| table.name.to_owned()).collect();
    assert_eq!(listed.len(), TABLES.len(), "one row each");
    assert_eq!(there, listed);
}

/// Tables whose `workspace` columns have different collations cannot be sharded alike.
async fn workspaces_are_compared_alike_everywhere(app: &TestApp) {
    let found: Vec<(String, String)> = if app.db.engine_name() == "sqlite" {
        let text = "select name, sql from sqlite_master where type = 'table' and name not like '\\_%' escape '\\'";
        let rows: Vec<(String, String)> = app.db.sql(text).all().await.expect("tables");
        let compared = |(table, sql): (String, String)| {
            let column = workspace_column(&table);
            let words = sql
                .lines()
                .map(|line| line.split_whitespace().collect::<Vec<_>>());
            let mut declared = words.filter(|words| words.first() == Some(&column));
            let words = declared.next().unwrap_or_default().join(" ");
            let start = format!("{column} text collate binary not null");
            let binary = words.starts_with(&start).then_some("C");
            (table, binary.unwrap_or(&words).to_owned())
        };
        rows.into_iter().map(compared).collect()
    } else {
        let text = "select cast(table_name as text), coalesce(cast(collation_name as text), '') from information_schema.columns
             where table_schema = current_schema()
               and (column_name = 'workspace' or (table_name = 'workspace' and column_name = 'id'))";
        app.db.sql(text).all().await.expect("collations")
    };
    assert_eq!(found.len(), TABLES.len(), "{found:?}");
    let other: Vec<_> = found.iter().filter(|(_, how)| how != "C").collect();
    assert!(other.is_empty(), "{other:?}");
}

async fn what_is_unique_is_unique_within_a_workspace(app: &TestApp) {
    let found = indexes(&app.db).await;
    for table in TABLES {
        let own = found.iter().filter(|(name, _, _)| name == table.name);
        let own: Vec<_> = own
            .map(|(_, unique, column)| (*unique, column.as_str()))
            .collect();
        let within = workspace_column(table.name);
        assert!(own.contains(&(true, within)), "{}: no key", table.name);
        let others: Vec<_> = own.iter().filter(|(_, column)| *column != within).collect();
        assert!(
            table.everywhere || others.is_empty(),
            "{}: {others:?}",
            table.name
        );
    }
    let everywhere = TABLES.iter().filter(|table| table.everywhere);
    let everywhere: Vec<_> = everywhere.map(|table| table.name).collect();
    assert_eq!(everywhere, ["workspace", "source", "api_key"]);
    let foreign = match app.db.engine_name() {
        "sqlite" => {
            "select count(*) from sqlite_master m cross join pragma_foreign_key_list(m.name) f where m.type = 'table'"
        }
        _ => {
            "select count(*) from pg_constraint where contype = 'f' and connamespace = to_regnamespace(current_schema())"
        }
    };
    let (foreign,): (i64,) = app.db.sql(foreign).one().await.expect("a count");
    assert_eq!(foreign, 0, "foreign keys");
}

async fn what_ties_rows_to_customers_is_there(app: &TestApp) {
    let there = columns(&app.db).await;
    for table in TABLES {
        for named in table.personal.columns() {
            let has = |column: &Column| column.table == table.name && column.name == *named;
            assert!(there.iter().any(has), "{}.{named}", table.name);
        }
        // A row that is found by a link or a profile is somebody's.
        let own = there.iter().filter(|column| column.table == table.name);
        let mut names = own.map(|column| column.name.as_str());
        let telling = names.any(|name| name == "link" || name == "profile");
        let said = !telling || table.personal != Personal::No;
        assert!(said, "{}: whose are its rows?", table.name);
    }
}

/// The statements that the list makes of a table's name.
async fn every_table_is_cleared_and_counted_by_workspace(app: &TestApp) {
    app.identify("u1", serde_json::json!({"email": "ada@example.com"}))
        .await;
    let (ours, other) = (&app.tenant.workspace.id, &WorkspaceId::new("w_other"));
    let mut filled = 0;
    for table in TABLES {
        let own = acquaint::store::table::count(&app.db, table.name, ours).await;
        let own = own.expect(table.name);
        assert_eq!(
            own as usize,
            rows(&app.db, &app.tenant.workspace, table.name).await.len()
        );
        filled += usize::from(own > 0);
        let none = acquaint::store::table::count(&app.db, table.name, other).await;
        assert_eq!(none.expect(table.name), 0, "{}", table.name);
    }
    assert!(filled >= 9, "{filled} tables have rows");
    let mut tx = app.db.begin().await.expect("a transaction");
    acquaint::store::profile::clear_derived(&mut tx, ours)
        .await
        .expect("cleared");
    tx.commit().await.expect("committed");
    for table in TABLES {
        let left = acquaint::store::table::count(&app.db, table.name, ours).await;
        let left = left.expect(table.name);
        assert!(
            table.kind != TableKind::Derived || left == 0,
            "{}",
            table.name
        );
        assert!(table.name != "event" || left == 1, "{}", table.name);
    }
}

/// Every row of the workspace in the tables of a kind, each behind its table's name, in the order
/// of their texts.
pub(crate) async fn rows_of(db: &Db, workspace: &Workspace, kind: TableKind) -> Vec<String> {
    let mut all = Vec::new();
    for table in TABLES.iter().filter(|table| table.kind == kind) {
        let rows = rows(db, workspace, table.name).await;
        all.extend(rows.into_iter().map(|row| format!("{} {row}", table.name)));
    }
    all
}

/// Every row of the workspace in a table, to the byte, but for the workspace itself. A document is
/// also shown as it is read.
pub(crate) async fn rows(db: &Db, workspace: &Workspace, table: &str) -> Vec<String> {
    let text = text(db, table).await;
    let rows: Vec<(String, String)> = db.sql(text).bind(&workspace.id).all().await.expect(text);
    let row = |(row, packed): (String, String)| match table {
        "profile" => format!("{row} {} {packed}", read::<Profile>(&packed)),
        "record" => format!("{row} {} {packed}", read::<Record>(&packed)),
        _ => format!("{row} {packed}").trim_end().to_owned(),
    };
    let mut rows: Vec<String> = rows.into_iter().map(row).collect();
    rows.sort_unstable();
    rows
}

fn read<T: Packed + Serialize>(hex: &str) -> String {
    let digits = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal digits");
    let bytes: Vec<u8> = (0..hex.len()).step_by(2).map(digits).collect();
    let read: T = unpack(&bytes).expect("a document");
    serde_json::to_string(&read).expect("JSON")
}

/// The statement that reads a table, made from its columns: what is no bytes as one text, and what
/// is, in hexadecimal digits.
async fn text(db: &Db, table: &str) -> &'static str {
    static TEXTS: Mutex<Option<HashMap<String, &'static str>>> = Mutex::new(None);
    let (engine, within) = (db.engine_name(), workspace_column(table));
    let key = format!("{engine} {table}");
    let known = TEXTS
        .lock()
        .expect("not poisoned")
        .as_ref()
        .and_then(|texts| texts.get(&key).copied());
    if let Some(known) = known {
        return known;
    }
    let columns = columns(db).await;
    let columns = columns
        .iter()
        .filter(|column| column.table == table && column.name != within);
    let (packed, plain): (Vec<&Column>, Vec<&Column>) =
        columns.partition(|column| column.kind == "bytea");
    let plain = plain
        .iter()
        .map(|column| format!("coalesce(cast({} as text), '-')", column.name));
    let hex = |column: &&Column| match engine {
        "sqlite" => format!("coalesce(hex({}), '')", column.name),
        _ => format!("coalesce(encode({}, 'hex'), '')", column.name),
    };
    assert!(
        packed.len() < 2,
        "{table} has packed columns that nobody compares"
    );
    let packed = packed.first().map_or_else(|| "''".to_owned(), hex);
    let plain = plain.collect::<Vec<_>>().join(" || ' ' || ");
    // The server wants a text that stays, and there is one for each table.
    let text: &'static str =
        format!("select {plain}, {packed} from {table} where {within} = $1").leak();
    let mut texts = TEXTS.lock().expect("not poisoned");
    texts.get_or_insert_default().insert(key, text);
    text
}
