//! One file an endpoint: its handlers and its own wire types.

mod change_sim_packages;
mod change_sim_status;
mod connect_campaign;
mod control_campaign;
mod create_campaign;
mod create_customer;
mod create_offer;
mod create_package;
mod create_template;
mod created_packages;
mod delete_package;
mod enrol_sims;
mod list_campaigns;
mod list_child_customers;
mod list_offers;
mod list_packages;
mod list_participants;
mod list_sims;
mod list_templates;
mod load_sims;
mod modify_package;
mod request_status;
mod show_customer;
mod show_sim;
mod sign_in;
mod sim_campaigns;

use crate::face::Face;

/// Every endpoint, in the order of the contract.
pub(crate) fn face() -> Face {
    let mut face = Face::new();
    face = list_campaigns::mount(face);
    face = list_participants::mount(face);
    face = created_packages::mount(face);
    face = sign_in::mount(face);
    face = request_status::mount(face);
    face = show_customer::mount(face);
    face = list_child_customers::mount(face);
    face = create_customer::mount(face);
    face = list_sims::mount(face);
    face = show_sim::mount(face);
    face = change_sim_status::mount(face);
    face = load_sims::mount(face);
    face = list_templates::mount(face);
    face = create_template::mount(face);
    face = create_campaign::mount(face);
    face = control_campaign::mount(face);
    face = enrol_sims::mount(face);
    face = connect_campaign::mount(face);
    face = sim_campaigns::mount(face);
    face = create_package::mount(face);
    face = modify_package::mount(face);
    face = delete_package::mount(face);
    face = list_packages::mount(face);
    face = change_sim_packages::mount(face);
    face = list_offers::mount(face);
    create_offer::mount(face)
}
