//! The people of the demo and their actions, which depend on their number and one day alone.
//!
//! The files of the systems only convert them to their own formats.

use super::dice::{DAY, Dice, MINUTE, moment};
use super::shop::{COMPLAINTS, PRODUCTS, TOWNS, Town};
use crate::clock::Time;

/// How many customers there are, without visitors who never sign up.
pub(super) const CUSTOMERS: u64 = 300;

const FIRST: [&str; 40] = [
    "Ada", "Bruno", "Chloe", "Dmitri", "Elena", "Farid", "Grace", "Hugo", "Imani", "Jonas",
    "Keiko", "Liam", "Maya", "Noah", "Olga", "Pablo", "Quinn", "Rosa", "Samir", "Tara", "Umar",
    "Vera", "Wei", "Ximena", "Yusuf", "Zoe", "Anton", "Bella", "Cyrus", "Dana", "Emil", "Freya",
    "Gavin", "Helga", "Ivan", "Julia", "Karim", "Lena", "Marco", "Nadia",
];
const LAST: [&str; 40] = [
    "Adler",
    "Barros",
    "Castro",
    "Dietrich",
    "Eriksen",
    "Fontaine",
    "Garcia",
    "Hoffman",
    "Ito",
    "Jensen",
    "Kowalski",
    "Lindgren",
    "Moreau",
    "Novak",
    "Okafor",
    "Petrov",
    "Quintero",
    "Rossi",
    "Sato",
    "Tanaka",
    "Ueda",
    "Vargas",
    "Weber",
    "Xu",
    "Yilmaz",
    "Zeller",
    "Ahmed",
    "Bauer",
    "Conti",
    "Dubois",
    "Engel",
    "Ferrari",
    "Gupta",
    "Haas",
    "Ibarra",
    "Jovanovic",
    "Klein",
    "Lopez",
    "Meyer",
    "Nguyen",
];

/// One person, with all that any system knows.
#[derive(Clone, Debug)]
pub(super) struct DemoPerson {
    pub number: u64,
    pub first: &'static str,
    pub last: &'static str,
    pub town: &'static Town,
    pub browser: Option<Browser>,
    pub phone_app: Option<PhoneApp>,
    pub orders: Vec<DemoOrder>,
    pub shop_account: Option<ShopAccount>,
    pub help: Option<HelpDeskUser>,
    /// The time when sales last saved the contact.
    pub contact_at: Option<Time>,
    /// The times of the newsletters.
    pub letters: Vec<Time>,
}

/// A browser and its visits to the website.
#[derive(Clone, Debug)]
pub(super) struct Browser {
    pub id: String,
    pub visits: Vec<Time>,
    /// Whether the person signs up at the end of the first visit.
    pub signs_up: bool,
}

/// A phone with the app.
#[derive(Clone, Debug)]
pub(super) struct PhoneApp {
    pub install: String,
    pub device: String,
    pub ios: bool,
    pub opened: Vec<Time>,
}

/// An account in the shop.
#[derive(Clone, Debug)]
pub(super) struct ShopAccount {
    pub id: u64,
    pub since: Time,
    pub email: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) struct DemoOrder {
    pub id: u64,
    pub number: u64,
    pub at: Time,
    /// Indices of products, and their quantities.
    pub lines: Vec<(usize, u64)>,
    pub stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Paid,
    Shipped,
    Delivered,
    Cancelled,
}

/// A user of the help desk.
#[derive(Clone, Debug)]
pub(super) struct HelpDeskUser {
    pub id: u64,
    pub email: Option<String>,
    pub phone: bool,
    pub tickets: Vec<DemoTicket>,
}

#[derive(Clone, Debug)]
pub(super) struct DemoTicket {
    pub id: u64,
    pub at: Time,
    /// The index of the complaint.
    pub about: usize,
    pub solved: bool,
}

impl DemoPerson {
    pub fn name(&self) -> String {
        format!("{} {}", self.first, self.last)
    }

    pub fn email(&self) -> String {
        format!("{}.{}@example.com", self.first, self.last).to_lowercase()
    }

    /// The id of the account on the website and in the app.
    pub fn user_id(&self) -> String {
        (1000 + self.number).to_string()
    }

    /// A number that nobody has: 555-01xx is reserved for fiction.
    pub fn phone(&self) -> [String; 3] {
        let (area, line) = (self.town.area, 100 + self.number / 10 % 100);
        [area.to_owned(), "555".to_owned(), format!("{line:04}")]
    }
}

/// A person with this number who is unknown to all systems.
pub(super) fn nobody(number: u64) -> DemoPerson {
    let (column, row) = (number % 40, number / 40);
    DemoPerson {
        number,
        first: FIRST[column as usize],
        last: LAST[((column * 7 + row) % 40) as usize],
        town: &TOWNS[(number % TOWNS.len() as u64) as usize],
        browser: None,
        phone_app: None,
        orders: Vec::new(),
        shop_account: None,
        help: None,
        contact_at: None,
        letters: Vec::new(),
    }
}

