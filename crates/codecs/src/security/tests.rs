use super::*;

const KEY: [u8; 32] = *b"0123456789abcdefghijklmnopqrstuv";

fn cipher_key(algorithm: KeyAlgorithm) -> CipherKey {
    CipherKey::new(algorithm, &KEY[..algorithm.key_len()], WeakKeys::Allow).unwrap()
}

fn mac_key(algorithm: KeyAlgorithm) -> MacKey {
    MacKey::new(algorithm, &KEY[..algorithm.key_len()], WeakKeys::Allow).unwrap()
}

/// Ciphered, checksum, higher counter; the answer the same: AES-128 throughout.
fn parts() -> SecurityParts {
    SecurityParts {
        spi: Spi::from_octets([0x16, 0x19]).unwrap(),
        kic: KeyReference::from_octet(0x12),
        kid: KeyReference::from_octet(0x12),
        tar: Tar([0xB0, 0, 1]),
        cipher_key: Some(cipher_key(KeyAlgorithm::Aes128)),
        mac_key: Some(mac_key(KeyAlgorithm::Aes128)),
        mac_length: MacLength::Eight,
        redundancy: None,
        key_versions: KeyVersions::SameAndReal,
    }
}

fn spi(first: u8, second: u8) -> Spi {
    Spi::from_octets([first, second]).unwrap()
}

type Change = Box<dyn Fn(&mut SecurityParts)>;

#[test]
fn parts_fit_or_are_refused_for_a_reason() {
    let octet = KeyReference::from_octet;
    let (des3, aes) = (KeyAlgorithm::TripleDes2, KeyAlgorithm::Aes128);
    let algorithm = |octet, nibble, algorithm| Err(SecurityError::Algorithm { octet, nibble, algorithm });
    let cases: Vec<(&str, Change, Result<(), SecurityError>)> = vec![
        ("as it is", Box::new(|_| {}), Ok(())),
        ("no cipher key", Box::new(|p| p.cipher_key = None), Err(SecurityError::NoCipherKey)),
        ("no integrity key", Box::new(|p| p.mac_key = None), Err(SecurityError::NoMacKey)),
        (
            "the answer alone needs the key",
            Box::new(|p| (p.spi, p.cipher_key) = (spi(0x12, 0x19), None)),
            Err(SecurityError::NoCipherKey),
        ),
        (
            "no answer needs no key",
            Box::new(|p| (p.spi, p.cipher_key, p.mac_key) = (spi(0x00, 0x18), None, None)),
            Ok(()),
        ),
        ("KIc for another cipher", Box::new(move |p| p.kic = octet(0x15)), algorithm("KIc", 5, aes)),
        ("KID for another cipher", Box::new(move |p| p.kid = octet(0x19)), algorithm("KID", 9, aes)),
        ("KIc for the dead mode", Box::new(move |p| p.kic = octet(0x1D)), algorithm("KIc", 0xD, aes)),
        ("implicit", Box::new(move |p| (p.kic, p.kid) = (octet(0x10), octet(0x13))), Ok(())),
        (
            "keys of one kind, octets of another",
            Box::new(move |p| p.cipher_key = Some(cipher_key(des3))),
            algorithm("KIc", 2, des3),
        ),
        (
            "two versions",
            Box::new(move |p| p.kid = octet(0x22)),
            Err(SecurityError::KeyVersions { kic: 1, kid: 2 }),
        ),
        (
            "two versions, allowed",
            Box::new(move |p| (p.kid, p.key_versions) = (octet(0x22), KeyVersions::Any)),
            Ok(()),
        ),
        (
            "version zero",
            Box::new(move |p| (p.kic, p.kid) = (octet(0x02), octet(0x02))),
            Err(SecurityError::KeyVersionZero { octet: "KIc" }),
        ),
        (
            "an octet not in use says what it likes",
            Box::new(move |p| (p.spi, p.kic) = (spi(0x12, 0x09), octet(0x00))),
            Ok(()),
        ),
        ("short AES checksum", Box::new(|p| p.mac_length = MacLength::Four), Ok(())),
        (
            "short triple DES checksum",
            Box::new(move |p| {
                (p.kid, p.mac_key, p.mac_length) = (octet(0x15), Some(mac_key(des3)), MacLength::Four);
            }),
            Err(SecurityError::ShortMac(des3)),
        ),
        ("signature", Box::new(|p| p.spi = spi(0x17, 0x19)), Err(SecurityError::DigitalSignature)),
        ("signed answer", Box::new(|p| p.spi = spi(0x16, 0x1D)), Err(SecurityError::DigitalSignature)),
        (
            "a redundancy check that KID does not name",
            Box::new(|p| p.spi = spi(0x11, 0x01)),
            Err(SecurityError::Redundancy { nibble: 2 }),
        ),
        ("named", Box::new(move |p| (p.spi, p.kid) = (spi(0x11, 0x01), octet(0x15))), Ok(())),
        (
            "named, and another one meant",
            Box::new(move |p| {
                (p.spi, p.kid, p.redundancy) = (spi(0x11, 0x01), octet(0x11), Some(Redundancy::Crc32));
            }),
            Err(SecurityError::Redundancy { nibble: 1 }),
        ),
        (
            "implicit, and nobody says which",
            Box::new(move |p| (p.spi, p.kid) = (spi(0x11, 0x01), octet(0x10))),
            Err(SecurityError::Redundancy { nibble: 0 }),
        ),
        (
            "implicit, and agreed",
            Box::new(move |p| {
                (p.spi, p.kid, p.redundancy) = (spi(0x11, 0x01), octet(0x10), Some(Redundancy::Crc16));
            }),
            Ok(()),
        ),
        (
            "a redundancy check in the answer to a checksum",
            Box::new(|p| (p.spi, p.redundancy) = (spi(0x16, 0x05), Some(Redundancy::Crc16))),
            Ok(()),
        ),
    ];
    for (name, change, expected) in cases {
        let mut parts = parts();
        change(&mut parts);
        assert_eq!(Security::new(parts).map(|_| ()), expected, "{name}");
    }
}

