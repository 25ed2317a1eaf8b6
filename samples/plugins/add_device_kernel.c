/* SPDX-License-Identifier: MIT */
/* The unit "add" of add_kernel.c as a kernel of the software Level Zero device: what a GPU has in
 * SPIR-V. The build puts this module, as bytes, into the plugin. */
#include <mrda/ze_soft/kernel.h>
#include <string.h>

static void* pointer_at(const void* argument) {
    void* pointer;
    memcpy(&pointer, argument, sizeof pointer);
    return pointer;
}

/* An instance for each word. */
static int32_t add(const mrda_soft_group* group, const void* const* arguments) {
    const uint32_t* const a = pointer_at(arguments[0]);
    const uint32_t* const b = pointer_at(arguments[1]);
    uint32_t* const sum = pointer_at(arguments[2]);
    for (uint32_t x = 0; x < group->size[0]; ++x) {
        const uint32_t i = group->id[0] * group->size[0] + x;
        sum[i] = a[i] + b[i];
    }
    return 0;
}

/* As the unit's arguments: three buffers, and the count. */
static const mrda_soft_argument arguments[] = {
    {MRDA_SOFT_POINTER, 8}, {MRDA_SOFT_POINTER, 8}, {MRDA_SOFT_POINTER, 8}, {MRDA_SOFT_VALUE, 4}};
static const mrda_soft_kernel kernels[] = {
    {.name = "add", .run = add, .arguments = arguments, .argument_count = 4}};

const mrda_soft_module mrda_soft_kernels = MRDA_SOFT_MODULE(kernels);
