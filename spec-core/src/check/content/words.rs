//! Texts as the words they are made of, so that case, layout and punctuation do not count.

/// Marks that say nothing by themselves. Others stay: `<` and `>` change what is said.
fn is_mark(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '.' | ','
                | ';'
                | ':'
                | '!'
                | '?'
                | '"'
                | '\''
                | '`'
                | '*'
                | '_'
                | '('
                | ')'
                | '“'
                | '”'
                | '‘'
                | '’'
                | '„'
                | '«'
                | '»'
                | '…'
                | '•'
        )
}

/// The words of a text, each as its hash in lower case.
pub(super) fn words(text: &str) -> impl Iterator<Item = u64> {
    raw(text).map(hash)
}

/// The words as they are written.
pub(super) fn raw(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_mark)
        .filter(|word| !word.is_empty() && *word != "-")
}

pub(super) fn hash(word: &str) -> u64 {
    let lower = word.chars().flat_map(char::to_lowercase);
    lower.fold(SEED, |hash, c| mixed(hash, u64::from(u32::from(c))))
}

/// Start and step of FNV-1a: whoever makes two texts collide harms nobody else.
const SEED: u64 = 0xcbf2_9ce4_8422_2325;

fn mixed(hash: u64, value: u64) -> u64 {
    (hash ^ value).wrapping_mul(0x0100_0000_01b3)
}

/// What two texts have in common that say the same in the same words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Print {
    hash: u64,
    /// How many words.
    pub(super) words: usize,
}

pub(super) fn print(text: &str) -> Print {
    print_of(words(text))
}

pub(super) fn print_of(words: impl Iterator<Item = u64>) -> Print {
    let empty = Print {
        hash: SEED,
        words: 0,
    };
    words.fold(empty, |print, word| Print {
        hash: mixed(print.hash, word).rotate_left(29),
        words: print.words + 1,
    })
}

/// The text without what it quotes: between backticks, or between quotation marks. A mark without
/// its partner quotes nothing.
pub(super) fn without_quotes(text: &str) -> String {
    const PAIRS: [(char, char); 5] = [('`', '`'), ('"', '"'), ('“', '”'), ('„', '“'), ('«', '»')];
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    // Once a mark has no partner, none of its kind has one further on.
    let mut unpaired = [false; 5];
    loop {
        let next = rest.char_indices().find_map(|(at, c)| {
            let kind = PAIRS
                .iter()
                .zip(unpaired)
                .position(|((open, _), unpaired)| *open == c && !unpaired)?;
            Some((at, c, kind))
        });
        let Some((at, open, kind)) = next else {
            kept.push_str(rest);
            return kept;
        };
        kept.push_str(rest.get(..at).unwrap_or_default());
        let inner = rest.get(at + open.len_utf8()..).unwrap_or_default();
        let close = PAIRS.get(kind).map_or(open, |(_, close)| *close);
        if let Some((_, after)) = inner.split_once(close) {
            kept.push(' ');
            rest = after;
        } else {
            kept.push(open);
            rest = inner;
            if let Some(unpaired) = unpaired.get_mut(kind) {
                *unpaired = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_layout_and_punctuation_do_not_count_and_signs_do() {
        let same = print("Print the  LAST, newest first.");
        assert_eq!(same, print("print (the) last newest\nfirst"));
        assert_eq!(same.words, 5);
        assert_ne!(print("a < 5"), print("a > 5"));
        assert_ne!(print("ab c"), print("a bc"));
    }

    #[test]
    fn what_is_quoted_is_left_out() {
        assert_eq!(without_quotes("a `b` “c” d"), "a     d");
        assert_eq!(without_quotes("it's `open \"x\" “y"), "it's `open   “y");
        assert_eq!(without_quotes("„x“ «y» z"), "    z");
    }
}
