//! Made-up people in three systems. Records whose ids end in the same number are of one person.

use crate::app::TestApp;
use crate::people::acquaint;
use acquaint::id::ProfileId;
use acquaint::store::link;
use std::collections::{BTreeMap, BTreeSet};

const HEADER: &str = "id,first_name,last_name,birthday,email,phone,street,city,postal_code\n";

/// The twins, who share a home and its phone, are 20 and 21; 22 to 25 share a mailbox and its
/// phone.
const CRM: &str = "\
c1,Rosalind,Achterberg,1971-03-14,r.achterberg@example.com,+14155550101,4 Lantern Row,Dunmore,20141
c2,Thaddeus,Bellweather,1984-11-02,thad@example.com,+14155550102,19 Quarry Lane,Ashcombe,20355
c3,Margaret,Oyelaran,1990-07-21,m.oyelaran@example.com,,88 Harbour View,Port Elin,20977
c4,William,Castellanos,1965-01-30,,+14155550104,3 Saddlers Court,Dunmore,20141
c5,Ingrid,Fennimore,1979-09-09,ingrid.f@example.com,+14155550105,52 Mill Street,Ashcombe,20355
c6,Desmond,Quartermain,1958-12-25,dq@example.com,,7 Abbey Close,Wexcombe,21008
c7,Yasmin,Haldorsen,1996-04-17,yasmin.h@example.com,+14155550107,61 Orchard Way,Port Elin,20977
c8,Percival,Nakamura,1988-08-08,percy@example.com,+14155550108,2 Foundry Yard,Wexcombe,21008
c20,Johanna,Vandermeer,2001-05-06,johanna.v@example.com,+14155550120,14 Tanner Street,Dunmore,20141
c22,Gustav,Lindholm,,info@orchard.example.com,+14155550122,,,
c24,Beatrix,Umarov,,info@orchard.example.com,+14155550122,,,
c26,Cornelius,Drummond,1949-02-11,cdrummond@example.com,+14155550126,30 Chapel Hill,Ashcombe,20355
c27,Aurelia,Petrosyan,1992-10-28,aurelia@example.com,,9 Kiln Road,Port Elin,20977
c28,Barnaby,Stockdale,1975-06-19,,+14155550128,71 Ferry Lane,Wexcombe,21008
c29,Clementine,Ruiz,1983-03-03,clem.ruiz@example.com,+14155550129,5 Weir Terrace,Dunmore,20141
c30,Leopold,Saarinen,1969-07-07,leo.s@example.com,,12 Beacon Street,Ashcombe,20355
";

const SHOP: &str = "\
s1,Rosalind,Achterburg,1971-03-14,r.achterberg@example.com,,4 Lantern Row,Dunmore,20141
s2,Thad,Bellweather,1984-11-02,,+14155550102,19 Quarry Ln,Ashcombe,20355
s3,Maggie,Oyelaran,1990-07-21,m.oyelaran@example.com,+14155550103,,Port Elin,20977
s4,Bill,Castellanos,1965-01-30,bill.c@example.com,+14155550104,3 Saddlers Court,Dunmore,20141
s6,Desmond,Quartermain,1958-12-25,desmond.q@example.com,+14155550106,7 Abbey Close,Wexcombe,21008
s9,Octavia,Brannigan,1986-02-20,octavia@example.com,+14155550109,44 Castle Street,Wexcombe,21008
s10,Emmanuel,Kowalczyk,1977-05-12,e.kowalczyk@example.com,,16 River Walk,Port Elin,20977
s21,Friederike,Vandermeer,2001-05-06,friederike@example.com,+14155550120,14 Tanner Street,Dunmore,20141
s23,Philippa,Nwosu,,info@orchard.example.com,+14155550122,,,
s31,Marguerite,Ellison,1994-01-15,mellison@example.com,+14155550131,8 Cooper Alley,Ashcombe,20355
s32,Hannibal,Trevithick,1961-11-11,hannibal@example.com,,23 Station Road,Dunmore,20141
s33,Zachary,Mbeki,1999-09-30,zach.mbeki@example.com,+14155550133,6 Granary Wharf,Port Elin,20977
s34,Winifred,Abernathy,1955-04-04,,+14155550134,90 Long Meadow,Wexcombe,21008
s35,Solomon,Jurgens,1980-12-01,sol.jurgens@example.com,,27 Bridge Street,Ashcombe,20355
";

