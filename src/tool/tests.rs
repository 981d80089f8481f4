//! The list of tools and their files, and the dependencies of answers.

use super::cache::{CallerKind, Dependency, DependencyValues};
use super::caller::{Caller, Scope, Verification};
use super::{TOOLS, Tool, Tools};
use crate::clock::{Clock, Time};
use crate::event::{Event, Kind};
use crate::id::{LinkId, WorkspaceId};
use crate::ingest::{Feed, Ingest, Patience};
use crate::source::Parsed;
use crate::store;
use crate::store::access::{Source, Workspace};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

const NOON: Time = Time::from_ms(1_795_435_200_000);
const HOUR: i64 = 3_600_000;

fn caller(session: Option<Verification>) -> Caller {
    Caller {
        workspace: Arc::new(Workspace {
            id: WorkspaceId::new("w_1"),
            name: "shop".to_owned(),
            secret: String::new(),
            rules: Arc::default(),
        }),
        scopes: vec![Scope::ProfileRead],
        customer: session.map(|_| LinkId::new("l_1")),
        verification: session.unwrap_or_default(),
        id: "k_1".to_owned(),
        expires_at: None,
    }
}

#[test]
fn every_file_of_words_is_a_tool_in_the_list() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        path.file_stem().unwrap().to_string_lossy().into_owned()
    });
    let names: Vec<_> = TOOLS.iter().map(|tool| tool.name.to_owned()).collect();
    let known: BTreeSet<_> = names.iter().cloned().collect();
    assert_eq!(files.collect::<BTreeSet<_>>(), known);
    assert_eq!(known.len(), names.len(), "each is in the list once");
    for tool in TOOLS {
        Tool::new(tool).unwrap();
    }
}

#[test]
fn what_is_not_declared_cannot_be_read() {
    let values = DependencyValues::of(&[], &caller(None), NOON);
    assert!(values.caller_kind().is_err() && values.day().is_err());
    assert_eq!(
        values,
        DependencyValues::of(&[], &caller(Some(Verification::Verified)), Time::default())
    );
    let values = DependencyValues::of(&[Dependency::Day], &caller(None), NOON);
    assert!(values.caller_kind().is_err());
}

#[test]
fn an_answer_for_one_asker_is_none_for_another() {
    let values = |session| DependencyValues::of(&[Dependency::CallerKind], &caller(session), NOON);
    assert_eq!(values(None).caller_kind().unwrap(), CallerKind::Staff);
    let levels = [
        None,
        Some(Verification::Anonymous),
        Some(Verification::Claimed),
        Some(Verification::Verified),
    ];
    for (at, level) in levels.into_iter().enumerate() {
        for (other_at, other) in levels.into_iter().enumerate() {
            assert_eq!(values(level) == values(other), at == other_at);
        }
    }
}

#[test]
fn an_answer_of_one_day_is_none_of_the_next() {
    let values = |now| DependencyValues::of(&[Dependency::Day], &caller(None), now);
    assert_eq!(values(NOON), values(NOON + 11 * HOUR));
    assert_ne!(values(NOON), values(NOON + 12 * HOUR));
    assert_eq!(
        values(NOON).day().unwrap() + 1,
        values(NOON + 12 * HOUR).day().unwrap()
    );
    assert_eq!(values(Time::from_ms(-1)).day().unwrap(), -1);
}

/// A tool that reads an undeclared dependency fails with an internal error; this test shows its
/// text.
#[tokio::test]
async fn every_tool_answers_its_examples() {
    let db = store::open("sqlite::memory:").await.unwrap();
    let workspace = Arc::new(Workspace::new("shop"));
    let (ingest, _) = Ingest::start(db.clone());
    let source = Source {
        workspace: workspace.id.clone(),
        name: "web".to_owned(),
        kind: "segment".to_owned(),
        write_key: String::new(),
        secret: None,
        created_at: NOON,
    };
    let feed = Arc::new(Feed {
        workspace: Arc::clone(&workspace),
        source,
    });
    let read = |_: &Feed| {
        let mut event = Event::new("web", "m1", Kind::Identify, NOON, NOON);
        event.user_id = Some("u1".to_owned());
        Ok(vec![Parsed {
            outcome: Ok(event),
            message_id: None,
            raw: String::new(),
        }])
    };
    let taken = ingest.deliver(&feed, 1, NOON, Patience::Waits, read).await;
    assert_eq!(taken.unwrap().accepted, 1);
    let tools = Tools::new(db, Clock::fixed(NOON)).unwrap();
    let staff = Caller {
        workspace,
        scopes: vec![Scope::Admin],
        ..caller(None)
    };
    for tool in tools.all() {
        let examples = tool.declaration(true).examples.to_vec();
        for mut arguments in [vec![json!({})], examples].concat() {
            arguments["customer"] = json!("user_id:u1");
            let told = arguments.to_string();
            let answer = tools.call(&staff, tool.name, arguments).await;
            let error = answer.err().map(|error| error.to_string());
            assert_eq!(error, None, "`{}` {told}", tool.name);
        }
    }
}
