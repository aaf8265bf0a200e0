/* windows_sync KIND HOW NAME: has the object Local\NAME of a kind (mutex, event, semaphore, timer), created or opened
 * (HOW: create, open), and does with it what standard input says, a line a command, an answer a line:
 *
 *   wait MS       WaitForSingleObject: signalled, abandoned, or "timed out"
 *   set, reset    of an event
 *   release N     of a semaphore: the count before
 *   unlock        of a mutex
 *   arm MS        SetWaitableTimer, and cancel
 *
 * An event is auto-reset, a semaphore has 1 of 3 permits, a timer is manual-reset. The first line that it prints is
 * "created" or "opened". Ends at the end of input with 0, or with the Win32 error code.
 *
 * Knows nothing of samemap. */
#define WIN32_LEAN_AND_MEAN
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <windows.h>

static int failed(const char *call)
{
    int code = (int)GetLastError();
    fprintf(stderr, "%s: error %d\n", call, code);
    return code;
}

static HANDLE get(const wchar_t *kind, int create, const wchar_t *name)
{
    if (wcscmp(kind, L"mutex") == 0)
        return create ? CreateMutexW(NULL, FALSE, name) : OpenMutexW(SYNCHRONIZE | MUTEX_MODIFY_STATE, FALSE, name);
    if (wcscmp(kind, L"event") == 0)
        return create ? CreateEventW(NULL, FALSE, FALSE, name)
                      : OpenEventW(SYNCHRONIZE | EVENT_MODIFY_STATE, FALSE, name);
    if (wcscmp(kind, L"semaphore") == 0)
        return create ? CreateSemaphoreW(NULL, 1, 3, name)
                      : OpenSemaphoreW(SYNCHRONIZE | SEMAPHORE_MODIFY_STATE, FALSE, name);
    return create ? CreateWaitableTimerW(NULL, TRUE, name)
                  : OpenWaitableTimerW(SYNCHRONIZE | TIMER_MODIFY_STATE, FALSE, name);
}

static const char *wait_for(HANDLE object, int millis)
{
    switch (WaitForSingleObject(object, (DWORD)millis)) {
    case WAIT_OBJECT_0: return "signalled";
    case WAIT_ABANDONED: return "abandoned";
    case WAIT_TIMEOUT: return "timed out";
    default: return "failed";
    }
}

static int arm(HANDLE timer, int millis)
{
    LARGE_INTEGER due = { .QuadPart = -10000LL * millis };
    return SetWaitableTimer(timer, &due, 0, NULL, NULL, FALSE);
}

/* False when the call failed. */
static int obey(HANDLE object, const char *command, int number)
{
    LONG before = 0;
    int done = TRUE;

    if (strcmp(command, "wait") == 0) {
        puts(wait_for(object, number));
        return TRUE;
    }
    if (strcmp(command, "set") == 0)
        done = SetEvent(object);
    else if (strcmp(command, "reset") == 0)
        done = ResetEvent(object);
    else if (strcmp(command, "release") == 0)
        done = ReleaseSemaphore(object, number, &before);
    else if (strcmp(command, "unlock") == 0)
        done = ReleaseMutex(object);
    else if (strcmp(command, "arm") == 0)
        done = arm(object, number);
    else if (strcmp(command, "cancel") == 0)
        done = CancelWaitableTimer(object);
    if (done)
        printf("%ld\n", before);
    return done;
}

int wmain(int argc, wchar_t **argv)
{
    wchar_t name[512];
    char line[64], command[64];

    if (argc != 4) {
        fputs("usage: windows_sync KIND HOW NAME\n", stderr);
        return ERROR_INVALID_PARAMETER;
    }
    swprintf(name, sizeof name / sizeof *name, L"Local\\%ls", argv[3]);
    int create = wcscmp(argv[2], L"create") == 0;
    SetLastError(0);
    HANDLE object = get(argv[1], create, name);
    if (object == NULL)
        return failed("create or open");
    puts(create && GetLastError() != ERROR_ALREADY_EXISTS ? "created" : "opened");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL) {
        int number = 0;
        if (sscanf(line, "%63s %d", command, &number) < 1)
            continue;
        if (!obey(object, command, number))
            printf("error %d\n", failed(command));
        fflush(stdout);
    }
    CloseHandle(object);
    return 0;
}
