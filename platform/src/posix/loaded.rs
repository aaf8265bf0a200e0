//! Keeps this library loaded for code that runs outside of its calls: at a thread's end, and in its own threads.

use std::ffi::c_void;
use std::mem::MaybeUninit;

/// Keeps the shared library with this code loaded until the process ends, also after a `dlclose`, because the system
/// still calls its code.
pub(super) fn stay_loaded() {
    let here: *const c_void = (stay_loaded as fn()) as *const c_void;
    let mut info = MaybeUninit::<libc::Dl_info>::uninit();
    // SAFETY: an address in this code, and a place for the answer, which is filled when the call does not return zero.
    // Its name is that of a loaded library, and valid as long as the library is loaded. Opening a loaded library again
    // runs none of its code.
    unsafe {
        if libc::dladdr(here, info.as_mut_ptr()) != 0 {
            let name = info.assume_init().dli_fname;
            // It fails for the program itself, which has no such name and stays loaded anyway.
            libc::dlopen(name, libc::RTLD_LAZY | libc::RTLD_NOLOAD | libc::RTLD_NODELETE);
        }
    }
}
