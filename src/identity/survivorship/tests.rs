//! How rules are read and written, and which are refused.

use super::*;

fn parse(text: &str) -> Result<Survivorship, String> {
    let rules: Survivorship = toml::from_str(text).map_err(|error| error.to_string())?;
    rules.check().map_err(|error| error.to_string())?;
    Ok(rules)
}

#[test]
fn rules_are_read_and_written() {
    let text = r#"
        default = "source_priority"
        sources = ["crm", "shop"]
        [traits]
        birthday = "most_frequent"
        address = { rule = "source_priority", sources = ["billing", "crm"] }
        plan = { rule = "source_priority" }
    "#;
    let rules = parse(text).expect("good rules");
    let of = |name: &str| (rules.of(name).0, rules.of(name).1.join(" "));
    assert_eq!(
        of("birthday"),
        (SurvivorshipRule::MostFrequent, "crm shop".to_owned())
    );
    assert_eq!(
        of("address"),
        (SurvivorshipRule::SourcePriority, "billing crm".to_owned())
    );
    assert_eq!(
        of("plan"),
        (SurvivorshipRule::SourcePriority, "crm shop".to_owned())
    );
    assert_eq!(
        of("name"),
        (SurvivorshipRule::SourcePriority, "crm shop".to_owned())
    );
    let written = toml::to_string(&rules).expect("TOML");
    assert_eq!(parse(&written).expect("what was written"), rules);
    assert_eq!(parse("").expect("nothing"), Survivorship::default());
}

#[test]
fn a_refusal_says_what_to_change() {
    let refused = |text: &str| parse(text).expect_err(text);
    for text in [
        "default = \"newes\"",
        "[traits]\nplan = \"newes\"",
        "[traits]\nplan = { rule = \"newes\" }",
    ] {
        let error = refused(text);
        assert!(
            error.contains("no rule `newes`; there are newest, most_frequent"),
            "{error}"
        );
        assert!(error.contains("line "), "{error}");
    }
    assert!(refused("[traits]\nplan = { rul = \"newest\" }").contains("unknown field `rul`"));
    assert!(refused("defaults = \"newest\"").contains("unknown field `defaults`"));
    assert!(refused("[traits]\nplan = 5").contains("a rule, or a table with `rule` and `sources`"));
    let refused = |text: &str| refused(text).replace("survivorship: ", "");
    insta::assert_snapshot!(
        refused("default = \"source_priority\""),
        @r#"`default` is source_priority without an order; list `sources`, such as `sources = ["crm", "shop"]`"#
    );
    insta::assert_snapshot!(
        refused("[traits]\nplan = \"source_priority\""),
        @r#"trait `plan` is source_priority without an order; list `sources`, such as `sources = ["crm", "shop"]`"#
    );
    insta::assert_snapshot!(
        refused("sources = [\"crm\", \"crm\"]"),
        @"`sources` lists the source `crm` twice; once is enough"
    );
    insta::assert_snapshot!(
        refused("[traits]\nplan = { rule = \"longest\", sources = [\"crm\"] }"),
        @"trait `plan` has `sources`, which only the rule source_priority reads; remove them or change the rule"
    );
}
