//! Training without labels.
//!
//! Three kinds of pairs make up what is seen: one person twice, two of a household, strangers. How strangers look is
//! taken from random pairs; how two records of one person look, and how many such pairs there are, is found by expectation
//! maximisation over the candidate pairs. Blocking finds nearly all true pairs, so a pair that is no candidate counts as no match and
//! the shares of the kinds are shares of all pairs; nothing has to be left out for the rule that found it. Households look as built in. All
//! estimates are drawn towards the built-in numbers by a few dozen imagined pairs, which decide where data is scarce.

use super::block::Blocks;
use super::compare::Comparison;
use super::field::{ALL, COUNT, LEVELS, MISSING};
use super::frequency::Frequencies;
use super::model::{Model, Shares};
use super::person::Person;
use super::text::mix;
use super::work::spread;

/// Most candidate pairs that are looked at.
const CANDIDATES: u64 = 300_000;
/// Most random pairs that are looked at.
const STRANGERS: u64 = 120_000;
/// Imagined pairs of one person with built-in looks.
const PRIOR_SAME: f64 = 40.0;
/// Imagined pairs of strangers with built-in looks.
const PRIOR_STRANGERS: f64 = 500.0;
/// Rounds of expectation maximisation.
const ROUNDS: usize = 25;

/// How many rounds the looks of strangers last; they hardly change.
const STRANGERS_EVERY: usize = 8;

/// Pairs less likely than this do not count as one person at all: the many that are just not impossible would outweigh the
/// few that are certain.
const CREDIBLE: f64 = 0.3;

/// A comparison without what only explanations need.
struct Look {
    level: [u8; COUNT],
    chance: [f32; COUNT],
    tries: [u8; COUNT],
    swapped: bool,
}

/// Trains a model. `people` are in order of their ids, `blocks` are theirs.
pub(super) fn train(people: &[&Person], blocks: &Blocks, say: &mut dyn FnMut(f64)) -> Model {
    let frequencies = Frequencies::of(people);
    say(0.2);
    let mut model = Model::builtin(people.len(), frequencies);
    if people.len() < 2 {
        return model;
    }
    let (candidates, share) = candidates(people, blocks, &model.frequencies, say);
    let strangers = strangers(people, &model.frequencies);
    say(0.8);
    let mut random = Counts::of(&model, &strangers);
    for round in 0..ROUNDS {
        let counts = Counts::of(&model, &candidates);
        if round % STRANGERS_EVERY == 1 {
            random = Counts::of(&model, &strangers);
        }
        counts.settle(&random, share, people.len(), &mut model);
        say(0.8 + 0.2 * (round + 1) as f64 / ROUNDS as f64);
    }
    model
}

/// Imagined pairs of a household: few enough that a large set without households can say so, more where there is too little
/// data to say anything.
fn imagined_households(people: f64) -> f64 {
    0.4 + 1_000.0 / (200.0 + people)
}

fn look(a: &Person, b: &Person, frequencies: &Frequencies) -> Look {
    let found = Comparison::of(a, b, frequencies);
    Look {
        level: found.level,
        chance: found.chance,
        tries: found.tries,
        swapped: found.swapped,
    }
}

/// Candidate pairs of a seeded choice of people, and the share of all candidates that they are.
fn candidates(
    people: &[&Person],
    blocks: &Blocks,
    frequencies: &Frequencies,
    say: &mut dyn FnMut(f64),
) -> (Vec<Look>, f64) {
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
    let looks = spread(
        pieces,
        |piece| {
            let (mut looks, mut found) = (Vec::new(), Vec::new());
            let range = piece * 500..((piece + 1) * 500).min(people.len());
            for person in range
                .map(|person| person as u32)
                .filter(|person| chosen(*person))
            {
                blocks.after(person, &mut found);
                let compared = found.iter().map(|other| {
                    look(
                        people[person as usize],
                        people[*other as usize],
                        frequencies,
                    )
                });
                looks.extend(compared);
            }
            looks
        },
        &mut |done| say(0.2 + 0.4 * done),
    );
    (looks.into_iter().flatten().collect(), share)
}

/// Random pairs; all pairs where there are few.
fn strangers(people: &[&Person], frequencies: &Frequencies) -> Vec<Look> {
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
    let looks = spread(
        pairs.len().div_ceil(5_000),
        |piece| {
            let range = piece * 5_000..((piece + 1) * 5_000).min(pairs.len());
            let compared = pairs[range]
                .iter()
                .map(|(a, b)| look(people[*a], people[*b], frequencies));
            compared.collect::<Vec<_>>()
        },
        &mut |_| {},
    );
    looks.into_iter().flatten().collect()
}

/// Expected numbers of pairs by kind, and of their levels.
struct Counts {
    same: [[f64; LEVELS]; COUNT],
    stranger: [[f64; LEVELS]; COUNT],
    matches: f64,
    households: f64,
    named: f64,
    swapped: f64,
}

impl Counts {
    fn of(model: &Model, looks: &[Look]) -> Self {
        let mut counts = Self {
            same: [[0.0; LEVELS]; COUNT],
            stranger: [[0.0; LEVELS]; COUNT],
            matches: 0.0,
            households: 0.0,
            named: 0.0,
            swapped: 0.0,
        };
        for look in looks {
            let [same, household, stranger] =
                model.kinds(&look.level, &look.chance, &look.tries, look.swapped);
            let same = if same < CREDIBLE { 0.0 } else { same };
            counts.matches += same;
            counts.households += household;
            for (field, level) in look
                .level
                .iter()
                .enumerate()
                .filter(|(_, level)| **level != MISSING)
            {
                counts.same[field][usize::from(*level)] += same;
                counts.stranger[field][usize::from(*level)] += stranger;
            }
            let named = look.level[0] != MISSING && look.level[1] != MISSING;
            counts.named += if named { same } else { 0.0 };
            counts.swapped += if look.swapped { same } else { 0.0 };
        }
        counts
    }

    /// Moves the model to these counts of candidates and those of random pairs.
    fn settle(&self, random: &Self, share: f64, people: usize, model: &mut Model) {
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
