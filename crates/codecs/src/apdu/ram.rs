//! Remote application management: the commands on applications (ETSI TS 102 226 §8, GlobalPlatform Card Specification
//! 2.3.1 §11).

use super::Apdu;
use crate::ber;
use crate::error::EncodeError;
use zeroize::Zeroizing;

/// The class of all these commands.
const CLASS: u8 = 0x80;
/// The most of a load file one LOAD carries, in octets. Cards with larger buffers exist and gain little.
pub const MAX_LOAD_BLOCK_LEN: usize = 240;
/// LOAD numbers its blocks in one octet.
const MAX_LOAD_BLOCKS: usize = 256;

/// An application identifier, 5 to 16 octets (ISO/IEC 7816-4).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Aid(Vec<u8>);

impl Aid {
    /// Takes the octets as they are.
    ///
    /// # Errors
    /// [`EncodeError::WrongLength`] outside of 5 to 16 octets.
    pub fn new(octets: &[u8]) -> Result<Self, EncodeError> {
        if (5..=16).contains(&octets.len()) {
            Ok(Self(octets.to_vec()))
        } else {
            let expected = "5 to 16";
            Err(EncodeError::WrongLength { what: "application identifier", len: octets.len(), expected })
        }
    }

    /// The octets.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// What INSTALL [for load] announces (§11.5.2.3.1). Empty fields are sent empty.
#[derive(Clone, Debug)]
pub struct Load<'a> {
    /// Identifier of the load file, the package.
    pub package: &'a Aid,
    /// The security domain it goes to; none for the one addressed.
    pub security_domain: Option<&'a Aid>,
    /// Hash of the load file, where the card asks for one.
    pub hash: &'a [u8],
    /// Load parameters.
    pub parameters: &'a [u8],
    /// Load token, for delegated management.
    pub token: &'a [u8],
}

/// What INSTALL [for install and make selectable] sets up (§11.5.2.3.2).
#[derive(Clone, Debug)]
pub struct Install<'a> {
    /// Identifier of the package.
    pub package: &'a Aid,
    /// Identifier of the applet's class inside it.
    pub module: &'a Aid,
    /// Identifier the instance gets.
    pub instance: &'a Aid,
    /// Privileges, 1 or 3 octets.
    pub privileges: &'a [u8],
    /// Parameters: C9 for the applet, EF with CA or EA with 80 for the toolkit, which holds its address and the
    /// security it demands.
    pub parameters: &'a [u8],
    /// Install token, for delegated management.
    pub token: &'a [u8],
}

/// Which registry GET STATUS reads (§11.4.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Registry {
    /// The issuer's security domain.
    IssuerSecurityDomain,
    /// Applications and other security domains.
    Applications,
    /// Load files.
    LoadFiles,
    /// Load files with their modules.
    LoadFilesAndModules,
}

/// What SET STATUS changes the life cycle of (§11.10.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StatusTarget {
    /// The issuer's security domain.
    IssuerSecurityDomain,
    /// An application or another security domain.
    Application,
    /// A security domain together with everything that belongs to it.
    SecurityDomainAndApplications,
}

/// One key for PUT KEY, encrypted under the card's key encryption key by whoever holds that (§11.8.2.3.1).
#[derive(Clone)]
pub struct EncryptedKey {
    /// Coding of its type: 80 DES or triple DES, 88 AES.
    pub key_type: u8,
    /// Length of the clear key in octets, sent in front of the encrypted octets for AES (Amendment D §7.2) and only
    /// there.
    pub clear_len: Option<u8>,
    /// The encrypted octets.
    pub encrypted: Zeroizing<Vec<u8>>,
    /// Key check value, mostly 3 octets; empty for none.
    pub check_value: Vec<u8>,
}

/// INSTALL [for load]: announces a package.
///
/// # Errors
/// When a field is above 255 octets, or all of them together.
pub fn install_for_load(load: &Load<'_>) -> Result<Apdu, EncodeError> {
    let mut data = Vec::new();
    push_lv(&mut data, "package", load.package.as_bytes())?;
    push_lv(&mut data, "security domain", load.security_domain.map_or(&[], Aid::as_bytes))?;
    push_lv(&mut data, "hash", load.hash)?;
    push_ber_lv(&mut data, load.parameters);
    push_ber_lv(&mut data, load.token);
    Apdu::writing([CLASS, 0xE6, 0x02, 0x00], &data)
}

