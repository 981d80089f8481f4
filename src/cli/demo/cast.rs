//! Everyone in the demo, and the two whose story is told: a customer whom six systems know, and who shares her browser.

use super::catalogue::TOWNS;
use super::dice::{Dice, moment};
use super::person::{
    Browser, Help, Order, Person, PhoneApp, ShopAccount, Stage, Ticket, customer, nobody, typo,
    visitor,
};

/// The number of the customer whose story is told.
pub(super) const HERO: u64 = 42;
/// The number of the one who signs in on her browser.
pub(super) const HOUSEMATE: u64 = 43;

/// For so many customers there is one visitor who never signs up.
const CUSTOMERS_PER_VISITOR: u64 = 5;

/// So many customers and some visitors, as of the day that starts at `today`.
pub(super) fn everyone(today: i64, customers: u64) -> Vec<Person> {
    (0..customers + customers / CUSTOMERS_PER_VISITOR)
        .map(|number| match number {
            HERO => hero(today),
            HOUSEMATE => housemate(today),
            number if number < customers => customer(number, today),
            number => visitor(number, today),
        })
        .collect()
}

/// Priya is known to all six systems, and to no two of them in the same way.
fn hero(today: i64) -> Person {
    let mut dice = Dice::new(HERO);
    let at = |days, hour, minute| moment(today, days, hour, minute);
    let mut person = Person {
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
        Order {
            id: 6_100_400_420,
            number: 2126,
            at: at(42, 12, 40),
            lines: vec![(6, 1), (0, 2)],
            stage: Stage::Delivered,
        },
        Order {
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
    let ticket = |id, at, about, solved| Ticket {
        id,
        at,
        about,
        solved,
    };
    person.help = Some(Help {
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
fn housemate(today: i64) -> Person {
    let browser = hero(today).browser.map(|browser| Browser {
        visits: vec![moment(today, 20, 21, 15)],
        ..browser
    });
    Person {
        first: "Arjun",
        last: "Raman",
        town: &TOWNS[(HERO % TOWNS.len() as u64) as usize],
        browser,
        ..nobody(HOUSEMATE)
    }
}
