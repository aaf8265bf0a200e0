//! Code of this library that is called when nobody calls the library: at a thread's end, and in threads of its own.

use std::ffi::c_void;
use std::mem::MaybeUninit;

/// Keeps the shared library that this code is in, if it is in one, loaded until the process ends, whatever `dlclose`
/// says: code that is still to be called must be there.
pub(super) fn stay_loaded() {
    let here: *const c_void = (stay_loaded as fn()) as *const c_void;
    let mut info = MaybeUninit::<libc::Dl_info>::uninit();
    // SAFETY: an address in this code, and a place for what is found, which is whole where the answer is not zero. The
    // name that it holds is that of a loaded library, and stays as long as that does. A library that is loaded already
    // runs no code of its own when it is opened once more.
    unsafe {
        if libc::dladdr(here, info.as_mut_ptr()) != 0 {
            let name = info.assume_init().dli_fname;
            // Nothing for the program itself, which has no such name among the loaded ones, and stays anyway.
            libc::dlopen(name, libc::RTLD_LAZY | libc::RTLD_NOLOAD | libc::RTLD_NODELETE);
        }
    }
}
