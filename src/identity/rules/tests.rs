//! Rules are read with errors that help, and say which values name nobody.

use super::*;

/// `rules.toml` is version 0 of every workspace, so what is stored was folded under it.
#[test]
fn the_rules_that_ship_are_these() {
    use data_encoding::HEXLOWER;
    use sha2::{Digest, Sha256};
    let hash = HEXLOWER.encode(&Sha256::digest(SHIPPED)[..8]);
    assert!(
        hash == "d9e80e0fff8bd784",
        "`rules.toml` was edited, and stored customers were folded under what it said before. If more than comments changed, \
         raise `packed::FORM`, so that databases are folded anew, and say so, when they are opened, and write in CHANGELOG.md \
         who is joined or parted by it; then write the hash `{hash}` here"
    );
}

/// The shipped rules with one text replaced by another.
fn changed(from: &str, to: &str) -> Result<Rules> {
    assert!(SHIPPED.contains(from), "{from}");
    Rules::parse(&SHIPPED.replacen(from, to, 1))
}

/// `PostHog` refuses these as ids ("cannot merge with illegal distinct id"), plain and quoted.
#[test]
fn placeholder_ids_name_nobody() {
    let rules = Rules::shipped();
    for value in [
        "anonymous",
        "guest",
        "distinctid",
        "distinct_id",
        "id",
        "not_authenticated",
        "email",
        "undefined",
        "true",
        "false",
        "[object Object]",
        "NaN",
        "None",
        "none",
        "null",
        "0",
        "Anonymous",
        "'null'",
        "\"undefined\"",
        " ",
        "00000000-0000-0000-0000-000000000000",
        "-1",
        "anonymousId",
    ] {
        assert!(rules.blocks("user_id", value), "{value:?}");
        assert!(rules.blocks("anonymous_id", value), "{value:?}");
    }
    for value in ["10", "guest-7", "u1", "identity"] {
        assert!(!rules.blocks("user_id", value), "{value:?}");
    }
    assert!(
        !rules.blocks("email", "null"),
        "contacts have a form of their own"
    );
}

#[test]
fn values_of_one_kind_can_be_blocked() {
    let blocked = changed(
        "form = \"email\"\n",
        "form = \"email\"\nblocked = [\"Info@example.com\"]\nblocked_patterns = [\"^no-?reply@\"]\n",
    )
    .expect("rules");
    assert!(blocked.blocks("email", "info@example.com"));
    assert!(blocked.blocks("email", "noreply@example.com"));
    assert!(!blocked.blocks("email", "ada@example.com"));
    assert!(!blocked.blocks("user_id", "info@example.com"));
}

#[test]
fn families_hold_kinds_that_are_not_listed() {
    let rules = Rules::shipped();
    assert_eq!(rules.rule("shopify_customer_id").class, Class::Record);
    assert_eq!(rules.rule("mention.email").class, Class::Mention);
    assert!(!rules.joins("mention.email", "ada@example.com"));
    let family =
        format!("{SHIPPED}\n[kinds.\"till.*\"]\nclass = \"device\"\npriority = 8\nlimit = 2\n");
    let rules = Rules::parse(&family).expect("rules");
    assert_eq!(rules.rule("till.id").limit, 2);
    assert_eq!(rules.rule("loyalty_id").limit, 5);
}

#[test]
fn a_broken_file_is_refused_with_its_line_and_reason() {
    let reason = |from: &str, to: &str| changed(from, to).expect_err("refused").to_string();
    let line = |text: &str| {
        let at = SHIPPED.find(text).expect("in the rules");
        SHIPPED[..at].lines().count()
    };
    for (from, to, at, words) in [
        (
            "class = \"person\"",
            "class = \"persons\"",
            "class = \"person\"",
            "unknown variant `persons`",
        ),
        (
            "limit = 1\n",
            "limit = 0\n",
            "limit = 1\n",
            "must be at least 1",
        ),
        (
            "limit = 1\n",
            "limits = 1\n",
            "limit = 1\n",
            "unknown field `limits`",
        ),
        (
            "from = [\"userId\"]",
            "from = [\"user.id\"]",
            "from = [\"userId\"]",
            "`user.id` is no field of an event",
        ),
        (
            "\"^[0-]*$\"",
            "\"^[0-\"",
            "patterns = [\"^",
            "is no regular expression",
        ),
        (
            "form = \"phone\"",
            "form = \"fone\"",
            "form = \"phone\"",
            "unknown variant `fone`",
        ),
        (
            "shared_above = 10",
            "shared_above = ten",
            "shared_above = 10",
            "shared_above",
        ),
    ] {
        let text = reason(from, to);
        assert!(text.contains(words), "{text}");
        assert!(
            text.contains(&format!("line {}", line(at) + 1)),
            "{at}: {text}"
        );
    }
    assert!(reason("[kinds.\"*\"]", "[kinds.\"x.*\"]").contains("is missing"));
    assert!(reason("[kinds.user_id]", "[kinds.\"User Id\"]").contains("is no kind"));
}

#[test]
fn a_window_ends_where_a_new_one_begins() {
    assert_eq!(Window::Day.since(Time::from_ms(DAY_MS)), Time::from_ms(1));
    assert_eq!(Window::Ever.since(Time::from_ms(5)), Time::MIN);
}
