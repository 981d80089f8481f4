//! Rows of people files, as cells and as objects.

use super::*;
use crate::event::{Event, Kind};
use crate::source::testing::ids;
use serde_json::json;

const NOW: Time = Time::from_ms(1_795_458_600_000);

fn people(map: &str, header: &str) -> People {
    let map = Map::parse(map).expect("a map");
    let header: Vec<String> = header.split('|').map(str::to_owned).collect();
    People::of_header("crm", &map, &header, &[]).expect("a plan")
}

fn row(people: &People, cells: &str) -> Event {
    let cells: Vec<&str> = cells.split('|').collect();
    people
        .cells(cells.len(), cells.into_iter(), "raw", NOW)
        .outcome
        .expect("an event")
}

fn refusal(people: &People, cells: &str) -> (&'static str, String) {
    let cells: Vec<&str> = cells.split('|').collect();
    let parsed = people.cells(cells.len(), cells.into_iter(), "raw", NOW);
    (parsed.outcome.expect_err("refused").code, parsed.raw)
}

fn object(map: &str, line: &Value) -> Event {
    let map = Map::parse(map).expect("a map");
    let line = line.to_string();
    let people = People::of_objects("crm", &map, std::iter::once(line.as_str())).expect("a plan");
    people.object(&line, NOW).outcome.expect("an event")
}

#[test]
fn a_row_becomes_an_identify_event_of_its_record() {
    let people = people(
        "",
        "rec_id|given_name|Surname|dob|E-mail|email2|street_number|address_1|suburb|postcode|Favourite Colour|notes|updated_at",
    );
    let event = row(
        &people,
        "r1|Ada| Moreau |29/02/1980|ada@example.com|a.moreau@example.com|7|Wallaby Place|Cleveland|2119|green||2026-03-01",
    );
    assert_eq!(event.kind, Kind::Identify);
    assert_eq!(event.source, "crm");
    assert_eq!(ids(&event), ["record.crm:r1"]);
    assert_eq!(
        (event.user_id.as_deref(), event.at),
        (None, Time::from_ms(1_772_323_200_000))
    );
    let traits = json!({
        "first_name": "Ada", "last_name": "Moreau", "birthday": "1980-02-29",
        "email": ["ada@example.com", "a.moreau@example.com"],
        "address": {"street": "7 Wallaby Place", "city": "Cleveland", "postal_code": "2119"},
        "favourite_colour": "green",
    });
    assert_eq!(Value::Object(event.traits), traits);
    assert!(!event.context.contains_key("join"));
}

#[test]
fn a_map_decides() {
    let map = r#"
        id = "key"
        join = ["email"]
        ignore = ["secret"]
        [traits]
        user_id = "account"
        first_name = "a"
        "address.street" = ["no", "st"]
        "address.billing.city" = "bc"
        phone = ["p2", "p1"]
        birthday = "born on"
        [dates]
        order = "day-month"
    "#;
    let event = row(
        &people(map, "key|account|a|st|no|bc|p1|p2|born on|secret|surname"),
        "k1|u1|Ada|Rue A|7|Lyon|+15550101|+15550102|03/04/1980|x|Moreau",
    );
    assert_eq!(event.user_id.as_deref(), Some("u1"));
    assert_eq!(event.context["join"], json!(["email"]));
    let traits = json!({
        "first_name": "Ada", "address": [{"street": "7 Rue A"}, {"city": "Lyon"}], "phone": ["+15550102", "+15550101"],
        "birthday": "1980-04-03", "surname": "Moreau",
    });
    assert_eq!(Value::Object(event.traits), traits);
}

#[test]
fn several_addresses_are_a_list() {
    let people = people(
        "",
        "id|Billing Street|Billing City|Shipping Street|Shipping City",
    );
    let both = row(&people, "1|7 A St|Hull|9 B St|York").traits["address"].clone();
    assert_eq!(
        both,
        json!([{"street": "7 A St", "city": "Hull"}, {"street": "9 B St", "city": "York"}])
    );
    let same = row(&people, "1|7 A St|Hull|7 A St|Hull").traits["address"].clone();
    assert_eq!(same, json!({"street": "7 A St", "city": "Hull"}));
}

#[test]
fn the_message_id_follows_the_content() {
    let people = people("", "id|name|city|updated_at");
    let id = |cells| row(&people, cells).message_id;
    assert_eq!(id("1|Ada|Hull|"), id(" 1|Ada |Hull|"));
    for other in [
        "2|Ada|Hull|",
        "1|Ada|York|",
        "1|Ada||",
        "1|Ada|Hull|2026-03-01",
    ] {
        assert_ne!(id("1|Ada|Hull|"), id(other), "{other}");
    }
    assert_eq!(
        id("1|Ada||"),
        object("", &json!({"id": 1, "name": "Ada"})).message_id,
        "in either format"
    );
    assert_eq!(
        id("1|Ada||2026-03-01"),
        "hvnb2wzph6h5sdvcx27mgydmwqqptxvb",
        "and stays what it was, or a file that is imported again would count twice"
    );
}

