//! Keys of the behaviors map.

use super::fixtures::count;
use crate::behavior::{Behavior, map_key, map_keys};
use crate::ids::BehaviorId;

#[test]
fn keys_are_underscored_names() {
    for (name, key) in [
        ("TEstt0714441 Campaign Action 1", "t_estt0714441 campaign action 1"),
        ("super user 12", "super user 12"),
        ("participation challenge", "participation challenge"),
        ("Participation Challenge", "participation challenge"),
        ("HTMLParser", "html_parser"),
        ("parseHTML", "parse_html"),
        ("Level2Boss", "level2_boss"),
        ("A1Bc2De", "a1_bc2_de"),
        ("X2Y", "x2_y"),
        ("ABC", "abc"),
        ("sign-up", "sign_up"),
        ("Sign-Up", "sign_up"),
        ("already_under_scored", "already_under_scored"),
        ("ÜberÄra", "überära"),
        ("", ""),
        ("A", "a"),
    ] {
        assert_eq!(map_key(name), key, "{name}");
    }
}

fn named(id: i64, name: &str) -> Behavior {
    Behavior { id: BehaviorId(id), name: name.to_owned(), ..count(1) }
}

#[test]
fn colliding_keys_carry_the_id() {
    let keys = map_keys(&[
        named(1, "Sign-Up"),
        named(2, "sign up"),
        named(3, "sign_up"),
        named(4, "SignUp"),
        named(5, "sign_up (6)"),
        named(6, "sign_up"),
    ]);
    assert_eq!(keys, ["sign_up", "sign up", "sign_up (3)", "sign_up (4)", "sign_up (6)", "sign_up (6) (6)"]);
}
