/* A table of calls and of what they answer on Windows. The same program is compiled against Windows' own headers and
 * against samemap's; it prints every answer, so that the two outputs can be compared. */
#ifndef TABLE_H
#define TABLE_H

#include <windows.h>
#include <stdio.h>

/* The last error before each call: an answer of NONE says that the call left it alone. */
#define NONE 7777u
/* A last error that Windows promises nothing about. */
#define ANY 8888u

/* What a handle is. */
#define NO 0
#define YES 1
#define INVALID (-1)

/* Notes what a call answered, and complains where it is not what Windows answers. */
void note(const char *what, long long answer, DWORD error, long long wanted, DWORD wanted_error);

HANDLE note_handle(const char *what, HANDLE handle, HANDLE *keep, long long wanted, DWORD wanted_error);

/* A row for a call that answers a number. */
#define NUMBER(what, call, wanted, error) \
    do { \
        SetLastError(NONE); \
        long long answer_ = (long long)(call); \
        note(what, answer_, GetLastError(), wanted, error); \
    } while (0)

/* A row for a call that answers a handle, or an address, which `keep` gets. */
#define KEEP(what, keep, call, wanted, error) \
    do { \
        SetLastError(NONE); \
        keep = (call); \
        note(what, (HANDLE)keep == INVALID_HANDLE_VALUE ? INVALID : keep != NULL, GetLastError(), wanted, error); \
    } while (0)

/* The same for one that nobody keeps. */
#define GIVES(what, call, wanted, error) \
    do { \
        HANDLE handle_; \
        KEEP(what, handle_, call, wanted, error); \
        if (handle_ != NULL && handle_ != INVALID_HANDLE_VALUE) \
            CloseHandle(handle_); \
    } while (0)

/* A name that only this process has: `Local\` and the text. */
const wchar_t *named(const char *text);

/* Runs `work` in a thread of its own, to its end. */
void in_thread(void (*work)(void *), void *argument);

/* Starts one, and waits for one. */
struct thread;
struct thread *start_thread(void (*work)(void *), void *argument);
void join_thread(struct thread *thread);

void names(void);
void mappings(void);
void views(void);
void files(void);
void mutexes(void);
void events(void);
void semaphores(void);
void timers(void);
void waits(void);
void handles(void);
void others(void);
void texts(void);

#endif
