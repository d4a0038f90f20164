//! The order in which contacts are chosen (rows D67 and D68).

use crate::common::*;
use muster_app::usecases::dialler::{ContactInput, Overwrite, campaign, import_contacts};
use muster_domain::calls::contact::{Contact, Due};
use muster_domain::calls::hours::{NumberWindow, WeekSpan};
use muster_domain::ids::CallCampaignId;
use muster_domain::participant::ParticipantStatus;
use muster_domain::time::UnixMillis;

const ME: &str = "agent1";

fn ago(seconds: i64) -> UnixMillis {
    NOW.plus_seconds(-seconds)
}

fn follow_up(due: Due, at: UnixMillis, agent: Option<&str>) -> impl FnOnce(&mut Contact) {
    move |contact| {
        contact.status = ParticipantStatus::Retry;
        contact.due = due;
        contact.next_try_at = Some(at);
        contact.follow_up_at = Some(at);
        contact.follow_up_agent = agent.map(str::to_owned);
    }
}

fn busy(since: UnixMillis, agent: &str) -> impl FnOnce(&mut Contact) {
    move |contact| {
        contact.status = ParticipantStatus::Retry;
        contact.due = Due::BusySeries { index: 1, done: 1, since };
        contact.next_try_at = Some(ago(1));
        contact.last_agent = Some(agent.to_owned());
    }
}

/// Its only number is that of this place; number 2 has a window.
fn new(number: usize, reserved: Option<&str>) -> impl FnOnce(&mut Contact) {
    move |contact| {
        let digits = contact.numbers[0].number.take();
        contact.numbers[number - 1].number = digits;
        contact.reserved_for = reserved.map(str::to_owned);
    }
}

on_both_stores! {
    World;

    async fn d67_the_ten_steps_in_their_order(world: World) {
        // Tuesday, 22:13; the window of number 2 is open, that of number 3 is not.
        let window = |number, from: &str, to: &str| NumberWindow {
            number,
            span: WeekSpan { weekday: 2, from: from.to_owned(), to: to.to_owned() },
        };
        let windows = vec![window(2, "20:00", "23:00"), window(3, "08:00", "12:00")];
        let campaign = world.campaign("A", |campaign| campaign.time_windows = windows).await;
        // Made in reverse, and the later steps with the earlier dates, so that nothing but the step decides.
        world.contact(&campaign, "10", new(1, None)).await;
        world.contact(&campaign, "9", new(1, Some(ME))).await;
        world.contact(&campaign, "8", new(2, None)).await;
        world.contact(&campaign, "7", new(2, Some(ME))).await;
        world.contact(&campaign, "6", busy(ago(9000), "agent2")).await;
        world.contact(&campaign, "5", busy(ago(60), ME)).await;
        world.contact(&campaign, "4", follow_up(Due::Delay, ago(8000), None)).await;
        world.contact(&campaign, "3", follow_up(Due::Delay, ago(50), Some(ME))).await;
        world.contact(&campaign, "2", follow_up(Due::Appointment, ago(7000), None)).await;
        world.contact(&campaign, "1", follow_up(Due::Appointment, ago(40), Some(ME))).await;
        // Nobody of these is for this agent now.
        world.contact(&campaign, "another's", follow_up(Due::Appointment, ago(9999), Some("agent2"))).await;
        world.contact(&campaign, "another's", follow_up(Due::Delay, ago(9999), Some("agent2"))).await;
        world.contact(&campaign, "another's", new(1, Some("agent2"))).await;
        world.contact(&campaign, "too early", follow_up(Due::Appointment, NOW.plus_seconds(60), Some(ME))).await;
        world.contact(&campaign, "too early", |contact| contact.next_try_at = Some(NOW.plus_seconds(60))).await;
        world.contact(&campaign, "closed window", new(3, None)).await;
        for step in 1..=10 {
            assert_eq!(world.next(ME, &campaign).await.only()["Name"], step.to_string());
        }
        assert_eq!(world.next(ME, &campaign).await.error(404), "Dialler contact not found");
        // What was too early has its time.
        world.clock.advance_s(60);
        assert_eq!(world.next(ME, &campaign).await.only()["Name"], "too early");
        assert_eq!(world.next(ME, &campaign).await.only()["Name"], "too early");
        world.next(ME, &campaign).await.error(404);
    }

    async fn d67_the_earliest_of_a_step_over_all_campaigns(world: World) {
        let (first, second) = (world.campaign("A", |_| {}).await, world.campaign("B", |_| {}).await);
        world.contact(&first, "second", follow_up(Due::Appointment, ago(20), None)).await;
        world.contact(&second, "first", follow_up(Due::Appointment, ago(30), None)).await;
        world.contact(&first, "third", follow_up(Due::Appointment, ago(10), None)).await;
        for expected in ["first", "second", "third"] {
            let next = world.next_of(ME, &[(first.id, 1_000_000), (second.id, 0)]).await;
            assert_eq!(next.only()["Name"], expected);
        }
    }

    async fn d67_new_contacts_come_by_their_sort_order(world: World) {
        let campaign = world.campaign("A", |_| {}).await;
        for (name, sort) in [("third", 30), ("first", -5), ("second", 7)] {
            world.contact(&campaign, name, |contact| contact.sort = sort).await;
        }
        for expected in ["first", "second", "third"] {
            assert_eq!(world.next(ME, &campaign).await.only()["Name"], expected);
        }
    }

    async fn d68_weights_are_shares(world: World) {
        let mut weights = Vec::new();
        for (name, weight) in [("A", 50), ("B", 25), ("C", 25)] {
            let made = world.campaign(name, |_| {}).await;
            let target = campaign(&world.services, CLIENT, CallCampaignId(made.id)).await.expect("it is there");
            let inputs = (0..300).map(|number: u64| {
                let mut input = ContactInput { name: Some(format!("{number}")), ..ContactInput::default() };
                input.numbers[0].number = Some(Some(format!("4930{number:07}")));
                input
            });
            let imported = import_contacts(&world.services, &target.value, inputs.collect(), Overwrite::Never).await;
            assert!(imported.expect("they are stored").iter().all(Result::is_ok));
            weights.push((made.id, weight));
        }
        let mut drawn = [0; 3];
        for _ in 0..400 {
            let next = world.next_of(ME, &weights).await.only();
            let place = weights.iter().position(|(id, _)| next["DiallerCampaignsID"] == *id);
            drawn[place.expect("one of them")] += 1;
        }
        assert!((170..=230).contains(&drawn[0]), "{drawn:?}");
        assert!((70..=130).contains(&drawn[1]) && (70..=130).contains(&drawn[2]), "{drawn:?}");
    }
}
