//! VERIFY PIN (TS 102 221 §11.1.9).

use super::super::apdu::{Answer, Apdu, sw};

/// Tries until a PIN is blocked.
const TRIES: u8 = 3;
/// The PIN of every simulated card: key reference 01, the digits 1234.
const REFERENCE: u8 = 0x01;
const VALUE: [u8; 8] = *b"1234\xFF\xFF\xFF\xFF";

/// The PIN of a card. No file of these cards asks for it: scripts have the rights of their application.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pins {
    left: u8,
}

impl Default for Pins {
    fn default() -> Self {
        Self { left: TRIES }
    }
}

impl Pins {
    pub(super) fn verify(&mut self, apdu: &Apdu<'_>) -> Result<Answer, u16> {
        if apdu.p1 != 0 {
            return Err(sw::P1_P2);
        }
        if apdu.p2 != REFERENCE {
            return Err(sw::REFERENCE_NOT_FOUND);
        }
        match apdu.data {
            _ if self.left == 0 => Err(sw::BLOCKED),
            // Asks how many tries there are.
            [] => Err(0x63C0 | u16::from(self.left)),
            data if data == VALUE => {
                self.left = TRIES;
                Ok(sw::OK.into())
            }
            data if data.len() == VALUE.len() => {
                self.left -= 1;
                Err(0x63C0 | u16::from(self.left))
            }
            _ => Err(sw::LENGTH),
        }
    }
}
