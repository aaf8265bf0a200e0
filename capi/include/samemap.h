/* samemap: one named shared memory, with one set of rules, on Windows and on Linux.
 *
 * Functions return a code (samemap_status_t): SAMEMAP_OK is zero, and SAMEMAP_IS_ERROR() tells which codes are errors.
 * After an error, samemap_last_error_message() says what happened and what to do, for the calling thread. Results go
 * where the last arguments point. A call without a result leaves those places as they are, but sets the place of a new
 * handle to NULL.
 *
 * Handles come from functions that take a pointer to one. The caller ends each handle by the function
 * samemap_..._close() of its type, and nothing else ends it. Any number of threads may use a handle at once, where its
 * type does not say otherwise, but none while it is closed.
 *
 * NULL for what is needed, text that is not UTF-8, unknown numbers and calls out of turn are
 * SAMEMAP_ERROR_INVALID_ARGUMENT. A pointer that is neither NULL nor valid, and a handle that was closed, cannot be
 * told from good ones: the behaviour is undefined then, as it is everywhere in C.
 *
 * Names are UTF-8: "Local\\rest" (this user's), "Global\\rest" (all users'), or "rest", which means "Local\\rest".
 * Lengths and offsets are bytes.
 *
 * Times are nanoseconds (uint64_t): 0 does not wait, SAMEMAP_FOREVER has no end; see SAMEMAP_MILLISECONDS(). Where time
 * runs out first, the answer is SAMEMAP_TIMED_OUT, which is no error.
 *
 * Mutexes belong to threads. In a forked child (without exec) the copies of mutexes, of the ends of channels and
 * topics, and of readinesses give SAMEMAP_ERROR_UNSUPPORTED: open them anew in the child.
 *
 * This file is generated; see capi/cbindgen.toml. */

#ifndef SAMEMAP_H
#define SAMEMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The version of this header: samemap_version() is that of the library. */
#define SAMEMAP_VERSION "0.1.0"
#define SAMEMAP_VERSION_MAJOR 0
#define SAMEMAP_VERSION_MINOR 1
#define SAMEMAP_VERSION_PATCH 0

/* Whether a code is an error, and not one of the answers below 100. */
#define SAMEMAP_IS_ERROR(status) ((status) >= 100)

/* Times. */
#define SAMEMAP_MICROSECONDS(n) ((uint64_t)(n) * 1000u)
#define SAMEMAP_MILLISECONDS(n) ((uint64_t)(n) * 1000000u)
#define SAMEMAP_SECONDS(n) ((uint64_t)(n) * 1000000000u)

/* Casts the handle of a mutex, an event, a semaphore or a timer to an object to wait for. */
#define SAMEMAP_WAITABLE(handle) ((const samemap_waitable_t *)(handle))

/* Options that ask for nothing special. */
#define SAMEMAP_CREATE_OPTIONS_INIT {sizeof(samemap_create_options_t), 0, 0, false, 0, 0, NULL}
#define SAMEMAP_FILE_OPTIONS_INIT {sizeof(samemap_file_options_t), 0, false, 0}
#define SAMEMAP_LATEST_OPTIONS_INIT {sizeof(samemap_latest_options_t), 0}
#define SAMEMAP_CHANNEL_OPTIONS_INIT {sizeof(samemap_channel_options_t), 0, 0, 0}
#define SAMEMAP_TOPIC_OPTIONS_INIT {sizeof(samemap_topic_options_t), 0, 0, 0, 0, 0, 0}
#define SAMEMAP_OPEN_OPTIONS_INIT {sizeof(samemap_open_options_t), 0, 0, NULL, 0}


/** A timeout that never comes. */
#define SAMEMAP_FOREVER UINT64_MAX

/** Reading. */
#define SAMEMAP_READ_ONLY 1

/** Reading and writing. */
#define SAMEMAP_READ_WRITE 2

/** Reading, and writing to a copy that no other process sees. */
#define SAMEMAP_COPY_ON_WRITE 3

/** Other users cannot open the object. */
#define SAMEMAP_SHARE_NOTHING 0

/** Other users may open the object for reading. */
#define SAMEMAP_SHARE_READ_ONLY 1

/** Other users may open the object for reading and writing. */
#define SAMEMAP_SHARE_READ_WRITE 2

/** The caller's own objects, and the system's. */
#define SAMEMAP_TRUST_OWN_AND_SYSTEM 0

/** The caller's own objects. */
#define SAMEMAP_TRUST_OWN 1

/** Every user's objects. Such a user can then change what the program works with. */
#define SAMEMAP_TRUST_ANYONE 2

/** The caller's own objects, the system's, and those of the user that `trusted_user` names. */
#define SAMEMAP_TRUST_USER 3

/** The wait that takes the signal unsets the object. */
#define SAMEMAP_AUTO_RESET 0

/** The object stays set, and lets every wait through, until a call unsets it. */
#define SAMEMAP_MANUAL_RESET 1

/** A length up to the end of the region. */
#define SAMEMAP_TO_THE_END UINT64_MAX

/** Bytes that a mutex takes inside a region. A Rust program's value follows them. */
#define SAMEMAP_MUTEX_SIZE 64

/** Bytes that an event takes inside a region. */
#define SAMEMAP_EVENT_SIZE 64

/** Bytes that a semaphore takes inside a region. */
#define SAMEMAP_SEMAPHORE_SIZE 64

/** A side that waits sleeps at once. */
#define SAMEMAP_SPIN_NEVER UINT64_MAX

/**
 * A handle of an event, a semaphore, a timer or, in samemap_wait_any_of() alone, a mutex: the signal, or the ownership,
 * is taken.
 */
#define SAMEMAP_AWAITED_OBJECT 1

/** A samemap_channel_t that receives: a message, or the peer's end. */
#define SAMEMAP_AWAITED_MESSAGE 2

/** A samemap_subscriber_t: a message, or the publisher's end. */
#define SAMEMAP_AWAITED_SUBSCRIBER 3

/** A samemap_viewer_t: a message, or the publisher's end. */
#define SAMEMAP_AWAITED_VIEWER 4

/** A samemap_latest_reader_t: a value with a number larger than `newer_than`, or the writer's end. */
#define SAMEMAP_AWAITED_NEWER 5

/** A samemap_listener_t: a peer to accept. */
#define SAMEMAP_AWAITED_PEER 6

/**
 * For a samemap_readiness_t: a samemap_channel_t that sends. There is room again, after a call with a timeout of 0 found
 * none.
 */
#define SAMEMAP_AWAITED_ROOM 7

/** For a samemap_readiness_t: a samemap_publisher_t. There is room again, after a call with a timeout of 0 found none. */
#define SAMEMAP_AWAITED_PUBLISHER 8

/** The kind cannot be told. */
#define SAMEMAP_KIND_UNKNOWN 0

/** Shared memory. */
#define SAMEMAP_KIND_REGION 1

/** A mutex. */
#define SAMEMAP_KIND_MUTEX 2

/** An event. */
#define SAMEMAP_KIND_EVENT 3

/** A semaphore. */
#define SAMEMAP_KIND_SEMAPHORE 4

/** A timer. */
#define SAMEMAP_KIND_TIMER 5

/** A process holds the object. */
#define SAMEMAP_STATE_LIVE 0

/** The object's holders have died; it cannot be opened, and samemap_catalog_reclaim() removes it. */
#define SAMEMAP_STATE_DEAD 1

/** samemap did not make the object, and leaves it alone. */
#define SAMEMAP_STATE_FOREIGN 2

/** This user may not look at the object. */
#define SAMEMAP_STATE_UNREADABLE 3

/**
 * What a function answers. The numbers never change, and more may come.
 *
 * SAMEMAP_OK is zero, answers that are not errors are below 100, and errors are 100 and above: see SAMEMAP_IS_ERROR.
 */
