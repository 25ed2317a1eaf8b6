// SPDX-License-Identifier: MIT
// A library that does nothing, or crashes while it is loaded.
#ifdef MRDA_CRASHING
#include <stdlib.h>

__attribute__((constructor)) static void crash(void) {
    abort();
}
#else
void mrda_quiet(void) {}
#endif
