//! Timers.

use std::ffi::c_void;
use std::time::{Duration, SystemTime};

use samemap::Timer;
use samemap::sync::{Due, Reset};

use crate::options;

use super::codes::{error, right};
use super::handle::Handle;
use super::handles::Object;
use super::last_error::{self, Done, HandleOrNull};
use super::made::{change, check_flags, made, open};
use super::name;
use super::pointers::{In, Narrow, Text, Wide};
use super::security::SecurityAttributes;
use super::time;

const MANUAL_RESET: u32 = 1;
const HIGH_RESOLUTION: u32 = 2;

fn create(
    security: &In<SecurityAttributes>,
    text: &dyn Text,
    flags: u32,
    rights: u32,
) -> Result<Handle, u32> {
    check_flags(flags, MANUAL_RESET | HIGH_RESOLUTION)?;
    let (name, sync) = name::to_make(text, security)?;
    let reset = if flags & MANUAL_RESET != 0 { Reset::Manual } else { Reset::Auto };
    made(Timer::create_or_open(&name, &options::timer(reset, sync)), Object::Timer, rights)
}

/// A due time in units of 100 ns: negative numbers are from now on, others since 1601.
fn due(units: i64) -> Due {
    let length = Duration::from_secs(units.unsigned_abs() / 10_000_000)
        + Duration::from_nanos(units.unsigned_abs() % 10_000_000 * 100);
    if units < 0 {
        return Due::After(length);
    }
    let instant = match length.checked_sub(time::FROM_1601_TO_1970) {
        Some(after) => SystemTime::UNIX_EPOCH.checked_add(after),
        None => SystemTime::UNIX_EPOCH.checked_sub(time::FROM_1601_TO_1970 - length),
    };
    instant.map_or(Due::After(Duration::MAX), Due::At)
}

fn set(timer: Handle, units: In<i64>, period: i32) -> Result<(), u32> {
    let (Some(units), 0..) = (units.get(), period) else { return Err(error::INVALID_PARAMETER) };
    change(timer, |timer: &Timer| match u64::try_from(period) {
        Ok(millis @ 1..) => timer.set_periodic(due(units), Duration::from_millis(millis)),
        _ => timer.set(due(units)),
    })
}

/// A routine runs in a waiting thread, which nothing does here.
fn check_routine(routine: *const c_void) -> Result<(), u32> {
    if routine.is_null() { Ok(()) } else { Err(error::NOT_SUPPORTED) }
}

super::calls! {
    fn CreateWaitableTimerA(security: In<SecurityAttributes>, manual_reset: i32, name: Narrow) -> HandleOrNull {
        create(&security, &name, u32::from(manual_reset != 0), right::OBJECT_ALL)
    }

    fn CreateWaitableTimerW(security: In<SecurityAttributes>, manual_reset: i32, name: Wide) -> HandleOrNull {
        create(&security, &name, u32::from(manual_reset != 0), right::OBJECT_ALL)
    }

    fn CreateWaitableTimerExA(
        security: In<SecurityAttributes>,
        name: Narrow,
        flags: u32,
        access: u32,
    ) -> HandleOrNull {
        create(&security, &name, flags, access)
    }

    fn CreateWaitableTimerExW(
        security: In<SecurityAttributes>,
        name: Wide,
        flags: u32,
        access: u32,
    ) -> HandleOrNull {
        create(&security, &name, flags, access)
    }

    fn OpenWaitableTimerA(access: u32, _inherit: i32, name: Narrow) -> HandleOrNull {
        open::<Timer>(access, &name)
    }

    fn OpenWaitableTimerW(access: u32, _inherit: i32, name: Wide) -> HandleOrNull {
        open::<Timer>(access, &name)
    }

    fn SetWaitableTimer(
        timer: Handle,
        due: In<i64>,
        period: i32,
        routine: *const c_void,
        _argument: *const c_void,
        resume: i32,
    ) -> Done {
        check_routine(routine)?;
        set(timer, due, period)?;
        // The timer is set, and a machine that sleeps stays asleep: Windows says that so, too.
        last_error::set(if resume != 0 { error::NOT_SUPPORTED } else { error::SUCCESS });
        Ok(())
    }

    fn SetWaitableTimerEx(
        timer: Handle,
        due: In<i64>,
        period: i32,
        routine: *const c_void,
        _argument: *const c_void,
        reason: *const c_void,
        _delay: u32,
    ) -> Done {
        check_routine(routine)?;
        check_routine(reason)?;
        set(timer, due, period)
    }

    fn CancelWaitableTimer(timer: Handle) -> Done {
        change(timer, Timer::cancel)
    }
}
