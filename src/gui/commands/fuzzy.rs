//! Finds what was meant by a few letters.

/// How well a text fits, and which of its characters did.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// Larger is better.
    pub score: i32,
    /// Indices of characters, ascending.
    pub hits: Vec<usize>,
}

const START_OF_WORD: i32 = 12;
const CONSECUTIVE: i32 = 8;
const START_OF_TEXT: i32 = 8;
const GAP: i32 = 1;

/// Whether the letters of `query` occur in `text` in order, and how well: beginnings of words
/// and runs count most. An empty query fits everything equally.
///
/// The best of all placements, by dynamic programming over both texts.
pub fn score(query: &str, text: &str) -> Option<Match> {
    let wanted: Vec<char> = query.to_lowercase().chars().filter(|c| !c.is_whitespace()).collect();
    let letters: Vec<char> = text.chars().flat_map(|c| c.to_lowercase().next()).collect();
    if wanted.is_empty() {
        return Some(Match { score: 0, hits: Vec::new() });
    }
    // best[i][j]: the best score with letter i of the query on letter j of the text.
    let mut best = vec![vec![None::<(i32, usize)>; letters.len()]; wanted.len()];
    for (i, &letter) in wanted.iter().enumerate() {
        // The best end of the previous letter so far, with the gap that follows counted off.
        let mut carried: Option<(i32, usize)> = None;
        for j in 0..letters.len() {
            if i > 0 && j > 0 {
                let fresh = best[i - 1][j - 1].map(|(score, _)| (score, j - 1));
                carried = match (carried.map(|(score, at)| (score - GAP, at)), fresh) {
                    (Some(old), Some(new)) => Some(if new.0 >= old.0 { new } else { old }),
                    (old, new) => old.or(new),
                };
            }
            if letters[j] != letter {
                continue;
            }
            let place = place_score(&letters, j);
            best[i][j] = if i == 0 {
                Some((place - GAP * (j as i32).min(10), usize::MAX))
            } else {
                let run = (j > 0).then(|| best[i - 1][j - 1]).flatten().map(|(s, _)| (s + CONSECUTIVE, j - 1));
                [run, carried].into_iter().flatten().max_by_key(|(score, _)| *score).map(|(s, from)| (s + place, from))
            };
        }
    }
    trace(&best)
}

fn place_score(letters: &[char], at: usize) -> i32 {
    match at.checked_sub(1).map(|before| letters[before]) {
        None => START_OF_WORD + START_OF_TEXT,
        Some(before) if !before.is_alphanumeric() => START_OF_WORD,
        Some(_) => 1,
    }
}

/// Walks back from the best end.
fn trace(best: &[Vec<Option<(i32, usize)>>]) -> Option<Match> {
    let last = best.last()?;
    let (mut at, score) =
        last.iter().enumerate().filter_map(|(j, cell)| Some((j, cell.as_ref()?.0))).max_by_key(|(_, score)| *score)?;
    let mut hits = Vec::with_capacity(best.len());
    for row in best.iter().rev() {
        hits.push(at);
        at = row[at]?.1;
    }
    hits.reverse();
    Some(Match { score, hits })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(query: &str, texts: &[&str]) -> String {
        let fits = texts.iter().filter_map(|text| Some((score(query, text)?.score, *text)));
        fits.max_by_key(|(score, _)| *score).map(|(_, text)| text.to_owned()).unwrap_or_default()
    }

    #[test]
    fn beginnings_of_words_win() {
        assert_eq!(best("or", &["Go to Monitor", "Open run brisk-heron"]), "Open run brisk-heron");
        assert_eq!(best("des", &["Models", "Go to Designer", "Show or hide the side"]), "Go to Designer");
        assert_eq!(best("imp", &["Simple", "Import data…"]), "Import data…");
    }

    #[test]
    fn letters_out_of_order_do_not_fit() {
        assert_eq!(score("nur", "run"), None);
        assert_eq!(score("", "run").map(|m| m.score), Some(0));
    }

    proptest::proptest! {
        #[test]
        fn hits_spell_the_query(query in "[a-z]{1,5}", text in "[a-z ]{0,30}") {
            if let Some(found) = score(&query, &text) {
                let letters: Vec<char> = text.chars().collect();
                let spelt: String = found.hits.iter().map(|&i| letters[i]).collect();
                proptest::prop_assert_eq!(spelt, query);
                proptest::prop_assert!(found.hits.is_sorted());
            } else {
                let mut rest = text.chars();
                proptest::prop_assert!(!query.chars().all(|c| rest.any(|r| r == c)));
            }
        }
    }
}
