//! Documents as they are stored: the fields in their order, without names, and every text once.
//!
//! A profile repeats itself: each claim, order and line of recent activity names its event and its
//! source. Here a text that was written before is written as its number, an id as its bytes, a time
//! as its distance from the time before it. That is a third to a quarter of the size as JSON, and
//! every event of a customer reads and writes their document. Formats that describe themselves
//! (`MessagePack`, CBOR) name every field or repeat every text.
//!
//! Packed documents are derived from the log. So there is one form, numbered by [`FORM`], and
//! documents of an older form are folded anew.

use crate::clock::{self, Time};
use crate::id::Id;
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

mod value;

/// The number of the form, the first byte of a document. It grows with every change of the form or
/// of a packed type; the tests in `golden` notice one.
pub const FORM: u8 = 1;

/// Numbers from here on are taken for times, and written as the distance from the one before.
const LARGE: i64 = 1 << 36;
/// The bytes of an id, such as an event's.
const ID: usize = 16;
/// How deep values may be within each other; no event is as deep.
const MAX_DEPTH: usize = 200;

/// A value that can be packed.
pub trait Packed: Sized {
    /// Writes the value.
    fn pack<'a>(&'a self, into: &mut Packer<'a>);

    /// Reads the value; `None` if the bytes are no such value.
    fn unpack(from: &mut Unpacker<'_>) -> Option<Self>;
}

/// Packs a struct field by field: `packed!(Change { at, status })`.
macro_rules! packed {
    ($name:ty { $($field:ident),+ $(,)? }) => {
        impl $crate::profile::packed::Packed for $name {
            fn pack<'a>(&'a self, into: &mut $crate::profile::packed::Packer<'a>) {
                $($crate::profile::packed::Packed::pack(&self.$field, into);)+
            }

            fn unpack(from: &mut $crate::profile::packed::Unpacker<'_>) -> Option<Self> {
                Some(Self { $($field: $crate::profile::packed::Packed::unpack(from)?),+ })
            }
        }
    };
}
pub(crate) use packed;

/// A small document in its stored form.
#[must_use]
pub fn pack(document: &impl Packed) -> Vec<u8> {
    pack_with_room(document, 16)
}

/// A document in its stored form; `texts` is about how many different texts it may have.
#[must_use]
pub fn pack_with_room(document: &impl Packed, texts: usize) -> Vec<u8> {
    let mut packer = Packer {
        bytes: Vec::with_capacity(texts * 16),
        texts: FxHashMap::with_capacity_and_hasher(texts, FxBuildHasher),
        last: 0,
    };
    packer.bytes.push(FORM);
    document.pack(&mut packer);
    packer.bytes
}

/// The document in these bytes; `None` if they are of another form or damaged.
#[must_use]
pub fn unpack<T: Packed>(bytes: &[u8]) -> Option<T> {
    let (form, bytes) = bytes.split_first()?;
    if *form != FORM {
        return None;
    }
    let mut unpacker = Unpacker {
        bytes,
        texts: Vec::with_capacity(bytes.len() / 8),
        last: 0,
        depth: 0,
    };
    let document = T::unpack(&mut unpacker)?;
    unpacker.bytes.is_empty().then_some(document)
}

/// A document that is being written.
pub struct Packer<'a> {
    bytes: Vec<u8>,
    /// Texts that were written, and their numbers. A customer whose texts collide slows down only
    /// their own document, which is bounded.
    texts: FxHashMap<&'a str, u64>,
    /// The last number that was taken for a time.
    last: i64,
}

impl<'a> Packer<'a> {
    /// One byte.
    pub fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    /// Seven bits a byte, the lowest first.
    fn count(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    /// A number of either sign. The first byte has six bits of it, and whether it is a distance.
    fn number(&mut self, number: i64) {
        let is_large = number.unsigned_abs() >= LARGE as u64;
        let (number, flag) = if is_large {
            let distance = number.wrapping_sub(self.last);
            self.last = number;
            (distance, 0x40)
        } else {
            (number, 0)
        };
        // The sign goes into the lowest bit, so that small distances are small either way.
        let number = ((number << 1) ^ (number >> 63)) as u64;
        let rest = number >> 6;
        let more = if rest > 0 { 0x80 } else { 0 };
        self.bytes.push((number as u8 & 0x3f) | flag | more);
        if rest > 0 {
            self.count(rest);
        }
    }

    /// A text: its number if it was written before, else the bytes of an id, else its characters.
    fn text(&mut self, text: &'a str) {
        if text.len() < 2 {
            self.count((text.len() as u64) << 2);
            self.bytes.extend_from_slice(text.as_bytes());
            return;
        }
        let next = self.texts.len() as u64;
        let number = *self.texts.entry(text).or_insert(next);
        if number != next {
            return self.count(number << 2 | 1);
        }
        if let Some(id) = clock::from_base32::<ID>(text) {
            self.count(2);
            return self.bytes.extend_from_slice(&id);
        }
        self.count((text.len() as u64) << 2);
        self.bytes.extend_from_slice(text.as_bytes());
    }
}

/// A document that is being read.
pub struct Unpacker<'b> {
    bytes: &'b [u8],
    texts: Vec<Interned<'b>>,
    last: i64,
    depth: usize,
}

