//! Runs pieces of work on all cores and returns the results in order.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

/// The number of threads: at least two, at most sixteen.
pub(super) fn threads() -> usize {
    std::thread::available_parallelism()
        .map_or(2, usize::from)
        .clamp(2, 16)
}

/// Runs `work` for `0..pieces` on all cores and returns the results in order. `progress` gets the
/// share that is done.
pub(super) fn map<T: Send>(
    pieces: usize,
    work: impl Fn(usize) -> T + Sync,
    progress: &mut dyn FnMut(f64),
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let mut results: Vec<Option<T>> = (0..pieces).map(|_| None).collect();
    std::thread::scope(|scope| {
        let (send, receive) = mpsc::channel();
        for _ in 0..threads().min(pieces.max(1)) {
            let send = send.clone();
            let (next, work) = (&next, &work);
            scope.spawn(move || {
                loop {
                    let piece = next.fetch_add(1, Ordering::Relaxed);
                    if piece >= pieces || send.send((piece, work(piece))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(send);
        for (done, (piece, result)) in receive.iter().enumerate() {
            results[piece] = Some(result);
            progress((done + 1) as f64 / pieces as f64);
        }
    });
    results.into_iter().flatten().collect()
}
