//! Who is the same without a shared key: probabilistic matching after Fellegi and Sunter, without labels and without settings.
//!
//! [`Person`] holds what a profile states, in plain form. [`keys`] name the pairs worth comparing ([`Pool`] does it for many people
//! at once), a comparison gives a level per field, and a [`Model`] turns levels into a probability. Three explanations of a
//! pair compete: one person, two of a household or workplace, strangers. The second is what other models lack: surname,
//! address and phone together say a lot against strangers and nothing against a sister. [`clusters`] puts pairs together.
//!
//! ```text
//! Profile ─► Person ─► keys ─► pairs ─► levels ─► probability ─► clusters
//!                                train ─► Model ─┘
//! ```
//!
//! Everything is a function of the set of people: they are put in order of their ids, and what is drawn at random has a seed.

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
mod parts;
mod person;
mod place;
mod score;
mod street;
mod text;
mod train;
mod work;

pub use cluster::clusters;
pub use date::Birth;
pub use field::Field;
pub use key::keys;
pub use model::Model;
pub use name::Name;
pub use person::{Kind, Person};
pub use place::Address;
pub use score::{FieldScore, Score};

use block::Blocks;

/// Two people, by their place in the slice, who may be one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// One of them; its id is the lesser.
    pub a: usize,
    /// The other.
    pub b: usize,
    /// How likely they are one.
    pub probability: f64,
    /// The same as a logarithm to base 2 of the odds.
    pub weight: f64,
}

/// People who can be compared: in order of their ids, with their blocks.
pub struct Pool<'a> {
    people: Vec<&'a Person>,
    places: Vec<usize>,
    blocks: Blocks,
}

impl<'a> Pool<'a> {
    /// Finds the blocks of these people. Like every progress here, it is told in thousandths.
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

    /// Trains a model on them.
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

    /// Scores all candidate pairs and gives those that are at least so likely.
    #[must_use]
    pub fn pairs(&self, model: &Model, threshold: f64, progress: &mut dyn FnMut(u64)) -> Vec<Pair> {
        const PIECE: usize = 1_000;
        let least = model::weight(threshold);
        let found = work::spread(
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
