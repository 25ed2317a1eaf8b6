// SPDX-License-Identifier: MIT
// A VA driver that lies: the software driver, except that it changes what an import describes and
// says nothing. MRDA_TEST_LIE names the lie: "pitch", "chroma" (its offset), "base" (planes begin
// at 0), "modifier" (tiled memory is shown as linear), "no config" (it has none), "only encoding"
// (its one config is an encoder's, whose surfaces are never PRIME_2), "no derived images", "no
// images" (not by a copy either), "tiled export" (linear memory is called Y-tiled). "tiled" is the
// truth: tiled NV12 is taken, which the software driver refuses, and shown as it is.
#include <dlfcn.h>
#include <drm_fourcc.h>
#include <sys/mman.h>
#include <va/va_backend.h>
#include <va/va_drmcommon.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string_view>

namespace {

using Init = VAStatus (*)(VADriverContextP);

VADriverVTable honest;

bool lies(std::string_view what) {
    const char* told = std::getenv("MRDA_TEST_LIE");
    return told != nullptr && told == what;
}

void tell_lie(VADRMPRIMESurfaceDescriptor& descriptor) {
    auto& layer = descriptor.layers[0];
    if (lies("pitch")) {
        layer.pitch[0] -= 64;
    } else if (lies("chroma")) {
        layer.offset[1] += layer.pitch[1];
    } else if (lies("base")) {
        for (unsigned plane = layer.num_planes; plane-- > 0;) {
            layer.offset[plane] -= layer.offset[0];
        }
    } else if (lies("modifier") || lies("tiled")) {
        descriptor.objects[0].drm_format_modifier = DRM_FORMAT_MOD_LINEAR;
    }
}

/// Which coordinate each bit of an address within a tile comes from, the lowest first.
std::string_view address_bits(std::uint64_t modifier) {
    switch (modifier) {
        case I915_FORMAT_MOD_X_TILED:
            return "xxxxxxxxxyyy";
        case I915_FORMAT_MOD_Y_TILED:
            return "xxxxyyyyyxxx";
        case I915_FORMAT_MOD_4_TILED:
            return "xxxxyyxxyxyy";
        default:
            return "";
    }
}

/// Where byte `x` of row `y` lies in a plane whose tiles are told by `bits`.
std::size_t detile(std::string_view bits, std::size_t x, std::size_t y, std::size_t pitch) {
    std::size_t within = 0;
    for (std::size_t bit = 0; bit < bits.size(); ++bit) {
        std::size_t& coordinate = bits[bit] == 'x' ? x : y;
        within |= (coordinate & 1U) << bit;
        coordinate >>= 1U;
    }
    std::size_t tile_width = 1;
    for (const char bit : bits) {
        tile_width *= bit == 'x' ? 2 : 1;
    }
    const std::size_t tile_bytes = std::size_t{1} << bits.size();
    return (y * (pitch / tile_width) + x) * tile_bytes + within;
}

/// A tiled import, and its memory.
class TiledFrame {
  public:
    explicit TiledFrame(const VADRMPRIMESurfaceDescriptor& described)
        : described_(described),
          bytes_(::mmap(nullptr, described.objects[0].size, PROT_READ, MAP_SHARED,
                        described.objects[0].fd, 0)) {}
    ~TiledFrame() { ::munmap(bytes_, described_.objects[0].size); }
    TiledFrame(const TiledFrame&) = delete;
    TiledFrame& operator=(const TiledFrame&) = delete;

    void show(const VAImage& image, std::byte* to) const {
        const auto bits = address_bits(described_.objects[0].drm_format_modifier);
        const auto& layer = described_.layers[0];
        for (unsigned plane = 0; plane < layer.num_planes; ++plane) {
            const std::byte* from = static_cast<std::byte*>(bytes_) + layer.offset[plane];
            const unsigned rows = plane == 0 ? image.height : image.height / 2U;
            for (std::size_t y = 0; y < rows; ++y) {
                for (std::size_t x = 0; x < image.width; ++x) {
                    to[image.offsets[plane] + y * image.pitches[plane] + x] =
                        from[detile(bits, x, y, layer.pitch[plane])];
                }
            }
        }
    }
    [[nodiscard]] const VADRMPRIMESurfaceDescriptor& described() const { return described_; }

