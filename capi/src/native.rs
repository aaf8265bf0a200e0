//! Descriptors of POSIX and handles of Windows, as C has them.

use samemap::regions::Courier;
use samemap::sync::Readiness;
use samemap::{Access, Error, ErrorKind, Region, Result};

use crate::arguments::invalid;

#[cfg(unix)]
pub(crate) use self::unix::*;
#[cfg(windows)]
pub(crate) use self::windows::*;

#[cfg(unix)]
mod unix {
    use std::os::fd::{AsFd as _, AsRawFd as _, FromRawFd as _, IntoRawFd as _, OwnedFd};
    use std::os::unix::net::UnixStream;

    use super::*;

    pub(crate) fn descriptor_of(region: &Region) -> Result<isize> {
        Ok(region.to_fd()?.into_raw_fd() as isize)
    }

    pub(crate) fn descriptor_of_readiness(readiness: &Readiness) -> isize {
        readiness.as_fd().as_raw_fd() as isize
    }

    /// # Safety
    /// The descriptor is open, and the caller's.
    pub(crate) unsafe fn region_of(descriptor: isize, access: Access) -> Result<Region> {
        // SAFETY: as the caller vouches.
        Region::from_fd(unsafe { owned(descriptor) }?, access)
    }

    /// # Safety
    /// The descriptor is open, and the caller's.
    pub(crate) unsafe fn courier_over(descriptor: i32) -> Result<Courier> {
        // SAFETY: as the caller vouches.
        Ok(Courier::over(UnixStream::from(unsafe { owned(descriptor as isize) }?)))
    }

    /// # Safety
    /// None is needed.
    pub(crate) unsafe fn courier_to(_: isize, _: u32) -> Result<Courier> {
        Err(elsewhere())
    }

    /// # Safety
    /// None is needed.
    pub(crate) unsafe fn courier_receiving(_: isize) -> Result<Courier> {
        Err(elsewhere())
    }

    /// # Safety
    /// The descriptor is open, and the caller's.
    unsafe fn owned(descriptor: isize) -> Result<OwnedFd> {
        match i32::try_from(descriptor) {
            // SAFETY: as the caller vouches.
            Ok(descriptor @ 0..) => Ok(unsafe { OwnedFd::from_raw_fd(descriptor) }),
            _ => Err(invalid(format!("{descriptor} is no descriptor"))),
        }
    }
}

#[cfg(windows)]
mod windows {
    use std::fs::File;
    use std::os::windows::io::{
        AsHandle as _, AsRawHandle as _, FromRawHandle as _, IntoRawHandle as _, OwnedHandle,
    };

    use super::*;

    pub(crate) fn descriptor_of(region: &Region) -> Result<isize> {
        Ok(region.to_handle()?.into_raw_handle() as isize)
    }

    pub(crate) fn descriptor_of_readiness(readiness: &Readiness) -> isize {
        readiness.as_handle().as_raw_handle() as isize
    }

    /// # Safety
    /// The handle is open, and the caller's.
    pub(crate) unsafe fn region_of(handle: isize, access: Access) -> Result<Region> {
        // SAFETY: as the caller vouches.
        Region::from_handle(unsafe { owned(handle) }?, access)
    }

    /// # Safety
    /// None is needed.
    pub(crate) unsafe fn courier_over(_: i32) -> Result<Courier> {
        Err(elsewhere())
    }

    /// # Safety
    /// The handle is open, and the caller's.
    pub(crate) unsafe fn courier_to(pipe: isize, process_id: u32) -> Result<Courier> {
        // SAFETY: as the caller vouches.
        Courier::to_process_id(File::from(unsafe { owned(pipe) }?), process_id)
    }

    /// # Safety
    /// The handle is open, and the caller's.
    pub(crate) unsafe fn courier_receiving(pipe: isize) -> Result<Courier> {
        // SAFETY: as the caller vouches.
        Ok(Courier::receiving(File::from(unsafe { owned(pipe) }?)))
    }

    /// # Safety
    /// The handle is open, and the caller's.
    unsafe fn owned(handle: isize) -> Result<OwnedHandle> {
        match handle {
            // No handle is one of them; the second stands for this process.
            0 | -1 => Err(invalid(format!("{handle} is no handle"))),
            // SAFETY: as the caller vouches.
            _ => Ok(unsafe { OwnedHandle::from_raw_handle(handle as *mut _) }),
        }
    }
}

fn elsewhere() -> Error {
    Error::new(ErrorKind::Unsupported, "make the courier").with_detail(
        "this system's couriers are made otherwise: over a socket on POSIX, over a pipe and a process on Windows",
    )
}
