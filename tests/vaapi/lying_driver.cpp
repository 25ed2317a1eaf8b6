// SPDX-License-Identifier: MIT
// A VA driver that lies: the software driver, except that it changes what an import describes and
// says nothing. MRDA_TEST_LIE names the lie: "pitch", "chroma" (its offset), "base" (planes begin
// at 0).
#include <dlfcn.h>
#include <va/va_backend.h>
#include <va/va_drmcommon.h>

#include <cstdlib>
#include <cstring>
#include <string_view>

namespace {

using Init = VAStatus (*)(VADriverContextP);

decltype(VADriverVTable::vaCreateSurfaces2) honest_create = nullptr;

void tell_lie(VADRMPRIMESurfaceDescriptor& descriptor) {
    const char* told = std::getenv("MRDA_TEST_LIE");
    const std::string_view lie = told == nullptr ? "" : told;
    auto& layer = descriptor.layers[0];
    if (lie == "pitch") {
        layer.pitch[0] -= 64;
    } else if (lie == "chroma") {
        layer.offset[1] += layer.pitch[1];
    } else if (lie == "base") {
        for (unsigned plane = layer.num_planes; plane-- > 0;) {
            layer.offset[plane] -= layer.offset[0];
        }
    }
}

VAStatus create_lying(VADriverContextP context, unsigned format, unsigned width, unsigned height,
                      VASurfaceID* surfaces, unsigned surface_count, VASurfaceAttrib* attributes,
                      unsigned attribute_count) {
    for (unsigned i = 0; i < attribute_count; ++i) {
        if (attributes[i].type == VASurfaceAttribExternalBufferDescriptor) {
            tell_lie(*static_cast<VADRMPRIMESurfaceDescriptor*>(attributes[i].value.value.p));
        }
    }
    return honest_create(context, format, width, height, surfaces, surface_count, attributes,
                         attribute_count);
}

}  // namespace

#define MRDA_INIT_NAME_(major, minor) __vaDriverInit_##major##_##minor
#define MRDA_INIT_NAME(major, minor) MRDA_INIT_NAME_(major, minor)
#define MRDA_TEXT_(name) #name
#define MRDA_TEXT(name) MRDA_TEXT_(name)

extern "C" [[gnu::visibility("default")]] VAStatus MRDA_INIT_NAME(
    VA_MAJOR_VERSION, VA_MINOR_VERSION)(VADriverContextP context) {
    void* const honest = ::dlopen(MRDA_HONEST_DRIVER, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (honest == nullptr) {
        return VA_STATUS_ERROR_OPERATION_FAILED;
    }
    void* const symbol =
        ::dlsym(honest, MRDA_TEXT(MRDA_INIT_NAME(VA_MAJOR_VERSION, VA_MINOR_VERSION)));
    Init init = nullptr;
    std::memcpy(&init, &symbol, sizeof init);
    ::dlclose(honest);
    const VAStatus status = init == nullptr ? VA_STATUS_ERROR_OPERATION_FAILED : init(context);
    if (status == VA_STATUS_SUCCESS) {
        honest_create = context->vtable->vaCreateSurfaces2;
        context->vtable->vaCreateSurfaces2 = create_lying;
    }
    return status;
}
