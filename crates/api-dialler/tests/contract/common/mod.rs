//! A face before a real store, with time and randomness that stand still, two client accounts, and requests that read
//! like the contract.

mod reply;

pub(crate) use muster_testkit::builders::NOW;
pub(crate) use muster_testkit::on_both_stores;
pub(crate) use reply::Reply;
pub(crate) use serde_json::{Value, json};

use axum::Router;
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{Method, Request};
use muster_api_dialler::{DiallerState, router};
use muster_app::ports::{
    CallSequence, CallWrite, CatalogWrite, Expected, FixedClock, SeededEntropy, Versioned,
};
use muster_app::{Services, Settings, secrets};
use muster_domain::calls::call::Call;
use muster_domain::calls::campaign::CallCampaign;
use muster_domain::calls::client::Client;
use muster_domain::calls::contact::Contact;
use muster_domain::calls::result_code::{INCOMING, NO_NUMBER, ResultCode, general_codes};
use muster_domain::ids::{CallCampaignId, CallId, ClientId, ContactId, OrganizationId, ResultCodeId};
use muster_domain::time::UnixMillis;
use muster_testkit::TestStore;
use muster_testkit::builders::organization;
use muster_web::Limits;
use std::any::Any;
use std::sync::Arc;
use tower::ServiceExt;
use uuid::Uuid;

/// The client account that asks; its token is [`TOKEN`].
pub(crate) const CLIENT: ClientId = ClientId(1);
/// Another client account; its token is [`OTHER_TOKEN`].
pub(crate) const OTHER: ClientId = ClientId(2);
/// Token of [`CLIENT`].
pub(crate) const TOKEN: &str = "one";
/// Token of [`OTHER`].
pub(crate) const OTHER_TOKEN: &str = "two";

/// A face, its store, and two client accounts.
pub(crate) struct World {
    pub(crate) services: Arc<Services>,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) organization: OrganizationId,
    router: Router,
    _keep: Box<dyn Any + Send + Sync>,
}

impl World {
    /// A world over an empty store.
    pub(crate) async fn over(store: TestStore) -> Self {
        let clock = Arc::new(FixedClock::new(NOW));
        let entropy = Arc::new(SeededEntropy::new(1));
        let services =
            Services::start(store.store, Arc::<FixedClock>::clone(&clock), entropy, Settings::default())
                .await
                .expect("the catalog loads");
        let organization_id = services.store.allocate_organization_id().await.expect("an id");
        let write = CatalogWrite::Organization(organization(organization_id, "Organization"));
        services.store.write_catalog(organization_id, vec![write]).await.expect("the store takes it");
        services.catalog.reload(organization_id).await.expect("the catalog loads");
        let router = router(&DiallerState::new(Arc::clone(&services), Limits::default()));
        let world = Self { services, clock, organization: organization_id, router, _keep: store.keep };
        for (id, token) in [(CLIENT, TOKEN), (OTHER, OTHER_TOKEN)] {
            world.client(id, token).await;
        }
        world.services.calls.raise_ids(CallSequence::Client, OTHER.0).await.expect("the store takes it");
        world
    }

    async fn client(&self, id: ClientId, token: &str) {
        let client = Client {
            id,
            organization: self.organization,
            name: format!("Client {id}"),
            zone: "UTC".to_owned(),
            region: "DE".to_owned(),
            policy: None,
            token_sha256: Some(secrets::digest(token)),
            created_at: NOW,
        };
        self.write(vec![CallWrite::Client { client: Box::new(client), expected: Expected::Absent }]).await;
    }

    /// The same world behind a face with other limits.
    pub(crate) fn face(&self, limits: Limits) -> Router {
        router(&DiallerState::new(Arc::clone(&self.services), limits))
    }

    /// The face, to be asked in ways that this world has no words for.
    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    // --- What is there without having been asked for over the wire ---

    /// Writes to the store as it is.
    pub(crate) async fn write(&self, writes: Vec<CallWrite>) {
        self.services.calls.commit(writes).await.expect("the store takes it");
    }

    /// An active campaign of [`CLIENT`] with the general result codes, changed as the test needs it.
    pub(crate) async fn campaign(&self, name: &str, change: impl FnOnce(&mut CallCampaign)) -> CampaignAt {
        self.campaign_of(CLIENT, name, change).await
    }

    /// As [`World::campaign`], of any client account.
    pub(crate) async fn campaign_of(
        &self,
        client: ClientId,
        name: &str,
        change: impl FnOnce(&mut CallCampaign),
    ) -> CampaignAt {
        let calls = &self.services.calls;
        let id = CallCampaignId(calls.take_ids(CallSequence::Campaign, 1).await.expect("an id"));
        let first = calls.take_ids(CallSequence::ResultCode, 7).await.expect("ids");
        let codes = general_codes(id, std::array::from_fn(|place| ResultCodeId(first + place as i64)));
        let mut campaign = CallCampaign::new(id, client, name.to_owned(), NOW);
        campaign.active = true;
        campaign.no_number_code = Some(codes[NO_NUMBER].id);
        campaign.incoming_code = Some(codes[INCOMING].id);
        change(&mut campaign);
        let mut writes =
            vec![CallWrite::Campaign { campaign: Box::new(campaign), expected: Expected::Absent }];
        writes.extend(codes.iter().map(|code| CallWrite::ResultCode(Box::new(code.clone()))));
        self.write(writes).await;
        CampaignAt { id: id.0, codes: codes.to_vec() }
    }

    /// Changes a campaign behind the face's back.
    pub(crate) async fn alter_campaign(&self, id: i64, change: impl FnOnce(&mut CallCampaign)) {
        let found = self.services.calls.campaign(CallCampaignId(id)).await.expect("readable");
        let Versioned { mut value, version } = found.expect("the campaign exists");
        change(&mut value);
        let expected = Expected::Version(version);
        self.write(vec![CallWrite::Campaign { campaign: Box::new(value), expected }]).await;
    }

