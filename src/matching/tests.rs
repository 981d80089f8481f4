//! Hard pairs, training on known numbers, and independence of the order of people.

use super::*;
use serde_json::{Map, Value, json};

fn person(id: &str, source: &str, record: Value) -> Person {
    let Value::Object(record) = record else {
        panic!("a record is an object");
    };
    Person::from_record(id, source, &record)
}

/// Made-up people in two systems, so that a model has something to learn from.
fn crowd(count: usize) -> Vec<Person> {
    let first = [
        "Ada", "Bela", "Carla", "Dora", "Emil", "Fritz", "Gerd", "Hilda", "Ines", "Jorge",
    ];
    let last = [
        "Arden", "Bolt", "Cole", "Dray", "Eames", "Finch", "Gould", "Hoyt", "Irving", "Jessop",
        "Kemp",
    ];
    let mut people = Vec::new();
    for number in 0..count {
        let dice =
            |what: u64, of: usize| (text::mix(number as u64 * 31 + what) % of as u64) as usize;
        let record = |system: u64| {
            let slip = dice(50 + system, 10) == 0;
            let given = if slip { "Zoltan" } else { first[dice(1, 10)] };
            json!({
                "first_name": given,
                "last_name": format!("{}{}", last[dice(2, 11)], ["son", "man", "ley", "ton"][dice(3, 4)]),
                "birthday": format!("{}-{:02}-{:02}", 1940 + dice(4, 60), 1 + dice(5, 12), 1 + dice(6, 28)),
                "phone": format!("+1415{:07}", dice(7, 9_000_000) + 1_000_000),
                "email": format!("mail{}{}@example.com", dice(8, 100_000), if dice(60 + system, 4) == 0 { "new" } else { "" }),
                "address": {"street": format!("{} Elm Street", 1 + dice(9, 500)), "city": format!("Town{}", dice(10, 50)), "postal_code": format!("{:05}", 10_000 + dice(10, 50))},
            })
        };
        people.push(person(&format!("crm {number:05}"), "crm", record(0)));
        if number % 2 == 0 {
            people.push(person(&format!("shop {number:05}"), "shop", record(1)));
        }
    }
    people
}

/// A model that has seen no data.
fn built_in() -> Model {
    Model::builtin(300, frequency::Frequencies::default())
}

fn probability(a: Value, b: Value) -> f64 {
    let (a, b) = (person("a", "crm", a), person("b", "shop", b));
    built_in().score(&a, &b).probability
}

fn with(mut base: Value, more: &Value) -> Value {
    let (Some(map), Some(more)) = (base.as_object_mut(), more.as_object()) else {
        panic!("objects");
    };
    map.extend(more.clone());
    base
}

fn home() -> Value {
    json!({"phone": "+14155550134", "address": {"street": "12 Elm Street", "city": "Dover", "postal_code": "19901"}})
}

#[test]
fn one_person_in_two_systems_is_found() {
    let a = json!({"first_name": "Robert", "last_name": "Müller", "birthday": "1971-06-24", "address": {"street": "5 Oak Ave", "postal_code": "19901"}});
    let b = json!({"name": "Bob Mueller", "birthday": "24.6.1971", "phone": "+14155550100", "address": {"street": "5 Oak Avenue", "city": "Dover", "postal_code": "19901"}});
    assert!(probability(a, b) > 0.99);
}

#[test]
fn twins_of_one_address_stay_two() {
    let twin = |first: &str| {
        with(
            json!({"first_name": first, "last_name": "Vale", "birthday": "2001-03-09"}),
            &home(),
        )
    };
    assert!(probability(twin("Anna"), twin("Beth")) < 0.9);
    assert!(probability(twin("Anna"), twin("Anna")) > 0.99);
}

#[test]
fn namesakes_of_two_generations_stay_two() {
    let one = |birthday: &str, suffix: &str| {
        with(
            json!({"first_name": "Carl", "last_name": "Vale", "birthday": birthday, "suffix": suffix}),
            &home(),
        )
    };
    assert!(probability(one("1950-02-03", "Sr"), one("1981-11-20", "Jr")) < 0.05);
    assert!(probability(one("1950-02-03", ""), one("1981-11-20", "")) < 0.9);
    assert!(probability(one("1950-02-03", "Sr"), one("1950-02-03", "Sr.")) > 0.99);
}

