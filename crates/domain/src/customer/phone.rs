//! Phone numbers as keys.

use super::limits::PHONE_DIGITS;

/// The form in which two spellings of one phone number are equal: its digits, after a plus sign where one was
/// given. `None` if the text is no phone number.
pub fn phone_key(text: &str) -> Option<String> {
    let text = text.trim();
    let (plus, rest) = match text.strip_prefix('+') {
        Some(rest) => ("+", rest),
        None => ("", text),
    };
    let mut key = String::from(plus);
    for character in rest.chars() {
        match character {
            '0'..='9' => key.push(character),
            ' ' | '-' | '.' | '(' | ')' | '/' => {}
            _ => return None,
        }
    }
    PHONE_DIGITS.contains(&(key.len() - plus.len())).then_some(key)
}
