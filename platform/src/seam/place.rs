//! Where an object's state lies: a header in a view, and the bytes that follow it.

use super::header::{HEADER_LEN, Header};
use crate::contract::context::{Context, Operation};
use crate::memory::Origin;
use crate::{Access, ErrorKind, ObjectKind, Result, View};

/// A header in a view, kept mapped.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    view: View,
    at: usize,
}

impl Place {
    /// A place inside a view, for a header and `more` bytes after it.
    pub(crate) fn inside(view: &View, at: usize, more: usize, operation: Operation) -> Result<Place> {
        let context = Context { operation, name: None };
        let wanted = HEADER_LEN.saturating_add(more);
        if view.access() != Access::ReadWrite {
            return Err(context
                .error(ErrorKind::AccessDenied)
                .with_detail("the view does not write to the object; map it with Access::ReadWrite"));
        }
        if view.len() < wanted || at > view.len() - wanted {
            let (offset, len, region_len) = (at as u64, wanted as u64, view.len() as u64);
            return Err(context.error(ErrorKind::OutOfRange { offset, len, region_len }));
        }
        if view.as_ptr().addr().wrapping_add(at) % align_of::<Header>() != 0 {
            return Err(context
                .invalid("the place is not aligned to 8 bytes in memory; move it, or the view's start"));
        }
        Ok(Place { view: view.clone(), at })
    }

    /// Where it lies in the system's object.
    pub(crate) fn origin(&self, context: Context<'_>) -> Result<Origin> {
        self.view.origin(self.at).ok_or_else(|| {
            context
                .error(ErrorKind::Unsupported)
                .with_detail("the view is not one of the system's own regions; use samemap::Region")
        })
    }

    /// Checks that a ready object of this kind lies there.
    pub(crate) fn check(&self, wanted: ObjectKind, context: Context<'_>) -> Result<()> {
        const OTHER_VERSION: &str = "it was made by another version of samemap, with another layout; build all programs that share it with one version";
        self.header().check(wanted).map_err(|kind| match kind {
            ErrorKind::LayoutMismatch => context.error(kind).with_detail(OTHER_VERSION),
            kind => context.error(kind),
        })
    }

    #[inline]
    pub(crate) fn header(&self) -> &Header {
        // SAFETY: in range, aligned, mapped for writing as long as `view` is, and made of atomics only, for
        // which every bit pattern is valid: all checked when the place was made.
        unsafe { &*self.start().cast::<Header>() }
    }

    /// The address of the header.
    #[inline]
    pub(crate) fn start(&self) -> *mut u8 {
        self.view.as_ptr().wrapping_add(self.at)
    }

    pub(crate) fn view(&self) -> &View {
        &self.view
    }

    /// The offset of the header in the view.
    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    /// The offset in the view of the bytes after the header.
    #[inline]
    pub(crate) fn behind_header(&self) -> usize {
        self.at + HEADER_LEN
    }
}
