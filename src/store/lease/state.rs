//! A workspace's lease as one process sees it: a value that time and others' commits change, and no more.

use std::time::{Duration, Instant};

/// How long a holder goes without asking after it sent a renewal.
pub(super) const TERM: Duration = Duration::from_millis(800);
/// How long a number has to stand still before others take the lease for over.
pub(super) const OVER: Duration = Duration::from_millis(1_000);
/// How often a process that is asked, and has no lease, looks whether it could.
const ATTEMPT: Duration = Duration::from_millis(500);
/// How long nobody else must have committed: at first, and at most.
const ALONE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(64));
/// After how long a lease that is given up was worth it.
const WORTH: Duration = Duration::from_secs(60);

/// Whether a lease is held, whether it is asked for, and what is known of everybody else.
#[derive(Debug)]
pub(super) struct State {
    /// Until when it is held.
    pub(super) until: Option<Instant>,
    /// Grows with every own commit, and whenever the lease is taken.
    pub(super) mark: u64,
    /// Own commits of which it is not known whether others see them already.
    pub(super) committing: u32,
    pub(super) asked: Option<Instant>,
    /// When it was taken; none once the row says that it is free again, or another's.
    pub(super) taken: Option<Instant>,
    pub(super) attempted: Option<Instant>,
    /// The last change that is known, and since when all were own ones.
    last: Option<i64>,
    alone: Option<Instant>,
    /// For how long they must have been.
    quiet: Duration,
    /// Another's lease: holder, number, and when that was first seen.
    other: Option<(String, i64, Instant)>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            until: None,
            mark: 0,
            committing: 0,
            asked: None,
            taken: None,
            attempted: None,
            last: None,
            alone: None,
            quiet: ALONE.0,
            other: None,
        }
    }
}

impl State {
    pub(super) fn held(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now < until)
    }

    pub(super) fn asked_within(&self, now: Instant, time: Duration) -> bool {
        self.asked.is_some_and(|asked| now < asked + time)
    }

    /// Notes the last change; one that is not the next own one was somebody else's.
    pub(super) fn note(&mut self, last: i64, own: bool, now: Instant) {
        let expected = self.last.map(|known| known + i64::from(own));
        if expected != Some(last) {
            self.alone = Some(now);
        }
        self.last = Some(last);
    }

    /// Whether it is time to try to take it.
    pub(super) fn due(&self, now: Instant) -> bool {
        !self.held(now)
            && self.asked_within(now, ATTEMPT * 2)
            && self.attempted.is_none_or(|last| now >= last + ATTEMPT)
    }

    /// Whether everybody else has been quiet for long enough.
    pub(super) fn alone(&self, now: Instant) -> bool {
        self.alone.is_some_and(|since| now >= since + self.quiet)
    }

    /// Whether this lease of another is over, which is seen by looking again.
    pub(super) fn over(&mut self, holder: &str, number: i64, now: Instant) -> bool {
        match &self.other {
            Some((who, what, since)) if who == holder && *what == number => now >= *since + OVER,
            _ => {
                self.other = Some((holder.to_owned(), number, now));
                false
            }
        }
    }

    pub(super) fn take(&mut self, sent: Instant) {
        self.until = Some(sent + TERM);
        self.taken = Some(sent);
        self.mark += 1;
        self.other = None;
    }

    pub(super) fn give_up(&mut self) {
        self.until = None;
        self.mark += 1;
    }

    /// Another has its row: there is nothing left to renew or to free.
    pub(super) fn lose(&mut self) {
        self.give_up();
        self.taken = None;
    }

    /// Others want it: next time it is taken later.
    pub(super) fn make_way(&mut self, now: Instant) {
        self.give_up();
        let worth = self.taken.is_some_and(|taken| now >= taken + WORTH);
        self.quiet = if worth {
            ALONE.0
        } else {
            (self.quiet * 2).min(ALONE.1)
        };
        self.alone = Some(now);
    }
}
