//! The fields that are compared, the levels of each, and the built-in probabilities of each level.
//!
//! A level has three probabilities. `same` (Fellegi and Sunter's m): how often two records of one
//! person show it. `stranger` (their u): how often two records of unrelated people show it.
//! `household`: how often two people of one household or workplace show it. They share surname,
//! address or phone without being one, so this keeps twins, fathers and sons, and colleagues apart.
//! Training moves the first two towards the data; with little data the built-in numbers are used
//! nearly as they are.

/// A field that is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(usize)]
pub enum Field {
    /// Given name.
    First,
    /// Family name.
    Last,
    /// Further given names.
    Middle,
    /// Generation, Jr or Sr.
    Suffix,
    /// Birth date.
    Birth,
    /// E-mail address.
    Email,
    /// Phone number.
    Phone,
    /// Street and number.
    Street,
    /// City, postal code and state.
    Locality,
    /// Name of an organisation.
    Organisation,
    /// A person's employer.
    Employer,
    /// National id.
    NationalId,
    /// Passport.
    Passport,
    /// Driver licence.
    Licence,
    /// Gender.
    Gender,
    /// Human or organisation.
    Kind,
}

/// How many fields there are.
pub(super) const COUNT: usize = 16;
/// The level where one of the two records does not state the field.
pub(super) const MISSING: u8 = u8::MAX;
/// The most levels that a field has.
pub(super) const LEVELS: usize = 7;

/// All fields, in order.
pub(super) const ALL: [Field; COUNT] = [
    Field::First,
    Field::Last,
    Field::Middle,
    Field::Suffix,
    Field::Birth,
    Field::Email,
    Field::Phone,
    Field::Street,
    Field::Locality,
    Field::Organisation,
    Field::Employer,
    Field::NationalId,
    Field::Passport,
    Field::Licence,
    Field::Gender,
    Field::Kind,
];

/// The built-in probabilities of one field, by level. At a level where the two values are equal,
/// `stranger` is the frequency of a value that occurs once; the frequency of the value is added.
pub(super) struct Builtin {
    pub(super) same: &'static [f64],
    pub(super) stranger: &'static [f64],
    pub(super) household: &'static [f64],
    /// Words for each level.
    pub(super) words: &'static [&'static str],
}

impl Field {
    /// Its index in arrays.
    pub(super) fn at(self) -> usize {
        self as usize
    }

    /// Its name as a person reads it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::First => "first name",
            Self::Last => "last name",
            Self::Middle => "middle name",
            Self::Suffix => "generation",
            Self::Birth => "birth date",
            Self::Email => "e-mail",
            Self::Phone => "phone",
            Self::Street => "street",
            Self::Locality => "place",
            Self::Organisation => "organisation",
            Self::Employer => "employer",
            Self::NationalId => "national id",
            Self::Passport => "passport",
            Self::Licence => "driver licence",
            Self::Gender => "gender",
            Self::Kind => "kind",
        }
    }

    /// The built-in probabilities.
    pub(super) fn builtin(self) -> &'static Builtin {
        match self {
            Self::First => &FIRST,
            Self::Last => &LAST,
            Self::Middle => &MIDDLE,
            Self::Suffix => &SUFFIX,
            Self::Birth => &BIRTH,
            Self::Email => &EMAIL,
            Self::Phone => &PHONE,
            Self::Street => &STREET,
            Self::Locality => &LOCALITY,
            Self::Organisation => &ORGANISATION,
            Self::Employer => &EMPLOYER,
            Self::NationalId | Self::Passport | Self::Licence => &NUMBER,
            Self::Gender => &GENDER,
            Self::Kind => &KIND,
        }
    }

    /// Whether training adjusts the field. Generations are too rare to learn from, and namesakes
    /// are told apart by them.
    pub(super) fn is_trained(self) -> bool {
        !matches!(self, Self::Suffix | Self::Kind)
    }

    /// Whether the field is the number of a document.
    pub(super) fn is_number(self) -> bool {
        matches!(self, Self::NationalId | Self::Passport | Self::Licence)
    }
}

