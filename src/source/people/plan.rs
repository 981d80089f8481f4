//! The uses of each column of one file: from the map, else recognised by its name, else a trait of
//! its own name.

use super::alias::RECORD_IDS;
use super::column::{Role, Use, recognise, record_id, update_time};
use super::map::Map;
use crate::{Error, Result};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// The most columns that a message lists.
const LISTED: usize = 40;
/// The least similarity of a suggested column name.
const ALIKE: f64 = 0.8;

/// The uses of every column.
#[derive(Clone, Debug)]
pub(super) struct ColumnPlan {
    uses: HashMap<String, Vec<Use>>,
    /// Paths of objects whose members are columns.
    opened: HashSet<String>,
    recognises: bool,
    /// Columns in the map that were not seen in the file.
    pub missing: Vec<String>,
}

impl ColumnPlan {
    /// A plan for a file with exactly these columns.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the map names a column that is not there, or no column has the
    /// record's id.
    pub fn of_header(map: &Map, columns: &[String]) -> Result<Self> {
        let plan = Self::mapped(map, columns)?;
        if let Some(missing) = plan.missing.first() {
            let named = map
                .columns()
                .find(|(_, column)| column == missing)
                .map_or("", |(name, _)| name);
            return Err(Error::invalid(format!(
                "the map's `{named}` names the column `{missing}`, which the file does not have{}",
                listed(missing, columns)
            )));
        }
        Ok(plan.named(columns))
    }

    /// A plan for objects in which these paths were seen; an object comes before its members.
    ///
    /// # Errors
    /// [`Error::Invalid`] when no path has the record's id.
    pub fn of_paths(map: &Map, paths: &[String]) -> Result<Self> {
        let mut plan = Self::mapped(map, paths)?;
        for column in plan.uses.keys() {
            let above = column
                .match_indices('.')
                .map(|(dot, _)| column[..dot].to_owned());
            plan.opened
                .extend(above.filter(|path| !plan.uses.contains_key(path)));
        }
        let mut columns: Vec<String> = Vec::new();
        for path in paths {
            let parent = path.rsplit_once('.').map(|(parent, _)| parent);
            let read = parent.is_none_or(|parent| {
                plan.opened.contains(parent) || !paths.iter().any(|path| path == parent)
            });
            if !read {
                continue;
            }
            let inside = format!("{path}.");
            let mut members = paths.iter().filter(|member| member.starts_with(&inside));
            let address = recognise(path).is_some_and(|used| matches!(used.role, Role::Address(_)));
            let opens = plan.recognises && !address && !plan.uses.contains_key(path);
            if opens && members.any(|member| recognise(member).is_some()) {
                plan.opened.insert(path.clone());
            }
            if !plan.opened.contains(path) {
                columns.push(path.clone());
            }
        }
        Ok(plan.named(&columns))
    }

    /// The plan with the columns of the map, the record's id and the time of the last change.
    fn mapped(map: &Map, columns: &[String]) -> Result<Self> {
        let present: HashSet<&str> = columns.iter().map(String::as_str).collect();
        let named: HashSet<&str> = map.columns().map(|(_, column)| column).collect();
        let mut plan = Self {
            uses: HashMap::new(),
            opened: HashSet::new(),
            recognises: map.traits.is_none(),
            missing: named
                .iter()
                .filter(|column| !present.contains(**column))
                .map(|column| (*column).to_owned())
                .collect(),
        };
        plan.missing.sort_unstable();
        for (name, columns) in map.traits.iter().flatten() {
            for (place, column) in columns.iter().enumerate() {
                plan.add(column, Use::new(role(name, place), place));
            }
        }
        for column in &map.ignore {
            plan.add(column, Use::new(Role::LeftOut, 0));
        }
        let free: Vec<String> = columns
            .iter()
            .filter(|column| !map.ignore.contains(column))
            .cloned()
            .collect();
        let id = map
            .id
            .as_ref()
            .or_else(|| record_id(&free))
            .ok_or_else(|| no_id(columns))?
            .clone();
        if map.id.is_some() && plan.missing.contains(&id) {
            let listed = listed(&id, columns);
            return Err(Error::invalid(format!(
                "the map's `id` names the column `{id}`, which the file does not have{listed}"
            )));
        }
        plan.add(&id, Use::new(Role::Id, 0));
        let timed = plan
            .uses
            .values()
            .flatten()
            .any(|used| used.role == Role::UpdatedAt);
        if let (false, Some(column)) = (timed, update_time(&free))
            && !plan.uses.contains_key(column)
        {
            plan.add(column, Use::new(Role::UpdatedAt, 0));
        }
        Ok(plan)
    }

    /// Adds the columns that are not mapped. Of two columns for the same part of an address, like
    /// `country` and `country_code`, the first is used; only a street may have several.
    fn named(mut self, columns: &[String]) -> Self {
        let mut taken: HashSet<String> = HashSet::new();
        for column in columns {
            if self.uses.contains_key(column) {
                continue;
            }
            let mut used = self.unmapped(column);
            if let Role::Part { part, .. } = &used.role
                && part != "street"
                && !taken.insert(used.to_string())
            {
                used = Use::own(column);
            }
            self.add(column, used);
        }
        self
    }

    fn unmapped(&self, column: &str) -> Use {
        let recognised = self.recognises.then(|| recognise(column)).flatten();
        recognised.unwrap_or_else(|| Use::own(column))
    }

    fn add(&mut self, column: &str, used: Use) {
        self.uses.entry(column.to_owned()).or_default().push(used);
    }

