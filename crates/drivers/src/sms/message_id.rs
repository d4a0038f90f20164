//! The names of messages, which centres write in one way when they take a message and in another when they
//! tell about it.

use super::settings::MessageIdForm;
use muster_app::ports::message_id_key;

/// The names under which a receipt's message may be known, the likeliest first: as received, then the keys
/// (see [`message_id_key`]) of its readings.
pub(crate) fn candidates(received: &str, form: MessageIdForm) -> Vec<String> {
    let key = message_id_key(received);
    // The parsers of the standard library would take a sign.
    let number = |radix: u32| {
        let digits = key.bytes().all(|octet| char::from(octet).is_digit(radix));
        digits.then(|| u128::from_str_radix(&key, radix).ok()).flatten()
    };
    let hexadecimal = || number(10).map(|number| format!("{number:x}"));
    let decimal = || number(16).map(|number| number.to_string());
    let mut names = Vec::with_capacity(4);
    let mut add = |name: Option<String>| {
        if let Some(name) = name.filter(|name| !names.contains(name)) {
            names.push(name);
        }
    };
    match form {
        MessageIdForm::Any => {
            add(Some(received.to_owned()));
            add(Some(key.clone()));
            add(hexadecimal());
            add(decimal());
        }
        MessageIdForm::Same => {
            add(Some(received.to_owned()));
            add(Some(key.clone()));
        }
        MessageIdForm::HexThenDecimal => add(Some(hexadecimal().unwrap_or_else(|| received.to_owned()))),
        MessageIdForm::DecimalThenHex => add(Some(decimal().unwrap_or_else(|| received.to_owned()))),
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn c72_a_name_is_read_both_ways() {
        use MessageIdForm::{Any, DecimalThenHex, HexThenDecimal, Same};
        for (received, form, expected) in [
            ("1234", Any, &["1234", "4d2", "4660"][..]),
            ("0012AB", Any, &["0012AB", "12ab", "4779"]),
            ("000123", Any, &["000123", "123", "7b", "291"]),
            ("5", Any, &["5"]),
            ("msg-7f", Any, &["msg-7f"]),
            ("MSG-7F", Any, &["MSG-7F", "msg-7f"]),
            ("0", Any, &["0"]),
            ("00", Any, &["00", "0"]),
            ("", Any, &[""]),
            ("340282366920938463463374607431768211456", Any, &["340282366920938463463374607431768211456"]),
            ("12AB", Same, &["12AB", "12ab"]),
            ("255", HexThenDecimal, &["ff"]),
            ("00FF", DecimalThenHex, &["255"]),
            ("x1", HexThenDecimal, &["x1"]),
            ("+5", Any, &["+5"]),
        ] {
            assert_eq!(candidates(received, form), expected, "{received} {form:?}");
        }
    }

    proptest! {
        #[test]
        fn c72_whatever_the_two_ways_of_writing_the_receipt_is_found(
            number: u64,
            width in 0_usize..20,
            response_hex: bool,
            receipt_hex: bool,
            upper: bool,
        ) {
            let write = |hex: bool, width: usize| {
                let text = if hex { format!("{number:0width$x}") } else { format!("{number:0width$}") };
                if upper { text.to_uppercase() } else { text }
            };
            let given = message_id_key(&write(response_hex, width));
            let told = candidates(&write(receipt_hex, 0), MessageIdForm::Any);
            prop_assert!(told.contains(&given), "{given} not in {told:?}");
        }
    }
}
