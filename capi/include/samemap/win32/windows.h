/* Win32's own calls, for systems that are not Windows: files of memory, mutexes, events, semaphores and timers with
 * names, and what programs around them use. docs/win32.md lists the calls and says what differs.
 *
 * Compile with the flags of samemap-win32.pc: a wchar_t has 16 bits, as on Windows. */
#ifndef SAMEMAP_WIN32_WINDOWS_H
#define SAMEMAP_WIN32_WINDOWS_H
#pragma GCC system_header

#ifdef _WIN32
#error "this is samemap's windows.h for other systems; Windows has its own"
#endif

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "parts/types.h"
#include "parts/codes.h"
#include "parts/calls.h"
#include "parts/alertable.h"
#include "parts/absent.h"
#include "parts/letters.h"
#include "parts/wmain.h"
#include "parts/jumps.h"

#endif
