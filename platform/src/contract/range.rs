//! Ranges such as `0..1024` or `..`, of anything with a length.

use std::ops::{Bound, RangeBounds};

use crate::{Error, ErrorKind, Result};

/// Offset and length of a range of something with a length; an inverted range has length zero. The bounds are not
/// checked.
pub(crate) fn resolve(
    range: impl RangeBounds<u64>,
    whole: u64,
    operation: &'static str,
) -> Result<(u64, u64)> {
    let past_the_end =
        |offset: u64| Error::new(ErrorKind::OutOfRange { offset, len: 1, region_len: whole }, operation);
    let start = match range.start_bound() {
        Bound::Included(&start) => start,
        Bound::Excluded(&before) => before.checked_add(1).ok_or_else(|| past_the_end(before))?,
        Bound::Unbounded => 0,
    };
    let end = match range.end_bound() {
        Bound::Included(&last) => last.checked_add(1).ok_or_else(|| past_the_end(last))?,
        Bound::Excluded(&end) => end,
        Bound::Unbounded => whole.max(start),
    };
    Ok((start, end.saturating_sub(start)))
}
