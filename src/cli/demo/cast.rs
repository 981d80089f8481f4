//! All people of the demo. Two are written by hand: a customer who is known to all six systems, and
//! her housemate, who uses her browser.

use super::dice::{Dice, moment};
use super::person::{
    Browser, DemoOrder, DemoPerson, DemoTicket, HelpDeskUser, PhoneApp, ShopAccount, Stage,
    customer, nobody, typo, visitor,
};
use super::shop::TOWNS;
use crate::clock::Time;

/// The number of the customer that the demo shows.
pub(super) const HERO: u64 = 42;
/// The number of the housemate who signs in on her browser.
pub(super) const HOUSEMATE: u64 = 43;

/// There is one visitor without an account for this many customers.
const CUSTOMERS_PER_VISITOR: u64 = 5;

/// This many customers and some visitors, as of the day that starts at `today`.
pub(super) fn everyone(today: Time, customers: u64) -> Vec<DemoPerson> {
    (0..customers + customers / CUSTOMERS_PER_VISITOR)
        .map(|number| match number {
            HERO => hero(today),
            HOUSEMATE => housemate(today),
            number if number < customers => customer(number, today),
            number => visitor(number, today),
        })
        .collect()
}

/// Priya is known to all six systems, to each by other identifiers.
fn hero(today: Time) -> DemoPerson {
    let mut dice = Dice::new(HERO);
    let at = |days, hour, minute| moment(today, days, hour, minute);
    let mut person = DemoPerson {
        first: "Priya",
        last: "Raman",
        ..nobody(HERO)
    };
    person.browser = Some(Browser {
        id: dice.uuid(),
        visits: vec![at(47, 18, 2), at(31, 19, 20), at(4, 20, 11)],
        signs_up: true,
    });
    person.phone_app = Some(PhoneApp {
        install: dice.uuid(),
        device: dice.uuid().to_uppercase(),
        ios: true,
        opened: vec![at(45, 7, 30), at(1, 8, 5)],
    });
    person.orders = vec![
        DemoOrder {
            id: 6_100_400_420,
            number: 2126,
            at: at(42, 12, 40),
            lines: vec![(6, 1), (0, 2)],
            stage: Stage::Delivered,
        },
        DemoOrder {
            id: 6_100_400_421,
            number: 2127,
            at: at(4, 20, 31),
            lines: vec![(1, 2), (9, 1)],
            stage: Stage::Shipped,
        },
    ];
    person.shop_account = Some(ShopAccount {
        id: 7_300_042,
        since: at(42, 12, 38),
        email: Some(person.email().replace('@', "+shop@")),
    });
    let ticket = |id, at, about, solved| DemoTicket {
        id,
        at,
        about,
        solved,
    };
    person.help = Some(HelpDeskUser {
        id: 880_042,
        email: Some(typo(&person.email())),
        phone: true,
        tickets: vec![
            ticket(30_168, at(35, 16, 12), 4, true),
            ticket(30_169, at(2, 9, 48), 0, false),
        ],
    });
    person.contact_at = Some(at(29, 11, 5));
    person.letters = vec![at(28, 9, 0), at(14, 9, 0), at(7, 9, 0)];
    person
}

/// Arjun signs in on Priya's browser. Two accounts on one browser are two people.
fn housemate(today: Time) -> DemoPerson {
    let browser = hero(today).browser.map(|browser| Browser {
        visits: vec![moment(today, 20, 21, 15)],
        ..browser
    });
    DemoPerson {
        first: "Arjun",
        last: "Raman",
        town: &TOWNS[(HERO % TOWNS.len() as u64) as usize],
        browser,
        ..nobody(HOUSEMATE)
    }
}