enum samemap_status_t
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /** It was done. */
    SAMEMAP_OK = 0,
    /** Time ran out first; nothing was taken, and nothing has changed. */
    SAMEMAP_TIMED_OUT = 1,
    /**
     * This thread owns the mutex now, and its previous owner ended without unlocking it: what the mutex protects
     * may be half-changed.
     */
    SAMEMAP_ABANDONED = 2,
    /** There is no value, or no newer one. */
    SAMEMAP_NOTHING = 3,
    /** The writer has ended, and there is no newer value. */
    SAMEMAP_WRITER_GONE = 4,
    /** The call met a fault of this library. */
    SAMEMAP_ERROR_INTERNAL = 100,
    /** The text is not a valid name, or not UTF-8. */
    SAMEMAP_ERROR_INVALID_NAME = 101,
    /**
     * An argument is invalid: NULL, a size of zero, an unknown number, options of an unknown size, a call out of
     * turn.
     */
    SAMEMAP_ERROR_INVALID_ARGUMENT = 102,
    /** The name is taken by a living object of the same kind. */
    SAMEMAP_ERROR_ALREADY_EXISTS = 103,
    /** No living object has this name. */
    SAMEMAP_ERROR_NOT_FOUND = 104,
    /** An object of another kind has the name. */
    SAMEMAP_ERROR_KIND_MISMATCH = 105,
    /** There is not enough memory. */
    SAMEMAP_ERROR_OUT_OF_MEMORY = 106,
    /** A range reaches past the end. */
    SAMEMAP_ERROR_OUT_OF_RANGE = 107,
    /** A message or a value is longer than the buffer, or than was agreed. */
    SAMEMAP_ERROR_TOO_LONG = 108,
    /** The address asked for cannot be had. */
    SAMEMAP_ERROR_ADDRESS_IN_USE = 109,
    /** The object belongs to another user that the caller does not trust. */
    SAMEMAP_ERROR_UNTRUSTED_OWNER = 110,
    /** A semaphore would get more permits than its maximum. */
    SAMEMAP_ERROR_LIMIT_EXCEEDED = 111,
    /** The object's memory holds no valid state. */
    SAMEMAP_ERROR_DAMAGED = 112,
    /** The memory was laid out for other values, or by another version. */
    SAMEMAP_ERROR_LAYOUT_MISMATCH = 113,
    /** The value was overwritten during each attempt to copy it. */
    SAMEMAP_ERROR_CONTENDED = 114,
    /**
     * Another process or handle has a role that only one has at a time, or another thread is in a call with this
     * handle.
     */
    SAMEMAP_ERROR_BUSY = 115,
    /** The peer has closed, and no message is left. */
    SAMEMAP_ERROR_CLOSED = 116,
    /** The peer's process ended without closing, and no message is left. */
    SAMEMAP_ERROR_PEER_DIED = 117,
    /** The system refused the access. */
    SAMEMAP_ERROR_ACCESS_DENIED = 118,
    /** The calling thread does not own the mutex. */
    SAMEMAP_ERROR_NOT_OWNER = 119,
    /** This system cannot do it. */
    SAMEMAP_ERROR_UNSUPPORTED = 120,
    /** Any other failure of the system; samemap_last_os_error() tells which. */
    SAMEMAP_ERROR_OS = 121,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum samemap_status_t samemap_status_t;
#else
typedef int32_t samemap_status_t;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * One end of a duplex stream of messages, or one half of an end. For one thread at a time: samemap_channel_split()
 * makes two halves, for a thread each.
 */
typedef struct samemap_channel_t samemap_channel_t;

/**
 * A program that is about to be started as a child, with the regions that are offered to it; then that child. For
 * one thread at a time.
 */
typedef struct samemap_command_t samemap_command_t;

/** Sends regions to a running process over a connection, and receives them. For one thread at a time. */
typedef struct samemap_courier_t samemap_courier_t;

/** A flag to wait for, set and unset by any process that has it open. */
typedef struct samemap_event_t samemap_event_t;

/** A reader of a newest value. For one thread at a time. */
typedef struct samemap_latest_reader_t samemap_latest_reader_t;

/**
 * The one writer of a newest value, until it is closed or its process ends. A value is bytes of any length up to a
 * maximum, which readers never see half-written. For one thread at a time.
 *
 * In Rust the values are those of samemap::latest::LatestBytes.
 */
typedef struct samemap_latest_writer_t samemap_latest_writer_t;

/** Takes any number of peers, each on a channel of its own. For one thread at a time. */
typedef struct samemap_listener_t samemap_listener_t;

/** A lock that processes share and one thread owns. The owner may lock it again, and unlocks it as often. */
typedef struct samemap_mutex_t samemap_mutex_t;

/** The one publisher of a topic, until it is closed or its process ends. For one thread at a time. */
typedef struct samemap_publisher_t samemap_publisher_t;

/**
 * One descriptor (on Windows, one handle) that is ready when one of any number of entries may be: for event loops that
 * know nothing of this library. For one thread at a time.
 */
typedef struct samemap_readiness_t samemap_readiness_t;

/**
 * A region: shared memory that lives while any process has a handle or a view of it. Its handle may be used by
 * several threads at once.
 */
typedef struct samemap_region_t samemap_region_t;

/** A count of permits; each wait takes one of them. */
typedef struct samemap_semaphore_t samemap_semaphore_t;

/** A reader of a topic that gets every message; the publisher waits for it. For one thread at a time. */
typedef struct samemap_subscriber_t samemap_subscriber_t;

/** A time to wait for, set by any process that has it open. */
typedef struct samemap_timer_t samemap_timer_t;

/** A view: a range of a region's bytes in this process's memory. It keeps the region alive. */
typedef struct samemap_view_t samemap_view_t;

/**
 * A reader of a topic that never delays the publisher and may miss messages. The right to read the topic's data
 * suffices. For one thread at a time.
 */
typedef struct samemap_viewer_t samemap_viewer_t;

/**
 * An object to wait for: a handle of a mutex, an event, a semaphore or a timer, cast by SAMEMAP_WAITABLE(). Such
 * handles may be used by several threads at once.
 */
typedef struct samemap_waitable_t samemap_waitable_t;

/**
 * What other users may do with an object: SAMEMAP_SHARE_NOTHING, SAMEMAP_SHARE_READ_ONLY or
 * SAMEMAP_SHARE_READ_WRITE.
 */
typedef int32_t samemap_share_t;

/** Whose objects are opened. */
typedef int32_t samemap_trust_t;

/**
 * How an object is made. Begin with SAMEMAP_CREATE_OPTIONS_INIT; NULL stands for that: an object for its owner
 * alone.
 */
typedef struct {
    /** sizeof(samemap_create_options_t). */
    size_t struct_size;
    /** What the members of a group may do. */
    samemap_share_t group_share;
    /** What all users may do. */
    samemap_share_t everyone_share;
    /** Whether `group_id` tells the group; otherwise it is the owner's. */
    bool has_group_id;
    /** The group, on POSIX. */
    uint32_t group_id;
    /** When the call opens: whose objects it accepts. */
    samemap_trust_t trust;
    /** With SAMEMAP_TRUST_USER: a user's number on POSIX, a SID on Windows, as text. It is not used after the call. */
    const char *trusted_user;
} samemap_create_options_t;

/**
 * What may be done with the bytes of a region or a view: one of SAMEMAP_READ_ONLY, SAMEMAP_READ_WRITE and
 * SAMEMAP_COPY_ON_WRITE. Zero stands for SAMEMAP_READ_WRITE.
 */
typedef int32_t samemap_access_t;

/**
 * How an object is opened. Begin with SAMEMAP_OPEN_OPTIONS_INIT; NULL stands for that: reading and writing, without
 * patience.
 */
typedef struct {
    /** sizeof(samemap_open_options_t). */
    size_t struct_size;
    /** The access to a region. Objects to wait for need SAMEMAP_READ_WRITE. */
    samemap_access_t access;
    /** Whose objects are accepted. */
    samemap_trust_t trust;
    /** With SAMEMAP_TRUST_USER: a user's number on POSIX, a SID on Windows, as text. It is not used after the call. */
    const char *trusted_user;
    /** How long to wait for an object that does not exist yet, in nanoseconds. */
    uint64_t patience;
} samemap_open_options_t;

/**
 * How a region lies over a file. Begin with SAMEMAP_FILE_OPTIONS_INIT; NULL stands for that: reading and writing,
 * with the file's length.
 */
typedef struct {
    /** sizeof(samemap_file_options_t). */
    size_t struct_size;
    /** The access to the file and the region. */
    samemap_access_t access;
    /**
     * Whether the disk's blocks are had when they are written to, and not at once: a full disk then ends the
     * process.
     */
    bool leave_holes;
    /**
     * The region's length in bytes; with SAMEMAP_READ_WRITE a shorter file grows to it. 0 stands for the file's
     * length.
     */
    uint64_t size;
} samemap_file_options_t;

/** How an event or a timer is unset: SAMEMAP_AUTO_RESET or SAMEMAP_MANUAL_RESET. */
typedef int32_t samemap_reset_t;

