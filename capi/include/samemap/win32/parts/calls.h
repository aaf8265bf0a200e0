/* The calls. The library exports each under a name of its own, so that it collides with nothing. */
#ifndef SAMEMAP_WIN32_CALLS_H
#define SAMEMAP_WIN32_CALLS_H
#pragma GCC system_header

#include "types.h"

#define SAMEMAP_WIN32_CALL(name) __asm__("samemap_win32_" #name)

SAMEMAP_WIN32_BEGIN

/* Last errors and their texts. */
DWORD GetLastError(void) SAMEMAP_WIN32_CALL(GetLastError);
VOID SetLastError(DWORD code) SAMEMAP_WIN32_CALL(SetLastError);
DWORD FormatMessageA(DWORD flags, LPCVOID source, DWORD code, DWORD language, LPSTR buffer, DWORD size,
                     va_list *arguments) SAMEMAP_WIN32_CALL(FormatMessageA);
DWORD FormatMessageW(DWORD flags, LPCVOID source, DWORD code, DWORD language, LPWSTR buffer, DWORD size,
                     va_list *arguments) SAMEMAP_WIN32_CALL(FormatMessageW);
HLOCAL LocalAlloc(UINT flags, SIZE_T bytes) SAMEMAP_WIN32_CALL(LocalAlloc);
HLOCAL LocalFree(HLOCAL memory) SAMEMAP_WIN32_CALL(LocalFree);

/* Handles. */
BOOL CloseHandle(HANDLE handle) SAMEMAP_WIN32_CALL(CloseHandle);
BOOL DuplicateHandle(HANDLE source_process, HANDLE source, HANDLE target_process, LPHANDLE target, DWORD access,
                     BOOL inherit, DWORD options) SAMEMAP_WIN32_CALL(DuplicateHandle);
HANDLE GetCurrentProcess(void) SAMEMAP_WIN32_CALL(GetCurrentProcess);
DWORD GetCurrentProcessId(void) SAMEMAP_WIN32_CALL(GetCurrentProcessId);
DWORD GetCurrentThreadId(void) SAMEMAP_WIN32_CALL(GetCurrentThreadId);

/* File mappings and views. */
HANDLE CreateFileMappingA(HANDLE file, LPSECURITY_ATTRIBUTES security, DWORD protection, DWORD size_high,
                          DWORD size_low, LPCSTR name) SAMEMAP_WIN32_CALL(CreateFileMappingA);
HANDLE CreateFileMappingW(HANDLE file, LPSECURITY_ATTRIBUTES security, DWORD protection, DWORD size_high,
                          DWORD size_low, LPCWSTR name) SAMEMAP_WIN32_CALL(CreateFileMappingW);
HANDLE OpenFileMappingA(DWORD access, BOOL inherit, LPCSTR name) SAMEMAP_WIN32_CALL(OpenFileMappingA);
HANDLE OpenFileMappingW(DWORD access, BOOL inherit, LPCWSTR name) SAMEMAP_WIN32_CALL(OpenFileMappingW);
LPVOID MapViewOfFile(HANDLE mapping, DWORD access, DWORD offset_high, DWORD offset_low, SIZE_T bytes)
    SAMEMAP_WIN32_CALL(MapViewOfFile);
LPVOID MapViewOfFileEx(HANDLE mapping, DWORD access, DWORD offset_high, DWORD offset_low, SIZE_T bytes,
                       LPVOID base) SAMEMAP_WIN32_CALL(MapViewOfFileEx);
BOOL UnmapViewOfFile(LPCVOID base) SAMEMAP_WIN32_CALL(UnmapViewOfFile);
BOOL FlushViewOfFile(LPCVOID base, SIZE_T bytes) SAMEMAP_WIN32_CALL(FlushViewOfFile);
SIZE_T VirtualQuery(LPCVOID address, PMEMORY_BASIC_INFORMATION facts, SIZE_T length)
    SAMEMAP_WIN32_CALL(VirtualQuery);
VOID GetSystemInfo(LPSYSTEM_INFO facts) SAMEMAP_WIN32_CALL(GetSystemInfo);

/* Files, as far as mappings need them. */
HANDLE CreateFileA(LPCSTR path, DWORD access, DWORD share, LPSECURITY_ATTRIBUTES security, DWORD disposition,
                   DWORD flags, HANDLE like) SAMEMAP_WIN32_CALL(CreateFileA);
HANDLE CreateFileW(LPCWSTR path, DWORD access, DWORD share, LPSECURITY_ATTRIBUTES security, DWORD disposition,
                   DWORD flags, HANDLE like) SAMEMAP_WIN32_CALL(CreateFileW);
