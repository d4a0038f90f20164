//! What every store must do, asked of each: every test below runs once on each database.

mod catalog;
mod customers;
mod events;
mod fixtures;
mod harness;
mod jobs;
mod lifecycle;
mod postgres_only;
mod sqlite_only;

use harness::Harness;

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
}