    /// The uses of a column.
    pub fn uses(&self, column: &str) -> Cow<'_, [Use]> {
        match self.uses.get(column) {
            Some(uses) => Cow::Borrowed(uses),
            None => Cow::Owned(vec![self.unmapped(column)]),
        }
    }

    /// Whether the members of the object at this path are columns of their own.
    pub fn opens(&self, path: &str) -> bool {
        self.opened.contains(path)
    }
}

/// The role of a name in `[traits]`. Several columns for `address` are several addresses.
fn role(name: &str, place: usize) -> Role {
    let parts: Vec<&str> = name.split('.').collect();
    let part = |address: &str, part: &str| Role::Part {
        address: address.to_owned(),
        part: part.to_owned(),
    };
    match parts[..] {
        ["user_id"] => Role::UserId,
        ["updated_at"] => Role::UpdatedAt,
        ["address"] if place == 0 => Role::Address(String::new()),
        ["address"] => Role::Address(format!("{place:03}")),
        ["address", name] => part("", name),
        ["address", address, name] => part(address, name),
        _ => Role::Trait(name.to_owned()),
    }
}

fn no_id(columns: &[String]) -> Error {
    let names = RECORD_IDS.split(' ').take(2).collect::<Vec<_>>().join(", ");
    Error::invalid(format!(
        "no column holds the record's id; name it in a map (`--map MAP.toml`) as id = \"COLUMN\", or call it `id` or one of {names}, …. A \
         line's number is none, because it changes when a row is added above it{}",
        listed("", columns)
    ))
}

/// The end of a message about a missing column: the closest name, and the list of all columns.
fn listed(wanted: &str, columns: &[String]) -> String {
    let alike =
        |column: &&String| strsim::jaro_winkler(&wanted.to_lowercase(), &column.to_lowercase());
    let hint = columns
        .iter()
        .max_by(|a, b| alike(a).total_cmp(&alike(b)))
        .filter(|column| !wanted.is_empty() && alike(column) >= ALIKE)
        .map(|column| format!("; did you mean `{column}`?"))
        .unwrap_or_default();
    let more = if columns.len() > LISTED { ", …" } else { "" };
    let all: Vec<&str> = columns.iter().take(LISTED).map(String::as_str).collect();
    format!("{hint}\nits columns: {}{more}", all.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(names: &str) -> Vec<String> {
        names.split(' ').map(str::to_owned).collect()
    }

    fn plan(map: &str, header: &str) -> Vec<String> {
        let map = Map::parse(map).expect("a map");
        let plan = ColumnPlan::of_header(&map, &columns(header)).expect("a plan");
        let described = |column: &String| {
            let uses: Vec<String> = plan.uses(column).iter().map(ToString::to_string).collect();
            format!(
                "{column}={}",
                uses.join("+")
                    .replace("  (kept as a trait of its own name)", "*")
            )
        };
        columns(header).iter().map(described).collect()
    }

    fn refusal(map: &str, header: &str) -> String {
        let map = Map::parse(map).expect("a map");
        ColumnPlan::of_header(&map, &columns(header))
            .expect_err("refused")
            .to_string()
    }

    #[test]
    fn without_a_map_names_decide() {
        let wanted = [
            "rec_id=the record's id",
            "dob=birthday",
            "country=address.country",
            "country_code=country_code*",
            "cluster=cluster*",
        ];
        assert_eq!(plan("", "rec_id dob country country_code cluster"), wanted);
        assert_eq!(
            plan("ignore = [\"dob\"]", "id dob updated_at")[1..],
            ["dob=left out", "updated_at=updated_at"]
        );
        assert_eq!(plan("", "user_id name")[0], "user_id=the record's id");
    }

    #[test]
    fn a_map_with_traits_is_the_only_word() {
        let map = "id = \"key\"\n[traits]\nfirst_name = \"a\"\nuser_id = \"key\"\n\"address.city\" = \"b\"";
        let wanted = [
            "key=user_id+the record's id",
            "a=first_name",
            "b=address.city",
            "surname=surname*",
            "modified=updated_at",
        ];
        assert_eq!(plan(map, "key a b surname modified"), wanted);
    }

    #[test]
    fn a_column_that_is_not_there_is_named_with_those_that_are() {
        let error = refusal("[traits]\nemail = \"e_mial\"", "id e_mail name");
        assert!(
            error.contains("the map's `email` names the column `e_mial`"),
            "{error}"
        );
        assert!(error.contains("did you mean `e_mail`?"), "{error}");
        assert!(error.contains("its columns: id, e_mail, name"), "{error}");
        let error = refusal("id = \"key\"", "id name");
        assert!(
            error.contains("the map's `id` names the column `key`"),
            "{error}"
        );
        assert!(!error.contains("did you mean"), "{error}");
    }

    #[test]
    fn a_file_without_ids_is_refused() {
        let error = refusal("", "name email");
        assert!(error.contains("no column holds the record's id"), "{error}");
        assert!(error.contains("its columns: name, email"), "{error}");
    }

    #[test]
    fn objects_are_opened_where_their_members_are_known() {
        let paths = columns(
            "id name name.first name.last address address.city tags tags.a contact contact.email contact.tier",
        );
        let plan = ColumnPlan::of_paths(&Map::default(), &paths).expect("a plan");
        let opened = |path| plan.opens(path);
        assert!(opened("name") && opened("contact"));
        assert!(!opened("address") && !opened("tags"));
        let mapped = Map::parse("[traits]\n\"address.city\" = \"addr.town\"").expect("a map");
        let plan =
            ColumnPlan::of_paths(&mapped, &columns("id addr addr.town addr.zip")).expect("a plan");
        assert!(plan.opens("addr"));
        assert_eq!(
            plan.uses("addr.zip")[0].to_string(),
            "addr_zip  (kept as a trait of its own name)"
        );
    }
}
