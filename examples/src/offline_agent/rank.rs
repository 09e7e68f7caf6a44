//! Which files matter for some words: BM25 over paths and contents.

use std::collections::{BTreeMap, HashMap};

use spec_core::artifact::Evidence;

use super::scan::{Repository, SourceFile};
use super::words::{stem, words};

const K1: f64 = 1.2;
const B: f64 = 0.75;
/// A word in the path says more about a file than a word in its text.
const PATH_WEIGHT: f64 = 4.0;

/// Words that code uses for what prose calls otherwise; both stemmed.
const ALIASES: &[(&str, &[&str])] = &[
    ("authenticat", &["auth", "login", "session", "credential"]),
    ("login", &["auth", "signin", "session"]),
    ("database", &["db", "sql"]),
    ("configurat", &["config", "setting"]),
    ("set", &["config"]),
    ("endpoint", &["route", "handl"]),
    ("parameter", &["param", "arg"]),
    ("option", &["arg", "flag"]),
    ("flag", &["arg", "option"]),
    ("command", &["cli", "cmd"]),
    ("log", &["logg", "trac"]),
    ("messag", &["msg"]),
    ("request", &["req"]),
    ("respons", &["resp"]),
    ("email", &["mail", "smtp"]),
];

/// How often each word stands in each file.
#[derive(Debug, Default)]
pub(crate) struct Index<'a> {
    documents: Vec<Document<'a>>,
    /// Number of files that hold a word.
    spread: HashMap<String, u32>,
    mean_length: f64,
}

#[derive(Debug)]
struct Document<'a> {
    file: &'a SourceFile,
    path: Vec<String>,
    counts: HashMap<String, u32>,
    length: f64,
}

/// A file with the words it was found by, the best first.
#[derive(Debug, Clone)]
pub(crate) struct Hit<'a> {
    pub(crate) file: &'a SourceFile,
    pub(crate) score: f64,
    /// Stems that occur.
    pub(crate) words: Vec<String>,
}

impl<'a> Index<'a> {
    pub(crate) fn new(repository: &'a Repository) -> Self {
        let mut stems: HashMap<String, String> = HashMap::new();
        let mut index = Self::default();
        for file in &repository.files {
            let Some(text) = file.text.as_deref().filter(|_| file.language.is_some()) else {
                continue;
            };
            let mut counts: HashMap<String, u32> = HashMap::new();
            let mut length = 0_u32;
            for word in words(text) {
                length = length.saturating_add(1);
                let stem = stems.entry(word).or_insert_with_key(|word| stem(word));
                if let Some(count) = counts.get_mut(stem) {
                    *count += 1;
                } else {
                    counts.insert(stem.clone(), 1);
                }
            }
            for word in counts.keys() {
                *index.spread.entry(word.clone()).or_default() += 1;
            }
            let path = words(&file.path).iter().map(|word| stem(word)).collect();
            index.documents.push(Document {
                file,
                path,
                counts,
                length: f64::from(length),
            });
        }
        let total: f64 = index.documents.iter().map(|document| document.length).sum();
        index.mean_length = total / count(index.documents.len()).max(1.0);
        index
    }

    /// The files that hold any of the stems, best first; equal scores in the order of paths.
    pub(crate) fn search(&self, query: &[String]) -> Vec<Hit<'a>> {
        let mut weights: BTreeMap<&str, f64> = BTreeMap::new();
        for word in query {
            weights.insert(word, 1.0);
        }
        for word in query {
            let aliases = ALIASES
                .iter()
                .filter(|(known, _)| known == word)
                .flat_map(|(_, others)| *others);
            for alias in aliases {
                weights.entry(alias).or_insert(0.5);
            }
        }
        let mut hits: Vec<Hit<'a>> = self
            .documents
            .iter()
            .filter_map(|d| self.score(d, &weights))
            .collect();
        hits.sort_by(|a, b| {
            b.score
                .total_cmp(&a.score)
                .then_with(|| a.file.path.cmp(&b.file.path))
        });
        hits
    }

    fn score(&self, document: &Document<'a>, weights: &BTreeMap<&str, f64>) -> Option<Hit<'a>> {
        let files = count(self.documents.len());
        let mut score = 0.0;
        let mut found = Vec::new();
        for (word, weight) in weights {
            let times = f64::from(document.counts.get(*word).copied().unwrap_or(0));
            let in_path = document.path.iter().any(|part| part == word);
            if times == 0.0 && !in_path {
                continue;
            }
            let spread = f64::from(self.spread.get(*word).copied().unwrap_or(0)).max(1.0);
            let rarity = ((files - spread + 0.5) / (spread + 0.5) + 1.0).ln();
            let norm = K1 * (1.0 - B + B * document.length / self.mean_length.max(1.0));
            let times = times + if in_path { PATH_WEIGHT } else { 0.0 };
            score += weight * rarity * times * (K1 + 1.0) / (times + norm);
            found.push((*word).to_owned());
        }
        let file = document.file;
        let share = if file.is_test() || file.is_secondary() {
            0.3
        } else if file.is_code() {
            1.0
        } else {
            0.15
        };
        (score > 0.0).then_some(Hit {
            file,
            score: score * share,
            words: found,
        })
    }
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

impl Hit<'_> {
    /// The line that shows best why the file was found: most words, a definition before other lines.
    pub(crate) fn evidence(&self) -> Option<Evidence> {
        // A word of the idea shows more than a word that code uses in its place.
        let aliases: Vec<&str> = ALIASES
            .iter()
            .flat_map(|(_, others)| *others)
            .copied()
            .collect();
        let (code_words, typed): (Vec<&String>, Vec<&String>) = self
            .words
            .iter()
            .partition(|word| aliases.contains(&word.as_str()));
        let best = self
            .best_line(&typed)
            .or_else(|| self.best_line(&code_words))?;
        self.file.evidence_at(best.0, best.1)
    }

    fn best_line(&self, wanted: &[&String]) -> Option<(u32, &str)> {
        self.file
            .lines()
            .filter(|(_, line)| line.len() <= 400)
            .filter_map(|(number, line)| {
                let stems: Vec<String> = words(line).iter().map(|word| stem(word)).collect();
                let hits = wanted.iter().filter(|word| stems.contains(word)).count();
                (hits > 0).then_some((hits, is_definition(line), number, line))
            })
            .max_by_key(|(hits, definition, number, _)| {
                (*hits + usize::from(*definition), std::cmp::Reverse(*number))
            })
            .map(|(_, _, number, line)| (number, line))
    }
}

fn is_definition(line: &str) -> bool {
    let line = line.trim_start();
    [
        "pub fn ",
        "pub async fn ",
        "fn ",
        "async fn ",
        "pub struct ",
        "pub enum ",
        "pub trait ",
        "impl ",
        "def ",
        "async def ",
        "class ",
        "function ",
        "export ",
        "func ",
        "type ",
        "interface ",
        "public ",
        "module ",
    ]
    .iter()
    .any(|start| line.starts_with(start))
}
