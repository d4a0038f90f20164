use super::*;
use crate::calls::call::{Call, CallOutcome};
use crate::calls::campaign::{CallCampaign, NumberStrategy};
use crate::calls::result_code::{ResultCode, general_codes};
use crate::calls::selection::Queue;
use proptest::prelude::*;
use uuid::Uuid;

const NOW: UnixMillis = UnixMillis(1_772_452_800_000);

fn rules() -> Rules {
    let campaign = CallCampaign::new(CallCampaignId(535), ClientId(1), "A".to_owned(), NOW);
    Rules::of(&campaign, 72 * 3600)
}

fn contact(numbers: &[&str]) -> Contact {
    let mut contact = Contact::new(ContactId(1), ClientId(1), CallCampaignId(535), 7, NOW);
    for (slot, number) in contact.numbers.iter_mut().zip(numbers) {
        slot.number = Some((*number).to_owned());
    }
    contact
}

fn codes() -> [ResultCode; 7] {
    general_codes(CallCampaignId(535), [1, 2, 3, 4, 5, 6, 7].map(ResultCodeId))
}

fn call(contact: &Contact, index: u8, at: UnixMillis) -> Call {
    Call {
        id: CallId(at.0),
        uuid: Uuid::nil(),
        client: contact.client,
        campaign: contact.campaign,
        contact: contact.id,
        number: contact.number(index).and_then(|number| number.number.clone()).unwrap_or_default(),
        index,
        agent: None,
        started_at: at,
        ringing_at: None,
        answered_at: None,
        connected_at: None,
        ended_at: None,
        outcome: None,
        cause: None,
        sip_status: None,
        result_code: None,
        digits: String::new(),
        reason: String::new(),
    }
}

/// One call from beginning to end.
fn dial(contact: &mut Contact, index: u8, outcome: CallOutcome, at: UnixMillis) -> Aftermath {
    let mut call = call(contact, index, at);
    contact.call_begins(&call, at.plus_seconds(60));
    assert_eq!(contact.place(at), None, "a contact in a call stands in no queue");
    call.outcome = Some(outcome);
    call.ended_at = Some(at);
    contact.call_ended(&call, &rules(), at, u32::MAX / 2)
}

#[test]
fn each_outcome_has_its_wait_and_its_count() {
    use CallOutcome as O;
    let table = [
        // outcome, tries after, seconds to wait
        (O::NoAnswer, 1, 3600),
        (O::Rejected, 1, 86_400),
        (O::Machine, 1, 4 * 3600),
        (O::Unreachable, 1, 7200),
        (O::Abandoned, 1, 72 * 3600),
        (O::LateAnswer, 1, 72 * 3600),
        (O::ShortCall, 1, 3600),
        (O::Unknown, 1, 3600),
        (O::Congestion, 0, 30),
        (O::TrunkFailure, 0, 30),
        (O::SetupTimeout, 0, 30),
        (O::MediaMismatch, 0, 30),
        (O::Busy, 0, 300),
    ];
    for (outcome, tries, wait) in table {
        let mut contact = contact(&["447700900001", "447700900002"]);
        assert_eq!(dial(&mut contact, 1, outcome, NOW), Aftermath::Again, "{outcome:?}");
        assert_eq!(contact.tries, tries, "{outcome:?}");
        let waited = contact.next_try_at.unwrap().since(NOW) / 1000;
        assert!((waited - wait).abs() <= 1, "{outcome:?}: {waited} instead of {wait}");
        assert_eq!(contact.last_result_mailbox, Some(outcome == O::Machine));
    }
}

#[test]
fn waits_after_no_answer_grow_and_end() {
    let mut contact = contact(&["447700900001"]);
    let mut at = NOW;
    let mut waits = Vec::new();
    for _ in 0..4 {
        dial(&mut contact, 1, CallOutcome::NoAnswer, at);
        waits.push(contact.next_try_at.unwrap().since(at) / 1000);
        at = contact.next_try_at.unwrap();
    }
    assert_eq!(waits.iter().map(|wait| (wait + 1) / 60).collect::<Vec<_>>(), [60, 90, 135, 202]);
    assert_eq!(dial(&mut contact, 1, CallOutcome::NoAnswer, at), Aftermath::TriesUsedUp);
    assert_eq!((contact.status, contact.tries), (ParticipantStatus::Exception, 5));
    assert_eq!(contact.place(at), None);
}

