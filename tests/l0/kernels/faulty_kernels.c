/* SPDX-License-Identifier: MIT */
/* Modules with one fault each, MRDA_FAULT, which the software device must name. */
#include <stddef.h>

#include "mrda/ze_soft/kernel.h"

#define NO_TABLE 1
#define OTHER_ABI 2
#define NO_KERNELS 3
#define NO_CODE 4
#define SHORT_POINTER 5
#define LONG_ARGUMENTS 6
#define LARGE_GROUPS 7
#define MISSING_SYMBOL 8

#if MRDA_FAULT == MISSING_SYMBOL
void mrda_nobody_has_this(void);
#endif

static int32_t nothing(const mrda_soft_group* group, const void* const* arguments) {
    (void)group;
    (void)arguments;
#if MRDA_FAULT == MISSING_SYMBOL
    mrda_nobody_has_this();
#endif
    return 0;
}

static const mrda_soft_argument arguments[] = {
    {MRDA_SOFT_POINTER, MRDA_FAULT == SHORT_POINTER ? 4 : 8},
    {MRDA_SOFT_VALUE, MRDA_FAULT == LONG_ARGUMENTS ? MRDA_SOFT_MAX_ARGUMENTS_BYTES : 4}};

static const mrda_soft_kernel kernels[] = {{"nothing",
                                            MRDA_FAULT == NO_CODE ? NULL : nothing,
                                            arguments,
                                            2,
                                            {0, 64, MRDA_FAULT == LARGE_GROUPS ? 17 : 16}}};

#if MRDA_FAULT == NO_TABLE
__attribute__((visibility("default"))) const mrda_soft_kernel* const mrda_other_table = kernels;
#else
const mrda_soft_module mrda_soft_kernels = {sizeof(mrda_soft_module),
                                            MRDA_SOFT_KERNEL_ABI + (MRDA_FAULT == OTHER_ABI),
                                            kernels, MRDA_FAULT == NO_KERNELS ? 0 : 1, 0};
#endif
