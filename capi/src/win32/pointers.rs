//! Pointers that a program passes. Only a call's arguments have these types, so only C makes values of them; the rules
//! in [the room's docs](super) are what C owes.

use std::ffi::c_void;
use std::slice;

use super::codes::error;

/// Where a call puts an answer; may be null.
#[repr(transparent)]
pub(super) struct Out<T>(*mut T);

impl<T> Out<T> {
    pub(super) fn is_null(&self) -> bool {
        self.0.is_null()
    }

    /// Null is an error.
    pub(super) fn put(self, value: T) -> Result<(), u32> {
        if self.0.is_null() {
            return Err(error::INVALID_PARAMETER);
        }
        // SAFETY: C passes a pointer that is valid for writes of a T, or null. C's structs may be packed.
        unsafe { self.0.write_unaligned(value) };
        Ok(())
    }

    /// Changes the value that is there.
    pub(super) fn change(self, change: impl FnOnce(&mut T)) -> Result<(), u32>
    where
        T: Copy,
    {
        let mut value = In(self.0.cast_const()).get().ok_or(error::INVALID_PARAMETER)?;
        change(&mut value);
        self.put(value)
    }

    /// Null is allowed, and means that nobody asks.
    pub(super) fn put_if_asked(self, value: T) {
        if !self.0.is_null() {
            let _ = self.put(value);
        }
    }
}

/// A value that a call reads; may be null.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(super) struct In<T>(*const T);

impl<T: Copy> In<T> {
    pub(super) fn get(&self) -> Option<T> {
        // SAFETY: C passes a pointer that is valid for reads of a T, or null. C's structs may be packed.
        (!self.0.is_null()).then(|| unsafe { self.0.read_unaligned() })
    }

    /// As many values as C says.
    pub(super) fn list(&self, count: usize) -> Result<Vec<T>, u32> {
        if self.0.is_null() {
            return Err(error::INVALID_PARAMETER);
        }
        // SAFETY: C passes a pointer that is valid for reads of so many.
        Ok((0..count).map(|at| unsafe { self.0.add(at).read_unaligned() }).collect())
    }
}

/// Text that ends with a zero; may be null.
pub(super) trait Text {
    /// The text; `None` where the pointer is null.
    fn read(&self) -> Result<Option<String>, u32>;
}

/// Text in UTF-16.
#[repr(transparent)]
pub(super) struct Wide(*const u16);

impl Text for Wide {
    fn read(&self) -> Result<Option<String>, u32> {
        if self.0.is_null() {
            return Ok(None);
        }
        // SAFETY: C's text has units up to a zero, and this stops there.
        let units = (0..).map(|at| unsafe { self.0.add(at).read_unaligned() }).take_while(|&unit| unit != 0);
        let text: Result<String, _> = char::decode_utf16(units).collect();
        // Half a pair: on Windows a name may have it, and here no name can.
        text.map(Some).map_err(|_| error::INVALID_NAME)
    }
}

/// Text in UTF-8.
#[repr(transparent)]
pub(super) struct Narrow(*const u8);

impl Text for Narrow {
    fn read(&self) -> Result<Option<String>, u32> {
        if self.0.is_null() {
            return Ok(None);
        }
        // SAFETY: C's text has bytes up to a zero, and this stops there.
        let bytes = (0..).map(|at| unsafe { self.0.add(at).read() }).take_while(|&byte| byte != 0);
        String::from_utf8(bytes.collect()).map(Some).map_err(|_| error::INVALID_NAME)
    }
}

/// Memory that a call fills.
#[repr(transparent)]
pub(super) struct Buffer<T>(*mut T);

impl<T: Copy> Buffer<T> {
    /// Memory that was just allocated.
    pub(super) fn at(memory: *mut T) -> Buffer<T> {
        Buffer(memory)
    }

    /// Copies values to its beginning, which C says has room for them.
    pub(super) fn fill(&self, values: &[T]) -> Result<(), u32> {
        if self.0.is_null() {
            return Err(error::INVALID_PARAMETER);
        }
        for (at, &value) in values.iter().enumerate() {
            // SAFETY: C passes a pointer that is valid for writes of so many.
            unsafe { self.0.add(at).write_unaligned(value) };
        }
        Ok(())
    }

    /// The same memory as the place for a pointer, as `FORMAT_MESSAGE_ALLOCATE_BUFFER` has it.
    pub(super) fn as_place(&self) -> Out<*mut c_void> {
        Out(self.0.cast())
    }
}

impl Buffer<u8> {
    /// The memory, which C lends for one call.
    pub(super) fn bytes(&mut self, count: usize) -> Result<&mut [u8], u32> {
        if count == 0 {
            return Ok(&mut []);
        }
        if self.0.is_null() {
            return Err(error::INVALID_PARAMETER);
        }
        // SAFETY: C passes a pointer that is valid for reads and writes of so many bytes, and leaves them alone.
        Ok(unsafe { slice::from_raw_parts_mut(self.0, count) })
    }
}
