//! Made-up people who are hard to tell apart and hard to recognise: households with twins and
//! namesakes, shared mailboxes, companies beside their owners and staff, three systems that each
//! know something else of them and write it their own way.

use crate::sets::Set;
use acquaint::matching::Person;

mod dice;
mod noise;
mod record;
mod words;

use dice::Dice;

/// The systems.
const SYSTEMS: [&str; 3] = ["crm", "support", "shop"];

/// One human.
#[derive(Clone)]
struct Human {
    first: String,
    middle: String,
    last: String,
    maiden: Option<String>,
    suffix: &'static str,
    female: bool,
    birth: (u32, u32, u32),
    email: String,
    phone: String,
    home: Home,
    before: Option<Home>,
    national_id: String,
    passport: Option<String>,
    employer: Option<String>,
}

/// An address.
#[derive(Clone)]
struct Home {
    number: u64,
    street: String,
    unit: Option<u64>,
    city: String,
    state: &'static str,
    code: String,
}

/// A company.
struct Company {
    name: String,
    form: &'static str,
    phone: String,
    email: String,
    home: Home,
}

enum Entity {
    Human(Box<Human>),
    Company(Company),
}

/// About so many records of made-up people; the same for the same seed.
pub fn generate(count: usize, seed: u64) -> Set {
    let mut dice = Dice::new(seed);
    let mut set = Set {
        name: format!("made up {count} #{seed}"),
        people: Vec::with_capacity(count),
        truth: Vec::with_capacity(count),
    };
    let mut entity = 0;
    while set.people.len() < count {
        let group = if dice.chance(0.10) {
            workplace(&mut dice)
        } else {
            household(&mut dice, None)
        };
        for one in group {
            entity += 1;
            for (system, name) in SYSTEMS.iter().enumerate() {
                if !dice.chance(0.62) {
                    continue;
                }
                let copies = if dice.chance(0.06) { 2 } else { 1 };
                for _ in 0..copies {
                    if set.people.len() < count {
                        let record = match &one {
                            Entity::Human(human) => record::record(human, system, &mut dice),
                            Entity::Company(company) => record::company(company, system, &mut dice),
                        };
                        let id = format!("{:016x}", dice.next());
                        set.people.push(Person::from_record(&id, name, &record));
                        set.truth.push(entity);
                    }
                }
            }
        }
    }
    set
}

fn home(dice: &mut Dice) -> Home {
    let (city, state, code) = city(dice);
    let street = if dice.chance(0.5) {
        (*dice.common(&words::STREETS)).to_owned()
    } else {
        words::surname(dice)
    };
    let kind = dice.of(&["Street", "Avenue", "Road", "Lane", "Drive", "Court"]);
    Home {
        number: 1 + dice.below(400),
        street: format!("{street} {kind}"),
        unit: dice.chance(0.2).then(|| 1 + dice.below(40)),
        city,
        state,
        code,
    }
}

/// A well-known city, or one of a thousand others.
fn city(dice: &mut Dice) -> (String, &'static str, String) {
    let (name, state, start) = *dice.common(&words::CITIES);
    if dice.chance(0.4) {
        return (
            name.to_owned(),
            state,
            format!("{start}{:02}", dice.below(40)),
        );
    }
    let number = dice.below(1_000);
    let mut own = Dice::new(number);
    let name = format!(
        "{}{}",
        words::surname(&mut own),
        own.of(&["ville", " Falls", "burg", " Springs", ""])
    );
    (
        name,
        own.of(&words::CITIES).1,
        format!("{:05}", 10_000 + number * 80 + dice.below(12)),
    )
}

fn phone(dice: &mut Dice) -> String {
    format!("{}555{:04}", 200 + dice.below(700), dice.below(10_000))
        .chars()
        .enumerate()
        .map(|(i, c)| {
            if (3..6).contains(&i) {
                char::from(b'2' + dice.below(8) as u8)
            } else {
                c
            }
        })
        .collect()
}

