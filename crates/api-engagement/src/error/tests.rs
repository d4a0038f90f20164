use super::*;
use std::time::Duration;

const OPERATIONS: [Operation; 10] = [
    Operation::CreateCampaign,
    Operation::OptIn,
    Operation::ListCampaigns,
    Operation::CampaignProgress,
    Operation::CampaignsV2,
    Operation::ActiveCampaigns,
    Operation::CampaignInfo,
    Operation::Tracking,
    Operation::Customers,
    Operation::None,
];

/// The code and status of a fault that all methods spell alike.
#[test]
fn generic_codes_by_table() {
    let store = |error| Fault::App(AppError::Store(error));
    let syntax = JsonError::Syntax { reason: "expected value".to_owned(), line: 1, column: 1 };
    let cases: Vec<(Fault, &str, u16)> = vec![
        (Fault::AccessDenied("why".to_owned()), "ACCESS_DENIED", 401),
        (Fault::App(AppError::InvalidAuthToken), "INVALID_AUTH_TOKEN", 401),
        (Fault::App(AppError::RegisteredCustomerRequired), "REQUIRES_REGISTERED_USER", 200),
        (Fault::App(AppError::Argument("why".to_owned())), "ARGUMENT_ERROR", 200),
        (Fault::App(AppError::UnknownAttributes(vec!["test".to_owned()])), "argument_error", 200),
        (Fault::App(AppError::NoActiveCampaign), "No_active_campaign_found", 404),
        (Fault::App(AppError::OptIn(OptInRefusal::NotRequired)), "opt_in_error", 200),
        (Fault::App(AppError::OptIn(OptInRefusal::Ineligible)), "user_ineligible_for_campaign", 200),
        (Fault::App(AppError::OptIn(OptInRefusal::NotStarted)), "opt_in_not_started", 200),
        (Fault::App(AppError::OptIn(OptInRefusal::Ended)), "opt_in_ended", 200),
        (Fault::App(AppError::OptIn(OptInRefusal::LimitReached)), "opt_in_limit_reached", 200),
        (Fault::App(AppError::Contended), "rate_limited", 429),
        (Fault::App(AppError::Stale("campaign")), "rate_limited", 429),
        (store(StoreError::Overloaded { queued: 1 }), "rate_limited", 429),
        (Fault::Body(BodyError::TooLarge { limit_bytes: 1 }), "VALIDATION", 413),
        (Fault::Body(BodyError::Timeout { limit: Duration::from_secs(1) }), "VALIDATION", 408),
        (Fault::Body(BodyError::Broken), "ARGUMENT_ERROR", 400),
        (Fault::Json(syntax), "ARGUMENT_ERROR", 200),
        (Fault::PathEncoding("user_id"), "ARGUMENT_ERROR", 200),
        (Fault::NoRoute, "NOT_FOUND", 404),
        (Fault::NoMethod, "ARGUMENT_ERROR", 405),
        (Fault::Refused(Refusal::Busy), "rate_limited", 429),
        (Fault::Refused(Refusal::TimedOut), "INTERNAL_SERVER_ERROR", 500),
        (Fault::Refused(Refusal::Panicked), "INTERNAL_SERVER_ERROR", 500),
    ];
    for (fault, code, status) in cases {
        for operation in OPERATIONS {
            let (said, http) = fault.code(operation);
            assert_eq!((said, http.as_u16()), (code, status), "{fault:?} in {operation:?}");
        }
    }
}

/// The codes of a method in the order: customer, campaign, app, missing, invalid, parent; then what a failing store is.
#[test]
fn codes_of_each_method_by_table() {
    use Operation as O;
    const GENERIC: [&str; 6] =
        ["USER_NOT_FOUND", "NOT_FOUND", "INVALID_API_KEY", "MISSING_DATA", "VALIDATION", "NOT_FOUND"];
    let creating =
        ["USER_NOT_FOUND", "NOT_FOUND", "INVALID_API_KEY", "missing_data", "validation", "not_found"];
    let listing = [
        "User_not_found",
        "No_active_campaign_found",
        "Invalid_api_key",
        "MISSING_DATA",
        "VALIDATION",
        "NOT_FOUND",
    ];
    let progress =
        ["USER_NOT_FOUND", "no_campaign_found", "INVALID_API_KEY", "MISSING_DATA", "VALIDATION", "NOT_FOUND"];
    let cases = [
        (O::CreateCampaign, creating),
        (O::ActiveCampaigns, creating),
        (O::ListCampaigns, listing),
        (O::CampaignInfo, listing),
        (O::CampaignProgress, progress),
        (O::OptIn, GENERIC),
        (O::CampaignsV2, GENERIC),
        (O::Tracking, GENERIC),
        (O::Customers, GENERIC),
        (O::None, GENERIC),
    ];
    for (operation, codes) in cases {
        let parent = || "division north".to_owned();
        let faults: [(Vec<Fault>, u16); 6] = [
            (vec![AppError::CustomerNotFound.into()], 404),
            (vec![AppError::CampaignNotFound.into()], 404),
            (vec![Fault::UnknownApp], 401),
            (vec![AppError::Missing("x".to_owned()).into(), Fault::Json(JsonError::Empty)], 200),
            (
                vec![
                    AppError::invalid("x").into(),
                    AppError::Duplicate { what: "name", value: "x".to_owned() }.into(),
                    AppError::IdempotencyMismatch.into(),
                    Fault::Paging(PagingError("page")),
                    Fault::Query(QueryError::TooLong),
                ],
                200,
            ),
            (
                vec![
                    AppError::ParentNotFound(parent()).into(),
                    AppError::ParentElsewhere(parent()).into(),
                    AppError::NotFound { what: "organization", id: String::new() }.into(),
                ],
                404,
            ),
        ];
        for ((faults, status), code) in faults.into_iter().zip(codes) {
            for fault in faults {
                let (said, http) = fault.code(operation);
                assert_eq!((said, http.as_u16()), (code, status), "{fault:?} in {operation:?}");
            }
        }
        let failing = Fault::from(StoreError::Internal("secret place".to_owned()));
        let expected = if operation == O::OptIn { "opt_in_error" } else { "INTERNAL_SERVER_ERROR" };
        assert_eq!(failing.code(operation), (expected, StatusCode::INTERNAL_SERVER_ERROR));
        assert!(!failing.message().contains("secret place"), "causes are not told");
        let (code, status) = Fault::from(AppError::NotAvailable).code(operation);
        let page = operation == O::Tracking;
        assert_eq!((code, status.as_u16()), ("NOT_AVAILABLE", if page { 404 } else { 200 }));
    }
}
