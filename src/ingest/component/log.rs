//! A customer's document from the log alone, where stored ones do not add up to it.

use crate::Result;
use crate::identity::Customer;
use crate::profile::{EventFacts, Profile};
use crate::store::access::Workspace;
use crate::store::event::{Logged, Place};
use crate::store::{self, Tx};

/// Links whose events are read from the log at a time.
const LINKS: usize = 500;
/// Events that are held in memory at a time while a document is folded from the log.
const EVENTS: i64 = 5_000;

/// A customer's document folded from the log, the batch's events included.
pub(super) async fn from_log(
    tx: &mut Tx,
    workspace: &Workspace,
    customer: &Customer,
    folded: Option<&Place>,
) -> Result<Profile> {
    let mut profile = Profile::default();
    for links in customer.links.chunks(LINKS) {
        let page = store::event::of_links(tx, &workspace.id, links, folded, EVENTS).await?;
        if (page.len() as i64) < EVENTS {
            apply(&mut profile, &page);
            continue;
        }
        for link in links {
            let mut after = (i64::MIN, Place::default());
            loop {
                let page =
                    store::event::of_link(tx, &workspace.id, link, folded, &after, EVENTS).await?;
                apply(&mut profile, &page);
                match page.last() {
                    Some(Logged { event, .. }) => after = (event.at, Place::of(event)),
                    None => break,
                }
            }
        }
    }
    Ok(profile)
}

fn apply(profile: &mut Profile, page: &[Logged]) {
    for Logged { event, .. } in page {
        profile.apply(&EventFacts::of(event));
    }
}
