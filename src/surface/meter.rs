//! Counters and histograms that are looked up once. The recorder finds a metric by its name and
//! labels, which it has to build for every lookup; that costs as much as other parts of a request.

use metrics::{Counter, Histogram};
use metrics_exporter_prometheus::PrometheusHandle;
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

/// How often samples are aggregated.
const UPKEEP: Duration = Duration::from_secs(1);

/// Aggregates the samples of histograms, forever. Until then each sample takes memory of its own.
pub(super) async fn add_up(metrics: PrometheusHandle) {
    loop {
        tokio::time::sleep(UPKEEP).await;
        metrics.run_upkeep();
    }
}

/// The metrics of several things, each with its outcomes.
pub(super) struct Meters {
    names: MetricNames,
    known: RwLock<HashMap<String, HashMap<String, Meter>>>,
}

/// The names of a metric.
#[derive(Clone, Copy)]
pub(super) struct MetricNames {
    /// The counter.
    pub total: &'static str,
    /// The histogram.
    pub seconds: &'static str,
    /// The label for the thing, and the label for the outcome, which only the counter has.
    pub labels: (&'static str, &'static str),
}

struct Meter {
    total: Counter,
    seconds: Histogram,
}

impl Meter {
    fn new(names: MetricNames, thing: &str, outcome: &str) -> Self {
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
    /// Metrics without any sample.
    pub fn new(names: MetricNames) -> Self {
        Self {
            names,
            known: RwLock::default(),
        }
    }

    /// Adds one sample. The numbers of things and outcomes have to be small.
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
