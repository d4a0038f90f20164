//! Participants in flight that this node has just written, so that the events that follow need no reading.
//!
//! A guess, never the truth: whatever is written back is compared with the revision in the store, and a wrong guess
//! costs one reading.

use super::outgoing::Key;
use muster_app::ports::LoadedParticipant;
use muster_domain::participant::Participant;
use parking_lot::Mutex;
use std::collections::HashMap;

/// Most that are remembered; a few hundred bytes each.
const REMEMBERED_MAX: usize = 50_000;

#[derive(Default)]
struct Known {
    by_key: HashMap<Key, LoadedParticipant>,
    by_number: HashMap<String, Key>,
}

/// Participants in flight.
#[derive(Default)]
pub(super) struct Flights(Mutex<Known>);

pub(super) fn key_of(participant: &Participant) -> Key {
    (participant.campaign, participant.ordinal)
}

impl Flights {
    /// Remembers a participant as it was just written, if it is in flight; forgets it otherwise.
    pub(super) fn put(&self, loaded: LoadedParticipant) {
        let key = key_of(&loaded.participant);
        let mut known = self.0.lock();
        if !loaded.participant.status.is_in_flight() {
            known.forget(key);
        } else if known.by_key.len() < REMEMBERED_MAX || known.by_key.contains_key(&key) {
            for pair in &loaded.card.imsi_msisdn_pairs {
                if let Some(msisdn) = &pair.msisdn {
                    known.by_number.insert(msisdn.clone(), key);
                }
            }
            known.by_key.insert(key, loaded);
        }
    }

    /// Takes one out.
    pub(super) fn take(&self, key: Key) -> Option<LoadedParticipant> {
        self.0.lock().forget(key)
    }

    /// Which participant a number's message belongs to.
    pub(super) fn of_number(&self, msisdn: &str) -> Option<Key> {
        self.0.lock().by_number.get(msisdn).copied()
    }

    /// Messages of a campaign that a message centre has and a phone has not, with route and number.
    pub(super) fn undelivered(
        &self,
        campaign: muster_domain::ids::SimCampaignId,
    ) -> Vec<(String, String, String)> {
        let known = self.0.lock();
        let of_campaign = known.by_key.values().filter(|loaded| loaded.participant.campaign == campaign);
        of_campaign
            .filter_map(|loaded| Some((loaded.participant.work.packet.as_ref()?, loaded.card.msisdn()?)))
            .flat_map(|(packet, msisdn)| {
                packet.segments.iter().filter(|segment| !segment.delivered).filter_map(move |segment| {
                    Some((packet.route.clone(), segment.message_id.clone()?, msisdn.to_owned()))
                })
            })
            .collect()
    }
}

impl Known {
    fn forget(&mut self, key: Key) -> Option<LoadedParticipant> {
        let loaded = self.by_key.remove(&key)?;
        for pair in &loaded.card.imsi_msisdn_pairs {
            if let Some(msisdn) = &pair.msisdn
                && self.by_number.get(msisdn) == Some(&key)
            {
                self.by_number.remove(msisdn);
            }
        }
        Some(loaded)
    }
}
