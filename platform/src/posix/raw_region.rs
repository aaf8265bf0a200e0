//! The seam's traits for a region.

use std::os::fd::{AsFd as _, OwnedFd};

use rustix::fs;

use super::advice::{Call, InCall as _, Of as _};
use super::commit;
use super::descriptor::behind_standard_streams;
#[cfg(target_os = "linux")]
use super::gate;
use super::lifetime::Object;
use super::object::{Contents, Plan, planned_len};
use super::region::{Held, MappedFile, Region};
use super::{file, kernel, mapping, record};
use crate::contract::context::{Context, Operation};
use crate::contract::region::{Bytes, RegionFacts};
use crate::seam::ask::Ask;
use crate::seam::gate::{RawClient, RawGate};
use crate::seam::region::{AskRegion, RawRegion};
use crate::{Access, CreateOptions, Disposition, MapRequest, ObjectKind, ObjectName, Result, View};

fn plan<'a>(name: &'a ObjectName, options: &CreateOptions, operation: Operation) -> Result<Plan<'a>> {
    Ok(Plan {
        operation,
        name,
        kind: ObjectKind::Region,
        asked: options.size(),
        len: planned_len(options, Context { operation, name: Some(name) })?,
        permissions: options.asked_permissions(),
        contents: Contents::Zeros,
    })
}

// SAFETY: `mapping::map` maps whole pages that hold the checked range, with the access the view claims,
// and its keeper unmaps them only when the view is dropped; this library never shrinks the object's file, and gives out
// no references to its bytes; the facts are stored once.
unsafe impl RawRegion for Region {
    fn named(name: &ObjectName, ask: AskRegion<'_>, operation: Operation) -> Result<(Region, Disposition)> {
        let context = Context { operation, name: Some(name) };
        match ask {
            Ask::Create(Bytes::Zeros(options)) => {
                let object = Object::create(plan(name, options, operation)?)?;
                Ok((Region::named(object, name, Access::ReadWrite), Disposition::Created))
            }
            Ask::CreateOrOpen(Bytes::Zeros(options)) => {
                let plan = plan(name, options, operation)?;
                let (object, disposition) = Object::create_or_open(plan, options.accepted())?;
                Ok((record::opened(object, name, Access::ReadWrite, context)?, disposition))
            }
            Ask::Create(Bytes::OfFile(source, options)) => {
                Ok((file::create(name, source, options, context)?, Disposition::Created))
            }
            Ask::CreateOrOpen(Bytes::OfFile(source, options)) => {
                file::create_or_open(name, source, options, context)
            }
            Ask::Open(options) => Ok((record::open(name, options, context)?, Disposition::Opened)),
        }
    }

    fn nameless(bytes: Bytes<'_>, operation: Operation) -> Result<Region> {
        let context = Context { operation, name: None };
        match bytes {
            Bytes::Zeros(options) => anonymous(options, context),
            Bytes::OfFile(source, options) => file::anonymous(source, options, context),
        }
    }

    fn facts(&self) -> &RegionFacts {
        &self.facts
    }

    fn map(&self, request: &MapRequest, context: Context<'_>) -> Result<View> {
        let held = self.held();
        if let Some(object) = held.object().filter(|_| request.access().writes_object()) {
            object.check_held_here(context)?;
        }
        mapping::map(held, request, context)
    }

    fn hold_again(&self, context: Context<'_>) -> Result<()> {
        match self.held().object() {
            Some(object) => object.hold_again(context),
            // Memory and files without a name live as long as they are mapped.
            None => Ok(()),
        }
    }

    fn has_its_name(&self) -> bool {
        self.held().object().is_some_and(Object::has_its_name)
    }

    // macOS has no sockets whose addresses end with their process.
    #[cfg(target_os = "linux")]
    fn open_gate(&self) -> Option<Box<dyn RawGate<Region>>> {
        Some(Box::new(gate::Gate::open(self)?))
    }

    #[cfg(target_os = "linux")]
    fn come_to_gate(&self) -> Result<Option<Box<dyn RawClient<Region>>>> {
        gate::Client::at(self)
    }
}

fn anonymous(options: &CreateOptions, context: Context<'_>) -> Result<Region> {
    let len = planned_len(options, context)?;
    let mode = options.asked_permissions().mode();
    let fd = anonymous_file(len, mode, options.size(), context)?;
    let file = MappedFile::own(fd, true).of(Call::Look).in_call(context)?;
    Ok(Region::of(Held::Anonymous(file), None, len, Access::ReadWrite))
}

/// Memory sealed against shrinking, so that no receiver can make accesses raise SIGBUS. Its mode decides which
/// receivers may open it anew with more access.
fn anonymous_file(len: u64, mode: u32, asked: u64, context: Context<'_>) -> Result<OwnedFd> {
    let fd = kernel::nameless_memory().and_then(behind_standard_streams);
    let fd = fd.of(Call::MakeMemory).in_call(context)?;
    fs::fchmod(&fd, kernel::mode(mode)).of(Call::SetMode).in_call(context)?;
    commit::commit_nameless(fd.as_fd(), len)
        .map_err(|shortage| context.short(Call::CommitNameless, shortage, asked))?;
    kernel::seal(fd.as_fd()).of(Call::Seal).in_call(context)?;
    Ok(fd)
}
