/* SPDX-License-Identifier: MIT */
/* Kernels for the software device that show the tests what reached them. */
#include <string.h>

#include "mrda/ze_soft/kernel.h"

static void* pointer_at(const void* argument) {
    void* pointer;
    memcpy(&pointer, argument, sizeof pointer);
    return pointer;
}

static uint32_t word_at(const void* argument) {
    uint32_t word;
    memcpy(&word, argument, sizeof word);
    return word;
}

/* sums[i] = a[i] + b[i] for each instance below `count`, and its return code is 0. */
static int32_t add(const mrda_soft_group* group, const void* const* arguments) {
    const uint32_t* const a = pointer_at(arguments[0]);
    const uint32_t* const b = pointer_at(arguments[1]);
    uint32_t* const sums = pointer_at(arguments[2]);
    const uint32_t count = word_at(arguments[3]);
    for (uint32_t x = 0; x < group->size[0]; ++x) {
        const uint32_t i = group->id[0] * group->size[0] + x;
        if (i < count) {
            sums[i] = a[i] + b[i];
        }
    }
    return 0;
}

/* Each group writes down where it is in the launch: twelve words. */
static int32_t locate(const mrda_soft_group* group, const void* const* arguments) {
    uint32_t* const all = pointer_at(arguments[0]);
    const uint32_t number =
        (group->id[2] * group->count[1] + group->id[1]) * group->count[0] + group->id[0];
    memcpy(all + number * 9, group, sizeof *group);
    return 0;
}

/* Counts one up, and gives its own return code. */
static int32_t step(const mrda_soft_group* group, const void* const* arguments) {
    (void)group;
    uint32_t* const counter = pointer_at(arguments[0]);
    int32_t* const code = pointer_at(arguments[2]);
    *counter += 1;
    *code = (int32_t)word_at(arguments[1]);
    return 0;
}

/* Copies values of odd sizes one after another, and how far their addresses are from a multiple of
 * sixteen. */
static int32_t show(const mrda_soft_group* group, const void* const* arguments) {
    (void)group;
    unsigned char* out = pointer_at(arguments[3]);
    static const uint32_t sizes[] = {1, 3, 40};
    for (int i = 0; i < 3; ++i) {
        memcpy(out, arguments[i], sizes[i]);
        out += sizes[i];
        *out++ = (unsigned char)((uintptr_t)arguments[i] % 16);
    }
    return 0;
}

/* Counts one up, and is a fault in the group that its value names. */
static int32_t fault(const mrda_soft_group* group, const void* const* arguments) {
    uint32_t* const counter = pointer_at(arguments[0]);
    *counter += 1;
    return group->id[0] == word_at(arguments[1]);
}

#define POINTER \
    { MRDA_SOFT_POINTER, sizeof(void*) }
#define VALUE(bytes) \
    { MRDA_SOFT_VALUE, (bytes) }

static const mrda_soft_argument add_arguments[] = {POINTER, POINTER, POINTER, VALUE(4)};
static const mrda_soft_argument locate_arguments[] = {POINTER};
static const mrda_soft_argument step_arguments[] = {POINTER, VALUE(4), POINTER};
static const mrda_soft_argument show_arguments[] = {VALUE(1), VALUE(3), VALUE(40), POINTER};
static const mrda_soft_argument fault_arguments[] = {POINTER, VALUE(4)};

static const mrda_soft_kernel kernels[] = {
    {"add", add, add_arguments, 4, {0, 0, 0}},
    {"locate", locate, locate_arguments, 1, {0, 0, 0}},
    {"step", step, step_arguments, 3, {1, 1, 1}},
    {"show", show, show_arguments, 4, {0, 0, 0}},
    {"fault", fault, fault_arguments, 2, {0, 0, 0}},
};

const mrda_soft_module mrda_soft_kernels = MRDA_SOFT_MODULE(kernels);
