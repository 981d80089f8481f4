//! The uses of a column, recognised by its name or named in a map.

use super::alias::{GROUPS, OTHERS, OWNERS, PARTS, RECORD_IDS, TRAITS, UPDATE_TIMES};
use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

/// The meaning of the values of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The record's id.
    Id,
    /// The company's own id of the customer.
    UserId,
    /// When the record last changed.
    UpdatedAt,
    /// A trait.
    Trait(String),
    /// A part of an address; a record can have several named addresses.
    Part { address: String, part: String },
    /// A whole address.
    Address(String),
    /// The column is ignored.
    LeftOut,
}

/// One use of a column, and its position among the columns of the same use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Use {
    pub role: Role,
    pub place: usize,
    /// Whether the column is stored under its own name because its name is not recognised.
    pub own: bool,
}

impl Use {
    pub fn new(role: Role, place: usize) -> Self {
        Self {
            role,
            place,
            own: false,
        }
    }

    /// A column that is stored as a trait of its own name, after all columns that are mapped to
    /// that trait.
    pub fn own(column: &str) -> Self {
        let name = snake(column);
        let role = if name == "address" {
            Role::Address(String::new())
        } else {
            Role::Trait(name)
        };
        Self {
            role,
            place: usize::MAX,
            own: true,
        }
    }
}

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.role {
            Role::Id => f.write_str("the record's id"),
            Role::UserId => f.write_str("user_id"),
            Role::UpdatedAt => f.write_str("updated_at"),
            Role::Trait(name) => f.write_str(name),
            Role::Part { address, part } if address.is_empty() => write!(f, "address.{part}"),
            Role::Part { address, part } => write!(f, "address.{address}.{part}"),
            Role::Address(_) => f.write_str("address"),
            Role::LeftOut => f.write_str("left out"),
        }?;
        if self.own {
            f.write_str("  (kept as a trait of its own name)")?;
        }
        Ok(())
    }
}

/// Whether the trait is a standard one, whose values are text. Values of other traits are stored
/// unchanged.
pub(super) fn is_known(name: &str) -> bool {
    TRAITS.iter().any(|(known, _)| *known == name)
}

static KNOWN: LazyLock<HashMap<&str, Use>> = LazyLock::new(|| {
    let whole = |name: &str| match name {
        "address" => Role::Address(String::new()),
        name => Role::Trait(name.to_owned()),
    };
    let traits = TRAITS.iter().flat_map(|(name, aliases)| {
        aliases
            .split(' ')
            .map(|alias| (alias, Use::new(whole(name), 0)))
    });
    let parts = PARTS.iter().flat_map(|(part, place, aliases)| {
        let role = Role::Part {
            address: String::new(),
            part: (*part).to_owned(),
        };
        aliases
            .split(' ')
            .map(move |alias| (alias, Use::new(role.clone(), *place)))
    });
    traits.chain(parts).collect()
});

/// Recognises a column by its name.
pub(super) fn recognise(column: &str) -> Option<Use> {
    let plain = plain(column);
    if OTHERS.contains(&plain.as_str()) {
        return None;
    }
    by_plain(&plain).or_else(|| {
        let owners = OWNERS
            .split(' ')
            .filter_map(|owner| plain.strip_prefix(owner));
        owners.filter(|rest| !rest.is_empty()).find_map(by_plain)
    })
}

fn by_plain(plain: &str) -> Option<Use> {
    KNOWN
        .get(plain)
        .cloned()
        .or_else(|| grouped(plain))
        .or_else(|| numbered(plain))
}

