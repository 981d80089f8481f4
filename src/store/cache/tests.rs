//! The cache beside a file that two processes write to. Each open database has a cache of its own, as
//! a process has.

use super::Cache;
use crate::Result;
use crate::clock::Time;
use crate::id::{ProfileId, WorkspaceId};
use crate::store::profile::{self, NewDocument};
use crate::store::{self, Db};
use std::sync::Arc;

const NAME: (i64, &str) = (1, "email:ada@example.com");

/// The workspace.
fn w() -> WorkspaceId {
    WorkspaceId::new("w")
}

/// A profile.
fn p() -> ProfileId {
    ProfileId::new("p")
}

/// Another profile.
fn q() -> ProfileId {
    ProfileId::new("q")
}

/// A file, opened by two processes.
async fn two(folder: &tempfile::TempDir) -> Result<(Db, Db)> {
    let url = format!("sqlite://{}", folder.path().join("a.db").display());
    Ok((store::open(&url).await?, store::open(&url).await?))
}

fn document(id: &ProfileId, doc: &[u8], renamed: bool) -> NewDocument {
    NewDocument {
        id: id.clone(),
        doc: doc.into(),
        received_at: Time::default(),
        names_changed: renamed,
        rematch: false,
    }
}

async fn write(db: &Db, id: &ProfileId, doc: &[u8], renamed: bool) -> Result<()> {
    let mut tx = db.begin().await?;
    tx.lock(&w()).await?;
    profile::save(&mut tx, &w(), vec![document(id, doc, renamed)]);
    tx.commit().await
}

fn found(cache: &Cache) -> Option<Arc<[u8]>> {
    let found = cache.find(&w(), NAME.0, NAME.1)?;
    Some(Arc::clone(&found.doc))
}

#[tokio::test]
async fn after_its_own_commit_a_process_reads_nothing() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (one, other) = two(&folder).await?;
    for round in 0..3_u8 {
        write(&one, &p(), &[round], false).await?;
        assert!(
            one.cache.current_base(&w()).is_some(),
            "no reading is needed"
        );
        assert_eq!(
            one.cache.document(&w(), &p()).as_deref(),
            Some(&[round][..])
        );
    }
    write(&other, &p(), &[7], false).await?;
    assert!(
        one.cache.current_base(&w()).is_none(),
        "another process wrote"
    );
    one.cache.confirm(&one, &w()).await?;
    assert!(one.cache.current_base(&w()).is_some());
    assert_eq!(one.cache.document(&w(), &p()), None);
    // The next transaction learns by itself what the other one wrote.
    write(&one, &q(), &[1], false).await?;
    write(&other, &q(), &[8], false).await?;
    let mut tx = one.begin().await?;
    tx.lock(&w()).await?;
    assert_eq!(tx.document(&w(), &q()), None);
    Ok(())
}

#[tokio::test]
async fn names_stay_until_identity_moves() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (one, other) = two(&folder).await?;
    write(&one, &p(), &[0], true).await?;
    let name = |doc: u8| {
        let (known, doc) = (one.cache.last_known(&w()), Arc::from([doc]));
        one.cache
            .put_read(&w(), NAME, &p(), (doc, Time::default()), known)
    };
    let first = name(0);
    write(&one, &p(), &[1], false).await?;
    assert_eq!(found(&one.cache).as_deref(), Some(&[1][..]));
    let second = one.cache.find(&w(), NAME.0, NAME.1).expect("found");
    assert_ne!(first.generation, second.generation);
    write(&one, &p(), &[2], true).await?;
    assert_eq!(found(&one.cache), None, "an identifier may have moved");
    name(2);
    write(&other, &p(), &[3], false).await?;
    one.cache.confirm(&one, &w()).await?;
    assert_eq!(found(&one.cache), None, "another process wrote");
    Ok(())
}

#[tokio::test]
async fn a_document_that_was_read_before_a_commit_is_not_kept() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (one, _) = two(&folder).await?;
    write(&one, &p(), &[0], true).await?;
    let before = one.cache.last_known(&w());
    write(&one, &p(), &[1], true).await?;
    one.cache
        .put_read(&w(), NAME, &p(), (Arc::from([0]), Time::default()), before);
    assert_eq!(found(&one.cache), None);
    assert_eq!(one.cache.document(&w(), &p()).as_deref(), Some(&[1][..]));
    Ok(())
}

#[tokio::test]
async fn a_transaction_reads_its_own_writes_and_a_lost_one_leaves_nothing() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (one, _) = two(&folder).await?;
    write(&one, &p(), &[0], false).await?;
    let mut tx = one.begin().await?;
    tx.lock(&w()).await?;
    profile::save(&mut tx, &w(), vec![document(&p(), &[1], false)]);
    assert_eq!(tx.document(&w(), &p()).as_deref(), Some(&[1][..]));
    profile::remove(&mut tx, &w(), std::iter::once(&p())).await?;
    assert_eq!(tx.document(&w(), &p()), None);
    drop(tx);
    assert_eq!(one.cache.document(&w(), &p()).as_deref(), Some(&[0][..]));
    let mut tx = one.begin().await?;
    tx.lock(&w()).await?;
    assert_eq!(tx.document(&w(), &p()).as_deref(), Some(&[0][..]));
    profile::clear_derived(&mut tx, &w()).await?;
    assert_eq!(tx.document(&w(), &p()), None);
    tx.commit().await?;
    assert_eq!(one.cache.document(&w(), &p()), None);
    Ok(())
}

#[tokio::test]
async fn two_commits_are_not_taken_for_one() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (one, other) = two(&folder).await?;
    let header = || one.cache.wal_header();
    let before = header().expect("a header");
    write(&one, &p(), &[0], false).await?;
    let after = header().expect("a header");
    assert!(after.follows(&before));
    write(&other, &p(), &[1], false).await?;
    let later = header().expect("a header");
    assert!(later.follows(&after) && !later.follows(&before));
    Ok(())
}

#[tokio::test]
async fn a_read_that_is_newer_than_the_known_change_wins() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (one, other) = two(&folder).await?;
    write(&one, &p(), &[0], true).await?;
    let put = |name: (i64, &str), doc: u8| {
        let (known, doc) = (one.cache.last_known(&w()), Arc::from([doc]));
        let (id, at) = (p(), Time::from_ms(1));
        one.cache.put_read(&w(), name, &id, (doc, at), known)
    };
    let older = put(NAME, 0);
    write(&other, &p(), &[1], false).await?;
    let newer = put((1, "user_id:u1"), 1);
    assert_eq!(&*newer.doc, &[1]);
    assert_ne!(newer.generation, older.generation);
    assert_eq!(found(&one.cache), None);
    Ok(())
}
