/* The C library's string.h, with Microsoft's additions. */
#pragma GCC system_header

#ifndef SAMEMAP_WIN32_STRING_H
#define SAMEMAP_WIN32_STRING_H

#include_next <string.h>

#include <wchar.h>

#include "parts/secure.h"

#endif
