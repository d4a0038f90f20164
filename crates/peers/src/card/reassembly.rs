//! Messages of several segments put together (TS 23.040 §9.2.3.24, TS 31.115 §4.3).

/// What a user data header says that concerns a card.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct UserDataHeader {
    /// Reference, number of segments, number of this one.
    part: Option<(u8, u8, u8)>,
    /// A command packet begins here (element 70).
    command: bool,
}

impl UserDataHeader {
    /// Header and what follows it; `None` when its lengths contradict each other.
    fn read(user_data: &[u8]) -> Option<(Self, &[u8])> {
        let (length, rest) = user_data.split_first()?;
        let (mut elements, body) = rest.split_at_checked(usize::from(*length))?;
        let mut header = Self::default();
        while let [element, length, rest @ ..] = elements {
            let (value, next) = rest.split_at_checked(usize::from(*length))?;
            match (element, value) {
                (0x00, [reference, total, number]) => header.part = Some((*reference, *total, *number)),
                (0x70, []) => header.command = true,
                _ => {}
            }
            elements = next;
        }
        elements.is_empty().then_some((header, body))
    }
}

/// A message of which parts are missing.
#[derive(Debug, Clone)]
struct Partial {
    reference: u8,
    parts: Vec<Option<Vec<u8>>>,
    command: bool,
}

/// What became of a segment.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Gathered {
    /// A whole command packet.
    Packet(Vec<u8>),
    /// More is to come.
    Held,
    /// The message has more segments than the card can hold; with the first segment's octets if this is it.
    TooLong(Option<Vec<u8>>),
    /// Nothing for the card's remote management.
    Foreign,
}

/// A card's room for one message in parts. A segment of another reference takes the room.
#[derive(Debug, Clone, Default)]
pub(super) struct Reassembly(Option<Box<Partial>>);

impl Reassembly {
    /// Whether the next short message would make a command packet complete.
    pub(super) fn completes(&self, user_data: &[u8], segments_max: u8) -> bool {
        match UserDataHeader::read(user_data) {
            Some((UserDataHeader { part: None, command }, _)) => command,
            Some((UserDataHeader { part: Some((reference, total, number)), command }, _)) => {
                let others = |held: &Partial| {
                    held.reference == reference
                        && held.parts.len() == usize::from(total)
                        && held.parts.iter().zip(1..).all(|(part, at)| part.is_some() || at == number)
                };
                match self.0.as_deref() {
                    _ if total > segments_max => number == 1 && command,
                    Some(held) if others(held) => held.command || command,
                    _ => total == 1 && command,
                }
            }
            None => false,
        }
    }

    /// Takes the user data of one short message.
    pub(super) fn take(&mut self, user_data: &[u8], segments_max: u8) -> Gathered {
        let Some((header, body)) = UserDataHeader::read(user_data) else { return Gathered::Foreign };
        let Some((reference, total, number)) = header.part else {
            return if header.command { Gathered::Packet(body.to_vec()) } else { Gathered::Foreign };
        };
        if total == 0 || number == 0 || number > total {
            return Gathered::Foreign;
        }
        if total > segments_max {
            return Gathered::TooLong((number == 1 && header.command).then(|| body.to_vec()));
        }
        let fits = |held: &Partial| held.reference == reference && held.parts.len() == usize::from(total);
        if !self.0.as_deref().is_some_and(fits) {
            let parts = vec![None; usize::from(total)];
            self.0 = Some(Box::new(Partial { reference, parts, command: false }));
        }
        let Some(held) = self.0.as_deref_mut() else { return Gathered::Foreign };
        held.command |= number == 1 && header.command;
        held.parts[usize::from(number) - 1] = Some(body.to_vec());
        if held.parts.iter().any(Option::is_none) {
            return Gathered::Held;
        }
        let whole = held.parts.iter().flatten().flatten().copied().collect();
        let command = held.command;
        self.0 = None;
        if command { Gathered::Packet(whole) } else { Gathered::Foreign }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(reference: u8, total: u8, number: u8, body: &[u8]) -> Vec<u8> {
        let head: &[u8] = &[0x00, 0x03, reference, total, number];
        let mark: &[u8] = if number == 1 { &[0x70, 0x00] } else { &[] };
        [&[(head.len() + mark.len()) as u8], head, mark, body].concat()
    }

    #[test]
    fn one_message() {
        let mut room = Reassembly::default();
        assert_eq!(room.take(&[0x02, 0x70, 0x00, 9, 8], 5), Gathered::Packet(vec![9, 8]));
        assert_eq!(room.take(&[0x02, 0x71, 0x00, 9, 8], 5), Gathered::Foreign);
        assert_eq!(room.take(&[0x05, 0x70, 0x00], 5), Gathered::Foreign);
        assert_eq!(room.take(&[], 5), Gathered::Foreign);
    }

    #[test]
    fn parts_in_any_order_and_twice() {
        let mut room = Reassembly::default();
        assert_eq!(room.take(&part(7, 3, 3, b"c"), 5), Gathered::Held);
        assert_eq!(room.take(&part(7, 3, 1, b"a"), 5), Gathered::Held);
        assert_eq!(room.take(&part(7, 3, 1, b"a"), 5), Gathered::Held);
        assert!(!room.completes(&part(7, 3, 3, b"c"), 5) && room.completes(&part(7, 3, 2, b"b"), 5));
        assert_eq!(room.take(&part(7, 3, 2, b"b"), 5), Gathered::Packet(b"abc".to_vec()));
    }

    #[test]
    fn a_new_reference_drops_what_is_held() {
        let mut room = Reassembly::default();
        assert_eq!(room.take(&part(1, 2, 1, b"a"), 5), Gathered::Held);
        assert_eq!(room.take(&part(2, 2, 1, b"x"), 5), Gathered::Held);
        assert_eq!(room.take(&part(1, 2, 2, b"b"), 5), Gathered::Held, "the first part is gone");
    }

    #[test]
    fn more_than_fits() {
        let mut room = Reassembly::default();
        assert_eq!(room.take(&part(1, 6, 1, b"a"), 5), Gathered::TooLong(Some(b"a".to_vec())));
        assert_eq!(room.take(&part(1, 6, 2, b"b"), 5), Gathered::TooLong(None));
    }
}
