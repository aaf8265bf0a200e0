//! Makes regions over files.

use super::commit;
use super::lifetime::Object;
use super::object::{Contents, Plan, Wanted, made};
use super::opened_file::OpenFile;
use super::record::{self, Record};
use super::region::{Held, Region};
use crate::contract::context::Context;
use crate::seam::ask::open_or_make;
use crate::testing::reached;
use crate::{
    Disposition, ErrorKind, FileOptions, FileSource, ObjectKind, ObjectName, OpenOptions, Result, Trust,
};

pub(super) fn anonymous(source: FileSource, options: &FileOptions, context: Context<'_>) -> Result<Region> {
    let (file, len) = OpenFile::new(source, options.access(), context)?.sized(options, context)?;
    Ok(Region::of(Held::File { file, object: None }, None, len, options.access()))
}

pub(super) fn create(
    name: &ObjectName,
    source: FileSource,
    options: &FileOptions,
    context: Context<'_>,
) -> Result<Region> {
    // Opens first, so that the file does not grow in vain.
    let anybodys = &OpenOptions::read_only().trust(Trust::Anyone);
    let (operation, kind) = (context.operation, ObjectKind::Region);
    if Object::open(Wanted { operation, name, kind, options: anybodys }).is_ok() {
        return Err(context.error(ErrorKind::AlreadyExists));
    }
    create_new(name, OpenFile::new(source, options.access(), context)?, options, context)
}

pub(super) fn create_or_open(
    name: &ObjectName,
    source: FileSource,
    options: &FileOptions,
    context: Context<'_>,
) -> Result<(Region, Disposition)> {
    let opening = OpenOptions::new(options.access()).trust(options.accepted().clone());
    let mut source = Some(source);
    open_or_make(
        context,
        || record::open(name, &opening, context),
        || {
            let file = source.take().expect("each round leaves another");
            let opened = OpenFile::new(file, options.access(), context)?;
            source = Some(opened.try_clone(context)?);
            made(create_new(name, opened, options, context))
        },
    )
}

fn create_new(
    name: &ObjectName,
    opened: OpenFile,
    options: &FileOptions,
    context: Context<'_>,
) -> Result<Region> {
    let path = opened.absolute_path(context)?;
    let identity = opened.identity;
    let (file, len) = opened.sized(options, context)?;
    reached("create: file ready");
    let record = Record { access: options.access(), file: identity, len, path };
    let object_len = commit::rounded_to_pages(1).expect("a page");
    let object = Object::create(Plan {
        operation: context.operation,
        name,
        kind: ObjectKind::Region,
        asked: object_len,
        len: object_len,
        permissions: options.asked_permissions(),
        contents: Contents::LeadTo(&record.encoded()),
    })?;
    let held = Held::File { file, object: Some(object) };
    Ok(Region::of(held, Some(name), len, options.access()))
}
