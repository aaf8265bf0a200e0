/* The C library's wchar.h, with functions for wide characters of 16 bits. */
#pragma GCC system_header

#ifndef SAMEMAP_WIN32_WCHAR_H
#define SAMEMAP_WIN32_WCHAR_H

#include "parts/hide_wide.h"
#include_next <wchar.h>
#include "parts/show_wide.h"

#include "parts/strings.h"
#if defined(__cplusplus) && !defined(__CORRECT_ISO_CPP_WCHAR_H_PROTO)
/* For libstdc++: a place in a constant string is constant, by overloads that are here already. */
#define __CORRECT_ISO_CPP_WCHAR_H_PROTO
#endif
#include "parts/wide.h"

#endif
