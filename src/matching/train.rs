//! Training without labels.
//!
//! Pairs are a mixture of three kinds: one person twice, two of a household, strangers. The levels
//! of strangers are counted in random pairs. The levels of one person, and the number of such
//! pairs, come from expectation maximisation over the candidate pairs. The levels of households
//! stay as built in.
//!
//! Blocking finds nearly all true pairs, so any pair that is no candidate counts as no match, and
//! the shares are shares of all pairs. A few dozen imagined pairs with the built-in probabilities
//! are a prior, which decides where data is scarce.

use super::block::Blocks;
use super::compare::Comparison;
use super::field::{ALL, COUNT, LEVELS, MISSING};
use super::frequency::Frequencies;
use super::model::{Model, Shares};
use super::parallel;
use super::person::Person;
use super::text::mix;

/// The most candidate pairs that are used.
const CANDIDATES: u64 = 300_000;
/// The most random pairs that are used.
const STRANGERS: u64 = 120_000;
/// The prior for one person, in imagined pairs.
const PRIOR_SAME: f64 = 40.0;
/// The prior for strangers, in imagined pairs.
const PRIOR_STRANGERS: f64 = 500.0;
/// Rounds of expectation maximisation.
const ROUNDS: usize = 25;

/// The counts of strangers are taken again after this many rounds; they hardly change.
const STRANGERS_EVERY: usize = 8;

/// Pairs below this probability do not count as one person: the many unlikely ones would outweigh
/// the few that are certain.
const CREDIBLE: f64 = 0.3;

/// The levels of a comparison, without the values that only explanations need.
struct ComparisonVector {
    level: [u8; COUNT],
    chance: [f32; COUNT],
    tries: [u8; COUNT],
    swapped: bool,
}

/// Trains a model. `people` are sorted by id, and `blocks` are their blocks.
pub(super) fn train(people: &[&Person], blocks: &Blocks, progress: &mut dyn FnMut(f64)) -> Model {
    let frequencies = Frequencies::of(people);
    progress(0.2);
    let mut model = Model::builtin(people.len(), frequencies);
    if people.len() < 2 {
        return model;
    }
    let (candidates, share) = candidates(people, blocks, &model.frequencies, progress);
    let strangers = strangers(people, &model.frequencies);
    progress(0.8);
    let mut random = Counts::expected(&model, &strangers);
    for round in 0..ROUNDS {
        let counts = Counts::expected(&model, &candidates);
        if round % STRANGERS_EVERY == 1 {
            random = Counts::expected(&model, &strangers);
        }
        counts.maximise(&random, share, people.len(), &mut model);
        progress(0.8 + 0.2 * (round + 1) as f64 / ROUNDS as f64);
    }
    model
}

/// The prior for households, in imagined pairs: few, so that a large set without households is seen
/// as such, and more where there is little data.
fn imagined_households(people: f64) -> f64 {
    0.4 + 1_000.0 / (200.0 + people)
}

fn compare(a: &Person, b: &Person, frequencies: &Frequencies) -> ComparisonVector {
    let found = Comparison::of(a, b, frequencies);
    ComparisonVector {
        level: found.level,
        chance: found.chance,
        tries: found.tries,
        swapped: found.swapped,
    }
}

/// The candidate pairs of a seeded sample of people, and their share of all candidates.
fn candidates(
    people: &[&Person],
    blocks: &Blocks,
    frequencies: &Frequencies,
    progress: &mut dyn FnMut(f64),
) -> (Vec<ComparisonVector>, f64) {
    let mut found = Vec::new();
    let probe = (people.len() / 2_000).max(1);
    let mut pairs = 0_u64;
    for person in (0..people.len()).step_by(probe) {
        blocks.after(person as u32, &mut found);
        pairs += found.len() as u64;
    }
    let share = (CANDIDATES as f64 / (pairs as f64 * probe as f64).max(1.0)).min(1.0);
    let chosen = |person: u32| (mix(u64::from(person)) as f64) < share * u64::MAX as f64;
    let pieces = people.len().div_ceil(500);
    let vectors = parallel::map(
        pieces,
        |piece| {
            let (mut vectors, mut found) = (Vec::new(), Vec::new());
            let range = piece * 500..((piece + 1) * 500).min(people.len());
            for person in range
                .map(|person| person as u32)
                .filter(|person| chosen(*person))
            {
                blocks.after(person, &mut found);
                let compared = found.iter().map(|other| {
                    compare(
                        people[person as usize],
                        people[*other as usize],
                        frequencies,
                    )
                });
                vectors.extend(compared);
            }
            vectors
        },
        &mut |done| progress(0.2 + 0.4 * done),
    );
    (vectors.into_iter().flatten().collect(), share)
}

