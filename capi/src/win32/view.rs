//! Views, by their addresses.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::sync::{Mutex as StdMutex, MutexGuard as StdMutexGuard, PoisonError};

use samemap::regions::MapRequest;
use samemap::{Access, ErrorKind, Region, Result as Made, View};

use super::codes::{error, page, right};
use super::errors::code_of;
use super::handle::Handle;
use super::handles::{self, Object};
use super::last_error::{Address, Count, Done};
use super::memory::{self, page_size};
use super::pointers::Out;
use super::process::GRANULARITY;

/// A view that the program mapped.
#[derive(Clone)]
struct Mapped {
    view: View,
    is_over_file: bool,
}

impl Mapped {
    /// The bytes up to the end of the last page.
    fn len(&self) -> usize {
        self.view.len().next_multiple_of(page_size())
    }

    fn protection(&self) -> u32 {
        match self.view.access() {
            Access::ReadOnly => page::READONLY,
            Access::CopyOnWrite => page::WRITECOPY,
            _ => page::READWRITE,
        }
    }
}

/// By the address of the first byte.
static VIEWS: StdMutex<BTreeMap<usize, Mapped>> = StdMutex::new(BTreeMap::new());

fn views() -> StdMutexGuard<'static, BTreeMap<usize, Mapped>> {
    VIEWS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The view that has a byte, and where it begins.
fn view_at(views: &BTreeMap<usize, Mapped>, address: usize) -> Option<(usize, &Mapped)> {
    let (&base, mapped) = views.range(..=address).next_back()?;
    (address - base < mapped.len()).then_some((base, mapped))
}

/// The access that a program asks for, and the rights that it takes. `FILE_MAP_COPY` means its access alone; beside
/// others it is the right to ask.
fn access_of(asked: u32) -> Result<(Access, u32), u32> {
    const EXECUTE: u32 = 0x20;
    if asked & EXECUTE != 0 {
        return Err(error::ACCESS_DENIED);
    }
    match asked {
        right::MAP_COPY => Ok((Access::CopyOnWrite, right::MAP_READ)),
        _ if asked & right::MAP_WRITE != 0 => Ok((Access::ReadWrite, right::MAP_WRITE)),
        _ if asked & right::MAP_READ != 0 => Ok((Access::ReadOnly, right::MAP_READ)),
        _ => Err(error::INVALID_PARAMETER),
    }
}

fn map(mapping: Handle, asked: u32, offset: u64, len: usize, base: usize) -> Result<*mut u8, u32> {
    let opened = handles::copy(mapping)?;
    let Object::Mapping(region) = &opened.object else { return Err(error::INVALID_HANDLE) };
    if offset % u64::from(GRANULARITY) != 0 || base % GRANULARITY as usize != 0 {
        return Err(error::MAPPED_ALIGNMENT);
    }
    let (access, wanted) = access_of(asked)?;
    opened.check(wanted)?;
    let request = MapRequest::new(offset, length(region, offset, len)?, access);
    let view = if base == 0 { map_anywhere(region, request) } else { region.map(&request.at_base(base)) };
    let view = view.map_err(|cause| code_of(&cause))?;
    let address = view.as_ptr();
    views().insert(address as usize, Mapped { view, is_over_file: region.is_over_file() });
    Ok(address)
}

/// Maps where there is room, at a multiple of 64 KiB as on Windows: the address can be another process's base.
fn map_anywhere(region: &Region, request: MapRequest) -> Made<View> {
    const ATTEMPTS: usize = 8;
    for _ in 0..ATTEMPTS {
        let Some(base) = memory::free_base(request.len(), GRANULARITY as usize) else { break };
        match region.map(&request.at_base(base)) {
            // Another thread was first.
            Err(cause) if cause.is(ErrorKind::AddressInUse) => {}
            mapped => return mapped,
        }
    }
    region.map(&request)
}

/// The length of a view; zero means up to the region's end.
fn length(region: &Region, offset: u64, len: usize) -> Result<u64, u32> {
    match len {
        0 => region.len().checked_sub(offset).filter(|&len| len > 0).ok_or(error::INVALID_PARAMETER),
        _ if offset >= region.len() => Err(error::INVALID_PARAMETER),
        len => Ok(len as u64),
    }
}

fn flush(address: usize, len: usize) -> Result<(), u32> {
    // Copied out, because the disk may take its time.
    let (base, mapped) = {
        let views = views();
        let (base, mapped) = view_at(&views, address).ok_or(error::INVALID_ADDRESS)?;
        (base, mapped.clone())
    };
    if !mapped.is_over_file {
        return Ok(());
    }
    let begin = (address - base).min(mapped.view.len());
    let end = if len == 0 { mapped.view.len() } else { begin.saturating_add(len).min(mapped.view.len()) };
    mapped.view.flush(begin..end).map_err(|cause| code_of(&cause))
}

/// `MEMORY_BASIC_INFORMATION`.
#[repr(C)]
struct Facts {
    base: usize,
    allocation_base: usize,
    allocation_protection: u32,
    partition: u16,
    size: usize,
    state: u32,
    protection: u32,
    kind: u32,
}

const COMMITTED: u32 = 0x1000;
const IS_MAPPED: u32 = 0x0004_0000;

fn facts_of(address: usize) -> Result<Facts, u32> {
    let views = views();
    let (base, mapped) = view_at(&views, address).ok_or(error::INVALID_PARAMETER)?;
    let page = address - address % page_size();
    Ok(Facts {
        base: page,
        allocation_base: base,
        allocation_protection: mapped.protection(),
        partition: 0,
        size: base + mapped.len() - page,
        state: COMMITTED,
        protection: mapped.protection(),
        kind: IS_MAPPED,
    })
}

super::calls! {
    fn MapViewOfFile(mapping: Handle, access: u32, high: u32, low: u32, bytes: usize) -> Address {
        map(mapping, access, u64::from(high) << 32 | u64::from(low), bytes, 0)
    }

    fn MapViewOfFileEx(
        mapping: Handle,
        access: u32,
        high: u32,
        low: u32,
        bytes: usize,
        base: *const c_void,
    ) -> Address {
        map(mapping, access, u64::from(high) << 32 | u64::from(low), bytes, base as usize)
    }

    fn UnmapViewOfFile(address: *const c_void) -> Done {
        let gone = {
            let mut views = views();
            let base = view_at(&views, address as usize).map(|(base, _)| base);
            base.and_then(|base| views.remove(&base))
        };
        // Unmapped outside of the lock.
        gone.map(drop).ok_or(error::INVALID_ADDRESS)
    }

    fn FlushViewOfFile(address: *const c_void, bytes: usize) -> Done {
        flush(address as usize, bytes)
    }

    fn VirtualQuery(address: *const c_void, facts: Out<Facts>, length: usize) -> Count<usize> {
        if length < size_of::<Facts>() {
            return Err(24);
        }
        facts.put(facts_of(address as usize)?)?;
        Ok(size_of::<Facts>())
    }
}
