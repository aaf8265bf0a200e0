/* The names without a letter: W under UNICODE, else A. */
#ifndef SAMEMAP_WIN32_LETTERS_H
#define SAMEMAP_WIN32_LETTERS_H
#pragma GCC system_header

#ifdef UNICODE
#define CreateEvent CreateEventW
#define CreateEventEx CreateEventExW
#define CreateFile CreateFileW
#define CreateFileMapping CreateFileMappingW
#define CreateMutex CreateMutexW
#define CreateMutexEx CreateMutexExW
#define CreateSemaphore CreateSemaphoreW
#define CreateSemaphoreEx CreateSemaphoreExW
#define CreateWaitableTimer CreateWaitableTimerW
#define CreateWaitableTimerEx CreateWaitableTimerExW
#define FormatMessage FormatMessageW
#define OpenEvent OpenEventW
#define OpenFileMapping OpenFileMappingW
#define OpenMutex OpenMutexW
#define OpenSemaphore OpenSemaphoreW
#define OpenWaitableTimer OpenWaitableTimerW
#else
#define CreateEvent CreateEventA
#define CreateEventEx CreateEventExA
#define CreateFile CreateFileA
#define CreateFileMapping CreateFileMappingA
#define CreateMutex CreateMutexA
#define CreateMutexEx CreateMutexExA
#define CreateSemaphore CreateSemaphoreA
#define CreateSemaphoreEx CreateSemaphoreExA
#define CreateWaitableTimer CreateWaitableTimerA
#define CreateWaitableTimerEx CreateWaitableTimerExA
#define FormatMessage FormatMessageA
#define OpenEvent OpenEventA
#define OpenFileMapping OpenFileMappingA
#define OpenMutex OpenMutexA
#define OpenSemaphore OpenSemaphoreA
#define OpenWaitableTimer OpenWaitableTimerA
#endif

#endif
