//! The number that a program holds for an object.

/// What a program holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub(super) struct Handle(pub(super) isize);

impl Handle {
    pub(super) const NULL: Handle = Handle(0);
    /// `INVALID_HANDLE_VALUE`; as a handle of `GetCurrentProcess` it means this process.
    pub(super) const INVALID: Handle = Handle(-1);

    /// The handle of a place in the table: four times its number, as on Windows.
    pub(super) fn of(place: usize) -> Handle {
        Handle(4 * (place as isize + 1))
    }

    /// Its place in the table. The two lowest bits are the program's own, as on Windows.
    pub(super) fn place(self) -> Option<usize> {
        usize::try_from(self.0 / 4 - 1).ok()
    }
}
