// SPDX-License-Identifier: MIT
// To be preloaded: lets a client that insists on a DRM render node find one at /dev/dri/renderD128.
// The node says that it is an i915 on a DG2, and does nothing else: with MRDA's software drivers
// beneath, no client asks more of it.
//
// The node is one memfd. Whatever a client does with its descriptors (dup, fork, close), one of the
// node is known by its inode.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <drm.h>
#include <errno.h>
#include <fcntl.h>
#include <i915_drm.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xf86drm.h>

#define EXPORTED __attribute__((visibility("default")))

static const char kNodePath[] = "/dev/dri/renderD128";
static const int kDg2ChipId = 0x56c0;

typedef int (*OpenFunction)(const char*, int, ...);
typedef int (*OpenAtFunction)(int, const char*, int, ...);
typedef int (*AccessFunction)(const char*, int);
typedef int (*IoctlFunction)(int, unsigned long, ...);
typedef int (*NodeTypeFunction)(int);

static int node_fd = -1;
static struct stat node_info;
static OpenFunction next_open;
static OpenFunction next_open64;
static OpenAtFunction next_openat;
static OpenAtFunction next_openat64;
static AccessFunction next_access;
static IoctlFunction next_ioctl;

// POSIX lets dlsym's object pointer hold a function's address; ISO C has no cast for that.
static void find_next(void* function, const char* name) {
    void* symbol = dlsym(RTLD_NEXT, name);
    memcpy(function, &symbol, sizeof symbol);
}

static void make_node(void) {
    find_next(&next_open, "open");
    find_next(&next_open64, "open64");
    find_next(&next_openat, "openat");
    find_next(&next_openat64, "openat64");
    find_next(&next_access, "access");
    find_next(&next_ioctl, "ioctl");
    node_fd = memfd_create("faked-render-node", MFD_CLOEXEC);
    if (node_fd >= 0 && fstat(node_fd, &node_info) != 0) {
        close(node_fd);
        node_fd = -1;
    }
}

// Not a constructor: those of other libraries run first, and open files.
static void prepare(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_node);
}

static bool is_node_path(const char* path) {
    prepare();
    return node_fd >= 0 && path != NULL && strcmp(path, kNodePath) == 0;
}

static bool is_node(int fd) {
    prepare();
    struct stat info;
    return node_fd >= 0 && fstat(fd, &info) == 0 && info.st_dev == node_info.st_dev &&
           info.st_ino == node_info.st_ino;
}

static int open_node(int flags) {
    return fcntl(node_fd, (flags & O_CLOEXEC) != 0 ? F_DUPFD_CLOEXEC : F_DUPFD, 0);
}

// open's third argument is there only if a file may be made.
#define MODE_OF(flags, mode)                        \
    mode_t mode = 0;                                \
    if (((flags) & (O_CREAT | O_TMPFILE)) != 0) {   \
        va_list arguments;                          \
        va_start(arguments, flags);                 \
        mode = (mode_t)va_arg(arguments, unsigned); \
        va_end(arguments);                          \
    }

EXPORTED int open(const char* path, int flags, ...) {
    MODE_OF(flags, mode)
    return is_node_path(path) ? open_node(flags) : next_open(path, flags, mode);
}

EXPORTED int open64(const char* path, int flags, ...) {
    MODE_OF(flags, mode)
    return is_node_path(path) ? open_node(flags) : next_open64(path, flags, mode);
}

EXPORTED int openat(int directory, const char* path, int flags, ...) {
    MODE_OF(flags, mode)
    return is_node_path(path) ? open_node(flags) : next_openat(directory, path, flags, mode);
}

EXPORTED int openat64(int directory, const char* path, int flags, ...) {
    MODE_OF(flags, mode)
    return is_node_path(path) ? open_node(flags) : next_openat64(directory, path, flags, mode);
}

EXPORTED int access(const char* path, int mode) {
    return is_node_path(path) ? 0 : next_access(path, mode);
}

// libdrm's own looks into /sys, where the node is not.
EXPORTED int drmGetNodeTypeFromFd(int fd) {
    if (is_node(fd)) {
        return DRM_NODE_RENDER;
    }
    NodeTypeFunction next = NULL;
    find_next(&next, "drmGetNodeTypeFromFd");
    if (next == NULL) {
        errno = EINVAL;
        return -1;
    }
    return next(fd);
}

// DRM_IOCTL_VERSION: copies what fits, and tells the whole length; libdrm asks twice.
static void answer_text(char* to, size_t* length, const char* text) {
    const size_t whole = strlen(text);
    if (to != NULL) {
        memcpy(to, text, *length < whole ? *length : whole);
    }
    *length = whole;
}

static int answer_version(struct drm_version* version) {
    version->version_major = 1;
    version->version_minor = 6;
    version->version_patchlevel = 0;
    answer_text(version->name, &version->name_len, "i915");
    answer_text(version->date, &version->date_len, "20230929");
    answer_text(version->desc, &version->desc_len, "Faked render node");
    return 0;
}

static int answer(unsigned long request, void* argument) {
    if (request == DRM_IOCTL_VERSION) {
        return answer_version(argument);
    }
    if (request == DRM_IOCTL_I915_GETPARAM) {
        const drm_i915_getparam_t* parameter = argument;
        if (parameter->param == I915_PARAM_CHIPSET_ID) {
            *parameter->value = kDg2ChipId;
            return 0;
        }
    }
    errno = EINVAL;
    return -1;
}

EXPORTED int ioctl(int fd, unsigned long request, ...) {
    va_list arguments;
    va_start(arguments, request);
    void* argument = va_arg(arguments, void*);
    va_end(arguments);
    prepare();
    const bool is_drm = _IOC_TYPE(request) == DRM_IOCTL_BASE;
    return is_drm && is_node(fd) ? answer(request, argument) : next_ioctl(fd, request, argument);
}