/** What writer and readers agree on. Begin with SAMEMAP_LATEST_OPTIONS_INIT; NULL stands for that: version 0. */
typedef struct {
    /** sizeof(samemap_latest_options_t). */
    size_t struct_size;
    /**
     * The version that the program gives to the meaning of the bytes. A program with another version gets
     * SAMEMAP_ERROR_LAYOUT_MISMATCH.
     */
    uint32_t version;
} samemap_latest_options_t;

/** How a channel or a listener works. Begin with SAMEMAP_CHANNEL_OPTIONS_INIT; NULL stands for that. */
typedef struct {
    /** sizeof(samemap_channel_options_t). */
    size_t struct_size;
    /**
     * Bytes of each of the two rings, rounded up to a power of two, up to 1 GiB. A message may take up to half of
     * a ring. 0 stands for 64 KiB. Ignored when connecting.
     */
    size_t capacity;
    /** How many clients may wait for a listener in the order in which they came. 0 stands for 1024. */
    size_t backlog;
    /**
     * How long a side that waits looks for news before it sleeps, in nanoseconds. 0 lets the library learn how
     * long that pays; SAMEMAP_SPIN_NEVER sleeps at once.
     */
    uint64_t spin;
} samemap_channel_options_t;

/**
 * How a topic works, for its publisher and its readers. Begin with SAMEMAP_TOPIC_OPTIONS_INIT; NULL stands for that.
 *
 * In a topic one publisher's messages reach every reader. Subscribers get each message, lent in place, and the publisher
 * waits for them. Viewers copy what is kept, are told how many messages they missed, and delay nobody. The topic is two
 * regions: the data, with its name, and the lobby, with ".lobby" behind the name.
 */
typedef struct {
    /** sizeof(samemap_topic_options_t). */
    size_t struct_size;
    /**
     * For the publisher: bytes of the ring. A message takes its length, rounded up to a multiple of 64, and at most a
     * third of the ring. 0 stands for 1 MiB.
     */
    size_t capacity;
    /**
     * For the publisher: how many subscribers there can be at once, up to 1024. 0 stands for 64. Viewers do not
     * count.
     */
    uint32_t subscribers;
    /**
     * The version that the program gives to the meaning of the bytes. A program with another version gets
     * SAMEMAP_ERROR_LAYOUT_MISMATCH.
     */
    uint32_t version;
    /**
     * For readers: begins with up to so many of the messages that are kept. 0 begins with the next message,
     * UINT64_MAX with the oldest that is kept.
     */
    uint64_t history;
    /** How long this end looks for news before it sleeps, in nanoseconds; as for channels. */
    uint64_t spin;
    /**
     * For the publisher: throws out a subscriber that holds it back for so many nanoseconds without receiving. 0
     * throws out none. A subscriber that has ended holds the publisher back for 100 ms at most.
     */
    uint64_t throw_out_after;
} samemap_topic_options_t;

/** A subscriber that holds the publisher back. */
typedef struct {
    /** The number of the message that it needs next, or that is lent to it. */
    uint64_t position;
    /** How many messages it has not given back. */
    uint64_t behind;
    /** The id of its process, as that process tells it. */
    uint32_t process_id;
    /** Whether it was thrown out: then only a message that is still lent to it is in the way. */
    bool is_thrown_out;
} samemap_laggard_t;

/** What a samemap_awaited_t waits for: one of SAMEMAP_AWAITED_OBJECT and its kin. */
typedef int32_t samemap_awaited_kind_t;

/** An entry in a list to wait for. */
typedef struct {
    /** What the handle is of, and what the wait is for. */
    samemap_awaited_kind_t kind;
    /** The handle, of the type that `kind` says. A handle of another type is undefined behaviour. */
    const void *handle;
    /** For SAMEMAP_AWAITED_NEWER: the number of the value that was read; 0 waits for any value. */
    uint64_t newer_than;
} samemap_awaited_t;

/** The kind of an object. */
typedef int32_t samemap_kind_t;

/** What is known of an entry. */
typedef int32_t samemap_state_t;

/** An entry of the catalog. It is valid during the call that it is given to. Later versions add fields at the end. */
typedef struct {
    /** The object's name; NULL where it cannot be told. */
    const char *name;
    /** The system's name for it, such as a file's. */
    const char *system_name;
    /** The owner: a user's number on POSIX, a SID on Windows. */
    const char *owner;
    /** What it is. */
    samemap_kind_t kind;
    /** What is known of it. */
    samemap_state_t state;
    /** Its length in bytes. */
    uint64_t size;
    /** How many holders it has; -1 where they were not counted, or cannot be. */
    int64_t holders;
} samemap_entry_t;

/** What samemap_catalog_list() calls for each entry; an answer other than 0 ends the list. */
typedef int (*samemap_entry_callback_t)(const samemap_entry_t *entry, void *context);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of the library that is running, such as "0.1.0": SAMEMAP_VERSION is that of the header. Programs run
 * with any library of the same SONAME that is not older than their header.
 */
const char *samemap_version(void);

/**
 * What the last failed function of this thread says: one line of UTF-8 that states what happened and what to do;
 * empty before the first. The text is valid until another function fails in this thread. Never NULL.
 */
const char *samemap_last_error_message(void);

/**
 * The code of the last failed function of this thread; SAMEMAP_OK before the first. Functions that succeed do not
 * change it.
 */
samemap_status_t samemap_last_error(void);

/** The system's own number for the last failure of this thread: an errno, or a Win32 error; 0 where there was none. */
int32_t samemap_last_os_error(void);

/**
 * The name of a code, such as "SAMEMAP_TIMED_OUT"; "SAMEMAP_UNKNOWN" for any other number. The text is
 * always valid.
 */
const char *samemap_error_name(int32_t status);

/**
 * Creates a region of `size` bytes, rounded up to whole pages, whose bytes are zero; the name must be free. Close it
 * with samemap_region_close().
 */
samemap_status_t samemap_region_create(const char *name,
                                       uint64_t size,
                                       const samemap_create_options_t *options,
                                       samemap_region_t **region);

/**
 * Opens the region with the name, or creates one of `size` bytes; `created`, which may be NULL, tells which of the
 * two happened.
 */
samemap_status_t samemap_region_create_or_open(const char *name,
                                               uint64_t size,
                                               const samemap_create_options_t *options,
                                               samemap_region_t **region,
                                               bool *created);

/** Opens the region with the name. */
samemap_status_t samemap_region_open(const char *name,
                                     const samemap_open_options_t *options,
                                     samemap_region_t **region);

/** Creates a region without a name, to be handed to other processes. */
samemap_status_t samemap_region_anonymous(uint64_t size,
                                          const samemap_create_options_t *options,
                                          samemap_region_t **region);

/** Closes the handle; views of the region stay. NULL does nothing. */
void samemap_region_close(samemap_region_t *region);

/** Gives the region's length in bytes, which never changes: whole pages, or a file's exact length. */
samemap_status_t samemap_region_length(const samemap_region_t *region, uint64_t *length);

/** Gives the access that the region is held with. */
samemap_status_t samemap_region_access(const samemap_region_t *region, samemap_access_t *access);

/**
 * The region's name, such as "Local\\frames", valid until the handle is closed; NULL for a region without a name,
 * and for NULL.
 */
const char *samemap_region_name(const samemap_region_t *region);

/**
 * Makes a forked child (without exec) hold the region, which the child otherwise sees and does not keep alive. In
 * other processes it does nothing.
 */
samemap_status_t samemap_region_hold_again(const samemap_region_t *region);

/** Makes a region without a name over the file at `path` (UTF-8). What is written to it reaches the file. */
samemap_status_t samemap_region_over_file(const char *path,
                                          const samemap_file_options_t *file,
                                          samemap_region_t **region);

/** Creates a region with a name over the file at `path`; the name must be free. */
samemap_status_t samemap_region_create_over_file(const char *name,
                                                 const char *path,
                                                 const samemap_file_options_t *file,
                                                 const samemap_create_options_t *options,
                                                 samemap_region_t **region);

/**
 * Opens the region with the name, or creates one over the file at `path`; `created`, which may be NULL, tells
 * which of the two happened.
 */
samemap_status_t samemap_region_create_or_open_over_file(const char *name,
                                                         const char *path,
                                                         const samemap_file_options_t *file,
                                                         const samemap_create_options_t *options,
                                                         samemap_region_t **region,
                                                         bool *created);

