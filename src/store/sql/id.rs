//! Ids as values of both databases: they are stored as texts.

use crate::id::Id;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::{Database, Decode, Encode, Type};
use std::sync::Arc;

impl<Of, DB: Database> Type<DB> for Id<Of>
where
    str: Type<DB>,
{
    fn type_info() -> DB::TypeInfo {
        <str as Type<DB>>::type_info()
    }

    fn compatible(found: &DB::TypeInfo) -> bool {
        <str as Type<DB>>::compatible(found)
    }
}

impl<'q, Of, DB: Database> Encode<'q, DB> for Id<Of>
where
    Arc<str>: Encode<'q, DB>,
{
    fn encode_by_ref(&self, buffer: &mut DB::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
        self.shared().encode(buffer)
    }
}

impl<'r, Of, DB: Database> Decode<'r, DB> for Id<Of>
where
    Arc<str>: Decode<'r, DB>,
{
    fn decode(value: DB::ValueRef<'r>) -> Result<Self, BoxDynError> {
        Arc::<str>::decode(value).map(Self::new)
    }
}
