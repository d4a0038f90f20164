//! Keys of the wire's behaviors map (contract §2.10).

use super::Behavior;
use std::collections::BTreeSet;

/// The key of a behavior's name: words that capitals run together are parted by `_`, `-` becomes `_`, all is
/// lower case, spaces stay.
pub fn map_key(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut key = String::with_capacity(name.len() + 4);
    for (at, &letter) in letters.iter().enumerate() {
        let previous = at.checked_sub(1).map(|before| letters[before]);
        if letter.is_ascii_uppercase()
            && previous.is_some_and(|previous| begins_word(previous, letters.get(at + 1).copied()))
        {
            key.push('_');
        }
        match letter {
            '-' => key.push('_'),
            other => key.extend(other.to_lowercase()),
        }
    }
    key
}

/// Whether a capital between these two letters begins a word: after a lower-case letter or a digit, or as the
/// last capital of a run.
fn begins_word(previous: char, next: Option<char>) -> bool {
    previous.is_ascii_lowercase()
        || previous.is_ascii_digit()
        || previous.is_ascii_uppercase() && next.is_some_and(|next| next.is_ascii_lowercase())
}

/// One key for each behavior, in their order, all different: a key that an earlier behavior has taken gets
/// ` (<behavior_id>)` appended.
pub fn map_keys<'a>(behaviors: impl IntoIterator<Item = &'a Behavior>) -> Vec<String> {
    let mut taken = BTreeSet::new();
    behaviors
        .into_iter()
        .map(|behavior| {
            let mut key = map_key(&behavior.name);
            while !taken.insert(key.clone()) {
                key = format!("{key} ({})", behavior.id);
            }
            key
        })
        .collect()
}
