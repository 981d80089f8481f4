//! Sets of people whose truth is known, our own and public ones: who is found to be one, by the one
//! fixed setting and without labels.

use crate::app::{Data, TestApp};
use acquaint::steward::suggest;
use acquaint::store::link;
use std::collections::HashMap;
use std::path::Path;

/// Records of one file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Set {
    pub file: &'static str,
    pub source: &'static str,
    pub records: usize,
    truth: Truth,
    /// The least F1.
    bar: f64,
}

/// Where a set says which records are one person.
#[derive(Clone, Copy, Debug)]
enum Truth {
    /// In the record's id, `rec-N-…`.
    Id,
    /// In the last column.
    LastColumn,
}

/// Those in our fixtures, made up with slips, gaps and swapped dates.
pub(super) const OURS: [Set; 2] = [
    Set {
        file: "members.csv",
        source: "members",
        records: 166,
        truth: Truth::Id,
        bar: 0.9,
    },
    Set {
        file: "visitors.csv",
        source: "visitors",
        records: 126,
        truth: Truth::LastColumn,
        bar: 0.95,
    },
];

/// The public ones.
pub(super) const SHARED: [Set; 2] = [
    Set {
        file: "dataset3.csv",
        source: "febrl",
        records: 5_000,
        truth: Truth::Id,
        bar: 0.998,
    },
    Set {
        file: "fake_1000.csv",
        source: "fake",
        records: 1_000,
        truth: Truth::LastColumn,
        bar: 0.88,
    },
];

/// Finds who is one among the imported records, and holds it against the truth: precision and
/// recall over pairs.
pub(super) async fn check(app: &TestApp, data: &Data, sets: &[Set]) {
    let workspace = &app.tenant.workspace;
    let found = suggest::find(&app.db, workspace, 0.95, &mut |_, _, _| {}).await;
    let clusters = found.expect("found").clusters;
    let mut cluster_of: HashMap<&str, usize> = HashMap::new();
    for (number, cluster) in clusters.iter().enumerate() {
        cluster_of.extend(cluster.iter().map(|profile| (profile.as_str(), number)));
    }
    let rows = link::records(&app.db, &workspace.id, ("", ""), 10_000).await;
    let rows = rows.expect("records");
    for set in sets {
        let last = last_column(&data.folder.join(set.file));
        let of_source = rows.iter().filter(|row| row.source == set.source);
        let decided: Vec<(String, String)> = of_source
            .map(|row| {
                let profile = row.profile.as_deref().expect("a profile");
                let cluster = cluster_of
                    .get(profile)
                    .map_or(profile.to_owned(), usize::to_string);
                let truth = match set.truth {
                    Truth::Id => row.record.split('-').nth(1).expect("rec-N-…").to_owned(),
                    Truth::LastColumn => last[&row.record].clone(),
                };
                (cluster, truth)
            })
            .collect();
        let f1 = f1(&decided);
        assert!(f1 >= set.bar, "{}: {f1}", set.source);
    }
}

/// The last column of a file by its first.
fn last_column(file: &Path) -> HashMap<String, String> {
    let reader = csv::Reader::from_path(file);
    let rows = reader.expect("a file").into_records();
    let row = |row: csv::Result<csv::StringRecord>| {
        let row = row.expect("a row");
        (row[0].to_owned(), row[row.len() - 1].to_owned())
    };
    rows.map(row).collect()
}

/// F1 over pairs of (what was decided, what is true).
fn f1(decided: &[(String, String)]) -> f64 {
    let pairs = |counts: HashMap<&(String, String), u64>| -> u64 {
        counts.values().map(|count| count * (count - 1) / 2).sum()
    };
    let single = |pick: fn(&(String, String)) -> &String| -> u64 {
        let mut counts: HashMap<&String, u64> = HashMap::new();
        for one in decided {
            *counts.entry(pick(one)).or_default() += 1;
        }
        counts.values().map(|count| count * (count - 1) / 2).sum()
    };
    let mut both: HashMap<&(String, String), u64> = HashMap::new();
    for one in decided {
        *both.entry(one).or_default() += 1;
    }
    2.0 * pairs(both) as f64 / (single(|one| &one.0) + single(|one| &one.1)) as f64
}