/**
 * Maps `length` bytes at `offset` of the region; any byte range will do, and SAMEMAP_TO_THE_END stands for the
 * rest. Unmap it with samemap_view_close().
 *
 * Other processes may change the bytes at any time: let a mutex, atomic operations or the order of messages tell
 * when they do not.
 */
samemap_status_t samemap_region_map(const samemap_region_t *region,
                                    uint64_t offset,
                                    uint64_t length,
                                    samemap_access_t access,
                                    samemap_view_t **view);

/**
 * Maps as samemap_region_map() does, at exactly the address `base`, so that pointers in the region are good in
 * several processes. Address and offset are multiples of 64 KiB. NULL leaves the address to the system. Where the
 * address is in use, the call fails with SAMEMAP_ERROR_ADDRESS_IN_USE and changes nothing.
 */
samemap_status_t samemap_region_map_at(const samemap_region_t *region,
                                       uint64_t offset,
                                       uint64_t length,
                                       samemap_access_t access,
                                       void *base,
                                       samemap_view_t **view);

/**
 * Unmaps the view: pointers into it are no longer valid. Objects inside it, and newest values, keep it mapped for
 * themselves. NULL does nothing.
 */
void samemap_view_close(samemap_view_t *view);

/**
 * The address of the view's first byte, valid until the view is closed; NULL for NULL. Writing to a read-only view
 * ends the process.
 */
void *samemap_view_data(const samemap_view_t *view);

/** The view's length in bytes; 0 for NULL. */
size_t samemap_view_length(const samemap_view_t *view);

/**
 * Writes `length` bytes at `offset` of the view to the file that the region lies over, and waits until they are
 * there. Where there is no file it does nothing.
 */
samemap_status_t samemap_view_flush(const samemap_view_t *view,
                                    size_t offset,
                                    size_t length);

/** Copies bytes out of the view, which other processes may change meanwhile. */
samemap_status_t samemap_view_read(const samemap_view_t *view,
                                   size_t offset,
                                   void *data,
                                   size_t length);

/** Copies bytes into the view, which other processes may read meanwhile. */
samemap_status_t samemap_view_write(const samemap_view_t *view,
                                    size_t offset,
                                    const void *data,
                                    size_t length);

/**
 * Waits until the object is signalled or can be owned, and takes the signal or the ownership: an auto-reset event or
 * timer is unset, a semaphore has one permit less, a mutex is owned by this thread.
 *
 * The timeout is in nanoseconds: 0 does not wait, SAMEMAP_FOREVER waits without end. Answers SAMEMAP_OK,
 * SAMEMAP_TIMED_OUT or, of a mutex, SAMEMAP_ABANDONED.
 */
samemap_status_t samemap_wait(const samemap_waitable_t *object,
                              uint64_t timeout);

/**
 * Waits until one of 1 to 64 objects is signalled or can be owned, takes that one alone, and gives its index: the
 * lowest one where there are several. Timeout and answers are those of samemap_wait().
 */
samemap_status_t samemap_wait_any(const samemap_waitable_t *const *objects,
                                  size_t count,
                                  uint64_t timeout,
                                  size_t *index);

/**
 * Waits until all of 1 to 64 objects are signalled, or can be owned, at one moment, and takes all of them then; until
 * then it takes none. No object may be among them twice. Timeout and answers are those of samemap_wait(); with
 * SAMEMAP_ABANDONED, all are taken, and a mutex among them was abandoned.
 *
 * SAMEMAP_ERROR_UNSUPPORTED where the system cannot take them together; then nothing was changed.
 */
samemap_status_t samemap_wait_all(const samemap_waitable_t *const *objects,
                                  size_t count,
                                  uint64_t timeout);

/**
 * Signals `first` (sets an event, gives one permit to a semaphore, unlocks a mutex) and then waits for `second` as
 * samemap_wait() does. When the signal fails, the call does not wait; when time runs out, `first` stays signalled.
 *
 * The two are not one step: another thread may take `second` in between. No signal is lost.
 */
samemap_status_t samemap_signal_and_wait(const samemap_waitable_t *first,
                                         const samemap_waitable_t *second,
                                         uint64_t timeout);

/**
 * The object's name, such as "Local\\ready", valid until the handle is closed; NULL for an object inside a region,
 * and for NULL.
 */
const char *samemap_waitable_name(const samemap_waitable_t *object);

/** Creates a mutex; the name must be free. Close it with samemap_mutex_close(). */
samemap_status_t samemap_mutex_create(const char *name,
                                      const samemap_create_options_t *options,
                                      samemap_mutex_t **mutex);

/** Opens the mutex with the name, or creates one; `created`, which may be NULL, tells which of the two happened. */
samemap_status_t samemap_mutex_create_or_open(const char *name,
                                              const samemap_create_options_t *options,
                                              samemap_mutex_t **mutex,
                                              bool *created);

/** Opens the mutex with the name. */
samemap_status_t samemap_mutex_open(const char *name,
                                    const samemap_open_options_t *options,
                                    samemap_mutex_t **mutex);

/**
 * Makes a mutex inside a region, at `offset` of a read-write view of it; `samemap::sync::SharedMutex` in Rust.
 *
 * It takes SAMEMAP_MUTEX_SIZE bytes, aligned to 8, which must be zero before and are the mutex's alone from then on.
 */
samemap_status_t samemap_mutex_create_in(const samemap_view_t *view,
                                         size_t offset,
                                         samemap_mutex_t **mutex);

/**
 * Opens the mutex at `offset` of the view, or makes one; `created`, which may be NULL, tells which of the two
 * happened.
 */
samemap_status_t samemap_mutex_create_or_open_in(const samemap_view_t *view,
                                                 size_t offset,
                                                 samemap_mutex_t **mutex,
                                                 bool *created);

/** Opens the mutex at `offset` of the view. */
samemap_status_t samemap_mutex_open_in(const samemap_view_t *view,
                                       size_t offset,
                                       samemap_mutex_t **mutex);

/** Closes the handle. An owned mutex stays owned until its thread ends. NULL does nothing. */
void samemap_mutex_close(samemap_mutex_t *mutex);

/**
 * Waits until this thread owns the mutex. The timeout is in nanoseconds: 0 does not wait, SAMEMAP_FOREVER waits
 * without end.
 *
 * Answers SAMEMAP_OK, SAMEMAP_TIMED_OUT or SAMEMAP_ABANDONED. After SAMEMAP_ABANDONED this thread owns the mutex
 * too; its previous owner, a process or a thread, ended without unlocking it. Each SAMEMAP_OK and each
 * SAMEMAP_ABANDONED needs one samemap_mutex_unlock().
 */
samemap_status_t samemap_mutex_lock(const samemap_mutex_t *mutex,
                                    uint64_t timeout);

/** Unlocks the mutex once. SAMEMAP_ERROR_NOT_OWNER when this thread does not own it. */
samemap_status_t samemap_mutex_unlock(const samemap_mutex_t *mutex);

/**
 * Creates an event; the name must be free. `reset` says how the event is unset, and `is_set` whether it is set at
 * first. Close it with samemap_event_close().
 */
samemap_status_t samemap_event_create(const char *name,
                                      samemap_reset_t reset,
                                      bool is_set,
                                      const samemap_create_options_t *options,
                                      samemap_event_t **event);

/**
 * Opens the event with the name, or creates one; `created`, which may be NULL, tells which of the two happened. An
 * event that is opened stays as it is.
 */
samemap_status_t samemap_event_create_or_open(const char *name,
                                              samemap_reset_t reset,
                                              bool is_set,
                                              const samemap_create_options_t *options,
                                              samemap_event_t **event,
                                              bool *created);

/** Opens the event with the name. */
samemap_status_t samemap_event_open(const char *name,
                                    const samemap_open_options_t *options,
                                    samemap_event_t **event);

/**
 * Makes an event inside a region, at `offset` of a read-write view of it; `samemap::sync::SharedEvent` in Rust.
 *
 * It takes SAMEMAP_EVENT_SIZE bytes, aligned to 8, which must be zero before and are the event's alone from then on.
 */
samemap_status_t samemap_event_create_in(const samemap_view_t *view,
                                         size_t offset,
                                         samemap_reset_t reset,
                                         bool is_set,
                                         samemap_event_t **event);

/**
 * Opens the event at `offset` of the view, or makes one; `created`, which may be NULL, tells which of the two
 * happened.
 */
