//! Events.

use samemap::Event;
use samemap::sync::Reset;

use crate::options;

use super::codes::right;
use super::handle::Handle;
use super::handles::Object;
use super::last_error::{Done, HandleOrNull};
use super::made::{change, check_flags, made, open};
use super::name;
use super::pointers::{In, Narrow, Text, Wide};
use super::security::SecurityAttributes;

const MANUAL_RESET: u32 = 1;
const INITIAL_SET: u32 = 2;

fn create(
    security: &In<SecurityAttributes>,
    text: &dyn Text,
    flags: u32,
    rights: u32,
) -> Result<Handle, u32> {
    check_flags(flags, MANUAL_RESET | INITIAL_SET)?;
    let (name, sync) = name::to_make(text, security)?;
    let reset = if flags & MANUAL_RESET != 0 { Reset::Manual } else { Reset::Auto };
    let options = options::event(reset, flags & INITIAL_SET != 0, sync);
    made(Event::create_or_open(&name, &options), Object::Event, rights)
}

/// The flags for two truth values.
fn flags(manual_reset: i32, set: i32) -> u32 {
    (if manual_reset != 0 { MANUAL_RESET } else { 0 }) | (if set != 0 { INITIAL_SET } else { 0 })
}

super::calls! {
    fn CreateEventA(security: In<SecurityAttributes>, manual_reset: i32, set: i32, name: Narrow) -> HandleOrNull {
        create(&security, &name, flags(manual_reset, set), right::OBJECT_ALL)
    }

    fn CreateEventW(security: In<SecurityAttributes>, manual_reset: i32, set: i32, name: Wide) -> HandleOrNull {
        create(&security, &name, flags(manual_reset, set), right::OBJECT_ALL)
    }

    fn CreateEventExA(security: In<SecurityAttributes>, name: Narrow, flags: u32, access: u32) -> HandleOrNull {
        create(&security, &name, flags, access)
    }

    fn CreateEventExW(security: In<SecurityAttributes>, name: Wide, flags: u32, access: u32) -> HandleOrNull {
        create(&security, &name, flags, access)
    }

    fn OpenEventA(access: u32, _inherit: i32, name: Narrow) -> HandleOrNull {
        open::<Event>(access, &name)
    }

    fn OpenEventW(access: u32, _inherit: i32, name: Wide) -> HandleOrNull {
        open::<Event>(access, &name)
    }

    fn SetEvent(event: Handle) -> Done {
        set(event)
    }

    fn ResetEvent(event: Handle) -> Done {
        change(event, Event::reset)
    }
}

/// Sets an event.
#[inline]
pub(super) fn set(event: Handle) -> Result<(), u32> {
    change(event, Event::set)
}