#[test]
fn a_family_that_shares_mailbox_and_phone_stays_apart() {
    let one = |first: &str, birthday: &str| {
        with(
            json!({"first_name": first, "last_name": "Vale", "email": "vales@example.com", "birthday": birthday}),
            &home(),
        )
    };
    assert!(probability(one("Carl", "1970-02-03"), one("Dora", "1972-11-20")) < 0.05);
    assert!(probability(one("Carl", "1970-02-03"), one("Carl", "1999-11-20")) < 0.95);
}

#[test]
fn a_mailbox_of_many_says_little() {
    let mut people = crowd(100);
    let names = [
        "Ann Bell",
        "Cy Dorn",
        "Eva Fox",
        "Gus Hale",
        "Ivy Jung",
        "Kit Lane",
        "Mo North",
        "Oda Pike",
        "Quin Rusk",
        "Sid Tull",
    ];
    for (number, name) in names.iter().enumerate() {
        people.push(person(
            &format!("z{number}"),
            "crm",
            json!({"name": name, "email": "info@bells.example", "phone": "+14155550199"}),
        ));
    }
    let pool = Pool::of(&people, &mut |_| {});
    let model = pool.train(&mut |_| {});
    let pairs = pool.pairs(&model, 0.95, &mut |_| {});
    assert!(
        pairs
            .iter()
            .all(|pair| pair.a < people.len() - 10 && pair.b < people.len() - 10),
        "the staff are ten"
    );
    let desk = |name: &str| {
        person(
            "x",
            "shop",
            json!({"name": name, "email": "info@bells.example"}),
        )
    };
    assert!(
        model
            .score(&people[people.len() - 1], &desk("Sid Tull"))
            .probability
            > 0.9
    );
}

#[test]
fn an_organisation_is_not_its_owner() {
    let owner = with(
        json!({"first_name": "Greta", "last_name": "Holm", "organization": "Holm Bakery"}),
        &home(),
    );
    let company = with(
        json!({"organization": "Holm Bakery Ltd", "email": "info@holm.example"}),
        &home(),
    );
    let again = with(json!({"name": "Holm Bakery LLC"}), &home());
    assert!(probability(owner, company.clone()) < 0.05);
    assert!(probability(company, again) > 0.95);
}

#[test]
fn an_organisation_with_a_name_like_a_person_is_found() {
    let named = with(json!({"name": "Holm Widgets"}), &home());
    let company = with(json!({"organization": "Holm Widgets Inc"}), &home());
    assert!(probability(named.clone(), company.clone()) > 0.95);
    let human = with(named, &json!({"gender": "f"}));
    assert!(probability(human, company) < 0.05);
}

#[test]
fn swapped_names_and_swapped_day_and_month_are_seen() {
    let a = json!({"first_name": "Thomas", "last_name": "Gabriel", "birthday": "1976-09-05", "email": "t.g@example.com"});
    let b = json!({"first_name": "Gabriel", "last_name": "Thomas", "birthday": "1976-05-09"});
    let (x, y) = (person("a", "crm", a), person("b", "shop", b));
    let score = built_in().score(&x, &y);
    assert!(score.probability > 0.99, "{score:?}");
    let words: Vec<&str> = score
        .fields
        .iter()
        .map(|field| field.words.as_str())
        .collect();
    assert!(
        words.iter().any(|words| words.contains("changed places")),
        "{words:?}"
    );
    assert!(
        words
            .iter()
            .any(|words| words.contains("day and month swapped")),
        "{words:?}"
    );
}

#[test]
fn the_parts_of_a_score_add_up_to_it() {
    let people = crowd(60);
    let model = Pool::of(&people, &mut |_| {}).train(&mut |_| {});
    for (a, b) in [(0, 1), (0, 2), (3, 4), (10, 30)] {
        let score = model.score(&people[a], &people[b]);
        let sum: f64 = score.fields.iter().map(|field| field.weight).sum();
        assert!(
            (sum - score.weight).abs() < 0.06,
            "{} and {sum}: {score:?}",
            score.weight
        );
    }
}

#[test]
fn training_finds_what_was_planted() {
    let people = crowd(1_600);
    let pool = Pool::of(&people, &mut |_| {});
    let model = pool.train(&mut |_| {});
    let same = |field: Field, level: usize| model.same[field.at()][level];
    assert!(
        (same(Field::First, 5) - 0.18).abs() < 0.03,
        "{:?}",
        model.same[0]
    );
    assert!(
        (same(Field::Email, 0) - 0.625).abs() < 0.03,
        "{:?}",
        model.same[Field::Email.at()]
    );
    assert!(same(Field::Birth, 0) > 0.97 && same(Field::Phone, 0) > 0.97);
    let pairs = people.len() as f64 * (people.len() as f64 - 1.0) / 2.0;
    assert!(
        (model.shares.same * pairs - 800.0).abs() < 40.0,
        "{:?}",
        model.shares
    );
    let stranger = model.stranger[Field::First.at()][5];
    assert!((0.80..0.95).contains(&stranger), "{stranger}");
}

