//! Tables in the spellings that people send, and what becomes of their rows.

use super::*;
use muster_domain::calls::number::DialRules;

fn numbers(region: &str) -> Numbers {
    Numbers { region: region.to_owned(), rules: DialRules::default(), accept_possible: false }
}

fn open(content: &[u8], reading: Reading) -> Result<(tempfile::TempDir, ContactRows), String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    std::fs::write(&path, content).unwrap();
    let rows = ContactRows::open(&path, reading).map_err(|error| error.to_string())?;
    Ok((folder, rows))
}

fn read(content: &[u8], reading: Reading) -> Vec<ContactRow> {
    let (_folder, mut rows) = open(content, reading).unwrap();
    std::iter::from_fn(|| rows.next().unwrap()).collect()
}

fn reading() -> Reading {
    Reading { numbers: numbers("DE"), ..Reading::default() }
}

/// The name and the numbers of a row.
fn told(row: &ContactRow) -> (u64, String, Vec<String>) {
    let contact = row.contact.as_ref().unwrap_or_else(|error| panic!("line {}: {error}", row.line));
    let numbers = contact.numbers.iter().filter_map(|number| number.number.clone().flatten()).collect();
    (row.line, contact.name.clone().unwrap_or_default(), numbers)
}

#[test]
fn delimiters_and_encodings_are_found_out() {
    let expected = (3, "Jürgen Öz".to_owned(), vec!["493023125001".to_owned()]);
    for delimiter in [",", ";", "\t", "|"] {
        let text = format!("Name{delimiter}PhoneNumber1\r\n\r\nJürgen Öz{delimiter}030 23125 001\r\n");
        let utf16: Vec<u8> =
            [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let windows = encoding_rs::WINDOWS_1252.encode(&text).0.into_owned();
        for content in [text.clone().into_bytes(), format!("\u{feff}{text}").into_bytes(), utf16, windows] {
            let rows = read(&content, reading());
            assert_eq!(rows.len(), 1);
            assert_eq!(told(&rows[0]), expected, "{delimiter:?}");
        }
    }
    // What stands between quotation marks parts nothing, and an explicit delimiter wins.
    let rows = read(b"\"Name\";\"PhoneNumber1\";\"a,b,c,d\"\nA;030 23125001;x\n", reading());
    assert_eq!(told(&rows[0]).1, "A");
    let with = Reading { delimiter: Some(b'#'), ..reading() };
    assert_eq!(told(&read(b"Name#PhoneNumber1\nA,B#030 23125001\n", with)[0]).1, "A,B");
}

#[test]
fn columns_are_found_in_any_case_and_by_other_names() {
    let content = b"NAME,phonenumber1,Mobil,Kundennummer,userdata,Farbe,zone,amount,bphonenumber1invalid\n\
        Ada,030 23125001,0152 28817386,K-1,u-1,red,Europe/Berlin,\"12,50\",no\n";
    let names =
        vec![("mobil".to_owned(), "phonenumber2".to_owned()), ("Kundennummer".to_owned(), "Tag".to_owned())];
    let (_folder, mut rows) = open(content, Reading { names, ..reading() }).unwrap();
    assert_eq!(rows.ignored(), ["Farbe"]);
    let row = rows.next().unwrap().unwrap();
    assert_eq!(told(&row).2, ["493023125001", "4915228817386"]);
    let contact = row.contact.unwrap();
    assert_eq!(contact.user_data, Some(Some("u-1".to_owned())));
    assert_eq!(contact.zone, Some(Some("Europe/Berlin".to_owned())));
    assert_eq!(contact.amount, Some(Some("12.50".parse().unwrap())));
    assert_eq!(contact.numbers[0].invalid, Some(Some(false)));
    let texts: Vec<_> = contact.texts.iter().map(|(field, text)| (field.name, text.as_deref())).collect();
    assert_eq!(texts, [("Tag", Some("K-1"))]);
}

#[test]
fn a_header_that_is_not_one_of_contacts_is_refused_with_its_columns() {
    let named = |names: &[(&str, &str)]| Reading {
        names: names.iter().map(|(column, field)| ((*column).to_owned(), (*field).to_owned())).collect(),
        ..reading()
    };
    for (content, reading, words) in [
        ("", reading(), "names no columns"),
        (";;\n", reading(), "names no columns"),
        ("Phone,Name\n", reading(), "no column is PhoneNumber1 (its columns are Phone, Name; name it by"),
        ("PhoneNumber1,Kunde\n", reading(), "no column is Name"),
        ("Name,PhoneNumber1,name\n", reading(), "two columns are Name"),
        ("Name,Phone\n", named(&[("Telefon", "PhoneNumber1")]), "no column is named \"Telefon\""),
        ("Name,Phone\n", named(&[("Phone", "PhoneNumber7")]), "no field \"PhoneNumber7\""),
        ("Name,PhoneNumber1,Phone\n", named(&[("Phone", "PhoneNumber1")]), "two columns are PhoneNumber1"),
    ] {
        let error = open(content.as_bytes(), reading).err().unwrap_or_else(|| panic!("{content:?} is taken"));
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn bad_rows_are_told_with_their_line_and_the_rest_is_read() {
    let table = "Name,PhoneNumber1,PhoneNumber2,Amount,FollowUpDateTime\n\
        Ada,030 23125001,,,\n\
        Bob,030 23125002\n\
        ,,,,\n\
        Cyd,112,,,\n\
        Dan,0900 1 234567,,,\n\
        Eve,12345678901234567,abc,,\n\
        Fay,112,030 23125003,,\n\
        Gil,030 23125004,,plenty,\n\
        Hal,030 23125005,,,tomorrow\n\
        \"Ida\nMae\",030 23125006,,,\n\
        Jon,,,,\n\
        \"Kay,030 23125007,,,\n\
        Lea,030 23125008,,,\n";
    let rows = read(table.as_bytes(), reading());
    let found: Vec<_> = rows
        .iter()
        .map(|row| (row.line, row.contact.as_ref().map_or_else(String::clone, |c| c.name.clone().unwrap())))
        .collect();
    let expected = [
        (2, "Ada"),
        (3, "has 2 cells, the first line names 5"),
        (5, "PhoneNumber1: \"112\" is a number of an emergency service"),
        (6, "PhoneNumber1: \"0900 1 234567\" is charged at a premium rate"),
        (
            7,
            "PhoneNumber1: \"12345678901234567\" is not a telephone number; PhoneNumber2: \"abc\" is not a telephone number",
        ),
        (8, "Fay"),
        (9, "Amount: must be a number"),
        (10, "FollowUpDateTime: a date YYYY-MM-DDTHH:mm:ss.SSS in UTC"),
        (11, "Ida\nMae"),
        (13, "has no telephone number"),
        (14, "has 1 cells, the first line names 5; perhaps a quotation mark is not closed"),
    ];
    let expected: Vec<_> = expected.into_iter().map(|(line, text)| (line, text.to_owned())).collect();
    assert_eq!(found, expected);
    assert_eq!(rows[5].left_out, ["PhoneNumber1: \"112\" is a number of an emergency service"]);
    assert!(rows.iter().filter(|row| !row.left_out.is_empty()).count() == 1);
}

#[test]
fn what_is_not_of_the_encoding_spoils_its_own_row_only() {
    let with = Reading { encoding: Some("utf-8".to_owned()), ..reading() };
    let rows = read(b"Name,PhoneNumber1\nJ\xFCrgen,030 23125001\nAda,030 23125002\n", with);
    assert_eq!(rows[0].contact.as_ref().unwrap_err(), "is not UTF-8");
    assert_eq!(told(&rows[1]).1, "Ada");
}

#[test]
fn numbers_are_read_in_a_region_or_internationally_or_as_they_are() {
    let one = |numbers: Numbers, text: &str| {
        let content = format!("Name;PhoneNumber1\nA;{text}\n");
        let mut rows = read(content.as_bytes(), Reading { numbers, ..Reading::default() });
        rows.remove(0).contact.map(|contact| contact.numbers[0].number.clone().flatten().unwrap())
    };
    let ok = |digits: &str| Ok(digits.to_owned());
    assert_eq!(one(numbers("DE"), "0049 30/23125-001"), ok("493023125001"));
    assert_eq!(one(numbers("gb"), "020 7946 0123"), ok("442079460123"));
    assert_eq!(one(numbers(""), "+49 30 23125001"), ok("493023125001"));
    assert!(one(numbers(""), "030 23125001").unwrap_err().contains("has no country code"));
    assert!(one(numbers("DE"), "49 30 000000000001").is_err());
    let lab = |region: &str| Numbers { accept_possible: true, ..numbers(region) };
    for region in ["", "DE"] {
        assert_eq!(one(lab(region), "+49 0001-234567"), ok("490001234567"), "{region}");
        assert!(one(lab(region), "112").is_err(), "{region}");
        assert!(one(lab(region), "+49 900 1 234567").is_err(), "{region}");
        assert!(one(lab(region), "1234567890123456").is_err(), "{region}");
    }
    assert!(one(numbers("DE"), "+49 0001-234567").is_err());
}
