//! What every store must do, asked of each: every test below runs once on each database.

mod customers;
mod fixtures;
mod harness;

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
}
