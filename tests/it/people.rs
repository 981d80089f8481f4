//! People files as a user imports them: the real binary, its standard output and error, and what is
//! in the database after.

use crate::app::{Data, TestApp};
use acquaint::store::link;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

mod known;
mod trouble;

both!(
    rows_and_objects_of_the_same_people_are_the_same,
    importing_twice_changes_nothing,
    a_changed_row_or_map_is_read_again,
    separators_marks_quotes_and_pipes,
    the_export_lists_every_record,
);

both_on!(People; known_data_sets_are_read_whole);

/// Runs the binary on the app's database.
pub(crate) fn acquaint(app: &TestApp, arguments: &[&str], input: &str) -> Output {
    let mut command = command(app, arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    // A program that refuses its arguments does not read.
    drop(stdin.write_all(input.as_bytes()));
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

fn command(app: &TestApp, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_acquaint"));
    let workspace = &app.tenant.workspace.name;
    command.args(arguments).args([
        "--database",
        &app.url,
        "--workspace",
        workspace,
        "--log",
        "error",
    ]);
    command
}

/// Imports a text as a file of this name; what the report says and standard error.
fn import(
    app: &TestApp,
    dir: &Path,
    name: &str,
    text: impl AsRef<[u8]>,
    more: &[&str],
) -> (Value, String) {
    let path = dir.join(name);
    std::fs::write(&path, text).expect("written");
    let path = path.to_string_lossy().into_owned();
    let format = if name.ends_with(".csv") {
        "csv"
    } else {
        "jsonl"
    };
    let arguments = [
        &[
            "import", &path, "--format", format, "--source", "crm", "--json",
        ],
        more,
    ]
    .concat();
    let output = tokio::task::block_in_place(|| acquaint(app, &arguments, ""));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{error}");
    (
        serde_json::from_slice(&output.stdout).expect("a report"),
        error,
    )
}

/// Runs the binary, which must fail; its exit code and standard error.
fn failure(app: &TestApp, arguments: &[&str]) -> (i32, String) {
    let output = tokio::task::block_in_place(|| acquaint(app, arguments, ""));
    assert!(output.stdout.is_empty(), "{output:?}");
    (
        output.status.code().expect("a code"),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

fn export(app: &TestApp, format: &str) -> Vec<String> {
    let output = tokio::task::block_in_place(|| {
        acquaint(app, &["identity", "export", "--format", format], "")
    });
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().map(str::to_owned).collect()
}

/// The traits of every event of the log, by the record's id.
async fn traits(app: &TestApp) -> BTreeMap<String, Map<String, Value>> {
    let events = app.events().await;
    let of = |event: &acquaint::event::Event| {
        let id = event.context["externalIds"][0]["id"]
            .as_str()
            .expect("a record's id");
        (id.to_owned(), event.traits.clone())
    };
    events.iter().map(|logged| of(&logged.event)).collect()
}

const ROWS: &str = "Id,First Name,Surname,dob,E-mail,Email 2,Street,City,Zip,Favourite Colour\n\
    a1,Ada,Moreau,29/02/1980,ada@example.com,a.moreau@example.com,7 Wallaby LogPosition,Cleveland,2119,green\n\
    b2,Bo,Lindqvist,\"13 March, 1975\",,,,Malmö,,\n";

const OBJECTS: &str = concat!(
    r#"{"id":"a1","first_name":"Ada","last_name":"Moreau","birthday":"1980-02-29","email":["ada@example.com","a.moreau@example.com"],"#,
    r#""address":{"street":"7 Wallaby LogPosition","city":"Cleveland","postal_code":"2119"},"favourite_colour":"green"}"#,
    "\n",
    r#"{"id":"b2","name":{"first":"Bo","last":"Lindqvist"},"dob":"13.03.1975","address":[{"town":"Malmö"}]}"#,
);

async fn rows_and_objects_of_the_same_people_are_the_same(app: &TestApp) {
    let dir = tempfile::tempdir().expect("a folder");
    let (report, error) = import(app, dir.path(), "people.csv", ROWS, &[]);
    assert_eq!(report, json!({"accepted": 2, "refused": 0}));
    for line in [
        "added the source `crm` of kind file",
        "dob               -> birthday",
        "(kept as a trait of its own name)",
    ] {
        assert!(error.contains(line), "{line}: {error}");
    }
    let rows = traits(app).await;
    let ada = json!({
        "first_name": "Ada", "last_name": "Moreau", "birthday": "1980-02-29", "email": ["ada@example.com", "a.moreau@example.com"],
        "address": {"street": "7 Wallaby LogPosition", "city": "Cleveland", "postal_code": "2119"}, "favourite_colour": "green",
    });
    assert_eq!(Value::Object(rows["a1"].clone()), ada);
    let (report, _) = import(app, dir.path(), "people.jsonl", OBJECTS, &[]);
    assert_eq!(report, json!({"accepted": 2, "refused": 0}));
    assert_eq!(
        app.events().await.len(),
        2,
        "the same content is the same event, in either format"
    );
    assert_eq!(traits(app).await, rows);
}

async fn importing_twice_changes_nothing(app: &TestApp) {
    let dir = tempfile::tempdir().expect("a folder");
    import(app, dir.path(), "people.csv", ROWS, &[]);
    let (before, exported) = (app.events().await, export(app, "csv"));
    let path = dir.path().join("people.csv").to_string_lossy().into_owned();
    let again = ["import", &path, "--format", "csv", "--source", "crm"];
    let output = tokio::task::block_in_place(|| acquaint(app, &again, ""));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("was read to its end before"),
        "{output:?}"
    );
    let (report, _) = import(app, dir.path(), "people.csv", ROWS, &["--restart"]);
    assert_eq!(report, json!({"accepted": 2, "refused": 0}));
    let bodies = |events: &[acquaint::store::event::LoggedEvent]| -> Vec<String> {
        events
            .iter()
            .map(|logged| format!("{:?}", logged.event))
            .collect()
    };
    assert_eq!(bodies(&app.events().await), bodies(&before));
    assert_eq!(export(app, "csv"), exported);
}

async fn a_changed_row_or_map_is_read_again(app: &TestApp) {
    let dir = tempfile::tempdir().expect("a folder");
    let mut rows = "id,name,town\n".to_owned();
    for number in 0..4_000 {
        writeln!(rows, "r{number},Person {number},Hull").expect("written");
    }
    let changed = rows.replace("Person 3999,Hull", "Person 3999,York");
    import(app, dir.path(), "people.csv", &rows, &[]);
    import(app, dir.path(), "people.csv", &changed, &[]);
    assert_eq!(
        app.events().await.len(),
        4_001,
        "the file began as before, and one row of it had changed"
    );
    let map = dir.path().join("map.toml");
    std::fs::write(
        &map,
        "id = \"id\"\n[traits]\nname = \"name\"\nhome = \"town\"\n",
    )
    .expect("written");
    import(
        app,
        dir.path(),
        "people.csv",
        &changed,
        &["--map", &map.to_string_lossy()],
    );
    assert_eq!(app.events().await.len(), 8_001);
    assert_eq!(export(app, "csv").len(), 4_001);
}

async fn separators_marks_quotes_and_pipes(app: &TestApp) {
    let dir = tempfile::tempdir().expect("a folder");
    let rows = "\u{feff}Kundennummer; Vorname;Notiz;Straße\r\nk1; Ada ;\"zwei\r\nZeilen; \"\"so\"\"\";Hauptstraße 7\r\n";
    let (report, _) = import(app, dir.path(), "kunden.csv", rows, &[]);
    assert_eq!(report, json!({"accepted": 1, "refused": 0}));
    let wanted = json!({"first_name": "Ada", "notiz": "zwei\r\nZeilen; \"so\"", "address": {"street": "Hauptstraße 7"}});
    assert_eq!(Value::Object(traits(app).await["k1"].clone()), wanted);
    let piped = ["import", "-", "--format", "csv", "--source", "till"];
    let output = tokio::task::block_in_place(|| acquaint(app, &piped, "id\tname\nt1\tBo\n"));
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "1 records accepted, 0 refused\n"
    );
    assert_eq!(traits(app).await["t1"]["name"], "Bo");
}

async fn the_export_lists_every_record(app: &TestApp) {
    let dir = tempfile::tempdir().expect("a folder");
    let ids = ["b", "B", "a-1", "a_1", "é", "x,y", "q\"q", "10", "9"];
    let rows: String = ids
        .iter()
        .map(|id| format!("\"{}\",\"Person {}\"\n", id.replace('"', "\"\""), id.len()))
        .collect();
    import(
        app,
        dir.path(),
        "people.csv",
        format!("id,name\n{rows}"),
        &[],
    );
    let mut sorted = ids;
    sorted.sort_unstable();
    let lines = export(app, "jsonl");
    let rows: Vec<Value> = lines
        .iter()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let exported: Vec<&str> = rows
        .iter()
        .map(|row| row["record_id"].as_str().expect("an id"))
        .collect();
    assert_eq!(exported, sorted, "by bytes, on either database");
    assert!(
        rows.iter()
            .all(|row| row["source"] == "crm" && row["profile_id"].is_string()),
        "{rows:?}"
    );
    let profile = |id: &str| {
        rows.iter()
            .find(|row| row["record_id"] == id)
            .expect("the record")["profile_id"]
            .clone()
    };
    let csv = export(app, "csv");
    assert_eq!(csv[0], "source,record_id,profile_id");
    assert!(
        csv.contains(&format!(
            "crm,\"x,y\",{}",
            profile("x,y").as_str().expect("an id")
        )),
        "{csv:?}"
    );
    assert_eq!(csv.len(), ids.len() + 1);
    let workspace = &app.tenant.workspace.id;
    let (mut paged, mut after) = (Vec::new(), (String::new(), String::new()));
    while let Some(row) = link::records(&app.db, workspace, (&after.0, &after.1), 1)
        .await
        .expect("a page")
        .pop()
    {
        after = (row.source, row.record.clone());
        paged.push(row.record);
    }
    assert_eq!(paged, sorted, "page by page");
}

async fn known_data_sets_are_read_whole(app: &TestApp, data: &Data) {
    let sets = data.pick(known::OURS, known::SHARED);
    for set in &sets {
        let path = data.folder.join(set.file).to_string_lossy().into_owned();
        let rejects = tempfile::tempdir().expect("a folder");
        let rejects = rejects
            .path()
            .join("rejects")
            .to_string_lossy()
            .into_owned();
        let arguments = [
            "import",
            &path,
            "--format",
            "csv",
            "--source",
            set.source,
            "--json",
            "--rejects",
            &rejects,
        ];
        let output = tokio::task::block_in_place(|| acquaint(app, &arguments, ""));
        let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
        assert_eq!(
            report,
            json!({"accepted": set.records, "refused": 0}),
            "{output:?}"
        );
    }
    let lines = export(app, "csv");
    for set in &sets {
        let own = format!("{},", set.source);
        let of_source = lines.iter().filter(|line| line.starts_with(&own));
        assert_eq!(of_source.count(), set.records, "{}", set.source);
    }
    let all: usize = sets.iter().map(|set| set.records).sum();
    assert_eq!(lines.len(), all + 1, "and the header");
    let read = traits(app).await;
    let named: Vec<&String> = read["0"].keys().collect();
    assert_eq!(
        named,
        ["birthday", "cluster", "email", "first_name", "last_name"]
    );
    known::check(app, data, &sets).await;
}