  private:
    VADRMPRIMESurfaceDescriptor described_;
    void* bytes_;
};

std::map<VASurfaceID, std::unique_ptr<TiledFrame>>& tiled_frames() {
    static std::map<VASurfaceID, std::unique_ptr<TiledFrame>> frames;
    return frames;
}

VAStatus create_lying(VADriverContextP context, unsigned format, unsigned width, unsigned height,
                      VASurfaceID* surfaces, unsigned surface_count, VASurfaceAttrib* attributes,
                      unsigned attribute_count) {
    VADRMPRIMESurfaceDescriptor truth{};
    for (unsigned i = 0; i < attribute_count; ++i) {
        if (attributes[i].type == VASurfaceAttribExternalBufferDescriptor) {
            auto* told = static_cast<VADRMPRIMESurfaceDescriptor*>(attributes[i].value.value.p);
            truth = *told;
            tell_lie(*told);
        }
    }
    const VAStatus status = honest.vaCreateSurfaces2(context, format, width, height, surfaces,
                                                     surface_count, attributes, attribute_count);
    const bool tiled = !address_bits(truth.objects[0].drm_format_modifier).empty();
    if (status == VA_STATUS_SUCCESS && tiled && lies("tiled")) {
        tiled_frames()[surfaces[0]] = std::make_unique<TiledFrame>(truth);
    }
    return status;
}

VAStatus destroy_tiled(VADriverContextP context, VASurfaceID* surfaces, int count) {
    for (int i = 0; i < count; ++i) {
        tiled_frames().erase(surfaces[i]);
    }
    return honest.vaDestroySurfaces(context, surfaces, count);
}

VAStatus derive_detiled(VADriverContextP context, VASurfaceID surface, VAImage* image) {
    if (lies("no derived images") || lies("no images")) {
        return VA_STATUS_ERROR_OPERATION_FAILED;
    }
    const auto found = tiled_frames().find(surface);
    if (found == tiled_frames().end()) {
        return honest.vaDeriveImage(context, surface, image);
    }
    const auto& described = found->second->described();
    VAImageFormat format{};
    format.fourcc = described.fourcc;
    VAStatus status = honest.vaCreateImage(context, &format, static_cast<int>(described.width),
                                           static_cast<int>(described.height), image);
    void* data = nullptr;
    if (status == VA_STATUS_SUCCESS) {
        status = honest.vaMapBuffer(context, image->buf, &data);
    }
    if (status == VA_STATUS_SUCCESS) {
        found->second->show(*image, static_cast<std::byte*>(data));
        status = honest.vaUnmapBuffer(context, image->buf);
    }
    return status;
}

VAStatus get_image(VADriverContextP context, VASurfaceID surface, int x, int y, unsigned width,
                   unsigned height, VAImageID image) {
    return lies("no images") ? VA_STATUS_ERROR_OPERATION_FAILED
                             : honest.vaGetImage(context, surface, x, y, width, height, image);
}

VAStatus export_surface(VADriverContextP context, VASurfaceID surface, uint32_t memory_type,
                        uint32_t flags, void* descriptor) {
    const VAStatus status =
        honest.vaExportSurfaceHandle(context, surface, memory_type, flags, descriptor);
    if (status == VA_STATUS_SUCCESS && lies("tiled export")) {
        auto* told = static_cast<VADRMPRIMESurfaceDescriptor*>(descriptor);
        told->objects[0].drm_format_modifier = I915_FORMAT_MOD_Y_TILED;
    }
    return status;
}

VAStatus query_profiles(VADriverContextP context, VAProfile* profiles, int* count) {
    const VAStatus status = honest.vaQueryConfigProfiles(context, profiles, count);
    if (lies("only encoding")) {
        profiles[0] = VAProfileH264Main;
    }
    return status;
}

VAStatus query_entrypoints(VADriverContextP context, VAProfile profile, VAEntrypoint* entrypoints,
                           int* count) {
    if (!lies("only encoding")) {
        return honest.vaQueryConfigEntrypoints(context, profile, entrypoints, count);
    }
    entrypoints[0] = VAEntrypointEncSlice;
    *count = 1;
    return VA_STATUS_SUCCESS;
}

VAStatus create_config(VADriverContextP context, VAProfile profile, VAEntrypoint entrypoint,
                       VAConfigAttrib* attributes, int count, VAConfigID* id) {
    const bool processing = profile == VAProfileNone;
    if (lies("no config") || lies("only encoding") == processing) {
        return VA_STATUS_ERROR_UNSUPPORTED_PROFILE;
    }
    return honest.vaCreateConfig(context, VAProfileNone,
                                 processing ? entrypoint : VAEntrypointVideoProc, attributes, count,
                                 id);
}

VAStatus query_surface_attributes(VADriverContextP context, VAConfigID config,
                                  VASurfaceAttrib* attributes, unsigned* count) {
    const VAStatus status = honest.vaQuerySurfaceAttributes(context, config, attributes, count);
    for (unsigned i = 0; attributes != nullptr && lies("only encoding") && i < *count; ++i) {
        if (attributes[i].type == VASurfaceAttribMemoryType) {
            attributes[i].value.value.i = VA_SURFACE_ATTRIB_MEM_TYPE_VA;
        }
    }
    return status;
}

}  // namespace

#define MRDA_INIT_NAME_(major, minor) __vaDriverInit_##major##_##minor
#define MRDA_INIT_NAME(major, minor) MRDA_INIT_NAME_(major, minor)
#define MRDA_TEXT_(name) #name
#define MRDA_TEXT(name) MRDA_TEXT_(name)

extern "C" [[gnu::visibility("default")]] VAStatus MRDA_INIT_NAME(
    VA_MAJOR_VERSION, VA_MINOR_VERSION)(VADriverContextP context) {
    void* const driver = ::dlopen(MRDA_HONEST_DRIVER, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (driver == nullptr) {
        return VA_STATUS_ERROR_OPERATION_FAILED;
    }
    void* const symbol =
        ::dlsym(driver, MRDA_TEXT(MRDA_INIT_NAME(VA_MAJOR_VERSION, VA_MINOR_VERSION)));
    Init init = nullptr;
    std::memcpy(&init, &symbol, sizeof init);
    ::dlclose(driver);
    const VAStatus status = init == nullptr ? VA_STATUS_ERROR_OPERATION_FAILED : init(context);
    if (status == VA_STATUS_SUCCESS) {
        honest = *context->vtable;
        context->vtable->vaCreateSurfaces2 = create_lying;
        context->vtable->vaDestroySurfaces = destroy_tiled;
        context->vtable->vaDeriveImage = derive_detiled;
        context->vtable->vaGetImage = get_image;
        context->vtable->vaExportSurfaceHandle = export_surface;
        context->vtable->vaQueryConfigProfiles = query_profiles;
        context->vtable->vaQueryConfigEntrypoints = query_entrypoints;
        context->vtable->vaCreateConfig = create_config;
        context->vtable->vaQuerySurfaceAttributes = query_surface_attributes;
    }
    return status;
}
