use super::*;
use crate::sim::PorRequest;
use crate::sim_campaign::{Backoff, SimCampaignStatus};
use crate::time::Window;
use ParticipantStatus as P;
use SimCampaignStatus as C;
use proptest::prelude::*;

const BACKOFF: Backoff =
    Backoff { unreachable_base_s: 300, unreachable_cap_s: 6 * 3600, error_base_s: 60, error_cap_s: 1800 };
const START: UnixMillis = UnixMillis(1_000_000_000);

fn context(at_s: i64) -> Context<'static> {
    Context {
        campaign: C::Process,
        window: Window { starts_at: START, ends_at: START.plus_seconds(30 * 24 * 3600) },
        max_retries: 3,
        por_timeout_s: 600,
        backoff: &BACKOFF,
        timing: Timing::default(),
        steps: 1,
        restart_step: 0,
        counts_by_one: false,
        can_read_back: true,
        accept_replay_as_done: false,
        fail_fast: false,
        now: START.plus_seconds(at_s),
        random: 0,
    }
}

fn packet(counter: u64, segments: usize) -> Packet {
    Packet {
        purpose: Purpose::Run,
        step: 0,
        kvn: 1,
        counter,
        tar: [0xB0, 0, 1],
        segments: (0..segments)
            .map(|_| Segment { user_data: vec![2, 0x70, 0], message_id: None, delivered: false })
            .collect(),
        route: String::new(),
        sends: 0,
        replay_safe: true,
        idempotent: true,
        sticky: false,
        por: PorRequest::Always,
    }
}

fn enrolled() -> Participant {
    let iccid = "8935771600000000003".parse().unwrap();
    Participant::enrolled(SimCampaignId(1), 0, ParticipantId(7), SimNumber(1), iccid, START)
}

/// A participant whose packet has just been handed over.
fn sending() -> Participant {
    let mut participant = enrolled();
    participant.start(packet(1, 1), &context(0));
    participant
}

/// A participant whose packet the message centre has.
fn waiting() -> Participant {
    let mut participant = sending();
    participant.submitted("a", &[SegmentFate::Accepted("m1".to_owned())], &context(1));
    assert_eq!(participant.status, P::Wait);
    participant
}

fn ran() -> Answer {
    Answer::Ran { sw: 0x9000, as_written: true }
}

#[test]
fn c82_an_answer_that_all_ran_completes_at_the_first_attempt() {
    let mut participant = waiting();
    let change = participant.answer(&ran(), &context(2)).unwrap();
    assert_eq!((participant.status, participant.attempt, &*participant.code), (P::Completed, 1, "200"));
    assert_eq!((change.hold, change.ended), (Hold::Release, Some(Ended { ok: true, config: false })));
    assert_eq!(participant.timer_at, None);
    assert_eq!(participant.attempts[0].outcome, Some(Outcome::Ok));
    assert!(participant.work.packet.is_none());
}

#[test]
fn an_answer_may_overtake_the_message_centre() {
    let mut participant = sending();
    participant.answer(&ran(), &context(1)).unwrap();
    assert_eq!(participant.status, P::Completed);
    let change = participant.submitted("a", &[SegmentFate::Accepted("m1".to_owned())], &context(2));
    assert_eq!((participant.status, change), (P::Completed, None));
}

#[test]
fn c83_a_card_that_always_fails_is_tried_once_and_three_times_more() {
    let mut participant = enrolled();
    for attempt in 1..=4 {
        participant.start(packet(attempt.into(), 1), &context(0));
        assert_eq!((participant.status, participant.attempt), (P::Progress, attempt));
        participant.submitted("a", &[SegmentFate::Accepted(format!("m{attempt}"))], &context(1));
        participant.answer(&Answer::CommandFailed { sw: 0x6A82, command: 2 }, &context(2)).unwrap();
        let expected = if attempt == 4 { P::Exception } else { P::Retry };
        assert_eq!((participant.status, &*participant.code), (expected, "500"), "attempt {attempt}");
        assert_eq!(participant.work.next, NextSend::Fresh);
    }
    let sws: Vec<_> =
        participant.attempts.iter().map(|attempt| (attempt.sw, attempt.failed_command)).collect();
    assert_eq!(sws, [(Some(0x6A82), Some(2)); 4]);
}

