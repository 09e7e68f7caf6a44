//! Forms of the content type `multipart/form-data`: their parts, and what is wrong with them.

use super::document::Field;

/// A part as it was sent.
struct Part<'body> {
    name: String,
    is_file: bool,
    content: &'body [u8],
}

/// Adds what is wrong with a form to `found`.
pub(super) fn check(fields: &[Field], content_type: &str, body: &[u8], found: &mut Vec<String>) {
    let parts = match parts(content_type, body) {
        Ok(parts) => parts,
        Err(reason) => {
            found.push(format!("the form {reason}"));
            return;
        }
    };
    for part in &parts {
        if !fields.iter().any(|field| field.name == part.name) {
            found.push(format!("the part `{}` is not declared", part.name));
        }
    }
    for field in fields {
        let given: Vec<_> = parts
            .iter()
            .filter(|part| part.name == field.name)
            .collect();
        if given.is_empty() && field.required {
            found.push(format!("the part `{}` is missing", field.name));
        }
        if field.file {
            if given.iter().any(|part| !part.is_file) {
                found.push(format!(
                    "the part `{}` is a file and has no file name",
                    field.name
                ));
            }
        } else if !given.is_empty() {
            let texts: Vec<_> = given
                .iter()
                .map(|part| String::from_utf8_lossy(part.content))
                .collect();
            let texts: Vec<_> = texts.iter().map(AsRef::as_ref).collect();
            match field.kind.value(&texts) {
                Ok(value) => found.extend(
                    field
                        .schema
                        .iter_errors(&value)
                        .map(|error| format!("the part `{}`: {error}", field.name)),
                ),
                Err(reason) => found.push(format!("the part `{}` {reason}", field.name)),
            }
        }
    }
}

fn parts<'body>(content_type: &str, body: &'body [u8]) -> Result<Vec<Part<'body>>, &'static str> {
    let boundary = attribute(content_type, "boundary").ok_or("has no boundary")?;
    let delimiter = format!("--{boundary}");
    let mut rest = body
        .strip_prefix(delimiter.as_bytes())
        .ok_or("does not begin with its boundary")?;
    let next = format!("\r\n{delimiter}");
    let mut parts = Vec::new();
    loop {
        if matches!(rest, b"--" | b"--\r\n") {
            return Ok(parts);
        }
        rest = rest
            .strip_prefix(b"\r\n")
            .ok_or("has a boundary that no line ends")?;
        let end = find(rest, next.as_bytes()).ok_or("does not end with its boundary")?;
        let (part, after) = rest.split_at(end);
        parts.push(self::part(part)?);
        rest = after.get(next.len()..).unwrap_or_default();
    }
}

fn part(bytes: &[u8]) -> Result<Part<'_>, &'static str> {
    const BLANK: &[u8] = b"\r\n\r\n";
    let end = find(bytes, BLANK).ok_or("has a part without an empty line")?;
    let (head, content) = bytes.split_at(end);
    let head = std::str::from_utf8(head).or(Err("has headers that are not UTF-8"))?;
    let disposition = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-disposition"))
        .map(|(_, value)| value.trim())
        .filter(|value| value.starts_with("form-data"))
        .ok_or("has a part without `Content-Disposition: form-data`")?;
    Ok(Part {
        name: attribute(disposition, "name").ok_or("has a part without a name")?,
        is_file: attribute(disposition, "filename").is_some()
            || attribute(disposition, "filename*").is_some(),
        content: content.get(BLANK.len()..).unwrap_or_default(),
    })
}

/// The value of `name=value` or `name="value"` behind the first `;` of a header.
fn attribute(header: &str, name: &str) -> Option<String> {
    let mut rest = header.split_once(';')?.1;
    loop {
        let (key, after) = rest.split_once('=')?;
        let (value, after) = if let Some(quoted) = after.trim_start().strip_prefix('"') {
            let mut value = String::new();
            let mut characters = quoted.chars();
            loop {
                match characters.next()? {
                    '"' => break,
                    '\\' => value.push(characters.next()?),
                    other => value.push(other),
                }
            }
            let after = characters.as_str();
            (value, after.split_once(';').map_or("", |(_, after)| after))
        } else {
            let (value, after) = after.split_once(';').unwrap_or((after, ""));
            (value.trim().to_owned(), after)
        };
        if key.trim().eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = after;
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}