const FIRST: Builtin = Builtin {
    same: &[0.82, 0.06, 0.06, 0.02, 0.025, 0.015],
    stranger: &[0.004, 0.004, 0.003, 0.015, 0.005, 0.969],
    household: &[0.008, 0.003, 0.006, 0.02, 0.006, 0.957],
    words: &[
        "same",
        "variant",
        "one slip",
        "similar",
        "initial",
        "different",
    ],
};
const LAST: Builtin = Builtin {
    same: &[0.80, 0.03, 0.08, 0.02, 0.02, 0.05],
    stranger: &[0.001, 0.001, 0.002, 0.010, 0.005, 0.981],
    household: &[0.68, 0.02, 0.02, 0.01, 0.02, 0.25],
    words: &[
        "same",
        "in part",
        "one slip",
        "similar",
        "initial",
        "different",
    ],
};
const MIDDLE: Builtin = Builtin {
    same: &[0.70, 0.22, 0.08],
    stranger: &[0.01, 0.06, 0.93],
    household: &[0.04, 0.06, 0.90],
    words: &["same", "initial", "different"],
};
/// A generation is stated where a namesake lives in the same house, so a stated one is evidence for
/// a household. The numbers are relative to records that state none.
const SUFFIX: Builtin = Builtin {
    same: &[0.05, 0.045, 0.000_5],
    stranger: &[0.004, 0.06, 0.006],
    household: &[0.01, 0.35, 0.30],
    words: &["same", "stated once", "different"],
};
const BIRTH: Builtin = Builtin {
    same: &[0.875, 0.015, 0.06, 0.015, 0.015, 0.008, 0.012],
    stranger: &[0.000_05, 0.000_05, 0.002, 0.012, 0.004, 0.035, 0.947],
    household: &[0.030, 0.000_1, 0.002, 0.010, 0.004, 0.045, 0.909],
    words: &[
        "same",
        "day and month swapped",
        "one slip",
        "same as far as stated",
        "one part differs",
        "near",
        "different",
    ],
};
const EMAIL: Builtin = Builtin {
    same: &[0.66, 0.06, 0.06, 0.06, 0.16],
    stranger: &[0.000_1, 0.000_1, 0.000_05, 0.001, 0.998],
    household: &[0.20, 0.002, 0.004, 0.01, 0.784],
    words: &[
        "same",
        "same before the @",
        "one slip",
        "made of the name",
        "different",
    ],
};
const PHONE: Builtin = Builtin {
    same: &[0.66, 0.03, 0.05, 0.26],
    stranger: &[0.000_1, 0.000_01, 0.000_02, 0.999],
    household: &[0.45, 0.02, 0.01, 0.52],
    words: &["same", "same ending", "one slip", "different"],
};
const STREET: Builtin = Builtin {
    same: &[0.70, 0.08, 0.04, 0.02, 0.01, 0.15],
    stranger: &[0.000_2, 0.000_1, 0.002, 0.005, 0.010, 0.983],
    household: &[0.75, 0.06, 0.03, 0.02, 0.01, 0.13],
    words: &[
        "same",
        "nearly the same",
        "another number",
        "similar",
        "only the number",
        "different",
    ],
};
const LOCALITY: Builtin = Builtin {
    same: &[0.78, 0.03, 0.06, 0.04, 0.04, 0.05],
    stranger: &[0.005, 0.003, 0.01, 0.01, 0.12, 0.85],
    household: &[0.85, 0.02, 0.04, 0.03, 0.03, 0.03],
    words: &[
        "same",
        "same postal code",
        "same city",
        "similar",
        "same state",
        "different",
    ],
};
const ORGANISATION: Builtin = Builtin {
    same: &[0.72, 0.18, 0.06, 0.04],
    stranger: &[0.000_5, 0.000_5, 0.005, 0.994],
    household: &[0.01, 0.01, 0.05, 0.93],
    words: &["same", "nearly the same", "in part", "different"],
};
const EMPLOYER: Builtin = Builtin {
    same: &[0.55, 0.10, 0.05, 0.30],
    stranger: &[0.003, 0.001, 0.006, 0.99],
    household: &[0.45, 0.06, 0.04, 0.45],
    words: &["same", "nearly the same", "in part", "different"],
};
const NUMBER: Builtin = Builtin {
    same: &[0.84, 0.06, 0.05, 0.002, 0.048],
    stranger: &[0.000_02, 0.000_01, 0.000_005, 0.05, 0.95],
    household: &[0.001, 0.000_1, 0.000_01, 0.05, 0.949],
    words: &[
        "same",
        "one slip",
        "same ending",
        "other ending",
        "different",
    ],
};
const GENDER: Builtin = Builtin {
    same: &[0.97, 0.03],
    stranger: &[0.5, 0.5],
    household: &[0.45, 0.55],
    words: &["same", "different"],
};
const KIND: Builtin = Builtin {
    same: &[0.999, 0.001],
    stranger: &[0.9, 0.1],
    household: &[0.7, 0.3],
    words: &["same", "a human and an organisation"],
};