#[test]
fn silence_keeps_the_octets_and_waits_longer_each_time() {
    let mut participant = waiting();
    participant.timer(&context(601));
    assert_eq!((participant.status, &*participant.code), (P::Retry, "408"));
    assert_eq!(participant.work.next, NextSend::Resend);
    assert_eq!(participant.due_at, START.plus_seconds(601 + 300));
    participant.restart(&context(1000));
    assert_eq!((participant.attempt, participant.work.packet.as_ref().unwrap().counter), (2, 1));
    assert_eq!(participant.work.packet.as_ref().unwrap().sends, 2);
    participant.submitted("a", &[SegmentFate::Accepted("m2".to_owned())], &context(1000));
    participant.timer(&Context { random: u32::MAX, ..context(1601) });
    // Twice the first wait, cut by the random half.
    assert_eq!(participant.due_at, START.plus_seconds(1601 + 300));
}

#[test]
fn what_the_message_centre_says_leads_where_the_rules_say() {
    use Refusal::{Address, QueueFull, Refused, Request, Transient, Unknown};
    let refused = |refusal| SegmentFate::Refused(refusal);
    let table = [
        (SegmentFate::NotSent, P::Progress, 5),
        (SegmentFate::Unknown, P::Progress, 60),
        (refused(QueueFull), P::Progress, 60),
        (refused(Transient), P::Progress, 30),
        (refused(Unknown), P::Progress, 30),
        (refused(Request), P::Progress, 60),
        (refused(Address), P::Retry, 0),
        (refused(Refused), P::Retry, 0),
        (SegmentFate::Accepted("m".to_owned()), P::Wait, 600),
    ];
    for (fate, status, timer_s) in table {
        let mut participant = sending();
        participant.submitted("a", std::slice::from_ref(&fate), &context(10));
        assert_eq!((participant.status, participant.attempt), (status, 1), "{fate:?}");
        let timer = participant.timer_at.map(|at| at.since(START) / 1000 - 10);
        assert_eq!(timer, (timer_s > 0).then_some(timer_s), "{fate:?}");
    }
}

#[test]
fn a_message_centre_may_put_a_packet_off_only_so_often() {
    for (refusal, times) in [(Refusal::QueueFull, 5), (Refusal::Transient, 4), (Refusal::Unknown, 2)] {
        let mut participant = sending();
        for time in 1..=times {
            assert_eq!(participant.status, P::Progress, "{refusal:?} before time {time}");
            participant.submitted("a", &[SegmentFate::Refused(refusal)], &context(time));
            if time < times {
                let change = participant.timer(&context(time));
                assert_eq!(change.action, Action::SendAgain);
            }
        }
        assert_eq!((participant.status, participant.attempt), (P::Retry, 1), "{refusal:?}");
    }
}

#[test]
fn receipts_never_stand_for_a_card_that_was_asked_to_answer() {
    let mut participant = waiting();
    let ids = ["m1".to_owned()];
    participant.receipt(&ids, Receipt::Delivered, &context(3)).unwrap();
    assert_eq!((participant.status, participant.work.phase), (P::Wait, Phase::Delivered));
    assert_eq!(participant.receipt(&ids, Receipt::Delivered, &context(4)), None);
    assert_eq!(participant.receipt(&["other".to_owned()], Receipt::Delivered, &context(4)), None);
    participant.timer(&context(700));
    assert_eq!(participant.status, P::Retry);

    // Where no answer was asked for, the last segment's receipt is the end.
    let mut participant = enrolled();
    participant.start(Packet { por: PorRequest::None, ..packet(1, 2) }, &context(0));
    let fates = ["m1", "m2"].map(|id| SegmentFate::Accepted(id.to_owned()));
    participant.submitted("a", &fates, &context(1));
    participant.receipt(&ids, Receipt::Delivered, &context(2)).unwrap();
    assert_eq!(participant.status, P::Wait);
    participant.receipt(&["m2".to_owned()], Receipt::Delivered, &context(2)).unwrap();
    assert_eq!(participant.status, P::Completed);

    // Where an answer was asked for only on errors, silence after delivery is success, and proves nothing.
    let mut participant = enrolled();
    participant.start(Packet { por: PorRequest::OnError, ..packet(1, 1) }, &context(0));
    participant.submitted("a", &fates[..1], &context(1));
    participant.receipt(&ids, Receipt::Delivered, &context(2)).unwrap();
    participant.timer(&context(700));
    assert_eq!(participant.status, P::Completed);
    assert_eq!(participant.attempts[0].outcome, Some(Outcome::Unverified));
}

