//! Public sets of people with known truth: Febrl 3 and 4, and Splink's fake 1000.

use acquaint::matching::Person;
use serde_json::{Map, Value, json};
use std::error::Error;
use std::path::Path;

/// People and who they truly are.
pub struct Set {
    /// Its name.
    pub name: String,
    /// The people.
    pub people: Vec<Person>,
    /// For each, the number of the one they are.
    pub truth: Vec<u64>,
}

impl Set {
    /// Reads a set; nothing where its files are absent.
    pub fn read(data: &Path, name: &str) -> Result<Option<Self>, Box<dyn Error>> {
        let (files, ids): (&[&str], bool) = match name {
            "febrl3" => (&["dataset3.csv"], true),
            "febrl3 without ids" => (&["dataset3.csv"], false),
            "febrl4" => (&["dataset4a.csv", "dataset4b.csv"], true),
            "febrl4 without ids" => (&["dataset4a.csv", "dataset4b.csv"], false),
            _ => (&["fake_1000.csv"], false),
        };
        let mut set = Self {
            name: name.to_owned(),
            people: Vec::new(),
            truth: Vec::new(),
        };
        for file in files {
            let path = data.join(file);
            if !path.exists() {
                return Ok(None);
            }
            let mut reader = csv::ReaderBuilder::new()
                .trim(csv::Trim::All)
                .from_path(path)?;
            let headers = reader.headers()?.clone();
            for row in reader.records() {
                let row = row?;
                let of = |name: &str| {
                    let place = headers.iter().position(|header| header == name);
                    place.and_then(|place| row.get(place)).unwrap_or_default()
                };
                let (id, truth, record) = if name.starts_with("febrl") {
                    febrl(&of, ids)
                } else {
                    fake(&of)
                };
                set.people
                    .push(Person::from_record(&format!("{file} {id}"), file, &record));
                set.truth.push(truth);
            }
        }
        Ok(Some(set))
    }
}

fn febrl<'a>(of: &dyn Fn(&str) -> &'a str, ids: bool) -> (String, u64, Map<String, Value>) {
    let id = of("rec_id");
    let truth = id
        .split('-')
        .nth(1)
        .and_then(|number| number.parse().ok())
        .unwrap_or_default();
    let street = format!("{} {}", of("street_number"), of("address_1"));
    let mut record = json!({
        "first_name": of("given_name"),
        "last_name": of("surname"),
        "birthday": of("date_of_birth"),
        "address": {
            "street": street.trim(),
            "street2": of("address_2"),
            "city": of("suburb"),
            "postal_code": of("postcode"),
            "state": of("state"),
        },
    });
    if ids {
        record["national_id"] = of("soc_sec_id").into();
    }
    (id.to_owned(), truth, map(record))
}

fn fake<'a>(of: &dyn Fn(&str) -> &'a str) -> (String, u64, Map<String, Value>) {
    let record = json!({
        "first_name": of("first_name"),
        "last_name": of("surname"),
        "birthday": of("dob"),
        "address": {"city": of("city")},
        "email": of("email"),
    });
    (
        of("unique_id").to_owned(),
        of("cluster").parse().unwrap_or_default(),
        map(record),
    )
}

fn map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
