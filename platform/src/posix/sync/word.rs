//! The words of objects: eight bytes in a header, half of which threads sleep on.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicU32, Ordering};

use super::futex::{FutexWord, wake_one};
use super::table;
use crate::seam::place::Place;
use crate::words::tagged::{Kind, Tagged, Verdict};

/// The word of an object of a kind, at its place.
#[derive(Clone)]
pub(super) struct PlaceWord<K> {
    place: Place,
    kind: PhantomData<fn() -> K>,
}

impl<K> PlaceWord<K> {
    pub(super) fn at(place: Place) -> Self {
        PlaceWord { place, kind: PhantomData }
    }

    #[inline]
    pub(super) fn place(&self) -> &Place {
        &self.place
    }
}

impl<K: Kind> Tagged for PlaceWord<K> {
    type Kind = K;

    #[inline]
    fn load_both(&self) -> u64 {
        self.place.header().word.load(Ordering::Acquire)
    }

    #[inline]
    fn replace_both(&self, current: u64, new: u64) -> Result<(), u64> {
        let word = &self.place.header().word;
        word.compare_exchange(current, new, Ordering::AcqRel, Ordering::Acquire).map(|_| ())
    }

    #[cfg(target_pointer_width = "32")]
    #[inline]
    fn replace_untagged(&self, current: u32, new: u32) -> Result<(), u64> {
        if !K::VALUE_TELLS_TAG {
            return self.replace_both(current.into(), new.into());
        }
        let replaced =
            self.place.header().value().compare_exchange(current, new, Ordering::AcqRel, Ordering::Acquire);
        replaced.map(|_| ()).map_err(u64::from)
    }

    fn swap_both(&self, new: u64) -> u64 {
        self.place.header().word.swap(new, Ordering::AcqRel)
    }

    fn verdict(&self, tag: u32) -> Verdict {
        table::verdict(&self.place, tag)
    }

    fn wake_one(&self) {
        wake_one(self.futex());
    }
}

impl<K: Kind> FutexWord for PlaceWord<K> {
    #[inline]
    fn futex(&self) -> &AtomicU32 {
        self.place.header().value()
    }
}
