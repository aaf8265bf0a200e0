//! The user of this process, in the system's spelling.

use std::ffi::c_void;
use std::os::windows::io::{AsRawHandle as _, BorrowedHandle};
use std::{io, ptr};

use windows_sys::Win32::Foundation::{HANDLE, HLOCAL, LocalFree};
use windows_sys::Win32::Security::Authorization::ConvertSidToStringSidW;
use windows_sys::Win32::Security::{
    GetTokenInformation, PSID, TOKEN_INFORMATION_CLASS, TOKEN_PRIMARY_GROUP, TOKEN_USER, TokenPrimaryGroup,
    TokenUser,
};

use super::calls::succeeded;
use crate::UserId;

/// What `GetCurrentThreadEffectiveToken()` returns; it is an inline function of the C header. It is the token that the
/// kernel checks: the thread's where the thread impersonates a user, otherwise the process's.
const EFFECTIVE_TOKEN: HANDLE = ptr::without_provenance_mut(-6isize as usize);

/// Room for the largest SID (68 bytes) with the struct before it, aligned for that struct.
type TokenFact = [u64; 16];

/// The user that this thread acts as.
pub(super) fn token_user() -> io::Result<UserId> {
    user_in(EFFECTIVE_TOKEN)
}

/// The user that a token is of.
pub(super) fn user_of_token(token: BorrowedHandle<'_>) -> io::Result<UserId> {
    user_in(token.as_raw_handle())
}

fn user_in(token: HANDLE) -> io::Result<UserId> {
    let fact = token_fact(token, TokenUser)?;
    // SAFETY: the system filled the buffer, which is large and aligned enough, with a TOKEN_USER; the SID
    // that it points to lies in the same buffer.
    unsafe {
        let user = &*fact.as_ptr().cast::<TOKEN_USER>();
        sid_text(user.User.Sid)
    }
}

/// The primary group of the user that this thread acts as.
pub(super) fn token_group() -> io::Result<UserId> {
    let fact = token_fact(EFFECTIVE_TOKEN, TokenPrimaryGroup)?;
    // SAFETY: as in `token_user`, with a TOKEN_PRIMARY_GROUP.
    unsafe {
        let group = &*fact.as_ptr().cast::<TOKEN_PRIMARY_GROUP>();
        sid_text(group.PrimaryGroup)
    }
}

/// Boxed, because the pointers inside lead into the buffer itself: it must not move.
fn token_fact(token: HANDLE, class: TOKEN_INFORMATION_CLASS) -> io::Result<Box<TokenFact>> {
    let mut fact = Box::new(TokenFact::default());
    let mut needed = 0;
    let room = size_of::<TokenFact>() as u32;
    // SAFETY: the buffer is valid for writes of `room` bytes, and `needed` for a write.
    let told = unsafe { GetTokenInformation(token, class, fact.as_mut_ptr().cast(), room, &mut needed) };
    succeeded(told).map(|()| fact)
}

/// The SID as text, `S-1-5-…`.
///
/// # Safety
/// `sid` points to a valid SID.
pub(super) unsafe fn sid_text(sid: PSID) -> io::Result<UserId> {
    let mut text = ptr::null_mut();
    // SAFETY: the caller vouches for the SID; `text` is valid for a write.
    succeeded(unsafe { ConvertSidToStringSidW(sid, &mut text) })?;
    let memory = LocalMemory(text.cast());
    // SAFETY: the system wrote a NUL-terminated string there, which lives as long as `memory`.
    Ok(UserId::new(unsafe { wide_text(memory.0.cast()) }))
}

/// # Safety
/// `text` points to UTF-16 units with a final NUL.
unsafe fn wide_text(text: *const u16) -> String {
    let mut len = 0;
    // SAFETY: the caller vouches that a NUL ends the units; none behind it is read.
    while unsafe { *text.add(len) } != 0 {
        len += 1;
    }
    // SAFETY: these units were just read.
    String::from_utf16_lossy(unsafe { std::slice::from_raw_parts(text, len) })
}

/// Memory from the system, to be freed with `LocalFree`.
pub(super) struct LocalMemory(pub(super) *mut c_void);

impl Drop for LocalMemory {
    fn drop(&mut self) {
        // SAFETY: every maker of this struct passes memory that a system call gave it to free so, once.
        unsafe { LocalFree(self.0 as HLOCAL) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_group_are_security_identifiers() {
        let user = token_user().expect("a process has a user");
        assert!(user.as_str().starts_with("S-1-5-"), "{user}");
        assert_eq!(UserId::current(), user);
        let group = token_group().expect("a process has a primary group");
        assert!(group.as_str().starts_with("S-1-"), "{group}");
    }
}
