//! Rows that either driver can read: a struct from the columns that have the names of its fields.
//!
//! sqlx has a derive macro for it, but its macros crate builds both drivers a second time.

use sqlx::FromRow;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;

/// A row that both drivers can read.
pub trait Row: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}
impl<T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin> Row for T {}

/// Reads a struct field by field: `row!(Source { workspace, name })`. A struct after `..` is read
/// from the same row.
macro_rules! row {
    ($name:ty { $($field:ident),+ $(; ..$inner:ident)? }) => {
        row!(sqlx::sqlite::SqliteRow => $name { $($field),+ $(; ..$inner)? });
        row!(sqlx::postgres::PgRow => $name { $($field),+ $(; ..$inner)? });
    };
    ($row:ty => $name:ty { $($field:ident),+ $(; ..$inner:ident)? }) => {
        impl sqlx::FromRow<'_, $row> for $name {
            fn from_row(row: &$row) -> sqlx::Result<Self> {
                Ok(Self {
                    $($field: sqlx::Row::try_get(row, stringify!($field).trim_start_matches("r#"))?,)+
                    $($inner: sqlx::FromRow::from_row(row)?,)?
                })
            }
        }
    };
}
pub(in crate::store) use row;
