//! A handle of a section, the kernel's object behind a region, and the calls that make one.

use std::fs::File;
use std::os::windows::io::{AsHandle, AsRawHandle as _, BorrowedHandle, OwnedHandle};
use std::{io, ptr};

use windows_sys::Win32::Foundation::{HANDLE, INVALID_HANDLE_VALUE};
use windows_sys::Win32::System::Memory::{
    CreateFileMappingW, OpenFileMappingW, PAGE_PROTECTION_FLAGS, PAGE_READWRITE, SEC_FILE, SEC_IMAGE,
    SEC_RESERVE,
};

use super::calls::{Created, created, opened};
use super::error::is_denied;
use super::mapped;
use super::names::WideName;
use super::nt::{SectionFacts, section_facts};
use super::security::Security;
use crate::memory::{Mapped, SystemHandle};

/// A handle of a section. Its name lives as long as any handle of it in any process.
#[derive(Debug)]
pub(super) struct Section {
    handle: OwnedHandle,
    /// The file that it lies over, for flushing, where this process has opened it.
    file: Option<File>,
}

/// Whether a section lies over a file, and not over the paging file.
pub(super) fn lies_over_file(facts: SectionFacts) -> bool {
    facts.attributes & SEC_FILE != 0
}

/// Why a section is no region, in words that follow "the name is held by".
pub(super) fn objection(facts: SectionFacts) -> Option<&'static str> {
    // An access to reserved memory that is not committed is a violation, and an image is mapped in pieces, with holes:
    // neither is a range of plain memory.
    if facts.attributes & SEC_RESERVE != 0 {
        Some("a section whose memory is reserved and not committed")
    } else if facts.attributes & SEC_IMAGE != 0 {
        Some("the image of a program file")
    } else {
        None
    }
}

impl Section {
    /// Creates a section of `size` bytes over the paging file, all committed and zero, or opens the one with the name.
    pub(super) fn create(
        name: Option<&WideName>,
        size: u64,
        security: &Security,
    ) -> io::Result<Created<Section>> {
        Self::make(INVALID_HANDLE_VALUE, PAGE_READWRITE, name, size, security)
    }

    /// Creates a section over the first `size` bytes of a file, which grows to that size if the protection allows
    /// writing, or opens the one with the name.
    pub(super) fn over_file(
        file: File,
        protection: PAGE_PROTECTION_FLAGS,
        name: Option<&WideName>,
        size: u64,
        security: &Security,
    ) -> io::Result<Created<Section>> {
        let made = Self::make(file.as_raw_handle(), protection, name, size, security)?;
        Ok(made.map(|section| section.with_file(Some(file))))
    }

    /// `file` is the paging file or an open one.
    fn make(
        file: HANDLE,
        protection: PAGE_PROTECTION_FLAGS,
        name: Option<&WideName>,
        size: u64,
        security: &Security,
    ) -> io::Result<Created<Section>> {
        let attributes = security.attributes();
        let name = name.map_or(ptr::null(), WideName::as_ptr);
        let (high, low) = ((size >> 32) as u32, size as u32);
        // SAFETY: attributes and name outlive the call, the name ends in a NUL, and an invalid handle is an error.
        let made = unsafe { created(|| CreateFileMappingW(file, &attributes, protection, high, low, name)) };
        Ok(made?.map(Section::from_handle))
    }

    pub(super) fn from_handle(handle: OwnedHandle) -> Self {
        Section { handle, file: None }
    }

    /// The section, with the file that it lies over.
    pub(super) fn with_file(self, file: Option<File>) -> Self {
        Section { file, ..self }
    }

    pub(super) fn file(&self) -> Option<&File> {
        self.file.as_ref()
    }

    /// The facts of the section: from the kernel, or from a mapping where its DACL grants no query.
    pub(super) fn facts(&self) -> io::Result<SectionFacts> {
        match section_facts(self.as_handle()) {
            Err(cause) if is_denied(&cause) => mapped::facts(self.as_handle()),
            answer => answer,
        }
    }

    /// Opens the section with the name, with these rights.
    pub(super) fn open(name: &WideName, rights: u32) -> io::Result<Self> {
        const INHERITABLE: i32 = 0;
        // SAFETY: the name ends in a NUL and outlives the call.
        let handle = unsafe { opened(|| OpenFileMappingW(rights, INHERITABLE, name.as_ptr())) };
        handle.map(Section::from_handle)
    }
}

impl Mapped for Section {
    fn handle(&self) -> Option<SystemHandle<'_>> {
        Some(self.as_handle())
    }
}

impl AsHandle for Section {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.handle.as_handle()
    }
}
