// SPDX-License-Identifier: MIT
#include "native_binary.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

namespace mrda::ze_soft {

namespace {

Error refuse(const std::string& why) {
    return make_error(Errc::unsupported, "this is no module for the software device: " + why);
}

/// Whether all that is to be loaded lies in the file: the dynamic linker maps it unasked, and an
/// access past the end would end the process (SIGBUS).
bool is_whole(const Elf64_Ehdr& header, std::span<const std::byte> bytes) {
    for (std::size_t i = 0; i < header.e_phnum; ++i) {
        Elf64_Phdr segment{};
        const std::size_t place = i * sizeof segment;
        if (header.e_phoff > bytes.size() || place > bytes.size() - header.e_phoff ||
            sizeof segment > bytes.size() - header.e_phoff - place) {
            return false;
        }
        std::memcpy(&segment, bytes.data() + header.e_phoff + place, sizeof segment);
        if (segment.p_offset > bytes.size() || segment.p_filesz > bytes.size() - segment.p_offset) {
            return false;
        }
    }
    return true;
}

Result<void> check_elf(std::span<const std::byte> bytes) {
    Elf64_Ehdr header{};
    if (bytes.size() < sizeof header) {
        return refuse("it has " + std::to_string(bytes.size()) +
                      " bytes, fewer than an ELF header");
    }
    std::memcpy(&header, bytes.data(), sizeof header);
    if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
        return refuse("it is no ELF file");
    }
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != EM_X86_64 ||
        header.e_type != ET_DYN || header.e_phentsize != sizeof(Elf64_Phdr)) {
        return refuse("it is no shared object for x86-64; build it with -shared -fPIC");
    }
    if (!is_whole(header, bytes)) {
        return refuse("it is cut off after " + std::to_string(bytes.size()) + " bytes");
    }
    return {};
}

/// Nobody can change it beneath the code that runs from it.
Result<Fd> seal_into_object(std::span<const std::byte> bytes) {
    Fd object(::memfd_create("mrda-module", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!object) {
        return os_error("memfd_create", errno, "cannot create an object for a module");
    }
    for (std::size_t done = 0; done < bytes.size();) {
        const ssize_t wrote = ::write(object.get(), bytes.data() + done, bytes.size() - done);
        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote < 0) {
            return os_error("write", errno,
                            "no memory for a module of " + std::to_string(bytes.size()) + " bytes");
        }
        done += static_cast<std::size_t>(wrote);
    }
    constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    if (::fcntl(object.get(), F_ADD_SEALS, kSeals) != 0) {
        return os_error("fcntl(F_ADD_SEALS)", errno, "cannot seal a module");
    }
    return object;
}

std::string path_of(int fd) {
    return "/proc/self/fd/" + std::to_string(fd);
}

/// The dynamic linker tells libraries apart by the path that they were loaded from, before it looks
/// at the file. One that never goes (a C++ module may not) keeps its path although its descriptor's
/// number is long another's: then `object` gets a number that no library goes by.
Result<Fd> give_new_path(Fd object) {
    while (void* const stale = ::dlopen(path_of(object.get()).c_str(), RTLD_NOW | RTLD_NOLOAD)) {
        ::dlclose(stale);
        Fd next(::fcntl(object.get(), F_DUPFD_CLOEXEC, object.get() + 1));
        if (!next) {
            return os_error("fcntl(F_DUPFD_CLOEXEC)", errno, "no descriptor for a module");
        }
        object = std::move(next);
    }
    return object;
}

