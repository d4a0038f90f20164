//! The demo's client accounts of the dialler face: two, with the objects that the contract's own examples show.

use crate::failure::{Failure, Outcome};
use muster_app::ports::{CallSequence, CallWrite, Expected};
use muster_app::{Services, secrets};
use muster_domain::calls::campaign::{CallCampaign, Mode};
use muster_domain::calls::client::Client;
use muster_domain::calls::contact::Contact;
use muster_domain::calls::result_code::{INCOMING, Language, NO_NUMBER, ResultCode, general_codes};
use muster_domain::ids::{CallCampaignId, ClientId, ContactId, OrganizationId, ResultCodeId};
use muster_domain::time::UnixMillis;

/// The first client account, which has the campaign of the examples.
pub const FIRST: ClientId = ClientId(1);
/// The first one's token. Known to everybody.
pub const FIRST_TOKEN: &str = "demo-dialler-1-known-to-everybody";
/// The second client account, which has the result codes of the examples.
pub const SECOND: ClientId = ClientId(2);
/// The second one's token. Known to everybody.
pub const SECOND_TOKEN: &str = "demo-dialler-2-known-to-everybody";

const ZONE: &str = "Europe/Berlin";
const CAMPAIGN_1000: CallCampaignId = CallCampaignId(534);
const CAMPAIGN_1000_CODES: [i64; 7] = [2489, 2490, 2491, 2492, 2494, 2495, 2496];
const AUTUMN: CallCampaignId = CallCampaignId(535);
const AUTUMN_CODES: [i64; 7] = [2695, 2698, 2696, 2697, 2699, 2700, 2701];

/// Name, first name, key of an outside system and number of each contact. The numbers belong to nobody: they are of the
/// range that the German regulator keeps for film and television.
const CONTACTS: [(CallCampaignId, &str, &str, &str, &str); 5] = [
    (CAMPAIGN_1000, "Brandt", "Mila", "C-1001", "493023125001"),
    (CAMPAIGN_1000, "Engel", "Jonas", "C-1002", "493023125002"),
    (CAMPAIGN_1000, "Öztürk", "Deniz", "C-1003", "493023125003"),
    (AUTUMN, "Fischer", "Lea", "H-2001", "493023125011"),
    (AUTUMN, "Wagner", "Paul", "H-2002", "493023125012"),
];

/// Loads what is not there yet: each client account with all that it has in one transaction.
pub(super) async fn load(services: &Services, organization: OrganizationId) -> Outcome<()> {
    let refused = |error: &dyn std::fmt::Display| Failure::new("load the demo's call campaigns", error);
    let now = services.clock.now();
    for (id, name, token) in
        [(FIRST, "Harbor & Pine Service", FIRST_TOKEN), (SECOND, "Harbor & Pine Sales", SECOND_TOKEN)]
    {
        if services.calls.client(id).await.map_err(|error| refused(&error))?.is_some() {
            continue;
        }
        let client = Client {
            id,
            organization,
            name: name.to_owned(),
            zone: ZONE.to_owned(),
            region: "DE".to_owned(),
            policy: None,
            token_sha256: Some(secrets::digest(token)),
            created_at: now,
        };
        let (campaign, codes) = if id == FIRST { campaign_1000(now) } else { autumn(now) };
        let contacts = contacts(&campaign, now);
        let mut writes = vec![
            CallWrite::Client { client: Box::new(client), expected: Expected::Absent },
            CallWrite::Campaign { campaign: Box::new(campaign), expected: Expected::Absent },
        ];
        writes.extend(codes.into_iter().map(|code| CallWrite::ResultCode(Box::new(code))));
        let contact = |contact| CallWrite::Contact { contact: Box::new(contact), version: 0, now };
        writes.extend(contacts.into_iter().map(contact));
        services.calls.commit(writes).await.map_err(|error| refused(&error))?;
    }
    // What is made from now on has other numbers than the demo.
    for (sequence, last) in [
        (CallSequence::Client, SECOND.0),
        (CallSequence::Campaign, AUTUMN.0),
        (CallSequence::ResultCode, 2701),
        (CallSequence::Contact, CONTACTS.len() as i64),
    ] {
        services.calls.raise_ids(sequence, last).await.map_err(|error| refused(&error))?;
    }
    Ok(())
}

/// The campaign that the contract's examples show.
fn campaign_1000(now: UnixMillis) -> (CallCampaign, [ResultCode; 7]) {
    let codes = general_codes(CAMPAIGN_1000, CAMPAIGN_1000_CODES.map(ResultCodeId));
    let mut campaign = CallCampaign::new(CAMPAIGN_1000, FIRST, "Campaign 1000".to_owned(), now);
    campaign.language = Language::German;
    campaign.preview_s = 5;
    campaign.close_on_incoming = true;
    campaign.mode = Mode::Preview;
    campaign.active = true;
    campaign.started_at = Some(now);
    refer(&mut campaign, &codes);
    (campaign, codes)
}

/// The campaign whose result codes the contract's examples show.
fn autumn(now: UnixMillis) -> (CallCampaign, [ResultCode; 7]) {
    let codes = general_codes(AUTUMN, AUTUMN_CODES.map(ResultCodeId));
    let mut campaign = CallCampaign::new(AUTUMN, SECOND, "Autumn offers".to_owned(), now);
    campaign.language = Language::German;
    refer(&mut campaign, &codes);
    (campaign, codes)
}

fn refer(campaign: &mut CallCampaign, codes: &[ResultCode; 7]) {
    campaign.no_number_code = Some(codes[NO_NUMBER].id);
    campaign.incoming_code = Some(codes[INCOMING].id);
}

