/* The C library's stdlib.h, with functions for wide characters of 16 bits. No guard: in C++ the next stdlib.h comes back
 * to this folder. */
#pragma GCC system_header

#include "parts/hide_multibyte.h"
#include_next <stdlib.h>
#include "parts/show_multibyte.h"
