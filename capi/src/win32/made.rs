//! What the calls that make or open an object have in common.

use samemap::{
    Disposition, Error, ErrorKind, Event, Mutex, ObjectName, OpenOptions, Result as Made, Semaphore, Timer,
};

use super::codes::{error, right};
use super::errors::code_of;
use super::handle::Handle;
use super::handles::{self, Object, Opened};
use super::last_error;
use super::name;
use super::pointers::Text;

/// A handle of an object that was made or opened. The last error says which of the two: `ERROR_ALREADY_EXISTS`, or none.
pub(super) fn made<T>(
    made: Made<(T, Disposition)>,
    as_object: impl FnOnce(T) -> Object,
    rights: u32,
) -> Result<Handle, u32> {
    let (object, disposition) = made.map_err(|cause| code_of(&cause))?;
    let handle = handles::open(Opened::new(as_object(object), rights))?;
    last_error::set(match disposition {
        Disposition::Created => error::SUCCESS,
        Disposition::Opened => error::ALREADY_EXISTS,
    });
    Ok(handle)
}

/// A handle of an object that was opened.
pub(super) fn opened<T>(
    opened: Made<T>,
    as_object: impl FnOnce(T) -> Object,
    rights: u32,
) -> Result<Handle, u32> {
    let object = opened.map_err(|cause| code_of(&cause))?;
    handles::open(Opened::new(as_object(object), rights))
}

/// A kind of object to wait for.
pub(super) trait Kind: Sized {
    fn open(name: &ObjectName, options: &OpenOptions) -> Made<Self>;

    fn into_object(self) -> Object;

    /// The object, where it is of this kind.
    fn of(object: &Object) -> Option<&Self>;
}

macro_rules! kinds {
    ($($kind:ident)*) => {$(
        impl Kind for $kind {
            fn open(name: &ObjectName, options: &OpenOptions) -> Made<Self> {
                $kind::open(name, options)
            }

            fn into_object(self) -> Object {
                Object::$kind(self)
            }

            #[inline]
            fn of(object: &Object) -> Option<&Self> {
                if let Object::$kind(object) = object { Some(object) } else { None }
            }
        }
    )*};
}

kinds! { Mutex Event Semaphore Timer }

/// Opens the object of a name that a program passes.
pub(super) fn open<K: Kind>(rights: u32, text: &dyn Text) -> Result<Handle, u32> {
    let name = name::to_open(text)?;
    opened(K::open(&name, &name::open_options(&name)), K::into_object, rights)
}

/// What an `Ex` call asks for: flags that it knows, and no others.
pub(super) fn check_flags(flags: u32, known: u32) -> Result<(), u32> {
    if flags & !known == 0 { Ok(()) } else { Err(error::INVALID_PARAMETER) }
}

/// Runs a call on an object of one kind, whose handle has the right.
#[inline]
pub(super) fn with_kind<K: Kind, R>(
    handle: Handle,
    right: u32,
    call: impl FnOnce(&K) -> Made<R>,
) -> Result<R, u32> {
    handles::with(handle, |opened| {
        let object = K::of(&opened.object).ok_or(error::INVALID_HANDLE)?;
        opened.check(right)?;
        call(object).map_err(|cause| code_of(&cause))
    })
}

/// The answer where nobody has the name.
pub(super) fn is_free(cause: &Error) -> bool {
    cause.is(ErrorKind::NotFound)
}

/// Changes an event, a semaphore or a timer.
#[inline]
pub(super) fn change<K: Kind, R>(handle: Handle, call: impl FnOnce(&K) -> Made<R>) -> Result<R, u32> {
    with_kind(handle, right::MODIFY_STATE, call)
}
