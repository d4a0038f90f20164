//! `muster sim contacts`

use crate::failure::{Failure, Outcome};
use crate::output::print;
use clap::{Args, ValueEnum};
use muster_app::phone_numbers::normalise;
use muster_domain::calls::number::DialRules;
use muster_peers::rng::SplitMix64;
use std::process::ExitCode;

/// Arguments of `muster sim contacts`.
#[derive(Debug, Args)]
pub(super) struct Contacts {
    /// How many
    #[arg(long, value_name = "COUNT", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=40_000))]
    count: u32,
    /// Decides names and numbers: the same seed makes the same contacts
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Countries that they live in
    #[arg(long, value_name = "CODE", value_enum, value_delimiter = ',', default_values_t = [Country::De, Country::Gb, Country::Fr, Country::Us])]
    countries: Vec<Country>,
    /// Percentage of numbers that end in 9 and two more digits, for which the simulated phones have a table of unusual
    /// behaviours; all others do what is drawn for them
    #[arg(long, value_name = "PERCENT", default_value_t = 5, value_parser = clap::value_parser!(u8).range(0..=100))]
    table: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Country {
    De,
    Gb,
    Fr,
    Us,
}

/// Leading digits of numbers that nobody has, set aside for films and the like, and their city. Three more digits
/// follow in Germany and the United Kingdom, four in France, and `01` and two more in the United States.
const RANGES: [(Country, &str, &str); 34] = [
    (Country::De, "493023125", "Berlin"),
    (Country::De, "496990009", "Frankfurt am Main"),
    (Country::De, "494066969", "Hamburg"),
    (Country::De, "492214710", "Köln"),
    (Country::De, "498999998", "München"),
    (Country::Gb, "44113496 0", "Leeds"),
    (Country::Gb, "44114496 0", "Sheffield"),
    (Country::Gb, "44116496 0", "Leicester"),
    (Country::Gb, "44117496 0", "Bristol"),
    (Country::Gb, "44118496 0", "Reading"),
    (Country::Gb, "44121496 0", "Birmingham"),
    (Country::Gb, "44131496 0", "Edinburgh"),
    (Country::Gb, "44141496 0", "Glasgow"),
    (Country::Gb, "44151496 0", "Liverpool"),
    (Country::Gb, "44161496 0", "Manchester"),
    (Country::Gb, "44207946 0", "London"),
    (Country::Gb, "44191498 0", "Newcastle"),
    (Country::Gb, "442896496", "Belfast"),
    (Country::Gb, "442920180", "Cardiff"),
    (Country::Fr, "3319900", "Paris"),
    (Country::Fr, "3326191", "Nantes"),
    (Country::Fr, "3335301", "Strasbourg"),
    (Country::Fr, "3346571", "Lyon"),
    (Country::Fr, "3353649", "Bordeaux"),
    (Country::Us, "1212555", "New York"),
    (Country::Us, "1213555", "Los Angeles"),
    (Country::Us, "1312555", "Chicago"),
    (Country::Us, "1713555", "Houston"),
    (Country::Us, "1602555", "Phoenix"),
    (Country::Us, "1215555", "Philadelphia"),
    (Country::Us, "1206555", "Seattle"),
    (Country::Us, "1303555", "Denver"),
    (Country::Us, "1617555", "Boston"),
    (Country::Us, "1305555", "Miami"),
];

const FIRST_NAMES: [&str; 24] = [
    "Anna",
    "Ben",
    "Chloé",
    "David",
    "Elif",
    "Fatima",
    "Georg",
    "Hannah",
    "Ivo",
    "Jürgen",
    "Katarzyna",
    "Liam",
    "Mia",
    "Noah",
    "Olga",
    "Paul",
    "Quentin",
    "Rosa",
    "Søren",
    "Tomás",
    "Ulrike",
    "Viktor",
    "Wiebke",
    "Zoë",
];
const LAST_NAMES: [&str; 24] = [
    "Abel", "Brontë", "Clarke", "Dupont", "Evans", "Fischer", "García", "Hoffmann", "Ibrahim", "Jansen",
    "Kowalski", "Lefèvre", "Müller", "Nguyen", "O'Brien", "Petersen", "Quinn", "Rossi", "Schäfer", "Taylor",
    "Ünal", "Vogel", "Weiß", "Young",
];

/// A range of which numbers are handed out, each once.
struct Range {
    lead: String,
    city: &'static str,
    /// Endings that are left, in the order in which they are taken from the end: those of the table, and others.
    table: Vec<String>,
    drawn: Vec<String>,
}

impl Range {
    fn of(country: Country, lead: &str, city: &'static str, random: &mut SplitMix64) -> Self {
        let (before, digits) = match country {
            Country::De | Country::Gb => ("", 3),
            Country::Fr => ("", 4),
            Country::Us => ("01", 2),
        };
        let endings = (0..10_u32.pow(digits))
            .map(|ending| format!("{before}{ending:0width$}", width = digits as usize));
        let (mut table, mut drawn): (Vec<_>, Vec<_>) =
            endings.partition(|ending| ending.as_bytes().iter().rev().nth(2) == Some(&b'9'));
        for endings in [&mut table, &mut drawn] {
            // Fisher and Yates.
            for last in (1..endings.len()).rev() {
                endings.swap(last, random.below(last as u64 + 1) as usize);
            }
        }
        Self { lead: lead.replace(' ', ""), city, table, drawn }
    }