#[test]
fn a_busy_series_stays_on_its_number_and_is_worth_one_try() {
    let mut contact = contact(&["447700900001", "447700900002"]);
    contact.last_agent = Some("agent1".to_owned());
    dial(&mut contact, 2, CallOutcome::Busy, NOW);
    assert_eq!(contact.callable(), 0b10);
    let place = contact.place(NOW).unwrap();
    assert_eq!((place.queue, place.bound.as_str(), place.first), (Queue::Busy, "agent1", NOW.0));
    let later = NOW.plus_seconds(300);
    assert_eq!(contact.next_try_at, Some(later));
    dial(&mut contact, 2, CallOutcome::Busy, later);
    assert_eq!((contact.tries, contact.place(later).unwrap().first), (0, NOW.0));
    dial(&mut contact, 2, CallOutcome::Busy, later.plus_seconds(300));
    assert_eq!((contact.tries, contact.due), (1, Due::Retry));
    assert_eq!(contact.numbers[1].tries, 3);
}

#[test]
fn numbers_rotate_and_invalid_ones_are_left_out() {
    let mut contact = contact(&["447700900001", "447700900002", "447700900003"]);
    let choose = |contact: &Contact| contact.choose_number(0b11_1111, NumberStrategy::Rotate);
    assert_eq!(choose(&contact), Some(1));
    dial(&mut contact, 1, CallOutcome::NoAnswer, NOW);
    assert_eq!(choose(&contact), Some(2));
    assert_eq!(dial(&mut contact, 2, CallOutcome::Invalid, NOW.plus_seconds(1)), Aftermath::Again);
    assert_eq!(contact.next_try_at, Some(NOW.plus_seconds(1)), "the next number at once");
    assert_eq!(choose(&contact), Some(3));
    dial(&mut contact, 3, CallOutcome::ShortCall, NOW.plus_seconds(2));
    assert_eq!(choose(&contact), Some(3), "where somebody picked up");
    assert_eq!(contact.choose_number(0b11_1111, NumberStrategy::ExhaustFirst), Some(1));
    assert_eq!(contact.choose_number(0b00_0010, NumberStrategy::Rotate), None);
}

#[test]
fn d77_without_a_usable_number_it_is_closed() {
    let mut contact = contact(&["447700900001", "447700900002"]);
    dial(&mut contact, 1, CallOutcome::Invalid, NOW);
    assert_eq!(dial(&mut contact, 2, CallOutcome::Fax, NOW), Aftermath::NoNumber);
    assert_eq!(contact.status, ParticipantStatus::Exception);
    assert_eq!([contact.numbers[0].invalid, contact.numbers[1].invalid], [Some(true); 2]);
}

#[test]
fn five_failures_of_the_network_in_a_row_are_one_try() {
    let mut contact = contact(&["447700900001"]);
    for failure in 1..=5 {
        dial(&mut contact, 1, CallOutcome::Congestion, NOW);
        assert_eq!(contact.tries, u32::from(failure == 5));
    }
    assert_eq!(contact.numbers[0].tries, 0);
}

