/* Ours come first, and the C library's own stay out of reach. No guard: its other half is show_multibyte.h. */
#pragma GCC system_header

#include "multibyte.h"

#define mbstowcs samemap_win32_no_mbstowcs
#define wcstombs samemap_win32_no_wcstombs
#define mbtowc samemap_win32_no_mbtowc
#define wctomb samemap_win32_no_wctomb
