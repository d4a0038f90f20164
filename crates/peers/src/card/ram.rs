//! Remote applet management: the commands of GlobalPlatform Card Specification §11 that scripts may use
//! (TS 102 226 §8).

use super::apdu::{Answer, Apdu, Pending, sw};
use super::execution::{Operation, Write};
use super::keys::{Algorithm, KeySet};
use super::tlv;
use crate::hex;

/// Memory for code and applets that a new card offers, in octets.
const MEMORY: usize = 200_000;
/// Octets of a list that one answer carries.
const LIST_MAX: usize = 240;

/// The instance may be used.
const SELECTABLE: u8 = 0x07;
/// The bit that locks it.
const LOCKED: u8 = 0x80;

#[derive(Debug, Clone)]
struct Package {
    aid: Vec<u8>,
    octets: usize,
}

#[derive(Debug, Clone)]
struct Instance {
    aid: Vec<u8>,
    package: Vec<u8>,
    privileges: u8,
    state: u8,
}

/// Code that is being loaded.
#[derive(Debug, Clone)]
struct Loading {
    aid: Vec<u8>,
    next_block: u8,
    code: Vec<u8>,
}

/// Applets of a card, and what is on its way to become one.
#[derive(Debug, Clone, Default)]
pub(super) struct Applets {
    packages: Vec<Package>,
    instances: Vec<Instance>,
    loading: Option<Loading>,
    /// What GET STATUS has not told yet.
    untold: Vec<Vec<u8>>,
}

impl Applets {
    /// Whether an applet that can be used answers to a TAR: octets 13 to 15 of its AID (TS 101 220 §4).
    pub(super) fn answers_to(&self, tar: [u8; 3]) -> bool {
        self.instances
            .iter()
            .any(|instance| instance.aid.get(12..15) == Some(&tar[..]) && instance.state & LOCKED == 0)
    }

    fn used(&self) -> usize {
        let loading = self.loading.as_ref().map_or(0, |loading| loading.code.len());
        self.packages.iter().map(|package| package.octets).sum::<usize>()
            + loading
            + self.instances.len() * 64
    }
}

/// Runs commands of a security domain.
pub(super) struct AppletManager<'a> {
    pub(super) applets: &'a mut Applets,
    pub(super) key_sets: &'a [KeySet],
    pub(super) pending: &'a mut Pending,
    /// Takes what was changed.
    pub(super) writes: &'a mut Vec<Write>,
    /// Number of the command in its script, from 1.
    pub(super) command: u8,
}

type Outcome = Result<Answer, u16>;

/// What a command that has nothing to tell answers: a confirmation of no octets.
fn confirmed() -> Answer {
    Answer::data(vec![0])
}

