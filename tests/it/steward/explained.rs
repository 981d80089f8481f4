//! What an explanation says, as text and as a picture.

use super::{explained, identify, merge, split, steward, text, track, xml};
use crate::app::TestApp;
use serde_json::{Value, json};

both!(
    an_explanation_names_limit_and_blocked_value,
    an_explanation_names_decisions,
    a_picture_is_well_formed_whatever_the_values,
);

async fn an_explanation_names_limit_and_blocked_value(app: &TestApp) {
    for n in 1..=6 {
        let traits = json!({"phone": format!("+1415555010{n}")});
        app.send(vec![identify("u1", "", n, traits)]).await;
    }
    app.send(vec![track("u1", "undefined", 7, "Visited", json!({}))])
        .await;
    let text = text(app, "user_id:u1").await;
    insta::allow_duplicates! {
        insta::assert_snapshot!(text, @r"
        profile LINK1, 7 events
        folded under the rules that ship
        identifiers that lead here
          phone:+14155550101  since 2026-01-01T00:00:00Z
          phone:+14155550102  since 2026-01-02T00:00:00Z
          phone:+14155550103  since 2026-01-03T00:00:00Z
          phone:+14155550104  since 2026-01-04T00:00:00Z
          phone:+14155550105  since 2026-01-05T00:00:00Z
          user_id:u1  since 2026-01-01T00:00:00Z
        links, oldest first: 7
          2026-01-01T00:00:00Z  web  1 event  began a customer  (link LINK1)
            carries phone:+14155550101, user_id:u1
          2026-01-02T00:00:00Z  web  1 event  by user_id:u1 joined  (link LINK2)
            carries phone:+14155550102, user_id:u1
          2026-01-03T00:00:00Z  web  1 event  by user_id:u1 joined  (link LINK3)
            carries phone:+14155550103, user_id:u1
          2026-01-04T00:00:00Z  web  1 event  by user_id:u1 joined  (link LINK4)
            carries phone:+14155550104, user_id:u1
          2026-01-05T00:00:00Z  web  1 event  by user_id:u1 joined  (link LINK5)
            carries phone:+14155550105, user_id:u1
          2026-01-06T00:00:00Z  web  1 event  by user_id:u1 joined  (link LINK6)
            carries user_id:u1
            left out phone:+14155550106 (would be the 6th phone)
          2026-01-07T00:00:00Z  web  1 event  by user_id:u1 joined  (link LINK7)
            carries user_id:u1
            left out anonymous_id:undefined (names nobody: `undefined` is blocked)
        ");
    }
    let all = explained(app, "user_id:u1", "json").await.ok();
    let rules: Vec<&Value> = all["links"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|link| link["left_out"].as_array().into_iter().flatten())
        .map(|left| &left["rule"])
        .collect();
    assert_eq!(rules, ["limit", "blocked"]);
}

async fn an_explanation_names_decisions(app: &TestApp) {
    app.send(vec![
        identify("u1", "a1", 1, json!({"email": "ada@example.com"})),
        identify("u2", "", 2, json!({})),
    ])
    .await;
    merge(app, "user_id:u1", "user_id:u2").await;
    split(app, "user_id:u1", &["user_id:u2"]).await;
    split(app, "user_id:u1", &["anonymous_id:a1"]).await;
    app.send(vec![track("", "a1", 3, "Visited", json!({}))])
        .await;
    merge(app, "user_id:u1", "user_id:u2").await;
    let text = text(app, "user_id:u1").await;
    insta::allow_duplicates! {
        insta::assert_snapshot!(text, @r"
        profile LINK1, 2 events
        folded under the rules that ship
        identifiers that lead here
          email:ada@example.com  since 2026-01-01T00:00:00Z
          user_id:u1  since 2026-01-01T00:00:00Z
          user_id:u2  since 2026-01-02T00:00:00Z
        links, oldest first: 2
          2026-01-01T00:00:00Z  web  1 event  began a customer  (link LINK1)
            carries email:ada@example.com, user_id:u1
            left out anonymous_id:a1 (decision DECISION2 keeps it apart)
            joined with another by DECISION3
          2026-01-02T00:00:00Z  web  1 event  began a customer  (link LINK4)
            carries user_id:u2
            joined with another by DECISION3
        other customers, kept apart
          profile LINK5: anonymous_id:a1
            left out anonymous_id:a1 (decision DECISION2 keeps it apart)
        decisions, oldest first
          2026-11-23T18:30:00Z  DECISION6  merge by KEY7, undone by DECISION8
            the customers of the links LINK1 and LINK4 are one
            because: they called
          2026-11-23T18:30:00.001Z  DECISION8  undo by KEY9, in force
            DECISION6 does not hold any more
            because: not theirs
          2026-11-23T18:30:00.002Z  DECISION2  split by KEY10, in force
            anonymous_id:a1 is not of the customer of email:ada@example.com, user_id:u1
            because: not theirs
          2026-11-23T18:30:00.003Z  DECISION3  merge by KEY11, in force
            the customers of the links LINK1 and LINK4 are one
            because: they called
        ");
    }
}

async fn a_picture_is_well_formed_whatever_the_values(app: &TestApp) {
    let hostile = [
        "<script>alert(1)</script>",
        "\"><image href='x'/>",
        "a&b;c",
        "]]>",
        "\u{202e}\u{7}x",
        "-->",
    ];
    let mut calls = Vec::new();
    for (n, value) in hostile.iter().enumerate() {
        let user = format!("{value}{n}");
        calls.push(identify(
            &user,
            "device",
            1,
            json!({"email": "ada@example.com"}),
        ));
        calls.push(identify("u1", &user, 2, json!({})));
    }
    app.send(calls).await;
    let key = steward(app).await;
    let reason = "</title><script>x</script> \"quoted\" & 'more'";
    let body = json!({"customer": "user_id:u1", "with": "anonymous_id:device", "reason": reason});
    app.post("/v1/identity/merge", &key, &body).await.ok();
    for customer in ["user_id:u1", "anonymous_id:device"] {
        let answer = explained(app, customer, "svg").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["content-type"], "image/svg+xml");
        let svg = answer.text();
        let tags = xml::tags(&svg).unwrap_or_else(|wrong| panic!("{wrong}: {svg}"));
        assert!(
            tags.contains(&"circle".to_owned()),
            "there is something in it: {tags:?}"
        );
        for tag in &tags {
            let known = [
                "svg", "title", "style", "rect", "text", "g", "line", "circle", "path",
            ];
            assert!(known.contains(&tag.as_str()), "{tag}");
        }
        let text = explained(app, customer, "text").await.text();
        assert!(
            !text.contains(['\u{202e}', '\u{7}']),
            "nothing that moves a terminal"
        );
    }
}
