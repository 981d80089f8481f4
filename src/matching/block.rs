//! Blocking: which pairs are worth comparing at all.
//!
//! A person has a few dozen keys (`key.rs`); people with a key in common are a block. In a block of
//! at most [`WHOLE`] people all pairs are compared. A larger block is sorted by name and birth
//! date, and each person is compared with [`WINDOW`] neighbours to either side (the sorted
//! neighbourhood method). So the work grows linearly with the number of people, and a common value
//! still finds pairs.

use super::key::keys;
use super::person::Person;

/// The largest block in which all pairs are compared.
const WHOLE: usize = 30;
/// How many neighbours to either side are compared in a larger block.
const WINDOW: usize = 5;
/// Keys are sorted in this many parts, which bounds the memory for it.
const PARTS: u64 = 8;

/// All blocks of many people. People are indices into a slice.
pub(super) struct Blocks {
    /// Where each block begins among the members.
    starts: Vec<u32>,
    members: Vec<u32>,
    /// Where the slots of each person begin.
    slot_starts: Vec<u32>,
    /// A block of the person, and the person's index in `members` there.
    slots: Vec<(u32, u32)>,
}

impl Blocks {
    /// Finds the blocks. `progress` gets the share that is done.
    pub(super) fn of(people: &[&Person], progress: &mut dyn FnMut(f64)) -> Self {
        let (key_starts, all) = all_keys(people, progress);
        let order = sort_places(people);
        let (mut starts, mut members) = (vec![0_u32], Vec::new());
        for part in 0..PARTS {
            let mut found: Vec<(u64, u32)> = Vec::new();
            for (person, range) in key_starts.windows(2).enumerate() {
                let keys = &all[range[0] as usize..range[1] as usize];
                let of_part = keys.iter().filter(|key| *key % PARTS == part);
                found.extend(of_part.map(|key| (*key, person as u32)));
            }
            found.sort_unstable();
            for block in found
                .chunk_by(|a, b| a.0 == b.0)
                .filter(|block| block.len() > 1)
            {
                let from = members.len();
                members.extend(block.iter().map(|(_, person)| *person));
                if block.len() > WHOLE {
                    members[from..].sort_unstable_by_key(|person| order[*person as usize]);
                }
                starts.push(members.len() as u32);
            }
            progress(0.5 + 0.5 * (part + 1) as f64 / PARTS as f64);
        }
        drop(all);
        Self::indexed(people.len(), starts, members)
    }

    fn indexed(people: usize, starts: Vec<u32>, members: Vec<u32>) -> Self {
        let mut slot_starts = vec![0_u32; people + 1];
        for member in &members {
            slot_starts[*member as usize + 1] += 1;
        }
        for place in 0..people {
            slot_starts[place + 1] += slot_starts[place];
        }
        let mut next = slot_starts.clone();
        let mut slots = vec![(0, 0); members.len()];
        for (block, range) in starts.windows(2).enumerate() {
            for place in range[0]..range[1] {
                let person = members[place as usize] as usize;
                slots[next[person] as usize] = (block as u32, place);
                next[person] += 1;
            }
        }
        Self {
            starts,
            members,
            slot_starts,
            slots,
        }
    }

    /// The people after `person` to compare with `person`, sorted.
    pub(super) fn after(&self, person: u32, found: &mut Vec<u32>) {
        found.clear();
        let range = self.slot_starts[person as usize] as usize
            ..self.slot_starts[person as usize + 1] as usize;
        for (block, place) in &self.slots[range] {
            let (from, to) = (
                self.starts[*block as usize] as usize,
                self.starts[*block as usize + 1] as usize,
            );
            let (from, to) = if to - from <= WHOLE {
                (from, to)
            } else {
                let place = *place as usize;
                (
                    from.max(place.saturating_sub(WINDOW)),
                    to.min(place + WINDOW + 1),
                )
            };
            found.extend(
                self.members[from..to]
                    .iter()
                    .filter(|other| **other > person),
            );
        }
        found.sort_unstable();
        found.dedup();
    }
}

/// The start of each person's keys, and the keys of all people one after the other.
fn all_keys(people: &[&Person], progress: &mut dyn FnMut(f64)) -> (Vec<u64>, Vec<u64>) {
    let (mut starts, mut all) = (vec![0_u64], Vec::new());
    let threads = super::parallel::threads();
    for (done, batch) in people.chunks(40_000).enumerate() {
        let piece = batch.len().div_ceil(threads);
        let found: Vec<Vec<Vec<u64>>> = std::thread::scope(|scope| {
            let tasks: Vec<_> = batch
                .chunks(piece)
                .map(|piece| scope.spawn(|| piece.iter().map(|person| keys(person)).collect()))
                .collect();
            tasks
                .into_iter()
                .map(|task| task.join().expect("keys do not panic"))
                .collect()
        });
        for keys in found.into_iter().flatten() {
            all.extend(keys);
            starts.push(all.len() as u64);
        }
        progress(0.5 * ((done + 1) * 40_000) as f64 / people.len().max(40_000) as f64);
    }
    (starts, all)
}

/// Each person's place in the order of names and birth dates, by which large blocks are sorted.
fn sort_places(people: &[&Person]) -> Vec<u32> {
    let word = |place: u32| {
        let person = people[place as usize];
        let name = person.names.first();
        let organisation = person.organisations.first().map_or("", |name| &**name);
        let birth = person.births.first().map(|birth| birth.number());
        (
            name.map_or(organisation, |name| &*name.last),
            name.map_or("", |name| &*name.first),
            birth,
        )
    };
    let mut order: Vec<u32> = (0..people.len() as u32).collect();
    order.sort_unstable_by(|a, b| word(*a).cmp(&word(*b)).then(a.cmp(b)));
    let mut places = vec![0; order.len()];
    for (place, person) in order.into_iter().enumerate() {
        places[person as usize] = place as u32;
    }
    places
}