samemap_status_t samemap_event_create_or_open_in(const samemap_view_t *view,
                                                 size_t offset,
                                                 samemap_reset_t reset,
                                                 bool is_set,
                                                 samemap_event_t **event,
                                                 bool *created);

/** Opens the event at `offset` of the view. */
samemap_status_t samemap_event_open_in(const samemap_view_t *view,
                                       size_t offset,
                                       samemap_event_t **event);

/** Closes the handle. NULL does nothing. */
void samemap_event_close(samemap_event_t *event);

/**
 * Sets the event. An auto-reset event lets one wait through; a manual-reset event lets every wait through until
 * samemap_event_reset().
 */
samemap_status_t samemap_event_set(const samemap_event_t *event);

/** Unsets the event. */
samemap_status_t samemap_event_reset(const samemap_event_t *event);

/** Waits until the event is set; see samemap_wait(). */
samemap_status_t samemap_event_wait(const samemap_event_t *event, uint64_t timeout);

/**
 * Creates a semaphore with `initial` permits, and at most `maximum`; the name must be free. Close it with
 * samemap_semaphore_close().
 */
samemap_status_t samemap_semaphore_create(const char *name,
                                          uint32_t initial,
                                          uint32_t maximum,
                                          const samemap_create_options_t *options,
                                          samemap_semaphore_t **semaphore);

/** Opens the semaphore with the name, or creates one; `created`, which may be NULL, tells which of the two happened. */
samemap_status_t samemap_semaphore_create_or_open(const char *name,
                                                  uint32_t initial,
                                                  uint32_t maximum,
                                                  const samemap_create_options_t *options,
                                                  samemap_semaphore_t **semaphore,
                                                  bool *created);

/** Opens the semaphore with the name. */
samemap_status_t samemap_semaphore_open(const char *name,
                                        const samemap_open_options_t *options,
                                        samemap_semaphore_t **semaphore);

/**
 * Makes a semaphore with `initial` permits, and at most `maximum`, inside a region, at `offset` of a read-write view
 * of it; `samemap::sync::SharedSemaphore` in Rust.
 *
 * It takes SAMEMAP_SEMAPHORE_SIZE bytes, aligned to 8, which must be zero before and are the semaphore's alone from then
 * on.
 */
samemap_status_t samemap_semaphore_create_in(const samemap_view_t *view,
                                             size_t offset,
                                             uint32_t initial,
                                             uint32_t maximum,
                                             samemap_semaphore_t **semaphore);

/**
 * Opens the semaphore at `offset` of the view, or makes one; `created`, which may be NULL, tells which of the two
 * happened.
 */
samemap_status_t samemap_semaphore_create_or_open_in(const samemap_view_t *view,
                                                     size_t offset,
                                                     uint32_t initial,
                                                     uint32_t maximum,
                                                     samemap_semaphore_t **semaphore,
                                                     bool *created);

/** Opens the semaphore at `offset` of the view. */
samemap_status_t samemap_semaphore_open_in(const samemap_view_t *view,
                                           size_t offset,
                                           samemap_semaphore_t **semaphore);

/** Closes the handle. NULL does nothing. */
void samemap_semaphore_close(samemap_semaphore_t *semaphore);

/**
 * Gives `count` permits back; `before`, which may be NULL, tells how many there were. SAMEMAP_ERROR_LIMIT_EXCEEDED
 * when there would be more than the maximum: then nothing has changed.
 */
samemap_status_t samemap_semaphore_release(const samemap_semaphore_t *semaphore,
                                           uint32_t count,
                                           uint32_t *before);

/** Waits for a permit and takes it; see samemap_wait(). */
samemap_status_t samemap_semaphore_wait(const samemap_semaphore_t *semaphore, uint64_t timeout);

/**
 * Creates a timer; the name must be free. `reset` says how the timer is unset. Close it with
 * samemap_timer_close().
 */
samemap_status_t samemap_timer_create(const char *name,
                                      samemap_reset_t reset,
                                      const samemap_create_options_t *options,
                                      samemap_timer_t **timer);

/** Opens the timer with the name, or creates one; `created`, which may be NULL, tells which of the two happened. */
samemap_status_t samemap_timer_create_or_open(const char *name,
                                              samemap_reset_t reset,
                                              const samemap_create_options_t *options,
                                              samemap_timer_t **timer,
                                              bool *created);

/** Opens the timer with the name. */
samemap_status_t samemap_timer_open(const char *name,
                                    const samemap_open_options_t *options,
                                    samemap_timer_t **timer);

/** Closes the handle. NULL does nothing. */
void samemap_timer_close(samemap_timer_t *timer);

/**
 * Starts the timer: it is unset now, and set when `after` nanoseconds have passed. If `period` is not 0, it is set
 * again after each `period` nanoseconds, rounded up to milliseconds.
 */
samemap_status_t samemap_timer_set(const samemap_timer_t *timer,
                                   uint64_t after,
                                   uint64_t period);

/**
 * Starts the timer as samemap_timer_set() does, for a time of the system's clock: `at` nanoseconds after the beginning of
 * 1970 (UTC). When the clock is set, the timer follows.
 */
samemap_status_t samemap_timer_set_at(const samemap_timer_t *timer,
                                      uint64_t at,
                                      uint64_t period);

/** Stops the timer; a timer that is set already stays set. */
samemap_status_t samemap_timer_cancel(const samemap_timer_t *timer);

/** Waits until the timer is set; see samemap_wait(). */
samemap_status_t samemap_timer_wait(const samemap_timer_t *timer, uint64_t timeout);

/** Gives the number of bytes that values of at most `max_length` bytes take in a view. */
samemap_status_t samemap_latest_size(size_t max_length, size_t *size);

/**
 * Creates the one writer of the newest value with the name, for values of at most `max_length` bytes: makes the
 * region, or goes on in the one that readers still hold. SAMEMAP_ERROR_BUSY while there is another writer.
 */
samemap_status_t samemap_latest_writer_create(const char *name,
                                              size_t max_length,
                                              const samemap_latest_options_t *latest,
                                              const samemap_create_options_t *options,
                                              samemap_latest_writer_t **writer);

/**
 * Creates the one writer of the newest value at `offset` of a read-write view. It takes samemap_latest_size()
 * bytes, aligned to 8, and to 64 at best, which must be zero before the first writer.
 */
samemap_status_t samemap_latest_writer_create_in(const samemap_view_t *view,
                                                 size_t offset,
                                                 size_t max_length,
                                                 const samemap_latest_options_t *latest,
                                                 samemap_latest_writer_t **writer);

/** Writes a value and wakes the readers that wait for it; `sequence`, which may be NULL, tells its number. */
samemap_status_t samemap_latest_write(const samemap_latest_writer_t *writer,
                                      const void *data,
                                      size_t length,
                                      uint64_t *sequence);

/** Ends the writer, and tells the readers. NULL does nothing. */
void samemap_latest_writer_close(samemap_latest_writer_t *writer);

/** Opens the newest value with the name, for reading. A reader with the access SAMEMAP_READ_ONLY cannot wait. */
samemap_status_t samemap_latest_reader_open(const char *name,
                                            const samemap_latest_options_t *latest,
                                            const samemap_open_options_t *options,
                                            samemap_latest_reader_t **reader);

/** Opens the newest value at `offset` of a view, for reading. */
samemap_status_t samemap_latest_reader_open_in(const samemap_view_t *view,
                                               size_t offset,
                                               const samemap_latest_options_t *latest,
                                               samemap_latest_reader_t **reader);

/**
 * Copies the newest value to `buffer` if its number is larger than `newer_than`; 0 takes any value. `length` tells
 * the value's length, and `sequence` its number; either may be NULL. SAMEMAP_NOTHING when there is no such value:
 * the call does not wait.
 *
 * SAMEMAP_ERROR_TOO_LONG when the value is longer than `size`: `length` tells its length. No value is longer than
 * samemap_latest_max_length().
 */
samemap_status_t samemap_latest_read(const samemap_latest_reader_t *reader,
                                     uint64_t newer_than,
                                     void *buffer,
                                     size_t size,
                                     size_t *length,
                                     uint64_t *sequence);

/**
 * Waits until there is a value whose number is larger than `newer_than`, and copies it as samemap_latest_read()
 * does.
 *
 * SAMEMAP_TIMED_OUT when no such value came in time. SAMEMAP_WRITER_GONE when the writer has ended without one:
 * each reader is told once, and its next call waits for the next writer.
 */
