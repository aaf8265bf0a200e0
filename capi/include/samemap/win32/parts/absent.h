/* What is not here: a program that uses it does not compile, and is told why. */
#ifndef SAMEMAP_WIN32_ABSENT_H
#define SAMEMAP_WIN32_ABSENT_H
#pragma GCC system_header

#include "types.h"

SAMEMAP_WIN32_BEGIN

#define SAMEMAP_WIN32_NO(call, reason) \
    HANDLE call(SAMEMAP_WIN32_ANY) SAMEMAP_WIN32_ABSENT("samemap has no " #call ": " reason)

#define SAMEMAP_WIN32_NO_PULSE "a pulse loses wake-ups on Windows, too; use SetEvent and ResetEvent, or a semaphore"
#define SAMEMAP_WIN32_NO_APC "there are no procedure calls in a waiting thread (APCs); wait for an event"
#define SAMEMAP_WIN32_NO_THREAD "threads and processes are no handles here; use the system's or the language's own"
#define SAMEMAP_WIN32_NO_MEMORY "only views of file mappings are this library's; use malloc or mmap"
#define SAMEMAP_WIN32_NO_WINDOWS "there are no windows and no messages here; use WaitForMultipleObjects"
#define SAMEMAP_WIN32_NO_SECURITY "security is the owner alone, or everyone: a descriptor whose list is NULL"

SAMEMAP_WIN32_NO(PulseEvent, SAMEMAP_WIN32_NO_PULSE);
SAMEMAP_WIN32_NO(QueueUserAPC, SAMEMAP_WIN32_NO_APC);
SAMEMAP_WIN32_NO(ReadFileEx, SAMEMAP_WIN32_NO_APC);
SAMEMAP_WIN32_NO(WriteFileEx, SAMEMAP_WIN32_NO_APC);
SAMEMAP_WIN32_NO(RegisterWaitForSingleObject, SAMEMAP_WIN32_NO_THREAD);
SAMEMAP_WIN32_NO(CreateThread, SAMEMAP_WIN32_NO_THREAD);
SAMEMAP_WIN32_NO(CreateRemoteThread, SAMEMAP_WIN32_NO_THREAD);
SAMEMAP_WIN32_NO(OpenThread, SAMEMAP_WIN32_NO_THREAD);
SAMEMAP_WIN32_NO(GetCurrentThread, SAMEMAP_WIN32_NO_THREAD);
SAMEMAP_WIN32_NO(TerminateThread, SAMEMAP_WIN32_NO_THREAD);
SAMEMAP_WIN32_NO(ResumeThread, SAMEMAP_WIN32_NO_THREAD);
SAMEMAP_WIN32_NO(SuspendThread, SAMEMAP_WIN32_NO_THREAD);
SAMEMAP_WIN32_NO(GetExitCodeThread, SAMEMAP_WIN32_NO_THREAD);
SAMEMAP_WIN32_NO(CreateProcessA, SAMEMAP_WIN32_NO_THREAD);
SAMEMAP_WIN32_NO(CreateProcessW, SAMEMAP_WIN32_NO_THREAD);
SAMEMAP_WIN32_NO(OpenProcess, SAMEMAP_WIN32_NO_THREAD);
SAMEMAP_WIN32_NO(TerminateProcess, SAMEMAP_WIN32_NO_THREAD);
SAMEMAP_WIN32_NO(GetExitCodeProcess, SAMEMAP_WIN32_NO_THREAD);
SAMEMAP_WIN32_NO(CreateJobObjectA, SAMEMAP_WIN32_NO_THREAD);
SAMEMAP_WIN32_NO(CreateJobObjectW, SAMEMAP_WIN32_NO_THREAD);
SAMEMAP_WIN32_NO(VirtualAlloc, SAMEMAP_WIN32_NO_MEMORY);
SAMEMAP_WIN32_NO(VirtualFree, SAMEMAP_WIN32_NO_MEMORY);
SAMEMAP_WIN32_NO(VirtualProtect, SAMEMAP_WIN32_NO_MEMORY);
SAMEMAP_WIN32_NO(MsgWaitForMultipleObjects, SAMEMAP_WIN32_NO_WINDOWS);
SAMEMAP_WIN32_NO(MsgWaitForMultipleObjectsEx, SAMEMAP_WIN32_NO_WINDOWS);
SAMEMAP_WIN32_NO(InitializeAcl, SAMEMAP_WIN32_NO_SECURITY);
SAMEMAP_WIN32_NO(AddAccessAllowedAce, SAMEMAP_WIN32_NO_SECURITY);
SAMEMAP_WIN32_NO(SetEntriesInAclA, SAMEMAP_WIN32_NO_SECURITY);
SAMEMAP_WIN32_NO(SetEntriesInAclW, SAMEMAP_WIN32_NO_SECURITY);
SAMEMAP_WIN32_NO(ConvertStringSecurityDescriptorToSecurityDescriptorA, SAMEMAP_WIN32_NO_SECURITY);
SAMEMAP_WIN32_NO(ConvertStringSecurityDescriptorToSecurityDescriptorW, SAMEMAP_WIN32_NO_SECURITY);

SAMEMAP_WIN32_END

#endif
