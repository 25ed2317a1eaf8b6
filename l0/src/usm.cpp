// SPDX-License-Identifier: MIT
#include "mrda/l0/usm.h"

#include <drm_fourcc.h>

#include <array>
#include <cinttypes>
#include <cstdio>

#include "held_objects.h"
#include "mrda/interop/seals.h"
#include "ze_error.h"

namespace mrda::l0 {

namespace {

constexpr std::size_t kPageBytes = 4096;

std::string bytes_text(std::size_t bytes, UsmKind kind) {
    return std::to_string(bytes) + " bytes of " + std::string(to_string(kind)) + " USM";
}

ze_result_t allocate_usm(const Context& context, UsmKind kind, const void* extension,
                         std::size_t size_bytes, void** pointer) {
    ze_device_mem_alloc_desc_t device{};
    device.stype = ZE_STRUCTURE_TYPE_DEVICE_MEM_ALLOC_DESC;
    ze_host_mem_alloc_desc_t host{};
    host.stype = ZE_STRUCTURE_TYPE_HOST_MEM_ALLOC_DESC;
    switch (kind) {
        case UsmKind::device:
            device.pNext = extension;
            return zeMemAllocDevice(context.handle(), &device, size_bytes, kPageBytes,
                                    context.device(), pointer);
        case UsmKind::host:
            host.pNext = extension;
            return zeMemAllocHost(context.handle(), &host, size_bytes, kPageBytes, pointer);
        case UsmKind::shared:
            device.pNext = extension;
            return zeMemAllocShared(context.handle(), &device, &host, size_bytes, kPageBytes,
                                    context.device(), pointer);
    }
    return ZE_RESULT_ERROR_INVALID_ENUMERATION;
}

std::string modifier_text(std::uint64_t modifier) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "0x%016" PRIx64, modifier);
    return text.data();
}

std::string text_of(const DmaBuf& buffer) {
    return "the buffer of " + buffer.exporter();
}

Result<void> check_source(const Context& context, const DmaBuf& source, std::uint64_t modifier) {
    if (modifier != DRM_FORMAT_MOD_LINEAR) {
        return make_error(Errc::unsupported,
                          text_of(source) + " is tiled (modifier " + modifier_text(modifier) +
                              "), and USM is flat memory: every address in it would be wrong; "
                              "convert it to linear first");
    }
    if (!context.info().imports_dma_buf) {
        return make_error(Errc::unsupported, context.info().name + " does not import DMA-BUFs");
    }
    if (context.info().pci) {  // The software device has no address, and takes a memfd.
        MRDA_TRY(source.require_dma_buf());
    } else {
        MRDA_TRY(unshrinkable_size_bytes(source.fd()));
    }
    if (source.offset_bytes() != 0) {
        return make_error(Errc::invalid_argument,
                          text_of(source) + " begins at offset " +
                              std::to_string(source.offset_bytes()) +
                              "; Level Zero imports from the object's start only");
    }
    return {};
}

}  // namespace

std::string_view to_string(UsmKind kind) {
    switch (kind) {
        case UsmKind::device:
            return "device";
        case UsmKind::host:
            return "host";
        case UsmKind::shared:
            return "shared";
    }
    return "unknown";
}

void UsmPolicy::close(Handle usm) {
    zeMemFree(usm.context, usm.pointer);
}

UsmBuffer::HeldRecord::HeldRecord(std::shared_ptr<HeldObjects> list, ObjectIdentity object)
    : list_(std::move(list)), object_(object), first_(list_->add(object_)) {}

UsmBuffer::HeldRecord::~HeldRecord() {
    list_->remove(object_);
}

UsmBuffer::DriverFd::~DriverFd() {
    const auto now = identify(fd_.get());
    if (!now || !(*now == object_)) {
        // The driver closed it, and the number may be somebody else's by now.
        static_cast<void>(fd_.release());
    }
}

// The memory goes first, as in destruction: DriverFd and HeldRecord stand for it.
UsmBuffer& UsmBuffer::operator=(UsmBuffer&& other) noexcept {
    usm_ = std::move(other.usm_);
    driver_fd_ = std::move(other.driver_fd_);
    record_ = std::move(other.record_);
    held_ = std::move(other.held_);
    size_bytes_ = other.size_bytes_;
    kind_ = other.kind_;
    exportable_ = other.exportable_;
    return *this;
}

Result<UsmBuffer> UsmBuffer::allocate(const Context& context, UsmKind kind, std::size_t size_bytes,
                                      Exportable exportable) {
    if (size_bytes == 0) {
        return make_error(Errc::invalid_argument, "0 bytes of USM asked for; ask for at least 1");
    }
    if (size_bytes > context.info().max_allocation_bytes) {
        return make_error(Errc::unsupported,
                          bytes_text(size_bytes, kind) + " asked for; " + context.info().name +
                              " allocates at most " +
                              std::to_string(context.info().max_allocation_bytes));
    }
    if (exportable == Exportable::dma_buf && !context.info().exports_dma_buf) {
        return make_error(Errc::unsupported,
                          context.info().name + " does not export memory as DMA-BUFs");
    }
    ze_external_memory_export_desc_t extension{};
    extension.stype = ZE_STRUCTURE_TYPE_EXTERNAL_MEMORY_EXPORT_DESC;
    extension.flags = ZE_EXTERNAL_MEMORY_TYPE_FLAG_DMA_BUF;
    void* pointer = nullptr;
    const ze_result_t result =
        allocate_usm(context, kind, exportable == Exportable::dma_buf ? &extension : nullptr,
                     size_bytes, &pointer);
    if (result != ZE_RESULT_SUCCESS) {
        return ze_error("zeMemAlloc", result,
                        "cannot allocate " + bytes_text(size_bytes, kind) +
                            (exportable == Exportable::dma_buf ? " for export" : ""));
    }
    UsmBuffer buffer;
    buffer.usm_.reset({context.handle(), pointer});
    buffer.held_ = context.held_objects();
    buffer.size_bytes_ = size_bytes;
    buffer.kind_ = kind;
    buffer.exportable_ = exportable;
    return buffer;
}

