//! A [`Time`] as both drivers bind and read it: a `bigint`, in UTC milliseconds.

use crate::clock::Time;
use serde::Serializer;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::{Database, Decode, Encode, Type};

impl<D: Database> Type<D> for Time
where
    i64: Type<D>,
{
    fn type_info() -> D::TypeInfo {
        i64::type_info()
    }

    fn compatible(info: &D::TypeInfo) -> bool {
        i64::compatible(info)
    }
}

impl<'q, D: Database> Encode<'q, D> for Time
where
    i64: Encode<'q, D>,
{
    fn encode_by_ref(&self, buffer: &mut D::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
        self.ms().encode_by_ref(buffer)
    }
}

impl<'r, D: Database> Decode<'r, D> for Time
where
    i64: Decode<'r, D>,
{
    fn decode(value: D::ValueRef<'r>) -> Result<Self, BoxDynError> {
        i64::decode(value).map(Self::from_ms)
    }
}

/// Writes a time as a number, for a column of `rows($n, r: at bigint)`.
pub(in crate::store) fn number<S: Serializer>(at: &Time, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_i64(at.ms())
}
