/* samemap: one named shared memory, with one set of rules, on Windows and on Linux.
 *
 * Functions return a code (samemap_status_t): SAMEMAP_OK is zero, and SAMEMAP_IS_ERROR() tells which codes are errors.
 * After an error, samemap_last_error_message() says what happened and what to do, for the calling thread. Results go
 * where the last arguments point. A call that gives no result leaves these as they are, but sets a new handle to NULL.
 *
 * Handles come from functions that take a pointer to one, and the caller ends each by the function samemap_..._close()
 * of its type: the library frees nothing by itself. Any number of threads may use a handle at once, where its type
 * does not say otherwise, but none while it is closed.
 *
 * NULL for what is needed, text that is not UTF-8, unknown numbers and calls out of turn are
 * SAMEMAP_ERROR_INVALID_ARGUMENT. A pointer that is neither NULL nor valid, and a handle that was closed, cannot be
 * told from good ones: the behaviour is undefined then, as it is everywhere in C.
 *
 * Names are UTF-8: "Local\\rest" (this user's), "Global\\rest" (all users'), or "rest", which means "Local\\rest".
 * Times are nanoseconds (uint64_t): 0 does not wait, SAMEMAP_FOREVER has no end; see SAMEMAP_MILLISECONDS().
 * Lengths and offsets are bytes.
 *
 * Mutexes belong to threads. In a forked child (without exec) the copies of mutexes and of a channel's ends give
 * SAMEMAP_ERROR_UNSUPPORTED: open them anew in the child.
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

/** The wait that it lets through unsets it. */
#define SAMEMAP_AUTO_RESET 0

/** It stays set, and lets every wait through, until a call unsets it. */
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
 * A handle of an event, a semaphore, a timer or (not for a samemap_readiness_t) a mutex: its signal, or its ownership,
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
     * The mutex is owned now, and its previous owner died without giving it up: what it protects may be
     * half-changed.
     */
    SAMEMAP_ABANDONED = 2,
    /** There is no value, or no newer one. */
    SAMEMAP_NOTHING = 3,
    /** The writer has ended, and there is no newer value. */
    SAMEMAP_WRITER_GONE = 4,
    /** A function failed in a way that is a fault of this library. */
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
    /** Another process or handle has the role that only one can have at a time, or the handle is in use by another thread. */
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
 * The one writer of a newest value: bytes of any length up to a maximum, which readers never see half-written. It
 * is the writer until it is closed or its process ends. For one thread at a time.
 *
 * In Rust the values are those of samemap::latest::LatestBytes.
 */
typedef struct samemap_latest_writer_t samemap_latest_writer_t;

/** Takes any number of peers, each on a channel of its own. For one thread at a time. */
typedef struct samemap_listener_t samemap_listener_t;

/** A lock that processes share and one thread owns. The owner may lock it again, and gives it up as often. */
typedef struct samemap_mutex_t samemap_mutex_t;

/** The one publisher of a topic, until it is closed or its process ends. For one thread at a time. */
typedef struct samemap_publisher_t samemap_publisher_t;

/**
 * One descriptor (on Windows, one handle) that is ready when one of any number of objects and others may be, for event
 * loops that know nothing of this library. For one thread at a time.
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
 * A reader of a topic that is in nobody's way and may miss messages; it needs no more than to read the data. For one
 * thread at a time.
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
    /** A number of the caller's for what the bytes mean: where it differs, opening is SAMEMAP_ERROR_LAYOUT_MISMATCH. */
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
 * waits for them; viewers copy what is kept, are told how many messages they missed, and are in nobody's way. The topic
 * is two regions: the data, with its name, and the lobby, with ".lobby" behind the name.
 */
typedef struct {
    /** sizeof(samemap_topic_options_t). */
    size_t struct_size;
    /**
     * For the publisher: bytes of the ring. A message takes its length, rounded up to a multiple of 64, and at most a
     * third of the ring. 0 stands for 1 MiB.
     */
    size_t capacity;
    /** For the publisher: how many subscribers there can be at once, up to 1024. 0 stands for 64. Viewers need no place. */
    uint32_t subscribers;
    /** A number of the caller's for what the bytes mean: where it differs, opening is SAMEMAP_ERROR_LAYOUT_MISMATCH. */
    uint32_t version;
    /**
     * For readers: begin with up to so many of the messages that are kept. 0 begins with the next one; UINT64_MAX
     * begins with the oldest that is kept.
     */
    uint64_t history;
    /** How long this end looks for news before it sleeps, in nanoseconds; as for channels. */
    uint64_t spin;
    /**
     * For the publisher: throw a subscriber out that holds it back for so many nanoseconds without moving. 0 never
     * does; one that has ended never holds it back for longer than 100 ms.
     */
    uint64_t throw_out_after;
} samemap_topic_options_t;

