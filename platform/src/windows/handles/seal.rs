//! Seals: the proof that the sender of a message put the handles that it names into this process.
//!
//! A message is bytes, and bytes can name any handle of the process that reads them. A process that can *put* a handle
//! into another one (`PROCESS_DUP_HANDLE`) has full power over it, so its message can be trusted; the receiver only
//! needs proof that such a process sent it. The proof is four semaphores without names, which the sender puts into the
//! receiver beside the section. Their maxima are a digest of the message and of a random number in it.
//!
//! - A maximum is chosen when the semaphore is made, and no holder can change it. The bytes of a section prove nothing:
//!   a peer may share it with the receiver, and write any bytes there.
//! - An object without a name cannot be opened. A process has a handle of it only if it makes, inherits or duplicates
//!   it, or if another process puts it there: bytes can cause none of that.
//! - An attacker that knows of semaphores in the receiver needs a message whose digest is their maxima: 124 bits.
//! - The first semaphore has one permit, which is never given back: the right to own the handles. A receiver takes it
//!   before it owns the handles, and a sender with a failed send takes it before it closes them. So each handle has one
//!   owner, even when two threads read one message.
//!
//! Until then the receiver uses copies of its own, and makes calls that only a semaphore answers: they close nothing,
//! do not wait (queries of a file can), and change no object with that number.
//!
//! There are two limits. A process that duplicates semaphores out of untrusted processes lets them forge a seal. And a
//! message with an invalid handle may end a process for which Windows treats these as fatal
//! (`ProcessStrictHandleCheckPolicy`).

use std::array;
use std::fs::File;
use std::io::{self, Read};
use std::os::windows::io::{AsHandle, AsRawHandle as _, BorrowedHandle, FromRawHandle as _, OwnedHandle};
use std::ptr;

use windows_sys::Win32::Foundation::{ERROR_INVALID_HANDLE, WAIT_OBJECT_0};
use windows_sys::Win32::System::Threading::{CreateSemaphoreW, WaitForSingleObject};

use super::assembly::{Nonce, Parts, new_nonce};
use super::duplicate::{copy_out_of, is_number, raw, this_process};
use super::waybill::Waybill;
use crate::contract::wire::long;
use crate::windows::calls::opened;
use crate::windows::error::code_of;
use crate::windows::nt::has_name;
use crate::windows::sync::query::semaphore_facts;

const SEMAPHORES: usize = 4;

/// The rights of the receiver's handles: to see the maximum (`SEMAPHORE_QUERY_STATE`) and to take the permit
/// (`SYNCHRONIZE`), but not to give it back.
pub(super) const RIGHTS: u32 = 0x0000_0001 | 0x0010_0000;

/// The sender's handles of a seal.
#[derive(Debug)]
pub(super) struct Seal {
    nonce: Nonce,
    semaphores: [OwnedHandle; SEMAPHORES],
}

impl Seal {
    /// A seal for this waybill.
    pub(super) fn new(waybill: &Waybill) -> io::Result<Seal> {
        let nonce = new_nonce();
        let mut semaphores = Vec::with_capacity(SEMAPHORES);
        for maximum in maxima(waybill, nonce) {
            semaphores.push(semaphore(maximum)?);
        }
        let semaphores = semaphores.try_into().expect("one for each maximum");
        Ok(Seal { nonce, semaphores })
    }