samemap_status_t samemap_latest_wait(const samemap_latest_reader_t *reader,
                                     uint64_t newer_than,
                                     uint64_t timeout,
                                     void *buffer,
                                     size_t size,
                                     size_t *length,
                                     uint64_t *sequence);

/** Gives the length of the longest value, as the writer has set it. */
samemap_status_t samemap_latest_max_length(const samemap_latest_reader_t *reader,
                                           size_t *max_length);

/** Closes the reader. NULL does nothing. */
void samemap_latest_reader_close(samemap_latest_reader_t *reader);

/**
 * Creates a channel for one peer; the name must be free. The call does not wait for the peer:
 * samemap_channel_wait_for_peer() does. Messages that are sent before the peer comes wait for it in the ring.
 */
samemap_status_t samemap_channel_create(const char *name,
                                        const samemap_channel_options_t *channel_options,
                                        const samemap_create_options_t *options,
                                        samemap_channel_t **channel);

/**
 * Creates a channel for one peer at the start of a new region, such as one without a name that is handed over. The
 * region has samemap_channel_region_size() bytes or more.
 */
samemap_status_t samemap_channel_create_in(const samemap_region_t *region,
                                           const samemap_channel_options_t *channel_options,
                                           samemap_channel_t **channel);

/** Gives the number of bytes that a channel with these options takes in a region. */
samemap_status_t samemap_channel_region_size(const samemap_channel_options_t *channel_options,
                                             uint64_t *size);

/**
 * Connects to the channel, or to the listener, with the name. The call waits for its turn for as long as the
 * patience of `options` says; with NULL that is a second. SAMEMAP_OPEN_OPTIONS_INIT has none: say it there.
 *
 * SAMEMAP_TIMED_OUT when the listener has not accepted the caller in that time, SAMEMAP_ERROR_BUSY when a channel
 * has a peer already.
 */
samemap_status_t samemap_channel_connect(const char *name,
                                         const samemap_channel_options_t *channel_options,
                                         const samemap_open_options_t *options,
                                         samemap_channel_t **channel);

/** Connects to the channel in a region. */
samemap_status_t samemap_channel_connect_in(const samemap_region_t *region,
                                            const samemap_channel_options_t *channel_options,
                                            samemap_channel_t **channel);

/** Waits until a peer has connected to the channel that this process made. */
samemap_status_t samemap_channel_wait_for_peer(const samemap_channel_t *channel, uint64_t timeout);

/**
 * Makes the channel new after the peer has ended, and waits until another peer has connected. Messages that were
 * sent and not received are lost. SAMEMAP_ERROR_BUSY while the peer is still there.
 */
samemap_status_t samemap_channel_wait_for_next_peer(const samemap_channel_t *channel,
                                                    uint64_t timeout);

/**
 * Gives the process at the other end of a channel that a listener accepted, as the system told it when that
 * process connected. `process_id` tells its id, and `user` the user that it acted as: a user's number on POSIX, a
 * SID on Windows, valid until the channel is closed. What the system does not tell is 0, or NULL; either place may
 * be NULL.
 *
 * SAMEMAP_ERROR_UNSUPPORTED where nothing proves it: for a channel that was made by samemap_channel_create(), for
 * a client on Windows, and for a client of another network namespace.
 */
samemap_status_t samemap_channel_peer(const samemap_channel_t *channel,
                                      uint32_t *process_id,
                                      const char **user);

/**
 * Splits an end into a half that sends and a half that receives, for one thread each. Each is closed by
 * samemap_channel_close(), and the end lives until both are. `channel` is closed when the call succeeds; a message
 * that is being filled, or is lent, is given up.
 */
samemap_status_t samemap_channel_split(samemap_channel_t *channel,
                                       samemap_channel_t **sender,
                                       samemap_channel_t **receiver);

/**
 * Closes the end, or the half: the peer reads what was sent, and is then told SAMEMAP_ERROR_CLOSED. NULL does
 * nothing.
 */
void samemap_channel_close(samemap_channel_t *channel);

/** Creates a listener; the name must be free. Any number of peers connect to it by samemap_channel_connect(). */
samemap_status_t samemap_listener_bind(const char *name,
                                       const samemap_channel_options_t *channel_options,
                                       const samemap_create_options_t *options,
                                       samemap_listener_t **listener);

/** Waits for the next peer. `channel` is then the listener's end of the channel that the two share. */
samemap_status_t samemap_listener_accept(const samemap_listener_t *listener,
                                         uint64_t timeout,
                                         samemap_channel_t **channel);

/** Ends the listener; its channels stay. NULL does nothing. */
void samemap_listener_close(samemap_listener_t *listener);

/**
 * Sends a copy of `length` bytes; waits while the ring is full.
 *
 * SAMEMAP_ERROR_TOO_LONG for more than samemap_channel_max_message(), SAMEMAP_ERROR_CLOSED when the peer has
 * closed, SAMEMAP_ERROR_PEER_DIED when the peer's process has ended without closing.
 */
samemap_status_t samemap_channel_send(const samemap_channel_t *channel,
                                      const void *data,
                                      size_t length,
                                      uint64_t timeout);

/**
 * Copies the next message to `buffer`; waits until there is one. `length` tells its length.
 *
 * SAMEMAP_ERROR_TOO_LONG when the message is longer than `size`: `length` tells its length, and the next call
 * receives it again. When no message is left: SAMEMAP_ERROR_CLOSED if the peer has closed, SAMEMAP_ERROR_PEER_DIED
 * if its process has ended without closing.
 */
samemap_status_t samemap_channel_receive(const samemap_channel_t *channel,
                                         void *buffer,
                                         size_t size,
                                         size_t *length,
                                         uint64_t timeout);

/**
 * Gives room for a message of up to `length` bytes in the ring, to be filled in place and sent by
 * samemap_channel_commit(); waits while the ring is full. The bytes are whatever was there before.
 *
 * One message is filled at a time; until it is committed or cancelled, other calls that send are refused.
 */
samemap_status_t samemap_channel_reserve(const samemap_channel_t *channel,
                                         size_t length,
                                         uint64_t timeout,
                                         void **data);

/**
 * Sends the first `length` bytes of the room that samemap_channel_reserve() gave. SAMEMAP_ERROR_INVALID_ARGUMENT
 * when no room was given, SAMEMAP_ERROR_OUT_OF_RANGE when the room has fewer bytes.
 */
samemap_status_t samemap_channel_commit(const samemap_channel_t *channel,
                                        size_t length);

/** Gives up the room that samemap_channel_reserve() gave: nothing is sent. */
samemap_status_t samemap_channel_cancel(const samemap_channel_t *channel);

/**
 * Lends the next message in place; waits until there is one. Its room stays taken until samemap_channel_release().
 *
 * A peer that breaks the protocol can still change the bytes: copy what is to be checked before it is checked. One
 * message is lent at a time; until it is released, other calls that receive are refused.
 */
samemap_status_t samemap_channel_borrow(const samemap_channel_t *channel,
                                        const void **data,
                                        size_t *length,
                                        uint64_t timeout);

/**
 * Gives the room of the message that samemap_channel_borrow() lent back to the sender.
 * SAMEMAP_ERROR_INVALID_ARGUMENT when no message is lent.
 */
samemap_status_t samemap_channel_release(const samemap_channel_t *channel);

/** Gives the length of the longest message. */
samemap_status_t samemap_channel_max_message(const samemap_channel_t *channel, size_t *length);

/**
 * Waits until one of 1 to 64 channels has a message, or its peer has ended, and gives the lowest index of those.
 * It takes nothing: receive then with a timeout of 0.
 */
samemap_status_t samemap_channel_wait_any(const samemap_channel_t *const *channels,
                                          size_t count,
                                          uint64_t timeout,
                                          size_t *index);

/** Gives the numbers of bytes that a topic with these options takes in two views: its data, and its lobby. */
samemap_status_t samemap_topic_size(const samemap_topic_options_t *topic,
                                    uint64_t *data_size,
                                    uint64_t *lobby_size);

/**
 * Creates the one publisher of the topic with the name: makes the topic, or goes on in the one that readers still
 * hold. SAMEMAP_ERROR_BUSY while there is another publisher.
 */
samemap_status_t samemap_publisher_create(const char *name,
                                          const samemap_topic_options_t *topic,
                                          const samemap_create_options_t *options,
                                          samemap_publisher_t **publisher);

