//! Answers in several parts.

use super::world::{World, at};
use crate::harness::Harness;
use muster_app::ports::AnswerPart;

/// A part from card 7 of the message under that reference.
pub(super) fn part(reference: u16, total: u8, sequence: u8, received_s: i64) -> AnswerPart {
    AnswerPart {
        source: "49157".to_owned(),
        reference,
        total,
        sequence,
        user_data: vec![sequence, 0, 0xFF],
        received_at: at(received_s),
    }
}

pub(crate) async fn parts_come_together_in_any_order(h: Harness) {
    let w = World::new(h).await;
    let of = |reference, sequences: &[u8]| -> Vec<AnswerPart> {
        sequences.iter().map(|&sequence| part(reference, 3, sequence, i64::from(sequence))).collect()
    };
    let table: [(u16, u8, &[u8]); 6] = [
        (1, 3, &[3]),
        (65_535, 1, &[1]),
        (1, 1, &[1, 3]),
        // The same part again is one part.
        (1, 3, &[1, 3]),
        (65_535, 2, &[1, 2]),
        (1, 2, &[1, 2, 3]),
    ];
    for (reference, sequence, expected) in table {
        let told = w.sims.add_answer_part(of(reference, &[sequence]).remove(0)).await.unwrap();
        assert_eq!(told, of(reference, expected), "part {sequence} of {reference}");
    }
}

pub(crate) async fn parts_of_other_messages_stay_apart(h: Harness) {
    let w = World::new(h).await;
    w.sims.add_answer_part(part(1, 3, 1, 0)).await.unwrap();
    let others = [
        AnswerPart { source: "49158".to_owned(), ..part(1, 3, 2, 0) },
        part(2, 3, 2, 0),
        // A reference comes round again; the number of parts tells the messages apart.
        part(1, 2, 2, 0),
    ];
    for other in others {
        assert_eq!(w.sims.add_answer_part(other.clone()).await.unwrap(), [other]);
    }
}

pub(crate) async fn parts_are_forgotten_by_message(h: Harness) {
    let w = World::new(h).await;
    for reference in [1, 2] {
        w.sims.add_answer_part(part(reference, 3, 1, 0)).await.unwrap();
    }
    w.sims.forget_answer_parts("49157", 1).await.unwrap();
    w.sims.forget_answer_parts("49157", 1).await.unwrap();
    w.sims.forget_answer_parts("49158", 2).await.unwrap();
    for (reference, count) in [(1, 1), (2, 2)] {
        let told = w.sims.add_answer_part(part(reference, 3, 2, 0)).await.unwrap();
        assert_eq!(told.len(), count, "{reference}");
    }
}
