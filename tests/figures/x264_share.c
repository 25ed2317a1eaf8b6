// SPDX-License-Identifier: MIT
// To be preloaded into a worker: how much of its processor time was x264's. When the process ends
// by _exit(2) it writes to standard error:
//     x264_share inside_ns N process_ns M
// Inside are the calls into x264 and the threads that x264 made.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <x264.h>

#define TEXT_OF(value) #value
#define TEXT(value) TEXT_OF(value)
#define SHOWN __attribute__((visibility("default")))

enum { MOST_THREADS = 256 };

struct start {
    void* (*run)(void*);
    void* argument;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static uint64_t ended_ns;  // Of calls, and of threads that have ended.
static clockid_t threads[MOST_THREADS];
static int thread_count;

static uint64_t now_ns(clockid_t clock) {
    struct timespec time = {0};
    return clock_gettime(clock, &time) == 0
               ? (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec
               : 0;
}

static void add(uint64_t ns) {
    pthread_mutex_lock(&mutex);
    ended_ns += ns;
    pthread_mutex_unlock(&mutex);
}

// x264 is loaded by a driver for itself alone, so RTLD_NEXT does not see it.
static void find(const char* name, void* function) {
    void* library = dlopen("libx264.so." TEXT(X264_BUILD), RTLD_NOW | RTLD_NOLOAD);
    void* symbol = library != NULL ? dlsym(library, name) : NULL;
    if (symbol == NULL) {
        fprintf(stderr, "x264_share: %s is not loaded\n", name);
        abort();
    }
    memcpy(function, &symbol, sizeof symbol);
}

static void forget(clockid_t clock) {
    for (int i = 0; i < thread_count; ++i) {
        if (threads[i] == clock) {
            threads[i] = threads[--thread_count];
            return;
        }
    }
}

static void* run(void* argument) {
    struct start start = *(struct start*)argument;
    free(argument);
    clockid_t clock = 0;
    pthread_getcpuclockid(pthread_self(), &clock);
    pthread_mutex_lock(&mutex);
    if (thread_count == MOST_THREADS) {
        abort();
    }
    threads[thread_count++] = clock;
    pthread_mutex_unlock(&mutex);
    void* const result = start.run(start.argument);
    pthread_mutex_lock(&mutex);
    ended_ns += now_ns(CLOCK_THREAD_CPUTIME_ID);
    forget(clock);
    pthread_mutex_unlock(&mutex);
    return result;
}

SHOWN int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                         void* (*routine)(void*), void* argument) {
    int (*next)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*) = NULL;
    void* const symbol = dlsym(RTLD_NEXT, "pthread_create");
    memcpy(&next, &symbol, sizeof symbol);
    Dl_info caller;
    const int known = dladdr(__builtin_return_address(0), &caller);
    if (known == 0 || caller.dli_fname == NULL || strstr(caller.dli_fname, "libx264") == NULL) {
        return next(thread, attributes, routine, argument);
    }
    struct start* const start = malloc(sizeof *start);
    if (start == NULL) {
        abort();
    }
    *start = (struct start){routine, argument};
    return next(thread, attributes, run, start);
}

SHOWN x264_t* x264_encoder_open(x264_param_t* parameters) {
    static x264_t* (*next)(x264_param_t*);
    find(TEXT(x264_encoder_open), &next);
    const uint64_t begin = now_ns(CLOCK_THREAD_CPUTIME_ID);
    x264_t* const encoder = next(parameters);
    add(now_ns(CLOCK_THREAD_CPUTIME_ID) - begin);
    return encoder;
}

SHOWN int x264_encoder_encode(x264_t* encoder, x264_nal_t** nals, int* nal_count,
                              x264_picture_t* in, x264_picture_t* out) {
    static int (*next)(x264_t*, x264_nal_t**, int*, x264_picture_t*, x264_picture_t*);
    if (next == NULL) {
        find("x264_encoder_encode", &next);  // One session, one thread that encodes.
    }
    const uint64_t begin = now_ns(CLOCK_THREAD_CPUTIME_ID);
    const int size = next(encoder, nals, nal_count, in, out);
    add(now_ns(CLOCK_THREAD_CPUTIME_ID) - begin);
    return size;
}

SHOWN void x264_encoder_close(x264_t* encoder) {
    void (*next)(x264_t*) = NULL;
    find("x264_encoder_close", &next);
    const uint64_t begin = now_ns(CLOCK_THREAD_CPUTIME_ID);
    next(encoder);
    add(now_ns(CLOCK_THREAD_CPUTIME_ID) - begin);
}

SHOWN void _exit(int code) {
    const uint64_t process_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    pthread_mutex_lock(&mutex);
    uint64_t inside_ns = ended_ns;
    for (int i = 0; i < thread_count; ++i) {
        inside_ns += now_ns(threads[i]);
    }
    dprintf(STDERR_FILENO, "x264_share inside_ns %llu process_ns %llu\n",
            (unsigned long long)inside_ns, (unsigned long long)process_ns);
    syscall(SYS_exit_group, code);
    __builtin_unreachable();
}
