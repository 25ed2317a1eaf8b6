// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace mrda {

/// A directory that goes with the test, and small files in it.
class TempDir {
  public:
    TempDir() {
        std::string name = (std::filesystem::temp_directory_path() / "mrda-test-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) {
            std::abort();
        }
        path_ = name;
    }
    ~TempDir() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;

    [[nodiscard]] std::string path() const { return path_.string(); }

    [[nodiscard]] std::string file(const std::string& name, std::string_view text = {}) const {
        const std::string whole = (path_ / name).string();
        std::ofstream(whole) << text;
        return whole;
    }

    /// A shell script that can be run.
    [[nodiscard]] std::string script(const std::string& name, std::string_view body) const {
        const std::string whole = file(name, "#!/bin/sh\n" + std::string(body) + "\n");
        EXPECT_EQ(::chmod(whole.c_str(), 0700), 0);
        return whole;
    }

  private:
    std::filesystem::path path_;
};

}  // namespace mrda
