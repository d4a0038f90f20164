//! Sound files: RIFF/WAVE with linear samples or G.711.
//!
//! Read here rather than by a crate: those that were looked at (hound among them) know nothing of G.711 inside WAVE,
//! which is what telephone systems export, and a second reader for that would have been the larger part of the first.

use super::SAMPLE_RATE;
use super::g711::Law;
use crate::octets::Octets;

/// Format tags of the `fmt ` chunk.
const PCM: u16 = 1;
const A_LAW: u16 = 6;
const MU_LAW: u16 = 7;
/// The tag stands in the first octets of the sub-format.
const EXTENSIBLE: u16 = 0xFFFE;
/// What writers that could not go back put for a length.
const UNKNOWN_LENGTH: u32 = u32::MAX;

/// Why a file cannot be played. The texts say what was found and what is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WavError {
    /// It does not begin like one.
    #[error("the file is no WAV file (RIFF/WAVE)")]
    NotWav,
    /// A part is longer than what is there.
    #[error("the WAV file is cut off or damaged: {0}")]
    Damaged(&'static str),
    /// Samples are compressed in some other way.
    #[error("the WAV file has format {0:#06x}; needed is PCM (1), A-law (6) or µ-law (7)")]
    Format(u16),
    /// Stereo, or more.
    #[error("the WAV file has {0} channels; needed is 1 (mono)")]
    Channels(u16),
    /// Another sampling rate.
    #[error("the WAV file has {0} samples a second; needed are 8000")]
    Rate(u32),
    /// Other samples than the format has.
    #[error("the WAV file has {found} bits a sample; needed are {needed}")]
    Bits {
        /// In the file.
        found: u16,
        /// 16 for PCM, 8 for G.711.
        needed: u16,
    },
    /// Nothing to play.
    #[error("the WAV file has no sound in it")]
    Empty,
}

#[derive(Clone, Copy)]
enum Coding {
    Linear,
    Companded(Law),
}

/// Reads a file's sound: linear samples of 16 bits.
///
/// # Errors
/// [`WavError`], where it is not sound of one channel at 8,000 samples a second, in PCM of 16 bits or in G.711.
pub fn read(file: &[u8]) -> Result<Vec<i16>, WavError> {
    let mut octets = Octets::new(file);
    let (Some(b"RIFF"), Some(_), Some(b"WAVE")) =
        (octets.array().as_ref(), octets.array::<4>(), octets.array().as_ref())
    else {
        return Err(WavError::NotWav);
    };
    let mut coding = None;
    while !octets.is_empty() {
        let (Some(name), Some(len)) = (octets.array::<4>(), octets.array().map(u32::from_le_bytes)) else {
            return Err(WavError::Damaged("a chunk without a header"));
        };
        let is_sound = &name == b"data";
        let body = if is_sound && len == UNKNOWN_LENGTH {
            octets.take(octets.rest().len())
        } else {
            octets.take(len as usize)
        };
        let body = body.ok_or(WavError::Damaged("a chunk is longer than the file"))?;
        if is_sound {
            let coding = coding.ok_or(WavError::Damaged("the sound comes before its format"))?;
            return sound(coding, body);
        }
        if &name == b"fmt " {
            coding = Some(format(body)?);
        }
        // Chunks begin at even places; the last one may lack its filler.
        if !len.is_multiple_of(2) {
            octets.take(1);
        }
    }
    Err(WavError::Empty)
}

fn format(chunk: &[u8]) -> Result<Coding, WavError> {
    const SHORT: WavError = WavError::Damaged("the format chunk is too short");
    let mut octets = Octets::new(chunk);
    let mut short = || octets.array().map(u16::from_le_bytes).ok_or(SHORT);
    let (tag, channels) = (short()?, short()?);
    let rate = u32::from(short()?) | u32::from(short()?) << 16;
    // Octets a second and octets a sample follow from the rest.
    let _ = (short()?, short()?, short()?);
    let bits = short()?;
    let tag = if tag == EXTENSIBLE {
        // Length of the extension, valid bits, and the channels' places.
        let _ = (short()?, short()?, short()?, short()?);
        short()?
    } else {
        tag
    };
    let (coding, needed) = match tag {
        PCM => (Coding::Linear, 16),
        A_LAW => (Coding::Companded(Law::A), 8),
        MU_LAW => (Coding::Companded(Law::Mu), 8),
        other => return Err(WavError::Format(other)),
    };
    if channels != 1 {
        return Err(WavError::Channels(channels));
    }
    if rate != SAMPLE_RATE {
        return Err(WavError::Rate(rate));
    }
    if bits != needed {
        return Err(WavError::Bits { found: bits, needed });
    }
    Ok(coding)
}

fn sound(coding: Coding, octets: &[u8]) -> Result<Vec<i16>, WavError> {
    let samples: Vec<i16> = match coding {
        Coding::Linear => {
            let (pairs, rest) = octets.as_chunks();
            if !rest.is_empty() {
                return Err(WavError::Damaged("half a sample"));
            }
            pairs.iter().map(|&pair| i16::from_le_bytes(pair)).collect()
        }
        Coding::Companded(law) => octets.iter().map(|&code| law.decode(code)).collect(),
    };
    if samples.is_empty() { Err(WavError::Empty) } else { Ok(samples) }
}

