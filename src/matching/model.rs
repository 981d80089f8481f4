//! The model: how likely each level of a field is between two records of one person, of a household
//! and of strangers.

use super::compare::Comparison;
use super::contact::number::ENDING;
use super::field::{ALL, COUNT, Field, LEVELS, MISSING};
use super::frequency::Frequencies;
use super::person::Person;
use serde::{Deserialize, Serialize};

/// How often first and last name are swapped between two records of one person, before training.
pub(super) const SWAP: f64 = 0.02;

/// All that scoring needs: probabilities of levels, frequencies of values, shares of pairs. A model
/// can be stored as JSON and used later without training again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    pub(super) same: [[f64; LEVELS]; COUNT],
    pub(super) stranger: [[f64; LEVELS]; COUNT],
    pub(super) swap: f64,
    pub(super) shares: Shares,
    pub(super) frequencies: Frequencies,
}

/// Which share of all pairs are one person, and which are two of a household.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Shares {
    pub(super) same: f64,
    pub(super) household: f64,
}

impl Model {
    /// The built-in model for so many people.
    pub(super) fn builtin(people: usize, frequencies: Frequencies) -> Self {
        let table = |pick: fn(Field) -> &'static [f64]| {
            let mut all = [[0.0; LEVELS]; COUNT];
            for field in ALL {
                let levels = pick(field);
                all[field.at()][..levels.len()].copy_from_slice(levels);
            }
            all
        };
        let people = people.max(2) as f64;
        Self {
            same: table(|field| field.builtin().same),
            stranger: table(|field| field.builtin().stranger),
            swap: SWAP,
            shares: Shares {
                same: 0.6 / people,
                household: 0.6 / people,
            },
            frequencies,
        }
    }

    /// The match weight of a pair.
    #[must_use]
    pub fn weight(&self, a: &Person, b: &Person) -> f64 {
        self.weight_of(&Comparison::of(a, b, &self.frequencies))
    }

    pub(super) fn weight_of(&self, found: &Comparison) -> f64 {
        let [same, household, stranger] =
            self.products(&found.level, &found.chance, &found.tries, found.swapped);
        (same / (household + stranger)).log2()
    }

    /// The evidence for one person against the likelier of household and strangers, without the
    /// prior shares of pairs.
    pub(super) fn evidence(&self, a: &Person, b: &Person) -> f64 {
        let found = Comparison::of(a, b, &self.frequencies);
        let [same, household, stranger] =
            self.products(&found.level, &found.chance, &found.tries, found.swapped);
        let (same, household) = (same / self.shares.same, household / self.shares.same);
        (same / household.max(stranger)).log2()
    }

    /// The probabilities that a pair is one person, two of a household, two strangers.
    pub(super) fn posteriors(
        &self,
        level: &[u8; COUNT],
        chance: &[f32; COUNT],
        tries: &[u8; COUNT],
        swapped: bool,
    ) -> [f64; 3] {
        let products = self.products(level, chance, tries, swapped);
        let total: f64 = products.iter().sum();
        products.map(|product| product / total)
    }

    fn products(
        &self,
        level: &[u8; COUNT],
        chance: &[f32; COUNT],
        tries: &[u8; COUNT],
        swapped: bool,
    ) -> [f64; 3] {
        let mut products = [
            self.shares.same * if swapped { self.swap } else { 1.0 - self.swap },
            self.shares.household * if swapped { SWAP } else { 1.0 },
            1.0,
        ];
        for field in ALL {
            let at = field.at();
            if level[at] != MISSING {
                let [same, household, stranger] = self.field(
                    field,
                    level[at],
                    f64::from(chance[at]),
                    f64::from(tries[at]),
                );
                products[0] *= same;
                products[1] *= household;
                products[2] *= stranger;
            }
        }
        products
    }

    /// The probability of a level of a field for one person, a household, strangers.
    pub(super) fn field(&self, field: Field, level: u8, chance: f64, tries: f64) -> [f64; 3] {
        let (at, level) = (field.at(), usize::from(level));
        let builtin = field.builtin();
        let last = level + 1 == builtin.same.len();
        let by_chance = match chance {
            _ if field.is_number() && level == usize::from(ENDING) => {
                chance * self.stranger[at][level + 1]
            }
            _ if chance > 0.0 => chance,
            _ => self.stranger[at][level],
        };
        let stranger = if last {
            by_chance
        } else {
            (by_chance * tries).min(0.9)
        };
        let household = if chance > 0.0 && field != Field::First {
            builtin.household[level].max(stranger)
        } else {
            builtin.household[level]
        };
        [self.same[at][level], household, stranger]
    }
}

/// The probability of a weight.
pub(super) fn probability(weight: f64) -> f64 {
    1.0 / (1.0 + (-weight).exp2())
}

/// The weight of a probability.
pub(super) fn weight(probability: f64) -> f64 {
    (probability / (1.0 - probability)).log2()
}
