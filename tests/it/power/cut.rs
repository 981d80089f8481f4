//! Rounds on SQLite: load, a server that ends, and a power cut.

use super::dice::Dice;
use super::disk::Disk;
use super::load::Load;
use super::undo::Cut;
use super::{ENDS, Found, compare, pull, send_rest};
use crate::app::TestApp;

/// Rounds of load, each ended by a power cut; how many events were acknowledged. Several outcomes
/// of every cut are looked at, and with one more the next round starts.
pub(super) async fn rounds(app: &TestApp) -> usize {
    let disk = Disk::new(app);
    let (environment, files) = (disk.environment(), disk.files());
    let load = Load::new(&app.tenant.write_key);
    let mut dice = Dice::new();
    for (round, end) in ENDS.into_iter().enumerate() {
        let told = format!("round {round}, {end:?}, {dice:?}");
        tokio::task::block_in_place(|| {
            pull(app, &environment, &load, Some(&files), end, &mut dice)
        });
        let acknowledged = load.acknowledged();
        let journal = disk.journal();
        for cut in [Cut::Unsynced, Cut::Chance, Cut::Chance] {
            let (_folder, url) = disk.copy(&journal, cut, &mut dice);
            let found = look(app, &url, &acknowledged).await;
            assert_eq!(found, Found::default(), "{told}, {cut:?}");
        }
        assert!(journal.syncs > 0, "{told}: the server never synced");
        if round == 0 {
            // What takes everything must take what was acknowledged, or else this test could not
            // see a loss.
            let (_folder, url) = disk.copy(&journal, Cut::All, &mut dice);
            let found = look(app, &url, &acknowledged).await;
            assert_eq!(found.lost, acknowledged.len(), "{told}: nothing synced");
        }
        let next = [Cut::Unsynced, Cut::Chance][round % 2];
        disk.fail(&journal, next, &mut dice);
    }
    tokio::task::block_in_place(|| send_rest(app, &load))
}

/// What is wrong with a copy of the database.
async fn look(app: &TestApp, url: &str, acknowledged: &[String]) -> Found {
    let db = acquaint::store::open(url).await.expect("it opens");
    let mut found = compare(app, &db, acknowledged).await;
    let checked: Vec<(String,)> = db
        .sql("pragma integrity_check")
        .all()
        .await
        .expect("checked");
    let checked = checked.into_iter().map(|(line,)| line);
    found.broken = checked.filter(|line| line != "ok").collect();
    db.close().await;
    found
}