#[test]
fn each_kind_of_result_leads_to_its_state() {
    let codes = codes();
    let mut done = contact(&["447700900001"]);
    done.record(&codes[0], None, Some("agent1"), NOW).unwrap();
    assert_eq!((done.status, done.export_key.as_deref()), (ParticipantStatus::Completed, Some("ABG")));
    let mut aborted = contact(&["447700900001"]);
    aborted.record(&codes[1], None, None, NOW).unwrap();
    assert_eq!((aborted.status, aborted.place(NOW)), (ParticipantStatus::Exception, None));

    let mut delayed = contact(&["447700900001"]);
    delayed.record(&codes[5], None, Some("agent1"), NOW).unwrap();
    assert_eq!(delayed.next_try_at, Some(NOW.plus_seconds(7200)));
    assert_eq!((delayed.follow_up_agent.clone(), delayed.export_key.clone()), (None, None));
    assert_eq!(delayed.place(NOW).unwrap().queue, Queue::Delay);

    let mut bound = contact(&["447700900001"]);
    let tomorrow = NOW.plus_seconds(86_400);
    assert_eq!(bound.record(&codes[6], None, Some("agent1"), NOW), Err(ResultRefusal::NoTime));
    assert_eq!(bound.record(&codes[6], Some(NOW), Some("agent1"), NOW), Err(ResultRefusal::Past));
    assert_eq!(bound.record(&codes[6], Some(tomorrow), None, NOW), Err(ResultRefusal::NoAgent));
    bound.record(&codes[6], Some(tomorrow), Some("agent1"), NOW).unwrap();
    let place = bound.place(NOW).unwrap();
    assert_eq!((place.queue, place.bound.as_str(), place.due), (Queue::Appointment, "agent1", tomorrow.0));

    let mut foreign = contact(&["447700900001"]);
    foreign.campaign = CallCampaignId(1);
    assert_eq!(foreign.record(&codes[0], None, None, NOW), Err(ResultRefusal::OtherCampaign));
}

#[test]
fn an_agents_call_awaits_its_result_and_is_called_again_without_one() {
    let mut contact = contact(&["447700900001"]);
    let mut call = call(&contact, 1, NOW);
    contact.call_begins(&call, NOW.plus_seconds(60));
    call.outcome = Some(CallOutcome::Answered);
    call.connected_at = Some(NOW);
    assert_eq!(contact.call_ended(&call, &rules(), NOW, 0), Aftermath::AwaitsResult);
    assert_eq!(contact.status, ParticipantStatus::Wait);
    assert_eq!(contact.result_missed(&rules(), NOW), Aftermath::Again);
    assert_eq!(contact.result_missed(&rules(), NOW), Aftermath::Unchanged);
}

#[test]
fn the_end_of_a_call_that_is_not_its_own_changes_nothing() {
    let mut contact = contact(&["447700900001"]);
    let mut other = call(&contact, 1, NOW);
    other.outcome = Some(CallOutcome::Busy);
    let before = contact.clone();
    assert_eq!(contact.call_ended(&other, &rules(), NOW, 0), Aftermath::Unchanged);
    assert_eq!(contact, before);
}

fn outcomes() -> impl Strategy<Value = CallOutcome> {
    prop::sample::select(CallOutcome::ALL.to_vec())
}

proptest! {
    /// Whatever happens, a contact is open with a queue, awaits its result, or is closed; it is never stuck, never
    /// called more often than its tries (failures of the network and busy series aside), and never called when closed.
    #[test]
    fn a_contact_is_never_stuck(seq in prop::collection::vec((outcomes(), any::<u32>()), 1..60)) {
        let mut contact = contact(&["447700900001", "447700900002"]);
        let mut at = NOW;
        for (outcome, random) in seq {
            if contact.status.is_terminal() {
                prop_assert_eq!(contact.place(at), None);
                break;
            }
            let index = contact.choose_number(0b11_1111, NumberStrategy::Rotate);
            let Some(index) = index else { prop_assert!(false, "open without a number: {:?}", contact); break };
            let mut call = call(&contact, index, at);
            contact.call_begins(&call, at.plus_seconds(60));
            call.outcome = Some(outcome);
            call.ended_at = Some(at);
            let aftermath = contact.call_ended(&call, &rules(), at, random);
            prop_assert_ne!(aftermath, Aftermath::Unchanged);
            prop_assert!(contact.tries <= 5);
            prop_assert_eq!(contact.open_call, None);
            match aftermath {
                Aftermath::Again => {
                    prop_assert!(contact.place(at).is_some());
                    at = contact.next_try_at.unwrap_or(at).max(at);
                }
                _ => prop_assert!(contact.status.is_terminal()),
            }
        }
    }
}
