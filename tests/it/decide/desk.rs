//! A steward who decides at random, and what must hold whatever they decide.

use super::{Deed, Outcome, identifier};
use crate::fold::{take, workspace};
use acquaint::Error;
use acquaint::clock::Time;
use acquaint::event::Event;
use acquaint::id::ProfileId;
use acquaint::identity::decision::{Act, By, Decision, in_force};
use acquaint::identity::{Identifier, MUST_LINK};
use acquaint::steward::decide::{self, SplitTarget};
use acquaint::store::access::Workspace;
use acquaint::store::{self, Db};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// A profile, and the identifiers that lead to it.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) id: ProfileId,
    pub(super) identifiers: Vec<Identifier>,
}

/// A steward at work in a workspace of their own.
pub(super) struct Desk<'a> {
    db: &'a Db,
    pub(super) workspace: Workspace,
    now: i64,
    /// Ids of all profiles that there ever were.
    ever: BTreeSet<ProfileId>,
}

impl<'a> Desk<'a> {
    pub(super) fn new(db: &'a Db) -> Self {
        Self {
            db,
            workspace: workspace(),
            now: 1_000,
            ever: BTreeSet::new(),
        }
    }

    fn by(&self) -> By {
        By {
            actor: "kim".to_owned(),
            reason: "a test".to_owned(),
            at: Time::from_ms(self.now),
        }
    }

    /// Takes a log, and decides in between.
    pub(super) async fn work(&mut self, log: &[Event], deeds: &[Deed]) -> Outcome {
        let mut done = 0;
        for deed in deeds {
            let upto = usize::from(deed.after) * log.len() / 256;
            take(self.db, &self.workspace, &[log[done..upto].to_vec()]).await;
            done = upto;
            self.check().await?;
            self.act(*deed).await;
            self.check().await?;
        }
        take(self.db, &self.workspace, &[log[done..].to_vec()]).await;
        self.check().await
    }

