//! One file an endpoint: its handlers, one for each path, and its own wire types.

mod active_campaigns;
mod authenticate;
mod campaign_info;
mod campaign_progress;
mod click;
mod create_campaign;
mod custom_profile;
mod events;
mod full_page;
mod list_campaigns_v1;
mod list_campaigns_v2;
mod models;
mod opt_in;
mod opt_out;
mod parameters;
mod seen;
mod show_campaign_v2;
mod tags;
mod users;
mod v2_parameters;

use crate::face::Face;

/// Every endpoint, in the order of the contract.
pub(crate) fn face() -> Face {
    let mut face = Face::new();
    face = create_campaign::mount(face);
    face = opt_in::mount(face);
    face = opt_out::mount(face);
    face = list_campaigns_v1::mount(face);
    face = campaign_progress::mount(face);
    face = list_campaigns_v2::mount(face);
    face = show_campaign_v2::mount(face);
    face = active_campaigns::mount(face);
    face = campaign_info::mount(face);
    face = users::mount(face);
    face = authenticate::mount(face);
    face = custom_profile::mount(face);
    face = models::mount(face);
    face = events::mount(face);
    face = tags::mount(face);
    face = seen::mount(face);
    face = click::mount(face);
    full_page::mount(face)
}