/// A file with these samples, PCM of 16 bits. Samples beyond the 4 GiB that a file can say are left out.
pub fn write(samples: &[i16]) -> Vec<u8> {
    const HEAD: u32 = 36;
    let most = (u32::MAX - HEAD) as usize / 2;
    let samples = &samples[..samples.len().min(most)];
    let len = samples.len() as u32 * 2;
    let mut file = Vec::with_capacity(samples.len() * 2 + 44);
    file.extend(b"RIFF");
    file.extend((HEAD + len).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    file.extend([PCM, 1].map(u16::to_le_bytes).concat());
    file.extend([SAMPLE_RATE, SAMPLE_RATE * 2].map(u32::to_le_bytes).concat());
    file.extend([2_u16, 16].map(u16::to_le_bytes).concat());
    file.extend(b"data");
    file.extend(len.to_le_bytes());
    file.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    file
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chunk(name: [u8; 4], body: &[u8]) -> Vec<u8> {
        let mut chunk = name.to_vec();
        chunk.extend((body.len() as u32).to_le_bytes());
        chunk.extend(body);
        if !body.len().is_multiple_of(2) {
            chunk.push(0);
        }
        chunk
    }

    fn file(chunks: &[Vec<u8>]) -> Vec<u8> {
        let chunks = chunks.concat();
        let mut file = b"RIFF".to_vec();
        file.extend((chunks.len() as u32 + 4).to_le_bytes());
        file.extend(b"WAVE");
        file.extend(chunks);
        file
    }

    fn format(tag: u16, channels: u16, rate: u32, bits: u16) -> Vec<u8> {
        let width = channels * bits / 8;
        let mut body = [tag, channels].map(u16::to_le_bytes).concat();
        body.extend([rate, rate * u32::from(width)].map(u32::to_le_bytes).concat());
        body.extend([width, bits].map(u16::to_le_bytes).concat());
        chunk(*b"fmt ", &body)
    }

    #[test]
    fn files_by_table() {
        let data = |octets: &[u8]| chunk(*b"data", octets);
        let pcm = || format(PCM, 1, 8_000, 16);
        let mut extensible = format(EXTENSIBLE, 1, 8_000, 16);
        extensible[4] = 40;
        extensible.extend([22, 0, 16, 0, 4, 0, 0, 0, 1, 0]);
        extensible.extend([0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]);
        let mut streamed = pcm();
        streamed.extend([b"data".as_slice(), &[0xFF; 4], &[1, 0, 2, 0]].concat());
        let list = chunk(*b"LIST", b"odd");
        let mut cut = file(&[pcm(), data(&[1, 0, 2, 0])]);
        cut.pop();
        for (name, file, expected) in [
            ("PCM", file(&[pcm(), data(&[1, 0, 0xFF, 0xFF])]), Ok(vec![1, -1])),
            ("other chunks", file(&[list.clone(), pcm(), list, data(&[3, 0])]), Ok(vec![3])),
            ("µ-law", file(&[format(MU_LAW, 1, 8_000, 8), data(&[0xFF, 0x00])]), Ok(vec![0, -32_124])),
            (
                "A-law",
                file(&[format(A_LAW, 1, 8_000, 8), data(&[0xD5, 0xAA, 0x2A])]),
                Ok(vec![8, 32_256, -32_256]),
            ),
            ("extensible", file(&[extensible, data(&[5, 0])]), Ok(vec![5])),
            ("streamed", file(&[streamed]), Ok(vec![1, 2])),
            ("stereo", file(&[format(PCM, 2, 8_000, 16), data(&[0; 4])]), Err(WavError::Channels(2))),
            ("44.1 kHz", file(&[format(PCM, 1, 44_100, 16), data(&[0; 4])]), Err(WavError::Rate(44_100))),
            (
                "8 bit",
                file(&[format(PCM, 1, 8_000, 8), data(&[0; 4])]),
                Err(WavError::Bits { found: 8, needed: 16 }),
            ),
            ("float", file(&[format(3, 1, 8_000, 32), data(&[0; 4])]), Err(WavError::Format(3))),
            ("empty", file(&[pcm(), data(&[])]), Err(WavError::Empty)),
            ("no sound", file(&[pcm()]), Err(WavError::Empty)),
            ("half a sample", file(&[pcm(), data(&[1, 0, 2])]), Err(WavError::Damaged("half a sample"))),
            (
                "wrong order",
                file(&[data(&[1, 0])]),
                Err(WavError::Damaged("the sound comes before its format")),
            ),
            ("cut off", cut, Err(WavError::Damaged("a chunk is longer than the file"))),
            ("MP3", b"ID3\x04\0\0\0\0\0\0\0\0".to_vec(), Err(WavError::NotWav)),
            ("nothing", vec![], Err(WavError::NotWav)),
        ] {
            assert_eq!(read(&file), expected, "{name}");
        }
        let text = WavError::Rate(44_100).to_string();
        assert_eq!(text, "the WAV file has 44100 samples a second; needed are 8000");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(samples in proptest::collection::vec(any::<i16>(), 1..500)) {
            prop_assert_eq!(read(&write(&samples)), Ok(samples));
        }

        #[test]
        fn any_damage_is_read_or_refused(
            at in any::<proptest::sample::Index>(), octet: u8, keep in any::<proptest::sample::Index>(),
        ) {
            let mut file = write(&[1, 2, 3, 4]);
            let place = at.index(file.len());
            file[place] = octet;
            file.truncate(keep.index(file.len() + 1));
            if let Ok(samples) = read(&file) {
                prop_assert!(samples.len() <= file.len());
            }
        }
    }
}