    /// An open contact with one number, changed as the test needs it.
    pub(crate) async fn contact(
        &self,
        campaign: &CampaignAt,
        name: &str,
        change: impl FnOnce(&mut Contact),
    ) -> i64 {
        let calls = &self.services.calls;
        let found = calls.campaign(CallCampaignId(campaign.id)).await.expect("readable");
        let client = found.expect("the campaign exists").value.client;
        let id = ContactId(calls.take_ids(CallSequence::Contact, 1).await.expect("an id"));
        let mut contact = Contact::new(id, client, CallCampaignId(campaign.id), id.0, NOW);
        contact.details.name = name.to_owned();
        contact.numbers[0].number = Some(format!("4930{:07}", id.0));
        change(&mut contact);
        let now = self.clock_now();
        self.write(vec![CallWrite::Contact { contact: Box::new(contact), version: 0, now }]).await;
        id.0
    }

    /// The contact as stored.
    pub(crate) async fn stored_contact(&self, id: i64) -> Versioned<Contact> {
        let found = self.services.calls.contact(ContactId(id)).await.expect("readable");
        found.expect("the contact exists")
    }

    /// Changes a contact behind the face's back.
    pub(crate) async fn alter_contact(&self, id: i64, change: impl FnOnce(&mut Contact)) {
        let Versioned { mut value, version } = self.stored_contact(id).await;
        change(&mut value);
        let now = self.clock_now();
        self.write(vec![CallWrite::Contact { contact: Box::new(value), version, now }]).await;
    }

    /// A call to a contact that began now, changed as the test needs it.
    pub(crate) async fn call(&self, contact: i64, change: impl FnOnce(&mut Call)) -> i64 {
        let of = self.stored_contact(contact).await.value;
        let id = self.services.calls.take_ids(CallSequence::Call, 1).await.expect("an id");
        let mut call = Call {
            id: CallId(id),
            uuid: Uuid::from_u128(id as u128),
            client: of.client,
            campaign: of.campaign,
            contact: of.id,
            number: of.numbers[0].number.clone().unwrap_or_default(),
            index: 1,
            agent: None,
            started_at: self.clock_now(),
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
        };
        change(&mut call);
        self.write(vec![CallWrite::Call(Box::new(call))]).await;
        id
    }

    pub(crate) fn clock_now(&self) -> UnixMillis {
        self.services.clock.now()
    }

    // --- What is asked over the wire ---

    /// A request with a token.
    pub(crate) fn request(token: &str, method: Method, path: &str, body: Option<&str>) -> Request<Body> {
        let mut request = Request::builder().method(method).uri(address(path));
        if !token.is_empty() {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        request.body(body.map_or_else(Body::empty, |body| Body::from(body.to_owned()))).expect("a request")
    }

    /// Sends a request to the face.
    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        send(self.router(), request).await
    }

    /// GET as the client.
    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Self::request(TOKEN, Method::GET, path, None)).await
    }

    /// POST of a JSON body as the client.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(Self::request(TOKEN, Method::POST, path, Some(&body.to_string()))).await
    }

    /// PUT of a JSON body as the client.
    pub(crate) async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send(Self::request(TOKEN, Method::PUT, path, Some(&body.to_string()))).await
    }

    /// PUT without a body as the client.
    pub(crate) async fn touch(&self, path: &str) -> Reply {
        self.send(Self::request(TOKEN, Method::PUT, path, None)).await
    }

    /// DELETE as the client.
    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send(Self::request(TOKEN, Method::DELETE, path, None)).await
    }

    /// The next contact for an agent of one campaign.
    pub(crate) async fn next(&self, agent: &str, campaign: &CampaignAt) -> Reply {
        self.next_of(agent, &[(campaign.id, 1)]).await
    }

    /// The next contact for an agent of several campaigns.
    pub(crate) async fn next_of(&self, agent: &str, campaigns: &[(i64, u32)]) -> Reply {
        let campaigns: Vec<_> = campaigns
            .iter()
            .map(|(id, weight)| json!({"DiallerCampaignsID": id, "weight": weight}))
            .collect();
        self.post("agents/next", &json!({"UsersUID": agent, "campaigns": campaigns})).await
    }
}

/// A campaign that is there.
#[derive(Debug, Clone)]
pub(crate) struct CampaignAt {
    pub(crate) id: i64,
    pub(crate) codes: Vec<ResultCode>,
}

impl CampaignAt {
    /// Id of the code with that export key.
    #[track_caller]
    pub(crate) fn code(&self, export_key: &str) -> i64 {
        self.codes.iter().find(|code| code.export_key == export_key).expect("a general code").id.0
    }

    /// Its address.
    pub(crate) fn path(&self) -> String {
        format!("campaigns/campaign/{}", self.id)
    }
}

/// Sends a request to a face.
pub(crate) async fn send(router: Router, request: Request<Body>) -> Reply {
    Reply::read(router.oneshot(request).await.expect("routers do not fail")).await
}

/// The address of a path: what begins with a slash is taken as it is; the rest is below the client's `dialler`.
pub(crate) fn address(path: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { format!("/rest/v1.0/{CLIENT}/dialler/{path}") }
}

/// The texts under one key of records.
pub(crate) fn texts<'a>(records: &'a [Value], key: &str) -> Vec<&'a str> {
    records.iter().map(|record| record[key].as_str().unwrap_or_default()).collect()
}

/// A text as part of a query.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        use std::fmt::Write as _;
        let _ = write!(encoded, "%{byte:02X}");
        encoded
    })
}