    /// The next number, of the table or not as wanted while there are such, without `+`.
    fn take(&mut self, of_table: bool) -> Option<String> {
        let (first, second) =
            if of_table { (&mut self.table, &mut self.drawn) } else { (&mut self.drawn, &mut self.table) };
        let ending = first.pop().or_else(|| second.pop())?;
        Some(format!("{}{ending}", self.lead))
    }
}

impl Contacts {
    /// Prints the table.
    pub(super) fn run(&self) -> Outcome<ExitCode> {
        let table = self.table().map_err(|why| Failure::new("make up contacts", why))?;
        print(&table);
        Ok(ExitCode::SUCCESS)
    }

    fn table(&self) -> Result<String, String> {
        let mut random = SplitMix64::new(self.seed);
        let mut ranges: Vec<Range> = RANGES
            .iter()
            .filter(|(country, _, _)| self.countries.contains(country))
            .map(|(country, lead, city)| Range::of(*country, lead, city, &mut random))
            .collect();
        let mut writer = csv::Writer::from_writer(Vec::new());
        let failed = |error: csv::Error| error.to_string();
        writer
            .write_record(["UserData", "Name", "FirstName", "City", "PhoneNumber1", "PhoneNumber2"])
            .map_err(failed)?;
        for place in 1..=self.count {
            let pick = random.below(ranges.len() as u64) as usize;
            // Most have one number; every fifth has a second one in the same city.
            let has_second = random.below(5) == 0;
            let first = self.number(&mut ranges[pick], &mut random)?;
            let second = if has_second && !ranges[pick].drawn.is_empty() {
                self.number(&mut ranges[pick], &mut random)?
            } else {
                String::new()
            };
            let first_name = FIRST_NAMES[random.below(FIRST_NAMES.len() as u64) as usize];
            let last_name = LAST_NAMES[random.below(LAST_NAMES.len() as u64) as usize];
            let key = format!("sim-{place:06}");
            writer
                .write_record([&key, last_name, first_name, ranges[pick].city, &first, &second])
                .map_err(failed)?;
            ranges.retain(|range| !range.drawn.is_empty());
            if ranges.is_empty() && place < self.count {
                return Err(format!("these countries have numbers for {place} contacts and no more"));
            }
        }
        let table = writer.into_inner().map_err(|error| error.to_string())?;
        String::from_utf8(table).map_err(|error| error.to_string())
    }

    fn number(&self, range: &mut Range, random: &mut SplitMix64) -> Result<String, String> {
        let of_table = random.below(100) < u64::from(self.table);
        let digits = range.take(of_table).ok_or("a range has no numbers left")?;
        let text = format!("+{digits}");
        // What is printed can be imported.
        normalise(&text, "DE", &DialRules::default()).map_err(|error| error.to_string())?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn made(count: u32, seed: u64, table: u8, countries: &[Country]) -> Result<Vec<Vec<String>>, String> {
        let text = Contacts { count, seed, countries: countries.to_vec(), table }.table()?;
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let rows = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect());
        Ok(rows.collect())
    }

    const ALL: [Country; 4] = [Country::De, Country::Gb, Country::Fr, Country::Us];

    #[test]
    fn every_number_of_every_range_can_be_imported() {
        let mut random = SplitMix64::new(1);
        for (country, lead, city) in RANGES {
            let mut range = Range::of(country, lead, city, &mut random);
            let mut count = 0;
            while let Some(digits) = range.take(count % 10 == 0) {
                let read = normalise(&format!("+{digits}"), "US", &DialRules::default());
                assert!(read.is_ok(), "{city}: {read:?}");
                count += 1;
            }
            assert!(count >= 100, "{city}");
        }
    }

    #[test]
    fn numbers_are_given_once_and_the_seed_repeats_them() {
        let rows = made(5_000, 7, 5, &ALL).unwrap();
        assert_eq!(rows, made(5_000, 7, 5, &ALL).unwrap());
        assert_ne!(rows, made(5_000, 8, 5, &ALL).unwrap());
        let numbers: Vec<&String> =
            rows.iter().flat_map(|row| &row[4..]).filter(|text| !text.is_empty()).collect();
        assert_eq!(numbers.iter().collect::<HashSet<_>>().len(), numbers.len());
        assert!((5_800..6_200).contains(&numbers.len()), "every fifth has a second: {}", numbers.len());
        assert_eq!(rows.iter().map(|row| &row[0]).collect::<HashSet<_>>().len(), 5_000);
    }

    #[test]
    fn the_share_of_the_table_is_as_wanted() {
        let shares = |table: u8| {
            let rows = made(1_000, 1, table, &[Country::Fr]).unwrap();
            rows.iter().filter(|row| row[4].as_bytes().iter().rev().nth(2) == Some(&b'9')).count()
        };
        assert_eq!(shares(0), 0);
        assert!((200..300).contains(&shares(25)), "{}", shares(25));
        assert_eq!(shares(100), 1_000);
    }

    #[test]
    fn where_the_numbers_end_that_is_said() {
        let error = made(40_000, 1, 5, &[Country::De]).unwrap_err();
        assert!(error.contains("and no more"), "{error}");
    }
}
