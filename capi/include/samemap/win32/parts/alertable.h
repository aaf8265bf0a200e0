/* The calls that can be alertable on Windows. Nothing alerts a thread here, so whoever asks for it is told: by the
 * compiler where it sees a constant and optimises, and otherwise by ERROR_NOT_SUPPORTED. */
#ifndef SAMEMAP_WIN32_ALERTABLE_H
#define SAMEMAP_WIN32_ALERTABLE_H
#pragma GCC system_header

#include "calls.h"
#include "codes.h"

SAMEMAP_WIN32_BEGIN

void samemap_win32_alertable(void) SAMEMAP_WIN32_NEVER_CALLED(
    "samemap has no alertable waits: there are no procedure calls in a waiting thread (APCs); pass FALSE for bAlertable");

DWORD samemap_win32_signal_and_wait(HANDLE signal, HANDLE object, DWORD milliseconds)
    SAMEMAP_WIN32_CALL(SignalObjectAndWait);

SAMEMAP_WIN32_END

#define SAMEMAP_WIN32_ALERTABLE static __inline__ __attribute__((__unused__, __always_inline__))

/* Whether a caller asks for what is not here. */
SAMEMAP_WIN32_ALERTABLE int samemap_win32_asks_for_alerts(BOOL alertable)
{
    if (__builtin_constant_p(alertable) && alertable)
        samemap_win32_alertable();
    if (alertable)
        SetLastError(ERROR_NOT_SUPPORTED);
    return alertable;
}

SAMEMAP_WIN32_ALERTABLE DWORD WaitForSingleObjectEx(HANDLE object, DWORD milliseconds, BOOL alertable)
{
    return samemap_win32_asks_for_alerts(alertable) ? WAIT_FAILED : WaitForSingleObject(object, milliseconds);
}

SAMEMAP_WIN32_ALERTABLE DWORD WaitForMultipleObjectsEx(DWORD count, const HANDLE *objects, BOOL all,
                                                       DWORD milliseconds, BOOL alertable)
{
    if (samemap_win32_asks_for_alerts(alertable))
        return WAIT_FAILED;
    return WaitForMultipleObjects(count, objects, all, milliseconds);
}

SAMEMAP_WIN32_ALERTABLE DWORD SignalObjectAndWait(HANDLE signal, HANDLE object, DWORD milliseconds, BOOL alertable)
{
    if (samemap_win32_asks_for_alerts(alertable))
        return WAIT_FAILED;
    return samemap_win32_signal_and_wait(signal, object, milliseconds);
}

SAMEMAP_WIN32_ALERTABLE DWORD SleepEx(DWORD milliseconds, BOOL alertable)
{
    if (!samemap_win32_asks_for_alerts(alertable))
        Sleep(milliseconds);
    return 0;
}

#endif
