//! The contract's enumerations, in exactly its spelling (Q17), each declared once for reading and writing.

use muster_domain::account::{AccountKind, AccountStatus, RequestStatus};
use muster_domain::sim::{SimStatus, TemplateKind};
use muster_domain::sim_campaign::Command;
use muster_domain::tariff::{RenewalInterval, TariffKind};

/// The words of an enumeration.
#[derive(Debug)]
pub(crate) struct Words<T: 'static>(&'static [(&'static str, T)]);

impl<T: Copy + PartialEq> Words<T> {
    /// Words with their meanings.
    pub(crate) const fn new(words: &'static [(&'static str, T)]) -> Self {
        Self(words)
    }

    /// The meaning of a word.
    pub(crate) fn read(&self, word: &str) -> Option<T> {
        self.0.iter().find(|(known, _)| *known == word).map(|(_, value)| *value)
    }

    /// The word for a meaning; empty for one that the contract has no word for.
    pub(crate) fn word(&self, value: T) -> &'static str {
        self.0.iter().find(|(_, known)| *known == value).map_or("", |(word, _)| word)
    }

    /// All words, for messages.
    pub(crate) fn all(&self) -> String {
        self.0.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ")
    }
}

/// `status` of a customer.
pub(crate) const ACCOUNT_STATUS: Words<AccountStatus> =
    Words(&[("ACTIVE", AccountStatus::Active), ("SUSPEND", AccountStatus::Suspend)]);

/// `type` of a customer.
pub(crate) const ACCOUNT_KIND: Words<AccountKind> =
    Words(&[("PRIVATE", AccountKind::Private), ("BUSINESS", AccountKind::Business)]);

/// `status` of a request.
pub(crate) const REQUEST_STATUS: Words<RequestStatus> = Words(&[
    ("OPEN", RequestStatus::Open),
    ("SUCCESS", RequestStatus::Success),
    ("FAILURE", RequestStatus::Failure),
    ("INTERNAL_ERROR", RequestStatus::InternalError),
]);

/// `status` and `subsStatus` of a SIM.
pub(crate) const SIM_STATUS: Words<SimStatus> = Words(&[
    ("ACTIVE", SimStatus::Active),
    ("SUSPEND", SimStatus::Suspend),
    ("INACTIVE", SimStatus::Inactive),
    ("TERMINATED", SimStatus::Terminated),
]);

/// `kind` of a template.
pub(crate) const TEMPLATE_KIND: Words<TemplateKind> = Words(&[
    ("FILE_UPDATE", TemplateKind::FileUpdate),
    ("IMSI_ADD", TemplateKind::ImsiAdd),
    ("KEY_WRITE", TemplateKind::KeyWrite),
    ("APPLET", TemplateKind::Applet),
]);

/// `status` that a campaign is asked to take.
pub(crate) const COMMAND: Words<Command> =
    Words(&[("PROCESS", Command::Run), ("SUSPEND", Command::Suspend), ("CANCELED", Command::Cancel)]);

/// `type` of an offer.
pub(crate) const TARIFF_KIND: Words<TariffKind> = Words(&[
    ("RATE", TariffKind::Rate),
    ("MONEY", TariffKind::Money),
    ("USAGE", TariffKind::Usage),
    ("POOL", TariffKind::Pool),
]);

/// `renewalInterval` of an offer.
pub(crate) const RENEWAL_INTERVAL: Words<RenewalInterval> = Words(&[
    ("DAILY", RenewalInterval::Daily),
    ("WEEKLY", RenewalInterval::Weekly),
    ("MONTHLY", RenewalInterval::Monthly),
    ("QUARTERLY", RenewalInterval::Quarterly),
    ("SEMI_ANNUALLY", RenewalInterval::SemiAnnually),
    ("ANNUALLY", RenewalInterval::Annually),
    ("ONE_TIME", RenewalInterval::OneTime),
]);
