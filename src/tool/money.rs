//! Amounts of money in results.

use crate::profile::money::display;
use schemars::JsonSchema;
use serde::Serialize;

/// An amount of money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Money {
    /// The amount in integer minor units of the currency (cents).
    pub minor: i64,
    /// ISO 4217 currency code.
    pub currency: String,
    /// The amount as people write it.
    pub display: String,
}

impl Money {
    /// An amount in minor units.
    #[must_use]
    pub fn new(minor: i64, currency: &str) -> Self {
        Self {
            minor,
            currency: currency.to_owned(),
            display: display(minor, currency),
        }
    }
}
