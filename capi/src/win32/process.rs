//! This process, its thread, and the machine.

use super::handle::Handle;
use super::last_error::{Count, HandleOrNull};
use super::memory::page_size;
use super::pointers::Out;

/// `SYSTEM_INFO`.
#[repr(C)]
pub(super) struct SystemInfo {
    architecture: u16,
    reserved: u16,
    page_size: u32,
    lowest: usize,
    highest: usize,
    processor_mask: usize,
    processors: u32,
    processor_type: u32,
    granularity: u32,
    level: u16,
    revision: u16,
}

/// Offsets of views are multiples of this.
pub(super) const GRANULARITY: u32 = 64 * 1024;

super::calls! {
    fn GetCurrentProcess() -> HandleOrNull {
        Ok(Handle::INVALID)
    }

    fn GetCurrentProcessId() -> Count<u32> {
        Ok(std::process::id())
    }

    fn GetCurrentThreadId() -> Count<u32> {
        // SAFETY: the call has no preconditions.
        Ok(unsafe { libc::syscall(libc::SYS_gettid) } as u32)
    }

    fn GetSystemInfo(facts: Out<SystemInfo>) -> () {
        // SAFETY: the call has no preconditions.
        let processors = unsafe { libc::sysconf(libc::_SC_NPROCESSORS_ONLN) }.max(1) as u32;
        facts.put(SystemInfo {
            architecture: if cfg!(target_arch = "x86_64") { 9 } else { u16::MAX },
            reserved: 0,
            page_size: page_size() as u32,
            lowest: GRANULARITY as usize,
            highest: isize::MAX as usize,
            processor_mask: usize::MAX.checked_shr(usize::BITS.saturating_sub(processors)).unwrap_or(0),
            processors,
            processor_type: 0,
            granularity: GRANULARITY,
            level: 0,
            revision: 0,
        })
    }
}
