//! Client accounts, call campaigns and contacts in a store, for tests and benchmarks that have them called.

use muster_app::Services;
use muster_app::ports::CallCounts;
use muster_app::usecases::dialler::{
    CampaignInput, ContactInput, IMPORT_MAX, NewAgent, NewClient, NumberInput, Overwrite, create_campaign,
    create_client, import_contacts, put_agent, put_dialling, put_prompt, start_campaign,
};
use muster_domain::calls::call::Call;
use muster_domain::calls::campaign::{CallCampaign, Dialling};
use muster_domain::calls::contact::Contact;
use muster_domain::ids::{CallCampaignId, ClientId, ContactId};

/// The password of every agent's phone in tests.
pub const PHONE_PASSWORD: &str = "telephone-secret";

/// A number whose last three digits tell the simulated phone what to do (`9dd`, see docs/simulated-phones.md).
pub fn number(place: usize, behaviour: u16) -> String {
    format!("49301{place:05}{behaviour:03}")
}

/// Makes an organization with a client account.
pub async fn client(services: &Services, policy: Option<&str>) -> ClientId {
    let organization = services.store.allocate_organization_id().await.expect("an id");
    let made = crate::builders::organization(organization, "Callers");
    services
        .store
        .write_catalog(organization, vec![muster_app::ports::CatalogWrite::Organization(made)])
        .await
        .expect("the organization is made");
    services.catalog.reload(organization).await.expect("the organization is read");
    let new = NewClient {
        id: None,
        organization,
        name: "Callers".to_owned(),
        zone: "UTC".to_owned(),
        region: "DE".to_owned(),
        policy: policy.map(str::to_owned),
    };
    create_client(services, new).await.expect("the client account is made").0.id
}

/// Makes a campaign with hasty settings: short ringing, no waits between tries.
pub async fn campaign(
    services: &Services,
    client: ClientId,
    name: &str,
    input: CampaignInput,
    dialling: Dialling,
) -> CallCampaign {
    let input = CampaignInput {
        name: Some(name.to_owned()),
        max_ring_s: Some(input.max_ring_s.unwrap_or(2)),
        retry_delay_min: Some(input.retry_delay_min.unwrap_or(0)),
        busy_retry_delay_min: Some(input.busy_retry_delay_min.unwrap_or(0)),
        ..input
    };
    let made = create_campaign(services, client, input).await.expect("the campaign is made");
    put_dialling(services, client, made.id, &dialling).await.expect("the settings are taken")
}

/// Starts a campaign.
pub async fn start(services: &Services, client: ClientId, id: CallCampaignId) {
    start_campaign(services, client, id).await.expect("the campaign starts");
}

/// Adds contacts; each has the numbers of its entry.
pub async fn contacts(
    services: &Services,
    campaign: &CallCampaign,
    numbers: &[Vec<String>],
) -> Vec<ContactId> {
    let mut ids = Vec::with_capacity(numbers.len());
    for (chunk, entries) in numbers.chunks(IMPORT_MAX).enumerate() {
        let inputs = entries.iter().enumerate().map(|(place, numbers)| {
            let mut input = ContactInput {
                name: Some(format!("Contact {:06}", chunk * IMPORT_MAX + place)),
                ..ContactInput::default()
            };
            for (slot, number) in input.numbers.iter_mut().zip(numbers) {
                *slot = NumberInput { number: Some(Some(number.clone())), ..NumberInput::default() };
            }
            input
        });
        let made = import_contacts(services, campaign, inputs.collect(), Overwrite::Never).await;
        let made = made.expect("the contacts are imported");
        ids.extend(made.into_iter().map(|contact| contact.expect("a contact that keeps the rules").id));
    }
    ids
}

/// Makes agents `agent1` to `agent<count>`.
pub async fn agents(services: &Services, client: ClientId, count: usize) -> Vec<String> {
    let mut uids = Vec::with_capacity(count);
    for place in 1..=count {
        let uid = format!("agent{place}");
        let new = NewAgent { uid: uid.clone(), name: uid.clone(), password: Some(PHONE_PASSWORD.to_owned()) };
        put_agent(services, client, new).await.expect("the agent is made");
        uids.push(uid);
    }
    uids
}

/// Makes a prompt: a tone of that many milliseconds.
pub async fn prompt(services: &Services, client: ClientId, name: &str, millis: usize) {
    let samples: Vec<i16> = (0..millis * 8)
        .map(|at| ((at as f64 * 2.0 * std::f64::consts::PI * 440.0 / 8000.0).sin() * 8000.0) as i16)
        .collect();
    put_prompt(services, client, name, &samples).await.expect("the prompt is taken");
}

/// One contact.
pub async fn contact(services: &Services, id: ContactId) -> Contact {
    services.calls.contact(id).await.expect("the store reads").expect("the contact is there").value
}

/// The calls of a contact that were really placed: refusals of the rules aside.
pub async fn calls(services: &Services, id: ContactId) -> Vec<Call> {
    use muster_domain::calls::call::CallOutcome;
    let mut calls = services.calls.calls(id).await.expect("the store reads");
    calls.retain(|call| call.outcome != Some(CallOutcome::Blocked));
    calls
}

/// What was counted of a campaign.
pub async fn counts(services: &Services, id: CallCampaignId) -> CallCounts {
    services.calls.counts(id).await.expect("the store reads")
}
