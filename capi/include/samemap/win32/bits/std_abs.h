/* The part of libstdc++'s cmath that passes by the stdlib.h of this folder. */
#pragma GCC system_header

#include "../parts/hide_multibyte.h"
#include_next <bits/std_abs.h>
#include "../parts/show_multibyte.h"