#[test]
fn times_of_update() {
    let people = people("", "id|name|modified");
    assert_eq!(
        row(&people, "1|Ada|3/1/2026").at,
        Time::from_ms(1_772_323_200_000)
    );
    let unread = row(&people, "1|Ada|lately");
    assert_eq!(
        (unread.at, unread.traits["updated_at"].as_str()),
        (NOW, Some("lately"))
    );
    assert_eq!(row(&people, "1|Ada|").at, NOW);
    assert_eq!(
        row(&people, "1|Ada|2199-01-01").at,
        NOW,
        "never after its arrival"
    );
}

#[test]
fn rows_are_refused_with_their_reason() {
    let people = people("", "id|name");
    assert_eq!(refusal(&people, "1|Ada|x").0, "wrong_cell_count");
    assert_eq!(
        refusal(&people, "1"),
        ("wrong_cell_count", "raw".to_owned())
    );
    assert_eq!(refusal(&people, " |Ada").0, "no_record_id");
    assert_eq!(
        refusal(&people, &format!("{}|Ada", "x".repeat(501))).0,
        "id_too_long"
    );
    for line in ["nonsense", "[1]", "3"] {
        let parsed = people.object(line, NOW);
        assert_eq!(parsed.outcome.expect_err("refused").code, "invalid_json");
    }
}

#[test]
fn a_birthday_that_is_none_stays_as_it_is() {
    let people = people("", "id|birthday");
    assert_eq!(
        row(&people, "1|0000-00-00").traits["birthday"],
        "0000-00-00"
    );
}

#[test]
fn a_sample_settles_the_order_of_dates() {
    let header = ["id".to_owned(), "dob".to_owned()];
    let sample = |dates: &[&str]| -> Vec<Vec<String>> {
        dates
            .iter()
            .map(|date| vec!["1".to_owned(), (*date).to_owned()])
            .collect()
    };
    let read = |dates: &[&str]| {
        let people =
            People::of_header("crm", &Map::default(), &header, &sample(dates)).expect("a plan");
        (
            row(&people, "1|03/04/1980").traits["birthday"].clone(),
            people.remarks(),
        )
    };
    let (birthday, remarks) = read(&["25/12/1980", "01/02/1980"]);
    assert_eq!(birthday, "1980-04-03");
    assert!(
        remarks[0].contains("read with the day first"),
        "{remarks:?}"
    );
    assert_eq!(read(&["12/25/1980"]), (json!("1980-03-04"), vec![]));
}

#[test]
fn objects_have_lists_and_nested_members() {
    let line = json!({
        "record_id": 7, "name": {"first": "Ada", "last": "Moreau"}, "dob": "29 Feb 1980", "emails": ["ada@example.com", "a@example.com"],
        "phone": [{"type": "home", "value": "+15550101"}, {"number": "+15550102"}],
        "addresses": [{"line1": "7 A St", "town": "Hull", "zip": "HU1", "type": "home"}, "9 B St, York", {}],
        "company": {"name": "Example Ltd"}, "vip": true, "tags": ["a", "b"], "empty": null, "blank": " ",
    });
    let traits = json!({
        "address": [{"street": "9 B St, York"}, {"street": "7 A St", "city": "Hull", "postal_code": "HU1", "type": "home"}],
        "birthday": "1980-02-29", "email": ["ada@example.com", "a@example.com"], "first_name": "Ada", "last_name": "Moreau",
        "organization": "Example Ltd", "phone": ["+15550101", "+15550102"], "tags": ["a", "b"], "vip": true,
    });
    let event = object("", &line);
    assert_eq!(ids(&event), ["record.crm:7"]);
    assert_eq!(Value::Object(event.traits), traits);
}

#[test]
fn paths_of_a_map_lead_into_objects() {
    let map =
        "id = \"meta.key\"\n[traits]\nname = [\"who\", \"aka\"]\n\"address.city\" = \"addr.town\"";
    let event = object(
        map,
        &json!({
            "meta": {"key": "k1", "rank": 3}, "who": "Ada Moreau", "aka": ["A. Moreau", {"given": "Adele", "family": "Moreau"}],
            "addr": {"town": "Hull", "zip": "HU1"},
        }),
    );
    assert_eq!(ids(&event), ["record.crm:k1"]);
    let traits = json!({
        "address": {"city": "Hull"}, "addr_zip": "HU1", "meta_rank": 3, "name": ["Ada Moreau", "A. Moreau", "Adele Moreau"],
    });
    assert_eq!(Value::Object(event.traits), traits);
}

#[test]
fn what_was_recognised_can_be_shown() {
    let people = people("", "id|dob|cluster");
    let shown: Vec<String> = people
        .columns()
        .into_iter()
        .map(|(column, read)| format!("{column}: {read}"))
        .collect();
    assert_eq!(
        shown,
        [
            "id: the record's id",
            "dob: birthday",
            "cluster: cluster  (kept as a trait of its own name)"
        ]
    );
}
