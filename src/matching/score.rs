//! The score of a pair: the probability that the two are one, and in words why.

use super::compare::Comparison;
use super::field::{ALL, Field, MISSING};
use super::model::{Model, SWAP, probability};
use super::person::{PartyKind, Person};

/// The score of a pair.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// The probability that the two are one.
    pub probability: f64,
    /// The match weight: the logarithm to base 2 of the odds.
    pub weight: f64,
    /// The contribution of each field to the weight.
    pub fields: Vec<FieldScore>,
}

/// The contribution of one field to the weight.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldScore {
    /// The field; `None` for the prior and the other terms of no field.
    pub field: Option<Field>,
    /// What it adds to the weight.
    pub weight: f64,
    /// `last name: allen ~ alan (one slip, +3.1)`.
    pub words: String,
}

impl Model {
    /// Scores a pair with an explanation.
    #[must_use]
    pub fn score(&self, a: &Person, b: &Person) -> Score {
        let found = Comparison::of(a, b, &self.frequencies);
        let weight = self.weight_of(&found);
        Score {
            probability: probability(weight),
            weight,
            fields: fields(self, a, b, &found),
        }
    }
}

/// The contributions to the weight of a pair; they add up to it.
fn fields(model: &Model, a: &Person, b: &Person, found: &Comparison) -> Vec<FieldScore> {
    let mut fields = Vec::new();
    let mut household =
        model.shares.household.log2() + if found.swapped { SWAP.log2() } else { 0.0 };
    let mut stranger = 0.0;
    for field in ALL {
        let at = field.at();
        let level = found.level[at];
        if level == MISSING {
            continue;
        }
        let [same, home, strange] = model.field(
            field,
            level,
            f64::from(found.chance[at]),
            f64::from(found.tries[at]),
        );
        household += home.log2();
        stranger += strange.log2();
        let weight = same.log2() - strange.log2();
        let sign = if level == 0 { "=" } else { "~" };
        let (x, y) = values(field, a, b, found.best[at]);
        let how = field.builtin().words[usize::from(level)];
        let shown = if x.is_empty() && y.is_empty() {
            String::new()
        } else {
            format!("{x} {sign} {y} ")
        };
        fields.push(FieldScore {
            field: Some(field),
            weight,
            words: format!("{}: {shown}({how}, {weight:+.1})", field.name()),
        });
    }
    let swap = if found.swapped {
        model.swap.log2()
    } else {
        (1.0 - model.swap).log2()
    };
    let mut add = |weight: f64, words: &str| {
        fields.push(FieldScore {
            field: None,
            weight,
            words: format!("{words} ({weight:+.1})"),
        });
    };
    let mut rarely = model.shares.same.log2();
    if found.swapped {
        add(swap, "first and last name have changed places");
    } else {
        rarely += swap;
    }
    add(rarely, "how rarely two profiles are one");
    let home = -(1.0 + (household - stranger).exp2()).log2();
    if home < -0.05 {
        add(home, "they may be two of a household or a workplace");
    }
    fields
}

/// The two values that were compared.
fn values(field: Field, a: &Person, b: &Person, (i, j): (u8, u8)) -> (String, String) {
    let both = |of: &dyn Fn(&Person, usize) -> Option<String>| {
        let of = |person: &Person, place: u8| of(person, usize::from(place)).unwrap_or_default();
        (of(a, i), of(b, j))
    };
    let text = |list: fn(&Person) -> &[Box<str>]| {
        both(&move |person: &Person, place| list(person).get(place).map(|value| value.to_string()))
    };
    match field {
        Field::First => {
            both(&|person, place| person.names.get(place).map(|name| name.first.to_string()))
        }
        Field::Last => {
            both(&|person, place| person.names.get(place).map(|name| name.last.to_string()))
        }
        Field::Middle => {
            both(&|person, place| person.names.get(place).map(|name| name.middle.to_string()))
        }
        Field::Suffix => {
            both(&|person, place| person.names.get(place).map(|name| name.suffix.to_string()))
        }
        Field::Birth => both(&|person, place| person.births.get(place).map(ToString::to_string)),
        Field::Street => both(&|person, place| {
            person
                .addresses
                .get(place)
                .map(super::address::Address::words)
        }),
        Field::Locality => both(&|person, place| {
            person
                .addresses
                .get(place)
                .map(super::address::Address::locality_words)
        }),
        Field::Email => text(|person| &person.emails),
        Field::Phone => text(|person| &person.phones),
        Field::Organisation | Field::Employer => text(|person| &person.organisations),
        Field::NationalId => text(|person| &person.national_ids),
        Field::Passport => text(|person| &person.passports),
        Field::Licence => text(|person| &person.licences),
        Field::Gender => text(|person| &person.genders),
        Field::Kind => both(&|person, _| Some(kind(person).to_owned())),
    }
}

fn kind(person: &Person) -> &'static str {
    match person.kind() {
        PartyKind::Human => "human",
        PartyKind::Organisation => "organisation",
        PartyKind::Unknown => "unknown",
    }
}
