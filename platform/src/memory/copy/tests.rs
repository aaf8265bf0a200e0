use super::{copy_from_shared, copy_to_shared, fill_shared};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

type CopyFn = unsafe fn(*const u8, *mut u8, usize);

// The number of bytes before and after the range that must not change.
const GUARD: usize = 64;
// Miri takes bytes one at a time and has nothing to find in the long lengths.
const LENS: usize = if cfg!(miri) { 40 } else { 1100 };
const OFFSETS: usize = if cfg!(miri) { 3 } else { 16 };
const BIG: [usize; 8] =
    [4095, 4096, 4097, 65_535, (256 << 10) - 1, 256 << 10, (1 << 20) + 13, (4 << 20) + 100];

/// Bytes that differ from their neighbours and are neither 0 nor 0xee.
fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i % 199 + 1) as u8).collect()
}

fn check_copy(copy: CopyFn, src: &mut [u8], dst: &mut [u8], from: usize, to: usize, len: usize) {
    dst[..GUARD + to + len + GUARD].fill(0xee);
    // SAFETY: Both slices have room for the offset and the length.
    unsafe { copy(src[from..].as_mut_ptr(), dst[GUARD + to..].as_mut_ptr(), len) };
    let (before, rest) = dst.split_at(GUARD + to);
    assert!(before.iter().all(|&b| b == 0xee), "before {from} {to} {len}");
    assert!(rest[..len] == src[from..from + len], "within {from} {to} {len}");
    assert!(rest[len..len + GUARD].iter().all(|&b| b == 0xee), "after {from} {to} {len}");
}

fn check_fill(dst: &mut [u8], to: usize, len: usize) {
    dst[..GUARD + to + len + GUARD].fill(0xee);
    // SAFETY: The slice has room for the offset and the length.
    unsafe { fill_shared(dst[GUARD + to..].as_mut_ptr(), 0xa5, len) };
    let (before, rest) = dst.split_at(GUARD + to);
    assert!(before.iter().all(|&b| b == 0xee), "before {to} {len}");
    assert!(rest[..len].iter().all(|&b| b == 0xa5), "within {to} {len}");
    assert!(rest[len..len + GUARD].iter().all(|&b| b == 0xee), "after {to} {len}");
}

fn check_lengths(copy: CopyFn, shortest: usize) {
    let mut src = pattern(LENS + OFFSETS);
    let mut dst = vec![0; LENS + OFFSETS + 2 * GUARD];
    for len in shortest..=LENS {
        for offset in 0..OFFSETS {
            check_copy(copy, &mut src, &mut dst, offset, 0, len);
            check_copy(copy, &mut src, &mut dst, 0, offset, len);
            check_copy(copy, &mut src, &mut dst, offset, (offset * 7) % OFFSETS, len);
        }
    }
}

fn check_big(copy: CopyFn) {
    let most = BIG[BIG.len() - 1];
    let mut src = pattern(most + OFFSETS);
    let mut dst = vec![0; most + OFFSETS + 2 * GUARD];
    for len in BIG {
        for (from, to) in [(0, 0), (1, 0), (0, 3), (13, 7)] {
            check_copy(copy, &mut src, &mut dst, from, to, len);
        }
    }
}

#[test]
fn all_short_lengths_and_offsets_out_of_shared_memory() {
    check_lengths(copy_from_shared, 0);
}

#[test]
fn all_short_lengths_and_offsets_into_shared_memory() {
    check_lengths(copy_to_shared, 0);
}

#[test]
fn all_short_lengths_and_offsets_of_fills() {
    let mut dst = vec![0; (1 << 20) + OFFSETS + 2 * GUARD];
    for to in 0..OFFSETS {
        for len in 0..=LENS {
            check_fill(&mut dst, to, len);
        }
    }
    if !cfg!(miri) {
        check_fill(&mut dst, 5, 1 << 20);
    }
}

#[test]
#[cfg_attr(miri, ignore = "takes too long")]
fn big_copies() {
    check_big(copy_from_shared);
    check_big(copy_to_shared);
}

#[test]
fn nothing_is_touched_for_no_bytes() {
    let nowhere = std::ptr::without_provenance_mut::<u8>(1);
    // SAFETY: Any pointer is valid for no bytes.
    unsafe {
        copy_from_shared(nowhere, nowhere, 0);
        copy_to_shared(nowhere, nowhere, 0);
        fill_shared(nowhere, 0, 0);
    }
}

/// The copies that this machine would not choose itself.
#[test]
#[cfg(all(not(miri), target_pointer_width = "64", target_arch = "x86_64"))]
fn every_way_of_long_copies() {
    use super::x86_64::{copy_avx2, copy_rep, copy_sse2};
    let mut copies: Vec<CopyFn> = vec![copy_rep, copy_sse2];
    if std::arch::is_x86_feature_detected!("avx2") {
        copies.push(|src, dst, len| {
            // SAFETY: AVX2 has been found, and the caller vouches for the rest.
            unsafe { copy_avx2(src, dst, len) }
        });
    }
    for copy in copies {
        check_lengths(copy, 129);
        check_big(copy);
    }
}

/// Memory that both threads access.
struct Shared(*mut u8);
// SAFETY: The threads access the memory through the copies only, which may race.
unsafe impl Sync for Shared {}

impl Shared {
    fn at(&self) -> *mut u8 {
        self.0
    }
}

const OLD: u8 = 0x55;
const NEW: u8 = 0xaa;

/// Calls `read` many times while another thread writes one of two bytes all over the memory.
fn race(len: usize, read: impl Fn(&Shared)) {
    let mut memory = vec![OLD; len];
    let shared = Shared(memory.as_mut_ptr());
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let patterns = [vec![NEW; len], vec![OLD; len]];
            while !stop.load(Ordering::Relaxed) {
                // SAFETY: The memory has `len` bytes and outlives the thread.
                unsafe {
                    copy_to_shared(patterns[0].as_ptr(), shared.at(), len);
                    copy_to_shared(patterns[1].as_ptr(), shared.at(), len);
                    fill_shared(shared.at(), NEW, len);
                }
            }
        });
        for _ in 0..if cfg!(miri) { 5 } else { 2000 } {
            read(&shared);
        }
        stop.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_racing_writer_tears_but_invents_no_byte() {
    for len in [1, 7, 8, 33, 100, if cfg!(miri) { 129 } else { 5000 }] {
        race(len, |shared| {
            let mut copy = vec![0; len];
            // SAFETY: The memory has `len` bytes and outlives the threads.
            unsafe { copy_from_shared(shared.at(), copy.as_mut_ptr(), len) };
            assert!(copy.iter().all(|&b| b == OLD || b == NEW), "{len}: {copy:x?}");
        });
    }
}

#[test]
fn two_racing_writers_leave_what_one_of_them_wrote() {
    for len in [3, 64, if cfg!(miri) { 129 } else { 5000 }] {
        race(len, |shared| {
            let mut copy = vec![0; len];
            // SAFETY: The memory has `len` bytes and outlives the threads.
            unsafe {
                copy_to_shared(vec![OLD; len].as_ptr(), shared.at(), len);
                copy_from_shared(shared.at(), copy.as_mut_ptr(), len);
            }
            assert!(copy.iter().all(|&b| b == OLD || b == NEW), "{len}: {copy:x?}");
        });
    }
}
