/* Mutexes, events, semaphores and timers. */
#include "table.h"

static void abandon(void *mutex)
{
    NUMBER("another thread takes it", WaitForSingleObject((HANDLE)mutex, 1000), WAIT_OBJECT_0, NONE);
}

static void cannot_take(void *mutex)
{
    NUMBER("another thread does not get it", WaitForSingleObject((HANDLE)mutex, 0), WAIT_TIMEOUT, NONE);
    NUMBER("nor gives it up", ReleaseMutex((HANDLE)mutex), FALSE, ERROR_NOT_OWNER);
}

void mutexes(void)
{
    HANDLE mutex, other;

    KEEP("a mutex that is owned", mutex, CreateMutexW(NULL, TRUE, named("mutex")), YES, ERROR_SUCCESS);
    in_thread(cannot_take, mutex);
    NUMBER("its owner takes it again", WaitForSingleObject(mutex, 0), WAIT_OBJECT_0, NONE);
    KEEP("create it, owned", other, CreateMutexW(NULL, TRUE, named("mutex")), YES, ERROR_ALREADY_EXISTS);
    NUMBER("give it up by the other handle", ReleaseMutex(other), TRUE, NONE);
    NUMBER("give it up", ReleaseMutex(mutex), TRUE, NONE);
    NUMBER("once too often", ReleaseMutex(mutex), FALSE, ERROR_NOT_OWNER);
    CloseHandle(other);

    in_thread(abandon, mutex);
    NUMBER("an abandoned one", WaitForSingleObject(mutex, 0), WAIT_ABANDONED, NONE);
    NUMBER("may be taken again", WaitForSingleObject(mutex, 0), WAIT_OBJECT_0, ANY);
    NUMBER("given up", ReleaseMutex(mutex), TRUE, NONE);
    NUMBER("twice", ReleaseMutex(mutex), TRUE, NONE);
    NUMBER("it is as others then", WaitForSingleObject(mutex, 0), WAIT_OBJECT_0, NONE);
    ReleaseMutex(mutex);

    KEEP("open it to wait", other, OpenMutexW(SYNCHRONIZE, FALSE, named("mutex")), YES, ANY);
    NUMBER("take it so", WaitForSingleObject(other, 0), WAIT_OBJECT_0, NONE);
    NUMBER("and give it up", ReleaseMutex(other), TRUE, NONE);
    CloseHandle(other);
    KEEP("open it without waiting", other, OpenMutexW(MUTEX_MODIFY_STATE, FALSE, named("mutex")), YES, ANY);
    NUMBER("that does not take it", WaitForSingleObject(other, 0), WAIT_FAILED, ERROR_ACCESS_DENIED);
    CloseHandle(other);
    KEEP("with flags", other, CreateMutexExW(NULL, named("mutex2"), CREATE_MUTEX_INITIAL_OWNER, MUTEX_ALL_ACCESS), YES,
         ERROR_SUCCESS);
    NUMBER("it is owned", ReleaseMutex(other), TRUE, NONE);
    CloseHandle(other);
    NUMBER("an event is no mutex", ReleaseMutex(other = CreateEventW(NULL, TRUE, TRUE, NULL)), FALSE, ERROR_INVALID_HANDLE);
    CloseHandle(other);
    CloseHandle(mutex);
    KEEP("one without a name", mutex, CreateMutexW(NULL, TRUE, NULL), YES, ERROR_SUCCESS);
    in_thread(cannot_take, mutex);
    NUMBER("its owner gives it up", ReleaseMutex(mutex), TRUE, NONE);
    CloseHandle(mutex);
}