BOOL GetFileSizeEx(HANDLE file, PLARGE_INTEGER size) SAMEMAP_WIN32_CALL(GetFileSizeEx);
DWORD GetFileSize(HANDLE file, LPDWORD size_high) SAMEMAP_WIN32_CALL(GetFileSize);
BOOL SetFilePointerEx(HANDLE file, LARGE_INTEGER distance, PLARGE_INTEGER position, DWORD from)
    SAMEMAP_WIN32_CALL(SetFilePointerEx);
BOOL SetEndOfFile(HANDLE file) SAMEMAP_WIN32_CALL(SetEndOfFile);
BOOL FlushFileBuffers(HANDLE file) SAMEMAP_WIN32_CALL(FlushFileBuffers);
BOOL ReadFile(HANDLE file, LPVOID buffer, DWORD bytes, LPDWORD done, LPOVERLAPPED none)
    SAMEMAP_WIN32_CALL(ReadFile);
BOOL WriteFile(HANDLE file, LPCVOID buffer, DWORD bytes, LPDWORD done, LPOVERLAPPED none)
    SAMEMAP_WIN32_CALL(WriteFile);

/* Mutexes. */
HANDLE CreateMutexA(LPSECURITY_ATTRIBUTES security, BOOL owned, LPCSTR name) SAMEMAP_WIN32_CALL(CreateMutexA);
HANDLE CreateMutexW(LPSECURITY_ATTRIBUTES security, BOOL owned, LPCWSTR name) SAMEMAP_WIN32_CALL(CreateMutexW);
HANDLE CreateMutexExA(LPSECURITY_ATTRIBUTES security, LPCSTR name, DWORD flags, DWORD access)
    SAMEMAP_WIN32_CALL(CreateMutexExA);
HANDLE CreateMutexExW(LPSECURITY_ATTRIBUTES security, LPCWSTR name, DWORD flags, DWORD access)
    SAMEMAP_WIN32_CALL(CreateMutexExW);
HANDLE OpenMutexA(DWORD access, BOOL inherit, LPCSTR name) SAMEMAP_WIN32_CALL(OpenMutexA);
HANDLE OpenMutexW(DWORD access, BOOL inherit, LPCWSTR name) SAMEMAP_WIN32_CALL(OpenMutexW);
BOOL ReleaseMutex(HANDLE mutex) SAMEMAP_WIN32_CALL(ReleaseMutex);

/* Events. */
HANDLE CreateEventA(LPSECURITY_ATTRIBUTES security, BOOL manual_reset, BOOL set, LPCSTR name)
    SAMEMAP_WIN32_CALL(CreateEventA);
HANDLE CreateEventW(LPSECURITY_ATTRIBUTES security, BOOL manual_reset, BOOL set, LPCWSTR name)
    SAMEMAP_WIN32_CALL(CreateEventW);
HANDLE CreateEventExA(LPSECURITY_ATTRIBUTES security, LPCSTR name, DWORD flags, DWORD access)
    SAMEMAP_WIN32_CALL(CreateEventExA);
HANDLE CreateEventExW(LPSECURITY_ATTRIBUTES security, LPCWSTR name, DWORD flags, DWORD access)
    SAMEMAP_WIN32_CALL(CreateEventExW);
HANDLE OpenEventA(DWORD access, BOOL inherit, LPCSTR name) SAMEMAP_WIN32_CALL(OpenEventA);
HANDLE OpenEventW(DWORD access, BOOL inherit, LPCWSTR name) SAMEMAP_WIN32_CALL(OpenEventW);
BOOL SetEvent(HANDLE event) SAMEMAP_WIN32_CALL(SetEvent);
BOOL ResetEvent(HANDLE event) SAMEMAP_WIN32_CALL(ResetEvent);

/* Semaphores. */
HANDLE CreateSemaphoreA(LPSECURITY_ATTRIBUTES security, LONG initial, LONG maximum, LPCSTR name)
    SAMEMAP_WIN32_CALL(CreateSemaphoreA);
HANDLE CreateSemaphoreW(LPSECURITY_ATTRIBUTES security, LONG initial, LONG maximum, LPCWSTR name)
    SAMEMAP_WIN32_CALL(CreateSemaphoreW);
HANDLE CreateSemaphoreExA(LPSECURITY_ATTRIBUTES security, LONG initial, LONG maximum, LPCSTR name, DWORD flags,
                          DWORD access) SAMEMAP_WIN32_CALL(CreateSemaphoreExA);