#[test]
fn a_receipt_of_failure_is_an_unreachable_card_and_keeps_the_octets() {
    for receipt in [Receipt::Undelivered, Receipt::Rejected] {
        let mut participant = waiting();
        participant.receipt(&["m1".to_owned()], receipt, &context(3)).unwrap();
        assert_eq!((participant.status, &*participant.code), (P::Retry, "404"));
        assert_eq!(participant.work.next, NextSend::Resend);
    }
}

#[test]
fn statuses_of_the_card_lead_where_the_rules_say() {
    let table = [
        (0x01, P::Retry, true),
        (0x03, P::Retry, false),
        (0x04, P::Exception, false),
        (0x05, P::Retry, true),
        (0x06, P::Retry, true),
        (0x07, P::Retry, true),
        (0x08, P::Wait, false),
        (0x09, P::Retry, true),
        (0x0A, P::Retry, true),
        (0x0D, P::Retry, true),
        (0xC0, P::Retry, true),
        (0xFF, P::Retry, true),
    ];
    for (status, expected, config) in table {
        let mut participant = waiting();
        let change =
            participant.answer(&Answer::Refused { status, authenticated: false }, &context(2)).unwrap();
        assert_eq!(participant.status, expected, "{status:02X}");
        assert_eq!(change.ended.is_some_and(|ended| ended.config), config, "{status:02X}");
        assert_eq!(change.flags.blocked, status == 0x04);
        assert_eq!(change.flags.resync, status == 0x03);
        assert_eq!(participant.attempts[0].por_status, Some(status));
    }
    let mut participant = waiting();
    let refused = Answer::Refused { status: 0x09, authenticated: false };
    participant.answer(&refused, &Context { fail_fast: true, ..context(2) }).unwrap();
    assert_eq!(participant.status, P::Exception);
}

#[test]
fn a_busy_card_gets_the_same_octets_twice_more() {
    let mut participant = waiting();
    let busy = Answer::Refused { status: 0x08, authenticated: true };
    for time in 1..=2 {
        participant.answer(&busy, &context(time * 100)).unwrap();
        assert_eq!(participant.status, P::Wait);
        let change = participant.timer(&context(time * 100 + 60));
        assert_eq!((change.action, participant.attempt), (Action::SendAgain, 1));
        participant.submitted(
            "a",
            &[SegmentFate::Accepted(format!("again{time}"))],
            &context(time * 100 + 61),
        );
    }
    participant.answer(&busy, &context(400)).unwrap();
    assert_eq!((participant.status, participant.work.next), (P::Retry, NextSend::Resend));
}

#[test]
fn an_interim_answer_prolongs_the_wait_once() {
    let mut participant = waiting();
    participant.answer(&Answer::Interim, &context(100)).unwrap();
    assert_eq!((participant.status, participant.work.phase), (P::Wait, Phase::Interim));
    assert_eq!(participant.timer_at, Some(START.plus_seconds(700)));
    assert_eq!(participant.answer(&Answer::Interim, &context(200)), None);
    assert_eq!(participant.timer_at, Some(START.plus_seconds(700)));
    participant.answer(&ran(), &context(300)).unwrap();
    assert_eq!(participant.status, P::Completed);
}

#[test]
fn counter_low_on_a_first_send_raises_ours_once_and_then_flags_the_card() {
    let low = Answer::Refused { status: 0x02, authenticated: false };
    let mut participant = waiting();
    let change = participant.answer(&low, &context(2)).unwrap();
    assert_eq!((change.raise_counter, change.flags.resync), (1000, false));
    assert_eq!((participant.work.next, participant.due_at), (NextSend::Fresh, START.plus_seconds(2)));
    participant.start(packet(1002, 1), &context(3));
    participant.submitted("a", &[SegmentFate::Accepted("m2".to_owned())], &context(3));
    let change = participant.answer(&low, &context(4)).unwrap();
    assert!(change.flags.resync);
}

