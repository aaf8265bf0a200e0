/* Waits for several, handles, and the rest. */
#include "table.h"

#include <string.h>

static void take(void *mutex)
{
    WaitForSingleObject((HANDLE)mutex, 1000);
}

static void any(HANDLE *objects)
{
    HANDLE doubled[2];

    NUMBER("any of none signalled", WaitForMultipleObjects(3, objects, FALSE, 0), WAIT_TIMEOUT, NONE);
    SetEvent(objects[2]);
    SetEvent(objects[1]);
    NUMBER("the lowest of two", WaitForMultipleObjects(3, objects, FALSE, 0), WAIT_OBJECT_0 + 1, NONE);
    NUMBER("and then the other", WaitForMultipleObjects(3, objects, FALSE, INFINITE), WAIT_OBJECT_0 + 2, NONE);
    ReleaseSemaphore(objects[0], 1, NULL);
    NUMBER("a permit", WaitForMultipleObjects(3, objects, FALSE, 0), WAIT_OBJECT_0, NONE);
    NUMBER("no objects", WaitForMultipleObjects(0, objects, FALSE, 0), WAIT_FAILED, ERROR_INVALID_PARAMETER);
    NUMBER("too many", WaitForMultipleObjects(65, objects, FALSE, 0), WAIT_FAILED, ERROR_INVALID_PARAMETER);
    doubled[0] = doubled[1] = objects[1];
    NUMBER("one of them twice", WaitForMultipleObjects(2, doubled, FALSE, 0), WAIT_TIMEOUT, NONE);
    NUMBER("all of one twice", WaitForMultipleObjects(2, doubled, TRUE, 0), WAIT_FAILED, ERROR_INVALID_PARAMETER);
    doubled[1] = NULL;
    NUMBER("one that is none", WaitForMultipleObjects(2, doubled, FALSE, 0), WAIT_FAILED, ERROR_INVALID_HANDLE);
}

static void all(HANDLE *objects)
{
    NUMBER("all of none signalled", WaitForMultipleObjects(3, objects, TRUE, 0), WAIT_TIMEOUT, NONE);
    SetEvent(objects[1]);
    ReleaseSemaphore(objects[0], 1, NULL);
    NUMBER("all of two", WaitForMultipleObjects(3, objects, TRUE, 20), WAIT_TIMEOUT, NONE);
    NUMBER("nothing is taken", WaitForSingleObject(objects[1], 0), WAIT_OBJECT_0, NONE);
    SetEvent(objects[1]);
    SetEvent(objects[2]);
    NUMBER("all of three", WaitForMultipleObjects(3, objects, TRUE, INFINITE), WAIT_OBJECT_0, NONE);
    NUMBER("the semaphore is taken", WaitForSingleObject(objects[0], 0), WAIT_TIMEOUT, NONE);
    NUMBER("the first event is taken", WaitForSingleObject(objects[1], 0), WAIT_TIMEOUT, NONE);
    NUMBER("the second event is taken", WaitForSingleObject(objects[2], 0), WAIT_TIMEOUT, NONE);
}

static void set_later(void *event)
{
    Sleep(30);
    SetEvent((HANDLE)event);
}

void waits(void)
{
    HANDLE objects[65] = { NULL }, mutexes[2];
    struct thread *thread;

    objects[0] = CreateSemaphoreW(NULL, 0, 4, NULL);
    objects[1] = CreateEventW(NULL, FALSE, FALSE, NULL);
    objects[2] = CreateEventW(NULL, FALSE, FALSE, NULL);
    any(objects);
    all(objects);
    thread = start_thread(set_later, objects[2]);
    NUMBER("a sleeper wakes", WaitForMultipleObjects(3, objects, FALSE, 10000), WAIT_OBJECT_0 + 2, NONE);
    join_thread(thread);

    mutexes[0] = objects[1];
    mutexes[1] = CreateMutexW(NULL, FALSE, NULL);
    in_thread(take, mutexes[1]);
    NUMBER("any, with an abandoned one", WaitForMultipleObjects(2, mutexes, FALSE, 0), WAIT_ABANDONED_0 + 1, NONE);
    ReleaseMutex(mutexes[1]);
    in_thread(take, mutexes[1]);
    SetEvent(objects[1]);
    NUMBER("all, with an abandoned one", WaitForMultipleObjects(2, mutexes, TRUE, 0), WAIT_ABANDONED_0, NONE);
    NUMBER("it is owned then", ReleaseMutex(mutexes[1]), TRUE, NONE);

    NUMBER("take the mutex", WaitForSingleObjectEx(mutexes[1], 0, FALSE), WAIT_OBJECT_0, NONE);
    NUMBER("signal it and wait", SignalObjectAndWait(mutexes[1], objects[1], 10, FALSE), WAIT_TIMEOUT, NONE);
    NUMBER("it was given up", ReleaseMutex(mutexes[1]), FALSE, ERROR_NOT_OWNER);
    NUMBER("signal what is not owned", SignalObjectAndWait(mutexes[1], objects[1], 10, FALSE), WAIT_FAILED,
           ERROR_NOT_OWNER);
    NUMBER("signal an event and wait for it", SignalObjectAndWait(objects[1], objects[1], 0, FALSE), WAIT_OBJECT_0, NONE);
    NUMBER("signal a semaphore and wait", SignalObjectAndWait(objects[0], objects[0], 0, FALSE), WAIT_OBJECT_0, NONE);
    NUMBER("several, not alertable", WaitForMultipleObjectsEx(2, mutexes, FALSE, 0, FALSE), WAIT_OBJECT_0 + 1, NONE);
    ReleaseMutex(mutexes[1]);
    CloseHandle(objects[0]);
    CloseHandle(objects[1]);
    CloseHandle(objects[2]);
    CloseHandle(mutexes[1]);
}