    async fn act(&mut self, Deed { what, a, b, .. }: Deed) {
        let profiles = self.profiles().await;
        let (a, b) = (usize::from(a), usize::from(b));
        if profiles.is_empty() {
            return;
        }
        let one = &profiles[a % profiles.len()];
        let done = match what {
            0..=2 => {
                let other = &profiles[b % profiles.len()];
                self.merge(&one.id, &other.id).await
            }
            3 | 4 => {
                let chosen = one.identifiers.iter().enumerate();
                let off = chosen.filter(|(at, _)| b >> (at % 8) & 1 == 1);
                let off: Vec<Identifier> = off.map(|(_, id)| id.clone()).collect();
                self.split(&one.id, SplitTarget::Identifiers(off)).await
            }
            5 => {
                let links = store::link::of_profile(self.db, &self.workspace.id, &one.id).await;
                let links = links.expect("links");
                let link = links[b % links.len()].link.id.clone();
                self.split(&one.id, SplitTarget::Link(link)).await
            }
            _ => {
                let all = self.decisions().await;
                match all.get(a % all.len().max(1)) {
                    Some(decision) => self.undo(&decision.id.clone()).await.map(|undo| vec![undo]),
                    None => return,
                }
            }
        };
        match done {
            Ok(_) | Err(Error::Invalid(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }

    pub(super) async fn merge(
        &mut self,
        one: &ProfileId,
        other: &ProfileId,
    ) -> acquaint::Result<Vec<Decision>> {
        let by = self.by();
        let made = decide::merge(self.db, &self.workspace, (one, other), &by).await?;
        Ok(made)
    }

    pub(super) async fn split(
        &mut self,
        customer: &ProfileId,
        off: SplitTarget,
    ) -> acquaint::Result<Vec<Decision>> {
        let by = self.by();
        let made = decide::split(self.db, &self.workspace, customer, &off, &by).await?;
        Ok(made)
    }

    pub(super) async fn undo(&mut self, id: &str) -> acquaint::Result<Decision> {
        let by = self.by();
        let made = decide::undo(self.db, &self.workspace, &[id.to_owned()], &by).await?;
        Ok(made.into_iter().next().expect("a decision"))
    }

    /// Takes a join back: the decision, or an identifier of the one or of the other side.
    pub(super) async fn part(
        &mut self,
        one: &Found,
        other: &Found,
        made: &[Decision],
        plain: bool,
        way: u8,
    ) {
        let side = match way % 3 {
            1 => one,
            _ => other,
        };
        let id = side
            .identifiers
            .get(usize::from(way / 3) % side.identifiers.len().max(1));
        let id = match id {
            Some(id) if !way.is_multiple_of(3) && plain && made.len() == 1 => id.clone(),
            _ => {
                for decision in made.iter().rev() {
                    self.undo(&decision.id).await.expect("undone");
                }
                return;
            }
        };
        let customer = self.profiles().await;
        let holds = |found: &&Found| found.identifiers.contains(&id);
        let customer = customer
            .iter()
            .find(holds)
            .expect("it leads somewhere")
            .id
            .clone();
        let off = SplitTarget::Identifiers(vec![id]);
        self.split(&customer, off).await.expect("split");
    }

    /// The profile that an identifier leads to.
    pub(super) async fn whose(&self, name: &str) -> ProfileId {
        let profiles = self.profiles().await;
        let holds = |found: &&Found| found.identifiers.contains(&identifier(name));
        profiles.iter().find(holds).expect(name).id.clone()
    }

    /// Whether the rules alone made it.
    pub(super) async fn is_plain(&self, found: &Found) -> bool {
        let links = store::link::of_profile(self.db, &self.workspace.id, &found.id).await;
        let mut marks = links
            .expect("links")
            .into_iter()
            .flat_map(|held| held.link.marks);
        marks.all(|mark| mark.kind != MUST_LINK)
    }

    pub(super) async fn decisions(&self) -> Vec<Decision> {
        let all = store::decision_view::before(self.db, &self.workspace.id, None, 10_000).await;
        let mut all = all.expect("decisions");
        all.reverse();
        all
    }

    pub(super) async fn profiles(&self) -> Vec<Found> {
        let rows: Vec<(ProfileId, Vec<u8>)> = self
            .db
            .sql("select id, doc from profile where workspace = $1 order by id")
            .bind(&self.workspace.id)
            .all()
            .await
            .expect("profiles");
        let found = |(id, doc): (ProfileId, Vec<u8>)| {
            let profile: acquaint::profile::Profile =
                acquaint::profile::packed::unpack(&doc).expect("a document");
            let identifiers = profile
                .identifiers
                .into_iter()
                .map(|known| known.identifier);
            Found {
                id,
                identifiers: identifiers.collect(),
            }
        };
        rows.into_iter().map(found).collect()
    }

    /// What a split that holds keeps apart is apart, and every id that a profile ever had leads to
    /// one.
    pub(super) async fn check(&mut self) -> Outcome {
        let profiles = self.profiles().await;
        let all = self.decisions().await;
        let holding = in_force(&all);
        for decision in all
            .iter()
            .filter(|decision| holding.contains(decision.id.as_str()))
        {
            let Act::Split { off, rest } = &decision.act else {
                continue;
            };
            for found in &profiles {
                let has = |ids: &[Identifier]| found.identifiers.iter().any(|id| ids.contains(id));
                prop_assert!(
                    !(has(off) && has(rest)),
                    "{:?} holds both sides of {:?}",
                    found,
                    decision
                );
            }
        }
        self.ever.extend(profiles.into_iter().map(|found| found.id));
        for id in &self.ever {
            let found = store::profile::by_id(self.db, &self.workspace, &id.oldest_link()).await;
            prop_assert!(found.expect("a read").is_some(), "{} leads nowhere", id);
        }
        Ok(())
    }
}
