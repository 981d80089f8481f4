//! `acquaint identity` as a steward runs it, with the real binary.

use super::{explained, id, identify, xml};
use crate::app::TestApp;
use serde_json::{Value, json};
use std::process::{Command, Output, Stdio};

both!(
    the_command_line_decides_and_takes_back,
    the_command_line_splits_and_explains,
    the_command_line_refuses_with_the_right_exit_code,
    bad_rules_are_refused_with_line_and_reason,
);

/// Runs the real binary; `''` is an empty argument.
fn acquaint(app: &TestApp, arguments: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_acquaint"));
    let arguments = arguments
        .split(' ')
        .map(|argument| argument.trim_matches('\''));
    let name = &app.tenant.workspace.name;
    command.arg("identity").args(arguments);
    command.args([
        "--database",
        &app.url,
        "--workspace",
        name,
        "--log",
        "error",
    ]);
    command.env("USER", "kim").stdin(Stdio::null());
    tokio::task::block_in_place(|| command.output().expect("the binary runs"))
}

/// What a command that works prints.
#[track_caller]
fn printed(app: &TestApp, arguments: &str) -> String {
    let output = acquaint(app, arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments}: {error}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[track_caller]
fn json_of(app: &TestApp, arguments: &str) -> Value {
    serde_json::from_str(&printed(app, &format!("{arguments} --json"))).expect("JSON")
}

#[track_caller]
fn refused(app: &TestApp, code: i32, says: &str, arguments: &str) {
    let output = acquaint(app, arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments}: {error}");
    assert!(error.contains(says), "{arguments}: {error}");
}

async fn the_command_line_decides_and_takes_back(app: &TestApp) {
    app.identify("u1", json!({"name": "Ada"})).await;
    app.identify("u2", json!({})).await;
    let done = acquaint(
        app,
        "merge --customer user_id:u1 --with user_id:u2 --reason called",
    );
    assert_eq!(done.status.code(), Some(0));
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(
        said.contains("user_id:u1") && said.contains("user_id:u2"),
        "{said}"
    );
    let noted = String::from_utf8_lossy(&done.stderr);
    assert!(noted.contains("acquaint identity undo d_"), "{noted}");
    assert_eq!(id(app, "user_id:u1").await, id(app, "user_id:u2").await);
    let listed = json_of(app, "decisions");
    assert_eq!(listed["data"][0]["by"], "kim");
    let decision = listed["data"][0]["id"].as_str().expect("an id");
    let undone = json_of(app, &format!("undo {decision} --reason two --by lee"));
    assert_eq!(undone["profiles"].as_array().map(Vec::len), Some(2));
    assert_ne!(id(app, "user_id:u1").await, id(app, "user_id:u2").await);
    let listed = printed(app, "decisions --customer user_id:u2");
    assert!(
        listed.contains("undo by lee") && listed.contains("because: called"),
        "{listed}"
    );
}

async fn the_command_line_splits_and_explains(app: &TestApp) {
    app.send(vec![identify("u1", "a1", 1, json!({}))]).await;
    app.send(vec![identify("u1", "a2", 2, json!({}))]).await;
    let split = "split --customer user_id:u1 --identifier anonymous_id:a1 --reason kiosk";
    assert_eq!(json_of(app, split)["decisions"][0]["kind"], "split");
    let explain = "explain --customer user_id:u1";
    let link = json_of(app, explain)["links"][1]["link"]
        .as_str()
        .expect("a link")
        .to_owned();
    let apart = format!("split --customer user_id:u1 --link {link} --reason phone");
    let done = json_of(app, &apart);
    assert_eq!(done["decisions"][0]["kind"], "apart");
    let text = printed(app, explain);
    assert!(
        text.contains("because: kiosk") && text.contains("because: phone"),
        "{text}"
    );
    xml::tags(printed(app, &format!("{explain} --format svg")).trim()).expect("well-formed");
    let over_http = explained(app, "user_id:u1", "json").await.ok();
    assert_eq!(json_of(app, explain), over_http, "the same as over HTTP");
}

async fn the_command_line_refuses_with_the_right_exit_code(app: &TestApp) {
    app.identify("u1", json!({})).await;
    let merge = "merge --customer user_id:u1 --with";
    refused(app, 2, "--reason", &format!("{merge} user_id:u1"));
    refused(
        app,
        2,
        "say why",
        &format!("{merge} user_id:u1 --reason ''"),
    );
    refused(
        app,
        2,
        "one customer already",
        &format!("{merge} user_id:u1 --reason x"),
    );
    refused(
        app,
        1,
        "user_id:u9",
        &format!("{merge} user_id:u9 --reason x"),
    );
    let split = "split --customer user_id:u1 --reason x";
    refused(app, 2, "--identifier", split);
    refused(
        app,
        2,
        "cannot be used with",
        &format!("{split} --identifier user_id:u1 --link l"),
    );
    refused(
        app,
        2,
        "nothing would be left",
        &format!("{split} --identifier user_id:u1"),
    );
    refused(app, 1, "d_none", "undo d_none --reason x");
    refused(app, 1, "user_id:u9", "explain --customer user_id:u9");
}

async fn bad_rules_are_refused_with_line_and_reason(app: &TestApp) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (good, bad) = (dir.path().join("good.toml"), dir.path().join("bad.toml"));
    let shipped = printed(app, "rules show");
    let other = shipped.replacen("shared_above = 10", "shared_above = 9", 1);
    std::fs::write(&good, other).expect("written");
    std::fs::write(&bad, shipped.replacen("limit = 1\n", "limit = 0\n", 1)).expect("written");
    let (good, bad) = (good.display(), bad.display());
    refused(app, 2, "at least 1", &format!("rules set {bad}"));
    refused(app, 2, "line", &format!("rules check {bad}"));
    refused(app, 2, "cannot read", "rules check nowhere.toml");
    refused(app, 1, "no version 7", "rules show --version 7");
    printed(app, &format!("rules check {good}"));
    refused(app, 0, "identity apply", &format!("rules set {good}"));
    let listed = json_of(app, "rules list");
    assert_eq!(
        (&listed["in_force"], &listed["applied"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(listed["versions"][0]["by"], "kim");
}
