//! The section `matching`: one fixed setting, no labels, on public sets and on made-up ones.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use crate::measure::{Quality, peak_memory, reset_peak};
use crate::sets::Set;
use acquaint::matching::{Model, Pool, clusters};
use std::error::Error;
use std::path::Path;
use std::time::Instant;

/// The one setting.
const THRESHOLD: f64 = 0.95;
/// The largest set whose blocks are held against the truth, which scores every pair twice.
const REACH_UP_TO: usize = 100_000;
/// `Splink` 5.0 on `DuckDB` 2.0 on two cores with the settings of its own notebooks: F1 of its
/// clusters at .95, F1 at the best threshold picked on the truth, and seconds.
const SPLINK: [(&str, f64, f64, f64); 5] = [
    ("febrl3", 0.99384, 0.99717, 3.3),
    ("febrl4", 0.99709, 0.9995, 5.1),
    ("febrl3 without ids", 0.99785, 0.99893, 3.2),
    ("febrl4 without ids", 0.99769, 0.9986, 6.1),
    ("fake_1000", 0.85481, 0.89655, 1.9),
];
/// Sizes of the made-up sets, and how many of each.
const SIZES: [(usize, u64); 6] = [
    (150, 5),
    (1_000, 3),
    (5_000, 1),
    (10_000, 1),
    (100_000, 1),
    (1_000_000, 1),
];

/// Runs the public sets that are there and the made-up ones up to `most` records. Of the set named
/// by `explain` it prints what was decided wrongly, and why.
pub fn run(data: &Path, most: usize, explain: Option<&str>) -> Result<(), Box<dyn Error>> {
    println!(
        "{:<20} {:>8} {:>7} {:>9} {:>7} {:>7} {:>7} {:>8} {:>7} {:>7} {:>7} {:>7} {:>6} | splink F1, its best, s",
        "set",
        "records",
        "true",
        "compared",
        "reached",
        "prec",
        "recall",
        "F1",
        "block s",
        "train s",
        "score s",
        "all s",
        "MB"
    );
    for (name, clustered, best, seconds) in SPLINK {
        match Set::read(data, name)? {
            Some(set) => {
                let line = measure(&set, explain == Some(name));
                println!("{line} | {clustered:.5} {best:.5} {seconds:.1}");
            }
            None => println!("{name:<20} is not in {}", data.display()),
        }
    }
    for (count, seeds) in SIZES.into_iter().filter(|(count, _)| *count <= most) {
        for seed in 1..=seeds {
            reset_peak();
            let set = crate::people::generate(count, seed);
            println!("{}", measure(&set, explain == Some(set.name.as_str())));
        }
    }
    Ok(())
}

fn measure(set: &Set, explain: bool) -> String {
    let mut quiet = |_: u64| {};
    let begun = Instant::now();
    let pool = Pool::of(&set.people, &mut quiet);
    let blocked = begun.elapsed().as_secs_f64();
    let model = pool.train(&mut quiet);
    let trained = begun.elapsed().as_secs_f64();
    let pairs = pool.pairs(&model, THRESHOLD, &mut quiet);
    let scored = begun.elapsed().as_secs_f64();
    let found = clusters(&set.people, &model, &pairs, THRESHOLD);
    let seconds = begun.elapsed().as_secs_f64();
    let memory = peak_memory();
    let quality = Quality::of(&found, &set.truth);
    if explain {
        print_wrong(set, &model, &found);
    }
    format!(
        "{:<20} {:>8} {:>7} {:>9} {:>7} {:>7.4} {:>7.4} {:>8.5} {:>7.2} {:>7.2} {:>7.2} {:>7.2} {:>6}",
        set.name,
        set.people.len(),
        quality.true_pairs,
        pool.candidates(),
        reach(set, &pool, &model),
        quality.precision(),
        quality.recall(),
        quality.f1(),
        blocked,
        trained - blocked,
        scored - trained,
        seconds,
        memory,
    )
}

/// Which share of the true pairs the blocks name.
fn reach(set: &Set, pool: &Pool, model: &Model) -> String {
    if set.people.len() > REACH_UP_TO {
        return "-".to_owned();
    }
    let all = pool.pairs(model, 0.0, &mut |_| {});
    let named = all
        .iter()
        .filter(|pair| set.truth[pair.a] == set.truth[pair.b])
        .count();
    let true_pairs = Quality::of(&[], &set.truth).true_pairs.max(1);
    format!("{:.4}", named as f64 / true_pairs as f64)
}

/// Prints the first pairs that were decided wrongly.
fn print_wrong(set: &Set, model: &Model, found: &[Vec<usize>]) {
    const MOST: usize = 400;
    let mut cluster = vec![None; set.people.len()];
    for (number, members) in found.iter().enumerate() {
        members
            .iter()
            .for_each(|member| cluster[*member] = Some(number));
    }
    let pairs = (0..set.people.len()).flat_map(|a| (a + 1..set.people.len()).map(move |b| (a, b)));
    let wrong = pairs.filter(|(a, b)| {
        let joined = cluster[*a].is_some() && cluster[*a] == cluster[*b];
        joined != (set.truth[*a] == set.truth[*b])
    });
    for (a, b) in wrong.take(MOST) {
        let what = if set.truth[a] == set.truth[b] {
            "missed"
        } else {
            "false"
        };
        let (a, b) = (&set.people[a], &set.people[b]);
        let score = model.score(a, b);
        println!("{what} {:.1}: {} and {}", score.weight, a.id, b.id);
        for field in score.fields {
            println!("        {}", field.words);
        }
    }
}