void events(void)
{
    HANDLE event, other;

    KEEP("an event that resets itself", event, CreateEventW(NULL, FALSE, FALSE, named("event")), YES, ERROR_SUCCESS);
    NUMBER("it is not set", WaitForSingleObject(event, 0), WAIT_TIMEOUT, NONE);
    NUMBER("set it", SetEvent(event), TRUE, NONE);
    NUMBER("set it twice", SetEvent(event), TRUE, NONE);
    NUMBER("wait for it", WaitForSingleObject(event, INFINITE), WAIT_OBJECT_0, NONE);
    NUMBER("it is reset", WaitForSingleObject(event, 10), WAIT_TIMEOUT, NONE);
    KEEP("create it as another", other, CreateEventW(NULL, TRUE, TRUE, named("event")), YES, ERROR_ALREADY_EXISTS);
    NUMBER("it is as it was", WaitForSingleObject(other, 0), WAIT_TIMEOUT, NONE);
    CloseHandle(other);
    KEEP("open it to wait only", other, OpenEventW(SYNCHRONIZE, FALSE, named("event")), YES, ANY);
    NUMBER("that does not set", SetEvent(other), FALSE, ERROR_ACCESS_DENIED);
    NUMBER("that does not reset", ResetEvent(other), FALSE, ERROR_ACCESS_DENIED);
    NUMBER("that waits", WaitForSingleObject(other, 0), WAIT_TIMEOUT, NONE);
    CloseHandle(other);
    KEEP("open it to set only", other, OpenEventW(EVENT_MODIFY_STATE, FALSE, named("event")), YES, ANY);
    NUMBER("that sets", SetEvent(other), TRUE, NONE);
    NUMBER("that does not wait", WaitForSingleObject(other, 0), WAIT_FAILED, ERROR_ACCESS_DENIED);
    NUMBER("the other handle does", WaitForSingleObject(event, 0), WAIT_OBJECT_0, NONE);
    CloseHandle(other);
    CloseHandle(event);

    KEEP("an event that stays set", event, CreateEventExW(NULL, named("event"), CREATE_EVENT_MANUAL_RESET | CREATE_EVENT_INITIAL_SET, EVENT_ALL_ACCESS), YES, ERROR_SUCCESS);
    NUMBER("it is set at first", WaitForSingleObject(event, 0), WAIT_OBJECT_0, NONE);
    NUMBER("and stays so", WaitForSingleObject(event, 0), WAIT_OBJECT_0, NONE);
    NUMBER("reset it", ResetEvent(event), TRUE, NONE);
    NUMBER("now it is not", WaitForSingleObject(event, 0), WAIT_TIMEOUT, NONE);
    NUMBER("a mutex is no event", SetEvent(other = CreateMutexW(NULL, FALSE, NULL)), FALSE, ERROR_INVALID_HANDLE);
    CloseHandle(other);
    CloseHandle(event);
    GIVES("odd flags of an event", CreateEventExW(NULL, NULL, 4, EVENT_ALL_ACCESS), NO, ERROR_INVALID_PARAMETER);
}

void semaphores(void)
{
    HANDLE semaphore, other;
    LONG before = -1;

    GIVES("more permits than the maximum", CreateSemaphoreW(NULL, 2, 1, NULL), NO, ERROR_INVALID_PARAMETER);
    GIVES("a maximum of zero", CreateSemaphoreW(NULL, 0, 0, NULL), NO, ERROR_INVALID_PARAMETER);
    GIVES("permits below zero", CreateSemaphoreW(NULL, -1, 1, NULL), NO, ERROR_INVALID_PARAMETER);
    KEEP("a semaphore", semaphore, CreateSemaphoreW(NULL, 1, 3, named("semaphore")), YES, ERROR_SUCCESS);
    NUMBER("take its permit", WaitForSingleObject(semaphore, 0), WAIT_OBJECT_0, NONE);
    NUMBER("it has no other", WaitForSingleObject(semaphore, 0), WAIT_TIMEOUT, NONE);
    NUMBER("give two", ReleaseSemaphore(semaphore, 2, &before), TRUE, NONE);
    NUMBER("there was none", before, 0, NONE);
    before = -1;
    NUMBER("give too many", ReleaseSemaphore(semaphore, 2, &before), FALSE, ERROR_TOO_MANY_POSTS);
    NUMBER("nobody is told how many there were", before, -1, NONE);
    NUMBER("give one", ReleaseSemaphore(semaphore, 1, &before), TRUE, NONE);
    NUMBER("there were two", before, 2, NONE);
    NUMBER("give none", ReleaseSemaphore(semaphore, 0, NULL), FALSE, ERROR_INVALID_PARAMETER);
    NUMBER("give less than none", ReleaseSemaphore(semaphore, -1, NULL), FALSE, ERROR_INVALID_PARAMETER);
    KEEP("create it with other numbers", other, CreateSemaphoreW(NULL, 7, 9, named("semaphore")), YES, ERROR_ALREADY_EXISTS);
    NUMBER("its maximum stays", ReleaseSemaphore(other, 1, NULL), FALSE, ERROR_TOO_MANY_POSTS);
    CloseHandle(other);
    KEEP("open it to wait for permits", other, OpenSemaphoreW(SYNCHRONIZE, FALSE, named("semaphore")), YES, ANY);
    NUMBER("that gives none", ReleaseSemaphore(other, 1, NULL), FALSE, ERROR_ACCESS_DENIED);
    CloseHandle(other);
    CloseHandle(semaphore);
}

