//! Security: an object is for its owner, or for everyone.

use std::ffi::c_void;
use std::ptr;

use samemap::{Permissions, Share};

use super::codes::error;
use super::last_error::Done;
use super::pointers::{In, Out};

/// `SECURITY_ATTRIBUTES`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct SecurityAttributes {
    length: u32,
    descriptor: In<SecurityDescriptor>,
    inherit: i32,
}

/// `SECURITY_DESCRIPTOR`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct SecurityDescriptor {
    revision: u8,
    zero: u8,
    control: u16,
    owner: *const c_void,
    group: *const c_void,
    system_list: *const c_void,
    list: *const c_void,
}

const REVISION: u8 = 1;
/// `SE_DACL_PRESENT`.
const HAS_LIST: u16 = 4;

/// The users that may open a new object: its owner, or everyone where a descriptor has a list that is null.
pub(super) fn permissions(security: &In<SecurityAttributes>) -> Result<Permissions, u32> {
    let owner_only = Permissions::owner_only();
    let Some(descriptor) = security.get().and_then(|attributes| attributes.descriptor.get()) else {
        return Ok(owner_only);
    };
    match (descriptor.control & HAS_LIST != 0, descriptor.list.is_null()) {
        _ if descriptor.revision != REVISION => Err(error::INVALID_PARAMETER),
        (false, _) => Ok(owner_only),
        (true, true) => Ok(owner_only.group(Share::ReadWrite).everyone(Share::ReadWrite)),
        (true, false) => Err(error::NOT_SUPPORTED),
    }
}

super::calls! {
    fn InitializeSecurityDescriptor(descriptor: Out<SecurityDescriptor>, revision: u32) -> Done {
        if revision != u32::from(REVISION) {
            return Err(error::INVALID_PARAMETER);
        }
        let nobody = ptr::null();
        descriptor.put(SecurityDescriptor {
            revision: REVISION,
            zero: 0,
            control: 0,
            owner: nobody,
            group: nobody,
            system_list: nobody,
            list: nobody,
        })
    }

    fn SetSecurityDescriptorDacl(
        descriptor: Out<SecurityDescriptor>,
        present: i32,
        list: *const c_void,
        _defaulted: i32,
    ) -> Done {
        if !list.is_null() && present != 0 {
            return Err(error::NOT_SUPPORTED);
        }
        descriptor.change(|descriptor| {
            descriptor.control = if present == 0 { descriptor.control & !HAS_LIST } else { descriptor.control | HAS_LIST };
            descriptor.list = ptr::null();
        })
    }
}
