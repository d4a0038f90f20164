//! One file an endpoint: its handlers and its own wire types.

mod change_campaign;
mod change_result_codes;
mod clone_campaign;
mod create_campaign;
mod delete_campaign;
mod delete_contact;
mod find_campaigns;
mod find_contacts;
mod import_contact;
mod list_attempts;
mod list_campaigns;
mod list_contacts;
mod list_result_codes;
mod lock_contact;
mod next_contact;
mod record_result;
mod show_campaign;
mod show_contact;
mod start_stop;

use crate::face::Face;

/// Every endpoint, in the order of the contract.
pub(crate) fn face() -> Face {
    let mut face = Face::new();
    face = list_campaigns::mount(face);
    face = show_campaign::mount(face);
    face = find_campaigns::mount(face);
    face = create_campaign::mount(face);
    face = change_campaign::mount(face);
    face = start_stop::mount(face);
    face = clone_campaign::mount(face);
    face = delete_campaign::mount(face);
    face = list_result_codes::mount(face);
    face = change_result_codes::mount(face);
    face = list_contacts::mount(face);
    face = show_contact::mount(face);
    face = find_contacts::mount(face);
    face = import_contact::mount(face);
    face = delete_contact::mount(face);
    face = lock_contact::mount(face);
    face = record_result::mount(face);
    face = list_attempts::mount(face);
    next_contact::mount(face)
}
