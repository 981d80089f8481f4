//! Probabilistic matching: which records are of one person where they share no key. A
//! Fellegi-Sunter model that learns without labels and has no settings.
//!
//! [`Person`] holds what a profile states, in normal form. [`keys`] are blocking keys: they name
//! the pairs worth comparing ([`Pool`] does it for many people at once). A comparison gives a level
//! for each field, a [`Model`] turns levels into a probability, and [`clusters`] puts pairs
//! together.
//!
//! Three explanations of a pair compete: one person, two of a household or workplace, strangers.
//! Other models lack the second: surname, address and phone together say a lot against strangers
//! and nothing against a sister.
//!
//! ```text
//! Profile ─► Person ─► keys ─► pairs ─► levels ─► probability ─► clusters
//!                                train ─► Model ─┘
//! ```
//!
//! Results depend on the set of people alone: people are sorted by id, and random choices have a
//! fixed seed.

mod address;
mod block;
mod cluster;
mod compare;
mod contact;
mod date;
mod field;
mod frequency;
mod key;
mod model;
mod name;
mod organisation;
mod pairing;
mod parallel;
mod person;
mod record_parts;
mod score;
mod street;
mod text;
mod train;

pub use address::Address;
pub use cluster::clusters;
pub use date::Birth;
pub use field::Field;
pub use key::keys;
pub use model::Model;
pub use name::Name;
pub use person::{PartyKind, Person};
pub use score::{FieldScore, Score};

use block::Blocks;

/// Two people who may be one, as indices into the slice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// The person with the lesser id.
    pub a: usize,
    /// The other person.
    pub b: usize,
    /// The probability that they are one.
    pub probability: f64,
    /// The match weight: the logarithm to base 2 of the odds.
    pub weight: f64,
}

/// People who can be compared, sorted by id, with their blocks.
pub struct Pool<'a> {
    people: Vec<&'a Person>,
    places: Vec<usize>,
    blocks: Blocks,
}

impl<'a> Pool<'a> {
    /// Finds the blocks of these people. `progress` gets thousandths, as everywhere here.
    #[must_use]
    pub fn of(people: &'a [Person], progress: &mut dyn FnMut(u64)) -> Self {
        let mut places: Vec<usize> = (0..people.len()).collect();
        places.sort_unstable_by(|a, b| people[*a].id.cmp(&people[*b].id));
        let people: Vec<&Person> = places.iter().map(|place| &people[*place]).collect();
        let blocks = Blocks::of(&people, &mut |share| progress(thousandths(share)));
        Self {
            people,
            places,
            blocks,
        }
    }

    /// Trains a model on these people.
    #[must_use]
    pub fn train(&self, progress: &mut dyn FnMut(u64)) -> Model {
        train::train(&self.people, &self.blocks, &mut |share| {
            progress(thousandths(share))
        })
    }

    /// How many pairs the blocks name.
    #[must_use]
    pub fn candidates(&self) -> u64 {
        let mut found = Vec::new();
        let count = |person| {
            self.blocks.after(person, &mut found);
            found.len() as u64
        };
        (0..self.people.len() as u32).map(count).sum()
    }

    /// Scores all candidate pairs and returns those at or above the threshold.
    #[must_use]
    pub fn pairs(&self, model: &Model, threshold: f64, progress: &mut dyn FnMut(u64)) -> Vec<Pair> {
        const PIECE: usize = 1_000;
        let least = model::weight(threshold);
        let found = parallel::map(
            self.people.len().div_ceil(PIECE),
            |piece| {
                let (mut pairs, mut others) = (Vec::new(), Vec::new());
                for a in piece * PIECE..((piece + 1) * PIECE).min(self.people.len()) {
                    self.blocks.after(a as u32, &mut others);
                    for b in &others {
                        let b = *b as usize;
                        let weight = model.weight(self.people[a], self.people[b]);
                        if weight >= least {
                            pairs.push(Pair {
                                a: self.places[a],
                                b: self.places[b],
                                probability: model::probability(weight),
                                weight,
                            });
                        }
                    }
                }
                pairs
            },
            &mut |share| progress(thousandths(share)),
        );
        found.into_iter().flatten().collect()
    }
}

fn thousandths(share: f64) -> u64 {
    (share * 1000.0) as u64
}

#[cfg(test)]
mod tests;
