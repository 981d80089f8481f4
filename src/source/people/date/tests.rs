//! Dates in every supported spelling, and texts that are refused.

use super::*;

fn on(text: &str, order: DateOrder) -> Option<String> {
    day(text, order, Date::constant(2026, 11, 23))
}

#[test]
fn a_day_in_every_common_spelling() {
    for text in [
        "1980-02-29",
        "19800229",
        "02/29/1980",
        "2/29/1980",
        "29/02/1980",
        "29.02.1980",
        "29.2.1980",
        "29-02-1980",
        "1980/02/29",
        "1980.02.29",
        "29 Feb 1980",
        "29 February 1980",
        "February 29, 1980",
        "Feb. 29 1980",
        "29-Feb-80",
        "29-FEB-1980",
        "29. Februar 1980",
        "29 février 1980",
        "29 de febrero de 1980",
        "February 29th, 1980",
        "Friday, 29 February 1980",
        "1980-02-29T00:00:00Z",
        "1980-02-29 00:00:00",
        "2/29/1980 12:00:00 AM",
        "1980-02-29T00:00:00.000+02:00",
        "29Feb1980",
        "1980-Feb-29",
        "29021980",
        "80-02-29",
        " 1980-02-29 ",
        "2/29/80",
        "29.02.80",
    ] {
        for order in [DateOrder::MonthDay, DateOrder::DayMonth] {
            assert_eq!(on(text, order).as_deref(), Some("1980-02-29"), "{text}");
        }
    }
}

#[test]
fn months_in_four_languages() {
    let names = [
        ("January Januar janvier enero Jan Ene", 1),
        ("March März mars marzo Mrz", 3),
        ("May Mai mai mayo", 5),
        ("June Juni juin junio", 6),
        ("July Juli juillet julio", 7),
        ("August août agosto aout", 8),
        ("October Oktober octobre octubre", 10),
        ("December Dezember décembre diciembre Dic", 12),
    ];
    for (tokens, month) in names {
        for word in tokens.split(' ') {
            let wanted = format!("1980-{month:02}-05");
            assert_eq!(
                on(&format!("5 {word} 1980"), DateOrder::MonthDay),
                Some(wanted),
                "{word}"
            );
        }
    }
}

#[test]
fn two_readings_follow_the_order_and_dots_are_european() {
    assert_eq!(
        on("03/04/1980", DateOrder::MonthDay).as_deref(),
        Some("1980-03-04")
    );
    assert_eq!(
        on("03/04/1980", DateOrder::DayMonth).as_deref(),
        Some("1980-04-03")
    );
    assert_eq!(
        on("03.04.1980", DateOrder::MonthDay).as_deref(),
        Some("1980-04-03")
    );
}

#[test]
fn short_years_are_never_in_the_future() {
    assert_eq!(
        on("2/9/80", DateOrder::MonthDay).as_deref(),
        Some("1980-02-09")
    );
    assert_eq!(
        on("2/9/26", DateOrder::MonthDay).as_deref(),
        Some("2026-02-09")
    );
    assert_eq!(
        on("12/9/26", DateOrder::MonthDay).as_deref(),
        Some("1926-12-09")
    );
    assert_eq!(
        on("29-Feb-04", DateOrder::MonthDay).as_deref(),
        Some("2004-02-29")
    );
}

#[test]
fn what_is_no_day_is_none() {
    for text in [
        "0000-00-00",
        "1900-01-00",
        "00000000",
        "1980-02-30",
        "30/02/1980",
        "1980-13-01",
        "0001-01-01",
        "1980",
        "02/1980",
        "29 marbles 1980 2",
        "unknown",
        "",
        "1980-02-29-01",
        "Smith 29 1980",
        "800229",
        "13/13/1980",
        "1980-00-10",
    ] {
        assert_eq!(on(text, DateOrder::MonthDay), None, "{text}");
    }
}

#[test]
fn a_file_shows_its_order() {
    let tally = |texts: &[&str]| {
        let mut tally = Tally::default();
        texts.iter().for_each(|text| tally.add(text));
        tally
    };
    assert_eq!(
        tally(&["03/04/1980", "25/04/1980", "1980-02-29"]).order(),
        DateOrder::DayMonth
    );
    assert_eq!(
        tally(&["03/04/1980", "04/25/1980"]).order(),
        DateOrder::MonthDay
    );
    assert_eq!(
        tally(&["03/04/1980"]),
        Tally {
            either: 1,
            ..Tally::default()
        }
    );
    assert_eq!(tally(&[]).order(), DateOrder::MonthDay);
}

#[test]
fn moments_in_several_spellings() {
    let at = |text| moment(text, DateOrder::MonthDay, Date::constant(2026, 11, 23));
    for text in [
        "2026-03-01T14:30:00Z",
        "2026-03-01 14:30",
        "3/1/2026 2:30 PM",
        "01.03.2026 14:30:00",
        "1772375400",
        "1772375400000",
    ] {
        assert_eq!(at(text), Some(Time::from_ms(1_772_375_400_000)), "{text}");
    }
    assert_eq!(at("3/1/2026"), Some(Time::from_ms(1_772_323_200_000)));
    assert_eq!(at("0000-00-00"), None);
    assert_eq!(at("never"), None);
}