impl AppletManager<'_> {
    /// Runs one command.
    pub(super) fn run(&mut self, apdu: &Apdu<'_>) -> Answer {
        let outcome = match (apdu.cla, apdu.ins) {
            (0x00 | 0x80, 0xC0) => return self.pending.fetch(apdu).unwrap_or_else(Answer::from),
            (0x80, 0xE6) => self.install(apdu),
            (0x80, 0xE8) => self.load(apdu),
            (0x80, 0xE4) => self.delete(apdu),
            (0x80, 0xF2) => self.get_status(apdu),
            (0x80, 0xF0) => self.set_status(apdu),
            (0x00 | 0x80, 0xCA) => self.get_data(apdu),
            (0x80, 0xE2) => self.store_data(apdu),
            (0x80, _) => Err(sw::INSTRUCTION),
            _ => Err(sw::CLASS),
        };
        self.pending.keep(apdu, outcome.unwrap_or_else(Answer::from))
    }

    fn log(&mut self, operation: Operation, aid: &[u8], place: u8, data: &[u8]) {
        self.writes.push(Write {
            command: self.command,
            operation,
            file: hex::encode(aid).into(),
            place: place.into(),
            data: data.to_vec(),
        });
    }

    fn install(&mut self, apdu: &Apdu<'_>) -> Outcome {
        let fields = lengths_and_values(apdu.data).ok_or(sw::DATA)?;
        match (apdu.p1, apdu.p2, &fields[..]) {
            (0x02, 0, [package, _domain, _hash, _parameters, _token]) => self.install_for_load(apdu, package),
            (0x04 | 0x0C, 0, [package, module, instance, privileges, _parameters, _token]) => {
                self.install_for_install(apdu, package, module, instance, privileges)
            }
            (0x02 | 0x04 | 0x0C, 0, _) => Err(sw::DATA),
            _ => Err(sw::P1_P2),
        }
    }

    fn install_for_load(&mut self, apdu: &Apdu<'_>, package: &[u8]) -> Outcome {
        check_aid(package)?;
        if self.applets.loading.is_some() || self.applets.packages.iter().any(|own| own.aid == package) {
            return Err(sw::CONDITIONS);
        }
        self.applets.loading = Some(Loading { aid: package.to_vec(), next_block: 0, code: Vec::new() });
        self.log(Operation::Install, package, apdu.p1, apdu.data);
        Ok(confirmed())
    }

    fn install_for_install(
        &mut self,
        apdu: &Apdu<'_>,
        package: &[u8],
        module: &[u8],
        instance: &[u8],
        privileges: &[u8],
    ) -> Outcome {
        check_aid(module)?;
        check_aid(instance)?;
        let [privileges, ..] = privileges else { return Err(sw::DATA) };
        if !self.applets.packages.iter().any(|own| own.aid == package) {
            return Err(sw::REFERENCE_NOT_FOUND);
        }
        if self.applets.instances.iter().any(|own| own.aid == instance) {
            return Err(sw::CONDITIONS);
        }
        if self.applets.used() + 64 > MEMORY {
            return Err(sw::NO_SPACE);
        }
        self.applets.instances.push(Instance {
            aid: instance.to_vec(),
            package: package.to_vec(),
            privileges: *privileges,
            state: if apdu.p1 & 0x08 == 0 { 0x03 } else { SELECTABLE },
        });
        self.log(Operation::Install, instance, apdu.p1, apdu.data);
        Ok(confirmed())
    }

    fn load(&mut self, apdu: &Apdu<'_>) -> Outcome {
        let room = MEMORY.saturating_sub(self.applets.used());
        let loading = self.applets.loading.as_mut().ok_or(sw::CONDITIONS)?;
        if !matches!(apdu.p1, 0x00 | 0x80) || apdu.p2 != loading.next_block {
            return Err(sw::P1_P2);
        }
        if apdu.data.len() > room {
            return Err(sw::NO_SPACE);
        }
        loading.code.extend_from_slice(apdu.data);
        loading.next_block = loading.next_block.wrapping_add(1);
        let aid = loading.aid.clone();
        if apdu.p1 == 0x80 {
            // Signatures of the code (E2) may come before the code itself (C4).
            let code = tlv::list(&loading.code).is_some_and(|objects| {
                objects.last().is_some_and(|(tag, _)| *tag == 0xC4)
                    && objects[..objects.len() - 1].iter().all(|(tag, _)| *tag == 0xE2)
            });
            let octets = loading.code.len();
            self.applets.loading = None;
            if !code {
                return Err(sw::DATA);
            }
            self.applets.packages.push(Package { aid: aid.clone(), octets });
        }
        self.log(Operation::Load, &aid, apdu.p2, apdu.data);
        Ok(if apdu.p1 == 0x80 { confirmed() } else { sw::OK.into() })
    }

    fn delete(&mut self, apdu: &Apdu<'_>) -> Outcome {
        if apdu.p1 != 0 || !matches!(apdu.p2, 0x00 | 0x80) {
            return Err(sw::P1_P2);
        }
        let aid = tlv::only(apdu.data, 0x4F).ok_or(sw::DATA)?.to_vec();
        let applets = &mut *self.applets;
        if let Some(at) = applets.instances.iter().position(|own| own.aid == aid) {
            applets.instances.remove(at);
        } else if applets.loading.as_ref().is_some_and(|loading| loading.aid == aid) {
            applets.loading = None;
        } else if let Some(at) = applets.packages.iter().position(|own| own.aid == aid) {
            if applets.instances.iter().any(|own| own.package == aid) && apdu.p2 == 0 {
                return Err(sw::CONDITIONS);
            }
            applets.packages.remove(at);
            applets.instances.retain(|own| own.package != aid);
        } else {
            return Err(sw::REFERENCE_NOT_FOUND);
        }
        self.log(Operation::Delete, &aid, apdu.p2, &[]);
        Ok(confirmed())
    }

    fn get_status(&mut self, apdu: &Apdu<'_>) -> Outcome {
        let begins = tlv::first(apdu.data).filter(|(tag, ..)| *tag == 0x4F).ok_or(sw::DATA)?.1;
        match apdu.p2 {
            0x02 => self.applets.untold = self.entries(apdu.p1, begins)?,
            0x03 if !self.applets.untold.is_empty() => {}
            0x03 => return Err(sw::CONDITIONS),
            _ => return Err(sw::P1_P2),
        }
        let untold = &mut self.applets.untold;
        let mut told = Vec::new();
        while untold.first().is_some_and(|entry| told.is_empty() || told.len() + entry.len() <= LIST_MAX) {
            told.extend(untold.remove(0));
        }
        match (told.is_empty(), untold.is_empty()) {
            (true, _) => Err(sw::REFERENCE_NOT_FOUND),
            (false, true) => Ok(Answer::data(told)),
            (false, false) => Ok(Answer { sw: sw::MORE_DATA, data: told }),
        }
    }

    /// What GET STATUS tells of everything whose AID begins so.
    fn entries(&self, what: u8, begins: &[u8]) -> Result<Vec<Vec<u8>>, u16> {
        let entry = |aid: &[u8], state: u8, privileges: u8| {
            let mut inner = tlv::object(0x4F, aid);
            inner.extend([0x9F, 0x70, 1, state, 0xC5, 1, privileges]);
            tlv::object(0xE3, &inner)
        };
        let packages = || {
            let found = self.applets.packages.iter().filter(|own| own.aid.starts_with(begins));
            found.map(|own| entry(&own.aid, 0x01, 0)).collect()
        };
        Ok(match what {
            // The issuer's security domain; its AID is the one of GlobalPlatform.
            0x80 => {
                let own = [0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00, 0x00];
                if own.starts_with(begins) { vec![entry(&own, 0x0F, 0x9E)] } else { Vec::new() }
            }
            0x40 => {
                let found = self.applets.instances.iter().filter(|own| own.aid.starts_with(begins));
                found.map(|own| entry(&own.aid, own.state, own.privileges)).collect()
            }
            0x20 | 0x10 => packages(),
            _ => return Err(sw::P1_P2),
        })
    }

    fn set_status(&mut self, apdu: &Apdu<'_>) -> Outcome {
        if apdu.p1 & 0x40 == 0 {
            return Err(sw::P1_P2);
        }
        let own = self.applets.instances.iter_mut().find(|own| own.aid == apdu.data);
        let own = own.ok_or(sw::REFERENCE_NOT_FOUND)?;
        own.state = own.state & !LOCKED | apdu.p2 & LOCKED;
        self.log(Operation::SetStatus, apdu.data, apdu.p2, &[]);
        Ok(sw::OK.into())
    }

    fn get_data(&self, apdu: &Apdu<'_>) -> Outcome {
        match (apdu.p1, apdu.p2) {
            // Number of applets, memory that stays, memory that does not (TS 102 226 §8.2.1.7).
            (0xFF, 0x21) => {
                let free = MEMORY.saturating_sub(self.applets.used()) as u32;
                let mut inner = vec![0x81, 1, self.applets.instances.len() as u8, 0x82, 4];
                inner.extend(free.to_be_bytes());
                inner.extend([0x83, 4, 0, 0, 0x08, 0]);
                Ok(Answer::data([&[0xFF, 0x21, inner.len() as u8][..], &inner].concat()))
            }
            // Key information: identifier, version, kind and length of each key.
            (0x00, 0xE0) => {
                let mut inner = Vec::new();
                for keys in self.key_sets {
                    for (identifier, key) in [(1, &keys.kic), (2, &keys.kid)] {
                        let kind = if key.algorithm() == Algorithm::Aes { 0x88 } else { 0x82 };
                        let length = key.octets().len() as u8;
                        inner.extend([0xC0, 4, identifier, keys.kvn, kind, length]);
                    }
                }
                Ok(Answer::data(tlv::object(0xE0, &inner)))
            }
            _ => Err(sw::REFERENCE_NOT_FOUND),
        }
    }

    fn store_data(&mut self, apdu: &Apdu<'_>) -> Outcome {
        if apdu.data.is_empty() {
            return Err(sw::DATA);
        }
        self.log(Operation::StoreData, &[], apdu.p2, apdu.data);
        Ok(sw::OK.into())
    }
}

