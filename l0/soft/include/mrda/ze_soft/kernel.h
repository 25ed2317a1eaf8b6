/* SPDX-License-Identifier: MIT */
#ifndef MRDA_ZE_SOFT_KERNEL_H
#define MRDA_ZE_SOFT_KERNEL_H

#include <stdint.h>

/* What a module for MRDA's software Level Zero device is, as ZE_MODULE_FORMAT_NATIVE takes it: the
 * bytes of a shared object of this machine that exports mrda_soft_kernels. It is loaded into the
 * process, with all its rights: load what you would load with dlopen. Plain C; links nothing. */

#ifdef __cplusplus
extern "C" {
#endif

/* The version of everything below. The driver refuses a module of another one, naming both. */
#define MRDA_SOFT_KERNEL_ABI 1u

/* Of one kernel's arguments together. */
#define MRDA_SOFT_MAX_ARGUMENTS_BYTES 8192u
/* Of one work group: its three sizes multiplied, and so each of them. */
#define MRDA_SOFT_MAX_GROUP_SIZE 1024u

enum {
    MRDA_SOFT_VALUE = 0,
    MRDA_SOFT_POINTER = 1 /* to USM, or null; 8 bytes. The driver refuses other memory */
};

typedef struct mrda_soft_argument {
    uint32_t kind; /* MRDA_SOFT_* */
    uint32_t size_bytes;
} mrda_soft_argument;

/* The work group that a call is for. Instance (x, y, z) of it has the global id
 * id[0] * size[0] + x, and so on. */
typedef struct mrda_soft_group {
    uint32_t id[3];
    uint32_t count[3]; /* groups of this launch */
    uint32_t size[3];  /* instances of each */
} mrda_soft_group;

/* Runs all instances of one group. `arguments[i]` points at the value of argument i, as it was when
 * the launch was appended, aligned for any type: of a POINTER, at the pointer. All are the driver's
 * and live for the call. The groups of a launch run one after another; launches of several queues,
 * also of the same kernel, at once. Must neither throw nor wait for another command. Returns 0;
 * anything else is a fault, as an access to nowhere on a GPU: the context is lost, and every wait
 * on it ends with ZE_RESULT_ERROR_DEVICE_LOST. */
typedef int32_t (*mrda_soft_kernel_fn)(const mrda_soft_group* group, const void* const* arguments);

typedef struct mrda_soft_kernel {
    const char* name;
    mrda_soft_kernel_fn run;
    const mrda_soft_argument* arguments;
    uint32_t argument_count;
    uint32_t group_size[3]; /* required ones; 0: any */
} mrda_soft_kernel;

typedef struct mrda_soft_module {
    uint32_t size_bytes; /* of this structure, as the module knows it */
    uint32_t abi;        /* MRDA_SOFT_KERNEL_ABI */
    const mrda_soft_kernel* kernels;
    uint32_t kernel_count;
    uint32_t reserved;
} mrda_soft_module;

/* A module defines it, for instance
 *     const mrda_soft_module mrda_soft_kernels = MRDA_SOFT_MODULE(my_kernels);
 * with `my_kernels` an array. Everything that it points at lives as long as the module. */
extern __attribute__((visibility("default"))) const mrda_soft_module mrda_soft_kernels;

#define MRDA_SOFT_MODULE(list)                                  \
    {                                                           \
        sizeof(mrda_soft_module), MRDA_SOFT_KERNEL_ABI, (list), \
            (uint32_t)(sizeof(list) / sizeof((list)[0])), 0     \
    }

#ifdef __cplusplus
}
#endif

#endif
