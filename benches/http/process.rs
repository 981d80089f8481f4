//! What processes of this machine use, as /proc shows it; 0 where there is no /proc.

use std::fs;

/// Clock ticks of /proc in a second; Linux shows 100 to programs whatever the kernel uses.
const TICKS: u64 = 100;

/// User and system time of a process so far, in microseconds; `pid` may be `self`.
pub fn cpu(pid: &str) -> u64 {
    stat(pid).map_or(0, |(_, fields)| {
        // proc(5): the state is field 3, utime and stime are fields 14 and 15.
        let ticks: u64 = fields.iter().skip(11).take(2).sum();
        ticks * 1_000_000 / TICKS
    })
}

/// Whether a process has ended and waits for its parent; its CPU time can still be read.
pub fn has_ended(pid: &str) -> bool {
    stat(pid).is_none_or(|(state, _)| state == "Z")
}

/// The state of a process and every field from there on, those that are no number as 0.
fn stat(pid: &str) -> Option<(String, Vec<u64>)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(") ")?;
    let state = rest.split(' ').next()?.to_owned();
    let fields = rest.split(' ').map(|field| field.parse().unwrap_or(0));
    Some((state, fields.collect()))
}

/// Memory that a process holds now, in megabytes.
pub fn resident(pid: &str) -> u64 {
    status(pid, "VmRSS:")
}

/// Most memory that a process has held, in megabytes.
pub fn peak(pid: &str) -> u64 {
    status(pid, "VmHWM:")
}

fn status(pid: &str, name: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1024
}

/// CPU time so far of the PostgreSQL processes that work for a database, in microseconds: its
/// backends, and those that write for all databases.
pub fn backends(database: &str) -> u64 {
    let own = format!(" {database} ");
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let working = pids.filter(|pid| {
        let title = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let title = String::from_utf8_lossy(&title);
        title.starts_with("postgres: ")
            && [own.as_str(), "writer", "checkpointer"]
                .iter()
                .any(|word| title.contains(word))
    });
    working.map(|pid| cpu(&pid)).sum()
}
