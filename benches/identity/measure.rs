//! Precision, recall and F1 over pairs, and the process's memory.

use std::collections::HashMap;

/// How many pairs were found, truly are, and both.
#[derive(Clone, Copy, Default)]
pub struct Quality {
    found: u64,
    pub true_pairs: u64,
    right: u64,
}

impl Quality {
    /// Compares clusters with the truth.
    pub fn of(clusters: &[Vec<usize>], truth: &[u64]) -> Self {
        let pairs = |count: u64| count * (count.max(1) - 1) / 2;
        let mut sizes: HashMap<u64, u64> = HashMap::new();
        for one in truth {
            *sizes.entry(*one).or_default() += 1;
        }
        let mut quality = Self {
            true_pairs: sizes.values().map(|size| pairs(*size)).sum(),
            ..Self::default()
        };
        for cluster in clusters {
            quality.found += pairs(cluster.len() as u64);
            let mut inside: HashMap<u64, u64> = HashMap::new();
            for person in cluster {
                *inside.entry(truth[*person]).or_default() += 1;
            }
            quality.right += inside.values().map(|size| pairs(*size)).sum::<u64>();
        }
        quality
    }

    /// Right ones among those found.
    pub fn precision(self) -> f64 {
        self.right as f64 / self.found.max(1) as f64
    }

    /// Found ones among the true.
    pub fn recall(self) -> f64 {
        self.right as f64 / self.true_pairs.max(1) as f64
    }

    /// Their harmonic mean.
    pub fn f1(self) -> f64 {
        2.0 * self.right as f64 / (self.found + self.true_pairs).max(1) as f64
    }
}

/// The most memory that this process has had, in MB.
pub fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok());
    kilobytes.unwrap_or_default() / 1024
}

/// Forgets the peak, so that the next set has its own.
pub fn reset_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}
