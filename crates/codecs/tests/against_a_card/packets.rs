//! Every protection of packets and answers.

use super::{APPLET, Case, FILES, KVN, card, octets, security};
use muster_codecs::command_packet;
use muster_codecs::concat;
use muster_codecs::counter::Counter;
use muster_codecs::por_status::PorStatus;
use muster_codecs::response_packet::{self, Trust};
use muster_codecs::security::{KeyAlgorithm, Redundancy};
use muster_peers::card::{Algorithm, CardFaults, status};
use proptest::prelude::*;

fn case() -> impl Strategy<Value = Case> {
    let algorithm = prop::sample::select(vec![
        (KeyAlgorithm::TripleDes2, Algorithm::TripleDes2),
        (KeyAlgorithm::TripleDes3, Algorithm::TripleDes3),
        (KeyAlgorithm::Aes128, Algorithm::Aes),
        (KeyAlgorithm::Aes192, Algorithm::Aes),
        (KeyAlgorithm::Aes256, Algorithm::Aes),
    ]);
    let redundancy = prop::sample::select(vec![Redundancy::Crc16, Redundancy::Crc32]);
    // Check, ciphering and counter of the command; check, ciphering and way of the answer, which is always wanted.
    (algorithm, 0u8..3, any::<bool>(), 0u8..4, 0u8..3, any::<bool>(), any::<bool>(), redundancy)
        .prop_map(
            |((ours, theirs), check, ciphered, counter, por_check, por_ciphered, submit, redundancy)| Case {
                ours,
                theirs,
                spi: [
                    counter << 3 | u8::from(ciphered) << 2 | check,
                    u8::from(submit) << 5 | u8::from(por_ciphered) << 4 | por_check << 2 | 1,
                ],
                redundancy,
            },
        )
        .prop_filter("KID names either a redundancy check or a key", |case| {
            let checks = [case.spi[0] & 3, case.spi[1] >> 2 & 3];
            !(checks.contains(&1) && checks.contains(&2))
        })
}

proptest! {
    #[test]
    fn a_card_reads_what_we_write_and_we_read_what_it_answers(
        case in case(),
        data in proptest::collection::vec(any::<u8>(), 0..600),
        seed in any::<u8>(),
        counter in 1u64..0xFF_FFFF_FFFF,
    ) {
        let (kic, kid) = (octets(case.ours.key_len(), seed), octets(case.ours.key_len(), seed ^ 0x55));
        let security = security(case, APPLET, &kic, &kid);
        let mut card = card(case, &kic, &kid, counter - 1);
        let sent = Counter::new(counter).unwrap();
        let packet = command_packet::encode(&security, sent, &data).unwrap();
        let segments = concat::segments(&packet, seed).unwrap();
        let mut replies: Vec<_> = segments
            .iter()
            .map(|segment| card.receive(segment, &CardFaults::default()))
            .filter(|reply| reply.handled.is_some())
            .collect();
        prop_assert_eq!(replies.len(), 1);
        let reply = replies.remove(0);
        let handled = reply.handled.unwrap();
        prop_assert_eq!((handled.status, handled.kvn, handled.counter), (status::OK, KVN, counter));
        prop_assert_eq!(&handled.writes[0].data, &data);

        let answer = if reply.submits.is_empty() { vec![reply.report.unwrap()] } else { reply.submits };
        let response = response_packet::decode(security.response(), Some(sent), &answer).unwrap();
        prop_assert_eq!(response.status, PorStatus::Ok);
        prop_assert_eq!(&response.data, &[0x90, 0x00]);
        let trust = if case.spi[1] & 0x0C == 8 { Trust::Authenticated } else { Trust::AsRequested };
        prop_assert_eq!(response.trust, trust);
    }

    #[test]
    fn an_answer_in_several_messages_is_read(ciphered in any::<bool>(), seed in any::<u8>()) {
        let spi = [0x16, if ciphered { 0x39 } else { 0x29 }];
        let case =
            Case { ours: KeyAlgorithm::Aes128, theirs: Algorithm::Aes, spi, redundancy: Redundancy::Crc32 };
        let (kic, kid) = (octets(16, seed), octets(16, seed ^ 0x55));
        let security = security(case, FILES, &kic, &kid);
        let mut card = card(case, &kic, &kid, 0);
        let sent = Counter::new(1).unwrap();
        // 250 octets of a file do not fit into one message.
        let script = [0x00, 0xA4, 0x00, 0x0C, 0x02, 0x6F, 0x61, 0x00, 0xB0, 0x00, 0x00, 0x00];
        let packet = command_packet::encode(&security, sent, &script).unwrap();
        let mut answer = card.receive(&concat::segments(&packet, 1).unwrap()[0], &CardFaults::default()).submits;
        prop_assert!(answer.len() > 1);
        answer.reverse();
        let response = response_packet::decode(security.response(), Some(sent), &answer).unwrap();
        prop_assert!(response.authenticated());
        prop_assert_eq!(response.data.len(), 3 + 250);
    }

    #[test]
    fn every_refusal_is_a_hint_that_names_its_status(octet in 1u8..=255, protected in any::<bool>()) {
        let case = Case {
            ours: KeyAlgorithm::TripleDes2,
            theirs: Algorithm::TripleDes2,
            spi: [0x16, 0x19],
            redundancy: Redundancy::Crc32,
        };
        let (kic, kid) = (octets(16, 1), octets(16, 2));
        let security = security(case, APPLET, &kic, &kid);
        let mut card = card(case, &kic, &kid, 0);
        let sent = Counter::new(1).unwrap();
        let packet = command_packet::encode(&security, sent, &[]).unwrap();
        let faults = CardFaults { status: Some(octet), status_protected: protected, ..CardFaults::default() };
        let reply = card.receive(&concat::segments(&packet, 1).unwrap()[0], &faults);
        let response =
            response_packet::decode(security.response(), Some(sent), &[reply.report.unwrap()]).unwrap();
        prop_assert_eq!(response.status, PorStatus::from_octet(octet));
        prop_assert_eq!(response.trust, if protected { Trust::Authenticated } else { Trust::Hint });
    }
}
