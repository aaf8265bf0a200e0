/* The C library's stdio.h, with Microsoft's printf and scanf. */
#pragma GCC system_header

#ifndef SAMEMAP_WIN32_STDIO_H
#define SAMEMAP_WIN32_STDIO_H

/* The C library's own functions of these names stay out of reach. */
#define printf samemap_win32_no_printf
#define fprintf samemap_win32_no_fprintf
#define sprintf samemap_win32_no_sprintf
#define snprintf samemap_win32_no_snprintf
#define vprintf samemap_win32_no_vprintf
#define vfprintf samemap_win32_no_vfprintf
#define vsprintf samemap_win32_no_vsprintf
#define vsnprintf samemap_win32_no_vsnprintf
#define scanf samemap_win32_no_scanf
#define fscanf samemap_win32_no_fscanf
#define sscanf samemap_win32_no_sscanf
#define vscanf samemap_win32_no_vscanf
#define vfscanf samemap_win32_no_vfscanf
#define vsscanf samemap_win32_no_vsscanf
#define open_wmemstream samemap_win32_no_open_wmemstream
#include_next <stdio.h>
#undef printf
#undef fprintf
#undef sprintf
#undef snprintf
#undef vprintf
#undef vfprintf
#undef vsprintf
#undef vsnprintf
#undef scanf
#undef fscanf
#undef sscanf
#undef vscanf
#undef vfscanf
#undef vsscanf
#undef open_wmemstream

#include "parts/narrow.h"
#include "parts/scan.h"
#include "parts/wide.h"

#endif
