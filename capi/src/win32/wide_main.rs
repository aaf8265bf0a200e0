//! A program's wide main function.

use std::ffi::{CStr, c_char, c_int};
use std::ptr;

/// The program's `wmain`: the number of its arguments, the arguments, and the environment.
type WideMain = extern "C" fn(c_int, *mut *mut u16, *mut *mut u16) -> c_int;

/// The texts of a list that ends with null, in UTF-16. They live as long as the process.
///
/// # Safety
/// The list is one that the system gives to a main function.
unsafe fn widened(list: *const *const c_char) -> *mut *mut u16 {
    let mut texts = Vec::new();
    for at in 0.. {
        // SAFETY: the list has texts up to a null.
        let text = unsafe { *list.add(at) };
        if text.is_null() {
            break;
        }
        // SAFETY: each text ends with a zero.
        let text = unsafe { CStr::from_ptr(text) }.to_string_lossy();
        let units: Vec<u16> = text.encode_utf16().chain([0]).collect();
        texts.push(units.leak().as_mut_ptr());
    }
    texts.push(ptr::null_mut());
    texts.leak().as_mut_ptr()
}

/// Calls the program with its arguments in UTF-16.
///
/// # Safety
/// The first three are those of a main function.
#[unsafe(export_name = "samemap_win32_run_wide_main")]
unsafe extern "C" fn run(
    count: c_int,
    arguments: *const *const c_char,
    environment: *const *const c_char,
    program: WideMain,
) -> c_int {
    // SAFETY: the caller passes on what its main function got.
    let (arguments, environment) = unsafe { (widened(arguments), widened(environment)) };
    program(count, arguments, environment)
}