#[test]
fn counter_low_after_a_resend_reads_back_and_believes_what_it_reads() {
    let low = |authenticated| Answer::Refused { status: 0x02, authenticated };
    let resent = || {
        let mut participant = waiting();
        participant.timer(&context(601));
        participant.restart(&context(1000));
        participant.submitted("a", &[SegmentFate::Accepted("m2".to_owned())], &context(1001));
        participant
    };
    // An authenticated one may count as done, where the template says so.
    let mut participant = resent();
    participant.answer(&low(true), &Context { accept_replay_as_done: true, ..context(1002) }).unwrap();
    assert_eq!(participant.status, P::Completed);
    // A bare one never: anyone could have sent it.
    let mut participant = resent();
    participant.answer(&low(false), &Context { accept_replay_as_done: true, ..context(1002) }).unwrap();
    assert_eq!((participant.status, participant.work.next), (P::Retry, NextSend::ReadBack));
    assert_eq!(participant.due_at, START.plus_seconds(1002));
    for (as_written, status, next) in
        [(true, P::Completed, NextSend::Fresh), (false, P::Retry, NextSend::Fresh)]
    {
        let mut participant = participant.clone();
        let read_back = Packet { purpose: Purpose::ReadBack, ..packet(2, 1) };
        participant.start(read_back, &context(1003));
        participant.submitted("a", &[SegmentFate::Accepted("m3".to_owned())], &context(1003));
        participant.answer(&Answer::Ran { sw: 0x9000, as_written }, &context(1004)).unwrap();
        assert_eq!((participant.status, participant.work.next), (status, next));
    }
    // Where nothing can be read back, what may run again is run again, and its answer tells.
    let mut participant = resent();
    participant.answer(&low(false), &Context { can_read_back: false, ..context(1002) }).unwrap();
    assert_eq!((participant.status, participant.work.next), (P::Retry, NextSend::Fresh));
    // What may not is left alone.
    let mut participant = resent();
    participant.work.packet.as_mut().unwrap().idempotent = false;
    participant.answer(&low(false), &Context { can_read_back: false, ..context(1002) }).unwrap();
    assert_eq!(participant.status, P::Exception);
    assert_eq!(participant.attempts[1].outcome, Some(Outcome::Unverified));
}

#[test]
fn what_may_have_run_and_would_run_again_is_not_tried_blindly() {
    let mut participant = enrolled();
    let unsafe_packet = Packet { replay_safe: false, idempotent: false, sticky: true, ..packet(0, 1) };
    participant.start(unsafe_packet.clone(), &context(0));
    participant.submitted("a", &[SegmentFate::Accepted("m1".to_owned())], &context(1));
    participant.timer(&context(700));
    assert_eq!(participant.status, P::Exception);
    assert_eq!(participant.attempts[0].outcome, Some(Outcome::Unverified));

    // What must not run twice, and cannot thanks to the counter, is sent again and keeps the card to itself.
    let mut participant = enrolled();
    participant.start(Packet { replay_safe: true, ..unsafe_packet }, &context(0));
    participant.submitted("a", &[SegmentFate::Accepted("m1".to_owned())], &context(1));
    let change = participant.timer(&context(700));
    assert_eq!((participant.status, change.hold), (P::Retry, Hold::Keep));
    // A forged refusal does not make a new packet of it.
    participant.restart(&context(2000));
    let change = participant.answer(&Answer::Refused { status: 0x09, authenticated: false }, &context(2001));
    assert_eq!((participant.work.next, change.unwrap().hold), (NextSend::Resend, Hold::Keep));
}

#[test]
fn c84_while_its_campaign_is_suspended_a_failure_waits_and_nothing_leaves() {
    let suspended = |at| Context { campaign: C::Suspend, ..context(at) };
    let mut participant = waiting();
    participant.timer(&suspended(601));
    assert_eq!(crate::sim_campaign::shown_status(participant.status, C::Suspend), P::Suspended);
    let mut participant = sending();
    participant.submitted("a", &[SegmentFate::NotSent], &suspended(1));
    let change = participant.timer(&suspended(6));
    assert_eq!((participant.status, change.action), (P::Progress, Action::None));
    assert_eq!(participant.timer(&context(11)).action, Action::SendAgain);
}

#[test]
fn c85_cancelled_in_flight_ends_cancelled_or_completed() {
    let canceled = |at| Context { campaign: C::Canceled, ..context(at) };
    let mut participant = waiting();
    assert_eq!(crate::sim_campaign::shown_status(participant.status, C::Canceled), P::Canceling);
    participant.timer(&canceled(601));
    assert_eq!(participant.status, P::Canceled);
    let mut participant = waiting();
    participant.answer(&ran(), &canceled(5)).unwrap();
    assert_eq!(participant.status, P::Completed);
    let mut participant = sending();
    assert_eq!(participant.timer(&canceled(61)).action, Action::None);
    assert_eq!(participant.status, P::Canceled);
}