void handles(void)
{
    HANDLE event, other = NULL;
    const HANDLE here = GetCurrentProcess();

    NUMBER("close null", CloseHandle(NULL), FALSE, ERROR_INVALID_HANDLE);
    NUMBER("close nothing", CloseHandle((HANDLE)(ULONG_PTR)0x12340), FALSE, ERROR_INVALID_HANDLE);
    NUMBER("close this process", CloseHandle(here), TRUE, NONE);
    event = CreateEventW(NULL, TRUE, FALSE, NULL);
    NUMBER("a handle is a multiple of four", (ULONG_PTR)event % 4, 0, NONE);
    NUMBER("a copy", DuplicateHandle(here, event, here, &other, 0, FALSE, DUPLICATE_SAME_ACCESS), TRUE, NONE);
    NUMBER("is another", event != other, TRUE, NONE);
    SetEvent(event);
    NUMBER("of the same event", WaitForSingleObject(other, 0), WAIT_OBJECT_0, NONE);
    CloseHandle(other);
    NUMBER("one to wait only", DuplicateHandle(here, event, here, &other, SYNCHRONIZE, FALSE, 0), TRUE, NONE);
    NUMBER("it does not set", SetEvent(other), FALSE, ERROR_ACCESS_DENIED);
    NUMBER("close it", CloseHandle(other), TRUE, NONE);
    NUMBER("close it twice", CloseHandle(other), FALSE, ERROR_INVALID_HANDLE);
    NUMBER("wait for a closed one", WaitForSingleObject(other, 0), WAIT_FAILED, ERROR_INVALID_HANDLE);
    NUMBER("set a closed one", SetEvent(other), FALSE, ERROR_INVALID_HANDLE);
    NUMBER("move it", DuplicateHandle(here, event, here, &other, 0, FALSE, DUPLICATE_CLOSE_SOURCE | DUPLICATE_SAME_ACCESS), TRUE, NONE);
    NUMBER("the copy is open", SetEvent(other), TRUE, NONE);
    CloseHandle(other);
    NUMBER("copy a closed one", DuplicateHandle(here, event, here, &other, 0, FALSE, DUPLICATE_SAME_ACCESS), FALSE,
           ERROR_INVALID_HANDLE);
    NUMBER("wait for null", WaitForSingleObject(NULL, 0), WAIT_FAILED, ERROR_INVALID_HANDLE);
    NUMBER("map null", MapViewOfFile(NULL, FILE_MAP_READ, 0, 0, 0) != NULL, 0, ERROR_INVALID_HANDLE);
}

static void own_error(void *argument)
{
    (void)argument;
    NUMBER("a new thread's last error", (SetLastError(3), GetLastError()), 3, 3);
}

void others(void)
{
    SECURITY_DESCRIPTOR descriptor;
    SECURITY_ATTRIBUTES attributes = { sizeof attributes, &descriptor, FALSE };
    SYSTEM_INFO machine;
    LARGE_INTEGER first, second;
    WCHAR text[256];
    WCHAR *allocated = NULL;
    HANDLE event;
    ULONGLONG began = GetTickCount64();

    NUMBER("a descriptor", InitializeSecurityDescriptor(&descriptor, SECURITY_DESCRIPTOR_REVISION), TRUE, NONE);
    NUMBER("for everyone", SetSecurityDescriptorDacl(&descriptor, TRUE, NULL, FALSE), TRUE, NONE);
    KEEP("an event for everyone", event, CreateEventW(&attributes, TRUE, FALSE, named("everyone")), YES, ERROR_SUCCESS);
    GIVES("open it", OpenEventW(EVENT_ALL_ACCESS, FALSE, named("everyone")), YES, ANY);
    CloseHandle(event);
    GetSystemInfo(&machine);
    NUMBER("the granularity", machine.dwAllocationGranularity, 65536, NONE);
    NUMBER("the page", machine.dwPageSize, 4096, NONE);
    NUMBER("processors", machine.dwNumberOfProcessors > 0, TRUE, NONE);
    Sleep(20);
    NUMBER("the clock runs", GetTickCount64() - began >= 15, TRUE, ANY);
    NUMBER("the fine clock", QueryPerformanceCounter(&first), TRUE, NONE);
    QueryPerformanceCounter(&second);
    NUMBER("runs forwards", second.QuadPart >= first.QuadPart, TRUE, NONE);
    NUMBER("has a frequency", QueryPerformanceFrequency(&first) && first.QuadPart > 0, TRUE, NONE);
    NUMBER("this process", GetCurrentProcessId() != 0, TRUE, NONE);
    NUMBER("this thread", GetCurrentThreadId() != 0, TRUE, NONE);
    SetLastError(5);
    in_thread(own_error, NULL);
    NUMBER("a text for an error",
           FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, ERROR_ACCESS_DENIED, 0, text,
                          256, NULL) > 10,
           TRUE, ANY);
    NUMBER("it ends its line", text[wcslen(text) - 1] == L'\n', TRUE, NONE);
    NUMBER("too little room",
           FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, ERROR_ACCESS_DENIED, 0, text,
                          3, NULL),
           0, ERROR_INSUFFICIENT_BUFFER);
    NUMBER("no text", FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, 0x12345678, 0, text, 256, NULL),
           0, ERROR_MR_MID_NOT_FOUND);
    NUMBER("memory for it",
           FormatMessageW(FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL,
                          ERROR_INVALID_HANDLE, 0, (LPWSTR)&allocated, 0, NULL) == wcslen(allocated),
           TRUE, ANY);
    NUMBER("is freed", LocalFree(allocated) == NULL, TRUE, NONE);
}