/// A visitor who never signs up.
pub(super) fn visitor(number: u64, today: Time) -> DemoPerson {
    let mut dice = Dice::new(number);
    let visits = vec![dice.moment(today, 1, 60)];
    let browser = Browser {
        id: dice.uuid(),
        visits,
        signs_up: false,
    };
    DemoPerson {
        browser: Some(browser),
        ..nobody(number)
    }
}

/// A customer who is known to some of the systems.
pub(super) fn customer(number: u64, today: Time) -> DemoPerson {
    let mut dice = Dice::new(number);
    let mut person = nobody(number);
    let joined = 20 + dice.below(68);
    if dice.chance(85) {
        let mut visits: Vec<Time> = (0..1 + dice.below(3))
            .map(|_| dice.moment(today, 1, joined))
            .collect();
        visits.sort_unstable();
        person.browser = Some(Browser {
            id: dice.uuid(),
            visits,
            signs_up: dice.chance(90),
        });
    }
    if dice.chance(35) {
        let mut opened: Vec<Time> = (0..1 + dice.below(3))
            .map(|_| dice.moment(today, 1, joined))
            .collect();
        opened.sort_unstable();
        person.phone_app = Some(PhoneApp {
            install: dice.uuid(),
            device: dice.uuid().to_uppercase(),
            ios: dice.chance(55),
            opened,
        });
    }
    if dice.chance(70) {
        shop(&mut person, &mut dice, today, joined);
    }
    if dice.chance(30) {
        help(&mut person, &mut dice, today, joined);
    }
    // Sales have a contact of each customer who phones or writes from another address; that contact
    // ties the records together.
    let scattered = person
        .shop_account
        .as_ref()
        .is_some_and(|account| account.email.as_deref() != Some(&person.email()));
    if dice.chance(if scattered { 85 } else { 25 }) {
        person.contact_at = Some(dice.moment(today, 1, joined));
    }
    if dice.chance(60) {
        person.letters = (1..=2 + dice.below(3))
            .map(|week| moment(today, week as i64 * 7, 9, 0))
            .collect();
    }
    person
}

fn shop(person: &mut DemoPerson, dice: &mut Dice, today: Time, joined: u64) {
    let email = match person.number % 5 {
        0 => Some(person.email().replace('@', "+shop@")),
        1 => None,
        _ => Some(person.email()),
    };
    let mut orders: Vec<DemoOrder> = (0..1 + dice.below(3))
        .map(|at| {
            let placed = dice.moment(today, 1, joined);
            let stage = match (today - placed) / DAY {
                0..2 => Stage::Paid,
                2..6 => Stage::Shipped,
                _ if dice.chance(6) => Stage::Cancelled,
                _ => Stage::Delivered,
            };
            let lines = (0..1 + dice.below(2))
                .map(|line| {
                    let product = (dice.below(6) + line * 6) % PRODUCTS.len() as u64;
                    (product as usize, 1 + dice.below(2))
                })
                .collect();
            DemoOrder {
                id: 6_100_400_000 + person.number * 10 + at,
                number: 0,
                at: placed,
                lines,
                stage,
            }
        })
        .collect();
    orders.sort_by_key(|order| order.at);
    for (at, order) in orders.iter_mut().enumerate() {
        order.number = 2_000 + person.number * 3 + at as u64;
    }
    person.shop_account = Some(ShopAccount {
        id: 7_300_000 + person.number,
        since: orders[0].at - 2 * MINUTE,
        email,
    });
    person.orders = orders;
}

fn help(person: &mut DemoPerson, dice: &mut Dice, today: Time, joined: u64) {
    let email = person.email();
    let (email, phone) = match person.number % 3 {
        0 => (Some(email), false),
        1 => (None, true),
        _ => (Some(typo(&email)), true),
    };
    let tickets = (0..1 + dice.below(2))
        .map(|at| {
            let opened = dice.moment(today, 1, joined);
            DemoTicket {
                id: 30_000 + person.number * 4 + at,
                at: opened,
                about: dice.below(COMPLAINTS.len() as u64) as usize,
                solved: today - opened > 4 * DAY,
            }
        })
        .collect();
    person.help = Some(HelpDeskUser {
        id: 880_000 + person.number,
        email,
        phone,
        tickets,
    });
}

/// An address with a typing error: the last letter before the @ is doubled.
pub(super) fn typo(email: &str) -> String {
    let (local, domain) = email.split_once('@').unwrap_or((email, ""));
    let last = local.chars().last().unwrap_or('x');
    format!("{local}{last}@{domain}")
}
