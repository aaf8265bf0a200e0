//! What the tests of handing over share.

pub use std::fs;

pub use samemap::regions::{Courier, FileOptions};
pub use samemap::traits::SharedRegion as _;
pub use samemap::{Access, CreateOptions, Error, ErrorKind, ObjectName, OpenOptions, Region, Trust};
pub use samemap_platform::conformance::tools::Meeting;

pub use crate::support::files::TestFile;
pub use crate::support::{
    Program, assert_nothing_left, byte_of, is_free, kind, name, part, unique_name, unique_text, view_of,
};

/// Where two processes meet.
pub fn meeting() -> Meeting {
    Meeting::new(&unique_text("meeting"))
}

#[cfg(unix)]
pub fn courier_to(meeting: &Meeting, _child: &Program) -> Courier {
    meeting.courier_from()
}

#[cfg(windows)]
pub fn courier_to(meeting: &Meeting, child: &Program) -> Courier {
    Courier::to_process(meeting.stream(), child.handle())
}

/// One of each: with and without a name, memory and file.
pub struct Regions {
    pub memory: Region,
    pub named: Region,
    pub file: Region,
    pub named_file: Region,
    pub name: ObjectName,
    pub file_name: ObjectName,
    _files: [TestFile; 2],
}

impl Regions {
    pub fn new() -> Regions {
        let files = [TestFile::with(&[0; 1000]), TestFile::with(&[0; 1000])];
        let (text, file_text) = (unique_name("handles"), unique_name("handles-file"));
        let options = FileOptions::read_write();
        Regions {
            memory: Region::anonymous(&CreateOptions::new(1)).expect("memory"),
            named: Region::create(&name(&text), &CreateOptions::new(1)).expect("free"),
            file: Region::over_file(files[0].path(), &options).expect("a file"),
            named_file: Region::create_over_file(&name(&file_text), files[1].path(), &options).expect("free"),
            name: name(&text),
            file_name: name(&file_text),
            _files: files,
        }
    }

    pub fn write_numbers(&self) {
        let regions = [&self.memory, &self.named, &self.file, &self.named_file];
        for (number, region) in (1u8..).zip(regions) {
            view_of(region).put(0, &number).expect("in range");
        }
    }

    #[track_caller]
    pub fn end(self) {
        let Regions { memory, named, file, named_file, name, file_name, _files } = self;
        drop((memory, named, file, named_file));
        assert_nothing_left(&name.to_string());
        assert_nothing_left(&file_name.to_string());
    }
}

/// After an end in which the last holder was killed, what is left goes with the first look; nothing else is left.
#[track_caller]
pub fn assert_left_nothing(text: &str) {
    assert!(is_free(text));
    assert_nothing_left(text);
}

pub fn open(text: &str) -> Result<Region, Error> {
    Region::open(&name(text), &OpenOptions::read_only())
}

pub fn text_behind_colon(error: &Error) -> String {
    let text = error.to_string();
    text.split_once(": ").map_or(text.clone(), |(_, rest)| rest.to_owned())
}
