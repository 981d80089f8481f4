//! People files that are broken, and imports that are cut off.

use super::{command, export, failure, import};
use crate::app::TestApp;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

both!(
    refused_rows_are_kept_with_line_and_reason,
    files_that_cannot_be_read_say_why,
    a_header_alone_and_a_delivery_are_answered,
    a_people_import_resumes_after_sigkill,
);

async fn refused_rows_are_kept_with_line_and_reason(app: &TestApp) {
    let dir = tempfile::tempdir().expect("a folder");
    let rows = b"id,name,city\n1,Ada,Hull\n2,Bo\n\n,Cy,York\n4,\"D\ne\",York\n5,Gr\xf6\xdfe,Ulm\n6,Eve,York,x\n7,Flo,York\n";
    let (report, _) = import(app, dir.path(), "people.csv", rows, &[]);
    assert_eq!(report, json!({"accepted": 3, "refused": 4}));
    let text =
        std::fs::read_to_string(dir.path().join("people.csv.rejects.jsonl")).expect("rejects");
    let rejects: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let said: Vec<String> = rejects
        .iter()
        .map(|reject| format!("{} {} {}", reject["line"], reject["code"], reject["text"]))
        .collect();
    let wanted = [
        r#"3 "wrong_cell_count" "2,Bo""#,
        r#"5 "no_record_id" ",Cy,York""#,
        "8 \"invalid_utf8\" \"5,Gr\u{fffd}\u{fffd}e,Ulm\"",
        r#"9 "wrong_cell_count" "6,Eve,York,x""#,
    ];
    assert_eq!(said, wanted);
    assert!(
        rejects[2]["message"]
            .as_str()
            .is_some_and(|text| text.contains("iconv"))
    );
    let (report, _) = import(
        app,
        dir.path(),
        "people.jsonl",
        "{\"id\":1,\"name\":\"Ada\"}\n{\"name\":\"Bo\"}\n[3]\n",
        &[],
    );
    assert_eq!(report, json!({"accepted": 1, "refused": 2}));
}

async fn files_that_cannot_be_read_say_why(app: &TestApp) {
    let dir = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.to_string_lossy().into_owned()
    };
    let (empty, nameless) = (
        file("empty.csv", ""),
        file("nameless.csv", "name,e_mail\nAda,ada@example.com\n"),
    );
    let (list, good) = (
        file("list.jsonl", "[{\"id\":1}]"),
        file("good.csv", "id,e_mail\n1,ada@example.com\n"),
    );
    let broken = file("broken.toml", "id = \"id\"\n[traits]\nemail = 7\n");
    let misspelt = file("misspelt.toml", "[traits]\nemail = \"e_mial\"\n");
    let csv = |path: &str, more: &[&str]| {
        let arguments = [
            &["import", path, "--format", "csv", "--source", "crm"],
            more,
        ]
        .concat();
        failure(app, &arguments)
    };
    for ((code, error), words) in [
        (csv(&empty, &[]), "the file is empty"),
        (csv(&nameless, &[]), "no column holds the record's id"),
        (csv(&good, &["--map", &broken]), "line 3"),
        (csv(&good, &["--map", &misspelt]), "did you mean `e_mail`?"),
        (
            failure(
                app,
                &["import", &list, "--format", "jsonl", "--source", "crm"],
            ),
            "jq -c",
        ),
        (
            failure(
                app,
                &["import", &good, "--format", "csv", "--source", "C R M"],
            ),
            "lower case letters",
        ),
        (
            failure(
                app,
                &["import", &good, "--format", "events", "--source", "nowhere"],
            ),
            "no source `nowhere`",
        ),
    ] {
        assert!(error.contains(words), "{words}: {error}");
        assert_ne!(code, 0);
    }
}

async fn a_header_alone_and_a_delivery_are_answered(app: &TestApp) {
    let dir = tempfile::tempdir().expect("a folder");
    let (report, error) = import(app, dir.path(), "header.csv", "id,name\n", &[]);
    assert_eq!(report, json!({"accepted": 0, "refused": 0}));
    assert!(error.contains("a header and no rows"), "{error}");
    let answer = app.request("POST", "/v1/webhooks/crm", &[], "{}").await;
    assert_ne!(
        answer.status, 200,
        "nothing is delivered to a source of files"
    );
}

async fn a_people_import_resumes_after_sigkill(app: &TestApp) {
    const ROWS: usize = 12_000;
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("people.csv");
    let mut text = "id;name;email;note\r\n".to_owned();
    for number in 0..ROWS {
        write!(
            text,
            "r{number};\"Person; {number}\";p{number}@example.com;\"two\r\nlines\"\r\n"
        )
        .expect("written");
    }
    std::fs::write(&path, text).expect("written");
    let path = path.to_string_lossy().into_owned();
    let arguments = [
        "import",
        path.as_str(),
        "--format",
        "csv",
        "--source",
        "crm",
    ];
    let mut kills = 0;
    tokio::task::block_in_place(|| {
        for attempt in 0..60_u64 {
            let mut import = command(app, &arguments);
            let mut import = import
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("it starts");
            let until = Instant::now() + Duration::from_millis(300 + 170 * attempt);
            let ended = loop {
                if let Some(status) = import.try_wait().expect("a status") {
                    break Some(status);
                }
                if Instant::now() >= until {
                    break None;
                }
                std::thread::sleep(Duration::from_millis(5));
            };
            if let Some(status) = ended {
                assert!(status.success(), "{status}");
                return;
            }
            import.kill().expect("killed");
            import.wait().expect("gone");
            kills += 1;
        }
        panic!("the import never ended");
    });
    assert!(kills > 0, "the import was killed at least once");
    assert_eq!(app.events().await.len(), ROWS, "every row is there once");
    assert_eq!(export(app, "csv").len(), ROWS + 1);
}