fn contacts(campaign: &CallCampaign, now: UnixMillis) -> Vec<Contact> {
    let numbered = CONTACTS.iter().zip(1..).filter(|((of, ..), _)| *of == campaign.id);
    let contact = |((_, name, first_name, key, number), id): (&(_, &str, &str, &str, &str), i64)| {
        let mut contact = Contact::new(ContactId(id), campaign.client, campaign.id, id, now);
        (*name).clone_into(&mut contact.details.name);
        contact.details.first_name = Some((*first_name).to_owned());
        contact.details.user_data = Some((*key).to_owned());
        contact.numbers[0].number = Some((*number).to_owned());
        contact
    };
    numbered.map(contact).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::tests::services;
    use axum::body::{Body, to_bytes};
    use axum::http::{Request, StatusCode};
    use muster_api_dialler::{DiallerState, router};
    use muster_app::usecases::dialler::{NewClient, create_client};
    use muster_web::Limits;
    use serde_json::{Value, json};
    use std::sync::Arc;
    use tower::ServiceExt;

    async fn ask(services: &Arc<Services>, client: ClientId, token: &str, path: &str) -> Value {
        let router = router(&DiallerState::new(Arc::clone(services), Limits::default()));
        let request = Request::builder()
            .uri(format!("/rest/v1.0/{client}/dialler/{path}"))
            .header("authorization", format!("Bearer {token}"))
            .body(Body::empty())
            .unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    /// The fields that the sample shows are there and equal.
    fn assert_shows(found: &Value, sample: &Value) {
        for (key, value) in sample.as_object().unwrap() {
            assert_eq!(&found[key], value, "{key}");
        }
    }

    #[tokio::test]
    async fn the_examples_of_the_contract_come_out_equal() {
        let (services, _clock, _data) = services().await;
        crate::demo::load(&services).await.unwrap();
        let campaign = json!({
            "ContactPreviewTime": 5, "nMaxParallelLines": null,
            "bCloseContactsOnIncomingCallsMatchCallerID": true, "dtTo": null, "LanguagesID": 2,
            "bCallerIDActive": false, "Name": "Campaign 1000", "ClientsID": 1,
            "AbortOnNoTelNumberResultCodesID": 2492, "IncomingCallResultCodesID": 2494,
        });
        let mut all = ask(&services, FIRST, FIRST_TOKEN, "campaigns").await;
        assert_shows(&all["records"][0].take(), &campaign);
        all["records"] = json!([]);
        let envelope = json!({"filter": "", "limitStart": 0, "limitPageSize": -1, "records": [], "count": 1,
            "orderBy": "Name", "ascending": true, "status": 200});
        assert_eq!(all, envelope);
        for path in
            ["campaigns/534", "campaigns/campaign?name=Campaign%201000", "campaigns/campaign?name=1000"]
        {
            let mut one = ask(&services, FIRST, FIRST_TOKEN, path).await;
            assert_shows(&one["records"][0].take(), &campaign);
            one["records"] = json!([]);
            assert_eq!(one, json!({"records": [], "count": 1, "status": 200}));
        }

        let path = "campaigns/campaign/535/resultCodes?languagesID=2";
        let codes = ask(&services, SECOND, SECOND_TOKEN, path).await;
        assert_eq!((&codes["count"], &codes["status"]), (&json!(7), &json!(200)));
        let code =
            |id: i64| codes["records"].as_array().unwrap().iter().find(|code| code["ID"] == id).unwrap();
        assert_eq!(
            code(2695),
            &json!({
                "bDone": true, "DiallerResultCodesTypesContent": "Abschluss", "bDelay": false,
                "DiallerCampaignsID": 535, "DiallerResultCodesTypesShortText": "DiallerResultCodesTypes.1",
                "bAllowDelete": true, "ExportKey": "ABG", "Content": "Abgeschlossen",
                "ShortText": "DiallerCampaignsResultCodes.2695", "bAborted": false, "ID": 2695,
                "bAgentBound": null, "TimeOffset": null, "bAppointment": false, "DiallerResultCodesTypesID": 1
            })
        );
        assert_eq!(
            code(2698),
            &json!({
                "bDone": false, "DiallerResultCodesTypesContent": "Abbruch", "bDelay": false,
                "DiallerCampaignsID": 535, "DiallerResultCodesTypesShortText": "DiallerResultCodesTypes.2",
                "bAllowDelete": true, "ExportKey": "Aufleger", "Content": "Aufleger",
                "ShortText": "DiallerCampaignsResultCodes.2698", "bAborted": true, "ID": 2698,
                "bAgentBound": null, "TimeOffset": null, "bAppointment": false, "DiallerResultCodesTypesID": 2
            })
        );
    }

    #[tokio::test]
    async fn the_client_accounts_load_once_and_others_get_other_numbers() {
        let (services, _clock, _data) = services().await;
        let loaded = crate::demo::load(&services).await.unwrap();
        crate::demo::load(&services).await.unwrap();
        let contacts = ask(&services, FIRST, FIRST_TOKEN, "contacts").await;
        assert_eq!(contacts["count"], 3);
        let new = NewClient {
            id: None,
            organization: OrganizationId(loaded.organization_id),
            name: "New".to_owned(),
            zone: "UTC".to_owned(),
            region: String::new(),
            policy: None,
        };
        let (client, _) = create_client(&services, new).await.unwrap();
        assert!(client.id > SECOND, "{}", client.id);
        let next = services.calls.take_ids(CallSequence::ResultCode, 1).await.unwrap();
        assert!(next > AUTUMN_CODES[6], "{next}");
    }
}