fn check_aid(aid: &[u8]) -> Result<(), u16> {
    if (5..=16).contains(&aid.len()) { Ok(()) } else { Err(sw::DATA) }
}

/// Fields behind their lengths; `None` when they do not end where the data do.
fn lengths_and_values(mut octets: &[u8]) -> Option<Vec<&[u8]>> {
    let mut fields = Vec::new();
    while !octets.is_empty() {
        let (length, rest) = tlv::length(octets)?;
        let (value, rest) = rest.split_at_checked(length)?;
        fields.push(value);
        octets = rest;
    }
    Some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs commands in order and tells each status word with the data it fetched.
    fn run(applets: &mut Applets, commands: &[&str]) -> Vec<String> {
        let (mut pending, mut writes) = (Pending::default(), Vec::new());
        let mut said = Vec::new();
        for command in commands {
            let octets = hex::decode(command).unwrap();
            let apdu = Apdu::first_of(&octets).unwrap().0;
            let mut manager = AppletManager {
                applets,
                key_sets: &[],
                pending: &mut pending,
                writes: &mut writes,
                command: 1,
            };
            let answer = manager.run(&apdu);
            said.push(format!("{:04X}{}", answer.sw, hex::encode(&answer.data)));
        }
        said
    }

    const FOR_LOAD: &str = "80E6020010 0B A000000087100201020304 00 00 00 00";
    const INSTANCE: &str = "A0000000871002FF49FF0589B0AA0101";

    fn install() -> String {
        format!(
            "80E60C0030 0B A000000087100201020304 0C A00000008710020102030401 10 {INSTANCE} 01 00 02 C900 00"
        )
    }

    #[test]
    fn a_life_of_an_applet() {
        let mut applets = Applets::default();
        let said = run(
            &mut applets,
            &[
                FOR_LOAD,
                "80E8000004 C406 0102",
                "80E8800104 03040506",
                &install(),
                &format!("80F24002 12 4F10{INSTANCE}"),
                "00C0000000",
                &format!("80F04080 10 {INSTANCE}"),
                "80E400000D 4F0B A000000087100201020304",
                "80E400800D 4F0B A000000087100201020304",
                "80F24002024F00",
            ],
        );
        assert_eq!(
            said,
            [
                "6101",
                "9000",
                "6101",
                "6101",
                "611B",
                &format!("9000E3194F10{INSTANCE}9F700107C50100"),
                "9000",
                "6985",
                "6101",
                "6A88",
            ]
        );
    }

    #[test]
    fn an_applet_that_can_be_used_answers_to_its_tar() {
        let mut applets = Applets::default();
        let tar = [0xB0, 0xAA, 0x01];
        run(&mut applets, &[FOR_LOAD, "80E8800005 C403 010203"]);
        assert!(!applets.answers_to(tar), "only loaded");
        run(&mut applets, &[&install()]);
        assert!(applets.answers_to(tar) && !applets.answers_to([0xB0, 0xAA, 0x02]));
        run(&mut applets, &[&format!("80F04080 10 {INSTANCE}")]);
        assert!(!applets.answers_to(tar), "locked");
    }

    #[test]
    fn order_is_strict() {
        for (commands, last) in [
            (&["80E8000004C4060102"][..], "6985"),
            (&[FOR_LOAD, "80E8000104C4060102"], "6A86"),
            (&[FOR_LOAD, FOR_LOAD], "6985"),
            (&[FOR_LOAD, "80E400000D4F0BA000000087100201020304", FOR_LOAD], "6101"),
            (&[FOR_LOAD, "80E8800004C4060102"], "6A80"),
            (&["80E400000D4F0BA000000087100201020304"], "6A88"),
            (&["80E6020003010203"], "6A80"),
            (&["80F24003024F00"], "6985"),
            (&["80D8010000"], "6D00"),
            (&["00A40000023F00"], "6E00"),
        ] {
            let said = run(&mut Applets::default(), commands);
            assert_eq!(said.last().unwrap(), last, "{commands:?}");
        }
        let said = run(&mut Applets::default(), &[&install()]);
        assert_eq!(said, ["6A88"], "the package is not there");
    }

    #[test]
    fn a_long_list_is_told_in_parts() {
        let mut applets = Applets::default();
        for number in 0..20u8 {
            applets.packages.push(Package { aid: vec![0xA0, 0, 0, 0, 1, number], octets: 10 });
        }
        let (list, next, fetch) = ("80F22002024F00", "80F22003024F00", "00C0000000");
        let said = run(&mut applets, &[list, fetch, next, fetch, next]);
        assert_eq!((&said[1][..4], &said[3][..4], &*said[4]), ("6310", "9000", "6985"));
        assert_eq!((said[1].len() + said[3].len() - 8) / 2, 20 * 17);
    }
}