#[test]
fn each_direction_has_what_was_asked_for_and_no_more() {
    let of = |first, second| Security::new(SecurityParts { spi: spi(first, second), ..parts() }).unwrap();
    let shape = |protection: &Protection| (protection.cipher.is_some(), protection.check.len());
    for (first, second, command, response) in [
        (0x16, 0x19, (true, 8), (true, 8)),
        (0x16, 0x09, (true, 8), (false, 8)),
        (0x12, 0x11, (false, 8), (true, 0)),
        (0x14, 0x01, (true, 0), (false, 0)),
        // No answer: none of its bits matter.
        (0x16, 0x18, (true, 8), (false, 0)),
    ] {
        let security = of(first, second);
        assert_eq!(shape(security.command().protection()), command, "{first:02X}{second:02X}");
        assert_eq!(shape(security.response().protection), response, "{first:02X}{second:02X}");
    }
}

#[test]
fn given_octets_are_taken_when_the_indicator_fits() {
    let given = |spi, protection| {
        // Another algorithm than the key's, and two versions: the card knows.
        let (kic, kid) = (KeyReference::from_octet(0x05), KeyReference::from_octet(0x39));
        CommandSecurity::as_given(spi, kic, kid, Tar([0; 3]), protection).map(|_| ())
    };
    let cipher = Some(cipher_key(KeyAlgorithm::Aes128));
    let check = Check::checksum(mac_key(KeyAlgorithm::Aes128), MacLength::Four).unwrap();
    let both = Protection { cipher, check };
    assert_eq!(given(spi(0x16, 0x39), both.clone()), Ok(()));
    assert_eq!(given(spi(0x12, 0x39), both.clone()), Err(SecurityError::Indicator));
    assert_eq!(given(spi(0x15, 0x39), both), Err(SecurityError::Indicator));
    assert_eq!(given(spi(0x00, 0x39), Protection::NONE), Ok(()));
}

#[test]
fn nothing_prints_a_key() {
    let security = Security::new(parts()).unwrap();
    for text in [format!("{security:?}"), format!("{:#?}", parts()), format!("{:?}", security.response())] {
        assert!(text.contains("***"));
        // Neither as text nor as octets in decimal or hexadecimal.
        for trace in ["0123", "48, 49", "30, 31", "3031"] {
            assert!(!text.contains(trace), "{text}");
        }
    }
    let error = CipherKey::new(KeyAlgorithm::Aes128, b"0123456789", WeakKeys::Refuse).unwrap_err();
    assert_eq!(error.to_string(), "a key for AES-128 has 16 octets, this one has 10");
}
