//! The only place that reads the system clock and the operating system's random bytes.
//!
//! Other code gets a [`Clock`], so that a test can choose the time.

use data_encoding::{Encoding, Specification};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};

mod time;

pub use time::{Time, parse_time};

/// The time: the system's, or one that a test sets.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// A fixed clock, which shows `at` until [`Clock::set`].
    #[must_use]
    pub fn fixed(at: Time) -> Self {
        Self(Some(Arc::new(AtomicI64::new(at.ms()))))
    }

    /// Sets a fixed clock; does nothing to the system's clock.
    pub fn set(&self, at: Time) {
        if let Some(fixed) = &self.0 {
            fixed.store(at.ms(), Ordering::Relaxed);
        }
    }

    /// Now.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one reader of the system clock"
    )]
    pub fn now(&self) -> Time {
        Time::from_ms(match &self.0 {
            Some(fixed) => fixed.load(Ordering::Relaxed),
            None => jiff::Timestamp::now().as_millisecond(),
        })
    }
}

/// `prefix` followed by `bytes` random bytes in lower-case base 32: an unguessable id or key.
///
/// # Panics
/// When the operating system has no random bytes; there is no safe way to go on.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one reader of random bytes"
)]
pub fn random_id(prefix: &str, bytes: usize) -> String {
    let mut random = vec![0; bytes];
    getrandom::fill(&mut random).expect("the operating system gives random bytes");
    format!("{prefix}{}", base32(&random))
}

/// Crockford's alphabet in lower case: no i, l, o, u.
static BASE32: LazyLock<Encoding> = LazyLock::new(|| {
    let mut form = Specification::new();
    form.symbols.push_str("0123456789abcdefghjkmnpqrstvwxyz");
    form.encoding().expect("each character stands once")
});

/// Lower-case base 32 without padding (Crockford's alphabet), the format of ids.
#[must_use]
pub fn base32(bytes: &[u8]) -> String {
    BASE32.encode(bytes)
}

/// The reverse of [`base32`]; `None` if the text does not encode exactly `N` bytes.
#[must_use]
pub fn from_base32<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != (N * 8).div_ceil(5) {
        return None;
    }
    let mut bytes = [0; N];
    BASE32.decode_mut(text.as_bytes(), &mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base32_keeps_every_bit() {
        assert_eq!(base32(&[0xff; 5]), "zzzzzzzz");
        assert_eq!(base32(&[0, 1]), "000g");
        assert_eq!(base32(&[]), "");
    }

    #[test]
    fn base32_reads_back_what_it_wrote_and_nothing_else() {
        let bytes = [0xff, 0, 1, 0x80, 7, 9, 200, 3, 0, 0, 0, 1, 2, 3, 4, 5];
        let text = base32(&bytes);
        assert_eq!(from_base32(&text), Some(bytes));
        assert_eq!(from_base32::<15>(&text), None);
        assert_eq!(from_base32::<16>(&text.to_uppercase()), None);
        let last = text.len() - 1;
        let beyond = format!("{}{}", &text[..last], "1");
        assert_eq!(from_base32::<16>(&beyond), None, "bits beyond the bytes");
    }
}
