//! What is made of a region's handles, once they are this process's own.

use std::fs::File;
use std::hash::{BuildHasher as _, RandomState};
use std::os::windows::io::{AsHandle, BorrowedHandle, FromRawHandle as _, OwnedHandle};

use super::duplicate::{duplicate_section, this_process};
use super::waybill::Waybill;
use crate::contract::wire::{Label, NONSENSE};
use crate::windows::error::Attempt;
use crate::windows::section::Section;
use crate::windows::view;
use crate::{Access, Error, ErrorKind, ObjectName, Region, Result, SharedRegion as _};

/// Random, so that nothing of another time is taken for what is meant.
pub(super) type Nonce = [u64; 2];

pub(super) fn new_nonce() -> Nonce {
    [RandomState::new().hash_one(0), RandomState::new().hash_one(1)]
}

/// Handles of a region that are this process's own.
pub(super) struct Parts {
    pub(super) section: OwnedHandle,
    /// The file that it lies over, where that came too.
    pub(super) file: Option<File>,
}

/// Makes a region of what a waybill announces.
pub(super) fn assemble(parts: Parts, waybill: &Waybill, attempt: Attempt<'_>) -> Result<Region> {
    let section = Section::from_handle(parts.section).with_file(parts.file);
    let region = region_of(section, waybill.name.as_ref(), waybill.label.access, attempt)?;
    if Label::of(&region, waybill.label.access) != waybill.label {
        return Err(nonsense(attempt));
    }
    Ok(region)
}

fn region_of(
    section: Section,
    name: Option<&ObjectName>,
    access: Access,
    attempt: Attempt<'_>,
) -> Result<Region> {
    let region = Region::of(section, name, access, attempt)?;
    view::check_can_be_mapped(&region.section, access).map_err(|cause| attempt.failed(cause))?;
    Ok(region)
}

pub(super) fn nonsense(attempt: Attempt<'_>) -> Error {
    attempt.error(ErrorKind::InvalidArgument).with_detail(NONSENSE)
}

// ---- handles of the caller's --------------------------------------------------------------------------

/// Borrows the section's handle. A copy of it holds the object as the region itself does, which is how the
/// kernel counts.
impl AsHandle for Region {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.section.as_handle()
    }
}

/// # Handles
/// A handle of a section is a hold of its own, in every process, so the region [lends](AsHandle) its handle and
/// copies of it do no harm: the object and its name live until the last one is closed.
impl Region {
    /// A new handle of the region's section, with the rights that the region's access takes. It holds the object.
    ///
    /// # Errors
    /// [`Os`](ErrorKind::Os).
    pub fn to_handle(&self) -> Result<OwnedHandle> {
        let attempt = Attempt::new("make a handle of the region", self.name());
        let handle = duplicate_section(&self.section, this_process(), self.access());
        let handle = handle.map_err(|cause| attempt.failed(cause))?;
        // SAFETY: made for this process just now, and nobody else closes it.
        Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
    }

    /// A region without a known name over any section of plain memory or of a file. The handle needs the right to
    /// query (`SECTION_QUERY`) beside those to map.
    ///
    /// Its length is the section's, in whole pages where it does not lie over a file.
    ///
    /// # Errors
    /// [`KindMismatch`](ErrorKind::KindMismatch) for what is no such section;
    /// [`AccessDenied`](ErrorKind::AccessDenied) for more access than the handle or the section allow.
    pub fn from_handle(handle: OwnedHandle, access: Access) -> Result<Region> {
        let attempt = Attempt::new("make a region of the handle", None);
        region_of(Section::from_handle(handle), None, access, attempt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CreateOptions;

    #[test]
    fn a_section_made_for_reading_stays_so() {
        let region = Region::anonymous(&CreateOptions::new(4096)).expect("memory");
        let handle = duplicate_section(&region.section, this_process(), Access::ReadOnly).expect("less");
        // SAFETY: made for this process just now.
        let handle = unsafe { OwnedHandle::from_raw_handle(handle) };
        let error = Region::from_handle(handle, Access::ReadWrite).expect_err("it has less");
        assert_eq!(*error.kind(), ErrorKind::AccessDenied);
    }

    #[test]
    fn what_is_not_as_announced_is_refused() {
        let region = Region::anonymous(&CreateOptions::new(8192)).expect("memory");
        let told = |waybill: &Waybill| {
            let parts = Parts { section: region.to_handle().expect("a handle"), file: None };
            assemble(parts, waybill, Attempt::new("try", None)).map_err(|error| error.kind().clone())
        };
        let good = Waybill::of(&region, Access::ReadWrite, 4, None);
        assert_eq!(told(&good).expect("as announced").len(), 8192);
        let mut other = good.clone();
        other.label.len = 4096;
        assert_eq!(told(&other).expect_err("another length"), ErrorKind::InvalidArgument);
        let file = Waybill { label: Label { form: crate::contract::wire::Form::File, ..good.label }, ..good };
        assert_eq!(told(&file).expect_err("no file"), ErrorKind::InvalidArgument);
    }
}