#[test]
fn the_order_of_people_does_not_matter() {
    let people = crowd(120);
    let mut shuffled = people.clone();
    shuffled.sort_by_key(|person| text::Hash::new(&person.id).end());
    let run = |people: &[Person]| {
        let pool = Pool::of(people, &mut |_| {});
        let model = pool.train(&mut |_| {});
        let pairs = pool.pairs(&model, 0.5, &mut |_| {});
        let id = |place: usize| people[place].id.to_string();
        let mut named: Vec<Vec<String>> = clusters(people, &model, &pairs, 0.95)
            .iter()
            .map(|cluster| cluster.iter().map(|place| id(*place)).collect())
            .collect();
        named
            .iter_mut()
            .for_each(|cluster: &mut Vec<String>| cluster.sort_unstable());
        named.sort_unstable();
        let pairs: Vec<_> = pairs
            .iter()
            .map(|pair| (id(pair.a), id(pair.b), pair.weight))
            .collect();
        (model, pairs, named)
    };
    let (one, other) = (run(&people), run(&shuffled));
    assert_eq!(one.2.len(), 60);
    assert_eq!(one, other);
}

#[test]
fn a_model_survives_being_stored() {
    let people = crowd(60);
    let model = Pool::of(&people, &mut |_| {}).train(&mut |_| {});
    let stored = serde_json::to_string(&model).expect("a model is plain data");
    let read: Model = serde_json::from_str(&stored).expect("its own JSON");
    assert_eq!(model, read);
    assert_eq!(
        model.score(&people[0], &people[1]),
        read.score(&people[0], &people[1])
    );
}

#[test]
fn one_false_pair_does_not_weld_two_people() {
    let model = built_in();
    let one = |id: &str, first: &str, birthday: &str| {
        person(
            id,
            "crm",
            with(
                json!({"first_name": first, "last_name": "Vale", "birthday": birthday}),
                &home(),
            ),
        )
    };
    let people = [
        one("1", "Anna", "1971-02-03"),
        one("2", "Anna", "1971-02-03"),
        one("3", "Beth", "1984-09-20"),
        one("4", "Beth", "1984-09-20"),
    ];
    let pair = |a, b| Pair {
        a,
        b,
        probability: 0.99,
        weight: 6.6,
    };
    let found = clusters(&people, &model, &[pair(0, 1), pair(2, 3), pair(1, 2)], 0.95);
    assert_eq!(found, [[0, 1], [2, 3]]);
}

#[test]
fn people_share_a_key_when_they_share_something_telling() {
    let keys_of = |record: Value| keys(&person("a", "crm", record));
    let share = |a: Value, b: Value| {
        let (a, b) = (keys_of(a), keys_of(b));
        a.iter().any(|key| b.contains(key))
    };
    assert!(share(
        json!({"email": "ada@example.com"}),
        json!({"email": "ADA@example.com", "name": "Ada Orr"})
    ));
    assert!(share(
        json!({"name": "Jim Orr"}),
        json!({"first_name": "James", "last_name": "Orr"})
    ));
    assert!(share(
        json!({"name": "Orr, Ada", "birthday": "1980-05-06"}),
        json!({"name": "Ada Pell", "birthday": "1980-06-05"})
    ));
    assert!(share(
        json!({"phone": "(415) 555-0134"}),
        json!({"phone": "+1 415 555 0134"})
    ));
    assert!(!share(
        json!({"name": "Ada Orr"}),
        json!({"name": "Cy Pell"})
    ));
    let nothing: Map<String, Value> = Map::new();
    assert!(keys(&Person::from_record("a", "crm", &nothing)).is_empty());
}

#[test]
fn no_people_and_one_person_are_no_trouble() {
    for count in [0, 1] {
        let people: Vec<Person> = crowd(2).into_iter().take(count).collect();
        let pool = Pool::of(&people, &mut |_| {});
        let model = pool.train(&mut |_| {});
        assert!(pool.pairs(&model, 0.95, &mut |_| {}).is_empty());
    }
}