    /// The seal's part of the message; `put` puts its handles into the receiver.
    pub(super) fn print(
        &self,
        mut put: impl FnMut(BorrowedHandle<'_>) -> io::Result<u64>,
    ) -> io::Result<Print> {
        let mut numbers = [0; SEMAPHORES];
        for (number, semaphore) in numbers.iter_mut().zip(&self.semaphores) {
            *number = put(semaphore.as_handle())?;
        }
        Ok(Print { nonce: self.nonce, numbers })
    }

    /// Takes the permit. False where it is gone: the receiver has the handles.
    pub(super) fn take(&self) -> bool {
        take(&self.semaphores[0])
    }
}

fn maxima(waybill: &Waybill, nonce: Nonce) -> [u32; SEMAPHORES] {
    let key = nonce.map(u64::to_le_bytes).concat();
    let digest = hmac_sha256::HMAC::mac(waybill.bytes(), key);
    // A maximum is a positive number of 31 bits.
    array::from_fn(|at| ((long(&digest, 8 * at) >> 33) as u32).max(1))
}

fn semaphore(maximum: u32) -> io::Result<OwnedHandle> {
    const PERMITS: i32 = 1;
    // SAFETY: neither attributes nor a name is given; the call returns null or a new handle.
    unsafe { opened(|| CreateSemaphoreW(ptr::null(), PERMITS, maximum as i32, ptr::null())) }
}

fn take(semaphore: &OwnedHandle) -> bool {
    const AT_ONCE: u32 = 0;
    // SAFETY: the handle is open.
    unsafe { WaitForSingleObject(semaphore.as_raw_handle(), AT_ONCE) == WAIT_OBJECT_0 }
}

/// The seal's part of a message: the nonce, and the numbers of the receiver's handles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Print {
    nonce: Nonce,
    numbers: [u64; SEMAPHORES],
}

const PRINT_LEN: usize = size_of::<Print>();

impl Print {
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.nonce.iter().chain(&self.numbers).flat_map(|number| number.to_le_bytes()).collect()
    }

    /// Reads it; `None` where a number cannot be a handle's.
    pub(super) fn read_from(bytes: &mut impl Read) -> io::Result<Option<Print>> {
        let mut read = [0; PRINT_LEN];
        bytes.read_exact(&mut read)?;
        let nonce = array::from_fn(|at| long(&read, 8 * at));
        let numbers: [u64; SEMAPHORES] = array::from_fn(|at| long(&read, size_of::<Nonce>() + 8 * at));
        // Two equal numbers would be closed twice.
        let good = |at: usize| is_number(numbers[at]) && !numbers[..at].contains(&numbers[at]);
        Ok((0..SEMAPHORES).all(good).then_some(Print { nonce, numbers }))
    }

    /// Takes the handles of the waybill, if they were put into this process with this seal and are not taken yet.
    pub(super) fn open(&self, waybill: &Waybill) -> io::Result<Option<Parts>> {
        let mut first = None;
        for (&number, maximum) in self.numbers.iter().zip(maxima(waybill, self.nonce)) {
            let Some(copy) = copy_of_own(number)? else { return Ok(None) };
            if !is_part_of_seal(copy.as_handle(), maximum) {
                return Ok(None);
            }
            first.get_or_insert(copy);
        }
        if !first.is_some_and(|semaphore| take(&semaphore)) {
            return Ok(None);
        }
        // SAFETY: the numbers differ, and a process with the right to do so put these handles here for the taker of the
        // permit. This call has taken it, and only one can.
        unsafe {
            for number in self.numbers {
                drop(OwnedHandle::from_raw_handle(raw(number)));
            }
            let section = OwnedHandle::from_raw_handle(raw(waybill.section));
            let file = waybill.file.map(|file| File::from_raw_handle(raw(file)));
            Ok(Some(Parts { section, file }))
        }
    }
}

/// A copy of the handle with this number in this process.
fn copy_of_own(number: u64) -> io::Result<Option<OwnedHandle>> {
    match copy_out_of(this_process(), number) {
        Err(cause) if code_of(&cause) == ERROR_INVALID_HANDLE => Ok(None),
        answer => answer.map(Some),
    }
}

fn is_part_of_seal(handle: BorrowedHandle<'_>, maximum: u32) -> bool {
    // The kind comes first: any other object is not queried further.
    semaphore_facts(handle).is_ok_and(|facts| facts.maximum == maximum)
        && has_name(handle).is_ok_and(|named| !named)
}

#[cfg(test)]
mod tests {
    use std::os::windows::io::{IntoRawHandle as _, RawHandle};

    use super::super::duplicate::{duplicate, number_of};
    use super::*;
    use crate::seam::region::RawRegion as _;
    use crate::windows::names::WideName;
    use crate::{Access, CreateOptions, ObjectName, Region};

