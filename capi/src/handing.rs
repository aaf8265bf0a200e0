//! Handing regions over: to a child, and to a process that runs.

use std::ffi::c_char;
use std::process::{Child, Command};

use samemap::regions::{Courier, Offer};
use samemap::{Error, ErrorKind, Region};

use crate::arguments::{access, invalid, place, put, samemap_access_t, text};
use crate::handle::{Handle, InTurn, close, give, in_turn, inside};
use crate::native;
use crate::options::samemap_open_options_t;
use crate::region::samemap_region_t;
use crate::status::{SAMEMAP_OK, border, samemap_status_t};

/// A program that is about to be started as a child, with the regions that are offered to it; then that child. For
/// one thread at a time.
pub struct samemap_command_t {
    _private: [u8; 0],
}

/// Sends regions to a running process over a connection, and receives them. For one thread at a time.
pub struct samemap_courier_t {
    _private: [u8; 0],
}

impl Handle for samemap_command_t {
    type Inside = InTurn<OpenCommand>;
    const WHAT: &'static str = "the command";
}

impl Handle for samemap_courier_t {
    type Inside = InTurn<Courier>;
    const WHAT: &'static str = "the courier";
}

pub(crate) struct OpenCommand {
    command: Command,
    child: Option<Child>,
    /// They stay good until the command is closed.
    offers: Vec<Offer>,
}

/// Makes a command that will start a program as a child. The program is found as the shell finds it.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_command_new(
    program: *const c_char,
    command: *mut *mut samemap_command_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe {
        give(command, || {
            let command = Command::new(text(program, "the program")?);
            Ok(OpenCommand { command, child: None, offers: Vec::new() })
        })
    }
}

/// Adds an argument for the program.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_command_argument(
    command: *const samemap_command_t,
    argument: *const c_char,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let (mut open, argument) = unsafe { (inside(command)?.take()?, text(argument, "the argument")?) };
        open.command.arg(argument);
        Ok(SAMEMAP_OK)
    })
}

/// Offers a region to the child that the command will start, under a key of 1 to 64 lower-case letters, digits and
/// underscores. A command can carry several, with different keys.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_command_offer(
    command: *const samemap_command_t,
    region: *const samemap_region_t,
    key: *const c_char,
    access: samemap_access_t,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let (mut open, region, key) =
            unsafe { (inside(command)?.take()?, &inside(region)?.region, text(key, "the key")?) };
        let access = self::access(access)?;
        let offer = region.offer_to(&mut open.command, key, access)?;
        open.offers.push(offer);
        Ok(SAMEMAP_OK)
    })
}

/// Starts the child, once; `process_id` may be NULL.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_command_start(
    command: *const samemap_command_t,
    process_id: *mut u32,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe {
        in_turn(command, |open| {
            if open.child.is_some() {
                return Err(invalid("the child was started before; make another command"));
            }
            let child = open.command.spawn().map_err(|cause| of_the_system(cause, "start the child"))?;
            put(process_id, child.id());
            open.child = Some(child);
            Ok(SAMEMAP_OK)
        })
    }
}

/// Waits until the child has ended, and gives its exit code; -1 when a signal ended it.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_command_wait(
    command: *const samemap_command_t,
    exit_code: *mut i32,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe {
        in_turn(command, |open| {
            let Some(child) = &mut open.child else { return Err(invalid("no child was started")) };
            let status = child.wait().map_err(|cause| of_the_system(cause, "wait for the child"))?;
            put(exit_code, status.code().unwrap_or(-1));
            Ok(SAMEMAP_OK)
        })
    }
}

/// Kills the child at once. What it holds is let go, and mutexes that it owns are abandoned.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_command_kill(command: *const samemap_command_t) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe {
        in_turn(command, |open| {
            let Some(child) = &mut open.child else { return Err(invalid("no child was started")) };
            child.kill().map_err(|cause| of_the_system(cause, "end the child"))?;
            Ok(SAMEMAP_OK)
        })
    }
}

/// Closes the handle; the child runs on. Keep the handle until the child has adopted what is offered to it. NULL
/// does nothing.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_command_close(command: *mut samemap_command_t) {
    // SAFETY: the caller keeps the header's rules.
    unsafe { close(command) }
}