/// Random pairs, or all pairs where there are few.
fn strangers(people: &[&Person], frequencies: &Frequencies) -> Vec<ComparisonVector> {
    let count = people.len() as u64;
    let all = count * (count - 1) / 2;
    let pair = |number: u64| {
        let (a, b) = (mix(number * 2) % count, mix(number * 2 + 1) % count);
        (a as usize, b as usize)
    };
    let every = |a: usize| (a + 1..people.len()).map(move |b| (a, b));
    let pairs: Vec<(usize, usize)> = if all <= STRANGERS {
        (0..people.len()).flat_map(every).collect()
    } else {
        (0..STRANGERS).map(pair).filter(|(a, b)| a != b).collect()
    };
    let vectors = parallel::map(
        pairs.len().div_ceil(5_000),
        |piece| {
            let range = piece * 5_000..((piece + 1) * 5_000).min(pairs.len());
            let compared = pairs[range]
                .iter()
                .map(|(a, b)| compare(people[*a], people[*b], frequencies));
            compared.collect::<Vec<_>>()
        },
        &mut |_| {},
    );
    vectors.into_iter().flatten().collect()
}

/// Expected counts of pairs by kind, and of their levels.
struct Counts {
    same: [[f64; LEVELS]; COUNT],
    stranger: [[f64; LEVELS]; COUNT],
    matches: f64,
    households: f64,
    named: f64,
    swapped: f64,
}

impl Counts {
    fn expected(model: &Model, vectors: &[ComparisonVector]) -> Self {
        let mut counts = Self {
            same: [[0.0; LEVELS]; COUNT],
            stranger: [[0.0; LEVELS]; COUNT],
            matches: 0.0,
            households: 0.0,
            named: 0.0,
            swapped: 0.0,
        };
        for vector in vectors {
            let [same, household, stranger] =
                model.posteriors(&vector.level, &vector.chance, &vector.tries, vector.swapped);
            let same = if same < CREDIBLE { 0.0 } else { same };
            counts.matches += same;
            counts.households += household;
            for (field, level) in vector
                .level
                .iter()
                .enumerate()
                .filter(|(_, level)| **level != MISSING)
            {
                counts.same[field][usize::from(*level)] += same;
                counts.stranger[field][usize::from(*level)] += stranger;
            }
            let named = vector.level[0] != MISSING && vector.level[1] != MISSING;
            counts.named += if named { same } else { 0.0 };
            counts.swapped += if vector.swapped { same } else { 0.0 };
        }
        counts
    }

    /// The maximisation step: sets the model from these counts of candidates and the counts of
    /// random pairs.
    fn maximise(&self, random: &Self, share: f64, people: usize, model: &mut Model) {
        for field in ALL.into_iter().filter(|field| field.is_trained()) {
            let builtin = field.builtin();
            let drawn = |counts: &[f64], to: &[f64], weight: f64, into: &mut [f64]| {
                let total: f64 = counts.iter().sum();
                for (level, built_in) in to.iter().enumerate() {
                    into[level] = (counts[level] + weight * built_in) / (total + weight);
                }
            };
            let at = field.at();
            drawn(
                &self.same[at],
                builtin.same,
                PRIOR_SAME,
                &mut model.same[at],
            );
            let last = builtin.same.len() - 1;
            model.same[at][last] = model.same[at][last].max(builtin.same[last] * 0.4);
            drawn(
                &random.stranger[at],
                builtin.stranger,
                PRIOR_STRANGERS,
                &mut model.stranger[at],
            );
        }
        model.swap = (self.swapped + PRIOR_SAME * super::model::SWAP) / (self.named + PRIOR_SAME);
        let people = people as f64;
        let pairs = people * (people - 1.0) / 2.0;
        let matches = self.matches / share + 1.0;
        let households = self.households / share + imagined_households(people);
        model.shares = Shares {
            same: (matches / pairs).min(0.3),
            household: (households / pairs).min(0.2),
        };
    }
}