    /// The waybill of an unowned section in this process, as if a sender had put it here.
    fn waybill() -> Waybill {
        let region = Region::anonymous(&CreateOptions::new(1)).expect("memory");
        let section = region.to_handle().expect("a handle").into_raw_handle();
        Waybill::of(region.0.facts(), Access::ReadWrite, number_of(section), None)
    }

    /// A seal with semaphores that `make` makes from the maxima.
    fn printed(waybill: &Waybill, mut make: impl FnMut(u32) -> RawHandle) -> Print {
        let nonce = new_nonce();
        Print { nonce, numbers: maxima(waybill, nonce).map(|maximum| number_of(make(maximum))) }
    }

    fn nameless(maximum: u32) -> RawHandle {
        semaphore(maximum).expect("a semaphore").into_raw_handle()
    }

    fn named(maximum: u32) -> RawHandle {
        let name = ObjectName::new(format!("seal-{}-{maximum}", std::process::id())).expect("a valid name");
        // SAFETY: no attributes are given, and the name ends in a NUL.
        unsafe { CreateSemaphoreW(ptr::null(), 1, maximum as i32, WideName::new(&name).as_ptr()) }
    }

    fn opens(print: &Print, waybill: &Waybill) -> bool {
        print.open(waybill).expect("no failure").is_some()
    }

    #[test]
    fn prints_read_back() {
        let print = Print { nonce: [1, u64::MAX], numbers: [4, 8, 12, 16] };
        assert_eq!(Print::read_from(&mut &*print.bytes()).expect("all of it"), Some(print));
        for numbers in [[4, 8, 12, 4], [8, 8, 12, 16], [0, 8, 12, 16], [4, 8, 12, 17]] {
            let print = Print { numbers, ..print };
            assert_eq!(Print::read_from(&mut &*print.bytes()).expect("all of it"), None, "{numbers:?}");
        }
    }

    #[test]
    fn a_seal_opens_once() {
        let waybill = waybill();
        let print = printed(&waybill, nameless);
        assert!(opens(&print, &waybill));
        assert!(!opens(&print, &waybill));
    }

    #[test]
    fn a_seal_is_for_what_it_was_made_for() {
        let waybill = waybill();
        let print = printed(&waybill, nameless);
        let more = Waybill { section: waybill.section + 4, ..waybill.clone() };
        assert!(!opens(&print, &more));
        let mut longer = waybill.clone();
        longer.label.len += 4096;
        assert!(!opens(&print, &longer));
        assert!(!opens(&Print { nonce: new_nonce(), ..print }, &waybill));
        assert!(opens(&print, &waybill), "nothing was taken");
    }

    /// A process can be made to open a named object.
    #[test]
    fn semaphores_with_names_seal_nothing() {
        let waybill = waybill();
        assert!(!opens(&printed(&waybill, named), &waybill));
        let mut last = 0;
        let one_of_them = printed(&waybill, |maximum| {
            last += 1;
            if last == SEMAPHORES { named(maximum) } else { nameless(maximum) }
        });
        assert!(!opens(&one_of_them, &waybill));
    }

    #[test]
    fn a_sender_that_takes_the_permit_has_taken_all_back() {
        let waybill = waybill();
        let seal = Seal::new(&waybill).expect("semaphores");
        let put = |part: BorrowedHandle<'_>| {
            let copy = duplicate(this_process(), part.as_raw_handle(), this_process(), Some(RIGHTS));
            copy.map(number_of)
        };
        let print = seal.print(put).expect("copies");
        assert!(seal.take());
        assert!(!opens(&print, &waybill));
        let seal = Seal::new(&waybill).expect("semaphores");
        let print = seal.print(put).expect("copies");
        assert!(opens(&print, &waybill));
        assert!(!seal.take());
    }

    #[test]
    fn maxima_are_as_many_as_a_semaphore_may_have() {
        let waybill = waybill();
        for _ in 0..1000 {
            let maxima = maxima(&waybill, new_nonce());
            assert!(maxima.iter().all(|maximum| (1..=i32::MAX as u32).contains(maximum)), "{maxima:?}");
        }
    }
}
