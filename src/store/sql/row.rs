//! A struct read from the columns that have the names of its fields, with either driver.
//!
//! sqlx has a derive macro for it, but its macros crate builds both drivers a second time.

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