/** A subscriber that holds the publisher back. */
typedef struct {
    /** The number of the message that it needs next, or is lent. */
    uint64_t position;
    /** How many messages it has not given back. */
    uint64_t behind;
    /** The id of its process, as that process states it. */
    uint32_t process_id;
    /** Whether it was thrown out, and only the message that it may still be lent is in the way. */
    bool is_thrown_out;
} samemap_laggard_t;

/** What a samemap_awaited_t is: one of SAMEMAP_AWAITED_OBJECT and its kin. */
typedef int32_t samemap_awaited_kind_t;

/** One of those in a list to wait for. */
typedef struct {
    /** What the handle is of, and what is awaited. */
    samemap_awaited_kind_t kind;
    /** The handle. */
    const void *handle;
    /** For SAMEMAP_AWAITED_NEWER: the number of the value that was read; 0 awaits any. */
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
 * Holds the region again in a forked child (without exec), which otherwise sees the bytes and does not keep them
 * alive. Elsewhere it does nothing.
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
 * Waits for the first of 1 to 64 objects, takes from that one alone, and gives its index. Of several the lowest is
 * taken. Timeout and answers are those of samemap_wait().
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
 * Signals `first` (sets an event, gives one permit to a semaphore, gives a mutex up) and then waits for `second` as
 * samemap_wait() does. When the signal fails it does not wait; when time runs out, `first` was signalled all the same.
 *
 * It is not one step for others: between the two another thread may take `second`. No signal is lost.
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
 * Answers SAMEMAP_OK, SAMEMAP_TIMED_OUT, or SAMEMAP_ABANDONED: this thread owns it then, too, but its
 * previous owner (a process or a thread) ended without giving it up. Each SAMEMAP_OK and each SAMEMAP_ABANDONED needs one
 * samemap_mutex_unlock().
 */
samemap_status_t samemap_mutex_lock(const samemap_mutex_t *mutex,
                                    uint64_t timeout);

/** Gives the mutex up once. SAMEMAP_ERROR_NOT_OWNER when this thread does not own it. */
samemap_status_t samemap_mutex_unlock(const samemap_mutex_t *mutex);

/**
 * Creates an event; the name must be free. `reset` says how it is unset, and `is_set` whether it begins set. Close it
 * with samemap_event_close().
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
 * Sets the event: one that resets automatically lets one wait through, and the other kind every wait until
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

/** Creates a timer; the name must be free. `reset` says how it is unset. Close it with samemap_timer_close(). */
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
 * Starts the timer: it is unset now, and set when `after` nanoseconds have passed; then, if `period` is not 0, again
 * after each `period` nanoseconds, rounded up to milliseconds.
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

/** Stops the timer. One that is set stays set. */
samemap_status_t samemap_timer_cancel(const samemap_timer_t *timer);

/** Waits until the timer is set; see samemap_wait(). */
samemap_status_t samemap_timer_wait(const samemap_timer_t *timer, uint64_t timeout);

/** Gives the number of bytes that values of at most `max_length` bytes take in a view. */
samemap_status_t samemap_latest_size(size_t max_length, size_t *size);

/**
 * Becomes the writer of values of at most `max_length` bytes under a name: makes the region, or carries on in the
 * one that readers still hold. SAMEMAP_ERROR_BUSY while there is another writer.
 */
samemap_status_t samemap_latest_writer_create(const char *name,
                                              size_t max_length,
                                              const samemap_latest_options_t *latest,
                                              const samemap_create_options_t *options,
                                              samemap_latest_writer_t **writer);

/**
 * Becomes the writer at `offset` of a read-write view, aligned to 64 at best and to 8 at least, of
 * samemap_latest_size() bytes that are zero at first.
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

/** Opens the newest value with the name, for reading. With the access SAMEMAP_READ_ONLY it cannot wait. */
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
 * Copies the newest value to `buffer`, if its number is larger than `newer_than` (0 takes any): `length` then
 * tells its length, and `sequence` its number. Without such a value the answer is SAMEMAP_NOTHING at once.
 *
 * SAMEMAP_ERROR_TOO_LONG when it is longer than `size`; `length` tells how long it is. Maximum: see
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
 * does. SAMEMAP_WRITER_GONE when the writer ended meanwhile: the next call waits for the next writer.
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
 * Makes a channel for one peer under a free name, and does not wait for the peer: see
 * samemap_channel_wait_for_peer(). What is sent before it comes waits for it.
 */
samemap_status_t samemap_channel_create(const char *name,
                                        const samemap_channel_options_t *channel_options,
                                        const samemap_create_options_t *options,
                                        samemap_channel_t **channel);

/**
 * Makes a channel for one peer at the start of a new region, of samemap_channel_region_size() bytes at least, such
 * as one without a name that is handed over.
 */
samemap_status_t samemap_channel_create_in(const samemap_region_t *region,
                                           const samemap_channel_options_t *channel_options,
                                           samemap_channel_t **channel);

/** Gives the number of bytes of a region that such a channel takes. */
samemap_status_t samemap_channel_region_size(const samemap_channel_options_t *channel_options,
                                             uint64_t *size);

/**
 * Connects to the channel, or to the listener, of that name. The patience is that of `options`; with NULL it is a
 * second. SAMEMAP_TIMED_OUT when the listener did not come to it in time.
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
 * When the peer has ended: makes the channel new, and waits until another peer has connected. What was sent and
 * not read is lost. SAMEMAP_ERROR_BUSY while the peer is still there.
 */
samemap_status_t samemap_channel_wait_for_next_peer(const samemap_channel_t *channel,
                                                    uint64_t timeout);

/**
 * Gives the process at the other end of a channel that a listener accepted, as the system told it when that process
 * connected: the id of its process (0 where the system has none here), and the user that it acted as, a user's number on
 * POSIX and a SID on Windows (NULL where the system has none here), valid until the channel is closed. Either place may
 * be NULL.
 *
 * SAMEMAP_ERROR_UNSUPPORTED where nothing proves it: for a channel that was made by samemap_channel_create(), for a
 * client on Windows, and for a client of another network namespace.
 */
samemap_status_t samemap_channel_peer(const samemap_channel_t *channel,
                                      uint32_t *process_id,
                                      const char **user);

/**
 * Splits an end into a half that sends and one that receives, for a thread each. Both are closed like a channel,
 * and the end lives until both are. `channel` is closed when this has succeeded; messages in hand are given up.
 */
samemap_status_t samemap_channel_split(samemap_channel_t *channel,
                                       samemap_channel_t **sender,
                                       samemap_channel_t **receiver);

/**
 * Closes the end, or the half: the peer reads what was sent, and is then told SAMEMAP_ERROR_CLOSED. NULL does
 * nothing.
 */
void samemap_channel_close(samemap_channel_t *channel);

/** Listens under a free name for any number of peers, which samemap_channel_connect() to it. */
samemap_status_t samemap_listener_bind(const char *name,
                                       const samemap_channel_options_t *channel_options,
                                       const samemap_create_options_t *options,
                                       samemap_listener_t **listener);

/** Waits for the next peer, and gives the channel to it. */
samemap_status_t samemap_listener_accept(const samemap_listener_t *listener,
                                         uint64_t timeout,
                                         samemap_channel_t **channel);

/** Ends the listener; its channels stay. NULL does nothing. */
void samemap_listener_close(samemap_listener_t *listener);

/**
 * Sends a copy of `length` bytes; waits while the ring is full.
 *
 * SAMEMAP_ERROR_TOO_LONG for more than samemap_channel_max_message(), SAMEMAP_ERROR_CLOSED when the peer has closed,
 * SAMEMAP_ERROR_PEER_DIED when it ended without.
 */
samemap_status_t samemap_channel_send(const samemap_channel_t *channel,
                                      const void *data,
                                      size_t length,
                                      uint64_t timeout);

/**
 * Copies the next message to `buffer`; waits until there is one. `length` tells its length.
 *
 * SAMEMAP_ERROR_TOO_LONG when it is longer than `size`: then `length` tells how long it is, and it is still there.
 * SAMEMAP_ERROR_CLOSED when the peer has closed, SAMEMAP_ERROR_PEER_DIED when it ended without, and everything was
 * read.
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
 * One message at a time; until it is committed or cancelled, other calls that send are refused.
 */
samemap_status_t samemap_channel_reserve(const samemap_channel_t *channel,
                                         size_t length,
                                         uint64_t timeout,
                                         void **data);

/**
 * Sends the first `length` bytes of the room that samemap_channel_reserve() gave. SAMEMAP_ERROR_INVALID_ARGUMENT
 * when there is none, SAMEMAP_ERROR_OUT_OF_RANGE when it has fewer bytes.
 */
samemap_status_t samemap_channel_commit(const samemap_channel_t *channel,
                                        size_t length);

/** Gives up the room that samemap_channel_reserve() gave: nothing is sent. */
samemap_status_t samemap_channel_cancel(const samemap_channel_t *channel);

/**
 * Lends the next message in place; waits until there is one. Its room stays taken until samemap_channel_release().
 *
 * A peer that does not keep to the protocol can still change the bytes: copy what is checked before it is used. One
 * message at a time; until it is released, other calls that receive are refused.
 */
samemap_status_t samemap_channel_borrow(const samemap_channel_t *channel,
                                        const void **data,
                                        size_t *length,
                                        uint64_t timeout);

/**
 * Gives the room of the message that samemap_channel_borrow() lent back to the sender.
 * SAMEMAP_ERROR_INVALID_ARGUMENT when there is none.
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

/** Gives the number of bytes that such a topic takes in two views: its data, and its lobby. */
samemap_status_t samemap_topic_size(const samemap_topic_options_t *topic,
                                    uint64_t *data_size,
                                    uint64_t *lobby_size);

/**
 * Becomes the publisher of the topic with the name: makes the topic, or carries on in the one that readers still hold.
 * SAMEMAP_ERROR_BUSY while there is another publisher.
 */
samemap_status_t samemap_publisher_create(const char *name,
                                          const samemap_topic_options_t *topic,
                                          const samemap_create_options_t *options,
                                          samemap_publisher_t **publisher);

/**
 * Becomes the publisher of the topic in two read-write views, of the sizes that samemap_topic_size() gives, whose bytes
 * must be zero before the first publisher.
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
 * samemap_publisher_commit(); waits for subscribers that still need what lies there. The bytes begin on a multiple of
 * 64, and are whatever was there before.
 *
 * One message at a time; until it is committed or cancelled, other calls with the publisher are refused.
 */
samemap_status_t samemap_publisher_reserve(const samemap_publisher_t *publisher,
                                           size_t length,
                                           uint64_t timeout,
                                           void **data);

/**
 * Publishes the first `length` bytes of the room that samemap_publisher_reserve() gave; `sequence`, which may be NULL,
 * tells the message's number. SAMEMAP_ERROR_INVALID_ARGUMENT when there is none, SAMEMAP_ERROR_OUT_OF_RANGE when it has
 * fewer bytes.
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
 * Gives the subscribers that hold the publisher back, up to `size` of them, and in `count` how many there are: those
 * that still need what the last call wanted to overwrite that found no room, and those that were thrown out and have not
 * given their message back.
 */
samemap_status_t samemap_publisher_laggards(const samemap_publisher_t *publisher,
                                            samemap_laggard_t *laggards,
                                            size_t size,
                                            size_t *count);

/**
 * Waits no more for a subscriber: that with this index of those that samemap_publisher_laggards() told last. Its next
 * call is SAMEMAP_ERROR_BUSY; the message that it is lent stays as it is until it lets go. SAMEMAP_NOTHING when it does
 * not hold the publisher back any more.
 */
samemap_status_t samemap_publisher_throw_out(const samemap_publisher_t *publisher,
                                             size_t index);

/** Ends the publisher, and tells the readers; another one may follow. NULL does nothing. */
void samemap_publisher_close(samemap_publisher_t *publisher);

/**
 * Subscribes to the topic with the name. It needs the right to write to the topic's lobby, and ignores the access of
 * `options`. SAMEMAP_ERROR_BUSY when there are as many subscribers as the topic takes.
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
 * Copies the next message to `buffer`; waits until there is one. `length` tells its length, and `sequence` its number;
 * either may be NULL.
 *
 * SAMEMAP_ERROR_TOO_LONG when it is longer than `size`: then `length` tells how long it is, and it is still there.
 * SAMEMAP_ERROR_CLOSED when the publisher has closed, SAMEMAP_ERROR_PEER_DIED when it ended without, and everything was
 * read: each is told once, and the next call waits for the next publisher. SAMEMAP_ERROR_BUSY when the publisher has
 * thrown this subscriber out.
 */
samemap_status_t samemap_subscriber_receive(const samemap_subscriber_t *subscriber,
                                            void *buffer,
                                            size_t size,
                                            size_t *length,
                                            uint64_t *sequence,
                                            uint64_t timeout);

/**
 * Lends the next message in place, whose bytes begin on a multiple of 64; waits until there is one. `sequence`, which
 * may be NULL, tells its number. The publisher does not overwrite it until samemap_subscriber_release().
 *
 * One message at a time; until it is released, other calls with the subscriber are refused. The errors are those of
 * samemap_subscriber_receive(), but for the length.
 */
samemap_status_t samemap_subscriber_borrow(const samemap_subscriber_t *subscriber,
                                           const void **data,
                                           size_t *length,
                                           uint64_t *sequence,
                                           uint64_t timeout);

/**
 * Gives back the message that samemap_subscriber_borrow() lent, whatever the answer. SAMEMAP_ERROR_DAMAGED when it was
 * not kept all the time, because another process wrote over this subscriber's place: a subscriber that does not trust the
 * others looks at this before it relies on what it read. SAMEMAP_ERROR_INVALID_ARGUMENT when no message is lent.
 */
samemap_status_t samemap_subscriber_release(const samemap_subscriber_t *subscriber);

/** Waits until there is a message, or an end to be told of. It takes nothing: receive then with a timeout of 0. */
samemap_status_t samemap_subscriber_wait(const samemap_subscriber_t *subscriber,
                                         uint64_t timeout);

/**
 * Waits until one of 1 to 64 subscribers, of any topics, has a message or an end to be told of, and gives the lowest
 * index of those. It takes nothing: receive then with a timeout of 0.
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
 * Views the topic with the name, and ignores the access of `options`. Where this process may write to the topic's
 * lobby, the publisher wakes the viewer; elsewhere a wait looks each millisecond, and does not learn that a publisher was
 * killed.
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
 * Copies the next message that is kept to `buffer`; waits until there is one. `length` tells its length, `sequence` its
 * number, and `missed` how many messages were overwritten since the last one that this viewer read; each may be NULL.
 * After an error the buffer may hold parts of messages.
 *
 * SAMEMAP_ERROR_TOO_LONG when it is longer than `size`: `length` tells how long it is, and it is missed; a buffer of
 * samemap_viewer_max_message() bytes is always long enough. The ends of publishers are told as by
 * samemap_subscriber_receive(). SAMEMAP_ERROR_CONTENDED when 256 messages were overwritten, each while it was read.
 */
samemap_status_t samemap_viewer_receive(const samemap_viewer_t *viewer,
                                        void *buffer,
                                        size_t size,
                                        size_t *length,
                                        uint64_t *sequence,
                                        uint64_t *missed,
                                        uint64_t timeout);

/** Waits until there is a message, or an end to be told of. It takes nothing: receive then with a timeout of 0. */
samemap_status_t samemap_viewer_wait(const samemap_viewer_t *viewer,
                                     uint64_t timeout);

/** Gives the length of the longest message that can come. */
samemap_status_t samemap_viewer_max_message(const samemap_viewer_t *viewer, size_t *length);

/** Ends the viewer. NULL does nothing. */
void samemap_viewer_close(samemap_viewer_t *viewer);

/**
 * Waits for the first of 1 to 64 of any kinds, as samemap_wait_any() does for objects, and gives its index; of several
 * the lowest. From an object the signal or the ownership is taken. From the others nothing is: their next call with a
 * timeout of 0 finds what there is, which for a listener may be nothing yet. One that always has something hides those
 * behind it.
 *
 * Timeout and answers are those of samemap_wait(). SAMEMAP_ERROR_UNSUPPORTED for a reader that no peer wakes.
 */
samemap_status_t samemap_wait_any_of(const samemap_awaited_t *list,
                                     size_t count,
                                     uint64_t timeout,
                                     size_t *index);

/** Makes one that waits for nothing yet. Close it with samemap_readiness_close(). */
samemap_status_t samemap_readiness_create(samemap_readiness_t **readiness);

/**
 * Gives the descriptor (an eventfd, as a number) or the HANDLE to wait for, which stays the readiness' own: neither read
 * nor close nor reset it. Register it for reading, level-triggered; when it is ready, call samemap_readiness_take() until
 * there is nothing.
 */
samemap_status_t samemap_readiness_descriptor(const samemap_readiness_t *readiness,
                                              ptrdiff_t *descriptor);

/**
 * Adds one, and gives its index, the lowest that is free. An object is kept open until it is removed, or the readiness is
 * closed. Of the others the memory is kept: what is closed before has ended.
 *
 * SAMEMAP_ERROR_UNSUPPORTED for a reader that no peer wakes, and for a mutex, which a thread owns.
 */
samemap_status_t samemap_readiness_add(const samemap_readiness_t *readiness,
                                       const samemap_awaited_t *awaited,
                                       size_t *index);

/** Waits for the one with that index no more. SAMEMAP_NOTHING when there is none. */
samemap_status_t samemap_readiness_remove(const samemap_readiness_t *readiness, size_t index);

/**
 * Gives the index of one that is ready, and takes an object's signal. From the others nothing is taken: their next call
 * with a timeout of 0 finds what there is. SAMEMAP_NOTHING when there is none; then the descriptor becomes ready when
 * there may be one.
 *
 * One that receives, and a listener, is given until its own call finds nothing; one whose peer has ended is given again
 * and again, until it is removed. A newer value, and room, are given once.
 */
samemap_status_t samemap_readiness_take(const samemap_readiness_t *readiness,
                                        size_t *index);

/** Closes it, and with it the descriptor. NULL does nothing. */
void samemap_readiness_close(samemap_readiness_t *readiness);

/** A program to start, found as the shell finds it. */
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

/** Ends the child at once, as the system kills processes: what it holds is let go, and what it owns is abandoned. */
samemap_status_t samemap_command_kill(const samemap_command_t *command);

/** Ends the handle, not the child. Keep it until the child has adopted what is offered to it. NULL does nothing. */
void samemap_command_close(samemap_command_t *command);

/** Adopts the region that the parent process offered under a key. It succeeds once; a failed call can be repeated. */
samemap_status_t samemap_region_adopt(const char *key,
                                      samemap_region_t **region);

/**
 * Gives a descriptor (on POSIX) or a handle (on Windows) of the region, which is the caller's to close or to pass
 * on.
 */
samemap_status_t samemap_region_to_descriptor(const samemap_region_t *region,
                                              ptrdiff_t *descriptor);

/** Makes a region of such a descriptor or handle. It belongs to the library from then on, also when the call fails. */
samemap_status_t samemap_region_from_descriptor(ptrdiff_t descriptor,
                                                samemap_access_t access,
                                                samemap_region_t **region);

/**
 * Makes a courier that sends and receives over a connected Unix stream socket, which belongs to it from then on. The
 * other side is a trusted process. POSIX only; elsewhere SAMEMAP_ERROR_UNSUPPORTED.
 */
samemap_status_t samemap_courier_over(int32_t descriptor,
                                      samemap_courier_t **courier);

/**
 * Makes a courier that sends to a process through a pipe that leads to it; the handle of the pipe's writing end
 * belongs to it from then on. Windows only; elsewhere SAMEMAP_ERROR_UNSUPPORTED.
 */
samemap_status_t samemap_courier_to_process(ptrdiff_t pipe,
                                            uint32_t process_id,
                                            samemap_courier_t **courier);

/**
 * Makes a courier that receives from such a pipe; the handle of its reading end belongs to it from then on.
 * Windows only; elsewhere SAMEMAP_ERROR_UNSUPPORTED.
 */
samemap_status_t samemap_courier_receiving(ptrdiff_t pipe,
                                           samemap_courier_t **courier);

/** Sends a region. From now on it is held for the receiver. */
samemap_status_t samemap_courier_send(const samemap_courier_t *courier,
                                      const samemap_region_t *region,
                                      samemap_access_t access);

/** Waits for a region, and gives it with the access that it was sent with. `options` says whose regions are accepted. */
samemap_status_t samemap_courier_receive(const samemap_courier_t *courier,
                                         const samemap_open_options_t *options,
                                         samemap_region_t **region);

/** Ends the courier and its connection. NULL does nothing. */
void samemap_courier_close(samemap_courier_t *courier);

/**
 * Calls `callback` with each entry of the name spaces that this process can see, and with `context`, in this thread.
 * The callback may call this library, and must return: no C++ exception, no longjmp. Holders are counted when
 * `counted` says so: that takes time where there are many locks.
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
 * Lets this process keep its objects in another directory than the system's, such as one of a container; before it
 * opens anything. On Windows SAMEMAP_ERROR_UNSUPPORTED.
 */
samemap_status_t samemap_catalog_set_directory(const char *path);

/**
 * Copies to `buffer` the path of the file that programs without this library open and map, where shm_open() does
 * not reach the region: one that other users may open, or one in another directory. SAMEMAP_ERROR_NOT_FOUND where
 * there is no such file, and always on Windows.
 */
samemap_status_t samemap_catalog_data_path(const char *name,
                                           char *buffer,
                                           size_t size);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* SAMEMAP_H */
