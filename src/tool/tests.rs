//! The list of tools beside their files, and what a tool is told beside what its answer is remembered under.

use super::caller::{Caller, Scope, Verification};
use super::remember::{Asker, Dependency, Given};
use super::{TOOLS, Tool};
use crate::store::access::Workspace;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

const NOON: i64 = 1_795_435_200_000;
const HOUR: i64 = 3_600_000;

fn caller(session: Option<Verification>) -> Caller {
    Caller {
        workspace: Arc::new(Workspace {
            id: "w_1".to_owned(),
            name: "shop".to_owned(),
            secret: String::new(),
            rules: Arc::default(),
        }),
        scopes: vec![Scope::ProfileRead],
        customer: session.map(|_| "l_1".to_owned()),
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
        Tool::load(tool).unwrap();
    }
}

#[test]
fn what_is_not_declared_cannot_be_read() {
    let given = Given::of(&[], &caller(None), NOON);
    assert!(given.asker().is_err() && given.day().is_err());
    assert_eq!(
        given,
        Given::of(&[], &caller(Some(Verification::Verified)), 0)
    );
    let given = Given::of(&[Dependency::Day], &caller(None), NOON);
    assert!(given.asker().is_err());
}

#[test]
fn an_answer_for_one_asker_is_none_for_another() {
    let given = |session| Given::of(&[Dependency::Asker], &caller(session), NOON);
    assert_eq!(given(None).asker().unwrap(), Asker::Staff);
    let levels = [
        None,
        Some(Verification::Anonymous),
        Some(Verification::Claimed),
        Some(Verification::Verified),
    ];
    for (at, level) in levels.into_iter().enumerate() {
        for (other_at, other) in levels.into_iter().enumerate() {
            assert_eq!(given(level) == given(other), at == other_at);
        }
    }
}

#[test]
fn an_answer_of_one_day_is_none_of_the_next() {
    let given = |now| Given::of(&[Dependency::Day], &caller(None), now);
    assert_eq!(given(NOON), given(NOON + 11 * HOUR));
    assert_ne!(given(NOON), given(NOON + 12 * HOUR));
    assert_eq!(
        given(NOON).day().unwrap() + 1,
        given(NOON + 12 * HOUR).day().unwrap()
    );
    assert_eq!(given(-1).day().unwrap(), -1);
}
