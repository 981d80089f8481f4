//! Counters and histograms that are looked up once. By its name and labels the recorder finds one only after it has put them
//! together anew, which costs as much as other parts of a request.

use metrics::{Counter, Histogram};
use metrics_exporter_prometheus::PrometheusHandle;
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

/// How often samples are added up.
const UPKEEP: Duration = Duration::from_secs(1);

/// Adds up the samples of histograms for ever. They lie in memory one by one until somebody does.
pub(super) async fn add_up(metrics: PrometheusHandle) {
    loop {
        tokio::time::sleep(UPKEEP).await;
        metrics.run_upkeep();
    }
}

/// What is counted and timed: of many things, with their outcomes.
pub(super) struct Meters {
    names: Names,
    known: RwLock<HashMap<String, HashMap<String, Meter>>>,
}

/// How it is called.
#[derive(Clone, Copy)]
pub(super) struct Names {
    /// The counter.
    pub total: &'static str,
    /// The histogram.
    pub seconds: &'static str,
    /// The label that names the thing, and the counter's other, that names the outcome.
    pub labels: (&'static str, &'static str),
}

struct Meter {
    total: Counter,
    seconds: Histogram,
}

impl Meter {
    fn new(names: Names, thing: &str, outcome: &str) -> Self {
        let (of, with) = names.labels;
        let labels = [(of, thing.to_owned()), (with, outcome.to_owned())];
        Self {
            total: metrics::counter!(names.total, &labels),
            seconds: metrics::histogram!(names.seconds, &labels[..1]),
        }
    }

    fn add(&self, took: Duration) {
        self.total.increment(1);
        self.seconds.record(took.as_secs_f64());
    }
}

impl Meters {
    /// Nothing was counted yet.
    pub fn new(names: Names) -> Self {
        Self {
            names,
            known: RwLock::default(),
        }
    }

    /// Counts one. There have to be few things and few outcomes.
    pub fn add(&self, thing: &str, outcome: &str, took: Duration) {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(meter) = known.get(thing).and_then(|known| known.get(outcome)) {
            return meter.add(took);
        }
        drop(known);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let outcomes = known.entry(thing.to_owned()).or_default();
        let made = || Meter::new(self.names, thing, outcome);
        let meter = outcomes.entry(outcome.to_owned()).or_insert_with(made);
        meter.add(took);
    }
}