const HELP: &str = "\
h1,R.,Achterberg,1971-03-14,r.achterberg@example.com,+14155550101,4 Lantern Row,Dunmore,20141
h5,Ingrid,Fenimore,1979-09-09,ingrid.f@example.com,+14155550105,,,
h7,Yasmine,Haldorsen,1996-04-17,yasmin.h@example.com,+14155550107,61 Orchard Way,Port Elin,
h8,Percival,Nakamura,1988-08-08,percy@example.com,,2 Foundry Yard,Wexcombe,21008
h9,Octavia,Branigan,1986-02-20,octavia@example.com,+14155550109,,Wexcombe,21008
h10,Emmanuel,Kowalczyk,1977-12-05,e.kowalczyk@example.com,+14155550110,16 River Walk,Port Elin,20977
h25,Lucretia,Hoffmann,,info@orchard.example.com,+14155550122,,,
h36,Ambrose,Thackeray,1973-08-22,ambrose@example.com,+14155550136,11 Priory Gate,Dunmore,20141
h37,Genevieve,Soto,1987-06-06,gsoto@example.com,,39 Market Square,Ashcombe,20355
h38,Reginald,Hawthorne,1952-10-10,,+14155550138,1 Lighthouse Road,Port Elin,20977
h39,Henrietta,Blackwood,1998-03-27,hen.b@example.com,+14155550139,58 Vine Street,Wexcombe,21008
";

/// Everyone of whom there is more than one record, and their records.
pub(super) const TWICE: [(&str, &[&str]); 10] = [
    ("1", &["c1", "h1", "s1"]),
    ("2", &["c2", "s2"]),
    ("3", &["c3", "s3"]),
    ("4", &["c4", "s4"]),
    ("5", &["c5", "h5"]),
    ("6", &["c6", "s6"]),
    ("7", &["c7", "h7"]),
    ("8", &["c8", "h8"]),
    ("9", &["h9", "s9"]),
    ("10", &["h10", "s10"]),
];

/// Imports everyone.
pub(super) fn settle(app: &TestApp) {
    for (system, rows) in [("crm", CRM), ("shop", SHOP), ("help", HELP)] {
        arrive(app, system, rows);
    }
}

/// Imports rows of a system.
pub(super) fn arrive(app: &TestApp, system: &str, rows: &str) {
    let arguments = ["import", "-", "--format", "csv", "--source", system];
    let done =
        tokio::task::block_in_place(|| acquaint(app, &arguments, &format!("{HEADER}{rows}")));
    assert!(done.status.success(), "{done:?}");
}

/// The profile of every record.
pub(super) async fn whose(app: &TestApp) -> BTreeMap<String, ProfileId> {
    let workspace = &app.tenant.workspace.id;
    let rows = link::records(&app.db, workspace, ("", ""), 1_000).await;
    rows.expect("records")
        .into_iter()
        .map(|row| (row.record, row.profile.expect("a profile")))
        .collect()
}

/// Records by the profile they are of, where it has more than one.
pub(super) async fn together(app: &TestApp) -> BTreeSet<Vec<String>> {
    let mut held: BTreeMap<ProfileId, Vec<String>> = BTreeMap::new();
    for (record, profile) in whose(app).await {
        held.entry(profile).or_default().push(record);
    }
    held.into_values().filter(|held| held.len() > 1).collect()
}

/// The planted duplicates.
pub(super) fn planted() -> BTreeSet<Vec<String>> {
    let records = |records: &[&str]| records.iter().map(|id| (*id).to_owned()).collect();
    TWICE.iter().map(|(_, of)| records(of)).collect()
}