/**
 * Creates the one publisher of the topic in two read-write views: of its data, and of its lobby. They have the
 * sizes that samemap_topic_size() gives, and their bytes must be zero before the first publisher.
 */
samemap_status_t samemap_publisher_create_in(const samemap_view_t *data,
                                             const samemap_view_t *lobby,
                                             const samemap_topic_options_t *topic,
                                             samemap_publisher_t **publisher);

/**
 * Publishes a copy of `length` bytes; waits for subscribers that still need what it would overwrite.
 *
 * SAMEMAP_ERROR_TOO_LONG for more than samemap_publisher_max_message().
 */
samemap_status_t samemap_publisher_publish(const samemap_publisher_t *publisher,
                                           const void *data,
                                           size_t length,
                                           uint64_t timeout);

/**
 * Gives room for a message of up to `length` bytes in the ring, to be filled in place and published by
 * samemap_publisher_commit(); waits for subscribers that still need what lies there. The bytes begin on a multiple
 * of 64, and are whatever was there before.
 *
 * One message is filled at a time; until it is committed or cancelled, other calls with the publisher are refused.
 */
samemap_status_t samemap_publisher_reserve(const samemap_publisher_t *publisher,
                                           size_t length,
                                           uint64_t timeout,
                                           void **data);

/**
 * Publishes the first `length` bytes of the room that samemap_publisher_reserve() gave; `sequence`, which may be
 * NULL, tells the message's number. SAMEMAP_ERROR_INVALID_ARGUMENT when no room was given,
 * SAMEMAP_ERROR_OUT_OF_RANGE when the room has fewer bytes.
 */
samemap_status_t samemap_publisher_commit(const samemap_publisher_t *publisher,
                                          size_t length,
                                          uint64_t *sequence);

/** Gives up the room that samemap_publisher_reserve() gave: nothing is published. */
samemap_status_t samemap_publisher_cancel(const samemap_publisher_t *publisher);

/** Gives the length of the longest message. */
samemap_status_t samemap_publisher_max_message(const samemap_publisher_t *publisher,
                                               size_t *length);

/**
 * Gives the numbers of the oldest message that is kept and of the newest one, either of which may be NULL. The newest
 * is 0 before the first.
 */
samemap_status_t samemap_publisher_kept(const samemap_publisher_t *publisher,
                                        uint64_t *oldest,
                                        uint64_t *newest);

/**
 * Gives the subscribers that hold the publisher back: up to `size` of them, and in `count` how many there are.
 * Such a subscriber still needs what the publisher wanted to overwrite when it last found no room, or it was
 * thrown out and has not given its message back.
 */
samemap_status_t samemap_publisher_laggards(const samemap_publisher_t *publisher,
                                            samemap_laggard_t *laggards,
                                            size_t size,
                                            size_t *count);

/**
 * Stops waiting for a subscriber, by its index among those that samemap_publisher_laggards() gave last. The
 * subscriber's next call is SAMEMAP_ERROR_BUSY, and a message that is lent to it stays as it is until the
 * subscriber releases it. SAMEMAP_NOTHING when the subscriber does not hold the publisher back any more.
 */
samemap_status_t samemap_publisher_throw_out(const samemap_publisher_t *publisher,
                                             size_t index);

/** Ends the publisher, and tells the readers; another one may follow. NULL does nothing. */
void samemap_publisher_close(samemap_publisher_t *publisher);

/**
 * Subscribes to the topic with the name. The process needs the right to write to the topic's lobby; the access of
 * `options` is ignored. SAMEMAP_ERROR_BUSY when there are as many subscribers as the topic takes.
 */
samemap_status_t samemap_subscriber_open(const char *name,
                                         const samemap_topic_options_t *topic,
                                         const samemap_open_options_t *options,
                                         samemap_subscriber_t **subscriber);

/** Subscribes to the topic in two views: of its data, which may be read-only, and of its lobby. */
samemap_status_t samemap_subscriber_open_in(const samemap_view_t *data,
                                            const samemap_view_t *lobby,
                                            const samemap_topic_options_t *topic,
                                            samemap_subscriber_t **subscriber);

/**
 * Copies the next message to `buffer`; waits until there is one. `length` tells its length, and `sequence` its
 * number; either may be NULL.
 *
 * SAMEMAP_ERROR_TOO_LONG when the message is longer than `size`: `length` tells its length, and the next call
 * receives it again. When no message is left: SAMEMAP_ERROR_CLOSED if the publisher has closed,
 * SAMEMAP_ERROR_PEER_DIED if its process has ended without closing. Each end is told once, and the next call waits
 * for the next publisher. SAMEMAP_ERROR_BUSY when the publisher has thrown this subscriber out.
 */
samemap_status_t samemap_subscriber_receive(const samemap_subscriber_t *subscriber,
                                            void *buffer,
                                            size_t size,
                                            size_t *length,
                                            uint64_t *sequence,
                                            uint64_t timeout);

/**
 * Lends the next message in place; waits until there is one. Its bytes begin on a multiple of 64, and `sequence`,
 * which may be NULL, tells its number. The publisher does not overwrite it until samemap_subscriber_release().
 *
 * One message is lent at a time; until it is released, other calls with the subscriber are refused. The errors are
 * those of samemap_subscriber_receive(), without SAMEMAP_ERROR_TOO_LONG.
 */
samemap_status_t samemap_subscriber_borrow(const samemap_subscriber_t *subscriber,
                                           const void **data,
                                           size_t *length,
                                           uint64_t *sequence,
                                           uint64_t timeout);

/**
 * Gives back the message that samemap_subscriber_borrow() lent, whatever the call answers.
 * SAMEMAP_ERROR_INVALID_ARGUMENT when no message is lent.
 *
 * SAMEMAP_ERROR_DAMAGED when the message may have changed while it was lent, because another process wrote over
 * this subscriber's place. A subscriber that does not trust the others looks at this answer before it uses what it
 * read.
 */
samemap_status_t samemap_subscriber_release(const samemap_subscriber_t *subscriber);

/**
 * Waits until there is a message, or an end of a publisher to be told of. It takes nothing: receive then with a
 * timeout of 0.
 */
samemap_status_t samemap_subscriber_wait(const samemap_subscriber_t *subscriber,
                                         uint64_t timeout);

/**
 * Waits until one of 1 to 64 subscribers, of any topics, has a message, or an end of a publisher to be told of,
 * and gives the lowest index of those. It takes nothing: receive then with a timeout of 0.
 */
samemap_status_t samemap_subscriber_wait_any(const samemap_subscriber_t *const *subscribers,
                                             size_t count,
                                             uint64_t timeout,
                                             size_t *index);

/** Gives the length of the longest message that can come. */
samemap_status_t samemap_subscriber_max_message(const samemap_subscriber_t *subscriber,
                                                size_t *length);

/** Ends the subscriber, also while a message is lent: the publisher waits for it no more. NULL does nothing. */
void samemap_subscriber_close(samemap_subscriber_t *subscriber);

/**
 * Views the topic with the name; the access of `options` is ignored. Where this process may write to the topic's
 * lobby, the publisher wakes the viewer. Elsewhere a wait looks each millisecond, and does not learn that a
 * publisher was killed.
 */
samemap_status_t samemap_viewer_open(const char *name,
                                     const samemap_topic_options_t *topic,
                                     const samemap_open_options_t *options,
                                     samemap_viewer_t **viewer);

/** Views the topic in two views: of its data, which may be read-only, and of its lobby, which may be NULL. */
samemap_status_t samemap_viewer_open_in(const samemap_view_t *data,
                                        const samemap_view_t *lobby,
                                        const samemap_topic_options_t *topic,
                                        samemap_viewer_t **viewer);

/**
 * Copies the next message that is kept to `buffer`; waits until there is one. `length` tells its length,
 * `sequence` its number, and `missed` how many messages were overwritten since the last one that this viewer read;
 * each may be NULL. After an error the buffer may hold parts of messages.
 *
 * SAMEMAP_ERROR_TOO_LONG when the message is longer than `size`: `length` tells its length, and the message is
 * missed. No message is longer than samemap_viewer_max_message(). The ends of publishers are told as by
 * samemap_subscriber_receive(). SAMEMAP_ERROR_CONTENDED when 256 messages were overwritten, each while it was
 * read.
 */
samemap_status_t samemap_viewer_receive(const samemap_viewer_t *viewer,
                                        void *buffer,
                                        size_t size,
                                        size_t *length,
                                        uint64_t *sequence,
                                        uint64_t *missed,
                                        uint64_t timeout);

