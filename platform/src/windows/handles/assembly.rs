//! Makes a region of its handles, once they belong to this process.

use std::fs::File;
use std::os::windows::io::{AsHandle, BorrowedHandle, OwnedHandle};

use super::duplicate::own_copy;
use super::waybill::Waybill;
use crate::contract::context::Context;
use crate::contract::wire::{Label, not_understood};
use crate::seam::random::random;
use crate::seam::region::{Native, RawRegion as _};
use crate::windows::error::Attempt;
use crate::windows::region::Region;
use crate::windows::section::Section;
use crate::{Access, Result};

/// Random, so that an old object is not taken for the present one.
pub(super) type Nonce = [u64; 2];

pub(super) fn new_nonce() -> Nonce {
    [random(), random()]
}

/// Handles of a region that belong to this process.
pub(super) struct Parts {
    pub(super) section: OwnedHandle,
    /// The file that it lies over, where it was sent, too.
    pub(super) file: Option<File>,
}

/// Makes the region that a waybill describes.
pub(super) fn assemble(parts: Parts, waybill: &Waybill, attempt: Attempt<'_>) -> Result<Region> {
    let section = Section::from_handle(parts.section).with_file(parts.file);
    let region = Region::of(section, waybill.name.as_ref(), waybill.label.access, attempt)?;
    if Label::of(region.facts(), waybill.label.access) != waybill.label {
        return Err(not_understood(attempt.context));
    }
    Ok(region)
}

impl AsHandle for Region {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.section.as_handle()
    }
}

impl Native for Region {
    fn to_handle(&self, context: Context<'_>) -> Result<OwnedHandle> {
        own_copy(&self.section, self.facts().access).map_err(|cause| Attempt::of(context).failed(cause))
    }

    fn from_handle(handle: OwnedHandle, access: Access, context: Context<'_>) -> Result<Region> {
        Region::of(Section::from_handle(handle), None, access, Attempt::of(context))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CreateOptions, ErrorKind};

    const TRY: Context<'_> = Context { operation: "try", name: None };

    fn anonymous(len: u64) -> Region {
        crate::Region::anonymous(&CreateOptions::new(len)).expect("memory").0
    }

    #[test]
    fn a_section_made_for_reading_stays_so() {
        let region = anonymous(4096);
        let handle = own_copy(&region.section, Access::ReadOnly).expect("less");
        let error = Region::from_handle(handle, Access::ReadWrite, TRY).err().expect("it has less");
        assert!(error.is(ErrorKind::AccessDenied));
    }

    #[test]
    fn what_is_not_as_announced_is_refused() {
        let region = anonymous(8192);
        let told = |waybill: &Waybill| {
            let parts = Parts { section: region.to_handle(TRY).expect("a handle"), file: None };
            assemble(parts, waybill, Attempt::of(TRY)).map_err(|error| error.kind().clone())
        };
        let good = Waybill::of(region.facts(), Access::ReadWrite, 4, None);
        assert_eq!(told(&good).expect("as announced").facts().len, 8192);
        let mut other = good.clone();
        other.label.len = 4096;
        assert_eq!(told(&other).err().expect("another length"), ErrorKind::InvalidArgument);
        let file = Waybill { label: Label { form: crate::contract::wire::Form::File, ..good.label }, ..good };
        assert_eq!(told(&file).err().expect("no file"), ErrorKind::InvalidArgument);
    }
}