impl<'b> Unpacker<'b> {
    /// One byte.
    pub fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*byte)
    }

    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(taken)
    }

    fn count(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// How many entries follow. Each takes a byte at least, so a damaged length cannot ask for more
    /// memory than the document has bytes.
    fn length(&mut self) -> Option<usize> {
        let length = usize::try_from(self.count()?).ok()?;
        (length <= self.bytes.len()).then_some(length)
    }

    fn number(&mut self) -> Option<i64> {
        let first = self.byte()?;
        let mut number = u64::from(first & 0x3f);
        if first & 0x80 != 0 {
            number |= self.count()? << 6;
        }
        let number = (number >> 1) as i64 ^ -((number & 1) as i64);
        if first & 0x40 == 0 {
            return Some(number);
        }
        self.last = self.last.wrapping_add(number);
        Some(self.last)
    }

    fn text(&mut self) -> Option<Cow<'b, str>> {
        let head = self.count()?;
        let length = usize::try_from(head >> 2).ok()?;
        let text = match head & 3 {
            0 => Interned::Text(std::str::from_utf8(self.take(length)?).ok()?),
            1 => return self.texts.get(length).map(Interned::read),
            2 => Interned::Id(self.take(ID)?),
            _ => return None,
        };
        if head & 3 == 2 || length > 1 {
            self.texts.push(text);
        }
        Some(text.read())
    }
}

/// A text as it was written first.
#[derive(Clone, Copy)]
enum Interned<'b> {
    Text(&'b str),
    Id(&'b [u8]),
}

impl<'b> Interned<'b> {
    fn read(&self) -> Cow<'b, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Id(id) => Cow::Owned(clock::base32(id)),
        }
    }
}

impl Packed for String {
    fn pack<'a>(&'a self, into: &mut Packer<'a>) {
        into.text(self);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        from.text().map(Cow::into_owned)
    }
}

impl<Of> Packed for Id<Of> {
    fn pack<'a>(&'a self, into: &mut Packer<'a>) {
        into.text(self);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        from.text().map(Self::new)
    }
}

impl Packed for i64 {
    fn pack<'a>(&'a self, into: &mut Packer<'a>) {
        into.number(*self);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        from.number()
    }
}

impl Packed for Time {
    fn pack<'a>(&'a self, into: &mut Packer<'a>) {
        into.number(self.ms());
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        from.number().map(Self::from_ms)
    }
}

impl Packed for u64 {
    fn pack<'a>(&'a self, into: &mut Packer<'a>) {
        into.count(*self);
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        from.count()
    }
}

impl Packed for bool {
    fn pack<'a>(&'a self, into: &mut Packer<'a>) {
        into.byte(u8::from(*self));
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        from.byte().map(|byte| byte == 1)
    }
}

impl<T: Packed> Packed for Option<T> {
    fn pack<'a>(&'a self, into: &mut Packer<'a>) {
        into.byte(u8::from(self.is_some()));
        if let Some(value) = self {
            value.pack(into);
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        match from.byte()? {
            0 => Some(None),
            _ => T::unpack(from).map(Some),
        }
    }
}

impl<T: Packed> Packed for Vec<T> {
    fn pack<'a>(&'a self, into: &mut Packer<'a>) {
        into.count(self.len() as u64);
        self.iter().for_each(|entry| entry.pack(into));
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let length = from.length()?;
        let mut entries = Self::with_capacity(length);
        for _ in 0..length {
            entries.push(T::unpack(from)?);
        }
        Some(entries)
    }
}

impl<T: Packed> Packed for BTreeMap<String, T> {
    fn pack<'a>(&'a self, into: &mut Packer<'a>) {
        into.count(self.len() as u64);
        for (key, value) in self {
            key.pack(into);
            value.pack(into);
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let length = from.length()?;
        let entry = |_| Some((String::unpack(from)?, T::unpack(from)?));
        (0..length).map(entry).collect()
    }
}

impl<T: Packed + Ord> Packed for BTreeSet<T> {
    fn pack<'a>(&'a self, into: &mut Packer<'a>) {
        into.count(self.len() as u64);
        self.iter().for_each(|entry| entry.pack(into));
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<Self> {
        let length = from.length()?;
        (0..length).map(|_| T::unpack(from)).collect()
    }
}

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;