#[test]
fn c86_in_flight_at_the_end_of_the_window_runs_on_to_its_own_timer() {
    let expired = |at| Context { campaign: C::Expired, ..context(at) };
    let mut participant = waiting();
    participant.timer(&expired(601));
    assert_eq!(participant.status, P::Exception);
    let mut participant = waiting();
    participant.answer(&ran(), &expired(601)).unwrap();
    assert_eq!(participant.status, P::Completed);
}

#[test]
fn late_answers_are_noted_once_and_change_nothing() {
    let mut participant = waiting();
    participant
        .answer(&Answer::CommandFailed { sw: 0x6A82, command: 1 }, &Context { max_retries: 0, ..context(2) });
    assert_eq!(participant.status, P::Exception);
    assert!(participant.answer(&ran(), &context(3)).is_some());
    assert_eq!((participant.status, participant.attempts[0].late_answer), (P::Exception, true));
    assert_eq!(participant.answer(&ran(), &context(4)), None);
}

#[test]
fn an_answer_that_comes_while_the_octets_wait_to_be_sent_again_is_believed() {
    let mut participant = waiting();
    participant.timer(&context(601));
    assert!(participant.awaits_late_answer());
    let refused = Answer::Refused { status: 0x02, authenticated: false };
    assert_eq!(participant.answer(&refused, &context(610)), None);
    participant.answer(&ran(), &context(620)).unwrap();
    assert_eq!(participant.status, P::Completed);
}

#[test]
fn a_template_of_several_packets_goes_on_in_the_same_attempt() {
    let three = |at| Context { steps: 3, ..context(at) };
    let mut participant = enrolled();
    for step in 0..3 {
        participant.start(Packet { step, ..packet(u64::from(step) + 1, 1) }, &three(0));
        participant.submitted("a", &[SegmentFate::Accepted(format!("m{step}"))], &three(1));
        let change = participant.answer(&ran(), &three(2)).unwrap();
        let (status, action) =
            if step == 2 { (P::Completed, Action::None) } else { (P::Progress, Action::NextStep) };
        assert_eq!((participant.status, change.action, participant.attempt), (status, action, 1));
    }
    // Should the process end between two steps, the timer makes the next one.
    let mut participant = enrolled();
    participant.start(packet(1, 1), &three(0));
    participant.submitted("a", &[SegmentFate::Accepted("m".to_owned())], &three(1));
    participant.answer(&ran(), &three(2)).unwrap();
    assert_eq!(participant.timer(&three(62)).action, Action::NextStep);
    assert_eq!(participant.work.step, 1);
}

#[test]
fn a_sign_of_the_card_makes_a_waiting_try_due() {
    let mut participant = waiting();
    participant.timer(&context(601));
    assert!(participant.reachable(&context(610)));
    assert_eq!(participant.due_at, START.plus_seconds(610));
    assert!(!participant.reachable(&context(611)));
    let mut pending = enrolled();
    assert!(!pending.reachable(&context(1)));
}

#[test]
fn what_no_packet_can_be_made_for_ends_with_its_reason() {
    let mut participant = enrolled();
    participant.cannot_send("the card has no number to send to", &context(0));
    assert_eq!((participant.status, participant.attempt), (P::Exception, 1));
    assert_eq!(participant.attempts[0].reason, "the card has no number to send to");
}

#[test]
fn a_forged_counter_low_makes_no_new_packet_of_what_must_not_run_twice() {
    let low = |authenticated| Answer::Refused { status: 0x02, authenticated };
    let sent = || {
        let mut participant = enrolled();
        participant.start(Packet { idempotent: false, sticky: true, ..packet(1, 1) }, &context(0));
        participant.submitted("a", &[SegmentFate::Accepted("m1".to_owned())], &context(1));
        participant
    };
    let mut participant = sent();
    let change = participant.answer(&low(false), &context(2)).unwrap();
    assert_eq!((participant.work.next, change.hold), (NextSend::Resend, Hold::Keep));
    // The true answer may still come.
    participant.answer(&ran(), &context(3)).unwrap();
    assert_eq!(participant.status, P::Completed);
    // With protection it is the card's own word.
    let mut participant = sent();
    participant.answer(&low(true), &context(2)).unwrap();
    assert_eq!(participant.work.next, NextSend::Fresh);
}

