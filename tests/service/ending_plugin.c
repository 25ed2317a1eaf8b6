// SPDX-License-Identifier: MIT
// A plugin that ends the process which loads it, after some words on its standard output.
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

const void* mrda_plugin_entry(uint32_t host_abi) {
    printf("{\"version\": \"no answer of ours\", \"abi\": %u}\n", host_abi);
    fflush(stdout);
#ifdef MRDA_ENDS_BY_SIGNAL
    raise(SIGKILL);
#endif
    exit(0);
}
