//! Languages, by the ends of file names.

/// A language that the scan knows by its file names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Language {
    pub(crate) name: &'static str,
    /// Code counts when the main language is chosen; text and data do not.
    pub(crate) code: bool,
    extensions: &'static [&'static str],
}

impl Language {
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name == name
    }

    /// The extension that new files of this language get.
    pub(crate) fn extension(&self) -> &'static str {
        self.extensions.first().copied().unwrap_or_default()
    }
}

const fn code(name: &'static str, extensions: &'static [&'static str]) -> Language {
    Language {
        name,
        code: true,
        extensions,
    }
}

const fn other(name: &'static str, extensions: &'static [&'static str]) -> Language {
    Language {
        name,
        code: false,
        extensions,
    }
}

static LANGUAGES: &[Language] = &[
    code("Rust", &["rs"]),
    code("Python", &["py", "pyi"]),
    code("JavaScript", &["js", "mjs", "cjs", "jsx"]),
    code("TypeScript", &["ts", "tsx", "mts", "cts"]),
    code("Go", &["go"]),
    code("Java", &["java"]),
    code("Kotlin", &["kt", "kts"]),
    code("Scala", &["scala"]),
    code("C", &["c", "h"]),
    code("C++", &["cpp", "cc", "cxx", "hpp", "hh"]),
    code("C#", &["cs"]),
    code("Ruby", &["rb"]),
    code("PHP", &["php"]),
    code("Swift", &["swift"]),
    code("Elixir", &["ex", "exs"]),
    code("Haskell", &["hs"]),
    code("Lua", &["lua"]),
    code("Dart", &["dart"]),
    code("Zig", &["zig"]),
    code("Vue", &["vue"]),
    code("Svelte", &["svelte"]),
    code("Shell", &["sh", "bash", "zsh"]),
    code("PowerShell", &["ps1"]),
    code("Perl", &["pl", "pm"]),
    code("R", &["r"]),
    code("Julia", &["jl"]),
    other("SQL", &["sql"]),
    other("GraphQL", &["graphql", "gql"]),
    other("Protocol Buffers", &["proto"]),
    other("Prisma", &["prisma"]),
    other("HTML", &["html", "htm"]),
    other("CSS", &["css", "scss", "sass", "less"]),
    other("Markdown", &["md", "markdown"]),
    other("reStructuredText", &["rst"]),
    other("Text", &["txt"]),
    other("JSON", &["json"]),
    other("YAML", &["yaml", "yml"]),
    other("TOML", &["toml"]),
    other("XML", &["xml"]),
    other("INI", &["ini", "cfg"]),
];

/// The language of the file of this name.
pub(crate) fn language_of(path: &str) -> Option<&'static Language> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let (stem, extension) = name.rsplit_once('.')?;
    if stem.is_empty() {
        return None;
    }
    let extension = extension.to_ascii_lowercase();
    LANGUAGES
        .iter()
        .find(|language| language.extensions.contains(&extension.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_name_tells_the_language() {
        assert_eq!(language_of("src/main.rs").map(|l| l.name), Some("Rust"));
        assert_eq!(
            language_of("a.b/App.TSX").map(|l| l.name),
            Some("TypeScript")
        );
        assert_eq!(language_of(".py"), None);
        assert_eq!(language_of("Makefile"), None);
    }
}