#[test]
fn a_packet_that_reads_back_and_is_refused_at_once_tells_of_a_counter_that_drifted() {
    let low = |authenticated| Answer::Refused { status: 0x02, authenticated };
    let mut participant = waiting();
    participant.timer(&context(601));
    participant.restart(&context(1000));
    participant.answer(&low(false), &context(1001)).unwrap();
    assert_eq!(participant.work.next, NextSend::ReadBack);
    participant.start(Packet { purpose: Purpose::ReadBack, ..packet(2, 1) }, &context(1002));
    let change = participant.answer(&low(false), &context(1003)).unwrap();
    assert_eq!((change.raise_counter, participant.work.next), (1000, NextSend::ReadBack));
    // The same octets again: its own earlier copy ran, which says nothing about what was written.
    participant.start(Packet { purpose: Purpose::ReadBack, ..packet(1003, 1) }, &context(1004));
    participant.timer(&context(1700));
    participant.restart(&context(2000));
    let accepting = Context { accept_replay_as_done: true, max_retries: 9, ..context(2001) };
    participant.status = P::Wait;
    participant.answer(&low(true), &accepting).unwrap();
    assert_eq!((participant.status, participant.work.next), (P::Retry, NextSend::ReadBack));
}

#[test]
fn a_card_that_counts_by_one_is_not_sent_a_counter_far_ahead() {
    let mut participant = waiting();
    let low = Answer::Refused { status: 0x02, authenticated: false };
    let change = participant.answer(&low, &Context { counts_by_one: true, ..context(2) }).unwrap();
    assert_eq!((change.raise_counter, change.flags.resync), (0, true));
}

#[test]
fn what_runs_twice_is_not_handed_over_again_where_it_may_have_left() {
    let begun = || {
        let mut participant = enrolled();
        let packet = Packet { replay_safe: false, idempotent: false, sticky: true, ..packet(0, 1) };
        participant.start(packet, &context(0));
        participant
    };
    let unknown = [SegmentFate::Unknown];
    let not_sent = [SegmentFate::NotSent];
    let full = [SegmentFate::Refused(Refusal::QueueFull)];
    let table: [(Option<&[SegmentFate]>, Action, P); 4] = [
        // The process ended between storing and sending, or right after sending.
        (None, Action::None, P::Exception),
        (Some(&unknown), Action::None, P::Exception),
        (Some(&not_sent), Action::SendAgain, P::Progress),
        (Some(&full), Action::SendAgain, P::Progress),
    ];
    for (fates, action, status) in table {
        let mut participant = begun();
        if let Some(fates) = fates {
            participant.submitted("a", fates, &context(1));
        }
        assert_eq!(participant.timer(&context(100)).action, action, "{fates:?}");
        assert_eq!(participant.status, status, "{fates:?}");
        let outcome = (status == P::Exception).then_some(Outcome::Unverified);
        assert_eq!(participant.attempts[0].outcome, outcome, "{fates:?}");
    }
    // Nor is it sent again because somebody says that the card is busy.
    let mut participant = begun();
    participant.submitted("a", &[SegmentFate::Accepted("m".to_owned())], &context(1));
    participant.answer(&Answer::Refused { status: 0x08, authenticated: false }, &context(2)).unwrap();
    assert_eq!(participant.status, P::Exception);
}

#[test]
fn every_way_of_ending_a_step_leads_to_the_next_one() {
    let three = |at| Context { steps: 3, ..context(at) };
    let sent = |packet| {
        let mut participant = enrolled();
        participant.start(packet, &three(0));
        participant.submitted("a", &[SegmentFate::Accepted("m".to_owned())], &three(1));
        participant
    };
    // Read back and found written.
    let mut participant = sent(Packet { purpose: Purpose::ReadBack, ..packet(2, 1) });
    let change = participant.answer(&ran(), &three(2)).unwrap();
    assert_eq!(
        (participant.status, participant.work.step, change.action),
        (P::Progress, 1, Action::NextStep)
    );
    // Delivered, where no answer was asked for.
    let mut participant = sent(Packet { por: PorRequest::None, ..packet(1, 1) });
    let change = participant.receipt(&["m".to_owned()], Receipt::Delivered, &three(2)).unwrap();
    assert_eq!(
        (participant.status, participant.work.step, change.action),
        (P::Progress, 1, Action::NextStep)
    );
}

