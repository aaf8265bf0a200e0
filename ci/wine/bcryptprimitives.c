/* A test fixture for Wine, built by ci/windows.sh and never shipped.
 *
 * Rust's standard library takes its random numbers from ProcessPrng in bcryptprimitives.dll. Wine 8 has no such
 * library: every Rust program ends with status 53 before main. SystemFunction036 is RtlGenRandom. */
#include <stddef.h>
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(void *buffer, ULONG length);

__declspec(dllexport) BOOL WINAPI ProcessPrng(unsigned char *buffer, size_t length)
{
    while (length > 0) {
        ULONG part = length > 0x10000000 ? 0x10000000 : (ULONG)length;
        if (!SystemFunction036(buffer, part))
            return FALSE;
        buffer += part;
        length -= part;
    }
    return TRUE;
}
