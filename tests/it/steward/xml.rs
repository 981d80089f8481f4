//! Whether a text is a well-formed XML document without a declaration, entities of its own,
//! comments or CDATA.

/// The names of its elements.
pub fn tags(text: &str) -> Result<Vec<String>, String> {
    let (mut rest, mut open, mut found) = (text, Vec::<String>::new(), Vec::new());
    if text
        .chars()
        .any(|c| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}'))
    {
        return Err("a character that XML has not".to_owned());
    }
    while !rest.is_empty() {
        let (before, after) = rest.split_once('<').unwrap_or((rest, ""));
        characters(before, "<>")?;
        if open.is_empty() && !before.is_empty() {
            return Err(format!("`{before}` is outside of everything"));
        }
        if after.is_empty() {
            break;
        }
        let (tag, after) = after.split_once('>').ok_or("a tag that never ends")?;
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop().as_deref() != Some(name) {
                return Err(format!("</{name}> ends nothing"));
            }
            continue;
        }
        let (name, empty) = element(tag)?;
        if open.is_empty() && !found.is_empty() {
            return Err(format!("<{name}> is a second root"));
        }
        found.push(name.clone());
        if !empty {
            open.push(name);
        }
    }
    match open.pop() {
        Some(name) => Err(format!("<{name}> never ends")),
        None => Ok(found),
    }
}

/// The name of an element and whether it is empty.
fn element(tag: &str) -> Result<(String, bool), String> {
    let (tag, empty) = tag
        .strip_suffix('/')
        .map_or((tag, false), |tag| (tag, true));
    let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Err(format!("`{name}` is no name"));
    }
    let mut attributes = Vec::new();
    while !rest.trim().is_empty() {
        let (key, after) = rest
            .trim_start()
            .split_once("=\"")
            .ok_or(format!("`{rest}` is no attribute"))?;
        let (value, after) = after.split_once('"').ok_or("a quote that never ends")?;
        if attributes.contains(&key) || !key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        {
            return Err(format!("the attribute `{key}`"));
        }
        characters(value, "<")?;
        attributes.push(key);
        rest = after;
    }
    Ok((name.to_owned(), empty))
}

/// Characters and references to the five that XML knows, or to one by number.
fn characters(text: &str, none_of: &str) -> Result<(), String> {
    if let Some(bad) = text.chars().find(|c| none_of.contains(*c)) {
        return Err(format!("`{bad}` in `{text}`"));
    }
    for after in text.split('&').skip(1) {
        let (name, _) = after.split_once(';').ok_or(format!("`&` in `{text}`"))?;
        let number = name
            .strip_prefix('#')
            .is_some_and(|number| number.parse::<u32>().is_ok());
        if !number && !["amp", "lt", "gt", "quot", "apos"].contains(&name) {
            return Err(format!("`&{name};`"));
        }
    }
    Ok(())
}