#[test]
fn a_failed_step_begins_no_earlier_than_everything_may_run_again() {
    let at_two = |restart_step| {
        let third = Context { steps: 3, restart_step, ..context(2) };
        let mut participant = enrolled();
        participant.work.step = 2;
        participant.start(packet(3, 1), &third);
        participant.answer(&Answer::CommandFailed { sw: 0x6A82, command: 1 }, &third).unwrap();
        participant.work.step
    };
    assert_eq!([0, 1, 2].map(at_two), [0, 1, 2]);
    // What reading back found unwritten is written again, and nothing before it.
    let third = Context { steps: 3, restart_step: 0, ..context(2) };
    let mut participant = enrolled();
    participant.work.step = 2;
    participant.start(Packet { purpose: Purpose::ReadBack, ..packet(3, 1) }, &third);
    participant.answer(&Answer::Ran { sw: 0x9000, as_written: false }, &third).unwrap();
    assert_eq!((participant.status, participant.work.step), (P::Retry, 2));
}

#[test]
fn a_pause_between_two_steps_uses_no_try() {
    let two = |campaign, at| Context { campaign, steps: 2, max_retries: 0, ..context(at) };
    let mut participant = waiting();
    let change = participant.answer(&ran(), &two(C::Suspend, 2)).unwrap();
    assert_eq!((participant.status, participant.work.step, change.action), (P::Progress, 1, Action::None));
    assert_eq!(participant.timer(&two(C::Suspend, 7)).action, Action::None);
    let mut canceled = participant.clone();
    canceled.timer(&two(C::Canceled, 12));
    assert_eq!(canceled.status, P::Canceled);
    assert_eq!(participant.timer(&two(C::Process, 12)).action, Action::NextStep);
    assert_eq!((participant.status, participant.attempt), (P::Progress, 1));
}

#[test]
fn ota_10_a_late_answer_changes_nothing_in_a_campaign_that_is_over() {
    for over in [C::Canceled, C::Expired, C::Exception] {
        let mut participant = waiting();
        participant.timer(&context(601));
        assert!(participant.awaits_late_answer());
        let before = crate::sim_campaign::shown_status(participant.status, over);
        assert!(before.is_terminal());
        let late = Context { campaign: over, ..context(700) };
        participant.answer(&ran(), &late).unwrap();
        assert_eq!(crate::sim_campaign::shown_status(participant.status, over), before, "{over:?}");
        assert!(participant.attempts[0].late_answer);
    }
    // In flight at a fault of its campaign it is an exception already, and stays one.
    let mut participant = waiting();
    let change = participant.answer(&ran(), &Context { campaign: C::Exception, ..context(2) }).unwrap();
    assert_eq!((participant.status, change.hold), (P::Exception, Hold::Release));
}

#[test]
fn what_cannot_be_sent_any_more_gives_its_card_back() {
    let mut participant = enrolled();
    participant.start(Packet { kvn: 3, idempotent: false, sticky: true, ..packet(1, 1) }, &context(0));
    participant.timer(&Context { campaign: C::Process, ..context(61) });
    participant.submitted("a", &[SegmentFate::Accepted("m".to_owned())], &context(62));
    assert_eq!(participant.timer(&context(700)).hold, Hold::Keep);
    assert_eq!(participant.cannot_send("the SIM is terminated", &context(800)).hold, Hold::Release);
    // The key set that is given back is the one the attempt names.
    assert_eq!(participant.attempts.last().map(|attempt| attempt.kvn), Some(3));
}

#[derive(Debug, Clone)]
enum Happening {
    Send,
    Submitted(SegmentFate),
    Receipt(Receipt),
    Answer(Answer),
    Timer,
    Reachable,
    Campaign(SimCampaignStatus),
}