/// Adopts the region that the parent process offered under the key. That succeeds once for each key; a failed call
/// can be repeated.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_region_adopt(
    key: *const c_char,
    region: *mut *mut samemap_region_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { give(region, || Region::adopt(text(key, "the key")?)) }
}

/// Gives a descriptor (on POSIX) or a handle (on Windows) of the region. The caller closes it, or passes it on.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_region_to_descriptor(
    region: *const samemap_region_t,
    descriptor: *mut isize,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let (region, descriptor) = unsafe { (inside(region)?, place(descriptor, "the descriptor")?) };
        *descriptor = native::descriptor_of(&region.region)?;
        Ok(SAMEMAP_OK)
    })
}

/// Makes a region of such a descriptor or handle, which belongs to the library from then on, also when the call
/// fails.
///
/// # Safety
/// The header's rules of pointers; the descriptor is open, and the caller's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_region_from_descriptor(
    descriptor: isize,
    access: samemap_access_t,
    region: *mut *mut samemap_region_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { give(region, || native::region_of(descriptor, self::access(access)?)) }
}

/// Makes a courier that sends and receives over a connected Unix stream socket, which belongs to the courier from
/// then on. The process at the other end must be trusted. POSIX only; elsewhere SAMEMAP_ERROR_UNSUPPORTED.
///
/// # Safety
/// The header's rules of pointers; the descriptor is open, and the caller's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_courier_over(
    descriptor: i32,
    courier: *mut *mut samemap_courier_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { give(courier, || native::courier_over(descriptor)) }
}

/// Makes a courier that sends to a process through a pipe that leads to it. The handle of the pipe's writing end
/// belongs to the courier from then on. Windows only; elsewhere SAMEMAP_ERROR_UNSUPPORTED.
///
/// # Safety
/// The header's rules of pointers; the handle is open, and the caller's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_courier_to_process(
    pipe: isize,
    process_id: u32,
    courier: *mut *mut samemap_courier_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { give(courier, || native::courier_to(pipe, process_id)) }
}

/// Makes a courier that receives from such a pipe. The handle of the pipe's reading end belongs to the courier from
/// then on. Windows only; elsewhere SAMEMAP_ERROR_UNSUPPORTED.
///
/// # Safety
/// The header's rules of pointers; the handle is open, and the caller's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_courier_receiving(
    pipe: isize,
    courier: *mut *mut samemap_courier_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe { give(courier, || native::courier_receiving(pipe)) }
}

/// Sends a region, which is held for the receiver from then on.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_courier_send(
    courier: *const samemap_courier_t,
    region: *const samemap_region_t,
    access: samemap_access_t,
) -> samemap_status_t {
    border(|| {
        // SAFETY: the caller keeps the header's rules.
        let (mut courier, region) = unsafe { (inside(courier)?.take()?, &inside(region)?.region) };
        courier.send(region, self::access(access)?)?;
        Ok(SAMEMAP_OK)
    })
}

/// Waits for a region, and gives it with the access that it was sent with. `options` says whose regions are
/// accepted.
///
/// The call waits without end, unless the connection has a timeout of its own (a socket's): when that runs out the
/// answer is SAMEMAP_TIMED_OUT.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_courier_receive(
    courier: *const samemap_courier_t,
    options: *const samemap_open_options_t,
    region: *mut *mut samemap_region_t,
) -> samemap_status_t {
    // SAFETY: the caller keeps the header's rules.
    unsafe {
        give(region, || {
            let options = samemap_open_options_t::read(options)?;
            inside(courier)?.take()?.receive(options.accepted())
        })
    }
}

/// Ends the courier and its connection. NULL does nothing.
///
/// # Safety
/// The header's rules of pointers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn samemap_courier_close(courier: *mut samemap_courier_t) {
    // SAFETY: the caller keeps the header's rules.
    unsafe { close(courier) }
}

fn of_the_system(cause: std::io::Error, operation: &'static str) -> Error {
    let kind = match cause.kind() {
        std::io::ErrorKind::NotFound => ErrorKind::NotFound,
        std::io::ErrorKind::PermissionDenied => ErrorKind::AccessDenied,
        _ => ErrorKind::Os,
    };
    Error::new(kind, operation).with_source(cause)
}
