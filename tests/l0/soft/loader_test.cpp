// SPDX-License-Identifier: MIT
// The driver in company: the loader's own layers and a second driver. The loader reads its
// environment once, so this program runs itself again with another one: everything but the tests of
// bad input, which the layers answer in their own way.
#include <dlfcn.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "ze_fixture.h"

extern char** environ;

namespace mrda::ze_soft_test {

namespace {

constexpr const char* kFilter = "--gtest_filter=Soft*:-*refused*:SoftTables.*:SoftLoader.*";
constexpr const char* kCountFilter = "--gtest_filter=SoftLoader.sees_every_driver_named";

/// Runs this program's tests with more in the environment; what it printed, and whether they
/// passed.
struct Outcome {
    bool passed;
    std::string output;
};

Outcome run_again(const std::vector<std::string>& extra, const char* filter) {
    std::vector<std::string> environment = extra;
    for (char** variable = environ; *variable != nullptr; ++variable) {
        const std::string name(*variable, std::string(*variable).find('=') + 1);
        const bool replaced = std::any_of(
            extra.begin(), extra.end(),
            [&](const std::string& other) { return other.compare(0, name.size(), name) == 0; });
        if (!replaced) {
            environment.emplace_back(*variable);
        }
    }
    std::vector<char*> variables;
    for (auto& variable : environment) {
        variables.push_back(variable.data());
    }
    variables.push_back(nullptr);

    std::string program = std::filesystem::read_symlink("/proc/self/exe");
    std::string filter_argument = filter;
    std::array<char*, 3> arguments = {program.data(), filter_argument.data(), nullptr};
    std::array<int, 2> pipe = {};
    EXPECT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, pipe[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, pipe[1], STDERR_FILENO);
    pid_t child = -1;
    EXPECT_EQ(::posix_spawn(&child, program.c_str(), &actions, nullptr, arguments.data(),
                            variables.data()),
              0);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(pipe[1]);
    Outcome outcome = {false, {}};
    std::array<char, 4096> chunk = {};
    for (ssize_t got = 0; (got = ::read(pipe[0], chunk.data(), chunk.size())) > 0;) {
        outcome.output.append(chunk.data(), static_cast<std::size_t>(got));
    }
    ::close(pipe[0]);
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    outcome.passed = WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
                     outcome.output.find("[  PASSED  ]") != std::string::npos &&
                     outcome.output.find("[       OK ]") != std::string::npos;
    return outcome;
}

void expect_all_pass(const std::vector<std::string>& extra, const char* filter = kFilter) {
    const Outcome outcome = run_again(extra, filter);
    EXPECT_TRUE(outcome.passed) << outcome.output;
}

/// Two drivers: this one, and a copy of it under another name, so that the linker loads both.
class TwoDrivers {
  public:
    TwoDrivers()
        : directory_(std::filesystem::temp_directory_path() /
                     ("mrda-two-drivers-" + std::to_string(::getpid()))) {
        std::filesystem::create_directory(directory_);
        std::filesystem::copy_file(MRDA_ZE_DRIVER, copy());
    }
    TwoDrivers(const TwoDrivers&) = delete;
    TwoDrivers& operator=(const TwoDrivers&) = delete;
    ~TwoDrivers() { std::filesystem::remove_all(directory_); }

    [[nodiscard]] std::string variable() const {
        return "ZE_ENABLE_ALT_DRIVERS=" MRDA_ZE_DRIVER "," + copy().string();
    }

  private:
    [[nodiscard]] std::filesystem::path copy() const { return directory_ / "libmrda_ze_2.so"; }
    std::filesystem::path directory_;
};

}  // namespace

using SoftLeftover = SoftDevice;

TEST(SoftLoader, sees_every_driver_named) {
    const char* const named = std::getenv("ZE_ENABLE_ALT_DRIVERS");
    ASSERT_NE(named, nullptr);
    const std::string names = named;
    ASSERT_EQ(zeInit(0), ZE_RESULT_SUCCESS);
    uint32_t count = 0;
    ASSERT_EQ(zeDriverGet(&count, nullptr), ZE_RESULT_SUCCESS);
    EXPECT_EQ(count, 1 + std::count(names.begin(), names.end(), ','));
    std::vector<ze_driver_handle_t> drivers(count);
    ASSERT_EQ(zeDriverGet(&count, drivers.data()), ZE_RESULT_SUCCESS);
    for (const auto driver : drivers) {
        uint32_t devices = 0;
        EXPECT_EQ(zeDeviceGet(driver, &devices, nullptr), ZE_RESULT_SUCCESS);
        EXPECT_EQ(devices, 1U);
    }
}

// Runs in each of the processes below: without it, a layer that is not installed would pass for one
// that works.
TEST(SoftLayers, are_loaded_where_the_environment_asks_for_them) {
    ASSERT_EQ(zeInit(0), ZE_RESULT_SUCCESS);
    const std::pair<const char*, const char*> layers[] = {
        {"ZE_ENABLE_VALIDATION_LAYER", "libze_validation_layer.so.1"},
        {"ZE_ENABLE_TRACING_LAYER", "libze_tracing_layer.so.1"}};
    for (const auto& [variable, library] : layers) {
        void* const loaded = ::dlopen(library, RTLD_NOW | RTLD_NOLOAD);
        EXPECT_EQ(loaded != nullptr, std::getenv(variable) != nullptr) << library;
        if (loaded != nullptr) {
            ::dlclose(loaded);
        }
    }
}

// The proof is that the process ends, and well: see SoftLoader below.
TEST_F(SoftLeftover, queue_waits_for_an_event_while_the_process_exits) {
    const auto list = new_immediate_list(ZE_COMMAND_QUEUE_MODE_ASYNCHRONOUS);
    auto never = new_event(new_pool(1), 0);
    EXPECT_EQ(zeCommandListAppendBarrier(list, nullptr, 1, &never), ZE_RESULT_SUCCESS);
    EXPECT_EQ(zeContextDestroy(context_), ZE_RESULT_ERROR_HANDLE_OBJECT_IN_USE);
    context_ = nullptr;
}

TEST(SoftLoader, closes_the_driver_at_exit_though_a_queue_still_waits) {
    expect_all_pass({}, "--gtest_filter=SoftLeftover.*");
}

TEST(SoftLoader, works_beneath_the_validation_layer) {
    expect_all_pass({"ZE_ENABLE_VALIDATION_LAYER=1", "ZE_ENABLE_PARAMETER_VALIDATION=1"});
}

TEST(SoftLoader, works_beneath_the_tracing_layer) {
    expect_all_pass({"ZE_ENABLE_TRACING_LAYER=1"});
}

TEST(SoftLoader, works_when_the_loader_wraps_its_handles) {
    expect_all_pass({"ZE_ENABLE_LOADER_INTERCEPT=1"});
}

TEST(SoftLoader, works_beside_a_second_driver) {
    const TwoDrivers two;
    expect_all_pass({two.variable()});
    expect_all_pass({two.variable()}, kCountFilter);
}

}  // namespace mrda::ze_soft_test
