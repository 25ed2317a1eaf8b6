// SPDX-License-Identifier: MIT
#include "state_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <deque>
#include <utility>

#include "private_dir.h"

namespace mrda::service {

namespace {

constexpr std::size_t kMaxFileBytes = 1U << 20;

Result<void> write_all(int fd, std::string_view text, const std::string& path) {
    while (!text.empty()) {
        const ssize_t count = ::write(fd, text.data(), text.size());
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return os_error("write", errno, "cannot write " + path);
        }
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    if (::fsync(fd) != 0) {
        return os_error("fsync", errno, "cannot write " + path);
    }
    return {};
}

/// A file's next text and its present one, both beside it: changing it over, and back, then takes
/// no room on the disk.
class Replacement {
  public:
    explicit Replacement(std::string path)
        : path_(std::move(path)), next_(path_ + ".new"), last_(path_ + ".undo") {}
    Replacement(const Replacement&) = delete;
    Replacement& operator=(const Replacement&) = delete;
    ~Replacement() {
        ::unlink(next_.c_str());
        if (had_last_) {
            ::unlink(last_.c_str());
        }
    }

    Result<void> prepare(std::string_view text) const {
        const Fd file(
            ::open(next_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
        if (!file) {
            return os_error("open", errno, "cannot write " + next_);
        }
        return write_all(file.get(), text, next_);
    }
    Result<void> keep_last() {
        ::unlink(last_.c_str());  // Of a service that was killed here.
        had_last_ = ::link(path_.c_str(), last_.c_str()) == 0;
        if (!had_last_ && errno != ENOENT) {
            return os_error("link", errno, "cannot replace " + path_);
        }
        return {};
    }
    Result<void> apply() {
        if (::rename(next_.c_str(), path_.c_str()) != 0) {
            return os_error("rename", errno, "cannot write " + path_);
        }
        applied_ = true;
        return {};
    }
    void undo() const {
        if (applied_ && had_last_) {
            ::rename(last_.c_str(), path_.c_str());
        } else if (applied_) {
            ::unlink(path_.c_str());
        }
    }

  private:
    std::string path_;
    std::string next_;
    std::string last_;
    bool had_last_ = false;
    bool applied_ = false;
};

}  // namespace

Result<std::optional<std::string>> read_private_file(const std::string& path) {
    const Fd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    if (!file && errno == ENOENT) {
        return std::optional<std::string>();
    }
    if (!file) {
        return os_error("open", errno, "cannot read " + path);
    }
    MRDA_TRY(check_private(file.get(), path));
    std::string text(kMaxFileBytes + 1, '\0');
    std::size_t length = 0;
    for (;;) {
        const ssize_t count = ::read(file.get(), text.data() + length, text.size() - length);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return os_error("read", errno, "cannot read " + path);
        }
        length += static_cast<std::size_t>(count);
        if (length > kMaxFileBytes) {
            return make_error(Errc::corrupt, path + " is over 1 MiB long");
        }
        if (count == 0) {
            text.resize(length);
            return std::optional<std::string>(std::move(text));
        }
    }
}

Result<void> write_private_file(const std::string& path, std::string_view text) {
    Replacement file(path);
    MRDA_TRY(file.prepare(text));
    return file.apply();
}

Result<void> write_private_files(const std::vector<FileText>& files) {
    std::deque<Replacement> replacements;
    for (const FileText& file : files) {
        Replacement& replacement = replacements.emplace_back(file.path);
        MRDA_TRY(replacement.prepare(file.text));
        MRDA_TRY(replacement.keep_last());
    }
    for (Replacement& replacement : replacements) {
        if (const auto applied = replacement.apply(); !applied.ok()) {
            for (const Replacement& other : replacements) {
                other.undo();
            }
            return applied.error();
        }
    }
    return {};
}

Result<Fd> lock_dir(const std::string& path) {
    Fd dir(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!dir) {
        return os_error("open", errno, "cannot open folder " + path);
    }
    if (::flock(dir.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) {
            return make_error(Errc::busy, "another mrda-service uses " + path +
                                              "; stop it, or give this one folders of its own "
                                              "(--runtime-dir, --state-dir)");
        }
        return os_error("flock", errno, "cannot lock " + path);
    }
    return dir;
}

Result<std::uint32_t> next_epoch(const std::string& state_dir) {
    const std::string path = state_dir + "/epoch";
    MRDA_ASSIGN(const auto text, read_private_file(path));
    std::uint32_t epoch = 0;
    if (text) {
        const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), epoch);
        if (error != std::errc() || (end != text->data() + text->size() && *end != '\n')) {
            return make_error(Errc::corrupt, path + " holds no number; remove it");
        }
    }
    ++epoch;
    MRDA_TRY(write_private_file(path, std::to_string(epoch) + "\n"));
    return epoch;
}

Result<std::string> random_token() {
    std::array<unsigned char, 32> bytes{};
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
        return os_error("getrandom", errno, "no random bytes for a token");
    }
    std::string token;
    for (const unsigned char byte : bytes) {
        constexpr const char* kDigits = "0123456789abcdef";
        token += {kDigits[byte >> 4U], kDigits[byte & 15U]};
    }
    return token;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) {
        return false;
    }
    unsigned different = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        different |= static_cast<unsigned>(a[i] ^ b[i]);
        __asm__ volatile("" : "+r"(different));  // No early end by the optimiser's choice.
    }
    return different == 0;
}

}  // namespace mrda::service