Result<std::unique_ptr<UsmBuffer::HeldRecord>> UsmBuffer::hold(const Context& context,
                                                               const DmaBuf& source) {
    const auto& held = context.held_objects();
    if (!context.info().pci) {
        if (held->contains(source.identity())) {
            return make_error(
                Errc::invalid_argument,
                text_of(source) +
                    " was exported from this very context; use the allocation itself, or "
                    "import it in another context");
        }
        return std::unique_ptr<HeldRecord>();
    }
    auto record = std::make_unique<HeldRecord>(held, source.identity());
    if (!record->first()) {
        return make_error(Errc::invalid_argument,
                          text_of(source) + " was exported or imported on " + context.info().name +
                              " by this very process, and the driver may free it twice; use the "
                              "allocation that is there");
    }
    return record;
}

Result<UsmBuffer> UsmBuffer::import(const Context& context, const DmaBuf& source,
                                    std::uint64_t modifier) {
    MRDA_TRY(check_source(context, source, modifier));
    MRDA_ASSIGN(auto record, hold(context, source));
    MRDA_ASSIGN(Fd fd, duplicate_fd(source.fd()));
    ze_external_memory_import_fd_t extension{};
    extension.stype = ZE_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMPORT_FD;
    extension.flags = ZE_EXTERNAL_MEMORY_TYPE_FLAG_DMA_BUF;
    extension.fd = fd.get();
    void* pointer = nullptr;
    const ze_result_t result =
        allocate_usm(context, UsmKind::device, &extension, source.size_bytes(), &pointer);
    if (result != ZE_RESULT_SUCCESS) {
        return ze_error("zeMemAllocDevice", result,
                        "cannot import " + std::to_string(source.size_bytes()) + " bytes of " +
                            text_of(source));
    }
    UsmBuffer buffer;
    buffer.usm_.reset({context.handle(), pointer});
    buffer.driver_fd_ = std::make_unique<DriverFd>(std::move(fd), source.identity());
    buffer.held_ = context.held_objects();
    buffer.record_ = std::move(record);
    buffer.size_bytes_ = source.size_bytes();
    return buffer;
}

Result<DmaBuf> UsmBuffer::export_dma_buf() {
    return export_dma_buf(0, size_bytes_);
}

Result<DmaBuf> UsmBuffer::export_dma_buf(std::size_t offset_bytes, std::size_t size_bytes) {
    if (exportable_ == Exportable::no) {
        return make_error(
            Errc::unsupported,
            "this USM was not allocated for export; pass Exportable::dma_buf when it is "
            "allocated");
    }
    if (offset_bytes > size_bytes_ || size_bytes > size_bytes_ - offset_bytes) {
        return make_error(Errc::invalid_argument, std::to_string(size_bytes) + " bytes at offset " +
                                                      std::to_string(offset_bytes) + " asked of " +
                                                      bytes_text(size_bytes_, kind_));
    }
    const ze_context_handle_t context = usm_.get().context;
    auto* const address = static_cast<std::byte*>(usm_.get().pointer) + offset_bytes;
    // The driver may have cut this allocation out of a larger object, whose descriptor it gives:
    // what counts is the distance from that object's base.
    void* base = nullptr;
    std::size_t object_bytes = 0;
    MRDA_ZE_TRY(zeMemGetAddressRange, (context, address, &base, &object_bytes),
                "cannot find the object that holds " + bytes_text(size_bytes_, kind_));
    if (driver_fd_ == nullptr) {
        MRDA_TRY(ask_for_descriptor(base));
    }
    const auto distance = static_cast<std::uint64_t>(address - static_cast<std::byte*>(base));
    MRDA_ASSIGN(Fd fd, duplicate_fd(driver_fd_->get()));
    return DmaBuf::adopt(std::move(fd), distance, size_bytes,
                         "Level Zero " + std::string(to_string(kind_)) + " USM");
}

// Once: Intel's driver returns the same descriptor each time, and some versions of it close that
// one with the memory.
Result<void> UsmBuffer::ask_for_descriptor(void* base) {
    ze_external_memory_export_fd_t exported{};
    exported.stype = ZE_STRUCTURE_TYPE_EXTERNAL_MEMORY_EXPORT_FD;
    exported.flags = ZE_EXTERNAL_MEMORY_TYPE_FLAG_DMA_BUF;
    exported.fd = -1;
    ze_memory_allocation_properties_t properties{};
    properties.stype = ZE_STRUCTURE_TYPE_MEMORY_ALLOCATION_PROPERTIES;
    properties.pNext = &exported;
    MRDA_ZE_TRY(zeMemGetAllocProperties, (usm_.get().context, base, &properties, nullptr),
                "cannot export " + bytes_text(size_bytes_, kind_) +
                    " as a DMA-BUF; out of descriptors or memory, or the kernel's driver offers no "
                    "PRIME");
    if (exported.fd < 0) {
        return make_error(Errc::unsupported, "the driver returned no descriptor for " +
                                                 bytes_text(size_bytes_, kind_));
    }
    Fd fd(exported.fd);
    MRDA_ASSIGN(const ObjectIdentity object, identify(fd.get()));
    driver_fd_ = std::make_unique<DriverFd>(std::move(fd), object);
    record_ = std::make_unique<HeldRecord>(held_, object);
    return {};
}

}  // namespace mrda::l0