Result<void> check_kernel(const mrda_soft_kernel& kernel) {
    if (kernel.name == nullptr || kernel.run == nullptr ||
        (kernel.argument_count != 0 && kernel.arguments == nullptr)) {
        return refuse("a kernel has no name, no code or no list of its arguments");
    }
    const std::string who = std::string("kernel ") + kernel.name;
    std::size_t left = MRDA_SOFT_MAX_ARGUMENTS_BYTES;
    for (std::uint32_t i = 0; i < kernel.argument_count; ++i) {
        const mrda_soft_argument& argument = kernel.arguments[i];
        if (argument.kind > MRDA_SOFT_POINTER || argument.size_bytes == 0 ||
            (argument.kind == MRDA_SOFT_POINTER && argument.size_bytes != sizeof(void*))) {
            return refuse(who + ": argument " + std::to_string(i) + " is of kind " +
                          std::to_string(argument.kind) + " and " +
                          std::to_string(argument.size_bytes) + " bytes");
        }
        if (argument.size_bytes > left) {
            return refuse(who + " has more than " + std::to_string(MRDA_SOFT_MAX_ARGUMENTS_BYTES) +
                          " bytes of arguments");
        }
        left -= argument.size_bytes;
    }
    std::uint64_t instances = 1;
    for (const std::uint32_t size : kernel.group_size) {
        instances *= std::clamp(size, 1U, MRDA_SOFT_MAX_GROUP_SIZE + 1);
    }
    if (instances > MRDA_SOFT_MAX_GROUP_SIZE) {
        return refuse(who + " requires groups of more than " +
                      std::to_string(MRDA_SOFT_MAX_GROUP_SIZE) + " instances");
    }
    return {};
}

Result<void> check_module(const mrda_soft_module& module) {
    if (module.abi != MRDA_SOFT_KERNEL_ABI) {
        return refuse("built for kernel ABI " + std::to_string(module.abi) + ", this driver has " +
                      std::to_string(MRDA_SOFT_KERNEL_ABI) + "; rebuild it");
    }
    if (module.size_bytes < sizeof module || module.kernels == nullptr ||
        module.kernel_count == 0) {
        return refuse("its table has no kernels, or " + std::to_string(module.size_bytes) +
                      " bytes, of at least " + std::to_string(sizeof module));
    }
    for (std::uint32_t i = 0; i < module.kernel_count; ++i) {
        MRDA_TRY(check_kernel(module.kernels[i]));
    }
    return {};
}

}  // namespace

void LibraryPolicy::close(Handle library) {
    ::dlclose(library);
}

Result<std::shared_ptr<const NativeBinary>> NativeBinary::load(std::span<const std::byte> bytes) {
    MRDA_TRY(check_elf(bytes));
    std::shared_ptr<NativeBinary> binary(new NativeBinary());
    binary->size_bytes_ = bytes.size();
    MRDA_ASSIGN(Fd object, seal_into_object(bytes));
    MRDA_ASSIGN(binary->object_, give_new_path(std::move(object)));
    binary->library_.reset(::dlopen(path_of(binary->object_.get()).c_str(), RTLD_NOW | RTLD_LOCAL));
    if (!binary->library_) {
        return refuse(std::string("the dynamic linker said: ") + ::dlerror());
    }
    const void* const table = ::dlsym(binary->library_.get(), "mrda_soft_kernels");
    if (table == nullptr) {
        return refuse("it does not export mrda_soft_kernels; see mrda/ze_soft/kernel.h");
    }
    binary->module_ = static_cast<const mrda_soft_module*>(table);
    MRDA_TRY(check_module(*binary->module_));
    return std::shared_ptr<const NativeBinary>(std::move(binary));
}

const mrda_soft_kernel* NativeBinary::find(std::string_view name) const {
    const auto all = kernels();
    const auto found = std::find_if(all.begin(), all.end(), [&](const mrda_soft_kernel& kernel) {
        return name == kernel.name;
    });
    return found == all.end() ? nullptr : &*found;
}

Result<void> NativeBinary::read(std::span<std::byte> into) const {
    for (std::size_t done = 0; done < into.size();) {
        const ssize_t got = ::pread(object_.get(), into.data() + done, into.size() - done,
                                    static_cast<off_t>(done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return os_error("pread", got < 0 ? errno : EIO, "cannot read a module back");
        }
        done += static_cast<std::size_t>(got);
    }
    return {};
}

}  // namespace mrda::ze_soft
