//! Column names that occur in real files.

use super::*;

fn known_as(column: &str) -> String {
    recognise(column).map_or_else(|| "-".to_owned(), |used| used.to_string())
}

/// Names, and the use that is recognised.
const COMMON: &[(&str, &str)] = &[
    (
        "First Name|first_name|FirstName|given_name|Vorname|prénom|FIRST-NAME|contact.first_name|Customer First Name",
        "first_name",
    ),
    (
        "surname|Last Name|LastName|Nachname|nom|apellidos|family_name|name.last",
        "last_name",
    ),
    ("Middle Name|middle initial", "middle_name"),
    ("Name|full_name|Display Name|customer_name", "name"),
    (
        "dob|date_of_birth|Birthdate|Date of birth|Geburtsdatum|fecha de nacimiento",
        "birthday",
    ),
    (
        "E-mail Address|Email|email_2|E-mail 2 Address|work email|primary_email|courriel|E-mail 1 - Value|Contact Email",
        "email",
    ),
    (
        "Mobile Phone|MobilePhone|phone_number|Phone 2|Home Phone|Business Phone 2|Téléphone|Phone 1 - Value|tel",
        "phone",
    ),
    ("Default Address Phone|Mobile Phone Number", "phone"),
    (
        "soc_sec_id|SSN|national_id|social security number",
        "national_id",
    ),
    (
        "Company|Company Name|Account Name|organisation|Firma|Default Address Company",
        "organization",
    ),
    ("passport|Passport No.", "passport"),
    (
        "Driver's License|drivers_license_number|Driving Licence",
        "driver_license",
    ),
    ("gender|Sex|Geschlecht", "gender"),
    (
        "street_number|address_1|Address Line 2|Street|Straße|Hausnummer|Street Address",
        "address.street",
    ),
    (
        "city|suburb|Town|Ort|ville|address.city|address_city",
        "address.city",
    ),
    (
        "Postcode|zip|PLZ|Postal Code|code postal|postal_code",
        "address.postal_code",
    ),
    ("state|State/Region|Bundesland", "address.state"),
    ("country|Country/Region|pays", "address.country"),
    ("Mailing Street|MailingStreet", "address.mailing.street"),
    (
        "Mailing Zip/Postal Code|mailing_postal_code",
        "address.mailing.postal_code",
    ),
    (
        "Billing Zip/Postal Code|billing_zip|BillingPostalCode|billing.address.zip",
        "address.billing.postal_code",
    ),
    ("Billing State/Province", "address.billing.state"),
    (
        "shipping_address_line_1|Shipping Address 1",
        "address.shipping.street",
    ),
    ("Default Address Province Code", "address.default.state"),
    ("Home City", "address.home.city"),
    ("Address 1 - City", "address.1.city"),
    (
        "address|Full Address|Adresse|billing_address|Shipping Address",
        "address",
    ),
];

#[test]
fn common_names_are_recognised() {
    for (columns, wanted) in COMMON {
        for column in columns.split('|') {
            assert_eq!(known_as(column), *wanted, "{column}");
        }
    }
}

#[test]
fn other_columns_are_not() {
    for column in [
        "cluster",
        "notes",
        "Billing Name",
        "Phone Type",
        "Phone 1 - Label",
        "email_opt_in",
        "hometown",
        "spouse_first_name",
        "Title",
        "AccountId",
        "nationality",
        "birth_year",
        "firstname2",
        "city_code",
        "county",
        "status",
        "lifetime_value",
        "",
    ] {
        assert_eq!(known_as(column), "-", "{column}");
    }
}

#[test]
fn ids_and_update_times_by_preference() {
    let columns = |names: &[&str]| {
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>()
    };
    for (names, id, updated) in [
        (
            &["name", "customer_id", "Id", "LastModifiedDate"][..],
            Some("Id"),
            Some("LastModifiedDate"),
        ),
        (&["rec_id", "id"], Some("rec_id"), None),
        (
            &["unique_id", "updated_at", "modified"],
            Some("unique_id"),
            Some("updated_at"),
        ),
        (
            &["Record ID - Contact", "Last Modified Date"],
            Some("Record ID - Contact"),
            Some("Last Modified Date"),
        ),
        (&["name", "email"], None, None),
    ] {
        let columns = columns(names);
        assert_eq!(record_id(&columns).map(String::as_str), id, "{names:?}");
        assert_eq!(
            update_time(&columns).map(String::as_str),
            updated,
            "{names:?}"
        );
    }
}

#[test]
fn names_become_snake_case() {
    for (name, wanted) in [
        ("Favourite Colour (2024)", "favourite_colour_2024"),
        ("favouriteColour", "favourite_colour"),
        ("LastModifiedByID", "last_modified_by_id"),
        ("HTTPStatus", "http_status"),
        ("loyalty_tier", "loyalty_tier"),
        ("contact.tier", "contact_tier"),
        ("Größe", "größe"),
        ("***", "column"),
    ] {
        assert_eq!(snake(name), wanted);
    }
}