/// LOAD: the load file as an object with tag C4, cut into blocks of at most [`MAX_LOAD_BLOCK_LEN`] octets. They go in
/// this order, each after the one before succeeded.
///
/// # Errors
/// When `block_len` is outside of 1 to [`MAX_LOAD_BLOCK_LEN`], the file is empty, or it takes more than 256 blocks.
pub fn load(load_file: &[u8], block_len: usize) -> Result<Vec<Apdu>, EncodeError> {
    if !(1..=MAX_LOAD_BLOCK_LEN).contains(&block_len) {
        return Err(EncodeError::OutOfRange {
            what: "block length",
            value: block_len as u64,
            range: "1 to 240",
        });
    }
    if load_file.is_empty() {
        return Err(EncodeError::WrongLength { what: "load file", len: 0, expected: "at least 1" });
    }
    let max = block_len * MAX_LOAD_BLOCKS;
    if load_file.len() > max {
        return Err(EncodeError::TooLong { what: "load file", len: load_file.len(), max });
    }
    let mut object = Vec::with_capacity(load_file.len() + 4);
    ber::push_object(&mut object, 0xC4, load_file);
    if object.len() > max {
        return Err(EncodeError::TooLong { what: "load file with its header", len: object.len(), max });
    }
    let blocks = object.chunks(block_len);
    let last = blocks.len() - 1;
    blocks
        .enumerate()
        .map(|(number, block)| {
            let p1 = if number == last { 0x80 } else { 0x00 };
            Apdu::writing([CLASS, 0xE8, p1, number as u8], block)
        })
        .collect()
}

/// INSTALL [for install and make selectable]: makes an instance.
///
/// # Errors
/// When privileges are not 1 or 3 octets, or all fields together are above 255 octets.
pub fn install_and_make_selectable(install: &Install<'_>) -> Result<Apdu, EncodeError> {
    if !matches!(install.privileges.len(), 1 | 3) {
        let len = install.privileges.len();
        return Err(EncodeError::WrongLength { what: "privileges", len, expected: "1 or 3" });
    }
    let mut data = Vec::new();
    push_lv(&mut data, "package", install.package.as_bytes())?;
    push_lv(&mut data, "module", install.module.as_bytes())?;
    push_lv(&mut data, "instance", install.instance.as_bytes())?;
    push_lv(&mut data, "privileges", install.privileges)?;
    push_ber_lv(&mut data, install.parameters);
    push_ber_lv(&mut data, install.token);
    Apdu::writing([CLASS, 0xE6, 0x0C, 0x00], &data)
}

/// DELETE of an application or a package, alone or with everything made from it.
pub fn delete(aid: &Aid, with_dependants: bool) -> Apdu {
    let mut data = Vec::with_capacity(2 + aid.as_bytes().len());
    ber::push_object(&mut data, 0x4F, aid.as_bytes());
    super::rfm::known(Apdu::writing([CLASS, 0xE4, 0x00, if with_dependants { 0x80 } else { 0x00 }], &data))
}

/// GET STATUS: what is in a registry. An empty `aid_prefix` finds everything. Status 6310 means that there is more:
/// ask again with `next`.
///
/// # Errors
/// When the prefix is above 16 octets.
pub fn get_status(registry: Registry, aid_prefix: &[u8], next: bool) -> Result<Apdu, EncodeError> {
    if aid_prefix.len() > 16 {
        let what = "application identifier";
        return Err(EncodeError::TooLong { what, len: aid_prefix.len(), max: 16 });
    }
    let p1 = match registry {
        Registry::IssuerSecurityDomain => 0x80,
        Registry::Applications => 0x40,
        Registry::LoadFiles => 0x20,
        Registry::LoadFilesAndModules => 0x10,
    };
    let mut data = Vec::new();
    ber::push_object(&mut data, 0x4F, aid_prefix);
    Apdu::writing([CLASS, 0xF2, p1, if next { 0x03 } else { 0x02 }], &data)
}

