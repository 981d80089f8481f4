//! The demo is the same in every run, and shows what it promises.

use super::*;
use crate::ingest::Ingest;
use crate::surface::App;
use request::DemoRequest;
use std::collections::BTreeSet;

/// 2026-11-20.
const TODAY: Time = Time::from_ms(1_795_132_800_000);
/// Fewer customers than in the demo, because a debug build is slow.
const CUSTOMERS: u64 = 60;

struct Shop {
    db: Db,
    workspace: Workspace,
    sources: Vec<Source>,
    local: Local,
}

impl Shop {
    async fn open() -> Self {
        let db = store::open("sqlite::memory:").await.expect("a database");
        let (workspace, sources) = prepare(&db, "demo").await.expect("prepared");
        let (ingest, _) = Ingest::start(db.clone());
        let app = App::new(db.clone(), ingest, Clock::default(), None).expect("an app");
        let local = Local::new(Arc::new(app));
        Self {
            db,
            workspace,
            sources,
            local,
        }
    }

    async fn fill(&self) -> Vec<SystemResult> {
        fill(
            &self.db,
            &self.workspace,
            &self.sources,
            &self.local,
            CUSTOMERS,
        )
        .await
        .expect("filled")
    }
}

#[test]
fn the_same_day_gives_the_same_bytes() {
    let write = || -> Vec<DemoRequest> {
        let people = cast::everyone(TODAY, person::CUSTOMERS);
        let of = |system: &System| (system.write)(&people, "wk_demo_x");
        SYSTEMS.iter().flat_map(of).collect()
    };
    let (first, again) = (write(), write());
    assert!(first == again);
    assert!(first.len() > 2_000, "{}", first.len());
    let ours = cast::everyone(TODAY, person::CUSTOMERS);
    let phones: BTreeSet<_> = ours[..person::CUSTOMERS as usize]
        .iter()
        .filter(|person| person.contact_at.is_some() || person.shop_account.is_some())
        .map(|person| person.phone().concat())
        .collect();
    let names: BTreeSet<_> = ours.iter().map(person::DemoPerson::email).collect();
    assert_eq!(names.len(), ours.len(), "nobody shares an address");
    assert!(phones.len() > 200);
}

#[tokio::test]
async fn a_second_run_changes_nothing() {
    let shop = Shop::open().await;
    let first = shop.fill().await;
    let customers = store::profile::count(&shop.db, &shop.workspace.id)
        .await
        .unwrap();
    let hero = one(&shop.db, &shop.workspace, cast::HERO).await.unwrap();
    assert!(
        first
            .iter()
            .all(|came| came.new == came.events && came.new > 0)
    );
    let again = shop.fill().await;
    assert!(again.iter().all(|came| came.new == 0));
    assert_eq!(
        store::profile::count(&shop.db, &shop.workspace.id)
            .await
            .unwrap(),
        customers
    );
    assert_eq!(
        one(&shop.db, &shop.workspace, cast::HERO).await.unwrap(),
        hero
    );
    let (workspace, sources) = prepare(&shop.db, "demo").await.unwrap();
    assert_eq!(workspace.id, shop.workspace.id);
    assert_eq!(
        sources[0].write_key, shop.sources[0].write_key,
        "sources are reused"
    );
}

#[tokio::test]
async fn six_systems_are_one_customer_and_a_shared_browser_is_two() {
    let shop = Shop::open().await;
    let shown = demonstrate(
        &shop.db,
        &shop.workspace,
        &shop.sources,
        &shop.local,
        CUSTOMERS,
    )
    .await
    .unwrap();
    let names: BTreeSet<&str> = shown.hero.sources.keys().map(String::as_str).collect();
    assert_eq!(names, SYSTEMS.iter().map(|system| system.name).collect());
    assert_eq!(
        shown.hero.purchases.count, 2,
        "the website and the shop tell of the same orders"
    );
    assert_eq!(
        (shown.hero.tickets.count, shown.hero.tickets.open_count),
        (2, 1)
    );
    let housemate = one(&shop.db, &shop.workspace, cast::HOUSEMATE)
        .await
        .unwrap();
    assert_ne!(housemate.id, shown.hero.id);
    assert_eq!(housemate.text("name").as_deref(), Some("Arjun Raman"));
    let apart = shown
        .story
        .chapters
        .iter()
        .filter(|chapter| chapter.left_out.is_some())
        .count();
    assert_eq!(apart, 1);
    assert!(
        shown
            .story
            .chapters
            .iter()
            .any(|chapter| chapter.joined > 1)
    );
    assert!(shown.story.chapters.len() <= 15);
    let knows: usize = shown.came.iter().map(|came| came.knows).sum();
    assert!(shown.customers < knows / 2, "{}", shown.customers);
    let sources = shown.call.answer["source"].as_array().unwrap();
    assert!(sources.len() >= 4, "{sources:?}");
}

#[test]
fn an_answer_fits_the_screen() {
    let answer = json!({"data": {"a": "x".repeat(60), "b": [{"name": "n".repeat(50), "value": "v".repeat(60)}], "c": 1, "d": 2}});
    let lines = show::pretty(&answer, 2, 100);
    assert!(
        lines.iter().all(|line| line.chars().count() <= 100),
        "{lines:#?}"
    );
    let joined: String = lines.iter().map(|line| line.trim()).collect();
    assert_eq!(
        serde_json::from_str::<Value>(&joined).expect("JSON"),
        answer
    );
    assert_eq!(show::grouped(1_023), "1,023");
    let program = show::agent_loop();
    assert!(program.starts_with("acquaint = httpx.Client(base_url=server"));
    assert!(program.lines().all(|line| line.len() <= 100), "{program}");
}

#[tokio::test]
async fn a_companys_own_workspace_is_left_alone() {
    let db = store::open("sqlite::memory:").await.unwrap();
    let (workspace, _) = prepare(&db, "demo").await.unwrap();
    let own = Source {
        workspace: workspace.id,
        name: "ours".to_owned(),
        kind: "segment".to_owned(),
        write_key: "wk_ours".to_owned(),
        secret: None,
        created_at: Time::default(),
    };
    steward::access::add_sources(&db, &[own]).await.unwrap();
    let refused = prepare(&db, "demo").await.expect_err("refused");
    assert!(refused.to_string().contains("`ours`"), "{refused}");
}
