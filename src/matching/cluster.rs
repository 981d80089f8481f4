//! From pairs to clusters: the likeliest pairs are taken first, and two clusters are merged only
//! when their members agree on average, so one false pair does not merge two people.

use super::Pair;
use super::model::{Model, weight};
use super::person::Person;

/// The most pairs across two clusters that are compared.
const CROSS: usize = 120;
/// The evidence of one pair is clamped to this, for and against.
const EVIDENCE_LIMIT: f64 = 12.0;

/// The clusters of two or more people that pairs at or above the threshold make. Each is sorted,
/// and they are sorted by their first member.
#[must_use]
pub fn clusters(
    people: &[Person],
    model: &Model,
    pairs: &[Pair],
    threshold: f64,
) -> Vec<Vec<usize>> {
    let least = weight(threshold);
    let mut edges: Vec<&Pair> = pairs.iter().filter(|pair| pair.weight >= least).collect();
    edges.sort_unstable_by(|x, y| {
        let ids = |pair: &Pair| {
            let (a, b) = (&people[pair.a].id, &people[pair.b].id);
            if a < b {
                (a.clone(), b.clone())
            } else {
                (b.clone(), a.clone())
            }
        };
        y.weight
            .total_cmp(&x.weight)
            .then_with(|| ids(x).cmp(&ids(y)))
    });
    let mut joining = Joining {
        people,
        model,
        of: std::collections::HashMap::new(),
        clusters: Vec::new(),
    };
    for edge in edges {
        joining.take(edge);
    }
    let mut clusters: Vec<Vec<usize>> = joining
        .clusters
        .into_iter()
        .filter(|cluster| cluster.len() > 1)
        .collect();
    for cluster in &mut clusters {
        cluster.sort_unstable();
    }
    clusters.sort_unstable();
    clusters
}

struct Joining<'a> {
    people: &'a [Person],
    model: &'a Model,
    of: std::collections::HashMap<usize, usize>,
    clusters: Vec<Vec<usize>>,
}

impl Joining<'_> {
    fn cluster(&mut self, person: usize) -> usize {
        *self.of.entry(person).or_insert_with(|| {
            self.clusters.push(vec![person]);
            self.clusters.len() - 1
        })
    }

    fn take(&mut self, edge: &Pair) {
        let (a, b) = (self.cluster(edge.a), self.cluster(edge.b));
        if a == b || !self.coherent(a, b) {
            return;
        }
        let (into, from) = if self.clusters[a].len() >= self.clusters[b].len() {
            (a, b)
        } else {
            (b, a)
        };
        let moved = std::mem::take(&mut self.clusters[from]);
        for person in &moved {
            self.of.insert(*person, into);
        }
        self.clusters[into].extend(moved);
    }

    /// Whether the members of two clusters agree on average.
    fn coherent(&self, a: usize, b: usize) -> bool {
        let (a, b) = (&self.clusters[a], &self.clusters[b]);
        let all = a.len() * b.len();
        if all == 1 {
            return true;
        }
        let step = all.div_ceil(CROSS);
        let (mut sum, mut count) = (0.0, 0.0);
        for place in (0..all).step_by(step) {
            let (x, y) = (a[place / b.len()], b[place % b.len()]);
            let evidence = self.model.evidence(&self.people[x], &self.people[y]);
            sum += evidence.clamp(-EVIDENCE_LIMIT, EVIDENCE_LIMIT);
            count += 1.0;
        }
        sum / count > 0.0
    }
}
