//! Which links of a batch change, from links and rows made by hand.

use super::super::fixture::link;
use super::*;
use crate::clock::Time;
use crate::id::{LinkId, ProfileId};

fn ms(at: i64) -> Time {
    Time::from_ms(at)
}

fn read(link: &Link, earlier: &[&str]) -> Identification {
    Identification {
        link: link.id.clone(),
        identifiers: link.identifiers.clone(),
        earlier: earlier.iter().copied().map(LinkId::new).collect(),
    }
}

fn stored(links: &[Link]) -> HashMap<LinkId, StoredLink> {
    let row = |link: &Link| StoredLink {
        link: link.clone(),
        profile: Some(ProfileId::of(&link.id)),
        complete: true,
        set_key: None,
    };
    let rows = links.iter().map(|link| (link.id.clone(), row(link)));
    rows.collect()
}

/// A link whose events stand under another one.
fn memory(first_at: i64, id: &str, to: &Link) -> Link {
    Link {
        id: LinkId::new(id),
        first_at: ms(first_at),
        identifiers: Vec::new(),
        marks: vec![Identifier::new(MOVED, to.id.as_str())],
    }
}

#[test]
fn only_new_and_older_links_change() {
    let (known, new) = (link(5, &["user_id:u1"]), link(7, &["user_id:u2"]));
    let (first, second) = (read(&known, &[]), read(&new, &[]));
    let rows = stored(std::slice::from_ref(&known));
    let changed = |at: i64| {
        let links =
            BatchLinks::at([(ms(at), &first), (ms(7), &second), (ms(9), &second)].into_iter());
        links.changed(&rows, &HashSet::new())
    };
    assert_eq!(changed(6).into_values().collect::<Vec<_>>(), [new]);
    assert_eq!(changed(4)[&known.id].first_at, ms(4));
}

#[test]
fn a_link_that_events_left_leads_to_where_the_oldest_went() {
    let (one, other) = (link(1, &["user_id:u1"]), link(2, &["user_id:u2"]));
    let (first, second) = (read(&one, &["old"]), read(&other, &["old"]));
    let links = BatchLinks::at([(ms(3), &second), (ms(2), &first)].into_iter());
    let rows = stored(&[one.clone(), other.clone()]);
    let changed = links.changed(&rows, &HashSet::new());
    assert_eq!(changed["old"], memory(2, "old", &one));
    let older = stored(&[one.clone(), other.clone(), memory(1, "old", &other)]);
    assert!(links.changed(&older, &HashSet::new()).is_empty());
}

#[test]
fn a_link_with_events_of_its_own_is_no_memory() {
    let (one, old) = (link(1, &["user_id:u1"]), link(1, &["email:a@example.com"]));
    let read = read(&one, &[&old.id]);
    let links = BatchLinks::at([(ms(1), &read)].into_iter());
    let rows = stored(&[one.clone(), old.clone()]);
    assert!(links.changed(&rows, &HashSet::new()).is_empty());
    let vacated = HashSet::from([old.id.clone()]);
    assert_eq!(
        links.changed(&rows, &vacated)[&old.id],
        memory(1, &old.id, &one)
    );
}

#[test]
fn a_link_that_lost_events_begins_later_or_connects_nobody() {
    let (one, old) = (link(4, &["user_id:u1"]), link(1, &["email:a@example.com"]));
    let read = read(&one, &[]);
    let links = BatchLinks::at([(ms(3), &read)].into_iter());
    let rows = stored(std::slice::from_ref(&old));
    let after = |since| {
        let left = HashMap::from([(old.id.clone(), since)]);
        let changed = links.after_move(&rows, &left).into_iter();
        let changed: BTreeMap<LinkId, Link> = changed.map(|link| (link.id.clone(), link)).collect();
        assert_eq!(changed[&one.id].first_at, ms(3));
        changed[&old.id].clone()
    };
    let identifiers = old.identifiers.clone();
    assert_eq!(
        (after(Some(ms(6))).first_at, after(Some(ms(6))).identifiers),
        (ms(6), identifiers)
    );
    assert!(after(None).identifiers.is_empty());
}
