/* Microsoft's compiler lets a goto pass by a declaration with a value; g++ refuses it, whatever its flags, unless it
 * cannot see where the goto leads. Then it does not see either which objects the goto leaves behind: their destructors
 * do not run. So a program asks for this, by the flags of samemap-win32-gcc.pc. */
#ifndef SAMEMAP_WIN32_JUMPS_H
#define SAMEMAP_WIN32_JUMPS_H
#pragma GCC system_header

#if defined(SAMEMAP_WIN32_JUMPS) && defined(__cplusplus) && !defined(__clang__)
#define goto goto *&&
#endif

#endif