fn human(dice: &mut Dice, last: &str, home: &Home, year: u32) -> Human {
    let female = dice.chance(0.5);
    let given = if female {
        &words::WOMEN[..]
    } else {
        &words::MEN[..]
    };
    let first = (*dice.common(given)).to_owned();
    let middle = if dice.chance(0.5) {
        (*dice.common(given)).to_owned()
    } else {
        String::new()
    };
    let number = dice.below(1_000);
    let domain = dice.of(&[
        "example.com",
        "example.org",
        "mail.example",
        "post.example",
        "example.net",
    ]);
    let email = match dice.below(5) {
        0 => format!("{first}.{last}{number}@{domain}"),
        1 => format!(
            "{}{last}{number}@{domain}",
            first.chars().next().unwrap_or('x')
        ),
        2 => format!("{first}{number}@{domain}"),
        3 => format!(
            "{}{}{number}@{domain}",
            dice.of(&["sunny", "blue", "rider", "cook", "star"]),
            dice.of(&["fox", "sky", "moon", "cat", "river"])
        ),
        _ => format!("{first}_{last}{}@{domain}", number % 100),
    };
    Human {
        email: email.to_lowercase().replace(' ', ""),
        first,
        middle,
        last: last.to_owned(),
        maiden: (female && dice.chance(0.3)).then(|| words::surname(dice)),
        suffix: "",
        female,
        birth: (year, 1 + dice.below(12) as u32, 1 + dice.below(28) as u32),
        phone: phone(dice),
        home: home.clone(),
        before: dice.chance(0.25).then(|| self::home(dice)),
        national_id: format!("{:09}", 100_000_000 + dice.below(800_000_000)),
        passport: dice
            .chance(0.3)
            .then(|| format!("{}{:07}", dice.of(&["P", "X", "C"]), dice.below(10_000_000))),
        employer: None,
    }
}

/// People who share surname and address, and often phone or mailbox; among them twins and
/// namesakes.
fn household(dice: &mut Dice, employer: Option<&str>) -> Vec<Entity> {
    let (last, home) = (words::surname(dice), home(dice));
    let size = *dice.of(&[1, 1, 1, 2, 2, 3, 4, 5]);
    let year = 1945 + dice.below(50) as u32;
    let mut people: Vec<Human> = Vec::new();
    for place in 0..size {
        let born = if place < 2 {
            year + dice.below(5) as u32
        } else {
            (year + 22 + dice.below(12) as u32).min(2012)
        };
        let last = if place == 1 && dice.chance(0.2) {
            words::surname(dice)
        } else {
            last.clone()
        };
        let mut one = human(dice, &last, &home, born);
        if place == 1 {
            one.female = !people[0].female;
            let given = if one.female {
                &words::WOMEN[..]
            } else {
                &words::MEN[..]
            };
            one.first = (*dice.common(given)).to_owned();
        }
        if place > 0 && dice.chance(0.5) {
            one.phone.clone_from(&people[0].phone);
        }
        if place > 0 && dice.chance(0.15) {
            one.email.clone_from(&people[0].email);
        }
        if place == 3 && dice.chance(0.3) {
            one.birth = people[2].birth;
        }
        if place == 2 && dice.chance(0.15) {
            one.first.clone_from(&people[0].first);
            one.female = people[0].female;
            one.maiden = None;
            one.suffix = "Jr";
            people[0].suffix = "Sr";
        }
        one.employer = employer.map(str::to_owned);
        people.push(one);
    }
    people
        .into_iter()
        .map(|one| Entity::Human(Box::new(one)))
        .collect()
}

/// A company, its owner who uses its phone and address, and staff on one switchboard.
fn workplace(dice: &mut Dice) -> Vec<Entity> {
    let place = home(dice);
    let word = if dice.chance(0.5) {
        words::surname(dice)
    } else {
        (*dice.of(&words::COMPANY)).to_owned() + " " + *dice.of(&words::COMPANY)
    };
    let name = format!("{word} {}", dice.of(&words::TRADES));
    let domain = format!(
        "{}{}",
        name.to_lowercase().replace(' ', ""),
        dice.below(10_000)
    );
    let company = Company {
        form: dice.of::<&str>(&["Inc", "LLC", "Ltd", "GmbH", "Corp", ""]),
        phone: phone(dice),
        email: format!("info@{domain}.example"),
        home: place.clone(),
        name: name.clone(),
    };
    let mut all = Vec::new();
    let staff = *dice.of(&[1, 2, 3, 5, 12]);
    for place in 0..staff {
        let owner = place == 0;
        let (last, own, year) = (
            words::surname(dice),
            home(dice),
            1950 + dice.below(50) as u32,
        );
        let mut one = human(dice, &last, if owner { &company.home } else { &own }, year);
        one.employer = Some(name.clone());
        if owner || dice.chance(0.6) {
            one.phone.clone_from(&company.phone);
        }
        if dice.chance(0.25) {
            one.email.clone_from(&company.email);
        } else if dice.chance(0.4) {
            one.email = format!("{}.{}@{domain}.example", one.first, one.last)
                .to_lowercase()
                .replace(' ', "");
        }
        all.push(Entity::Human(Box::new(one)));
    }
    all.push(Entity::Company(company));
    all
}
