use super::NOW;
use muster_app::ports::{CustomerName, CustomerWrite, Expected};
use muster_app::tracking;
use muster_domain::customer::{Customer, Impression, OptInChoice, Points, Profile, Standing, Tag};
use muster_domain::ids::{CampaignId, CreativeId, CustomerId, OrganizationId};
use muster_domain::time::UnixMillis;
use std::collections::BTreeMap;
use uuid::Uuid;

/// A registered customer in good standing who has done nothing yet.
#[derive(Debug, Clone)]
pub struct CustomerBuilder {
    id: CustomerId,
    customer: Customer,
}

impl CustomerBuilder {
    /// The customer whose id is that number.
    pub fn new(number: u128) -> Self {
        Self::with_id(Uuid::from_u128(number))
    }

    /// The customer of that id.
    pub fn with_id(id: Uuid) -> Self {
        let id = CustomerId(id);
        let customer = Customer {
            profile: Profile { opted_in: true, ..Profile::default() },
            standing: Standing::default(),
            tags: BTreeMap::new(),
            choices: BTreeMap::new(),
            progress: BTreeMap::new(),
            points: Points::default(),
            impressions: BTreeMap::new(),
            tracking_id: tracking::new_tracking_id(id, [0xA1, 0xB2, 0xC3, 0xD4]),
            events_logged: 0,
            created_at: NOW,
            updated_at: NOW,
            registered_at: Some(NOW),
        };
        Self { id, customer }
    }

    /// Known to the client by this id.
    pub fn external_id(mut self, external_id: &str) -> Self {
        self.customer.profile.external_id = Some(external_id.to_owned());
        self
    }

    /// With this e-mail address, in lower case.
    pub fn email(mut self, email: &str) -> Self {
        self.customer.profile.email = Some(email.to_owned());
        self
    }

    /// Not registered.
    pub fn anonymous(mut self) -> Self {
        self.customer.registered_at = None;
        self
    }

    /// With a counter tag.
    pub fn tag(mut self, name: &str) -> Self {
        self.customer.tags.insert(name.to_owned(), Tag::Counter { count: 1 });
        self
    }

    /// With a tag that expires.
    pub fn tag_until(mut self, name: &str, expires_at: UnixMillis) -> Self {
        self.customer.tags.insert(name.to_owned(), Tag::Expiring { expires_at });
        self
    }

    /// With a choice about a campaign. It takes no place under the campaign's limit.
    pub fn chose(mut self, campaign: i64, opted_in: bool) -> Self {
        self.customer.choices.insert(CampaignId(campaign), OptInChoice { opted_in, at: NOW });
        self
    }

    /// With an `ad_stat_id` given from outside.
    pub fn stat_id(mut self, creative: i64, stat_id: Uuid) -> Self {
        let impression = Impression { stat_id: Some(stat_id), ..Impression::default() };
        self.customer.impressions.insert(CreativeId(creative), impression);
        self
    }

    /// Any other change.
    pub fn with(mut self, change: impl FnOnce(&mut Customer)) -> Self {
        change(&mut self.customer);
        self
    }

    /// The customer's id.
    pub fn id(&self) -> CustomerId {
        self.id
    }

    /// What creates the customer, names included.
    pub fn into_write(self, organization: OrganizationId) -> CustomerWrite {
        let Self { id, customer } = self;
        let profile = &customer.profile;
        let external = profile.external_id.iter().cloned().map(CustomerName::External);
        let email = profile.email.iter().cloned().map(CustomerName::Email);
        let names: Vec<_> = external.chain(email).collect();
        let mut write = CustomerWrite::new(organization, id, Expected::Absent, Some(customer));
        write.add_names = names;
        write
    }
}
