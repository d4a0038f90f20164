//! What every store must do, asked of each: every test below runs once on each database.

mod catalog;
mod customers;
mod events;
mod fixtures;
mod harness;
mod jobs;
mod lifecycle;
mod postgres_only;
mod sims;
mod sqlite_only;

use harness::Harness;
use sims::{accounts, answers, campaigns, cards, claims, enrolment, holds, offers, races, recount, steps};

macro_rules! conformance {
    ($($module:ident::$test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                crate::$module::$test(crate::Harness::sqlite().await).await;
            })+
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                crate::$module::$test(crate::Harness::postgres().await).await;
            })+
        }
    };
}

conformance! {
    customers::a_customer_comes_back_as_it_went,
    customers::a_version_is_used_once,
    customers::writes_of_one_customer_in_one_call_follow_each_other,
    customers::a_name_leads_to_its_customer,
    customers::a_name_belongs_to_one_customer_until_removed,
    customers::of_concurrent_writers_one_gets_the_name,
    customers::deleting_leaves_nothing_behind,
    customers::customers_are_paged_in_order_of_id,
    customers::a_prefix_of_twelve_bytes_finds_its_customers,
    customers::a_client_token_is_found_expired_or_not,
    customers::the_refused_leave_no_trace_and_the_others_stand,
    customers::names_change_hands_within_one_call,
    customers::what_ingest_needs_is_loaded_in_the_order_asked,
    customers::nothing_to_commit_is_nothing_done,
    events::events_come_back_in_order_of_arrival,
    events::an_event_key_is_never_logged_twice,
    events::of_concurrent_ingests_each_event_counts_once,
    events::the_outbox_is_paged_in_the_order_of_commits,
    events::outcomes_of_a_customer_deleted_in_the_same_call_go_with_it,
    events::a_reader_of_the_outbox_misses_nothing,
    events::places_are_taken_given_back_and_counted,
    events::one_write_takes_several_places_or_none,
    events::a_stale_writer_is_told_so_before_it_is_told_of_the_limit,
    events::of_sixty_four_takers_of_ten_places_ten_succeed,
    events::views_and_clicks_add_up,
    catalog::a_configuration_comes_back_as_it_went,
    catalog::unique_values_are_held_unique,
    catalog::a_refused_write_takes_all_others_with_it,
    catalog::an_entity_is_written_in_the_expected_version_only,
    catalog::a_configuration_is_guarded_as_a_whole,
    catalog::without_an_organization_only_what_needs_none_is_written,
    catalog::a_deleted_campaign_takes_its_counters_along,
    catalog::tokens_are_listed_found_and_revoked,
    catalog::an_answer_is_remembered_once,
    catalog::ids_never_repeat,
    catalog::organization_ids_never_repeat,
    catalog::versions_follow_each_other_under_concurrency,
    catalog::whoever_listens_hears_of_a_change,
    jobs::jobs_are_found_and_listed_newest_first,
    jobs::the_oldest_waiting_job_is_claimed_first,
    jobs::a_lease_that_ran_out_is_anybodys,
    jobs::a_job_given_back_waits_again_and_one_given_up_does_not,
    jobs::of_many_workers_each_claims_another_job,
    lifecycle::what_has_expired_is_swept,
    lifecycle::a_sweep_goes_on_until_nothing_is_left,
    lifecycle::a_store_that_works_answers_a_ping,
    lifecycle::everything_is_there_after_opening_again,
    lifecycle::closing_finishes_what_was_accepted,
    lifecycle::a_closed_store_says_so,
    lifecycle::a_store_can_be_looked_at_while_it_is_open,
    lifecycle::many_customers_and_large_ones_pass,
    accounts::an_account_is_written_in_the_expected_version_only,
    accounts::accounts_are_listed_below_their_parent_in_order_of_making,
    accounts::roots_are_listed_by_organization,
    accounts::a_username_is_of_one_account,
    accounts::a_token_leads_to_its_user_expired_or_not,
    accounts::a_request_is_remembered,
    accounts::expired_tokens_requests_and_parts_are_swept,
    accounts::a_sweep_of_requests_goes_on_until_none_is_left,
    cards::cards_come_back_as_they_went,
    cards::every_name_leads_to_its_card,
    cards::a_taken_name_is_told_with_its_kind_and_place,
    cards::a_number_shared_by_the_imsis_of_one_card_is_no_duplicate,
    cards::cards_are_paged_in_order_of_loading,
    cards::a_card_is_replaced_in_the_version_read_and_its_names_with_it,
    cards::a_key_set_keeps_its_counter_and_its_holder,
    cards::a_card_profile_has_its_name_in_its_organization,
    offers::tariffs_are_listed_in_order_of_making,
    offers::a_package_is_written_in_the_expected_version_only,
    offers::a_package_name_is_of_one_undeleted_package_of_an_account,
    offers::packages_are_listed_by_maker_by_right_and_by_use,
    offers::attaching_a_package_marks_it_for_good,
    offers::a_package_in_use_is_not_deleted_and_a_deleted_one_not_used,
    offers::a_card_keeps_its_package_through_other_changes,
    campaigns::templates_are_listed_in_order_of_id_and_added_once,
    campaigns::numbers_never_repeat_and_lie_behind_those_that_were_chosen,
    campaigns::a_campaign_is_written_in_the_expected_version_only,
    campaigns::campaigns_are_listed_for_the_accounts_they_are_connected_to,
    campaigns::only_what_may_go_on_is_live,
    campaigns::a_refused_change_of_several_leaves_nothing,
    enrolment::participants_get_places_and_ids_in_order,
    enrolment::a_card_takes_part_once,
    enrolment::a_campaign_that_ended_takes_nobody,
    enrolment::participants_are_paged_in_order,
    enrolment::participants_are_scanned_with_their_cards,
    enrolment::participants_are_loaded_in_the_order_asked,
    enrolment::a_cards_participations_are_listed_by_campaign,
    enrolment::participants_are_taken_over_as_they_were,
    claims::the_never_sent_go_first_and_then_the_longest_due,
    claims::a_limit_is_kept,
    claims::a_wave_bounds_those_never_sent_to,
    claims::a_lease_keeps_others_away_until_it_ends,
    claims::only_a_running_campaign_is_claimed,
    claims::a_pace_is_kept_over_all_claims,
    claims::timers_come_in_order_whatever_the_campaign,
    claims::a_number_leads_to_the_message_on_its_way,
    claims::the_last_participation_at_rest_is_found_by_number,
    claims::a_number_that_moved_leads_to_its_new_card,
    steps::a_change_comes_back_as_it_went,
    steps::a_revision_is_used_once,
    steps::what_must_run_is_refused_while_its_campaign_does_not,
    steps::a_counter_is_given_once_and_never_back,
    steps::flags_are_set_and_stay,
    steps::a_key_set_that_is_not_there_has_nothing_to_take,
    steps::the_refused_are_told_and_the_others_stand,
    steps::what_a_change_breaks_first_is_what_is_told,
    steps::counts_follow_every_change,
    holds::whoever_comes_second_is_put_aside,
    holds::those_that_wait_are_woken_in_order_of_their_campaigns,
    holds::only_the_holder_gives_a_card_back,
    holds::a_stale_writer_is_not_put_aside,
    holds::key_sets_of_one_card_are_held_apart,
    holds::taking_and_giving_back_follow_each_other_in_one_call,
    races::of_many_claimers_on_two_nodes_each_gets_others,
    races::a_pace_is_shared_by_two_nodes,
    races::of_many_timers_each_goes_to_one_node,
    races::of_many_packets_each_takes_another_counter,
    races::a_card_wanted_by_many_is_held_by_one_and_all_get_through,
    races::concurrent_changes_are_all_counted,
    races::of_two_that_enrol_one_card_one_succeeds,
    recount::counters_equal_a_recount_after_random_changes,
    answers::parts_come_together_in_any_order,
    answers::parts_of_other_messages_stay_apart,
    answers::parts_are_forgotten_by_message,
}
