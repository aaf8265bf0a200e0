//! [`SharedRegion`] on Linux.

use std::os::fd::{AsFd as _, OwnedFd};

use super::commit::{self, Shortage};
use super::descriptor::behind_standard_streams;
use super::errors::Context;
use super::facts::Form;
use super::lifetime::Object;
use super::mapping;
use super::object::{Contents, Plan, planned_len};
use super::record;
use super::region::{Held, MappedFile, Region};
use crate::{
    Access, CreateOptions, Disposition, MapRequest, ObjectKind, ObjectName, OpenOptions, Result,
    SharedRegion, View, check_map_request,
};

pub(super) fn open(name: &ObjectName, options: &OpenOptions) -> Result<Region> {
    let object = Object::open(name, ObjectKind::Region, options)?;
    opened(object, name, options.access())
}

/// From an object that was opened.
fn opened(object: Object, name: &ObjectName, access: Access) -> Result<Region> {
    match object.form() {
        Form::InFront | Form::Beside => Ok(Region::named(object, name, access)),
        Form::Elsewhere => record::follow(object, name, access),
    }
}

fn plan<'a>(name: &'a ObjectName, options: &CreateOptions, operation: &'static str) -> Result<Plan<'a>> {
    let context = Context { operation, name: Some(name) };
    Ok(Plan {
        name,
        kind: ObjectKind::Region,
        asked: options.size(),
        len: planned_len(options, context)?,
        permissions: options.asked_permissions(),
        contents: Contents::Zeros,
    })
}

// SAFETY: `mapping::map` maps whole pages that hold the checked range, with the access the view claims,
// and its keeper unmaps them only when the view goes; the object's file is never shrunk by us, nor are
// references to its bytes given out; `len` is stored once.
unsafe impl SharedRegion for Region {
    fn create(name: &ObjectName, options: &CreateOptions) -> Result<Self> {
        let object = Object::create(plan(name, options, "create the region")?)?;
        Ok(Region::named(object, name, Access::ReadWrite))
    }

    fn create_or_open(name: &ObjectName, options: &CreateOptions) -> Result<(Self, Disposition)> {
        let plan = plan(name, options, "create or open the region")?;
        let (object, created) = Object::create_or_open(plan, options.accepted())?;
        if created {
            return Ok((Region::named(object, name, Access::ReadWrite), Disposition::Created));
        }
        Ok((opened(object, name, Access::ReadWrite)?, Disposition::Opened))
    }

    fn open(name: &ObjectName, options: &OpenOptions) -> Result<Self> {
        open(name, options)
    }

    fn anonymous(options: &CreateOptions) -> Result<Self> {
        let context = Context { operation: "create an anonymous region", name: None };
        let len = planned_len(options, context)?;
        let mode = options.asked_permissions().mode();
        let held = anonymous_file(len, mode).and_then(|fd| Ok(Held::Anonymous(MappedFile::own(fd, true)?)));
        let held = held.map_err(|shortage| match shortage {
            Shortage::NotEnough(left) => context.out_of_memory(options.size(), left),
            Shortage::Os(errno) => context.os(errno),
        })?;
        Ok(Region::of(held, None, len, Access::ReadWrite))
    }

    fn name(&self) -> Option<&ObjectName> {
        self.name.as_ref()
    }

    fn len(&self) -> u64 {
        self.len
    }

    fn access(&self) -> Access {
        self.access
    }

    fn map(&self, request: &MapRequest) -> Result<View> {
        check_map_request(self, request)?;
        let context = Context { operation: "map a view of the region", name: self.name.as_ref() };
        let held = self.held();
        if let Some(object) = held.object().filter(|_| request.access().writes_object()) {
            object.check_held_here(context)?;
        }
        mapping::map(held, request, context)
    }
}

pub(crate) fn hold_again(region: &Region) -> Result<()> {
    let context = Context { operation: "hold the region in this process", name: region.name() };
    match region.held().object() {
        Some(object) => object.hold_again(context),
        // Memory and files without a name live as long as they are mapped.
        None => Ok(()),
    }
}

pub(crate) fn has_its_name(region: &Region) -> bool {
    region.held().object().is_some_and(Object::has_its_name)
}

/// Sealed against shrinking, so that nobody it is sent to can turn our views into SIGBUS. The mode bits decide who
/// may open anew, with more access, what was sent for reading.
fn anonymous_file(len: u64, mode: u32) -> Result<OwnedFd, Shortage> {
    use rustix::fs::{MemfdFlags, Mode, SealFlags, fchmod, fcntl_add_seals, memfd_create};
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let fd = match memfd_create(c"samemap", flags | MemfdFlags::NOEXEC_SEAL) {
        // Before Linux 6.3.
        Err(rustix::io::Errno::INVAL) => memfd_create(c"samemap", flags),
        made => made,
    }?;
    let fd = behind_standard_streams(fd)?;
    fchmod(&fd, Mode::from_raw_mode(mode))?;
    commit::commit(fd.as_fd(), len)?;
    fcntl_add_seals(&fd, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
    Ok(fd)
}
