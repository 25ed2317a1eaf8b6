// SPDX-License-Identifier: MIT
// To be preloaded: writes down in which memory the pictures lie that x264 is given, so that a test
// can compare it with the memory that was allocated for them. For each plane of the first pictures
// one line to the file that MRDA_X264_PROBE names:
//     frame N plane P address 0xA device D inode I offset O
// D and I are those of stat(2), as /proc/self/maps shows them (inode 0: anonymous memory); O is the
// plane's distance from the object's beginning (anonymous memory: from the mapping's).
#define _GNU_SOURCE
#include <dlfcn.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <x264.h>

#define TEXT_OF(value) #value
#define TEXT(value) TEXT_OF(value)

static const int kFramesShown = 16;

typedef int (*EncodeFunction)(x264_t*, x264_nal_t**, int*, x264_picture_t*, x264_picture_t*);

static EncodeFunction next_encode;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int frames;

// x264 is loaded by a driver for itself alone, so RTLD_NEXT does not see it.
static void find_x264(void) {
    void* library = dlopen("libx264.so." TEXT(X264_BUILD), RTLD_NOW | RTLD_NOLOAD);
    void* symbol = library != NULL ? dlsym(library, "x264_encoder_encode") : NULL;
    if (symbol == NULL) {
        fprintf(stderr, "x264_probe: libx264.so." TEXT(X264_BUILD) " is not loaded\n");
        abort();
    }
    // POSIX lets dlsym's object pointer hold a function's address; ISO C has no cast for that.
    memcpy(&next_encode, &symbol, sizeof symbol);
}

static void show_plane(FILE* out, int frame, int plane, const void* pointer) {
    FILE* maps = fopen("/proc/self/maps", "re");
    if (maps == NULL) {
        return;
    }
    const uintptr_t address = (uintptr_t)pointer;
    char line[4096];
    while (fgets(line, sizeof line, maps) != NULL) {
        uintptr_t begin = 0;
        uintptr_t end = 0;
        uint64_t offset = 0;
        unsigned major_number = 0;
        unsigned minor_number = 0;
        uint64_t inode = 0;
        const int found = sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %*s %" SCNx64 " %x:%x %" SCNu64,
                                 &begin, &end, &offset, &major_number, &minor_number, &inode);
        if (found == 6 && begin <= address && address < end) {
            fprintf(out,
                    "frame %d plane %d address 0x%" PRIxPTR " device %" PRIu64 " inode %" PRIu64
                    " offset %" PRIu64 "\n",
                    frame, plane, address, (uint64_t)makedev(major_number, minor_number), inode,
                    offset + (address - begin));
            break;
        }
    }
    fclose(maps);
}

static void show_picture(const x264_picture_t* picture) {
    const char* path = getenv("MRDA_X264_PROBE");
    if (path == NULL || frames >= kFramesShown) {
        return;
    }
    FILE* out = fopen(path, frames == 0 ? "we" : "ae");
    if (out == NULL) {
        return;
    }
    for (int plane = 0; plane < picture->img.i_plane; ++plane) {
        show_plane(out, frames, plane, picture->img.plane[plane]);
    }
    ++frames;
    fclose(out);
}

__attribute__((visibility("default"))) int x264_encoder_encode(x264_t* encoder, x264_nal_t** nals,
                                                               int* nal_count, x264_picture_t* in,
                                                               x264_picture_t* out) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, find_x264);
    if (in != NULL) {
        pthread_mutex_lock(&mutex);
        show_picture(in);
        pthread_mutex_unlock(&mutex);
    }
    return next_encode(encoder, nals, nal_count, in, out);
}
