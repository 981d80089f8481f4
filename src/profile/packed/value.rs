//! Values as JSON has them: what a company says of a customer in its own words.

use super::{MAX_DEPTH, Packed, Packer, Unpacker};
use serde_json::{Map, Number, Value};

impl Packed for Value {
    fn pack<'a>(&'a self, into: &mut Packer<'a>) {
        match self {
            Self::Null => into.byte(0),
            Self::Bool(value) => into.byte(1 + u8::from(*value)),
            Self::Number(number) => pack_number(number, into),
            Self::String(text) => {
                into.byte(6);
                into.text(text);
            }
            Self::Array(entries) => {
                into.byte(7);
                entries.pack(into);
            }
            Self::Object(map) => {
                into.byte(8);
                into.count(map.len() as u64);
                for (key, value) in map {
                    into.text(key);
                    value.pack(into);
                }
            }
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        from.depth += 1;
        if from.depth > MAX_DEPTH {
            return None;
        }
        let value = match from.byte()? {
            0 => Self::Null,
            1 => Self::Bool(false),
            2 => Self::Bool(true),
            3 => Self::Number(from.number()?.into()),
            4 => Self::Number(from.count()?.into()),
            5 => {
                let bytes = from.take(8)?.try_into().ok()?;
                Self::Number(Number::from_f64(f64::from_le_bytes(bytes))?)
            }
            6 => Self::String(String::unpack(from)?),
            7 => Self::Array(Vec::unpack(from)?),
            8 => {
                let length = from.length()?;
                let mut map = Map::with_capacity(length);
                for _ in 0..length {
                    map.insert(String::unpack(from)?, Self::unpack(from)?);
                }
                Self::Object(map)
            }
            _ => return None,
        };
        from.depth -= 1;
        Some(value)
    }
}

/// As an integer wherever it is one, so that it comes back as what it was.
fn pack_number(number: &Number, into: &mut Packer<'_>) {
    if let Some(number) = number.as_i64() {
        into.byte(3);
        into.number(number);
    } else if let Some(number) = number.as_u64() {
        into.byte(4);
        into.count(number);
    } else {
        into.byte(5);
        let number = number.as_f64().unwrap_or_default();
        into.bytes.extend_from_slice(&number.to_le_bytes());
    }
}
