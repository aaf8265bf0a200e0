//! What newest values are made of.

use self::form::Form;
use super::layout::{Facts, Form as Laid, Place, Words};
use crate::bytemuck::{self, Pod};
use crate::{Error, ErrorKind, Result, View};

/// What a newest value can be: any plain-data type ([`Pod`]), or `[u8]`, which stands for byte strings of any length up to
/// a maximum.
pub trait Value: Form {}

pub(super) mod form {
    use super::super::layout::{Place, Words};
    use crate::{Result, View};

    /// What a reader does for each kind of value.
    pub trait Form {
        /// What a value is read into: the plain-data type itself, or a `Vec<u8>`.
        type Owned;

        /// One to read into.
        fn empty() -> Self::Owned;
        /// Checks that the memory was laid out for such values.
        fn open(view: &View, offset: usize, version: u32) -> Result<Place>;
        /// Copies the value in a slot, which may be torn.
        fn copy(place: &Place, words: Words<'_>, slot: u64, into: &mut Self::Owned) -> Result<()>;
    }
}

impl<T: Pod> Value for T {}

impl<T: Pod> Form for T {
    type Owned = T;

    #[inline]
    fn empty() -> T {
        T::zeroed()
    }

    fn open(view: &View, offset: usize, version: u32) -> Result<Place> {
        Place::open(view, offset, Facts { form: Laid::Fixed, len: size_of::<T>() as u64, version })
    }

    #[inline]
    fn copy(_: &Place, words: Words<'_>, slot: u64, into: &mut T) -> Result<()> {
        words.read_value(slot, bytemuck::bytes_of_mut(into))
    }
}

impl Value for [u8] {}

impl Form for [u8] {
    type Owned = Vec<u8>;

    #[inline]
    fn empty() -> Vec<u8> {
        Vec::new()
    }

    fn open(view: &View, offset: usize, version: u32) -> Result<Place> {
        Place::open_bytes(view, offset, version)
    }

    #[inline]
    fn copy(place: &Place, words: Words<'_>, slot: u64, into: &mut Vec<u8>) -> Result<()> {
        let len = words.length(slot)?;
        // Before anything is allocated: a length that is too large is torn, or a peer's.
        let Some(len) = usize::try_from(len).ok().filter(|&len| len <= place.len()) else {
            return Err(Error::new(ErrorKind::Damaged, "read the newest value"));
        };
        into.resize(len, 0);
        words.read_value(slot, into)
    }
}