/// SET STATUS: a life cycle state, such as locked (`80` set) or unlocked.
pub fn set_status(target: StatusTarget, state: u8, aid: &Aid) -> Apdu {
    let p1 = match target {
        StatusTarget::IssuerSecurityDomain => 0x80,
        StatusTarget::Application => 0x40,
        StatusTarget::SecurityDomainAndApplications => 0x60,
    };
    super::rfm::known(Apdu::writing([CLASS, 0xF0, p1, state], aid.as_bytes()))
}

/// GET DATA of the object with this tag: `FF21` free memory, `00E0` information on keys.
pub fn get_data(tag: u16, len: u8) -> Apdu {
    let [p1, p2] = tag.to_be_bytes();
    Apdu::reading([CLASS, 0xCA, p1, p2], len)
}

/// STORE DATA: the objects to store, in as many blocks as it takes. Bits 7 to 4 of `coding` go into P1 of each and
/// tell how they are encrypted and structured (§11.11.2.1).
///
/// # Errors
/// When there are no data, or they take more than 256 blocks.
pub fn store_data(data: &[u8], coding: u8) -> Result<Vec<Apdu>, EncodeError> {
    if data.is_empty() {
        return Err(EncodeError::WrongLength { what: "data to store", len: 0, expected: "at least 1" });
    }
    let max = super::MAX_DATA_LEN * MAX_LOAD_BLOCKS;
    if data.len() > max {
        return Err(EncodeError::TooLong { what: "data to store", len: data.len(), max });
    }
    let blocks = data.chunks(super::MAX_DATA_LEN);
    let last = blocks.len() - 1;
    blocks
        .enumerate()
        .map(|(number, block)| {
            let p1 = coding & 0x78 | if number == last { 0x80 } else { 0x00 };
            Apdu::writing([CLASS, 0xE2, p1, number as u8], block)
        })
        .collect()
}

/// PUT KEY: new keys with identifiers from `first_key_id` on, under `new_version`. `replaces` is the version they
/// take the place of, 0 when they are added. The counter of a replaced set begins again.
///
/// # Errors
/// When there are no keys, a version or identifier is out of range, or it does not fit into one command.
pub fn put_key(
    replaces: u8,
    new_version: u8,
    first_key_id: u8,
    keys: &[EncryptedKey],
) -> Result<Apdu, EncodeError> {
    let in_range = |what, value: u8, least: u8| {
        if (least..=0x7F).contains(&value) {
            Ok(())
        } else {
            let range = if least == 0 { "0 to 127" } else { "1 to 127" };
            Err(EncodeError::OutOfRange { what, value: value.into(), range })
        }
    };
    in_range("replaced key version", replaces, 0)?;
    in_range("new key version", new_version, 1)?;
    in_range("key identifier", first_key_id, 0)?;
    if keys.is_empty() {
        return Err(EncodeError::WrongLength { what: "list of keys", len: 0, expected: "at least 1" });
    }
    let several = if keys.len() > 1 { 0x80 } else { 0x00 };
    let mut data = Zeroizing::new(Vec::with_capacity(super::MAX_DATA_LEN));
    data.push(new_version);
    for key in keys {
        data.push(key.key_type);
        let len = key.encrypted.len() + usize::from(key.clear_len.is_some());
        ber::push_len(&mut data, len);
        data.extend(key.clear_len);
        data.extend_from_slice(&key.encrypted);
        push_lv(&mut data, "key check value", &key.check_value)?;
    }
    Apdu::writing([CLASS, 0xD8, replaces, several | first_key_id], &data)
}

fn push_lv(out: &mut Vec<u8>, what: &'static str, value: &[u8]) -> Result<(), EncodeError> {
    let len =
        u8::try_from(value.len()).map_err(|_| EncodeError::TooLong { what, len: value.len(), max: 255 })?;
    out.push(len);
    out.extend_from_slice(value);
    Ok(())
}

/// Parameters and tokens have lengths by BER, so that they may pass 127.
fn push_ber_lv(out: &mut Vec<u8>, value: &[u8]) {
    ber::push_len(out, value.len());
    out.extend_from_slice(value);
}