HANDLE CreateSemaphoreExW(LPSECURITY_ATTRIBUTES security, LONG initial, LONG maximum, LPCWSTR name, DWORD flags,
                          DWORD access) SAMEMAP_WIN32_CALL(CreateSemaphoreExW);
HANDLE OpenSemaphoreA(DWORD access, BOOL inherit, LPCSTR name) SAMEMAP_WIN32_CALL(OpenSemaphoreA);
HANDLE OpenSemaphoreW(DWORD access, BOOL inherit, LPCWSTR name) SAMEMAP_WIN32_CALL(OpenSemaphoreW);
BOOL ReleaseSemaphore(HANDLE semaphore, LONG count, LPLONG before) SAMEMAP_WIN32_CALL(ReleaseSemaphore);

/* Timers. */
HANDLE CreateWaitableTimerA(LPSECURITY_ATTRIBUTES security, BOOL manual_reset, LPCSTR name)
    SAMEMAP_WIN32_CALL(CreateWaitableTimerA);
HANDLE CreateWaitableTimerW(LPSECURITY_ATTRIBUTES security, BOOL manual_reset, LPCWSTR name)
    SAMEMAP_WIN32_CALL(CreateWaitableTimerW);
HANDLE CreateWaitableTimerExA(LPSECURITY_ATTRIBUTES security, LPCSTR name, DWORD flags, DWORD access)
    SAMEMAP_WIN32_CALL(CreateWaitableTimerExA);
HANDLE CreateWaitableTimerExW(LPSECURITY_ATTRIBUTES security, LPCWSTR name, DWORD flags, DWORD access)
    SAMEMAP_WIN32_CALL(CreateWaitableTimerExW);
HANDLE OpenWaitableTimerA(DWORD access, BOOL inherit, LPCSTR name) SAMEMAP_WIN32_CALL(OpenWaitableTimerA);
HANDLE OpenWaitableTimerW(DWORD access, BOOL inherit, LPCWSTR name) SAMEMAP_WIN32_CALL(OpenWaitableTimerW);
BOOL SetWaitableTimer(HANDLE timer, const LARGE_INTEGER *due, LONG period, PTIMERAPCROUTINE none, LPVOID argument,
                      BOOL resume) SAMEMAP_WIN32_CALL(SetWaitableTimer);
BOOL SetWaitableTimerEx(HANDLE timer, const LARGE_INTEGER *due, LONG period, PTIMERAPCROUTINE none, LPVOID argument,
                        PREASON_CONTEXT reason, ULONG delay) SAMEMAP_WIN32_CALL(SetWaitableTimerEx);
BOOL CancelWaitableTimer(HANDLE timer) SAMEMAP_WIN32_CALL(CancelWaitableTimer);

/* Waits. */
DWORD WaitForSingleObject(HANDLE object, DWORD milliseconds) SAMEMAP_WIN32_CALL(WaitForSingleObject);
DWORD WaitForMultipleObjects(DWORD count, const HANDLE *objects, BOOL all, DWORD milliseconds)
    SAMEMAP_WIN32_CALL(WaitForMultipleObjects);
VOID Sleep(DWORD milliseconds) SAMEMAP_WIN32_CALL(Sleep);

/* Security: none, or everyone. */
BOOL InitializeSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, DWORD revision)
    SAMEMAP_WIN32_CALL(InitializeSecurityDescriptor);
BOOL SetSecurityDescriptorDacl(PSECURITY_DESCRIPTOR descriptor, BOOL present, PACL list, BOOL defaulted)
    SAMEMAP_WIN32_CALL(SetSecurityDescriptorDacl);

/* Time. */
ULONGLONG GetTickCount64(void) SAMEMAP_WIN32_CALL(GetTickCount64);
DWORD GetTickCount(void) SAMEMAP_WIN32_CALL(GetTickCount);
BOOL QueryPerformanceCounter(LARGE_INTEGER *count) SAMEMAP_WIN32_CALL(QueryPerformanceCounter);
BOOL QueryPerformanceFrequency(LARGE_INTEGER *frequency) SAMEMAP_WIN32_CALL(QueryPerformanceFrequency);
VOID GetSystemTimeAsFileTime(LPFILETIME time) SAMEMAP_WIN32_CALL(GetSystemTimeAsFileTime);

SAMEMAP_WIN32_END

/* Forgets what lies in memory, also where a compiler sees that nobody reads it again. */
SAMEMAP_WIN32_INLINE PVOID SecureZeroMemory(PVOID memory, SIZE_T bytes)
{
    volatile char *byte = (volatile char *)memory;
    while (bytes-- != 0)
        *byte++ = 0;
    return memory;
}
#define RtlSecureZeroMemory SecureZeroMemory

#endif
