//! Mutexes.

use std::mem;

use samemap::{Disposition, Mutex};

use super::codes::right;
use super::errors::code_of;
use super::handle::Handle;
use super::handles::Object;
use super::last_error::{Done, HandleOrNull};
use super::made::{check_flags, made, open, with_kind};
use super::name;
use super::pointers::{In, Narrow, Text, Wide};
use super::security::SecurityAttributes;
use super::told;

const INITIAL_OWNER: u32 = 1;

fn create(
    security: &In<SecurityAttributes>,
    text: &dyn Text,
    flags: u32,
    rights: u32,
) -> Result<Handle, u32> {
    check_flags(flags, INITIAL_OWNER)?;
    let (name, options) = name::to_make(text, security)?;
    let created = Mutex::create_or_open(&name, &options);
    match &created {
        // Another process may have opened it and be first: then this one owns it after that one.
        Ok((mutex, Disposition::Created)) if flags & INITIAL_OWNER != 0 => {
            mem::forget(mutex.lock().map_err(|cause| code_of(&cause))?);
        }
        _ => {}
    }
    made(created, Object::Mutex, rights)
}

super::calls! {
    fn CreateMutexA(security: In<SecurityAttributes>, owned: i32, name: Narrow) -> HandleOrNull {
        create(&security, &name, u32::from(owned != 0), right::MUTEX_ALL)
    }

    fn CreateMutexW(security: In<SecurityAttributes>, owned: i32, name: Wide) -> HandleOrNull {
        create(&security, &name, u32::from(owned != 0), right::MUTEX_ALL)
    }

    fn CreateMutexExA(security: In<SecurityAttributes>, name: Narrow, flags: u32, access: u32) -> HandleOrNull {
        create(&security, &name, flags, access)
    }

    fn CreateMutexExW(security: In<SecurityAttributes>, name: Wide, flags: u32, access: u32) -> HandleOrNull {
        create(&security, &name, flags, access)
    }

    fn OpenMutexA(access: u32, _inherit: i32, name: Narrow) -> HandleOrNull {
        open::<Mutex>(access, &name)
    }

    fn OpenMutexW(access: u32, _inherit: i32, name: Wide) -> HandleOrNull {
        open::<Mutex>(access, &name)
    }

    fn ReleaseMutex(mutex: Handle) -> Done {
        release(mutex)
    }
}

/// Gives a mutex up once.
#[inline]
pub(super) fn release(mutex: Handle) -> Result<(), u32> {
    with_kind(mutex, 0, |mutex: &Mutex| {
        // SAFETY: every guard of this room is forgotten, and stands for one wait that took the mutex.
        unsafe { mutex.unlock_forgotten()? };
        told::given_up(mutex);
        Ok(())
    })
}
