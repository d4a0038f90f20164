//! How pages are asked for and told (connectivity contract §2.4, Q7): here and nowhere else.

use muster_app::ports::PageOf;
use muster_app::usecases::connectivity::ConnectivityError;
use muster_web::Query;
use serde::Serialize;
use utoipa::ToSchema;

/// Elements of a page unless a size is asked for.
pub(crate) const SIZE_DEFAULT: u32 = 10;
/// Largest page; larger sizes are answered with this one, and the answer says so.
pub(crate) const SIZE_MAX: u32 = 1000;

/// The page that a query asks for.
pub(crate) fn page_of(query: &Query) -> Result<PageOf, ConnectivityError> {
    let number = positive(query, "page")?.unwrap_or(1);
    let size = positive(query, "size")?.unwrap_or(u64::from(SIZE_DEFAULT));
    let size = u32::try_from(size).unwrap_or(SIZE_MAX).min(SIZE_MAX);
    Ok(PageOf { number, size })
}

/// ASCII digits only: no sign, no space, no fraction. A number beyond 64 bits is still a number, of a page that nobody
/// has.
fn positive(query: &Query, name: &str) -> Result<Option<u64>, ConnectivityError> {
    let wrong = || ConnectivityError::invalid(name, "a whole number of at least 1");
    if !query.has(name) {
        return Ok(None);
    }
    let text = query.get(name).ok_or_else(wrong)?;
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    match text.parse().unwrap_or(u64::MAX) {
        0 => Err(wrong()),
        number => Ok(Some(number)),
    }
}

/// Which page of how many an answer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Pageable {
    /// From 1.
    #[schema(example = 1)]
    page: u64,
    /// Elements of a page.
    #[schema(example = 10)]
    size: u64,
    /// Pages of that size.
    #[schema(example = 1)]
    total_pages: u64,
    /// Elements of all pages.
    #[schema(example = 1)]
    total_elements: u64,
}

impl Pageable {
    /// A page of a list of `total` elements.
    pub(crate) fn new(page: PageOf, total: u64) -> Self {
        let size = u64::from(page.size.max(1));
        Self { page: page.number, size, total_pages: total.div_ceil(size), total_elements: total }
    }

    /// All of `count` elements on one page.
    pub(crate) fn whole(count: usize) -> Self {
        let size = count.max(SIZE_DEFAULT as usize) as u32;
        Self::new(PageOf { number: 1, size }, count as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Option<(u64, u32)> {
        let page = page_of(&Query::parse(query).expect("short")).ok()?;
        Some((page.number, page.size))
    }

    #[test]
    fn c43_c46_c47_pages_by_table() {
        let table = [
            ("", Some((1, 10))),
            ("page=99&size=10", Some((99, 10))),
            ("page=1&page=2", Some((2, 10))),
            ("size=1000", Some((1, 1000))),
            ("size=1001", Some((1, 1000))),
            ("size=5000", Some((1, 1000))),
            ("size=99999999999999999999999", Some((1, 1000))),
            ("page=99999999999999999999999", Some((u64::MAX, 10))),
            ("page=007", Some((7, 10))),
            ("page=0", None),
            ("size=0", None),
            ("size=-1", None),
            ("page=x", None),
            ("page=", None),
            ("page=1.0", None),
            ("page=+1", None),
            ("page=%201", None),
            ("page[]=1", None),
            ("size=1e3", None),
            ("other=x", Some((1, 10))),
        ];
        for (query, expected) in table {
            assert_eq!(read(query), expected, "{query:?}");
        }
    }

    #[test]
    fn c43_totals_by_table() {
        for (number, size, total, pages) in
            [(1, 10, 988, 99), (1, 10, 2, 1), (1, 10, 0, 0), (100, 10, 988, 99), (1, 1000, 1001, 2)]
        {
            let pageable = Pageable::new(PageOf { number, size }, total);
            let expected =
                Pageable { page: number, size: u64::from(size), total_pages: pages, total_elements: total };
            assert_eq!(pageable, expected);
        }
        assert_eq!(Pageable::whole(1), Pageable { page: 1, size: 10, total_pages: 1, total_elements: 1 });
        assert_eq!(
            Pageable::whole(200),
            Pageable { page: 1, size: 200, total_pages: 1, total_elements: 200 }
        );
    }
}