/// Recognises names with a prefix or number: `billingcity`, `homeaddressline1`, `address2city`,
/// `workphone`.
fn grouped(plain: &str) -> Option<Use> {
    for group in GROUPS.split(' ').filter(|group| plain.starts_with(group)) {
        let rest = &plain[group.len()..];
        let part = rest.strip_prefix("address").unwrap_or(rest);
        let whole = rest == "address" || rest == "addresses";
        if whole || (part.is_empty() && matches!(group, "billing" | "shipping" | "mailing")) {
            return Some(Use::new(Role::Address(group.to_owned()), 1));
        }
        let names = [rest, part];
        let named = names.iter().filter_map(|name| KNOWN.get(name).cloned());
        for Use { role, place, .. } in numbered(rest).into_iter().chain(named) {
            match role {
                Role::Part { part, .. } => {
                    return Some(Use::new(
                        Role::Part {
                            address: group.to_owned(),
                            part,
                        },
                        place,
                    ));
                }
                Role::Trait(name)
                    if matches!(name.as_str(), "email" | "phone" | "organization") =>
                {
                    return Some(Use::new(Role::Trait(name), 0));
                }
                _ => {}
            }
        }
    }
    let rest = plain.strip_prefix("address")?;
    let part = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = &rest[..rest.len() - part.len()];
    match KNOWN.get(part)? {
        Use {
            role: Role::Part { part, .. },
            place,
            ..
        } => Some(Use::new(
            Role::Part {
                address: number.to_owned(),
                part: part.clone(),
            },
            *place,
        )),
        _ => None,
    }
}

/// Recognises one of several mailboxes or phones: `email2`, `phone1value`.
fn numbered(plain: &str) -> Option<Use> {
    let name: String = plain.chars().filter(|c| !c.is_ascii_digit()).collect();
    if name.len() == plain.len() {
        return None;
    }
    let list =
        |used: &&Use| matches!(&used.role, Role::Trait(name) if name == "email" || name == "phone");
    KNOWN.get(name.as_str()).filter(list).cloned()
}

/// The best of these columns for the record's id.
pub(super) fn record_id(columns: &[String]) -> Option<&String> {
    first_of(columns, RECORD_IDS)
}

/// The best of these columns for the time of the last change.
pub(super) fn update_time(columns: &[String]) -> Option<&String> {
    first_of(columns, UPDATE_TIMES)
}

fn first_of<'c>(columns: &'c [String], names: &str) -> Option<&'c String> {
    let plain: Vec<String> = columns.iter().map(|column| self::plain(column)).collect();
    let at = names
        .split(' ')
        .find_map(|name| plain.iter().position(|plain| plain == name));
    at.map(|at| &columns[at])
}

/// The letters and digits of a name, in lower case and without accents.
pub(super) fn plain(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for c in name
        .chars()
        .flat_map(char::to_lowercase)
        .filter(|c| c.is_alphanumeric())
    {
        match c {
            'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => plain.push('a'),
            'è' | 'é' | 'ê' | 'ë' => plain.push('e'),
            'ì' | 'í' | 'î' | 'ï' => plain.push('i'),
            'ò' | 'ó' | 'ô' | 'õ' | 'ö' => plain.push('o'),
            'ù' | 'ú' | 'û' | 'ü' => plain.push('u'),
            'ç' => plain.push('c'),
            'ñ' => plain.push('n'),
            'ß' => plain.push_str("ss"),
            c => plain.push(c),
        }
    }
    plain
}

/// A name in `snake_case`, so that `Favourite Colour` and `favouriteColour` are the same trait.
pub(super) fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    let (mut before, mut gap) = (' ', false);
    let chars: Vec<char> = name.chars().collect();
    for (at, c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() {
            gap = true;
        } else {
            let next_lower = chars.get(at + 1).is_some_and(|next| next.is_lowercase());
            let hump = c.is_uppercase()
                && (before.is_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_uppercase() && next_lower));
            if (gap || hump) && !snake.is_empty() {
                snake.push('_');
            }
            snake.extend(c.to_lowercase());
            gap = false;
        }
        before = *c;
    }
    if snake.is_empty() {
        "column".to_owned()
    } else {
        snake
    }
}

#[cfg(test)]
mod tests;
