/* Ends what hide_wide.h began. */
#pragma GCC system_header

#undef wcslen
#undef wcsnlen
#undef wcscpy
#undef wcsncpy
#undef wcscat
#undef wcsncat
#undef wcscmp
#undef wcsncmp
#undef wcscasecmp
#undef wcsncasecmp
#undef wcschr
#undef wcsrchr
#undef wcsstr
#undef wcsspn
#undef wcscspn
#undef wcspbrk
#undef wcstok
#undef wcsdup
#undef wmemcpy
#undef wmemmove
#undef wmemset
#undef wmemcmp
#undef wmemchr
#undef wcstol
#undef wcstoul
#undef wcstoll
#undef wcstoull
#undef wcstod
#undef wcstof
#undef wcstold
#undef wprintf
#undef fwprintf
#undef swprintf
#undef vwprintf
#undef vfwprintf
#undef vswprintf
#undef fputws
#undef fputwc
#undef putwc
#undef putwchar
#undef fgetws
#undef fgetwc
#undef getwc
#undef getwchar
#undef wcscoll
#undef wcsxfrm
#undef wcsftime
#undef wscanf
#undef fwscanf
#undef swscanf
#undef vwscanf
#undef vfwscanf
#undef vswscanf
#undef wcswidth
#undef wcpcpy
#undef wcpncpy
#undef mbsnrtowcs
#undef wcsnrtombs
#undef fwide
#undef ungetwc
#undef mbrtowc
#undef wcrtomb
#undef mbsrtowcs
#undef wcsrtombs

#ifndef SAMEMAP_WIN32_NO_WIDE
#define SAMEMAP_WIN32_NO_WIDE(name) \
    int name(SAMEMAP_WIN32_ANY) SAMEMAP_WIN32_ABSENT("samemap has no " #name " for wide characters of 16 bits")

#include "compiler.h"

SAMEMAP_WIN32_BEGIN
SAMEMAP_WIN32_NO_WIDE(wcscoll);
SAMEMAP_WIN32_NO_WIDE(wcsxfrm);
SAMEMAP_WIN32_NO_WIDE(wcsftime);
SAMEMAP_WIN32_NO_WIDE(wscanf);
SAMEMAP_WIN32_NO_WIDE(fwscanf);
SAMEMAP_WIN32_NO_WIDE(swscanf);
SAMEMAP_WIN32_NO_WIDE(vwscanf);
SAMEMAP_WIN32_NO_WIDE(vfwscanf);
SAMEMAP_WIN32_NO_WIDE(vswscanf);
SAMEMAP_WIN32_NO_WIDE(wcswidth);
SAMEMAP_WIN32_NO_WIDE(wcpcpy);
SAMEMAP_WIN32_NO_WIDE(wcpncpy);
SAMEMAP_WIN32_NO_WIDE(mbsnrtowcs);
SAMEMAP_WIN32_NO_WIDE(wcsnrtombs);
SAMEMAP_WIN32_NO_WIDE(fwide);
SAMEMAP_WIN32_NO_WIDE(ungetwc);
SAMEMAP_WIN32_NO_WIDE(mbrtowc);
SAMEMAP_WIN32_NO_WIDE(wcrtomb);
SAMEMAP_WIN32_NO_WIDE(mbsrtowcs);
SAMEMAP_WIN32_NO_WIDE(wcsrtombs);
SAMEMAP_WIN32_END
#endif
