use super::{CreativeBuilder, DAY_S, NOW};
use muster_domain::audience::Targeting;
use muster_domain::behavior::Behavior;
use muster_domain::campaign::{
    AdBundle, Campaign, CampaignStatus, CampaignType, DEFAULT_REPORTING_DAYS, Group, LineItem, OptIn,
};
use muster_domain::ids::{CampaignId, DivisionId, GroupId, LineItemId};
use muster_domain::offer::Offer;
use muster_domain::time::{UnixMillis, Window};
use serde_json::{Map, Value};

/// A live promotion for everyone, from ten days before [`NOW`] to ten days after it, without behaviors, creatives
/// or opt-in.
#[derive(Debug, Clone)]
pub struct CampaignBuilder(Campaign);

impl CampaignBuilder {
    /// `Campaign <id>` with the permalink `campaign-<id>`.
    pub fn new(id: i64) -> Self {
        let window =
            Window { starts_at: NOW.plus_seconds(-10 * DAY_S), ends_at: NOW.plus_seconds(10 * DAY_S) };
        Self(Campaign {
            id: CampaignId(id),
            permalink: format!("campaign-{id}"),
            name: format!("Campaign {id}"),
            status: CampaignStatus::Live,
            window,
            campaign_type: CampaignType::Promotion,
            metadata: Map::new(),
            total_budget: 0,
            weight: 5,
            ssap_name: None,
            reporting_ends_at: window.ends_at.plus_seconds(DEFAULT_REPORTING_DAYS * DAY_S),
            opt_in: OptIn { required: false, window, limit: None },
            bundle: AdBundle::default(),
            line_items: vec![LineItem {
                id: LineItemId(id * 1_000_000),
                name: "Line item".to_owned(),
                groups: Vec::new(),
            }],
            behaviors: Vec::new(),
            offers: Vec::new(),
            division: None,
            version: 2,
            created_at: NOW,
            updated_at: NOW,
        })
    }

    /// Another name.
    pub fn name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.0.name);
        self
    }

    /// Another permalink.
    pub fn permalink(mut self, permalink: &str) -> Self {
        permalink.clone_into(&mut self.0.permalink);
        self
    }

    /// Another status.
    pub fn status(mut self, status: CampaignStatus) -> Self {
        self.0.status = status;
        self
    }

    /// Another run window; the opt-in window and the end of reporting follow it.
    pub fn window(mut self, starts_at: UnixMillis, ends_at: UnixMillis) -> Self {
        self.0.window = Window { starts_at, ends_at };
        self.0.opt_in.window = self.0.window;
        self.0.reporting_ends_at = ends_at.plus_seconds(DEFAULT_REPORTING_DAYS * DAY_S);
        self
    }

    /// Customers must opt in.
    pub fn opt_in(mut self) -> Self {
        self.0.opt_in.required = true;
        self
    }

    /// Customers must opt in within another window.
    pub fn opt_in_window(mut self, starts_at: UnixMillis, ends_at: UnixMillis) -> Self {
        self.0.opt_in.window = Window { starts_at, ends_at };
        self.opt_in()
    }

    /// Customers must opt in, and no more than so many.
    pub fn opt_in_limit(mut self, limit: u32) -> Self {
        self.0.opt_in.limit = Some(limit);
        self.opt_in()
    }

    /// Only for those who match.
    ///
    /// Panics if the query is malformed.
    pub fn targeting(mut self, query: Value) -> Self {
        self.0.bundle.targeting = Some(Targeting::parse(query).expect("a well-formed query"));
        self
    }

    /// Only for those who have the tag.
    pub fn for_tag(self, tag: &str) -> Self {
        self.targeting(serde_json::json!({ "user.tags": { "$in": [tag] } }))
    }

    /// One more behavior.
    pub fn behavior(mut self, behavior: impl Into<Behavior>) -> Self {
        self.0.behaviors.push(behavior.into());
        self
    }

    /// One more creative, in a group with the id of the creative plus 100,000.
    pub fn creative(self, creative: CreativeBuilder) -> Self {
        let group = creative.id().0 + 100_000;
        self.creative_in(group, creative)
    }

    /// One more creative in a group of that id.
    pub fn creative_in(mut self, group: i64, creative: CreativeBuilder) -> Self {
        let (creative, targeting) = creative.into_parts();
        self.0.line_items[0].groups.push(Group {
            id: GroupId(group),
            name: format!("Group {group}"),
            targeting,
            creative,
        });
        self
    }

    /// One more offer.
    pub fn offer(mut self, offer: Offer) -> Self {
        self.0.offers.push(offer);
        self
    }

    /// Another priority.
    pub fn weight(mut self, weight: i64) -> Self {
        self.0.weight = weight;
        self
    }

    /// In a division.
    pub fn division(mut self, division: &str) -> Self {
        self.0.division = Some(DivisionId(division.to_owned()));
        self
    }

    /// Any other change.
    pub fn with(mut self, change: impl FnOnce(&mut Campaign)) -> Self {
        change(&mut self.0);
        self
    }

    /// The campaign.
    pub fn build(self) -> Campaign {
        self.0
    }
}

impl From<CampaignBuilder> for Campaign {
    fn from(builder: CampaignBuilder) -> Self {
        builder.0
    }
}
