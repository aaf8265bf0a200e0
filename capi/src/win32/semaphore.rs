//! Semaphores.

use samemap::Semaphore;

use crate::options;

use super::codes::{error, right};
use super::handle::Handle;
use super::handles::Object;
use super::last_error::{Done, HandleOrNull};
use super::made::{change, check_flags, made, open};
use super::name;
use super::pointers::{In, Narrow, Out, Text, Wide};
use super::security::SecurityAttributes;

/// The permits of a new semaphore.
struct Permits {
    initial: i32,
    maximum: i32,
}

fn create(
    security: &In<SecurityAttributes>,
    permits: &Permits,
    text: &dyn Text,
    rights: u32,
) -> Result<Handle, u32> {
    let [Ok(initial), Ok(maximum)] = [permits.initial, permits.maximum].map(u32::try_from) else {
        return Err(error::INVALID_PARAMETER);
    };
    let (name, sync) = name::to_make(text, security)?;
    let options = options::semaphore(initial, maximum, sync);
    made(Semaphore::create_or_open(&name, &options), Object::Semaphore, rights)
}

super::calls! {
    fn CreateSemaphoreA(
        security: In<SecurityAttributes>,
        initial: i32,
        maximum: i32,
        name: Narrow,
    ) -> HandleOrNull {
        create(&security, &Permits { initial, maximum }, &name, right::OBJECT_ALL)
    }

    fn CreateSemaphoreW(
        security: In<SecurityAttributes>,
        initial: i32,
        maximum: i32,
        name: Wide,
    ) -> HandleOrNull {
        create(&security, &Permits { initial, maximum }, &name, right::OBJECT_ALL)
    }

    fn CreateSemaphoreExA(
        security: In<SecurityAttributes>,
        initial: i32,
        maximum: i32,
        name: Narrow,
        flags: u32,
        access: u32,
    ) -> HandleOrNull {
        check_flags(flags, 0)?;
        create(&security, &Permits { initial, maximum }, &name, access)
    }

    fn CreateSemaphoreExW(
        security: In<SecurityAttributes>,
        initial: i32,
        maximum: i32,
        name: Wide,
        flags: u32,
        access: u32,
    ) -> HandleOrNull {
        check_flags(flags, 0)?;
        create(&security, &Permits { initial, maximum }, &name, access)
    }

    fn OpenSemaphoreA(access: u32, _inherit: i32, name: Narrow) -> HandleOrNull {
        open::<Semaphore>(access, &name)
    }

    fn OpenSemaphoreW(access: u32, _inherit: i32, name: Wide) -> HandleOrNull {
        open::<Semaphore>(access, &name)
    }

    fn ReleaseSemaphore(semaphore: Handle, count: i32, before: Out<i32>) -> Done {
        let released = release(semaphore, count)?;
        before.put_if_asked(released as i32);
        Ok(())
    }
}

/// Gives permits back, and returns how many there were before.
pub(super) fn release(semaphore: Handle, count: i32) -> Result<u32, u32> {
    let Ok(count) = u32::try_from(count) else { return Err(error::INVALID_PARAMETER) };
    change(semaphore, |semaphore: &Semaphore| semaphore.release(count))
}
