/* Names that mean wide text under _UNICODE, and narrow text otherwise. */
#ifndef SAMEMAP_WIN32_TCHAR_H
#define SAMEMAP_WIN32_TCHAR_H
#pragma GCC system_header

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "parts/wmain.h"

#ifdef _UNICODE
typedef wchar_t _TCHAR;
#define __T(text) L##text
#define _tmain wmain
#define _tprintf wprintf
#define _tprintf_s wprintf
#define _ftprintf fwprintf
#define _stprintf_s swprintf_s
#define _sntprintf _snwprintf
#define _vtprintf vwprintf
#define _tcslen wcslen
#define _tcscpy wcscpy
#define _tcscpy_s wcscpy_s
#define _tcsncpy wcsncpy
#define _tcsncpy_s wcsncpy_s
#define _tcscat wcscat
#define _tcscat_s wcscat_s
#define _tcscmp wcscmp
#define _tcsncmp wcsncmp
#define _tcsicmp wcscasecmp
#define _tcschr wcschr
#define _tcsrchr wcsrchr
#define _tcsstr wcsstr
#define _tcsdup wcsdup
#define _tcstoul wcstoul
#define _tcstol wcstol
#define _ttoi _wtoi
#define _fgetts fgetws
#define _fputts fputws
#define _putts _putws
#else
typedef char _TCHAR;
#define __T(text) text
#define _tmain main
#define _tprintf printf
#define _tprintf_s printf
#define _ftprintf fprintf
#define _stprintf_s sprintf_s
#define _sntprintf _snprintf
#define _vtprintf vprintf
#define _tcslen strlen
#define _tcscpy strcpy
#define _tcscpy_s strcpy_s
#define _tcsncpy strncpy
#define _tcsncpy_s strncpy_s
#define _tcscat strcat
#define _tcscat_s strcat_s
#define _tcscmp strcmp
#define _tcsncmp strncmp
#define _tcsicmp strcasecmp
#define _tcschr strchr
#define _tcsrchr strrchr
#define _tcsstr strstr
#define _tcsdup strdup
#define _tcstoul strtoul
#define _tcstol strtol
#define _ttoi atoi
#define _fgetts fgets
#define _fputts fputs
#define _putts puts
#endif
#define _T(text) __T(text)
#define _TEXT(text) __T(text)
#ifndef SAMEMAP_WIN32_HAS_TCHAR
typedef _TCHAR TCHAR;
#endif

#endif
