// SPDX-License-Identifier: MIT
#include "mrda/ivshmem/bus_guard.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <vector>

#include "mrda/ivshmem/region.h"

namespace mrda::ivshmem {
namespace {

constexpr std::size_t kSize = 4 * kPageBytes;

/// By SIGBUS, or by the sanitizer that hears of it.
bool ends_badly(int status) {
    return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

/// A file that somebody cuts short while it is mapped.
class BusGuardTest : public testing::Test {
  protected:
    void SetUp() override {
        char name[] = "/dev/shm/mrda_bus_guard_XXXXXX";
        file_ = Fd(::mkstemp(name));
        ASSERT_TRUE(file_);
        ::unlink(name);
        ASSERT_EQ(::ftruncate(file_.get(), kSize), 0);
        mapping_ = Mapping::map(file_.get(), {0, kSize}).value();
    }
    void cut() const { ASSERT_EQ(::ftruncate(file_.get(), 0), 0); }
    void write(std::size_t at, std::uint8_t value) const { bytes()[at] = value; }
    [[nodiscard]] std::uint8_t read(std::size_t at) const { return bytes()[at]; }
    [[nodiscard]] volatile std::uint8_t* bytes() const {
        return reinterpret_cast<std::uint8_t*>(mapping_.data());
    }

    Fd file_;
    Mapping mapping_;
};

TEST_F(BusGuardTest, survives_memory_that_goes_away) {
    const BusGuard guard = BusGuard::watch(mapping_.data(), kSize).value();
    write(5, 1);
    EXPECT_FALSE(guard.lost());
    cut();
    EXPECT_EQ(read(5), 0);
    EXPECT_TRUE(guard.lost());
    write(kSize - 1, 2);
    EXPECT_EQ(read(kSize - 1), 2) << "pages of its own";
}

TEST_F(BusGuardTest, looks_at_its_own_range_only) {
    const BusGuard guard = BusGuard::watch(mapping_.data(), kPageBytes).value();
    cut();
    EXPECT_EXIT(write(kPageBytes, 1), ends_badly, "");
}

TEST_F(BusGuardTest, guards_nothing_once_it_is_gone) {
    { const BusGuard guard = BusGuard::watch(mapping_.data(), kSize).value(); }
    cut();
    EXPECT_EXIT(write(0, 1), ends_badly, "");
}

TEST_F(BusGuardTest, moves_with_what_it_guards) {
    BusGuard first = BusGuard::watch(mapping_.data(), kSize).value();
    BusGuard second;
    EXPECT_FALSE(second.lost());
    second = std::move(first);
    cut();
    EXPECT_EQ(read(0), 0);
    EXPECT_TRUE(second.lost());
}

TEST_F(BusGuardTest, has_a_bound_and_gives_places_back) {
    for (int round = 0; round < 2; ++round) {
        std::vector<BusGuard> guards;
        for (;;) {
            auto guard = BusGuard::watch(mapping_.data(), kSize);
            if (!guard.ok()) {
                EXPECT_EQ(guard.error().code, Errc::exhausted);
                break;
            }
            guards.push_back(std::move(*guard));
        }
        EXPECT_EQ(guards.size(), 64U);
    }
}

}  // namespace
}  // namespace mrda::ivshmem
