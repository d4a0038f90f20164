//! `page` and `page_size` of the engagement contract (§2.5, row H4).

use crate::query::Query;

/// The page that is shown when none is asked for.
pub const PAGE_DEFAULT: u64 = 1;
/// Campaigns on a page when no size is asked for.
pub const PAGE_SIZE_DEFAULT: u64 = 20;
/// Largest page; larger sizes are answered with this one and say so (row H4).
pub const PAGE_SIZE_MAX: u64 = 100;

/// Which slice of a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paging {
    /// From 1.
    pub page: u64,
    /// From 1 to [`PAGE_SIZE_MAX`].
    pub page_size: u64,
}

impl Default for Paging {
    fn default() -> Self {
        Self { page: PAGE_DEFAULT, page_size: PAGE_SIZE_DEFAULT }
    }
}

/// A paging parameter that is not a whole number of at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} must be a whole number of at least 1")]
pub struct PagingError(pub &'static str);

impl Paging {
    /// Reads both parameters, each with its default.
    pub fn from_query(query: &Query) -> Result<Self, PagingError> {
        Self::parse(query.get("page"), query.get("page_size"))
    }

    /// As [`Paging::from_query`], but `None` if neither parameter was sent: method C8 pages only when asked to.
    pub fn asked_for(query: &Query) -> Result<Option<Self>, PagingError> {
        if query.has("page") || query.has("page_size") { Self::from_query(query).map(Some) } else { Ok(None) }
    }

    /// Reads the parameters as they were sent.
    pub fn parse(page: Option<&str>, page_size: Option<&str>) -> Result<Self, PagingError> {
        let page = page.map_or(Some(PAGE_DEFAULT), positive).ok_or(PagingError("page"))?;
        let size = page_size.map_or(Some(PAGE_SIZE_DEFAULT), positive).ok_or(PagingError("page_size"))?;
        Ok(Self { page, page_size: size.min(PAGE_SIZE_MAX) })
    }

    /// How many elements lie before the page; saturates, so that any page far past the end is simply empty.
    pub fn offset(self) -> usize {
        usize::try_from((self.page - 1).saturating_mul(self.page_size)).unwrap_or(usize::MAX)
    }

    /// The elements of the page out of the whole list; empty past the end.
    pub fn slice<T>(self, all: &[T]) -> &[T] {
        let start = self.offset().min(all.len());
        let end = start.saturating_add(self.page_size as usize).min(all.len());
        &all[start..end]
    }

    /// Pages that `total` elements fill, at least 1.
    pub fn number_of_pages(self, total: u64) -> u64 {
        total.div_ceil(self.page_size).max(1)
    }
}

/// ASCII digits only: no sign, no space, no fraction. A number beyond 64 bits is still a number, of a page that
/// nobody has.
fn positive(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = text.parse().unwrap_or(u64::MAX);
    (number >= 1).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn e88_e95_paging_parameters_by_table() {
        type Case<'a> = (&'a str, Result<(u64, u64), &'a str>);
        let cases: [Case<'_>; 18] = [
            ("", Ok((1, 20))),
            ("page=2", Ok((2, 20))),
            ("page_size=5", Ok((1, 5))),
            ("page=3&page_size=100", Ok((3, 100))),
            ("page_size=101", Ok((1, 100))),
            ("page_size=99999999999999999999999", Ok((1, 100))),
            ("page=99999999999999999999999", Ok((u64::MAX, 20))),
            ("page=007", Ok((7, 20))),
            ("page=0", Err("page")),
            ("page=-1", Err("page")),
            ("page=+1", Err("page")),
            ("page=1.0", Err("page")),
            ("page=", Err("page")),
            ("page=%201", Err("page")),
            ("page=%D9%A3", Err("page")),
            ("page_size=abc", Err("page_size")),
            ("page_size=0", Err("page_size")),
            ("page=x&page_size=y", Err("page")),
        ];
        for (text, expected) in cases {
            let query = Query::parse(text).expect("a short query");
            let read = Paging::from_query(&query).map(|p| (p.page, p.page_size)).map_err(|e| e.0);
            assert_eq!(read, expected, "{text}");
        }
    }

    #[test]
    fn e115_paging_is_absent_unless_asked_for() {
        for (text, asked) in [("", false), ("division_ids=a", false), ("page=1", true), ("page_size=5", true)]
        {
            let query = Query::parse(text).expect("a short query");
            assert_eq!(Paging::asked_for(&query).expect("valid").is_some(), asked, "{text}");
        }
    }

    #[test]
    fn e88_a_page_past_the_end_is_empty() {
        let all = [1, 2, 3, 4, 5];
        let page = |page, page_size| Paging { page, page_size };
        assert_eq!(page(1, 2).slice(&all), [1, 2]);
        assert_eq!(page(3, 2).slice(&all), [5]);
        assert_eq!(page(4, 2).slice(&all), [0; 0]);
        assert_eq!(page(u64::MAX, 100).slice(&all), [0; 0]);
        assert_eq!(page(1, 2).number_of_pages(5), 3);
        assert_eq!(page(9, 2).number_of_pages(4), 2);
        assert_eq!(page(1, 20).number_of_pages(0), 1);
    }

    proptest! {
        #[test]
        fn e91_the_pages_put_together_are_the_list(total in 0usize..500, page_size in 1u64..=100) {
            let all: Vec<usize> = (0..total).collect();
            let pages = Paging { page: 1, page_size }.number_of_pages(total as u64);
            let joined: Vec<usize> =
                (1..=pages).flat_map(|page| Paging { page, page_size }.slice(&all).to_vec()).collect();
            prop_assert_eq!(joined, all);
        }
    }
}