/**
 * Waits until there is a message, or an end of a publisher to be told of. It takes nothing: receive then with a
 * timeout of 0.
 */
samemap_status_t samemap_viewer_wait(const samemap_viewer_t *viewer,
                                     uint64_t timeout);

/** Gives the length of the longest message that can come. */
samemap_status_t samemap_viewer_max_message(const samemap_viewer_t *viewer, size_t *length);

/** Ends the viewer. NULL does nothing. */
void samemap_viewer_close(samemap_viewer_t *viewer);

/**
 * Waits for the first of 1 to 64 entries of any kinds, as samemap_wait_any() does for objects, and gives its
 * index: the lowest one where there are several. The signal of an object, or its ownership, is taken. Nothing is
 * taken from an entry of another kind: its own call with a timeout of 0 finds what there is, which for a listener
 * may be nothing yet. As long as an entry has something, the wait never reaches those behind it.
 *
 * Timeout and answers are those of samemap_wait(). SAMEMAP_ERROR_UNSUPPORTED for a reader that no peer wakes.
 */
samemap_status_t samemap_wait_any_of(const samemap_awaited_t *list,
                                     size_t count,
                                     uint64_t timeout,
                                     size_t *index);

/** Makes a readiness that waits for nothing yet. Close it with samemap_readiness_close(). */
samemap_status_t samemap_readiness_create(samemap_readiness_t **readiness);

/**
 * Gives the descriptor (an eventfd, as a number) or the HANDLE to wait for. It belongs to the readiness: do not
 * read, close or reset it. Register it for reading, level-triggered; when it is ready, call
 * samemap_readiness_take() until the answer is SAMEMAP_NOTHING.
 */
samemap_status_t samemap_readiness_descriptor(const samemap_readiness_t *readiness,
                                              ptrdiff_t *descriptor);

/**
 * Adds an entry, and gives its index, the lowest that is free. The readiness keeps an object open until the entry
 * is removed or the readiness is closed. Of the other kinds it keeps the memory alone: an entry whose handle is
 * closed before has ended.
 *
 * SAMEMAP_ERROR_UNSUPPORTED for a reader that no peer wakes, and for a mutex, which a thread owns.
 */
samemap_status_t samemap_readiness_add(const samemap_readiness_t *readiness,
                                       const samemap_awaited_t *awaited,
                                       size_t *index);

/** Removes the entry with that index. SAMEMAP_NOTHING when there is none. */
samemap_status_t samemap_readiness_remove(const samemap_readiness_t *readiness, size_t index);

/**
 * Gives the index of an entry that is ready, and takes the signal of an object. Nothing is taken from an entry of
 * another kind: its own call with a timeout of 0 finds what there is. SAMEMAP_NOTHING when no entry is ready: the
 * descriptor becomes ready when one may be.
 *
 * A listener, and an entry that receives, is reported until its own call finds nothing. An entry whose peer has ended
 * is reported until it is removed. A newer value, and room, are reported once.
 */
samemap_status_t samemap_readiness_take(const samemap_readiness_t *readiness,
                                        size_t *index);

/** Closes the readiness, and with it the descriptor. NULL does nothing. */
void samemap_readiness_close(samemap_readiness_t *readiness);

/** Makes a command that will start a program as a child. The program is found as the shell finds it. */
samemap_status_t samemap_command_new(const char *program, samemap_command_t **command);

/** Adds an argument for the program. */
samemap_status_t samemap_command_argument(const samemap_command_t *command, const char *argument);

/**
 * Offers a region to the child that the command will start, under a key of 1 to 64 lower-case letters, digits and
 * underscores. A command can carry several, with different keys.
 */
samemap_status_t samemap_command_offer(const samemap_command_t *command,
                                       const samemap_region_t *region,
                                       const char *key,
                                       samemap_access_t access);

/** Starts the child, once; `process_id` may be NULL. */
samemap_status_t samemap_command_start(const samemap_command_t *command, uint32_t *process_id);

/** Waits until the child has ended, and gives its exit code; -1 when a signal ended it. */
samemap_status_t samemap_command_wait(const samemap_command_t *command, int32_t *exit_code);

/** Kills the child at once. What it holds is let go, and mutexes that it owns are abandoned. */
samemap_status_t samemap_command_kill(const samemap_command_t *command);

/**
 * Closes the handle; the child runs on. Keep the handle until the child has adopted what is offered to it. NULL
 * does nothing.
 */
void samemap_command_close(samemap_command_t *command);

/**
 * Adopts the region that the parent process offered under the key. That succeeds once for each key; a failed call
 * can be repeated.
 */
samemap_status_t samemap_region_adopt(const char *key,
                                      samemap_region_t **region);

/** Gives a descriptor (on POSIX) or a handle (on Windows) of the region. The caller closes it, or passes it on. */
samemap_status_t samemap_region_to_descriptor(const samemap_region_t *region,
                                              ptrdiff_t *descriptor);

/**
 * Makes a region of such a descriptor or handle, which belongs to the library from then on, also when the call
 * fails.
 */
samemap_status_t samemap_region_from_descriptor(ptrdiff_t descriptor,
                                                samemap_access_t access,
                                                samemap_region_t **region);

/**
 * Makes a courier that sends and receives over a connected Unix stream socket, which belongs to the courier from
 * then on. The process at the other end must be trusted. POSIX only; elsewhere SAMEMAP_ERROR_UNSUPPORTED.
 */
samemap_status_t samemap_courier_over(int32_t descriptor,
                                      samemap_courier_t **courier);

/**
 * Makes a courier that sends to a process through a pipe that leads to it. The handle of the pipe's writing end
 * belongs to the courier from then on. Windows only; elsewhere SAMEMAP_ERROR_UNSUPPORTED.
 */
samemap_status_t samemap_courier_to_process(ptrdiff_t pipe,
                                            uint32_t process_id,
                                            samemap_courier_t **courier);

/**
 * Makes a courier that receives from such a pipe. The handle of the pipe's reading end belongs to the courier from
 * then on. Windows only; elsewhere SAMEMAP_ERROR_UNSUPPORTED.
 */
samemap_status_t samemap_courier_receiving(ptrdiff_t pipe,
                                           samemap_courier_t **courier);

/** Sends a region, which is held for the receiver from then on. */
samemap_status_t samemap_courier_send(const samemap_courier_t *courier,
                                      const samemap_region_t *region,
                                      samemap_access_t access);

/**
 * Waits for a region, and gives it with the access that it was sent with. `options` says whose regions are
 * accepted.
 *
 * The call waits without end, unless the connection has a timeout of its own (a socket's): when that runs out the
 * answer is SAMEMAP_TIMED_OUT.
 */
samemap_status_t samemap_courier_receive(const samemap_courier_t *courier,
                                         const samemap_open_options_t *options,
                                         samemap_region_t **region);

/** Ends the courier and its connection. NULL does nothing. */
void samemap_courier_close(samemap_courier_t *courier);

/**
 * Calls `callback` with each entry of the name spaces that this process can see, and with `context`, in this
 * thread. The callback may call this library, and must return: no C++ exception, no longjmp. `counted` asks for
 * the number of holders, which takes time where there are many locks.
 */
samemap_status_t samemap_catalog_list(bool counted,
                                      samemap_entry_callback_t callback,
                                      void *context);

/** Removes what killed processes have left; `removed` (how many) and `bytes` (how much memory) may be NULL. */
samemap_status_t samemap_catalog_reclaim(size_t *removed,
                                         uint64_t *bytes);

/**
 * Takes the name from the object that has it, which lives on without a name; `taken`, which may be NULL, tells
 * whether there was one.
 */
samemap_status_t samemap_catalog_take_name(const char *name,
                                           bool *taken);

/**
 * Makes this process keep its objects in another directory than the system's, such as one of a container. Call it
 * before anything is opened. SAMEMAP_ERROR_UNSUPPORTED on Windows.
 */
samemap_status_t samemap_catalog_set_directory(const char *path);

/**
 * Copies to `buffer` the path of the file that programs without this library open and map, where shm_open() does
 * not reach the region: the region lets other users in, or it lies in another directory. SAMEMAP_ERROR_NOT_FOUND
 * where there is no such file, and always on Windows.
 */
samemap_status_t samemap_catalog_data_path(const char *name,
                                           char *buffer,
                                           size_t size);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* SAMEMAP_H */