fn happening() -> impl Strategy<Value = Happening> {
    let refusal = prop_oneof![
        Just(Refusal::QueueFull),
        Just(Refusal::Transient),
        Just(Refusal::Address),
        Just(Refusal::Request),
        Just(Refusal::Refused),
        Just(Refusal::Unknown)
    ];
    let fate = prop_oneof![
        4 => Just(SegmentFate::Accepted("m".to_owned())),
        1 => Just(SegmentFate::NotSent),
        1 => Just(SegmentFate::Unknown),
        1 => refusal.prop_map(SegmentFate::Refused)
    ];
    let receipt = prop_oneof![Just(Receipt::Delivered), Just(Receipt::Undelivered), Just(Receipt::Rejected)];
    let answer = prop_oneof![
        Just(Answer::Interim),
        any::<bool>().prop_map(|as_written| Answer::Ran { sw: 0x9000, as_written }),
        Just(Answer::CommandFailed { sw: 0x6A82, command: 1 }),
        (1..=0xFF_u8, any::<bool>())
            .prop_filter("not interim", |(status, _)| !matches!(status, 0x0B | 0x0C))
            .prop_map(|(status, authenticated)| Answer::Refused { status, authenticated })
    ];
    let campaign = prop_oneof![
        6 => Just(C::Process),
        2 => Just(C::Suspend),
        1 => Just(C::Canceled),
        1 => Just(C::Expired),
        1 => Just(C::Exception)
    ];
    prop_oneof![
        4 => Just(Happening::Send),
        4 => fate.prop_map(Happening::Submitted),
        2 => receipt.prop_map(Happening::Receipt),
        3 => answer.prop_map(Happening::Answer),
        3 => Just(Happening::Timer),
        1 => Just(Happening::Reachable),
        1 => campaign.prop_map(Happening::Campaign)
    ]
}

proptest! {
    /// Whatever happens in whatever order: no more sends than allowed, no way out of an outcome, an outcome only by
    /// proof, and always either a timer, a due instant or an outcome.
    #[test]
    fn the_machine_keeps_its_promises(
        happenings in prop::collection::vec(happening(), 1..60),
        max_retries in 0..5_u32,
        idempotent: bool,
        random: u32,
    ) {
        let mut participant = enrolled();
        let (mut campaign, mut counter, mut proven) = (C::Process, 1, false);
        for (second, happening) in happenings.into_iter().enumerate() {
            let before = participant.clone();
            let context = Context { campaign, max_retries, random, ..context(second as i64) };
            match happening {
                Happening::Send => {
                    // As the engine does it: only what is due, only while the campaign runs.
                    if matches!(participant.status, P::Pending | P::Retry) && campaign == C::Process {
                        match participant.work.next {
                            NextSend::Resend => participant.restart(&context),
                            next => {
                                let purpose = if next == NextSend::ReadBack { Purpose::ReadBack } else { Purpose::Run };
                                let sticky = !idempotent && purpose == Purpose::Run;
                                participant.start(Packet { purpose, idempotent, sticky, ..packet(counter, 1) }, &context);
                                counter += 1;
                            }
                        }
                    }
                }
                Happening::Submitted(fate) => { participant.submitted("a", &[fate], &context); }
                Happening::Receipt(receipt) => { participant.receipt(&["m".to_owned()], receipt, &context); }
                Happening::Answer(answer) => {
                    let open = before.status.is_in_flight() || before.awaits_late_answer();
                    proven |= open && matches!(answer, Answer::Ran { .. });
                    participant.answer(&answer, &context);
                }
                Happening::Timer => {
                    if participant.timer_at.is_some() { participant.timer(&context); }
                }
                Happening::Reachable => { participant.reachable(&context); }
                Happening::Campaign(status) => if !campaign.is_terminal() { campaign = status },
            }
            prop_assert!(participant.attempt <= 1 + max_retries);
            prop_assert!(participant.attempts.len() == participant.attempt as usize);
            if before.status.is_terminal() {
                prop_assert_eq!(participant.status, before.status);
                prop_assert_eq!(participant.updated_at, before.updated_at);
            }
            if participant.status == P::Completed {
                prop_assert!(proven, "completed without proof");
            }
            prop_assert_eq!(participant.status.is_in_flight(), participant.timer_at.is_some());
            if participant.status == P::Progress {
                prop_assert!(participant.work.packet.is_some());
            }
            // The octets under a counter never change.
            if let (Some(old), Some(new)) = (&before.work.packet, &participant.work.packet)
                && old.counter == new.counter
            {
                let octets = |packet: &Packet| {
                    packet.segments.iter().map(|segment| segment.user_data.clone()).collect::<Vec<_>>()
                };
                prop_assert_eq!(octets(old), octets(new));
            }
        }
    }
}