static LARGE_INTEGER units(LONGLONG count)
{
    LARGE_INTEGER due;
    due.QuadPart = count;
    return due;
}

void timers(void)
{
    HANDLE timer, other;
    LARGE_INTEGER due = units(-200000); /* 20 ms */
    FILETIME now;
    ULONGLONG began;

    KEEP("a timer", timer, CreateWaitableTimerW(NULL, FALSE, named("timer")), YES, ERROR_SUCCESS);
    NUMBER("it is not set at first", WaitForSingleObject(timer, 0), WAIT_TIMEOUT, NONE);
    began = GetTickCount64();
    NUMBER("set it to 20 ms", SetWaitableTimer(timer, &due, 0, NULL, NULL, FALSE), TRUE, ANY);
    NUMBER("it is not due", WaitForSingleObject(timer, 0), WAIT_TIMEOUT, NONE);
    NUMBER("it will be", WaitForSingleObject(timer, 10000), WAIT_OBJECT_0, NONE);
    NUMBER("after 20 ms", GetTickCount64() - began >= 15, TRUE, ANY);
    NUMBER("it was due once", WaitForSingleObject(timer, 30), WAIT_TIMEOUT, NONE);
    due = units(-10000);
    NUMBER("every 5 ms", SetWaitableTimer(timer, &due, 5, NULL, NULL, FALSE), TRUE, ANY);
    NUMBER("once", WaitForSingleObject(timer, 10000), WAIT_OBJECT_0, NONE);
    NUMBER("once more", WaitForSingleObject(timer, 10000), WAIT_OBJECT_0, NONE);
    NUMBER("cancel it", CancelWaitableTimer(timer), TRUE, NONE);
    WaitForSingleObject(timer, 0);
    NUMBER("it is due no more", WaitForSingleObject(timer, 30), WAIT_TIMEOUT, NONE);
    due = units(-600000000);
    NUMBER("set it to a minute", SetWaitableTimer(timer, &due, 0, NULL, NULL, FALSE), TRUE, ANY);
    due = units(0);
    NUMBER("set it anew, to now", SetWaitableTimer(timer, &due, 0, NULL, NULL, FALSE), TRUE, ANY);
    NUMBER("it is due now", WaitForSingleObject(timer, 10000), WAIT_OBJECT_0, NONE);
    GetSystemTimeAsFileTime(&now);
    due.u.LowPart = now.dwLowDateTime;
    due.u.HighPart = (LONG)now.dwHighDateTime;
    due.QuadPart += 200000;
    NUMBER("set it to a time of day", SetWaitableTimer(timer, &due, 0, NULL, NULL, FALSE), TRUE, ANY);
    NUMBER("that comes", WaitForSingleObject(timer, 10000), WAIT_OBJECT_0, NONE);
    NUMBER("a period below zero", SetWaitableTimer(timer, &due, -1, NULL, NULL, FALSE), FALSE, ERROR_INVALID_PARAMETER);
    KEEP("open it to wait for", other, OpenWaitableTimerW(SYNCHRONIZE, FALSE, named("timer")), YES, ANY);
    NUMBER("that does not set it", SetWaitableTimer(other, &due, 0, NULL, NULL, FALSE), FALSE, ERROR_ACCESS_DENIED);
    NUMBER("nor cancels it", CancelWaitableTimer(other), FALSE, ERROR_ACCESS_DENIED);
    CloseHandle(other);
    CloseHandle(timer);
    KEEP("one that stays due", timer, CreateWaitableTimerExW(NULL, NULL, CREATE_WAITABLE_TIMER_MANUAL_RESET, TIMER_ALL_ACCESS), YES, ERROR_SUCCESS);
    due = units(-1);
    SetWaitableTimer(timer, &due, 0, NULL, NULL, FALSE);
    NUMBER("comes", WaitForSingleObject(timer, 10000), WAIT_OBJECT_0, NONE);
    NUMBER("and stays", WaitForSingleObject(timer, 0), WAIT_OBJECT_0, NONE);
    CloseHandle(timer);
}
